"""How long ten thousand clearances take in one request, and their status in another: the real server, over HTTP.

    python -m benchmarks.clearances [--uses 10000] [--rounds 5] [--database postgresql://…]

Every question is about another performer, each with a consent to licensing and a licence of the studio that asks. Of
ten questions eight are permitted and signed, one is of a medium that the licence does not list, and one is about
somebody who has no licence with the studio. An answer that is not the expected one ends the benchmark with an error.

Beside the seconds that whoever asks waits for stand those that the HTTP process computes: on a machine that others use
as well, the first grow and the second hardly do.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil
from rich.console import Console
from rich.table import Table
from sqlalchemy import insert

from registry.bootstrap import build_context
from registry.domain.choices import Disposition, LicensingChoices
from registry.domain.consents import ConsentDecision, ConsentPurpose, ConsentState, Modality, SignedAs
from registry.domain.ids import IdPrefix
from registry.domain.licences import LicenceState
from registry.domain.performers import IdentityAssurance
from registry.domain.terms import UNPAID, Exclusivity, LicenceTerms
from registry.domain.terms_document import terms_json, terms_sha256
from registry.domain.uses import Medium, UsePurpose
from registry.services.context import Context
from registry.settings import Settings
from registry.store.consents import Consent
from registry.store.licence_versions import LicenceVersion
from registry.store.licences import Licence
from registry.store.performers import Performer

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "examples"))

from server import running_server  # noqa: E402  (a script beside the package, not part of it)

BAR_S = 5.0
_NOBODY = "perf_" + "0" * 26
_USE = {
    "kind": "generated",
    "purpose": "advertising",
    "project": "benchmark",
    "medium": "radio",
    "territory": "GB",
    "language": "en",
}
_MIB = 2**20
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Measured:
    """Seconds of one kind of request, waited and computed, and the size of what it sent and got."""

    name: str
    seconds: Sequence[float]
    computed: Sequence[float]
    sent_mib: float
    answered_mib: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--uses", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--database", help="URL of an empty PostgreSQL database; SQLite by default.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = {} if arguments.database is None else {"LIKENESS_DATABASE_URL": arguments.database}
        with running_server(Path(folder), settings) as server:
            client = httpx.Client(base_url=server.url, timeout=300, headers=_bearer(server.operator_token))
            studio_id, token = admit_studio(client)
            performers = fill(Path(folder), settings, server.operator_id, studio_id, arguments.uses)
            client.headers.update(_bearer(token))
            rows = measure(client, questions(performers), arguments.rounds, server.pid)
    print_table(rows, "SQLite" if arguments.database is None else "PostgreSQL", arguments.uses)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


def admit_studio(client: httpx.Client) -> tuple[str, str]:
    """Let a studio in; answer its id and a token of its administrator."""
    body = {"role": "studio_admin", "name": "Clearances", "organisation_name": "Northlight"}
    account = client.post("/v1/accounts", json=body).raise_for_status().json()
    token = client.post("/v1/tokens", json={"account_id": account["id"], "name": "benchmark"}).raise_for_status().json()
    return account["organisation"]["id"], token["token"]


def fill(home: Path, settings: dict[str, str], actor_id: str, studio_id: str, count: int) -> list[str]:
    """Put performers, consents and licences on record, past the flows that make them; answer the performers' ids."""
    os.environ |= {"LIKENESS_HOME": str(home)} | settings
    with build_context(Settings()) as ctx:
        now = ctx.clock()
        performers = [ctx.ids.new(IdPrefix.PERFORMER, now) for _ in range(count)]
        with ctx.database.write() as session:
            for model, rows in _on_record(ctx, performers, actor_id, studio_id, now):
                session.execute(insert(model), rows)
            session.commit()
    return performers


def _on_record(
    ctx: Context, performers: Sequence[str], actor_id: str, studio_id: str, now: datetime
) -> Iterator[tuple[Any, Rows]]:
    by = {"created_by": actor_id, "created_at": now}
    document, digest = terms_json(_TERMS), terms_sha256(_TERMS)
    licences = [ctx.ids.new(IdPrefix.LICENCE, now) for _ in performers]
    named = {"studio_id": studio_id, "title": "Benchmark", "intended_use": "Ten thousand spots."}
    assurance = IdentityAssurance.SELF_DECLARED
    yield Performer, [{"id": p, "name": p, "identity_assurance": assurance, "version": 1, **by} for p in performers]
    yield Consent, [_consent(ctx, performer, actor_id, now) for performer in performers]
    yield (
        Licence,
        [
            {
                "id": licence_id,
                "performer_id": performer_id,
                "state": LicenceState.ACTIVE,
                "number": 1,
                "starts_on": _TERMS.starts_on,
                "ends_on": _TERMS.ends_on,
                "exclusivity": _TERMS.exclusivity,
                "performer_signed_at": now,
                "studio_signed_at": now,
                "activated_at": now,
                "version": 1,
                **named,
                **by,
            }
            for licence_id, performer_id in zip(licences, performers, strict=True)
        ],
    )
    yield (
        LicenceVersion,
        [
            {
                "licence_id": licence_id,
                "number": 1,
                "performer_id": performer_id,
                "terms_document": document,
                "terms_sha256": digest,
                "texts": {},
                "offered_at": now,
                "in_force_at": now,
                **named,
                **by,
            }
            for licence_id, performer_id in zip(licences, performers, strict=True)
        ],
    )


