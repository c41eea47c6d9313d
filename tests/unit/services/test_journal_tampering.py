"""Whoever has the database, or an exported folder, can change it; it is found, and named. On both databases."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session
from steps import Registry

from registry.errors import InvalidInputError, JournalDamagedError
from registry.journal.checkpoint import Checkpoint, sign_checkpoint
from registry.journal.files import JournalFolder
from registry.journal.flaws import Flaw, FlawKind
from registry.journal.leaf import leaf_hash
from registry.journal.merkle import Node, Tree
from registry.journal.note import VerifierKey
from registry.journal.verify import Verified, verify
from registry.services.journal import describe_journal, journal_keys, origin_of, sign_current
from registry.services.journal_export import DatabaseJournal, export_journal, verify_database
from registry.store.database import Database

SIGNED, LEAVES = 7, 12
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@dataclass
class Journal:
    """A registry whose journal has twelve leaves, signed when there were seven and when there were eleven."""

    registry: Registry
    earlier: str
    last: str

    def verified(self, *earlier: str) -> Verified:
        return verify_database(self.registry.ctx, earlier=earlier)


@pytest.fixture
def journal(registry: Registry) -> Journal:
    notes = {}
    for number in range(LEAVES):
        size = describe_journal(registry.ctx).size
        if size in {SIGNED, LEAVES - 1}:
            notes[size] = sign_current(registry.ctx).note
        if size < LEAVES:
            registry.performer(f"Performer {number}")
    assert describe_journal(registry.ctx).size == LEAVES
    return Journal(registry, notes[SIGNED], notes[LEAVES - 1])


@contextmanager
def unguarded(database: Database) -> Iterator[Connection]:
    """Write as somebody does whom no trigger stops."""
    with database.engine.execution_options(likeness_mode="migrate").begin() as connection:
        if database.is_sqlite:
            for name in connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        yield connection


# --- what somebody does ----------------------------------------------------------------------------------------------


def run(*statements: str) -> Callable[[Connection], None]:
    def do(connection: Connection) -> None:
        for statement in statements:
            connection.execute(text(statement), {"other": b'{"type":"account.created"}'})

    return do


def set_leaf(connection: Connection, seq: int, leaf: bytes) -> None:
    """Change a leaf with its hash and whatever is said beside it, as somebody does who knows how."""
    told = json.loads(leaf)
    connection.execute(
        text("UPDATE journal_entries SET leaf = :leaf, leaf_sha256 = :hash, subject_id = :subject WHERE seq = :seq"),
        {"leaf": leaf, "hash": leaf_hash(leaf).hex(), "subject": told["subject"], "seq": seq},
    )


def leaf_at(connection: Connection, seq: int) -> bytes:
    return bytes(connection.scalar(text("SELECT leaf FROM journal_entries WHERE seq = :seq"), {"seq": seq}) or b"")


def rewrite_leaf(connection: Connection) -> None:
    leaf = json.loads(leaf_at(connection, 4))
    set_leaf(connection, 4, json.dumps(leaf | {"subject": "perf_other"}).encode())


def regrow(connection: Connection) -> None:
    """Make the tree that is kept that of the leaves."""
    connection.execute(text("DELETE FROM journal_nodes"))
    tree = Tree()
    for leaf in connection.scalars(text("SELECT leaf FROM journal_entries ORDER BY seq")).all():
        for node, digest in tree.add(leaf_hash(bytes(leaf))):
            row = {"position": node.position, "digest": digest.hex()}
            connection.execute(text("INSERT INTO journal_nodes VALUES (:position, :digest)"), row)


def rewrite_leaf_and_tree(connection: Connection) -> None:
    rewrite_leaf(connection)
    regrow(connection)


def swap_leaves(connection: Connection) -> None:
    run("UPDATE journal_entries SET seq = -seq WHERE seq IN (3, 6)")(connection)
    run("UPDATE journal_entries SET seq = 9 + seq WHERE seq < 0")(connection)


REMOVE = "DELETE FROM journal_entries WHERE seq = 5"
CLOSE_UP = (
    "UPDATE journal_entries SET seq = 1 - seq WHERE seq > 5",
    "UPDATE journal_entries SET seq = -seq WHERE seq < 0",
)
OPEN_UP = (
    "UPDATE journal_entries SET seq = -seq - 1 WHERE seq > 4",
    "UPDATE journal_entries SET seq = -seq WHERE seq < 0",
)
COPY = (
    "INSERT INTO journal_entries (seq, type, subject_id, at, leaf, leaf_sha256)"
    " SELECT 5, type, subject_id, at, leaf, leaf_sha256 FROM journal_entries WHERE seq = 2"
)
CUT = "DELETE FROM journal_entries WHERE seq > 9"
CUT_TREE = f"DELETE FROM journal_nodes WHERE position >= {Node(0, 9).position}"  # noqa: S608
DEEDS: dict[str, tuple[Callable[[Connection], None], set[FlawKind]]] = {
    "the bytes of a leaf": (
        run("UPDATE journal_entries SET leaf = :other WHERE seq = 4"),
        {FlawKind.LEAF_CHANGED, FlawKind.NOT_AS_SIGNED},
    ),
    "a leaf with its hash": (rewrite_leaf, {FlawKind.LEAF_CHANGED, FlawKind.NOT_AS_SIGNED}),
    "a leaf, its hash and the whole tree": (rewrite_leaf_and_tree, {FlawKind.NOT_AS_SIGNED}),
    "what is kept beside a leaf": (
        run("UPDATE journal_entries SET type = 'account.created' WHERE seq = 4"),
        {FlawKind.LEAF_CHANGED},
    ),
    "when it happened": (
        run("UPDATE journal_entries SET at = '2020-01-01 00:00:00+00:00' WHERE seq = 4"),
        {FlawKind.LEAF_CHANGED},
    ),
    "only the hash of a leaf": (
        run("UPDATE journal_entries SET leaf_sha256 = 'ab' WHERE seq = 4"),
        {FlawKind.LEAF_CHANGED},
    ),
    "the last leaf, which is not signed yet": (
        run("UPDATE journal_entries SET leaf = :other WHERE seq = 12"),
        {FlawKind.LEAF_CHANGED},
    ),
    "the order of two leaves": (swap_leaves, {FlawKind.REORDERED, FlawKind.NOT_AS_SIGNED}),
    "a leaf taken out": (run(REMOVE), {FlawKind.LEAF_MISSING, FlawKind.NOT_AS_SIGNED}),
    "a leaf taken out, the others moved up": (
        run(REMOVE, *CLOSE_UP),
        {FlawKind.LEAF_MISSING, FlawKind.NOT_AS_SIGNED},
    ),
    "the first leaf taken out": (
        run("DELETE FROM journal_entries WHERE seq = 1"),
        {FlawKind.LEAF_MISSING, FlawKind.NOT_AS_SIGNED},
    ),
    "a leaf put in": (run(*OPEN_UP, COPY), {FlawKind.LEAF_ADDED, FlawKind.NOT_AS_SIGNED}),
    "the end cut off": (run(CUT), {FlawKind.TRUNCATED}),
    "the end of leaves and tree cut off": (run(CUT, CUT_TREE), {FlawKind.TRUNCATED}),
    "everything gone but the checkpoints": (
        run("DELETE FROM journal_entries", "DELETE FROM journal_nodes"),
        {FlawKind.TRUNCATED, FlawKind.OPENING_CHANGED},
    ),
    "a node of the tree": (run("UPDATE journal_nodes SET sha256 = 'ab' WHERE position = 6"), {FlawKind.TREE_CHANGED}),
    "the hash that the tree has of a leaf": (
        run("UPDATE journal_nodes SET sha256 = 'ab' WHERE position = 7"),
        {FlawKind.TREE_CHANGED},
    ),
    "a node taken out": (run("DELETE FROM journal_nodes WHERE position = 6"), {FlawKind.TREE_CHANGED}),
    "a node that the root rests on": (
        run(f"DELETE FROM journal_nodes WHERE position = {Node(3, 0).position}"),  # noqa: S608
        {FlawKind.TREE_CHANGED},
    ),
    "the text of a checkpoint": (
        run(f"UPDATE journal_checkpoints SET note = REPLACE(note, '{SIGNED}\n', '8\n') WHERE size = {SIGNED}"),  # noqa: S608
        {FlawKind.CHECKPOINT_INVALID},
    ),
    "all checkpoints gone": (run("DELETE FROM journal_checkpoints"), {FlawKind.UNSIGNED}),
    "the details of an opening": (
        run("UPDATE journal_openings SET details = '{}' WHERE seq = 4"),
        {FlawKind.OPENING_CHANGED},
    ),
    "an opening of no leaf": (
        run("UPDATE journal_openings SET seq = 77 WHERE seq = 4"),
        {FlawKind.OPENING_CHANGED},
    ),
    "two openings, exchanged": (
        run(
            "UPDATE journal_openings SET seq = -seq WHERE seq IN (3, 6)",
            "UPDATE journal_openings SET seq = 9 + seq WHERE seq < 0",
        ),
        {FlawKind.OPENING_CHANGED},
    ),
}


def test_a_journal_that_nobody_touched_holds(journal: Journal) -> None:
    found = journal.verified(journal.earlier, journal.last)
    assert found.holds
    assert (found.leaves, found.signed, found.checkpoints, found.openings) == (LEAVES, LEAVES - 1, 2, LEAVES)


def test_an_erased_opening_takes_nothing_from_the_journal(journal: Journal) -> None:
    with journal.registry.ctx.database.write() as session:
        session.execute(text("DELETE FROM journal_openings WHERE seq IN (2, 5)"))
        session.commit()
    found = journal.verified(journal.earlier)
    assert found.holds
    assert found.openings == LEAVES - 2


@contextmanager
def undone(database: Database, deed: str) -> Iterator[Session]:
    """Do a deed, show what a reader would find, and undo it."""
    with unguarded(database) as connection, Session(connection) as session:
        DEEDS[deed][0](connection)
        yield session
        connection.rollback()


def found_in(journal: Journal, session: Session, *earlier: str) -> list[Flaw]:
    return list(verify(DatabaseJournal(session), journal_keys(journal.registry.ctx), earlier=earlier).flaws)


def test_what_was_changed_is_found_and_named(journal: Journal) -> None:
    for deed, (_, expected) in DEEDS.items():
        with undone(journal.registry.ctx.database, deed) as session:
            assert {flaw.kind for flaw in found_in(journal, session)} >= expected, deed
    assert journal.verified().holds


def test_what_was_changed_is_found_by_an_earlier_checkpoint_alone(journal: Journal) -> None:
    for deed in DEEDS:
        with undone(journal.registry.ctx.database, deed) as session:
            session.execute(text("DELETE FROM journal_checkpoints"))
            found = found_in(journal, session, journal.earlier, journal.last)
            told_by_checkpoints = deed not in {"all checkpoints gone", "the text of a checkpoint"}
            assert bool(found) == told_by_checkpoints, deed


PLACES: list[tuple[str, FlawKind, dict[str, int]]] = [
    ("a leaf with its hash", FlawKind.LEAF_CHANGED, {"seq": 4}),
    ("a leaf with its hash", FlawKind.NOT_AS_SIGNED, {"first": 1, "last": SIGNED}),
    ("the order of two leaves", FlawKind.REORDERED, {"first": 3, "last": 6}),
    ("a leaf taken out", FlawKind.LEAF_MISSING, {"first": 5, "last": 5}),
    ("a leaf taken out, the others moved up", FlawKind.LEAF_MISSING, {"seq": 5}),
    ("a leaf put in", FlawKind.LEAF_ADDED, {"seq": 5}),
    ("the end cut off", FlawKind.TRUNCATED, {"leaves": 9, "signed": LEAVES - 1}),
    ("a node of the tree", FlawKind.TREE_CHANGED, {"position": 6}),
    ("the hash that the tree has of a leaf", FlawKind.TREE_CHANGED, {"position": 7}),
    ("two openings, exchanged", FlawKind.OPENING_CHANGED, {"seq": 3}),
]


def test_the_place_is_named_as_well(journal: Journal) -> None:
    for deed, kind, figures in PLACES:
        with undone(journal.registry.ctx.database, deed) as session:
            assert figures in [flaw.figures for flaw in found_in(journal, session) if flaw.kind is kind], deed


def test_a_node_that_was_changed_is_not_laid_on_the_leaves(journal: Journal) -> None:
    for deed in ("a node of the tree", "the hash that the tree has of a leaf", "a node taken out"):
        with undone(journal.registry.ctx.database, deed) as session:
            assert {flaw.kind for flaw in found_in(journal, session)} == {FlawKind.TREE_CHANGED}, deed


# --- a registry that signs another past ------------------------------------------------------------------------------


def sign_anew(journal: Journal) -> None:
    """Rewrite a leaf, its tree and all checkpoints, with the registry's own key: what its operator could do."""
    ctx = journal.registry.ctx
    with unguarded(ctx.database) as connection:
        rewrite_leaf_and_tree(connection)
        tree, sizes = Tree(), set(connection.scalars(text("SELECT size FROM journal_checkpoints")).all())
        for leaf in connection.scalars(text("SELECT leaf FROM journal_entries ORDER BY seq")).all():
            tree.add(leaf_hash(bytes(leaf)))
            if tree.size in sizes:
                note = sign_checkpoint(Checkpoint(origin_of(ctx), tree.size, tree.root), ctx.keys.signing_key())
                connection.execute(
                    text("UPDATE journal_checkpoints SET note = :note, root_sha256 = :root WHERE size = :size"),
                    {"note": str(note), "root": tree.root.hex(), "size": tree.size},
                )


