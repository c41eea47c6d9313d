"""Misuse: strikes that a person writes down, what the other side says of them, and limits that a person decides on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.domain.cases import CaseEnding, CaseSide
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.misuse import GROUNDS_OF, OF_A_CASE, ContestAnswer, MisuseGround, require_limitable
from registry.domain.notices import (
    NoticeState,
    NoticeStep,
    PutBackGround,
    SendBackGround,
    WithdrawalGround,
)
from registry.domain.rules.notice_packs import Term, notice_practice
from registry.errors import ConflictError, DuplicateError, InvalidInputError, NotFoundError, SecondPersonNeededError
from registry.services.case_access import lock_case
from registry.services.context import Context
from registry.services.unit import Unit, require_version, unit_of_work
from registry.store import cases, misuse, notices
from registry.store.accounts import Organisation
from registry.store.cases import Case
from registry.store.misuse import MisuseLimit, MisuseStrike
from registry.store.notices import Notice, NoticeStepTaken
from registry.store.performers import Performer

# --- strikes ---------------------------------------------------------------------------------------------------------


def record_strike(
    ctx: Context,
    principal: Principal,
    *,
    ground: MisuseGround,
    notice_id: str | None = None,
    case_id: str | None = None,
    reason: str,
) -> MisuseStrike:
    """Write a strike down, as an operator: for something that the records show, once.

    Args:
        ground: what it is for; it says against which side it counts.
        notice_id: of the notice that shows it.
        case_id: of the case that shows it, for a claim that was refused.
        reason: why a person counts it, in words that the side reads.

    Raises:
        ForbiddenError: the caller is no operator.
        NotFoundError: no such notice or case.
        InvalidInputError: the ground is shown by the other of the two.
        ConflictError: the records do not show it; figures say what they do.
        DuplicateError: it is written down already; figure ``strike_id``.
    """
    principal.require(Scope.REVIEWS_WRITE)
    if (ground in OF_A_CASE) != (notice_id is None) or (notice_id is None) == (case_id is None):
        needed = "a case" if ground in OF_A_CASE else "a notice"
        raise InvalidInputError(f"{ground.value} is shown by {needed}: name that, and nothing else", needs=needed)
    with unit_of_work(ctx) as unit:
        notice = None if notice_id is None else _notice(unit.session, notice_id)
        case = _locked_case(unit.session, notice.case_id if notice is not None else case_id or "")
        _require_shown(unit, ground, case, notice)
        known = misuse.strike_about(unit.session, ground, case_id=case.id, notice_id=notice_id)
        if known is not None:
            raise DuplicateError(f"this is written down already: {known.id}", strike_id=known.id)
        strike = _new_strike(unit, principal, ground, case=case, notice=notice, reason=reason)
        unit.session.add(strike)
        _record(unit, EventType.MISUSE_STRUCK, strike, principal, ground=ground.value, notice_id=notice_id)
        unit.commit()
    return strike


def _notice(session: Session, notice_id: str) -> Notice:
    notice = session.get(Notice, notice_id)
    if notice is None:
        raise NotFoundError("there is no such notice")
    return notice


def _locked_case(session: Session, case_id: str) -> Case:
    case = session.get(Case, case_id)
    if case is None:
        raise NotFoundError("there is no such case")
    lock_case(session, case)
    return case


def _new_strike(
    unit: Unit, principal: Principal, ground: MisuseGround, *, case: Case, notice: Notice | None, reason: str
) -> MisuseStrike:
    side = GROUNDS_OF[ground]
    claimant = side is CaseSide.COMPLAINANT
    return MisuseStrike(
        id=unit.new_id(IdPrefix.MISUSE_STRIKE),
        side=side,
        performer_id=case.performer_id if claimant else None,
        organisation_id=None if claimant else case.studio_id,
        ground=ground,
        case_id=case.id,
        notice_id=None if notice is None else notice.id,
        reason=reason,
        recorded_by=principal.account_id,
        recorded_at=unit.now,
        expires_at=notice_practice().term(Term.STRIKE).after(unit.now),
        version=1,
    )


def _require_shown(unit: Unit, ground: MisuseGround, case: Case, notice: Notice | None) -> None:
    """Refuse a strike that the records do not bear out."""
    if notice is None:
        shown = case.ending is CaseEnding.NOT_TAKEN_UP and case.opened_for is CaseSide.COMPLAINANT
    else:
        unit.session.refresh(notice)
        shown = _shown_by(unit, ground, case, notice)
    if not shown:
        state = case.state.value if notice is None else notice.state.value
        raise ConflictError(f"the records do not show {ground.value}", ground=ground.value, state=state)


def _shown_by(unit: Unit, ground: MisuseGround, case: Case, notice: Notice) -> bool:
    """Whether the records of a notice bear a ground out.

    Nothing counts against a claimant about a notice that the registry, and not their side, declared complete; nobody is
    silent who has filed something in the case, in the time for an answer, or whose case was withdrawn or settled.
    """
    steps = notices.notice_steps_of(unit.session, notice.id)
    if GROUNDS_OF[ground] is CaseSide.COMPLAINANT and not _vouched_for(steps):
        return False
    if ground is MisuseGround.WITHDRAWN_AS_MISTAKEN:
        taken_back = (notice.state, notice.ground) == (NoticeState.WITHDRAWN, WithdrawalGround.MISTAKEN.value)
        return taken_back and notice.served_at is not None
    if ground is MisuseGround.PUT_BACK_AS_MISTAKE:
        return (notice.state, notice.ground) == (NoticeState.PUT_BACK, PutBackGround.MISTAKE.value)
    if ground is MisuseGround.NO_ANSWER:
        overdue = notice.due_at is not None and notice.due_at <= unit.now
        let_go = case.ending in {CaseEnding.WITHDRAWN, CaseEnding.SETTLED}
        return notice.state is NoticeState.SERVED and overdue and not let_go and not _has_answered(unit.session, notice)
    if ground is MisuseGround.MISREPRESENTATION:
        sent_back = SendBackGround.MISREPRESENTATION.value
        return any(
            each.step == NoticeStep.SEND_BACK.value and each.details.get("ground") == sent_back for each in steps
        )
    return any(each.step == NoticeStep.UPHOLD.value for each in steps)


def _vouched_for(steps: Sequence[NoticeStepTaken]) -> bool:
    """Whether the claimant's side was the last to declare a notice complete."""
    sides = [each.side for each in steps if each.step == NoticeStep.COMPLETE.value]
    return bool(sides) and sides[-1] is CaseSide.COMPLAINANT


