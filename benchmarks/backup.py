"""How long a backup, a look at it, and a restore take, and how much memory, for many performers and findings.

``python -m benchmarks.backup --performers 100000 --findings 1000000``; SQLite, in a temporary folder. Rows are made up,
with sealed voiceprints of the usual size; the journal has a leaf for each performer. It ends with an error where not
every key comes back.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from sqlalchemy import Connection

from benchmarks.machine import described, in_words
from registry.bootstrap import build_context
from registry.clock import utc_now
from registry.domain.events import Event, EventType
from registry.domain.ids import IdPrefix
from registry.services import accounts, backups, restoring
from registry.services.context import Context
from registry.services.journal_append import append_events
from registry.settings import Settings
from registry.store import dump
from registry.store.database import Database
from registry.store.dump import Columns, Row
from registry.vault.keys import FileKeyring

SEALED_BYTES = 1053
"""Of a voiceprint of 256 dimensions, with its nonce and tag."""

LEAVES_AT_ONCE = 5000
T = TypeVar("T")


def main() -> None:
    """Fill a registry, and print a line for each step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--performers", type=int, default=100_000)
    parser.add_argument("--findings", type=int, default=1_000_000)
    asked = parser.parse_args()
    print(in_words(described(("SQLAlchemy", "cryptography"))))
    with TemporaryDirectory() as folder:
        home = Path(folder)
        settings = Settings(home=home)
        FileKeyring.create(settings.resolved_keyring, utc_now(), os.urandom)
        Database(settings.resolved_database_url).upgrade()
        with build_context(settings) as ctx:
            operator = accounts.operator_principal(accounts.create_first_operator(ctx, name="Registry desk"))
            timed("filling", lambda: fill(ctx, operator.account_id, asked.performers, asked.findings))
            where, manifest = timed("backup", lambda: backups.make_backup(ctx, operator, home / "backups"))
            timed("keys", lambda: backups.back_keys_up(ctx, operator, home / "backups"))
            timed("verify", lambda: backups.look_at(ctx.keys, where))
            target = replace(ctx, database=Database(f"sqlite:///{home / 'restored.sqlite3'}"))
            done = timed("restore", lambda: restoring.restore(target, where))
            size = sum(part.size for part in manifest.parts)
            database = (home / "registry.sqlite3").stat().st_size
            print(f"{done.rows} rows, {size / 1e6:.0f} MB; the database has {database / 1e6:.0f} MB")
            if done.keys != asked.performers:
                raise SystemExit(f"{done.keys} keys came back, not {asked.performers}")


def timed(name: str, do: Callable[[], T]) -> T:
    """Do something, and print how long it took and the most memory that the process has had so far."""
    began, used = time.perf_counter(), time.process_time()
    done = do()
    waited, computed = time.perf_counter() - began, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name:8} {waited:7.1f} s  ({computed:.1f} s computing), peak {peak:.0f} MiB", flush=True)
    return done


def fill(ctx: Context, account_id: str, performers: int, findings: int) -> None:
    """Write made-up rows, as a restore does; references are of ids alone."""
    now = ctx.clock()
    names = [ctx.ids.new(IdPrefix.PERFORMER, now) for _ in range(performers)]
    with ctx.database.migrating() as connection:
        for table, rows in made_up(ctx, connection, account_id, names, findings):
            dump.write_rows(connection, table, rows)
        keys = next(each for each in whole_tables(connection) if each.table == dump.KEYS)
        dump.write_rows(connection, keys, key_rows(ctx, keys, names))
    with ctx.database.write() as session:
        for start in range(0, performers, LEAVES_AT_ONCE):
            part = names[start : start + LEAVES_AT_ONCE]
            events = [Event(EventType.PERFORMER_REGISTERED, name, account_id, now) for name in part]
            append_events(session, events, ctx.random_bytes)
        session.commit()


def whole_tables(connection: Connection) -> list[Columns]:
    """Answer the tables with all their columns, those that wrap keys among them."""
    found = []
    for each in dump.columns_of_all(connection):
        more = dict.fromkeys(sorted(dump.SECRETS.get(each.table, ())), "text")
        kinds = {name: "bytes" if name.startswith("wrapped") else kind for name, kind in more.items()}
        found.append(Columns(each.table, dict(each.kinds) | kinds, each.key))
    return found


