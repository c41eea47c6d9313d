"""Figures of misuse: of each side, whoever there is something to look at of, counted the same way. A person decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from registry.domain.accounts import Principal, Scope
from registry.domain.cases import CaseEnding, CaseSide
from registry.domain.notices import NoticeState
from registry.domain.rules.notice_packs import notice_practice
from registry.errors import ForbiddenError, InvalidInputError
from registry.services.context import Context
from registry.store import misuse_figures

MOST: Final = 100


@dataclass(frozen=True, slots=True)
class PartyFigures:
    """What one party did, and what counts against it.

    Attributes:
        side: claimant or respondent.
        party_id: of the performer who claims, or of the organisation that answers.
        cases, not_taken_up: in which it is that side, and those of them that the registry did not take up.
        notices, notices_withdrawn, notices_put_back: of these cases, and how they went.
        strikes: against it that are in force.
        limit_after: from so many strikes on, a person may decide on a limit.
        limited_until: when its limit ends; None where none is in force.
    """

    side: CaseSide
    party_id: str
    cases: int
    not_taken_up: int
    notices: int
    notices_withdrawn: int
    notices_put_back: int
    strikes: int
    limit_after: int
    limited_until: datetime | None


def misuse_figures_of(ctx: Context, principal: Principal, side: CaseSide) -> Sequence[PartyFigures]:
    """Answer the parties of a side of whom there is something to look at, at most `MOST`, those with most first.

    Raises:
        ForbiddenError: the caller is no operator.
        InvalidInputError: the registry is no side.
    """
    principal.require(Scope.REVIEWS_WRITE)
    if not principal.is_operator:
        raise ForbiddenError("these figures are for whoever runs the registry", role=principal.role.value)
    if side is CaseSide.REGISTRY:
        raise InvalidInputError("figures are of who claims, or of who answers", side=side.value)
    now, after = ctx.clock(), notice_practice().limit_after_strikes
    with ctx.database.read() as session:
        parties = misuse_figures.parties_to_look_at(session, side, now, MOST)
        cases = misuse_figures.cases_by_ending(session, side, parties)
        notices = misuse_figures.notices_by_state(session, side, parties)
        strikes = misuse_figures.strikes_in_force(session, side, parties, now)
        limits = misuse_figures.limited_until(session, side, parties, now)
    return [
        PartyFigures(
            side=side,
            party_id=party,
            cases=sum(count for (whose, _), count in cases.items() if whose == party),
            not_taken_up=cases.get((party, CaseEnding.NOT_TAKEN_UP), 0),
            notices=sum(count for (whose, _), count in notices.items() if whose == party),
            notices_withdrawn=notices.get((party, NoticeState.WITHDRAWN), 0),
            notices_put_back=notices.get((party, NoticeState.PUT_BACK), 0),
            strikes=strikes.get(party, 0),
            limit_after=after,
            limited_until=limits.get(party),
        )
        for party in parties
    ]