def _has_answered(session: Session, notice: Notice) -> bool:
    """Whether the respondent has filed something in the case after a notice was served, and within its time."""
    served_at, due_at = notice.served_at, notice.due_at
    if served_at is None or due_at is None:
        return False
    filed = cases.papers_of(session, notice.case_id)
    return any(each.side is CaseSide.RESPONDENT and served_at <= each.filed_at < due_at for each in filed)


def _record(
    unit: Unit, event: EventType, row: MisuseStrike | MisuseLimit, principal: Principal, **more: str | int | None
) -> None:
    unit.record(
        event,
        row.id,
        principal.account_id,
        side=row.side.value,
        performer_id=row.performer_id,
        organisation_id=row.organisation_id,
        **more,
    )


def contest_strike(
    ctx: Context, principal: Principal, strike_id: str, *, reason: str, if_version: int | None = None
) -> MisuseStrike:
    """Say, as the side that it counts against, why it should not. Another operator answers.

    Raises:
        NotFoundError: none that the caller may know of.
        ForbiddenError: the caller's token does not carry the scope, or their mandate does not cover it.
        ConflictError: it was contested before.
        StaleVersionError: it has changed since.
    """
    principal.require(Scope.CASES_WRITE)
    with unit_of_work(ctx) as unit:
        strike = _own_strike(unit.session, principal, strike_id)
        unit.session.refresh(strike, with_for_update=True)
        require_version(strike.version, if_version)
        if strike.contested_at is not None:
            at = strike.contested_at.isoformat()
            raise ConflictError(f"it was contested at {at}", contested_at=at)
        strike.contested_by, strike.contested_at, strike.contest_reason = principal.account_id, unit.now, reason
        strike.version += 1
        _record(unit, EventType.MISUSE_CONTESTED, strike, principal)
        unit.commit()
    return strike