def test_a_journal_that_was_rewritten_and_signed_anew_is_known_by_an_earlier_checkpoint(journal: Journal) -> None:
    sign_anew(journal)
    assert journal.verified().holds  # nothing in it says so by itself: that is what earlier checkpoints are kept for
    found = journal.verified(journal.earlier)
    assert {flaw.kind for flaw in found.flaws} == {FlawKind.FORKED}
    assert found.flaws[0].figures["size"] == SIGNED


def test_an_earlier_checkpoint_of_a_size_that_is_not_signed_any_more_tells_it_as_well(journal: Journal) -> None:
    sign_anew(journal)
    with unguarded(journal.registry.ctx.database) as connection:
        connection.execute(text("DELETE FROM journal_checkpoints WHERE size = :size"), {"size": SIGNED})
    found = journal.verified(journal.earlier)
    assert [(flaw.kind, flaw.figures) for flaw in found.flaws] == [(FlawKind.FORKED, {"size": SIGNED})]


def test_a_journal_that_lost_its_end_with_all_that_says_so_is_known_by_an_earlier_checkpoint(journal: Journal) -> None:
    with unguarded(journal.registry.ctx.database) as connection:
        run(CUT, CUT_TREE, "DELETE FROM journal_openings WHERE seq > 9")(connection)
        run("DELETE FROM journal_checkpoints WHERE size > 9")(connection)
    assert journal.verified().holds
    (flaw,) = journal.verified(journal.last).flaws
    assert (flaw.kind, flaw.figures) == (FlawKind.TRUNCATED, {"leaves": 9, "signed": LEAVES - 1})


