"""What happens to a notice once it may go: somebody serves it, the other side counters, and it is upheld or put back.

The registry serves nobody: who served a notice says so, with the digest of what they sent. Times begin with that; when
one is over, a person may go on, and nothing happens by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from registry.domain.accounts import Principal
from registry.domain.cases import CaseEnding, CaseSide, CaseState
from registry.domain.notices import (
    Countered,
    NoticeState,
    NoticeStep,
    PutBackGround,
    ServedBy,
    require_put_back,
)
from registry.domain.proposals import NoticePutBack
from registry.domain.rules.notice_packs import Term, notice_pack, notice_practice
from registry.domain.stay_down import EntryEnding
from registry.domain.time_zones import earliest_day, still_to_come
from registry.errors import ConflictError, InvalidInputError, NotFoundError, ProposalChangedError
from registry.services import stay_down
from registry.services.case_papers import write_statement
from registry.services.cases import reopen_by_counter
from registry.services.context import Context
from registry.services.misuse import is_limited
from registry.services.notice_access import ActingOnNotice, Taker, acting_on_notice, take_notice_step
from registry.services.notice_drafts import require_case_supports
from registry.services.notice_reviews import require_read_by_enough
from registry.services.unit import Unit, require_version, unit_of_work
from registry.store import notices
from registry.store.cases import Case, CasePaper
from registry.store.notices import Notice
from registry.store.proposals import Proposal


@dataclass(frozen=True, slots=True)
class Service:
    """What somebody says of having served a notice.

    Attributes:
        served_to: to whom, in words.
        served_by: by which way.
        served_at: when.
        sent_sha256: of the bytes that were sent: those of the document that was reviewed, or of its page.
        reason: what else there is to say of it.
    """

    served_to: str
    served_by: ServedBy
    served_at: datetime
    sent_sha256: str
    reason: str


def serve_notice(
    ctx: Context, principal: Principal, notice_id: str, service: Service, *, if_version: int | None = None
) -> Notice:
    """Say that a notice was served, as the claimant's side or an operator. Then its times run, and it is listed.

    1. It was reviewed, by two where it takes two by now, and the case still bears it.
    2. What was sent is what was reviewed, and not before it was.
    3. The recordings that it names by their digest are listed, in the same commit.

    Raises:
        NotFoundError: no such notice that the caller may know of.
        ForbiddenError: the caller speaks for the respondent.
        ConflictError: 1.
        ProposalChangedError: other bytes were sent than were reviewed.
        InvalidInputError: it was served in the future, or before it was reviewed; figures say when.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        by = acting_on_notice(unit, principal, notice_id, if_version)
        by.require(NoticeStep.SERVE)
        require_case_supports(unit.session, by.of_case.case)
        notice = by.notice
        require_read_by_enough(unit, notice)
        _require_as_reviewed(notice, service, unit.now)
        notice.served_at = service.served_at
        notice.due_at = notice_practice().term(Term.ANSWER).after(unit.now)  # from when the other side can read it here
        stay_down.list_recordings(unit, notice, principal.account_id)
        by.take(
            NoticeStep.SERVE,
            reason=service.reason,
            served_to=service.served_to,
            served_by=service.served_by.value,
            served_at=service.served_at.isoformat(),
            sent_sha256=service.sent_sha256,
        )
        unit.commit()
    return by.notice


def _require_as_reviewed(notice: Notice, service: Service, now: datetime) -> None:
    known = [each for each in (notice.document_sha256, notice.page_sha256) if each is not None]
    if service.sent_sha256 not in known:
        raise ProposalChangedError(
            f"what was sent has the SHA-256 {service.sent_sha256}, and what was reviewed {notice.document_sha256}, or "
            f"{notice.page_sha256} as a page: only that may be sent",
            content_sha256=notice.document_sha256,
            approved_sha256=service.sent_sha256,
        )
    if not notice.state_since <= service.served_at <= now:
        raise InvalidInputError(
            f"it was reviewed at {notice.state_since.isoformat()}, so it was served after that, and before now",
            reviewed_at=notice.state_since.isoformat(),
            served_at=service.served_at.isoformat(),
            now=now.isoformat(),
        )