def require_own_strike(ctx: Context, principal: Principal, strike_id: str) -> None:
    """Insist that a strike is against somebody whom the caller speaks for, before what they say of it is looked at.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    with ctx.database.read() as session:
        _own_strike(session, principal, strike_id)


def _own_strike(session: Session, principal: Principal, strike_id: str) -> MisuseStrike:
    strike = session.get(MisuseStrike, strike_id)
    if strike is None or principal.is_operator:
        raise NotFoundError("there is no such strike against anybody whom you speak for")
    performer_id = strike.performer_id
    own = (
        performer_id in principal.performer_ids if performer_id else principal.organisation_id == strike.organisation_id
    )
    if not own or (performer_id and not principal.may_act_for(performer_id, Scope.CASES_WRITE)):
        raise NotFoundError("there is no such strike against anybody whom you speak for")
    return strike


def answer_contest(
    ctx: Context,
    principal: Principal,
    strike_id: str,
    answer: ContestAnswer,
    *,
    reason: str,
    if_version: int | None = None,
) -> MisuseStrike:
    """Answer what a side says against a strike: another operator than the one who wrote it down.

    Raises:
        ForbiddenError: the caller is no operator.
        NotFoundError: no such strike.
        ConflictError: nobody has contested it, or it was answered before.
        SecondPersonNeededError: the caller has written it down; figure ``first``.
        StaleVersionError: it has changed since.
    """
    principal.require(Scope.REVIEWS_WRITE)
    with unit_of_work(ctx) as unit:
        strike = unit.session.get(MisuseStrike, strike_id)
        if strike is None:
            raise NotFoundError("there is no such strike")
        unit.session.refresh(strike, with_for_update=True)
        require_version(strike.version, if_version)
        if strike.contested_at is None or strike.answer is not None:
            state = "contested" if strike.contested_at is not None else "not_contested"
            raise ConflictError("nobody waits for an answer about it", state=state)
        if strike.recorded_by == principal.account_id:
            raise SecondPersonNeededError(
                "whoever writes a strike down does not answer about it: another operator must", first=strike.recorded_by
            )
        strike.answer, strike.answered_by = answer, principal.account_id
        strike.answered_at, strike.answer_reason = unit.now, reason
        strike.version += 1
        _record(unit, EventType.MISUSE_ANSWERED, strike, principal, answer=answer.value)
        unit.commit()
    return strike


def list_strikes(ctx: Context, principal: Principal, *, after: str | None, limit: int) -> Sequence[MisuseStrike]:
    """Answer a page of strikes, newest first: those against whom one speaks for, or all to an operator."""
    performer_ids, organisation_id = _reach(principal)
    with ctx.database.read() as session:
        return misuse.page_of_misuse(
            session,
            MisuseStrike,
            performer_ids=performer_ids,
            organisation_id=organisation_id,
            after=after,
            limit=limit,
        )


def _reach(principal: Principal) -> tuple[Sequence[str] | None, str | None]:
    """Answer for whom the caller reads; None and None stand for everybody."""
    principal.require(Scope.CASES_READ)
    if principal.is_operator:
        return None, None
    own = [p for p in principal.performer_ids if principal.may_act_for(p, Scope.CASES_READ)]
    return own, principal.organisation_id


# --- limits ----------------------------------------------------------------------------------------------------------


def limit_party(
    ctx: Context,
    principal: Principal,
    *,
    performer_id: str | None = None,
    organisation_id: str | None = None,
    reason: str,
) -> MisuseLimit:
    """Decide, as an operator, that what a side asks for takes two operators for a time.

    Raises:
        ForbiddenError: the caller is no operator.
        InvalidInputError: neither a claimant nor a respondent is named, or both.
        NotFoundError: no such performer or organisation.
        ConflictError: too few strikes are in force, or there is such a limit; figures say which.
    """
    principal.require(Scope.REVIEWS_WRITE)
    if (performer_id is None) == (organisation_id is None):
        raise InvalidInputError("a limit is of one claimant, or of one respondent: name one of both")
    with unit_of_work(ctx) as unit:
        _lock_party(unit.session, performer_id, organisation_id)
        party = {"performer_id": performer_id, "organisation_id": organisation_id}
        struck = misuse.misuse_of(unit.session, MisuseStrike, **party)
        count = sum(each.counts(unit.now) for each in struck)
        require_limitable(count, notice_practice().limit_after_strikes)
        held = [each for each in misuse.misuse_of(unit.session, MisuseLimit, **party) if each.holds(unit.now)]
        if held:
            raise ConflictError(f"there is such a limit: {held[0].id}", limit_id=held[0].id)
        limit = MisuseLimit(
            id=unit.new_id(IdPrefix.MISUSE_LIMIT),
            side=CaseSide.RESPONDENT if performer_id is None else CaseSide.COMPLAINANT,
            performer_id=performer_id,
            organisation_id=organisation_id,
            strikes=count,
            reason=reason,
            decided_by=principal.account_id,
            decided_at=unit.now,
            ends_at=notice_practice().term(Term.LIMIT).after(unit.now),
            version=1,
        )
        unit.session.add(limit)
        _record(unit, EventType.MISUSE_LIMITED, limit, principal, strikes=count)
        unit.commit()
    return limit


def _lock_party(session: Session, performer_id: str | None, organisation_id: str | None) -> None:
    performer = None if performer_id is None else session.get(Performer, performer_id)
    organisation = None if organisation_id is None else session.get(Organisation, organisation_id)
    row = performer or organisation
    if row is None:
        raise NotFoundError("there is no such performer or organisation")
    session.refresh(row, with_for_update=True)


def lift_limit(
    ctx: Context, principal: Principal, limit_id: str, *, reason: str, if_version: int | None = None
) -> MisuseLimit:
    """Lift a limit before its time, as an operator.

    Raises:
        ForbiddenError: the caller is no operator.
        NotFoundError: no such limit.
        ConflictError: it is over, or was lifted.
        StaleVersionError: it has changed since.
    """
    principal.require(Scope.REVIEWS_WRITE)
    with unit_of_work(ctx) as unit:
        limit = unit.session.get(MisuseLimit, limit_id)
        if limit is None:
            raise NotFoundError("there is no such limit")
        unit.session.refresh(limit, with_for_update=True)
        require_version(limit.version, if_version)
        if not limit.holds(unit.now):
            raise ConflictError("the limit is over", ends_at=limit.ends_at.isoformat())
        limit.lifted_by, limit.lifted_at, limit.lift_reason = principal.account_id, unit.now, reason
        limit.version += 1
        _record(unit, EventType.MISUSE_LIMIT_LIFTED, limit, principal)
        unit.commit()
    return limit


def list_limits(ctx: Context, principal: Principal, *, after: str | None, limit: int) -> Sequence[MisuseLimit]:
    """Answer a page of limits, newest first: those of whom one speaks for, or all to an operator."""
    performer_ids, organisation_id = _reach(principal)
    with ctx.database.read() as session:
        return misuse.page_of_misuse(
            session, MisuseLimit, performer_ids=performer_ids, organisation_id=organisation_id, after=after, limit=limit
        )


def is_limited(
    session: Session, now: datetime, *, performer_id: str | None = None, organisation_id: str | None = None
) -> bool:
    """Whether a limit of a claimant, or of a respondent, is in force."""
    held = misuse.misuse_of(session, MisuseLimit, performer_id=performer_id, organisation_id=organisation_id)
    return any(each.holds(now) for each in held)
