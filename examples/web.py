"""A registry with people in it, to be looked at in a browser: `make web`. Ctrl-C ends it, and nothing of it stays.

It has performers with offers, findings and earnings, one who has an account and nothing else yet, somebody who acts
for two of them, a studio with checks, licences and clearances, two auditors with scans, and two operators with a queue
and cases (`web_seeds.py`), and something that is past its time. For each it prints a link that signs one in once, for
an hour.
"""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from demo import VOICES, Party, party, token_for
from server import likeness, running_server
from web_reported import Elsewhere, reported
from web_seeds import Seeded, seed

READY_WITHIN_S = 120.0
CONTROLLER = {
    "LIKENESS_CONTROLLER_NAME": "Registry to look at",
    "LIKENESS_CONTROLLER_ADDRESS": "This machine",
    "LIKENESS_CONTROLLER_CONTACT": "desk@registry.example",
    "LIKENESS_CONTROLLER_JURISDICTION": "KR",
    "LIKENESS_CONTROLLER_STORAGE_LOCATION": "This machine",
}

SECOND_AUDITOR = "auditor, second"
SECOND_OPERATOR = "operator, second"
OPERATORS = "Registry operator"
"""The organisation of whoever runs a registry that was just set up."""

WEBHOOKS = {"LIKENESS_WEBHOOK_HTTP": "true", "LIKENESS_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
"""What lets messages go to a receiver on this machine; a registry that anybody uses has neither."""


@dataclass
class Prepared:
    """What is done on the registry's machine before it is served.

    Attributes:
        environment: the variables that commands run with.
        auditor_id, second_operator_id: accounts that were made.
        auditors_id: the auditor's organisation.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    auditor_id: str = ""
    second_operator_id: str = ""
    auditors_id: str = ""

    def __call__(self, environment: Mapping[str, str]) -> Mapping[str, str]:
        """Make both, and answer the setting by which the auditor may scan the examples' recordings."""
        self.environment = dict(environment)
        self.auditor_id = self._account("auditor", "Auditor", "Clear Ear Audits")
        account = json.loads(likeness(environment, "account", "show", self.auditor_id, "--json"))
        self.auditors_id = str(account["organisation"]["id"])
        # last: where two operators are in service, a command has to say which of them acts
        self.second_operator_id = self._account("operator", "Second operator", OPERATORS)
        roots = {"examples": {"url": str(VOICES), "organisations": [self.auditors_id]}}
        return {"LIKENESS_SCAN_ROOTS": json.dumps(roots)}

    def _account(self, role: str, name: str, organisation: str) -> str:
        said = ("--role", role, "--name", name, "--organisation", organisation)
        return likeness(self.environment, "account", "create", *said)


@dataclass(frozen=True)
class SeededWeb:
    """A registry that is served, with people in it.

    Attributes:
        url: where it listens, and where browsers reach it.
        operator: who runs it.
        seeded: who is in it, and what they have done.
        prepared: what was there before it was served, and the variables of commands on its machine.
    """

    url: str
    operator: Party
    seeded: Seeded
    prepared: Prepared

    @property
    def people(self) -> dict[str, str]:
        """Accounts by what they are there for, in the order in which they are shown."""
        return self.seeded.people

    @property
    def things(self) -> dict[str, str]:
        """Ids by what they are there for, such as ``performer``, as addresses of pages have them."""
        return self.seeded.things

    def link(self, who: str) -> str:
        """Answer a new link that signs somebody in, once; one operator gives none to another, so the machine does."""
        if who == SECOND_OPERATOR:
            second = self.people[who]
            return likeness(self.prepared.environment, "account", "link", second, "--as", second)
        return str(self.operator.post(f"/v1/accounts/{self.people[who]}/sign-in-links")["url"])

    def elsewhere(self, home: Path) -> Elsewhere:
        """Answer the auditor's own machine, in an empty folder."""
        token = token_for(self.operator, self.people["auditor"])
        of_it, machine = self.prepared.auditors_id, self.prepared.environment
        return Elsewhere(home, self.url, token, of_it, machine, self.operator.account_id)


@contextmanager
def seeded_web(home: Path) -> Iterator[SeededWeb]:
    """Serve a fresh registry with people in it, and what they have done.

    Args:
        home: an empty folder.
    """
    port = _free_port()
    settings = {"LIKENESS_PORT": str(port), "LIKENESS_PUBLIC_URL": f"http://127.0.0.1:{port}"}
    settings |= CONTROLLER | {"LIKENESS_SIGN_IN_LINK_S": "3600"} | WEBHOOKS
    prepared = Prepared()
    with running_server(home, settings, ready_within_s=READY_WITHIN_S, prepared=prepared) as server:
        operator = party(server, "Operator", server.operator_id, server.operator_token)
        seeded = seed(server, operator, auditor_id=prepared.auditor_id)
        second = {"role": "auditor", "name": "Second ear", "organisation_id": prepared.auditors_id}
        seeded.people[SECOND_AUDITOR] = str(operator.post("/v1/accounts", second)["id"])
        seeded.people[SECOND_OPERATOR] = prepared.second_operator_id
        _let_something_be_due(home, operator)
        yield SeededWeb(server.url, operator, seeded, prepared)
        for each in (operator, *seeded.parties):
            each.http.close()


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _let_something_be_due(home: Path, operator: Party) -> None:
    """Let two tokens be past their time, so that there is something to purge.

    That their end lies months back is written into the database: no registry lets anybody ask for that.
    """
    ended = datetime.now(tz=UTC) - timedelta(days=120)
    with closing(sqlite3.connect(home / "registry.sqlite3", timeout=60)) as database, database:
        for _ in range(2):
            token = str(operator.post("/v1/tokens", {"name": "of an older desk"})["id"])
            operator.post(f"/v1/tokens/{token}/revoke")
            database.execute("UPDATE tokens SET revoked_at = ? WHERE id = ?", (f"{ended:%Y-%m-%d %H:%M:%S.%f}", token))
            database.commit()


def _free_port() -> int:
    """Answer a port that is free at this moment: browsers are told of it before the server has it."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def main() -> int:
    """Serve until Ctrl-C, or until somebody ends it, and answer the exit code."""
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)
    with (
        suppress(KeyboardInterrupt),
        tempfile.TemporaryDirectory(prefix="likeness-web-") as folder,
        seeded_web(_made(Path(folder) / "registry")) as web,
        reported(web.elsewhere(_made(Path(folder) / "auditor"))),
    ):
        print(f"\nThe registry is at {web.url}. Each link signs in once, within the hour:\n")
        for who in web.people:
            print(f"  {who:32} {web.link(who)}")
        print("\nWithin a minute the auditor also has a scan that was made elsewhere, and was reported.")
        print("Ctrl-C ends it, and nothing of it stays.", flush=True)
        signal.pause()
    return 0


if __name__ == "__main__":
    sys.exit(main())