def counter_notice(
    ctx: Context,
    principal: Principal,
    notice_id: str,
    *,
    text: str,
    notarised: bool | None = None,
    new_paper_id: str | None = None,
    if_version: int | None = None,
) -> Notice:
    """Say otherwise, as the organisation that was served: a statement is filed, and the case is opened again.

    What was listed is looked for no more. The time after which it may be put back begins, where the pack has one. Once
    the notice was upheld, saying the same again is no counter: it names something that was filed since.

    Args:
        notice_id: of the notice.
        text: the counter-statement; the other side reads it in the case.
        notarised: whether it was made before a notary; None where nobody says so.
        new_paper_id: of what the respondent has filed in the case since the notice was upheld, where it was.
        if_version: the version the caller has read.

    Raises:
        NotFoundError: no such notice that the caller may know of, or no such paper in its case.
        ForbiddenError: the caller does not speak for the respondent.
        ConflictError: it is not served, or was countered before; or it was upheld, and nothing new is named: figures
            ``needs`` and ``upheld_at``.
        DuplicateError: the respondent has filed this very text in the case before.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        by = acting_on_notice(unit, principal, notice_id, if_version)
        by.require(NoticeStep.COUNTER)
        _require_new_since_upheld(by, new_paper_id)
        paper = write_statement(by.of_case, title=f"Counter-statement to {by.notice.id}", text=text)
        reopen_by_counter(by.of_case, reason=f"the notice {by.notice.id} was countered", paper_id=paper.id)
        stay_down.end_of_notice(unit, by.notice.id, EntryEnding.CASE_REOPENED, principal.account_id)
        term = notice_pack(by.notice.pack_id).term(Term.PUT_BACK)
        by.notice.put_back_at = by.notice.due_at = None if term is None else term.after(unit.now)
        by.notice.court_action_on = None
        by.take(NoticeStep.COUNTER, reason=text, paper_id=paper.id, notarised=notarised, new_paper_id=new_paper_id)
        unit.commit()
    return by.notice


def _require_new_since_upheld(by: ActingOnNotice, paper_id: str | None) -> None:
    """Refuse to counter an upheld notice with what was decided on already."""
    session = by.unit.session
    paper = None if paper_id is None else session.get(CasePaper, paper_id)
    if paper_id is not None and (paper is None or paper.case_id != by.notice.case_id):
        raise NotFoundError("there is no such paper in this case")
    steps = notices.notice_steps_of(session, by.notice.id)
    upheld = [each.taken_at for each in steps if each.step == NoticeStep.UPHOLD.value]
    if not upheld:
        return
    if paper is None or paper.side is not CaseSide.RESPONDENT or paper.filed_at <= upheld[-1]:
        at = upheld[-1].isoformat()
        raise ConflictError(
            f"the notice was upheld at {at}: it is countered again with something that the respondent has filed in the "
            "case since, and that new_paper_id names",
            needs="new_paper_id",
            upheld_at=at,
        )


def file_court_action(
    ctx: Context,
    principal: Principal,
    notice_id: str,
    *,
    reference: str,
    filed_on: date,
    reason: str,
    if_version: int | None = None,
) -> Notice:
    """Say that the claimant has filed an action, so that nothing is put back because the term is over.

    Raises:
        NotFoundError: no such notice that the caller may know of.
        ForbiddenError: the caller speaks for the respondent.
        ConflictError: it is not countered, or this was said before; figure ``filed_on``.
        InvalidInputError: filed in the future, or before the notice was served; figures say when.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        by = acting_on_notice(unit, principal, notice_id, if_version)
        by.require(NoticeStep.COURT_ACTION)
        notice = by.notice
        if notice.court_action_on is not None:
            said = notice.court_action_on.isoformat()
            raise ConflictError(f"that an action was filed on {said} was said before", filed_on=said)
        served_on = None if notice.served_at is None else earliest_day(notice.served_at)
        if still_to_come(filed_on, unit.now) or (served_on is not None and filed_on < served_on):
            raise InvalidInputError(
                f"an action about this notice is filed after it was served on {served_on}, and not in the future",
                filed_on=filed_on.isoformat(),
                served_on=None if served_on is None else served_on.isoformat(),
            )
        notice.court_action_on = filed_on
        by.take(NoticeStep.COURT_ACTION, reason=reason, reference=reference, filed_on=filed_on.isoformat())
        unit.commit()
    return by.notice


