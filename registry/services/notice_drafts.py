"""What a notice is to say: drafted from its case, changed in the caller's unit, and put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal
from registry.domain.cases import CaseSide, PaperKind
from registry.domain.comparison import Role
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.notice_document import (
    Material,
    NoticeContent,
    require_known_elements,
)
from registry.domain.notices import (
    BEFORE_SERVICE,
    CaseStanding,
    NoticeState,
    require_supported,
)
from registry.domain.reviews import Considered
from registry.domain.rules.notice_packs import NoticePack, TakenFrom, notice_pack
from registry.errors import ConflictError, ForbiddenError, InvalidInputError
from registry.services.notice_access import journal_notice
from registry.services.unit import Unit
from registry.store import case_analyses, cases, notices
from registry.store.accounts import Organisation
from registry.store.cases import Case, CaseProposal
from registry.store.checks import Finding
from registry.store.notices import Notice
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
    write_draft(unit.session, notice, case, pack, draft)
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
    last = last_proposal(session, case)
    known = {
        TakenFrom.PERFORMER: performer.name,
        TakenFrom.WORK: case.product,
        TakenFrom.CONCLUSION: "" if last is None else last.grounds,
    }
    taken = {each.key: known[each.taken_from] for each in pack.elements if each.taken_from is not None}
    return {key: text for key, text in taken.items() if text}


def write_draft(session: Session, notice: Notice, case: Case, pack: NoticePack, draft: Draft) -> None:
    """Write what a draft says over what a notice says, in the caller's unit.

    Raises:
        InvalidInputError: the pack has no place for something, or the case knows no such recording.
    """
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


def require_case_supports(session: Session, case: Case) -> CaseProposal:
    """Answer the proposal that a notice rests on, once the case bears one.

    Raises:
        ConflictError: nothing is concluded, or otherwise; figures ``case_state`` and ``conclusion``.
    """
    last = last_proposal(session, case)
    require_supported(CaseStanding(case.state, case.ending, None if last is None else last.conclusion))
    if last is None:
        raise AssertionError("a case that concludes something has a proposal")
    return last


def last_proposal(session: Session, case: Case) -> CaseProposal | None:
    """Answer what was proposed last in a case; None where nothing was."""
    made = cases.proposals_of(session, case.id)
    return made[-1] if made else None


def content_of(session: Session, notice: Notice, case: Case) -> NoticeContent:
    """Answer everything that a notice says, as things are now."""
    return _content(session, notice, case, last_proposal(session, case))


def contents_of(session: Session, notice: Notice, case: Case) -> Sequence[NoticeContent]:
    """Answer all that a notice may have said when it was complete: by each proposal of its case, newest first."""
    made = cases.proposals_of(session, case.id)
    return [_content(session, notice, case, each) for each in [*reversed(made), None]]


def _content(session: Session, notice: Notice, case: Case, last: CaseProposal | None) -> NoticeContent:
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
