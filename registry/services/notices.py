"""Notices: drafting one from a case, changing it, and declaring it complete. Nothing is sent to anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from registry.domain.accounts import Principal, Scope
from registry.domain.cases import CaseSide, PaperKind
from registry.domain.comparison import Role
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.notice_document import (
    Documents,
    Material,
    NoticeContent,
    documents_of,
    require_known_elements,
    require_whole,
)
from registry.domain.notices import (
    BEFORE_SERVICE,
    CaseStanding,
    NoticeState,
    NoticeStep,
    WithdrawalGround,
    require_supported,
)
from registry.domain.reviews import Considered
from registry.domain.rules.notice_packs import NoticePack, TakenFrom, notice_pack, notice_packs
from registry.domain.stay_down import EntryEnding
from registry.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from registry.services import stay_down
from registry.services.case_access import acting, visible_case
from registry.services.context import Context
from registry.services.notice_access import acting_on_notice, journal_notice, visible_notice
from registry.services.unit import Unit, unit_of_work
from registry.store import case_analyses, cases, notices
from registry.store.accounts import Organisation
from registry.store.cases import Case, CaseProposal
from registry.store.checks import Finding
from registry.store.notices import Notice, NoticeStepTaken
from registry.store.performers import Performer

MOST_NOTICES = 20
"""That a case may have before service at a time."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a notice is to say, as far as it was written; None leaves what is there.

    Attributes:
        elements: text by the key of the element; an empty one takes it out.
        affirmed: keys of the statements that the claimant makes.
        materials: what it is about.
        considered: exclusions that were considered.
    """

    elements: Mapping[str, str] | None = None
    affirmed: Sequence[str] | None = None
    materials: Sequence[Material] | None = None
    considered: Sequence[Considered] | None = None


# --- drafting --------------------------------------------------------------------------------------------------------


def list_packs(principal: Principal) -> Sequence[NoticePack]:
    """Answer every form that a notice can follow.

    Raises:
        ForbiddenError: the caller's token does not carry the scope.
    """
    principal.require(Scope.CASES_READ)
    return notice_packs()


def draft_notice(
    ctx: Context, principal: Principal, case_id: str, *, pack_id: str, language: str, draft: Draft
) -> Notice:
    """Draft a notice from a case: the claimant's side, or an operator. What the case knows is filled in.

    Args:
        case_id: of a case that is not closed without a conclusion; what it concludes is asked for later.
        pack_id: of the form.
        language: ``en`` or ``ko``.
        draft: what is known so far.

    Raises:
        NotFoundError: no such case that the caller may know of, or no such pack.
        ForbiddenError: the caller speaks for the respondent.
        ConflictError: there are as many notices before service as there can be.
        InvalidInputError: the pack has no place for something, or the case knows no such recording.
    """
    with unit_of_work(ctx) as unit:
        _hold_performer(unit.session, case_id)
        by = acting(unit, principal, case_id)
        notice = write_notice(unit, principal, by.case, by.side, pack_id=pack_id, language=language, draft=draft)
        unit.commit()
    return notice


def _hold_performer(session: Session, case_id: str) -> None:
    """Keep whom a case is about from being forgotten while a notice with their name is written: before the case."""
    query = select(Performer.id).join(Case, Case.performer_id == Performer.id).where(Case.id == case_id)
    session.execute(query.with_for_update(read=True, key_share=True, of=Performer))


def write_notice(
    unit: Unit, principal: Principal, case: Case, side: CaseSide, *, pack_id: str, language: str, draft: Draft
) -> Notice:
    """Write a new notice, in the caller's unit, which holds the case's lock. Raises as `draft_notice`."""
    if side is CaseSide.RESPONDENT:
        raise ForbiddenError("a notice is drafted by the claimant's side or the registry", side=side.value)
    _require_room(unit.session, case)
    pack = notice_pack(pack_id)
    notice = Notice(
        id=unit.new_id(IdPrefix.NOTICE),
        case_id=case.id,
        performer_id=case.performer_id,
        studio_id=case.studio_id,
        pack_id=pack.id,
        pack_edition=pack.edition,
        pack_sha256=pack.sha256,
        language=language,
        state=NoticeState.DRAFTED,
        state_since=unit.now,
        elements=_from_the_case(unit.session, case, pack),
        affirmed=[],
        materials=[],
        considered=[],
        drafted_by=principal.account_id,
        drafted_for=side,
        drafted_at=unit.now,
        version=1,
    )
    _write(unit.session, notice, case, pack, draft)
    unit.session.add(notice)
    journal_notice(unit, EventType.NOTICE_DRAFTED, notice, principal.account_id, pack_sha256=pack.sha256)
    return notice


def _require_room(session: Session, case: Case) -> None:
    waiting = sum(each.state in BEFORE_SERVICE for each in notices.notices_of_case(session, case.id))
    if waiting >= MOST_NOTICES:
        raise ConflictError(
            f"the case has {waiting} notices before service, as many as there can be",
            notices=waiting,
            most=MOST_NOTICES,
        )


def _from_the_case(session: Session, case: Case, pack: NoticePack) -> dict[str, str]:
    """Answer what the case fills in: whose voice, in what, and what is concluded."""
    performer = session.get_one(Performer, case.performer_id)
    last = _last_proposal(session, case)
    known = {
        TakenFrom.PERFORMER: performer.name,
        TakenFrom.WORK: case.product,
        TakenFrom.CONCLUSION: "" if last is None else last.grounds,
    }
    taken = {each.key: known[each.taken_from] for each in pack.elements if each.taken_from is not None}
    return {key: text for key, text in taken.items() if text}


def _write(session: Session, notice: Notice, case: Case, pack: NoticePack, draft: Draft) -> None:
    elements = {**notice.elements, **(draft.elements or {})}
    affirmed = notice.affirmed if draft.affirmed is None else sorted(set(draft.affirmed))
    require_known_elements(pack, draft.elements or {}, affirmed)
    notice.elements = {key: text for key, text in elements.items() if text.strip()}
    notice.affirmed = list(affirmed)
    if draft.materials is not None:
        _require_known_recordings(session, case, draft.materials)
        notice.materials = [
            {"what": each.what, "location": each.location, "sha256": each.sha256} for each in draft.materials
        ]
    if draft.considered is not None:
        if len({each.exclusion for each in draft.considered}) < len(draft.considered):
            raise InvalidInputError("an exclusion is considered twice")
        notice.considered = [
            {"exclusion": each.exclusion.value, "applies": each.applies, "reason": each.reason}
            for each in draft.considered
        ]


def _require_known_recordings(session: Session, case: Case, materials: Sequence[Material]) -> None:
    """Refuse digests of recordings that the case does not know: nobody lists what no side has shown."""
    named = {each.sha256 for each in materials if each.sha256 is not None}
    unknown = sorted(named - _recordings_of(session, case)) if named else []
    if unknown:
        raise InvalidInputError(
            "the case knows no recording with this SHA-256: it has to be that of a finding of the case, or of a "
            "recording that a side has filed in it, and not as one of the performer or of a source",
            unknown=unknown,
        )


def _recordings_of(session: Session, case: Case) -> set[str]:
    """Answer the digests of recordings that may be what is complained of: none of the performer's or a source's own."""
    marks = case_analyses.recordings_of(session, case.id)
    own = {paper_id for paper_id, mark in marks.items() if mark.voice is not Role.QUESTIONED}
    filed = [each for each in cases.papers_of(session, case.id) if each.kind is PaperKind.RECORDING]
    found = {each.sha256 for each in filed if each.id not in own}
    for finding_id in case.finding_ids:
        finding = session.get(Finding, finding_id)
        if finding is not None and finding.check is not None:
            found.add(finding.check.content_sha256)
        if finding is not None and finding.scan_row is not None:
            found.add(finding.scan_row.content_sha256)
    return found


def change_notice(
    ctx: Context, principal: Principal, notice_id: str, draft: Draft, *, if_version: int | None = None
) -> Notice:
    """Change a draft, as the claimant's side or an operator.

    Raises:
        NotFoundError: no such notice that the caller may know of.
        ForbiddenError: the caller speaks for the respondent.
        ConflictError: it is no draft any more.
        InvalidInputError: as `draft_notice`.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        by = acting_on_notice(unit, principal, notice_id, if_version)
        by.require(NoticeStep.CHANGE)
        _write(unit.session, by.notice, by.of_case.case, notice_pack(by.notice.pack_id), draft)
        by.notice.version += 1
        journal_notice(unit, EventType.NOTICE_CHANGED, by.notice, principal.account_id, version=by.notice.version)
        unit.commit()
    return by.notice