def uphold_notice(
    ctx: Context, principal: Principal, notice_id: str, *, reason: str, if_version: int | None = None
) -> Notice:
    """Uphold a countered notice, as an operator: the case was decided anew, and still bears it. It is listed again.

    Raises:
        NotFoundError: no such notice.
        ForbiddenError: the caller is no operator.
        ConflictError: it is not countered, or nothing was decided since; figures ``case_state`` and ``conclusion``.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        by = acting_on_notice(unit, principal, notice_id, if_version)
        by.require(NoticeStep.UPHOLD)
        proposal = require_case_supports(unit.session, by.of_case.case)
        _require_decided_anew(by, proposal.id)
        by.notice.proposal_id = proposal.id
        by.notice.put_back_at = by.notice.due_at = None
        stay_down.list_recordings(unit, by.notice, principal.account_id)
        by.take(NoticeStep.UPHOLD, reason=reason, proposal_id=proposal.id)
        unit.commit()
    return by.notice


def _require_decided_anew(by: ActingOnNotice, proposal_id: str) -> None:
    case = by.of_case.case
    decided = case.state is CaseState.DECIDED or case.ending is CaseEnding.DECIDED
    if not decided or proposal_id == by.notice.proposal_id:
        raise ConflictError(
            f"the case is {case.state.value}, and nothing was decided in it since the counter-statement",
            case_state=case.state.value,
            proposal_id=proposal_id,
        )


# --- putting back ----------------------------------------------------------------------------------------------------


def put_back_notice(
    ctx: Context,
    principal: Principal,
    notice_id: str,
    *,
    ground: PutBackGround,
    reason: str,
    if_version: int | None = None,
) -> Notice:
    """Say, as an operator, that what a notice took down may be shown again: it was a mistake, or its term is over.

    Raises:
        NotFoundError: no such notice.
        ForbiddenError: the caller is no operator.
        ConflictError: not due, an action was filed, or the respondent is limited and it takes two; figures say which.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        by = acting_on_notice(unit, principal, notice_id, if_version)
        by.require(NoticeStep.PUT_BACK)
        _require_due(unit, by.notice, ground)
        if ground is PutBackGround.TERM_OVER and is_limited(
            unit.session, unit.now, organisation_id=by.notice.studio_id
        ):
            raise ConflictError(
                "two operators have to agree to it, since the respondent is limited: propose it as notice_put_back",
                kind="notice_put_back",
                version=by.notice.version,
            )
        _put_back(unit, by.notice, principal.account_id, ground=ground, reason=reason, agreed={})
        unit.commit()
    return by.notice


def _require_due(unit: Unit, notice: Notice, ground: PutBackGround) -> None:
    standing = Countered(notice.state, notice.put_back_at, notice.court_action_on is not None)
    require_put_back(standing, ground, unit.now)


def _put_back(
    unit: Unit, notice: Notice, account_id: str, *, ground: PutBackGround, reason: str, agreed: Mapping[str, str]
) -> None:
    notice.ground, notice.due_at = ground.value, None
    stay_down.end_of_notice(unit, notice.id, EntryEnding.PUT_BACK, account_id)
    taker = Taker(CaseSide.REGISTRY, account_id)
    details = {"ground": ground.value, **agreed}
    take_notice_step(unit, notice, NoticeStep.PUT_BACK, taker, reason=reason, details=details)


def require_notice_due(unit: Unit, content: NoticePutBack) -> Notice:
    """Answer a notice, locked with its case, that may be put back since its term is over.

    Raises:
        NotFoundError: there is none.
        ConflictError: it is not due, or an action was filed.
        StaleVersionError: it has changed since it was looked at.
    """
    found = unit.session.get(Notice, content.notice_id)
    if found is None:
        raise NotFoundError("there is no such notice")
    unit.session.refresh(unit.session.get_one(Case, found.case_id), with_for_update=True)
    unit.session.refresh(found, with_for_update=True)
    require_version(found.version, content.version)
    if found.state is not NoticeState.COUNTERED:
        raise ConflictError(f"the notice is {found.state.value}", state=found.state.value)
    _require_due(unit, found, PutBackGround.TERM_OVER)
    return found


def put_back_by_two(
    unit: Unit, principal: Principal, content: NoticePutBack, proposal: Proposal, *, reason: str
) -> None:
    """Put a notice back that two have agreed on, and commit the caller's unit. Raises as `require_notice_due`."""
    notice = require_notice_due(unit, content)
    agreed = {"proposal_id": proposal.id, "first_reviewer": proposal.proposed_by}
    _put_back(unit, notice, principal.account_id, ground=PutBackGround.TERM_OVER, reason=reason, agreed=agreed)
    unit.commit()
