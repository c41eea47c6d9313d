"""Good-faith review: somebody other than the drafter reads the very bytes of a notice, and says whether it may go."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.domain.cases import CaseSide
from registry.domain.events import EventType
from registry.domain.notices import (
    NoticeStep,
    ReviewersNeeded,
    SendBackGround,
    require_notice_step,
    require_other_than,
    why_two_reviewers,
)
from registry.domain.proposals import NoticeService
from registry.errors import ConflictError, ForbiddenError, NotFoundError, ProposalChangedError
from registry.services.context import Context
from registry.services.misuse import is_limited
from registry.services.notice_access import Taker, acting_on_notice, take_notice_step, visible_notice
from registry.services.notice_drafts import require_case_supports
from registry.services.unit import Unit, unit_of_work
from registry.store import journal, notices
from registry.store.cases import Case
from registry.store.notices import Notice
from registry.store.proposals import Proposal


def review_notice(
    ctx: Context,
    principal: Principal,
    notice_id: str,
    *,
    document_sha256: str,
    evidence_seen: str,
    reason: str,
    if_version: int | None = None,
) -> Notice:
    """Say, as an operator, that a notice may go. Where it takes two, this is refused and says what to do instead.

    1. It is complete, and the case bears it, as things are now.
    2. The caller has neither drafted nor changed it, nor declared it complete, nor said that the claimant is no public
       figure.
    3. One reviewer is enough.
    4. The digest that the caller gives back is that of the bytes that are kept.

    Args:
        notice_id: of the notice.
        document_sha256: of what the caller has read.
        evidence_seen: what of the case they have looked at, in words.
        reason: why it may go.
        if_version: the version the caller has read.

    Raises:
        NotFoundError: no such notice.
        ForbiddenError: the caller is no operator.
        ConflictError: 1 or 3; figures say which.
        SecondPersonNeededError: 2.
        ProposalChangedError: 4.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        by = acting_on_notice(unit, principal, notice_id, if_version)
        by.require(NoticeStep.REVIEW)
        require_case_supports(unit.session, by.of_case.case)
        require_other_than(principal.account_id, _took_part(unit.session, by.notice))
        _require_one_is_enough(unit, by.notice)
        _require_same_bytes(by.notice, document_sha256)
        by.take(NoticeStep.REVIEW, reason=reason, document_sha256=document_sha256, evidence_seen=evidence_seen)
        unit.commit()
    return by.notice