# --- declaring it complete -------------------------------------------------------------------------------------------


def complete_notice(
    ctx: Context, principal: Principal, notice_id: str, *, reason: str, if_version: int | None = None
) -> Notice:
    """Declare a notice complete: its bytes are written down, and those are what is read and served.

    1. It is a draft, of the edition of its pack that the registry has.
    2. Every element is there, every exclusion was considered, and none applies.
    3. The case concludes that the evidence supports it.

    Raises:
        NotFoundError: no such notice that the caller may know of.
        ForbiddenError: the caller speaks for the respondent.
        ConflictError: 1, 2 or 3; figures say what is missing.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        by = acting_on_notice(unit, principal, notice_id, if_version)
        by.require(NoticeStep.COMPLETE)
        _require_current_pack(by.notice)
        content = content_of(unit.session, by.notice, by.of_case.case)
        require_whole(content)
        proposal = require_case_supports(unit.session, by.of_case.case)
        documents = documents_of(content)
        notice = by.notice
        notice.document, notice.page = documents.text, documents.page
        notice.document_sha256 = documents.digests["text/markdown"]
        notice.page_sha256 = documents.digests["text/html"]
        notice.proposal_id, notice.completed_by = proposal.id, principal.account_id
        by.take(
            NoticeStep.COMPLETE,
            reason=reason,
            document_sha256=notice.document_sha256,
            proposal_id=proposal.id,
        )
        unit.commit()
    return by.notice


def _require_current_pack(notice: Notice) -> None:
    pack = notice_pack(notice.pack_id)
    if pack.sha256 != notice.pack_sha256:
        raise ConflictError(
            f"the pack {pack.id} is another than the one that the notice was drafted by: draft it anew",
            edition=notice.pack_edition,
            current_edition=pack.edition,
        )


def require_case_supports(session: Session, case: Case) -> CaseProposal:
    """Answer the proposal that a notice rests on, once the case bears one.

    Raises:
        ConflictError: nothing is concluded, or otherwise; figures ``case_state`` and ``conclusion``.
    """
    last = _last_proposal(session, case)
    require_supported(CaseStanding(case.state, case.ending, None if last is None else last.conclusion))
    if last is None:
        raise AssertionError("a case that concludes something has a proposal")
    return last


def _last_proposal(session: Session, case: Case) -> CaseProposal | None:
    made = cases.proposals_of(session, case.id)
    return made[-1] if made else None


def content_of(session: Session, notice: Notice, case: Case) -> NoticeContent:
    """Answer everything that a notice says, as things are now."""
    last = _last_proposal(session, case)
    return NoticeContent(
        notice_id=notice.id,
        case_id=case.id,
        pack=notice_pack(notice.pack_id),
        language=notice.language,
        recipient=session.get_one(Organisation, notice.studio_id).name,
        product=case.product,
        elements=dict(notice.elements),
        affirmed=list(notice.affirmed),
        materials=notice.about(),
        considered=notice.exclusions(),
        conclusion=None if last is None else last.conclusion,
        rests_on=None if last is None else last.rests_on,
        grounds="" if last is None else last.grounds,
    )


# --- withdrawing -----------------------------------------------------------------------------------------------------


def withdraw_notice(
    ctx: Context,
    principal: Principal,
    notice_id: str,
    *,
    ground: WithdrawalGround,
    reason: str,
    if_version: int | None = None,
) -> Notice:
    """Take a notice back: the claimant's side, or an operator where the registry drafted it. What is listed ends.

    Raises:
        NotFoundError: no such notice that the caller may know of.
        ForbiddenError: the caller speaks for the respondent.
        ConflictError: it was put back or taken back before, or the claimant's side drafted it, not the registry.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        by = acting_on_notice(unit, principal, notice_id, if_version)
        by.require(NoticeStep.WITHDRAW)
        if by.side is CaseSide.REGISTRY and by.notice.drafted_for is not CaseSide.REGISTRY:
            raise ConflictError("the claimant's side drafted it, and takes it back", by=by.notice.drafted_for.value)
        by.notice.ground, by.notice.due_at = ground.value, None
        stay_down.end_of_notice(unit, by.notice.id, EntryEnding.WITHDRAWN, principal.account_id)
        by.take(NoticeStep.WITHDRAW, reason=reason, ground=ground.value)
        unit.commit()
    return by.notice


