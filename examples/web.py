"""A registry with people in it, to be looked at in a browser: `make web`. Ctrl-C ends it, and nothing of it stays.

It has one performer who was found in three recordings, one who has an account and nothing else yet, somebody who acts
for the first, a studio, an auditor and the operator. For each it prints a link that signs one in once, for an hour.
"""

from __future__ import annotations

import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from demo import Party, agree_licence, new_performer, new_studio, party, submissions, submit
from server import running_server

READY_WITHIN_S = 120.0
_MANDATE = "0" * 64
"""Digest of a mandate that nobody has signed: this is a registry to look at."""

CONTROLLER = {
    "LIKENESS_CONTROLLER_NAME": "Registry to look at",
    "LIKENESS_CONTROLLER_ADDRESS": "This machine",
    "LIKENESS_CONTROLLER_CONTACT": "desk@registry.example",
    "LIKENESS_CONTROLLER_JURISDICTION": "KR",
    "LIKENESS_CONTROLLER_STORAGE_LOCATION": "This machine",
}


@dataclass(frozen=True)
class SeededWeb:
    """A registry that is served, with people in it.

    Attributes:
        url: where it listens, and where browsers reach it.
        operator: who runs it.
        people: accounts by what they are there for, in the order in which they are shown.
    """

    url: str
    operator: Party
    people: dict[str, str]

    def link(self, who: str) -> str:
        """Answer a new link that signs somebody in, once."""
        return str(self.operator.post(f"/v1/accounts/{self.people[who]}/sign-in-links")["url"])


@contextmanager
def seeded_web(home: Path, *, found: int = 4) -> Iterator[SeededWeb]:
    """Serve a fresh registry with people in it.

    Args:
        home: an empty folder.
        found: in how many recordings the performer is found, at most four; each takes some seconds.
    """
    port = _free_port()
    settings = {"LIKENESS_PORT": str(port), "LIKENESS_PUBLIC_URL": f"http://127.0.0.1:{port}"}
    settings |= CONTROLLER | {"LIKENESS_SIGN_IN_LINK_S": "3600"}
    with running_server(home, settings, ready_within_s=READY_WITHIN_S) as server:
        operator = party(server, "Operator", server.operator_id, server.operator_token)
        studio = new_studio(server, operator, "Northlight Pictures")
        ada = new_performer(server, operator, "Ada Lind", "slt")
        fresh = operator.post("/v1/accounts", {"role": "performer", "name": "서민아"})
        agent = _agent(operator, ada)
        auditor = operator.post(
            "/v1/accounts", {"role": "auditor", "name": "Auditor", "organisation_name": "Clear Ear Audits"}
        )
        licence_id = agree_licence(ada, studio)
        of_her = [each for each in submissions(studio, studio, licence_id) if ada.name in each.expected]
        for submission in of_her[:found]:
            submit(submission)
        people = {
            "performer, found in recordings": ada.account_id,
            "performer, new": str(fresh["id"]),
            "representative of the first": agent,
            "studio": studio.account_id,
            "auditor": str(auditor["id"]),
            "operator": operator.account_id,
        }
        yield SeededWeb(server.url, operator, people)
        for each in (operator, studio, ada):
            each.http.close()


def _agent(operator: Party, performer: Party) -> str:
    """Let somebody act for a performer, for a year, and answer their account."""
    account = str(operator.post("/v1/accounts", {"role": "representative", "name": "Jo Arden, agent"})["id"])
    scopes = ["performers:read", "consents:write", "findings:read", "licences:read"]
    until = datetime.now(tz=UTC) + timedelta(days=365)
    body = {"account_id": account, "kind": "agent", "scopes": scopes, "evidence_sha256": _MANDATE}
    operator.post(f"/v1/performers/{performer.performer_id}/representatives", body | {"expires_at": until.isoformat()})
    return account


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
        seeded_web(Path(folder)) as web,
    ):
        print(f"\nThe registry is at {web.url}. Each link signs in once, within the hour:\n")
        for who in web.people:
            print(f"  {who:32} {web.link(who)}")
        print("\nCtrl-C ends it, and nothing of it stays.", flush=True)
        signal.pause()
    return 0


if __name__ == "__main__":
    sys.exit(main())