def _consent(ctx: Context, performer_id: str, actor_id: str, now: datetime) -> dict[str, Any]:
    return {
        "id": ctx.ids.new(IdPrefix.CONSENT, now),
        "performer_id": performer_id,
        "purpose": ConsentPurpose.LICENSING,
        "modality": Modality.VOICE,
        "decision": ConsentDecision.GIVEN,
        "state": ConsentState.ACTIVE,
        "explanation_ids": [],
        "choices": _CHOICES.as_json(),
        "signed_by": "nobody",
        "signed_as": SignedAs.PERFORMER,
        "signature_method": "electronic",
        "signed_at": now,
        "recorded_by": actor_id,
        "recorded_at": now,
        "version": 1,
    }


_CHOICES = LicensingChoices.of(dict.fromkeys(UsePurpose, Disposition.ALLOW))
_TERMS = LicenceTerms(
    purposes=frozenset({UsePurpose.ADVERTISING, UsePurpose.VOICE_CLONE}),
    media=frozenset({Medium.RADIO}),
    territories=frozenset({"GB"}),
    languages=frozenset({"en"}),
    starts_on=date.today() - timedelta(days=1),  # noqa: DTZ011  (any day near now)
    ends_on=date.today() + timedelta(days=300),  # noqa: DTZ011
    exclusivity=Exclusivity.NON_EXCLUSIVE,
    pay=UNPAID,
    projects=None,
)


def questions(performers: Sequence[str]) -> Rows:
    """Ask about everybody once: of ten, one in another medium, and one about nobody."""
    asked: Rows = []
    for number, performer_id in enumerate(performers):
        use = _USE | ({"medium": "game"} if number % 10 == 8 else {})  # noqa: PLR2004  (one of ten)
        asked.append({"performer_id": _NOBODY if number % 10 == 9 else performer_id, "use": use})  # noqa: PLR2004
    return asked


def measure(client: httpx.Client, asked: Rows, rounds: int, pid: int) -> list[Measured]:
    """Time requests to decide, and to tell the status of every token that was given."""
    body = json.dumps({"items": asked}).encode()
    deciding: list[tuple[float, float]] = []
    telling: list[tuple[float, float]] = []
    for _ in range(rounds):
        answered, seconds = timed(client, "/v1/clearances/batch", body, pid)
        deciding.append(seconds)
        items = json.loads(answered)["items"]
        decided = [item["decision"] for item in items]
        expected = ["permitted" if number % 10 < 8 else "refused" for number in range(len(asked))]  # noqa: PLR2004
        if decided != expected:
            raise SystemExit("the answers are not those that are right")
        tokens = json.dumps({"tokens": [item["token"] for item in items if item["token"]]}).encode()
        told, seconds = timed(client, "/v1/clearances/status", tokens, pid)
        telling.append(seconds)
        if {item["standing"] for item in json.loads(told)["items"]} != {"holds"}:
            raise SystemExit("not every clearance is said to hold")
    return [
        _measured(f"decide {len(asked):,}", deciding, body, answered),
        _measured(f"status of {len(asked) * 8 // 10:,}", telling, tokens, told),
    ]


def _measured(name: str, seconds: Sequence[tuple[float, float]], sent: bytes | str, answered: bytes) -> Measured:
    waited, computed = zip(*seconds, strict=True)
    return Measured(name, waited, computed, len(sent) / _MIB, len(answered) / _MIB)


def timed(client: httpx.Client, path: str, body: bytes | str, pid: int) -> tuple[bytes, tuple[float, float]]:
    """Send one request; answer what came back, and the seconds that it took here and that the server computed."""
    before, started = computed_s(pid), time.perf_counter()
    response = client.post(path, content=body)
    waited = time.perf_counter() - started
    if response.is_error:
        raise SystemExit(f"{path} answered {response.status_code}: {response.text[:500]}")
    return response.content, (waited, computed_s(pid) - before)


def computed_s(pid: int) -> float:
    """Answer the processor seconds of a server so far, without those of its worker, which has no part in this."""
    serving = [p for p in psutil.Process(pid).children(recursive=True) if "registry.worker" not in p.cmdline()]
    return sum(p.cpu_times().user + p.cpu_times().system for p in serving)


def print_table(rows: Sequence[Measured], database: str, uses: int) -> None:
    """Print the figures, and end with an error where deciding took longer than the bar."""
    table = Table(title=f"Clearances, {uses:,} performers, {database}, {os.cpu_count()} cores", title_justify="left")
    for heading in ("request", "median", "slowest", "computed", "sent", "answered"):
        table.add_column(heading)
    for row in rows:
        table.add_row(
            row.name,
            f"{statistics.median(row.seconds):.2f} s",
            f"{max(row.seconds):.2f} s",
            f"{statistics.median(row.computed):.2f} s",
            f"{row.sent_mib:.1f} MiB",
            f"{row.answered_mib:.1f} MiB",
        )
    Console(width=100).print(table)
    if max(rows[0].seconds) > BAR_S:
        raise SystemExit(f"deciding took longer than {BAR_S:g} s")


if __name__ == "__main__":
    main()
