"""The journal for whoever asks: what it is called, its checkpoints, its leaves.

Checkpoints, proofs and the hashes of leaves are anybody's: they tell how many leaves there are, and nothing of what one
says. The leaves themselves name records and who acted, so they are for operators.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.errors import JournalDamagedError
from registry.journal.checkpoint import Checkpoint, sign_checkpoint
from registry.journal.note import VerifierKey
from registry.services.context import Context
from registry.services.endings import keep_endings
from registry.services.journal_append import tree_at
from registry.services.journal_names import journal_keys_in, origin_in
from registry.store import journal, journal_checkpoints, journal_restorations
from registry.store.journal import JournalEntry
from registry.store.journal_checkpoints import JournalCheckpoint

_AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class JournalFacts:
    """The journal, as whoever wants to follow it needs to know it.

    Attributes:
        origin: its name, the same for good unless it was restored.
        size: how many leaves it has at this moment.
        keys: that its checkpoints were ever signed with, the current one last.
        witnesses: keys of those whose cosignatures are kept.
        restored_after: how many leaves it had each time that it was restored from a backup; the next one says so.
    """

    origin: str
    size: int
    keys: Sequence[VerifierKey]
    witnesses: Sequence[VerifierKey]
    restored_after: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint that is kept.

    Attributes:
        size: how many leaves.
        root_sha256: over them, in hex.
        signed_at: when.
        note: the whole signed note, cosignatures included.
        witnesses: names of those who cosigned it.
    """

    size: int
    root_sha256: str
    signed_at: datetime
    note: str
    witnesses: Sequence[str]


def origin_of(ctx: Context) -> str:
    """Answer the name of the journal, which is one for good unless it was restored from a backup."""
    with ctx.database.read() as session:
        return origin_in(ctx, session)


def journal_keys(ctx: Context) -> Sequence[VerifierKey]:
    """Answer the keys that checkpoints were ever signed with, under each name it has had, the current one last."""
    with ctx.database.read() as session:
        return journal_keys_in(ctx, session)


def describe_journal(ctx: Context) -> JournalFacts:
    """Say which journal this is, and by which keys it is checked."""
    with ctx.database.read() as session:
        return JournalFacts(
            origin=origin_in(ctx, session),
            size=journal.size_of_journal(session),
            keys=journal_keys_in(ctx, session),
            witnesses=ctx.journal.witnesses,
            restored_after=[each.size for each in journal_restorations.restorations(session)],
        )


# --- checkpoints -----------------------------------------------------------------------------------------------------


def current_checkpoint(ctx: Context) -> SignedCheckpoint:
    """Answer the newest checkpoint; one is signed now where the journal has grown, and the last is not too young.

    Raises:
        JournalDamagedError: the journal does not begin with what the last checkpoint says: nothing is signed.
    """
    with ctx.database.read() as session:
        last = journal_checkpoints.last_checkpoint(session)
        if last is not None and not _is_due(ctx, last, journal.size_of_journal(session)):
            return as_signed(session, [last])[0]
    return sign_current(ctx)


def _is_due(ctx: Context, last: JournalCheckpoint, size: int) -> bool:
    age = ctx.clock() - last.signed_at
    is_young = age < ctx.journal.interval and age.total_seconds() >= 0  # a clock that went back holds nothing up
    return size != last.size and not is_young


def sign_current(ctx: Context) -> SignedCheckpoint:
    """Sign the journal as it is; one size is signed once, whoever asks at the same time.

    1. The tree of the last checkpoint is found again in the nodes that are kept, with the same root: no journal is ever
       signed that does not continue what was signed before.
    2. The root of the tree as it is now is signed.
    3. It is kept, and committed: the commit point. Only then is it answered, so that none is known that is not kept.
    4. It is written beside the list of endings as well, so that one is known even when the database is lost.

    Raises:
        JournalDamagedError: the first does not hold; figures ``size`` and ``signed_size``.
    """
    with ctx.database.write() as session:
        last, size = journal_checkpoints.last_checkpoint(session), journal.size_of_journal(session)
        if last is not None:
            _require_continued(session, last, size)
        if last is None or last.size != size:
            checkpoint = Checkpoint(origin_in(ctx, session), size, tree_at(session, size).root)
            note = sign_checkpoint(checkpoint, ctx.keys.signing_key())
            journal_checkpoints.keep_checkpoint(session, size, checkpoint.root.hex(), str(note), ctx.clock())
        kept = journal_checkpoints.checkpoint_at(session, size)
        if kept is None:
            raise AssertionError(f"the checkpoint of {size} was just written")
        signed = as_signed(session, [kept])[0]
        session.commit()
    keep_endings(ctx)
    return signed


def _require_continued(session: Session, last: JournalCheckpoint, size: int) -> None:
    if size < last.size:
        raise JournalDamagedError(
            f"the journal has {size} leaves, but {last.size} were signed", size=size, signed_size=last.size
        )
    if tree_at(session, last.size).root.hex() != last.root_sha256:
        raise JournalDamagedError(
            f"the first {last.size} leaves of the journal are not those that were signed",
            size=size,
            signed_size=last.size,
        )


def list_checkpoints(ctx: Context, *, after: int, limit: int) -> Sequence[SignedCheckpoint]:
    """Answer checkpoints by size, behind a size."""
    with ctx.database.read() as session:
        return as_signed(session, journal_checkpoints.page_of_checkpoints(session, after=after, limit=limit))


def signed_in(session: Session, *, up_to: int | None = None) -> Iterator[SignedCheckpoint]:
    """Answer every checkpoint by size, some at a time; with ``up_to``, those of no more leaves."""
    after = -1
    while part := journal_checkpoints.page_of_checkpoints(session, after=after, limit=_AT_A_TIME):
        for each in as_signed(session, part):
            if up_to is None or each.size <= up_to:
                yield each
        after = part[-1].size


def as_signed(session: Session, checkpoints: Sequence[JournalCheckpoint]) -> list[SignedCheckpoint]:
    """Answer checkpoints as they are shown, with their cosignatures."""
    lines = journal_checkpoints.cosignatures_of(session, [each.size for each in checkpoints])
    return [
        SignedCheckpoint(
            size=each.size,
            root_sha256=each.root_sha256,
            signed_at=each.signed_at,
            note=each.note + "".join(f"{cosigned.line}\n" for cosigned in lines.get(each.size, ())),
            witnesses=[cosigned.witness.partition("+")[0] for cosigned in lines.get(each.size, ())],
        )
        for each in checkpoints
    ]


# --- leaves ----------------------------------------------------------------------------------------------------------


def list_leaf_hashes(ctx: Context, *, after: int, limit: int) -> Sequence[tuple[int, str]]:
    """Answer number and hash of leaves in their order, behind a number: enough to grow the tree again."""
    with ctx.database.read() as session:
        return journal.page_of_hashes(session, after=after, limit=limit)


def list_entries(ctx: Context, principal: Principal, *, after: int, limit: int) -> Sequence[JournalEntry]:
    """Answer leaves in their order, behind a number, without what opens them.

    Raises:
        ForbiddenError: the caller does not run the registry.
    """
    principal.require(Scope.JOURNAL_READ)
    with ctx.database.read() as session:
        return journal.page_of_entries(session, after=after, limit=limit)
