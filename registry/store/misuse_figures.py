"""Counts of what parties did with cases and notices, by party: whoever has most to look at first."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from registry.domain.cases import CaseEnding, CaseSide
from registry.domain.misuse import ContestAnswer
from registry.domain.notices import NoticeState
from registry.store.cases import Case
from registry.store.misuse import MisuseLimit, MisuseStrike
from registry.store.notices import Notice

Party = InstrumentedAttribute[str] | InstrumentedAttribute[str | None]


def _columns(side: CaseSide) -> tuple[Party, Party, Party, Party]:
    """Answer where cases, notices, strikes and limits say who a side is."""
    if side is CaseSide.COMPLAINANT:
        return Case.performer_id, Notice.performer_id, MisuseStrike.performer_id, MisuseLimit.performer_id
    return Case.studio_id, Notice.studio_id, MisuseStrike.organisation_id, MisuseLimit.organisation_id


def _in_force(now: datetime) -> ColumnElement[bool]:
    lifted = or_(MisuseStrike.answer.is_(None), MisuseStrike.answer != ContestAnswer.LIFTED)
    return (MisuseStrike.expires_at > now) & lifted


def parties_to_look_at(session: Session, side: CaseSide, now: datetime, limit: int) -> Sequence[str]:
    """Answer up to ``limit`` parties of a side of whom there is something to look at, those with most first.

    That is strikes in force; and of a complainant also claims that were not taken up, and notices that were taken back.
    """
    case, notice, strike, _ = _columns(side)
    marks = [select(strike.label("party")).where(strike.is_not(None), _in_force(now))]
    if side is CaseSide.COMPLAINANT:
        marks += [
            select(case.label("party")).where(Case.ending == CaseEnding.NOT_TAKEN_UP),
            select(notice.label("party")).where(Notice.state == NoticeState.WITHDRAWN),
        ]
    every = union_all(*marks).subquery()
    query = select(every.c.party).group_by(every.c.party).order_by(func.count().desc(), every.c.party).limit(limit)
    return session.scalars(query).all()


def cases_by_ending(
    session: Session, side: CaseSide, parties: Collection[str]
) -> dict[tuple[str, CaseEnding | None], int]:
    """Count the cases of some parties, by how they ended; None stands for those that are open."""
    party = _columns(side)[0]
    query = select(party, Case.ending, func.count()).where(party.in_(parties)).group_by(party, Case.ending)
    return {(str(whose), ending): count for whose, ending, count in session.execute(query)}


def notices_by_state(session: Session, side: CaseSide, parties: Collection[str]) -> dict[tuple[str, NoticeState], int]:
    """Count the notices of some parties, by the state that they are in."""
    party = _columns(side)[1]
    query = select(party, Notice.state, func.count()).where(party.in_(parties)).group_by(party, Notice.state)
    return {(str(whose), state): count for whose, state, count in session.execute(query)}


def strikes_in_force(session: Session, side: CaseSide, parties: Collection[str], now: datetime) -> dict[str, int]:
    """Count the strikes of some parties that count at a moment."""
    party = _columns(side)[2]
    query = select(party, func.count()).where(party.in_(parties), _in_force(now)).group_by(party)
    return {str(whose): count for whose, count in session.execute(query)}


def limited_until(session: Session, side: CaseSide, parties: Collection[str], now: datetime) -> dict[str, datetime]:
    """Answer until when the limits of some parties last that are in force at a moment."""
    party = _columns(side)[3]
    held = MisuseLimit.lifted_at.is_(None) & (MisuseLimit.ends_at > now)
    query = select(party, func.max(MisuseLimit.ends_at)).where(party.in_(parties), held).group_by(party)
    return {str(whose): until for whose, until in session.execute(query)}
