"""Notices: drafting one from a case, changing it, and declaring it complete. Nothing is sent to anybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session, undefer

from registry.domain.accounts import Principal, Scope
from registry.domain.cases import CaseSide
from registry.domain.events import EventType
from registry.domain.notice_document import (
    Documents,
    Part,
    as_text,
    considered_in_words,
    documents_of,
    parts_of,
    require_whole,
)
from registry.domain.notice_reading import ReadNotice, read_notice
from registry.domain.notices import (
    NoticeState,
    NoticeStep,
    WithdrawalGround,
)
from registry.domain.rules.notice_packs import NoticePack, notice_pack, notice_packs
from registry.domain.stay_down import EntryEnding
from registry.errors import ConflictError, NotFoundError
from registry.services import stay_down
from registry.services.case_access import acting, visible_case
from registry.services.context import Context
from registry.services.notice_access import acting_on_notice, journal_notice, visible_notice
from registry.services.notice_drafts import (
    Draft,
    content_of,
    contents_of,
    require_case_supports,
    write_draft,
    write_notice,
)
from registry.services.unit import unit_of_work
from registry.store import notices
from registry.store.cases import Case
from registry.store.notices import Notice, NoticeStepTaken

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
        by = acting(unit, principal, case_id)
        notice = write_notice(unit, principal, by.case, by.side, pack_id=pack_id, language=language, draft=draft)
        unit.commit()
    return notice


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
        write_draft(unit.session, by.notice, by.of_case.case, notice_pack(by.notice.pack_id), draft)
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
        kept = _readable(session, principal, notice_id)
        return kept, _documents(session, kept)


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """What a notice says, for a page.

    Attributes:
        text: as it is read; of a complete notice the bytes that its digest is of.
        parts: of that text, with uses that were considered in words and not by their keys; None where it was written
            in a way that is not known here.
        courtesy: the same with what the registry says in the reader's language; None where the notice is in that
            language, or where its text could not be written as it stands from what is known today.
    """

    text: str
    parts: ReadNotice | None
    courtesy: ReadNotice | None


def read_in_parts(ctx: Context, principal: Principal, notice_id: str, *, language: str) -> ReadDocument:
    """Answer what a notice says in its parts, and beside it in the reader's language.

    Args:
        notice_id: of the notice.
        language: of the reader: ``en`` or ``ko``.

    Raises:
        NotFoundError: no such notice that the caller may know of, or not to be read by them yet.
    """
    principal.require(Scope.CASES_READ)
    with ctx.database.read() as session:
        kept = _readable(session, principal, notice_id)
        text = _documents(session, kept).text
        case = session.get_one(Case, kept.case_id)
        told = None if kept.language == language else contents_of(session, kept, case)
    same = next((each for each in told or () if as_text(*parts_of(each, each.language)) == text), None)
    parts = read_notice(text, kept.language)
    return ReadDocument(
        text,
        None if parts is None else _shown_in(kept.language, parts.title, parts.parts),
        None if same is None else _shown_in(language, *parts_of(same, language)),
    )


def _shown_in(language: str, title: str, parts: Sequence[Part]) -> ReadNotice:
    return ReadNotice(language, title, considered_in_words(parts, language))


def _readable(session: Session, principal: Principal, notice_id: str) -> Notice:
    notice, side = visible_notice(session, principal, notice_id)
    if not _is_shown(notice, side):
        raise NotFoundError("the notice was not served: what it says is not shown yet")
    return session.get_one(
        Notice, notice.id, options=[undefer(Notice.document), undefer(Notice.page)], populate_existing=True
    )


def _documents(session: Session, kept: Notice) -> Documents:
    if kept.document is not None and kept.page is not None:
        return Documents(kept.document, kept.page)
    return documents_of(content_of(session, kept, session.get_one(Case, kept.case_id)))


def _is_shown(notice: Notice, side: CaseSide) -> bool:
    return side is not CaseSide.RESPONDENT or notice.served_at is not None
