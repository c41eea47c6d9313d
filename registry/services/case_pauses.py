"""Pausing a product while a case lasts: licences rest without admission of anything, until a review.

What rests is suspended as any licence is: clearances under it are withdrawn, and a studio hears of it within one status
interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.domain.cases import CaseSide, CaseState
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.licences import LicenceState, SuspensionReason
from registry.domain.rules.deadlines import deadline
from registry.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from registry.services.case_access import Acting, acting, visible_case
from registry.services.context import Context
from registry.services.holds import lift_holds, place_hold
from registry.services.unit import Unit, unit_of_work
from registry.store import cases, licences
from registry.store.cases import Case, CasePause
from registry.store.licences import Licence, LicenceHold

_PLACED_BY = {CaseSide.RESPONDENT: "studio", CaseSide.REGISTRY: "operator"}


def pause(
    ctx: Context,
    principal: Principal,
    case_id: str,
    licence_ids: Sequence[str],
    *,
    reason: str,
    review_at: datetime | None = None,
) -> Sequence[CasePause]:
    """Let licences rest while the case lasts. It is no admission, and the case goes on as it would.

    Args:
        case_id: of a case that is not closed.
        licence_ids: of the respondent, with the complainant or with the source that the respondent has named.
        reason: in words, for both sides.
        review_at: when it is looked at again, by the registry's deadline at the latest.

    Raises:
        NotFoundError: no such case, or no such licence of the two.
        ForbiddenError: the caller is neither the respondent nor an operator.
        ConflictError: the case is closed, or a licence is paused for it or not in force.
        InvalidInputError: the review is in the past, or later than the deadline allows; figures say which.
    """
    with unit_of_work(ctx) as unit:
        by = acting(unit, principal, case_id)
        if by.side not in _PLACED_BY:
            raise ForbiddenError("a product is paused by the respondent, or by the registry", side=by.side.value)
        if by.case.state is CaseState.CLOSED:
            raise ConflictError("the case is closed, so nothing is paused for it", state=by.case.state.value)
        review = _review(review_at, unit.now)
        made = [_place(by, each, reason, review) for each in _licences(unit.session, by.case, licence_ids)]
        by.case.version += 1
        unit.commit()
    return made


def _review(wanted: datetime | None, now: datetime) -> datetime:
    latest = deadline("case.pause", now).after(now)
    review = wanted or latest
    if not now < review <= latest:
        raise InvalidInputError(
            f"a pause is reviewed after {now.isoformat()}, and by {latest.isoformat()} at the latest",
            review_at=review.isoformat(),
            latest=latest.isoformat(),
        )
    return review


def _licences(session: Session, case: Case, licence_ids: Sequence[str]) -> Sequence[Licence]:
    """Answer the licences, locked; whose they are is locked with the case."""
    wanted = sorted(set(licence_ids))
    people = {case.performer_id, *([case.source.performer_id] if case.source else [])}
    found = [each for each in licences.lock_licences(session, wanted) if _is_of(each, case, people)]
    if not wanted or len(found) != len(wanted):
        raise NotFoundError("there is no such licence of the respondent with the complainant or the named source")
    return found


def _is_of(licence: Licence, case: Case, people: set[str]) -> bool:
    return licence.studio_id == case.studio_id and licence.performer_id in people


def _place(by: Acting, licence: Licence, reason: str, review: datetime) -> CasePause:
    unit, case = by.unit, by.case
    if any(each.licence_id == licence.id and each.ended_at is None for each in cases.pauses_of(unit.session, case.id)):
        raise ConflictError("the licence rests for this case already", licence_id=licence.id)
    hold = place_hold(
        unit,
        licence,
        SuspensionReason.PAUSE_WITHOUT_ADMISSION,
        placed_by=_PLACED_BY[by.side],
        actor_id=by.principal.account_id,
        note=f"paused without admission while the case {case.id} lasts",
    )
    licence.version += 1
    unit.session.flush()
    placed = CasePause(
        id=unit.new_id(IdPrefix.CASE_PAUSE),
        case_id=case.id,
        licence_id=licence.id,
        hold_id=hold.id,
        review_at=review,
        reason=reason,
        placed_by=by.principal.account_id,
        placed_at=unit.now,
    )
    unit.session.add(placed)
    by.record(EventType.CASE_PAUSED, pause_id=placed.id, licence_id=licence.id)
    return placed


def continue_pause(
    ctx: Context, principal: Principal, case_id: str, pause_id: str, *, reason: str, review_at: datetime | None = None
) -> CasePause:
    """Review a pause, and let it go on until another day: an operator, or the respondent where it is their own.

    Raises:
        NotFoundError, ForbiddenError, InvalidInputError: as `pause`.
        ConflictError: it has ended.
    """
    with unit_of_work(ctx) as unit:
        by, found = _open_pause(unit, principal, case_id, pause_id)
        found.review_at, found.reason = _review(review_at, unit.now), reason
        by.case.version += 1
        by.record(EventType.CASE_PAUSE_CONTINUED, pause_id=found.id, licence_id=found.licence_id)
        unit.commit()
    return found


def end_pause(ctx: Context, principal: Principal, case_id: str, pause_id: str, *, reason: str) -> CasePause:
    """End a pause before the case ends: an operator, or the respondent where it is their own.

    The licence goes on, unless something else holds it.

    Raises:
        NotFoundError, ForbiddenError: as `pause`.
        ConflictError: it has ended.
    """
    with unit_of_work(ctx) as unit:
        by, found = _open_pause(unit, principal, case_id, pause_id)
        _end(by, found, reason)
        by.case.version += 1
        unit.commit()
    return found


def end_pauses(by: Acting, *, reason: str) -> None:
    """End every pause of a case, in the transaction of who closes it."""
    for each in cases.pauses_of(by.unit.session, by.case.id):
        if each.ended_at is None:
            _end(by, each, reason)


def list_pauses(ctx: Context, principal: Principal, case_id: str) -> Sequence[CasePause]:
    """Answer the pauses of a case, oldest first, to whoever may see the case.

    Raises:
        NotFoundError: no such case that the caller may know of.
    """
    principal.require(Scope.CASES_READ)
    with ctx.database.read() as session:
        return cases.pauses_of(session, visible_case(session, principal, case_id)[0].id)


def _open_pause(unit: Unit, principal: Principal, case_id: str, pause_id: str) -> tuple[Acting, CasePause]:
    by = acting(unit, principal, case_id)
    found = unit.session.get(CasePause, pause_id)
    if found is None or found.case_id != by.case.id:
        raise NotFoundError("there is no such pause in this case")
    if found.ended_at is not None:
        raise ConflictError(f"the pause ended at {found.ended_at.isoformat()}", ended_at=found.ended_at.isoformat())
    hold = unit.session.get_one(LicenceHold, found.hold_id)
    if by.side is not CaseSide.REGISTRY and hold.placed_by != _PLACED_BY.get(by.side):
        raise ForbiddenError(f"the pause was placed by the {hold.placed_by}", placed_by=hold.placed_by)
    return by, found


def _end(by: Acting, found: CasePause, reason: str) -> None:
    unit, actor_id = by.unit, by.principal.account_id
    (licence,) = licences.lock_licences(unit.session, [found.licence_id])
    hold = next((each for each in licence.open_holds if each.id == found.hold_id), None)
    if hold is not None and licence.value().state_at(unit.now) is LicenceState.SUSPENDED:
        lift_holds(unit, licence, [hold], actor_id=actor_id)
        licence.version += 1
    found.ended_at, found.ended_by, found.end_reason = unit.now, actor_id, reason
    by.record(EventType.CASE_PAUSE_ENDED, pause_id=found.id, licence_id=found.licence_id)