def test_a_checkpoint_of_another_key_counts_for_nothing(journal: Journal) -> None:
    ctx = journal.registry.ctx
    note = str(sign_checkpoint(Checkpoint(origin_of(ctx), SIGNED, bytes(32)), STRANGER))
    assert {flaw.kind for flaw in journal.verified(note).flaws} == {FlawKind.CHECKPOINT_INVALID}
    stranger = VerifierKey(origin_of(ctx), journal_keys(ctx)[0].kind, STRANGER.public_key().public_bytes_raw())
    found = verify_database(ctx, keys=[stranger])
    assert {flaw.kind for flaw in found.flaws} == {FlawKind.CHECKPOINT_INVALID}
    assert found.signed is None


# --- nothing goes on on what is damaged ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "deed", ["a leaf, its hash and the whole tree", "the end cut off", "a node that the root rests on"]
)
def test_a_journal_that_is_damaged_is_not_signed(journal: Journal, deed: str) -> None:
    with unguarded(journal.registry.ctx.database) as connection:
        DEEDS[deed][0](connection)
    with pytest.raises(JournalDamagedError):
        sign_current(journal.registry.ctx)
    with pytest.raises(JournalDamagedError):
        export_journal(journal.registry.ctx, journal.registry.operator, Path("never"), with_openings=False)