# --- reading ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShownNotice:
    """A notice as somebody sees it.

    Attributes:
        notice: itself.
        whole: whether what it says is shown: to the respondent only once it was served.
    """

    notice: Notice
    whole: bool

    @property
    def id(self) -> str:
        """Of the notice."""
        return self.notice.id


def get_notice(ctx: Context, principal: Principal, notice_id: str) -> ShownNotice:
    """Answer a notice to both sides and to operators; the respondent reads what it says once it was served.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    principal.require(Scope.CASES_READ)
    with ctx.database.read() as session:
        notice, side = visible_notice(session, principal, notice_id)
    return ShownNotice(notice, _is_shown(notice, side))


def list_notices(
    ctx: Context, principal: Principal, *, state: NoticeState | None, after: str | None, limit: int
) -> Sequence[ShownNotice]:
    """Answer a page of notices, newest first: of one's own cases, on either side, or all to an operator."""
    principal.require(Scope.CASES_READ)
    everybody = principal.is_operator
    own = [p for p in principal.performer_ids if principal.may_act_for(p, Scope.CASES_READ)]
    with ctx.database.read() as session:
        found = notices.page_of_notices(
            session,
            performer_ids=None if everybody else own,
            studio_id=None if everybody else principal.organisation_id,
            state=state,
            after=after,
            limit=limit,
        )
    return [ShownNotice(each, everybody or each.performer_id in own or each.served_at is not None) for each in found]