def send_back(
    ctx: Context,
    principal: Principal,
    notice_id: str,
    *,
    ground: SendBackGround,
    reason: str,
    if_version: int | None = None,
) -> Notice:
    """Do not let a notice go, as an operator: it is a draft again, and its bytes are gone.

    Raises:
        NotFoundError: no such notice.
        ForbiddenError: the caller is no operator.
        ConflictError: nobody has declared it complete, or it was served.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        by = acting_on_notice(unit, principal, notice_id, if_version)
        by.require(NoticeStep.SEND_BACK)
        notice, digest = by.notice, by.notice.document_sha256
        notice.document = notice.document_sha256 = notice.page = notice.page_sha256 = None
        notice.proposal_id = notice.completed_by = None
        by.take(NoticeStep.SEND_BACK, reason=reason, ground=ground.value, document_sha256=digest)
        unit.commit()
    return by.notice


def who_reads(ctx: Context, principal: Principal, notice_id: str) -> ReviewersNeeded | None:
    """Answer why two have to read a notice before it goes, as things are now, or None where one is enough.

    Raises:
        NotFoundError: no such notice that the caller may know of.
        ForbiddenError: it is not for whoever the notice is for.
    """
    principal.require(Scope.CASES_READ)
    with ctx.database.read() as session:
        notice, side = visible_notice(session, principal, notice_id)
        if side is CaseSide.RESPONDENT:
            raise ForbiddenError("who reads a notice before it goes is for who drafts it", side=side.value)
        return _reviewers_needed(session, notice, ctx.clock())


def reviewers_needed(unit: Unit, notice: Notice) -> ReviewersNeeded | None:
    """Answer why two have to read a notice before it goes, or None where one is enough."""
    return _reviewers_needed(unit.session, notice, unit.now)


def _reviewers_needed(session: Session, notice: Notice, now: datetime) -> ReviewersNeeded | None:
    said = notices.public_figure_of(session, notice.performer_id)
    limited = is_limited(session, now, performer_id=notice.performer_id)
    return why_two_reviewers(public_figure=None if said is None else said.is_public_figure, limited=limited)


def require_read_by_enough(unit: Unit, notice: Notice) -> None:
    """Refuse to let a notice be served that one has read, where it takes two by now.

    Raises:
        ConflictError: figures ``why`` and ``state``.
    """
    why = reviewers_needed(unit, notice)
    steps = notices.notice_steps_of(unit.session, notice.id)
    read = [each for each in steps if each.step == NoticeStep.REVIEW.value]
    if why is not None and not (read and read[-1].details.get("first_reviewer")):
        raise ConflictError(
            f"one operator has read this notice, and by now it takes two ({why.value}): an operator sends it back, and "
            "once it is complete two read it",
            why=why.value,
            state=notice.state.value,
        )


def _require_one_is_enough(unit: Unit, notice: Notice) -> None:
    why = reviewers_needed(unit, notice)
    if why is not None:
        raise ConflictError(
            f"two operators have to read this notice ({why.value}): propose it as notice_service, and another approves "
            "those bytes",
            why=why.value,
            kind="notice_service",
            document_sha256=notice.document_sha256,
        )


def _require_same_bytes(notice: Notice, document_sha256: str) -> None:
    if document_sha256 != notice.document_sha256:
        raise ProposalChangedError(
            f"what was read has the SHA-256 {document_sha256}, the notice has {notice.document_sha256}: read it again",
            content_sha256=notice.document_sha256,
            approved_sha256=document_sha256,
        )


def _took_part(session: Session, notice: Notice) -> dict[str, str]:
    """Answer whoever has had part in a notice, and what they did: also before it was sent back."""
    said = notices.public_figure_of(session, notice.performer_id)
    part = {} if said is None or said.is_public_figure else {said.said_by: "has said that this is no public figure"}
    part |= dict.fromkeys(journal.actors_of(session, notice.id, EventType.NOTICE_CHANGED), "has changed what it says")
    completed = notices.notice_steps_of(session, notice.id)
    part |= {e.taken_by: "has declared it complete" for e in completed if e.step == NoticeStep.COMPLETE.value}
    return part | {notice.drafted_by: "has drafted it"}


# --- where it takes two: `registry.services.proposals` asks these ----------------------------------------------------


def require_notice_reviewable(unit: Unit, content: NoticeService, account_id: str) -> tuple[Notice, Case]:
    """Answer a notice, locked with its case, that an operator may say may go; and the case.

    Raises:
        NotFoundError: there is none.
        ConflictError: it is not complete, or the case does not bear it as things are now.
        SecondPersonNeededError: the operator has had part in it.
        ProposalChangedError: other bytes than those that are kept.
    """
    found = unit.session.get(Notice, content.notice_id)
    if found is None:
        raise NotFoundError("there is no such notice")
    case = unit.session.get_one(Case, found.case_id)
    unit.session.refresh(case, with_for_update=True)
    unit.session.refresh(found, with_for_update=True)
    require_notice_step(found.state, NoticeStep.REVIEW, CaseSide.REGISTRY)
    require_case_supports(unit.session, case)
    require_other_than(account_id, _took_part(unit.session, found))
    _require_same_bytes(found, content.document_sha256)
    return found, case


def review_by_two(unit: Unit, principal: Principal, content: NoticeService, proposal: Proposal, *, reason: str) -> None:
    """Let a notice go that two have read, and commit the caller's unit. Raises as `require_notice_reviewable`."""
    notice, _ = require_notice_reviewable(unit, content, principal.account_id)
    take_notice_step(
        unit,
        notice,
        NoticeStep.REVIEW,
        Taker(CaseSide.REGISTRY, principal.account_id),
        reason=reason,
        details={
            "document_sha256": content.document_sha256,
            "proposal_id": proposal.id,
            "first_reviewer": proposal.proposed_by,
            "evidence_seen": proposal.reason,
        },
    )
    unit.commit()
