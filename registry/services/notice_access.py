"""Who may see a notice, who changes it, and how each step of it is written down and journalled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal
from registry.domain.cases import CaseSide
from registry.domain.events import EventType
from registry.domain.notices import NoticeMove, NoticeStep, require_notice_step
from registry.errors import NotFoundError
from registry.services.case_access import Acting, acting, visible_case
from registry.services.unit import Unit, require_version
from registry.store import notices
from registry.store.notices import Notice, NoticeStepTaken


def visible_notice(session: Session, principal: Principal, notice_id: str) -> tuple[Notice, CaseSide]:
    """Answer a notice, and for which side of its case the caller speaks.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    notice = session.get(Notice, notice_id)
    if notice is None:
        raise NotFoundError("there is no such notice")
    try:
        return notice, visible_case(session, principal, notice.case_id)[1]
    except NotFoundError as error:
        raise NotFoundError("there is no such notice") from error


@dataclass(frozen=True, slots=True)
class ActingOnNotice:
    """Somebody who changes a notice.

    Attributes:
        of_case: who it is, and the case, locked until the transaction ends.
        notice: locked likewise, after the case: as everywhere.
    """

    of_case: Acting
    notice: Notice

    @property
    def unit(self) -> Unit:
        """Whose transaction it is."""
        return self.of_case.unit

    @property
    def side(self) -> CaseSide:
        """For which side they speak."""
        return self.of_case.side

    @property
    def account_id(self) -> str:
        """Who they are."""
        return self.of_case.principal.account_id

    def require(self, step: NoticeStep) -> NoticeMove:
        """Answer the move that a step is, once it may be taken. Raises as `require_notice_step`."""
        return require_notice_step(self.notice.state, step, self.side)

    def take(self, step: NoticeStep, *, reason: str, **details: str | bool | None) -> None:
        """Write a step, as `take_notice_step` does."""
        taker = Taker(self.side, self.account_id)
        take_notice_step(self.unit, self.notice, step, taker, reason=reason, details=details)


@dataclass(frozen=True, slots=True)
class Taker:
    """Who takes a step, and for which side."""

    side: CaseSide
    account_id: str


def take_notice_step(
    unit: Unit,
    notice: Notice,
    step: NoticeStep,
    taker: Taker,
    *,
    reason: str,
    details: Mapping[str, str | bool | None],
) -> None:
    """Write a step of a notice that the rules allow, in the caller's unit.

    Args:
        unit: whose transaction it is.
        notice: locked.
        step: that is taken.
        taker: who takes it.
        reason: in words; both sides read it.
        details: what whoever takes it says of it; ids, digests and words of the rules are journalled.

    Raises:
        ForbiddenError, ConflictError: as `require_notice_step`.
    """
    before, move = notice.state, require_notice_step(notice.state, step, taker.side)
    if move.to is not before:
        notice.state, notice.state_since = move.to, unit.now
    notice.version += 1
    unit.session.add(
        NoticeStepTaken(
            notice_id=notice.id,
            number=notices.notice_steps_taken(unit.session, notice.id) + 1,
            step=step.value,
            state=move.to,
            side=taker.side,
            reason=reason,
            details=dict(details),
            taken_by=taker.account_id,
            taken_at=unit.now,
        )
    )
    told = {name: value for name, value in details.items() if name in _JOURNALLED and value is not None}
    moved = {"step": step.value, "before": before.value, "side": taker.side.value}
    journal_notice(unit, EventType.NOTICE_MOVED, notice, taker.account_id, **moved, **told)


_JOURNALLED = frozenset(
    {
        *("ground", "document_sha256", "sent_sha256", "served_at", "served_by", "paper_id", "new_paper_id"),
        *("proposal_id", "first_reviewer", "filed_on"),
    }
)
"""What of a step's details is in the journal: ids, digests, days and words of the rules; nothing that anybody wrote."""


def acting_on_notice(unit: Unit, principal: Principal, notice_id: str, if_version: int | None = None) -> ActingOnNotice:
    """Answer a notice as `visible_notice` does, locked with its case, to whoever may change the case.

    Raises:
        NotFoundError: none that the caller may know of.
        ForbiddenError: the token does not carry the scope, or the mandate does not cover it.
        StaleVersionError: it has changed since.
    """
    found = unit.session.get(Notice, notice_id)
    case_id = "" if found is None else found.case_id
    try:
        of_case = acting(unit, principal, case_id)
    except NotFoundError as error:
        raise NotFoundError("there is no such notice") from error
    notice = unit.session.get_one(Notice, notice_id)
    unit.session.refresh(notice, with_for_update=True)
    require_version(notice.version, if_version)
    return ActingOnNotice(of_case, notice)


def journal_notice(
    unit: Unit, event: EventType, notice: Notice, account_id: str, **details: str | int | bool | None
) -> None:
    """Journal what happened to a notice: ids, states, digests and figures."""
    unit.record(
        event,
        notice.id,
        account_id,
        case_id=notice.case_id,
        performer_id=notice.performer_id,
        studio_id=notice.studio_id,
        pack_id=notice.pack_id,
        state=notice.state.value,
        **details,
    )
