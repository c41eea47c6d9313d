"""The journal's rows: leaves and the tree over them, kept for good, and openings of leaves, which can be erased.

A leaf's number, ``seq``, is its index in the tree plus one; there are no gaps. The database itself refuses to change or
delete a leaf or a node, and to change an opening.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BigInteger, ForeignKey, Integer, String, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.errors import JournalDamagedError
from registry.store.base import Base
from registry.store.parts import in_parts
from registry.store.types import Bytes, Id, Json, Sha256, UtcDateTime

_ROWS_AT_A_TIME = 1000
_BEFORE_ALL = -(2**31)
"""Before every number, also one that somebody has made up."""


class JournalEntry(Base):
    """One leaf. Its bytes commit to the details without holding them."""

    __tablename__ = "journal_entries"

    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    type: Mapped[str] = mapped_column(String(60), index=True)
    subject_id: Mapped[str] = mapped_column(Id, index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    leaf: Mapped[bytes] = mapped_column(Bytes)
    leaf_sha256: Mapped[str] = mapped_column(Sha256, index=True)


class JournalOpening(Base):
    """What opens one leaf's commitment: salt and details."""

    __tablename__ = "journal_openings"

    seq: Mapped[int] = mapped_column(ForeignKey("journal_entries.seq"), primary_key=True)
    salt: Mapped[bytes] = mapped_column(Bytes)
    details: Mapped[dict[str, object]] = mapped_column(Json)


class JournalNode(Base):
    """The hash of one complete subtree, of leaves as well, by the number that `registry.journal.merkle` gives it."""

    __tablename__ = "journal_nodes"

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    sha256: Mapped[str] = mapped_column(Sha256)


# --- appending -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewLeaf:
    """A leaf that is to be kept, and what opens it."""

    type: str
    subject_id: str
    at: datetime
    leaf: bytes
    leaf_sha256: str
    salt: bytes
    details: dict[str, object]


def append(session: Session, size: int, leaves: Sequence[NewLeaf], nodes: Mapping[int, bytes]) -> None:
    """Write leaves, their openings and the nodes that they make complete, in the caller's transaction and turn.

    Args:
        session: of the transaction.
        size: how many leaves there are before.
        leaves: in their order.
        nodes: hashes by position.

    Raises:
        JournalDamagedError: there are leaves or nodes already where these belong; figure ``size``.
    """
    numbered = list(enumerate(leaves, size + 1))
    entries = [
        {
            "seq": seq,
            "type": each.type,
            "subject_id": each.subject_id,
            "at": each.at,
            "leaf": each.leaf,
            "leaf_sha256": each.leaf_sha256,
        }
        for seq, each in numbered
    ]
    try:
        session.execute(insert(JournalEntry), entries)
        session.execute(
            insert(JournalOpening),
            [{"seq": seq, "salt": each.salt, "details": each.details} for seq, each in numbered],
        )
        session.execute(
            insert(JournalNode), [{"position": each, "sha256": digest.hex()} for each, digest in nodes.items()]
        )
    except IntegrityError as error:
        raise JournalDamagedError(
            f"the journal has {size} leaves, but what belongs behind them is taken", size=size
        ) from error


def size_of_journal(session: Session) -> int:
    """Answer how many leaves there are."""
    return session.scalar(select(func.max(JournalEntry.seq))) or 0


def end_of_journal(session: Session) -> tuple[int, datetime | None]:
    """Answer how many leaves there are, and the moment of the last one."""
    query = select(JournalEntry.seq, JournalEntry.at).order_by(JournalEntry.seq.desc()).limit(1)
    last = session.execute(query).one_or_none()
    return (0, None) if last is None else (last.seq, last.at)


def node_hashes(session: Session, positions: Sequence[int]) -> dict[int, bytes]:
    """Answer the hashes of nodes by position; those that are not there are missing."""
    found: dict[int, bytes] = {}
    for part in in_parts(positions):
        rows = session.execute(select(JournalNode.position, JournalNode.sha256).where(JournalNode.position.in_(part)))
        found |= {position: bytes.fromhex(digest) for position, digest in rows}
    return found


# --- reading ---------------------------------------------------------------------------------------------------------


class Leaf(NamedTuple):
    """A leaf without the object around it, as there are millions."""

    seq: int
    type: str
    subject_id: str
    at: datetime
    leaf: bytes
    leaf_sha256: str


def page_of_entries(session: Session, *, after: int, limit: int) -> Sequence[JournalEntry]:
    """Answer leaves in their order, behind a number."""
    query = select(JournalEntry).where(JournalEntry.seq > after).order_by(JournalEntry.seq).limit(limit)
    return session.scalars(query).all()


