"""A registry full of rows, for pages to be timed on: what the verbs have written once, written again very often.

Every row is a copy, made in the database, of one that a verb has written for `Crowded` of the tests, with an id,
moments and people of its own (`benchmarks.page_specs`). The journal is not copied: each of its leaves is encoded,
hashed into the tree and signed for, as the journal's own code does it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import md5
from pathlib import Path
from typing import Final

from psycopg import Connection
from sqlalchemy import select

from benchmarks.page_specs import Sizes, Spec, Specs

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "api"), str(ROOT / "tests" / "unit" / "services")]

from crowded import Crowded  # noqa: E402  (rows for every list, which the tests have already)
from house import Clock, SlowParts, build_house  # noqa: E402

from registry.domain.events import Event, EventType  # noqa: E402
from registry.journal.checkpoint import Checkpoint, sign_checkpoint  # noqa: E402
from registry.journal.leaf import SALT_BYTES, encode, leaf_hash  # noqa: E402
from registry.services.context import Context  # noqa: E402
from registry.services.journal_append import tree_at  # noqa: E402
from registry.services.journal_names import origin_in  # noqa: E402
from registry.store.performers import Representative  # noqa: E402
from registry.vault.keyring_file import WatchedKeyring  # noqa: E402

OF_EACH: Final = 3
"""So many of everything are written by verbs."""
SPAN: Final = timedelta(days=500)
"""The copies are spread over so long before what the verbs write."""
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_LEAVES_TO_A_CHECKPOINT: Final = 1000
_LEAVES_AT_ONCE: Final = 20_000

Row = tuple[object, ...]

FUNCTIONS: Final = """
CREATE FUNCTION pg_temp.made_at(n bigint, total bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
    SELECT '{base}'::timestamptz + n * (interval '{span_s} seconds' / total)
$$;
CREATE FUNCTION pg_temp.bulk_id(prefix text, n bigint, total bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT prefix || '_' || {time} || substr(md5(prefix || n), 1, 16)
    FROM (SELECT ({base_ms} + n * ({span_s} * 1000::bigint) / total) AS ms) AS at
$$;
"""


def fill(ctx: Context, connection: Connection, sizes: Sizes) -> dict[str, str]:
    """Fill a migrated, empty PostgreSQL database; answer accounts by role, whose pages are full, and ids for addresses.

    Args:
        ctx: what verbs work with, on that database; it has a folder for scans, and a keyring in a file.
        connection: to the same database, which may skip triggers.
        sizes: how many.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    base = now - timedelta(days=4) - SPAN
    crowd = _crowd(ctx, now - timedelta(days=3))
    viewers = _viewers(crowd)
    _journal(ctx, connection, _events(crowd, sizes, base))
    connection.execute(_functions(base))
    for spec in _specs(crowd, sizes, viewers["representative"]):
        _copy(connection, spec)
    connection.commit()
    connection.autocommit = True
    connection.execute("VACUUM ANALYZE")
    return viewers


def _crowd(ctx: Context, begun_at: datetime) -> Crowded:
    """Let verbs write some of everything."""
    if not isinstance(ctx.keys, WatchedKeyring) or ctx.scan_places.folder is None:
        raise TypeError("it takes a keyring in a file, and a folder for scans")
    parts = SlowParts(ctx.decoder, ctx.detector, ctx.keys.keyring)
    folder = ctx.scan_places.folder.parent
    return Crowded(build_house(ctx.database, parts, Clock(begun_at), ctx.random_bytes, folder), OF_EACH)


def _specs(crowd: Crowded, sizes: Sizes, agent: str) -> Specs:
    return Specs(
        sizes=sizes,
        performer_id=crowd.performer_id,
        performer_account=crowd.performer.account_id,
        studio_id=str(crowd.studio.organisation_id),
        studio_account=crowd.studio.account_id,
        agent=agent,
        second_operator=crowd.second_operator.account_id,
        webhook_id=crowd.ids["webhook_id"],
    )


def _functions(base: datetime) -> str:
    bits = (f"substr('{_ALPHABET}', ((at.ms >> {shift}) & 31)::int + 1, 1)" for shift in range(45, -1, -5))
    base_ms = int(base.timestamp()) * 1000
    return FUNCTIONS.format(
        base=base.isoformat(), base_ms=base_ms, span_s=int(SPAN.total_seconds()), time=" || ".join(bits)
    )


def bulk_id(prefix: str, number: int, total: int, base: datetime) -> str:
    """Answer what ``pg_temp.bulk_id`` answers."""
    moment = int(base.timestamp()) * 1000 + number * int(SPAN.total_seconds()) * 1000 // total
    head = "".join(_ALPHABET[(moment >> shift) & 31] for shift in range(45, -1, -5))
    return f"{prefix}_{head}{md5(f'{prefix}{number}'.encode()).hexdigest()[:16]}"  # noqa: S324  (a number, scattered)


def _copy(connection: Connection, spec: Spec) -> None:
    """Write the rows of one table, each like one that is there; the ids that they name are made alike elsewhere."""
    asked = (
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s "
        "ORDER BY ordinal_position"
    )
    names = [str(name) for (name,) in connection.execute(asked, [spec.table])]
    if unknown := spec.columns.keys() - set(names):
        raise ValueError(f"{spec.table} has no {sorted(unknown)}")
    chosen = ", ".join(spec.columns.get(name, f'r."{name}"') for name in names)
    quoted = ", ".join(f'"{name}"' for name in names)
    like = f"SELECT * FROM {spec.table} WHERE {spec.like} LIMIT 1"  # noqa: S608  (our own names)
    numbers = f"generate_series(0::bigint, {spec.count - 1})"
    query = f"INSERT INTO {spec.table} ({quoted}) SELECT {chosen} FROM ({like}) AS r, {numbers} AS k"  # noqa: S608
    written = connection.execute(query).rowcount
    if written != spec.count:
        raise ValueError(f"{spec.table}: {written} rows, not {spec.count}; nothing is like {spec.like}")
    print(f"  {spec.table:28} {spec.count:>9,}", flush=True)


def _viewers(crowd: Crowded) -> dict[str, str]:
    """Answer whose pages will be full: an account for each role, and what addresses name."""
    first = select(Representative.account_id).where(Representative.id == crowd.ids["representative_id"])
    with crowd.house.ctx.database.read() as session:
        agent = session.scalars(first).one()
    return {
        "performer": crowd.performer.account_id,
        "representative": agent,
        "studio_admin": crowd.studio.account_id,
        "auditor": crowd.house.admit("auditor", "Auditor", "Clear Ear").account_id,
        "operator": crowd.house.operator.account_id,
        **{f"id:{name}": value for name, value in crowd.ids.items()},
    }


# --- the journal -----------------------------------------------------------------------------------------------------


def _events(crowd: Crowded, sizes: Sizes, base: datetime) -> Iterator[Event]:
    """Yield what happened to performers, consents, enrolments and licences, a leaf each."""
    now = crowd.house.clock()
    made = (
        ("perf", sizes.performers, EventType.PERFORMER_REGISTERED),
        ("cons", 2 * sizes.performers, EventType.CONSENT_SIGNED),
        ("enr", sizes.performers, EventType.ENROLMENT_RECEIVED),
        ("lic", sizes.performers, EventType.LICENCE_ACTIVATED),
    )
    for prefix, total, happened in made:
        for number in range(total):
            subject = bulk_id(prefix, number, total, base)
            yield Event(happened, subject, crowd.house.operator.account_id, now, {"number": number})


def _journal(ctx: Context, connection: Connection, events: Iterator[Event]) -> None:
    """Append leaves as the journal does, with nodes of the tree, and sign a checkpoint for every thousand."""
    with ctx.database.read() as session:
        size = session.connection().exec_driver_sql("SELECT max(seq) FROM journal_entries").scalar_one()
        tree, origin = tree_at(session, size), origin_in(ctx, session)
    key, now = ctx.keys.signing_key(), ctx.clock()
    entries: list[Row] = []
    nodes: list[Row] = []
    openings: list[Row] = []
    notes: list[Row] = []

    def flush() -> None:
        for table, columns, rows in (
            ("journal_openings", "seq, salt, details", openings),
            ("journal_nodes", "position, sha256", nodes),
            ("journal_checkpoints", "size, root_sha256, note, signed_at", notes),
        ):
            with connection.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            rows.clear()

    connection.execute("SET session_replication_role = replica")
    for event in events:
        leaf, opening = encode(event, ctx.random_bytes(SALT_BYTES))
        digest = leaf_hash(leaf)
        size += 1
        nodes += [(node.position, made.hex()) for node, made in tree.add(digest)]
        entries.append((size, event.type.value, event.subject_id, event.at, leaf, digest.hex()))
        openings.append((size, opening.salt, json.dumps(dict(opening.details))))
        if size % _LEAVES_TO_A_CHECKPOINT == 0:
            signed = Checkpoint(origin, size, tree.root)
            notes.append((size, tree.root.hex(), str(sign_checkpoint(signed, key)), now))
        if len(entries) == _LEAVES_AT_ONCE:
            _write_entries(connection, entries)
            flush()
    _write_entries(connection, entries)
    flush()
    connection.commit()
    print(f"  {'journal_entries':28} {size:>9,}", flush=True)


def _write_entries(connection: Connection, entries: list[Row]) -> None:
    columns = "seq, type, subject_id, at, leaf, leaf_sha256"
    with connection.cursor().copy(f"COPY journal_entries ({columns}) FROM STDIN") as copy:
        for row in entries:
            copy.write_row(row)
    entries.clear()
