"""Voiceprints by the protection epoch that they were made in: counted, and brought into another a part at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from registry.store.enrolments import SealedVoiceprint


def count_by_epoch(session: Session) -> Mapping[int, int]:
    """Answer how many voiceprints there are of each epoch."""
    query = select(SealedVoiceprint.epoch, func.count()).group_by(SealedVoiceprint.epoch)
    return {row[0]: row[1] for row in session.execute(query)}


def performers_outside(session: Session, epoch: int, *, after: str, limit: int) -> Sequence[str]:
    """Answer who has voiceprints of another epoch than this one, sorted, behind a performer."""
    query = (
        select(SealedVoiceprint.performer_id)
        .where(SealedVoiceprint.epoch != epoch, SealedVoiceprint.performer_id > after)
        .distinct()
        .order_by(SealedVoiceprint.performer_id)
        .limit(limit)
    )
    return session.scalars(query).all()


def replace_sealed(session: Session, epoch: int, pairs: Sequence[tuple[str, bytes, bytes]]) -> int:
    """Put voiceprints of an epoch in the place of what was sealed before, where that still is; answer how many were.

    One that was erased meanwhile stays erased.

    Args:
        session: a writing one.
        epoch: that the new ones are of.
        pairs: id of the voiceprint, what was sealed before, and what takes its place.
    """
    if not pairs:
        return 0
    table = SealedVoiceprint.__table__
    statement = (
        update(table)  # type: ignore[arg-type]  # it is a `Table`
        .where(table.c.id == bindparam("at"), table.c.sealed == bindparam("old"))
        .values(sealed=bindparam("new"), epoch=epoch)
    )
    rows = [{"at": voiceprint_id, "old": old, "new": new} for voiceprint_id, old, new in pairs]
    return int(session.connection().execute(statement, rows).rowcount)