def page_of_hashes(session: Session, *, after: int, limit: int) -> Sequence[tuple[int, str]]:
    """Answer number and hash of leaves in their order, behind a number."""
    query = select(JournalEntry.seq, JournalEntry.leaf_sha256).where(JournalEntry.seq > after)
    return [(seq, digest) for seq, digest in session.execute(query.order_by(JournalEntry.seq).limit(limit))]


def entry_at(session: Session, seq: int) -> JournalEntry | None:
    """Answer the leaf of a number."""
    return session.get(JournalEntry, seq)


def entry_of_hash(session: Session, leaf_sha256: str) -> JournalEntry | None:
    """Answer the first leaf of a hash."""
    query = select(JournalEntry).where(JournalEntry.leaf_sha256 == leaf_sha256).order_by(JournalEntry.seq).limit(1)
    return session.scalars(query).first()


def hashes_among(session: Session, hashes: Sequence[str]) -> Sequence[str]:
    """Answer which of some hashes are those of leaves."""
    return session.scalars(select(JournalEntry.leaf_sha256).where(JournalEntry.leaf_sha256.in_(hashes))).all()


def every_entry(session: Session, *, up_to: int | None = None) -> Iterator[Leaf]:
    """Answer all leaves in their order, some at a time; with ``up_to``, none behind that number."""
    columns = select(
        JournalEntry.seq,
        JournalEntry.type,
        JournalEntry.subject_id,
        JournalEntry.at,
        JournalEntry.leaf,
        JournalEntry.leaf_sha256,
    )
    query, after = columns.order_by(JournalEntry.seq).limit(_ROWS_AT_A_TIME), _BEFORE_ALL
    if up_to is not None:
        query = query.where(JournalEntry.seq <= up_to)
    while part := session.execute(query.where(JournalEntry.seq > after)).all():
        yield from (Leaf(*row) for row in part)
        after = part[-1][0]


def every_opening(session: Session, *, up_to: int | None = None) -> Iterator[tuple[int, bytes, dict[str, object]]]:
    """Answer number, salt and details of every opening that is left, in their order; as `every_entry`."""
    columns = select(JournalOpening.seq, JournalOpening.salt, JournalOpening.details)
    query, after = columns.order_by(JournalOpening.seq).limit(_ROWS_AT_A_TIME), _BEFORE_ALL
    if up_to is not None:
        query = query.where(JournalOpening.seq <= up_to)
    while part := session.execute(query.where(JournalOpening.seq > after)).all():
        yield from ((seq, salt, details) for seq, salt, details in part)
        after = part[-1][0]


def every_node(session: Session) -> Iterator[tuple[int, str]]:
    """Answer position and hash of every node, in the order in which they became complete, some at a time."""
    columns = select(JournalNode.position, JournalNode.sha256)
    query, after = columns.order_by(JournalNode.position).limit(_ROWS_AT_A_TIME), _BEFORE_ALL
    while part := session.execute(query.where(JournalNode.position > after)).all():
        yield from ((position, digest) for position, digest in part)
        after = part[-1][0]


@dataclass(frozen=True, slots=True)
class OpenedLeaf:
    """One leaf, with what opens it; salt and details are None once that was erased."""

    seq: int
    type: str
    subject_id: str
    at: datetime
    leaf: str
    leaf_sha256: str
    salt: bytes | None
    details: dict[str, object] | None


def opened_leaves(session: Session, subject_ids: Sequence[str]) -> list[OpenedLeaf]:
    """Answer every leaf about some records, in the order in which they were written."""
    found = []
    for part in in_parts(subject_ids):
        query = (
            select(JournalEntry, JournalOpening)
            .outerjoin(JournalOpening, JournalOpening.seq == JournalEntry.seq)
            .where(JournalEntry.subject_id.in_(part))
        )
        found += [
            OpenedLeaf(
                seq=entry.seq,
                type=entry.type,
                subject_id=entry.subject_id,
                at=entry.at,
                leaf=entry.leaf.decode(),
                leaf_sha256=entry.leaf_sha256,
                salt=None if opening is None else opening.salt,
                details=None if opening is None else opening.details,
            )
            for entry, opening in session.execute(query)
        ]
    return sorted(found, key=lambda each: each.seq)


def actors_of(session: Session, subject_id: str, event_type: str) -> set[str]:
    """Answer every account that has done something of a type to a record, as the leaves say."""
    query = select(JournalEntry.leaf).where(JournalEntry.subject_id == subject_id, JournalEntry.type == event_type)
    return {str(json.loads(leaf)["actor"]) for leaf in session.scalars(query)}


def last_moment_of(session: Session, event_type: str) -> datetime | None:
    """Answer when something of a type happened last, or None when it never did."""
    return session.scalar(select(func.max(JournalEntry.at)).where(JournalEntry.type == event_type))