def test_nothing_is_appended_where_leaves_were_cut_off(journal: Journal) -> None:
    with unguarded(journal.registry.ctx.database) as connection:
        DEEDS["the end cut off"][0](connection)
    with pytest.raises(JournalDamagedError):
        journal.registry.performer("One more")
    assert describe_journal(journal.registry.ctx).size == 9


# --- the database refuses --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("statement", ["UPDATE {table} SET {column} = {column}", "DELETE FROM {table}"])
def test_the_database_itself_refuses_to_change_or_delete(journal: Journal, statement: str) -> None:
    for table, column in (("journal_entries", "leaf"), ("journal_nodes", "sha256"), ("journal_checkpoints", "note")):
        with journal.registry.ctx.database.write() as session:
            with pytest.raises(Exception, match="is never changed"):
                session.execute(text(statement.format(table=table, column=column)))
            session.rollback()
    assert journal.verified(journal.earlier).holds


def test_the_database_refuses_to_replace_or_empty(journal: Journal) -> None:
    database = journal.registry.ctx.database
    for table in ("journal_entries", "journal_nodes", "journal_checkpoints"):
        other = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"  # noqa: S608
        statement = other if database.is_sqlite else f"TRUNCATE {table} CASCADE"
        with database.write() as session:
            with pytest.raises(Exception, match="is never changed"):
                session.execute(text(statement))
            session.rollback()