def list_notices_of_case(ctx: Context, principal: Principal, case_id: str) -> Sequence[ShownNotice]:
    """Answer the notices of a case, oldest first, to whoever may see the case.

    Raises:
        NotFoundError: no such case that the caller may know of.
    """
    principal.require(Scope.CASES_READ)
    with ctx.database.read() as session:
        case, side = visible_case(session, principal, case_id)
        found = notices.notices_of_case(session, case.id)
    return [ShownNotice(each, _is_shown(each, side)) for each in found]


def list_notice_steps(ctx: Context, principal: Principal, notice_id: str) -> Sequence[NoticeStepTaken]:
    """Answer every step that a notice took, in order, to whoever may see it.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    principal.require(Scope.CASES_READ)
    with ctx.database.read() as session:
        notice, side = visible_notice(session, principal, notice_id)
        return notices.notice_steps_of(session, notice.id) if _is_shown(notice, side) else ()


def read_documents(ctx: Context, principal: Principal, notice_id: str) -> tuple[Notice, Documents]:
    """Answer a notice as it is read: the bytes that were written down, or of a draft as it stands.

    Raises:
        NotFoundError: no such notice that the caller may know of, or not to be read by them yet.
    """
    principal.require(Scope.CASES_READ)
    with ctx.database.read() as session:
        notice, side = visible_notice(session, principal, notice_id)
        if not _is_shown(notice, side):
            raise NotFoundError("the notice was not served: what it says is not shown yet")
        kept = session.get_one(
            Notice, notice.id, options=[undefer(Notice.document), undefer(Notice.page)], populate_existing=True
        )
        if kept.document is not None and kept.page is not None:
            return kept, Documents(kept.document, kept.page)
        return kept, documents_of(content_of(session, kept, session.get_one(Case, kept.case_id)))


def _is_shown(notice: Notice, side: CaseSide) -> bool:
    return side is not CaseSide.RESPONDENT or notice.served_at is not None
