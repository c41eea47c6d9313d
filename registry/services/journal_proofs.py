"""Proofs about the journal, for anybody: that a leaf is in it, and that it continues what it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from registry.errors import InvalidInputError
from registry.journal import merkle
from registry.services.context import Context
from registry.services.journal import SignedCheckpoint, as_signed, current_checkpoint
from registry.services.journal_append import hashes_of
from registry.store import journal, journal_checkpoints
from registry.store.journal import JournalEntry


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That a leaf is in the journal, to be checked by RFC 9162, section 2.1.3.2.

    Attributes:
        seq: number of the leaf; its index is one less.
        leaf_sha256: its hash.
        path: hashes, in hex.
        checkpoint: which this proves it to be under.
    """

    seq: int
    leaf_sha256: str
    path: Sequence[str]
    checkpoint: SignedCheckpoint


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """That the journal at one size is the beginning of it at another (RFC 9162, section 2.1.4.2).

    Attributes:
        first: a checkpoint.
        second: a later one, or the same.
        path: hashes, in hex.
    """

    first: SignedCheckpoint
    second: SignedCheckpoint
    path: Sequence[str]


def prove_inclusion(ctx: Context, *, leaf_sha256: str | None = None, seq: int | None = None) -> InclusionProof:
    """Prove that a leaf is under the newest checkpoint. That of its hash is asked for, or that of its number.

    Raises:
        InvalidInputError: none or both are given, there is no such leaf, or it is newer than the newest checkpoint.
        JournalDamagedError: as `current_checkpoint`.
    """
    if (leaf_sha256 is None) == (seq is None):
        raise InvalidInputError("ask for a leaf by leaf_sha256 or by seq, and not by both")
    checkpoint = current_checkpoint(ctx)
    with ctx.database.read() as session:
        entry = _entry(session, leaf_sha256, seq)
        if entry.seq > checkpoint.size:
            interval_s = ctx.journal.interval.total_seconds()
            raise InvalidInputError(
                f"leaf {entry.seq} is newer than the newest checkpoint, of {checkpoint.size}; the next may be signed "
                f"{interval_s:.0f} s after that",
                seq=entry.seq,
                size=checkpoint.size,
                interval_s=interval_s,
            )
        path = _proof(session, merkle.inclusion_path(entry.seq - 1, checkpoint.size))
    return InclusionProof(entry.seq, entry.leaf_sha256, path, checkpoint)


def prove_consistency(ctx: Context, *, first: int, second: int | None = None) -> ConsistencyProof:
    """Prove that one checkpoint continues another.

    Args:
        first: size of the earlier one.
        second: size of the later one; by default the newest.

    Raises:
        InvalidInputError: there is no checkpoint of such a size, or the first is the later one; figure ``size``.
        JournalDamagedError: as `current_checkpoint`.
    """
    newest = current_checkpoint(ctx)
    with ctx.database.read() as session:
        earlier = _checkpoint(session, first)
        later = newest if second is None else _checkpoint(session, second)
        if earlier.size > later.size:
            raise InvalidInputError(f"{first} is more than {later.size}: first is the smaller size", size=first)
        path = _proof(session, merkle.consistency_path(earlier.size, later.size))
    return ConsistencyProof(earlier, later, path)


def _entry(session: Session, leaf_sha256: str | None, seq: int | None) -> JournalEntry:
    entry = journal.entry_of_hash(session, leaf_sha256 or "") if seq is None else journal.entry_at(session, seq)
    if entry is None:
        raise InvalidInputError("the journal has no such leaf")
    return entry


def _checkpoint(session: Session, size: int) -> SignedCheckpoint:
    kept = journal_checkpoints.checkpoint_at(session, size)
    if kept is None:
        raise InvalidInputError(f"there is no checkpoint of {size} leaves; the list has all there are", size=size)
    return as_signed(session, [kept])[0]


def _proof(session: Session, path: Sequence[merkle.Span]) -> list[str]:
    hashes = hashes_of(session, merkle.nodes_of(path))
    return [each.hex() for each in merkle.proof(path, hashes.__getitem__)]