def key_rows(ctx: Context, columns: Columns, names: list[str]) -> Iterator[Row]:
    """Yield a key for each performer."""
    for name in names:
        key = ctx.keys.wrap(os.urandom(32))
        said = {
            "performer_id": name,
            "modality": "voice",
            "created_at": ctx.clock().isoformat(),
            "master_key_id": key.master_key_id,
            "wrapped_key": b64encode(key.wrapped).decode(),
        }
        yield [said[column] for column in columns.kinds]


def made_up(
    ctx: Context, connection: Connection, account_id: str, names: list[str], findings: int
) -> Iterator[tuple[Columns, Iterator[Row]]]:
    """Yield tables, and rows that fit them."""
    tables = {each.table: each for each in dump.columns_of_all(connection)}
    now, organisation = ctx.clock(), ctx.ids.new(IdPrefix.ORGANISATION, ctx.clock())

    def new(prefix: IdPrefix) -> str:
        return ctx.ids.new(prefix, now)

    def row(table: str, **said: object) -> Row:
        return [said.get(name, filler(name)) for name in tables[table].kinds]

    def filler(name: str) -> object:
        return now.isoformat() if name == "created_at" else 1 if name == "version" else None

    checks = [new(IdPrefix.CHECK) for _ in range(max(findings // 4, 1))]
    yield tables["organisations"], iter([row("organisations", id=organisation, kind="studio", name="Northlight")])
    yield (
        tables["performers"],
        (
            row("performers", id=name, name="Ada Lind", identity_assurance="union_vouched", created_by=account_id)
            for name in names
        ),
    )
    consents = {name: new(IdPrefix.CONSENT) for name in names}
    yield (
        tables["consents"],
        (
            row(
                "consents",
                id=consents[name],
                performer_id=name,
                purpose="monitoring",
                modality="voice",
                decision="given",
                state="active",
                signed_by="Ada Lind",
                signed_as="performer",
                signature_method="handwritten",
                signed_at=now.isoformat(),
                recorded_by=account_id,
                recorded_at=now.isoformat(),
                explanation_ids=[],
            )
            for name in names
        ),
    )
    enrolments = {name: new(IdPrefix.ENROLMENT) for name in names}
    yield (
        tables["enrolments"],
        (
            row(
                "enrolments",
                id=enrolments[name],
                performer_id=name,
                consent_id=consents[name],
                modality="voice",
                state="active",
                recordings=[],
                created_by=account_id,
                finished_at=now.isoformat(),
            )
            for name in names
        ),
    )
    yield (
        tables["voiceprints"],
        (
            row(
                "voiceprints",
                id=new(IdPrefix.VOICEPRINT),
                performer_id=name,
                enrolment_id=enrolments[name],
                encoder=encoder,
                weights_sha256="a" * 64,
                preprocessing="mel40-1",
                dimension=256,
                epoch=1,
                label="one",
                speech_s=30.0,
                sealed=b64encode(os.urandom(SEALED_BYTES)).decode(),
            )
            for name in names
            for encoder in ("ge2e", "campplus")
        ),
    )
    yield (
        tables["checks"],
        (
            row(
                "checks",
                id=check,
                organisation_id=organisation,
                submitted_by=account_id,
                state="done",
                filename="advert.wav",
                content_sha256="b" * 64,
                size_bytes=400_000,
                duration_s=12.5,
                kind="generated",
                purpose="advertising",
                project="Spring",
                medium="radio",
                territory="GB",
                language="en",
                claimed_licence_ids=[],
                quantities=[],
                verdict="unlicensed_match",
                outcome="match",
                speech_s=11.0,
                reasons=[],
                finished_at=now.isoformat(),
            )
            for check in checks
        ),
    )
    segments = [{"start_s": 0.5, "end_s": 11.5, "log10_lr": 5.25}]
    yield (
        tables["findings"],
        (
            row(
                "findings",
                id=new(IdPrefix.FINDING),
                check_id=checks[number // 4 % len(checks)],
                performer_id=names[number % len(names)],
                organisation_id=organisation,
                rank=number % 4 + 1,
                outcome="match",
                log10_lr=5.25,
                engines={"ge2e": 4.5, "campplus": 5.5},
                cohort_percentile=99.9,
                segments=segments,
                evidence_reasons=[],
                verdict="unlicensed_match",
                reasons=[{"code": "no_licence", "detail": "no licence between the two is in force"}],
                priority="normal",
                basis="heard",
            )
            for number in range(findings)
        ),
    )


if __name__ == "__main__":
    main()