def test_the_database_refuses_to_change_an_opening_and_lets_it_be_erased(journal: Journal) -> None:
    with journal.registry.ctx.database.write() as session:
        with pytest.raises(Exception, match="never changed"):
            session.execute(text("UPDATE journal_openings SET details = '{}'"))
        session.rollback()
    with journal.registry.ctx.database.write() as session:
        session.execute(text("DELETE FROM journal_openings"))
        session.commit()


# --- exported folders ------------------------------------------------------------------------------------------------


@pytest.fixture
def exported(journal: Journal, tmp_path: Path) -> Path:
    folder = tmp_path / "exported"
    export_journal(journal.registry.ctx, journal.registry.operator, folder, with_openings=True)
    return folder


def edit(path: Path, change: Callable[[list[dict[str, object]]], list[dict[str, object]]]) -> None:
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(row) + "\n" for row in change(rows)))


def renumbered(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return [row | {"seq": number} for number, row in enumerate(rows, 1)]


def another(row: dict[str, object], *, hashed: bool) -> dict[str, object]:
    leaf = str(row["leaf"]).replace("performer.registered", "performer.forgotten")
    return row | {"leaf": leaf} | ({"leaf_sha256": leaf_hash(leaf.encode()).hex()} if hashed else {})


Change = Callable[[list[dict[str, object]]], list[dict[str, object]]]
LEAF_DEEDS: dict[str, tuple[Change, set[FlawKind]]] = {
    "the bytes of a leaf": (
        lambda rows: [*rows[:4], another(rows[4], hashed=False), *rows[5:]],
        {FlawKind.LEAF_CHANGED, FlawKind.NOT_AS_SIGNED},
    ),
    "a leaf with its hash": (
        lambda rows: [*rows[:4], another(rows[4], hashed=True), *rows[5:]],
        {FlawKind.NOT_AS_SIGNED},
    ),
    "the order of lines": (
        lambda rows: [*rows[:3], rows[4], rows[3], *rows[5:]],
        {FlawKind.REORDERED, FlawKind.NOT_AS_SIGNED},
    ),
    "the order of leaves": (
        lambda rows: renumbered([*rows[:3], rows[4], rows[3], *rows[5:]]),
        {FlawKind.NOT_AS_SIGNED},
    ),
    "a line taken out": (lambda rows: rows[:4] + rows[5:], {FlawKind.LEAF_MISSING, FlawKind.NOT_AS_SIGNED}),
    "a leaf taken out": (lambda rows: renumbered(rows[:4] + rows[5:]), {FlawKind.NOT_AS_SIGNED}),
    "a leaf put in": (lambda rows: renumbered([*rows[:4], rows[2], *rows[4:]]), {FlawKind.NOT_AS_SIGNED}),
    "the end cut off": (lambda rows: rows[:9], {FlawKind.TRUNCATED}),
    "all of it": (lambda _: [], {FlawKind.TRUNCATED}),
}


def looked_at(journal: Journal, folder: Path, *earlier: str) -> Verified:
    return verify(JournalFolder(folder), journal_keys(journal.registry.ctx), earlier=earlier)


def test_an_exported_journal_holds(journal: Journal, exported: Path) -> None:
    found = looked_at(journal, exported, journal.earlier, journal.last)
    assert found.holds
    assert (found.leaves, found.signed, found.openings) == (LEAVES, LEAVES, LEAVES)


@pytest.mark.parametrize("deed", LEAF_DEEDS)
def test_what_was_changed_in_a_folder_is_found_and_named(journal: Journal, exported: Path, deed: str) -> None:
    change, expected = LEAF_DEEDS[deed]
    edit(exported / "leaves.jsonl", change)
    for earlier in ((), (journal.earlier,)):
        kinds = {flaw.kind for flaw in looked_at(journal, exported, *earlier).flaws} - {FlawKind.OPENING_CHANGED}
        assert kinds >= expected, deed


def test_an_opening_that_was_exchanged_in_a_folder_is_found(journal: Journal, exported: Path) -> None:
    edit(exported / "openings.jsonl", lambda rows: renumbered([*rows[:3], rows[4], rows[3], *rows[5:]]))
    found = looked_at(journal, exported)
    assert [(flaw.kind, flaw.figures) for flaw in found.flaws] == [
        (FlawKind.OPENING_CHANGED, {"seq": 4}),
        (FlawKind.OPENING_CHANGED, {"seq": 5}),
    ]


def test_a_folder_of_a_forked_journal_is_known_by_an_earlier_checkpoint(journal: Journal, exported: Path) -> None:
    sign_anew(journal)
    forked = exported.with_name("forked")
    export_journal(journal.registry.ctx, journal.registry.operator, forked, with_openings=False)
    assert looked_at(journal, forked).holds
    for earlier in (journal.earlier, journal.last, (exported / "checkpoint").read_text()):
        assert {flaw.kind for flaw in looked_at(journal, forked, earlier).flaws} == {FlawKind.FORKED}


def test_a_folder_with_a_checkpoint_of_another_key_or_none_is_not_signed(journal: Journal, exported: Path) -> None:
    (exported / "checkpoints.jsonl").write_text("")
    note = sign_checkpoint(Checkpoint(origin_of(journal.registry.ctx), LEAVES, bytes(32)), STRANGER)
    (exported / "checkpoint").write_text(str(note))
    found = looked_at(journal, exported)
    assert [flaw.kind for flaw in found.flaws] == [FlawKind.CHECKPOINT_INVALID]
    assert found.signed is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("journal.json", "{}"),
        ("journal.json", '{"form": "likeness-journal", "version": 2}'),
        ("journal.json", "[" * 100_000),
        ("leaves.jsonl", "{}\n"),
        ("leaves.jsonl", '{"seq": "1", "leaf": "", "leaf_sha256": ""}\n'),
        ("leaves.jsonl", '{"seq": true, "leaf": "", "leaf_sha256": ""}\n'),
        ("leaves.jsonl", '{"seq": 1, "leaf": 7, "leaf_sha256": ""}\n'),
        ("leaves.jsonl", "x" * 3_000_000),
        ("openings.jsonl", '{"seq": 1, "salt": "zz", "details": {}}\n'),
        ("openings.jsonl", '{"seq": 1, "salt": "00", "details": 7}\n'),
        ("checkpoints.jsonl", "[]\n"),
    ],
)
def test_a_folder_that_cannot_be_read_says_where(journal: Journal, exported: Path, name: str, content: str) -> None:
    (exported / name).write_text(content)
    with pytest.raises(InvalidInputError, match=name):
        looked_at(journal, exported)


def test_openings_are_exported_only_when_they_are_asked_for(journal: Journal, tmp_path: Path) -> None:
    export_journal(journal.registry.ctx, journal.registry.operator, tmp_path / "without", with_openings=False)
    assert sorted(path.name for path in (tmp_path / "without").iterdir()) == [
        "checkpoint",
        "checkpoints.jsonl",
        "journal.json",
        "leaves.jsonl",
    ]
    with pytest.raises(Exception, match="already"):
        export_journal(journal.registry.ctx, journal.registry.operator, tmp_path / "without", with_openings=False)


def test_whoever_may_not_read_the_journal_does_not_export_it(journal: Journal, tmp_path: Path) -> None:
    limited = replace(journal.registry.operator, scopes=frozenset())
    for principal in (limited, journal.registry.studio()):
        with pytest.raises(Exception, match="journal:read"):
            export_journal(journal.registry.ctx, principal, tmp_path / "never", with_openings=False)
    assert not (tmp_path / "never").exists()
