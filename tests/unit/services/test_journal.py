"""The journal as it grows and is asked about: checkpoints, proofs, cosignatures, and who may read what."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import event, func, select
from steps import Registry

from registry.domain.accounts import Principal, Role, Scope
from registry.domain.consents import ConsentPurpose
from registry.domain.events import Event, EventType
from registry.errors import ForbiddenError, InvalidInputError, NotFoundError, SignatureInvalidError
from registry.journal.checkpoint import Checkpoint, cosign, open_checkpoint, sign_checkpoint
from registry.journal.leaf import Opening, verify_opening
from registry.journal.merkle import Tree, verify_consistency, verify_inclusion
from registry.journal.note import KeyKind, Note, VerifierKey, read_note
from registry.services import journal, journal_openings, journal_proofs, journal_witnesses
from registry.services.context import Context, JournalRules
from registry.services.journal_append import append_events
from registry.services.journal_export import verify_database
from registry.services.unit import unit_of_work
from registry.store.database import Database
from registry.store.journal_checkpoints import JournalCheckpoint
from registry.vault.keys import FileKeyring, Purpose

WITNESS_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
WITNESS = VerifierKey("witness.example/w1", KeyKind.COSIGNATURE, WITNESS_KEY.public_key().public_bytes_raw())
INTERVAL_S = 60


def with_rules(ctx: Context, **rules: object) -> Context:
    return replace(ctx, journal=JournalRules(**rules))  # type: ignore[arg-type]


def cosigned(registry: Registry, note: str, name: str = WITNESS.name, key: Ed25519PrivateKey = WITNESS_KEY) -> str:
    read = read_note(note)
    return str(Note(read.text, (*read.signatures, cosign(read.text, name, key, registry.clock()))))


def kept_checkpoints(registry: Registry) -> int:
    with registry.ctx.database.read() as session:
        return session.scalar(select(func.count()).select_from(JournalCheckpoint)) or 0


# --- growing ---------------------------------------------------------------------------------------------------------


def test_many_at_once_append_to_one_tree_without_a_gap(registry: Registry) -> None:
    together = Barrier(4)

    def register(number: int) -> None:
        together.wait()
        for each in range(5):
            registry.performer(f"Performer {number} {each}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(register, range(4)))
    found = verify_database(registry.ctx, earlier=[journal.sign_current(registry.ctx).note])
    assert found.holds
    assert found.leaves == journal.describe_journal(registry.ctx).size >= 22


def test_a_commit_of_many_events_asks_as_much_as_one_of_one_event(sqlite_registry: Registry) -> None:
    asked = []
    for count in (1, 50):
        with unit_of_work(sqlite_registry.ctx) as unit:
            for number in range(count):
                unit.record(EventType.PERFORMER_CHANGED, f"perf_{number}", "acc_1", number=number)
            statements: list[str] = []
            listener = _noting(statements)
            event.listen(sqlite_registry.ctx.database.engine, "before_cursor_execute", listener)
            unit.commit()
            event.remove(sqlite_registry.ctx.database.engine, "before_cursor_execute", listener)
        asked.append(statements)
    assert len(asked[0]) == len(asked[1])
    assert verify_database(sqlite_registry.ctx, earlier=[journal.sign_current(sqlite_registry.ctx).note]).holds


def _noting(statements: list[str]) -> Callable[..., None]:
    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    return note


def test_what_is_rolled_back_leaves_no_trace_in_the_tree(registry: Registry) -> None:
    before = journal.describe_journal(registry.ctx).size
    with registry.ctx.database.write() as session:
        lost = Event(EventType.PERFORMER_CHANGED, "perf_1", "acc_1", registry.clock())
        append_events(session, [lost, lost, lost], registry.ctx.random_bytes)
        session.rollback()
    registry.performer()
    assert journal.describe_journal(registry.ctx).size == before + 1
    assert verify_database(registry.ctx, earlier=[journal.sign_current(registry.ctx).note]).holds


def test_an_empty_journal_has_a_checkpoint_as_well(
    sqlite_database: Database, context: Callable[[Database], Context]
) -> None:
    ctx = context(sqlite_database)
    checkpoint = journal.current_checkpoint(ctx)
    assert checkpoint.size == 0
    assert verify_database(ctx, earlier=[checkpoint.note]).holds


# --- checkpoints -----------------------------------------------------------------------------------------------------


def test_a_checkpoint_is_signed_by_the_registry_over_the_root_of_all_leaves(registry: Registry) -> None:
    registry.performer()
    signed = journal.current_checkpoint(registry.ctx)
    opened = open_checkpoint(read_note(signed.note), journal.journal_keys(registry.ctx))
    tree = Tree()
    for _, digest in journal.list_leaf_hashes(registry.ctx, after=0, limit=1000):
        tree.add(bytes.fromhex(digest))
    assert (opened.origin, opened.size, opened.root) == (journal.origin_of(registry.ctx), tree.size, tree.root)
    assert (signed.size, signed.root_sha256) == (tree.size, tree.root.hex())


def test_checkpoints_are_signed_when_there_is_something_new_and_not_too_often(registry: Registry) -> None:
    first = journal.current_checkpoint(registry.ctx)
    assert journal.current_checkpoint(registry.ctx) == first
    registry.performer()
    registry.clock.move(seconds=INTERVAL_S - 1)
    assert journal.current_checkpoint(registry.ctx) == first
    registry.clock.move(seconds=1)
    second = journal.current_checkpoint(registry.ctx)
    assert second.size == first.size + 1
    registry.clock.move(days=1)
    assert journal.current_checkpoint(registry.ctx) == second
    assert kept_checkpoints(registry) == 2


def test_a_clock_that_went_back_holds_no_checkpoint_up(registry: Registry) -> None:
    first = journal.current_checkpoint(registry.ctx)
    registry.clock.move(days=-400)
    registry.performer()
    assert (
        journal.current_checkpoint(registry.ctx).size == first.size + 2
    )  # the performer, and that the clock went back


def test_whoever_signs_at_the_same_time_gets_the_same_checkpoint(registry: Registry) -> None:
    registry.performer()
    together = Barrier(4)

    def sign(_: int) -> str:
        together.wait()
        return journal.sign_current(registry.ctx).note

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(sign, range(4)))) == 1
    assert kept_checkpoints(registry) == 1


def test_the_key_may_change_and_the_journal_keeps_its_name(registry: Registry) -> None:
    old = journal.sign_current(registry.ctx)
    keyring = registry.ctx.keys
    assert isinstance(keyring, FileKeyring)
    rotated = keyring.rotated(Purpose.SIGNING, registry.clock(), bytes)
    ctx = replace(registry.ctx, keys=rotated)
    registry.performer()
    new = journal.sign_current(ctx)
    first, second = journal.journal_keys(ctx)
    assert first.name == second.name == journal.origin_of(registry.ctx) == journal.origin_of(ctx)
    assert open_checkpoint(read_note(old.note), [first]).size < open_checkpoint(read_note(new.note), [second]).size
    assert verify_database(ctx, earlier=[old.note, new.note]).holds


# --- proofs ----------------------------------------------------------------------------------------------------------


def test_every_leaf_is_proven_to_be_under_the_checkpoint(registry: Registry) -> None:
    for number in range(9):
        registry.performer(f"Performer {number}")
    size = journal.sign_current(registry.ctx).size
    for seq, digest in journal.list_leaf_hashes(registry.ctx, after=0, limit=1000):
        for asked in ({"seq": seq}, {"leaf_sha256": digest}):
            proof = journal_proofs.prove_inclusion(registry.ctx, **asked)  # type: ignore[arg-type]
            assert (proof.seq, proof.leaf_sha256, proof.checkpoint.size) == (seq, digest, size)
            root = open_checkpoint(read_note(proof.checkpoint.note), journal.journal_keys(registry.ctx)).root
            verify_inclusion(bytes.fromhex(digest), seq - 1, size, [bytes.fromhex(each) for each in proof.path], root)


def test_every_checkpoint_is_proven_to_continue_those_before(registry: Registry) -> None:
    signed = []
    for number in range(9):
        signed.append(journal.sign_current(registry.ctx))
        registry.performer(f"Performer {number}")
    for number, first in enumerate(signed):
        for second in signed[number:]:
            proof = journal_proofs.prove_consistency(registry.ctx, first=first.size, second=second.size)
            assert (proof.first, proof.second) == (first, second)
            path = [bytes.fromhex(each) for each in proof.path]
            roots = (bytes.fromhex(first.root_sha256), bytes.fromhex(second.root_sha256))
            verify_consistency(first.size, second.size, path, *roots)


def test_what_cannot_be_proven_says_why(registry: Registry) -> None:
    checkpoint = journal.current_checkpoint(registry.ctx)
    registry.performer()
    with pytest.raises(InvalidInputError, match="not by both"):
        journal_proofs.prove_inclusion(registry.ctx)
    with pytest.raises(InvalidInputError, match="not by both"):
        journal_proofs.prove_inclusion(registry.ctx, seq=1, leaf_sha256="a" * 64)
    for missing in ({"seq": 1000}, {"leaf_sha256": "a" * 64}):
        with pytest.raises(InvalidInputError, match="no such leaf"):
            journal_proofs.prove_inclusion(registry.ctx, **missing)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError) as caught:
        journal_proofs.prove_inclusion(registry.ctx, seq=checkpoint.size + 1)
    assert caught.value.figures == {"seq": checkpoint.size + 1, "size": checkpoint.size, "interval_s": 60.0}
    for first, second in ((checkpoint.size + 1, None), (checkpoint.size, 1), (0, None)):
        with pytest.raises(InvalidInputError):
            journal_proofs.prove_consistency(registry.ctx, first=first, second=second)


# --- cosignatures ----------------------------------------------------------------------------------------------------


def test_the_word_of_a_known_witness_is_kept_with_the_checkpoint_once(registry: Registry) -> None:
    registry.ctx = with_rules(registry.ctx, witnesses=(WITNESS,))
    note = journal.current_checkpoint(registry.ctx).note
    first = journal_witnesses.add_cosignatures(registry.ctx, cosigned(registry, note))
    assert first.witnesses == [WITNESS.name]
    assert first.note == cosigned(registry, note)
    registry.clock.move(seconds=5)
    assert journal_witnesses.add_cosignatures(registry.ctx, cosigned(registry, note)) == first
    assert journal.current_checkpoint(registry.ctx) == first
    assert verify_database(registry.ctx, earlier=[first.note]).cosigned_by == [WITNESS.name]


def test_a_witness_that_is_heard_twice_at_once_is_kept_once(registry: Registry) -> None:
    registry.ctx = with_rules(registry.ctx, witnesses=(WITNESS,))
    sent = cosigned(registry, journal.current_checkpoint(registry.ctx).note)
    together = Barrier(3)

    def add(_: int) -> str:
        together.wait()
        return journal_witnesses.add_cosignatures(registry.ctx, sent).note

    with ThreadPoolExecutor(3) as pool:
        assert set(pool.map(add, range(3))) == {sent}


def test_nothing_else_is_kept_with_a_checkpoint(registry: Registry) -> None:
    note = journal.current_checkpoint(registry.ctx).note
    known = with_rules(registry.ctx, witnesses=(WITNESS,))
    stranger = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
    elsewhere = Checkpoint("other.example", 1, bytes(32))
    never = Checkpoint(journal.origin_of(registry.ctx), 1, bytes(32))
    key = registry.ctx.keys.signing_key()
    for sent, ctx, step in [
        ("nothing", known, "form"),
        (note, known, "witness"),
        (cosigned(registry, note), registry.ctx, "witness"),
        (cosigned(registry, note, key=stranger), known, "witness"),
        (cosigned(registry, note, name="other.example"), known, "witness"),
        (cosigned(registry, str(sign_checkpoint(never, key))), known, "checkpoint"),
        (cosigned(registry, str(sign_checkpoint(never, stranger))), known, "key"),
        (cosigned(registry, str(sign_checkpoint(elsewhere, key))), known, "key"),
    ]:
        with pytest.raises(SignatureInvalidError) as caught:
            journal_witnesses.add_cosignatures(ctx, sent)
        assert caught.value.figures["step"] == step, sent
    registry.clock.move(minutes=10)
    ahead = cosigned(registry, note)
    registry.clock.move(minutes=-10)
    with pytest.raises(SignatureInvalidError, match="ahead"):
        journal_witnesses.add_cosignatures(known, ahead)
    assert journal.current_checkpoint(registry.ctx).witnesses == []


# --- who reads what --------------------------------------------------------------------------------------------------


def test_leaves_are_for_operators_whose_token_says_so(registry: Registry) -> None:
    limited = replace(registry.operator, scopes=registry.operator.scopes - {Scope.JOURNAL_READ})
    for principal in (limited, registry.studio(), registry.principal(Role.AUDITOR, "A", "Audit Ltd")):
        with pytest.raises(ForbiddenError):
            journal.list_entries(registry.ctx, principal, after=0, limit=10)
    only = replace(registry.operator, scopes=frozenset({Scope.JOURNAL_READ}))
    assert [each.seq for each in journal.list_entries(registry.ctx, only, after=1, limit=2)] == [2, 3]


def openings(registry: Registry, principal: Principal, subject_id: str) -> list[str]:
    found = journal_openings.opened_leaves(registry.ctx, principal, subject_id)
    for each in found:
        assert each.salt is not None
        assert each.details is not None
        verify_opening(each.leaf.encode(), Opening(each.salt, each.details))  # type: ignore[arg-type]
    return [each.type for each in found]


def test_what_opens_a_leaf_is_for_those_who_may_see_its_record(registry: Registry) -> None:
    performer_id = registry.performer()
    consent = registry.sign(performer_id, ConsentPurpose.MONITORING)
    performer = registry.principal(Role.PERFORMER, "Ada Lind", performer_id=performer_id)
    other = registry.principal(Role.PERFORMER, "Bo Berg", performer_id=registry.performer("Bo Berg"))
    studio, stranger = registry.studio(), registry.studio("Southlight")
    check = registry.submit(studio)
    for principal in (performer, registry.operator):
        assert openings(registry, principal, performer_id)[0] == "performer.registered"
        assert openings(registry, principal, consent.id) == ["consent.signed"]
    assert openings(registry, studio, check.id) == ["check.submitted"]
    for principal, subject_id in [
        (other, performer_id),
        (other, consent.id),
        (studio, consent.id),
        (stranger, check.id),
        (performer, registry.operator.account_id),
        (studio, str(studio.organisation_id)),
        (registry.operator, "perf_" + "0" * 26),
        (performer, "perf_" + "0" * 26),
    ]:
        with pytest.raises((NotFoundError, ForbiddenError)):
            openings(registry, principal, subject_id)


def test_times_between_checkpoints_come_from_the_rules(registry: Registry) -> None:
    ctx = with_rules(registry.ctx, interval=timedelta(0))
    first = journal.current_checkpoint(ctx)
    registry.performer()
    assert journal.current_checkpoint(ctx).size == first.size + 1
