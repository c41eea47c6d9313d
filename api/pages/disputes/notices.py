"""Notices on pages: a list, and one with what it says, what is missing, who must still read it, and its course."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from flask import Response, request

from api.pages.checked import checked
from api.pages.disputes.access import CLAIM, acting_in, may_change, names_told, side_of
from api.pages.disputes.one_case import case_page
from api.pages.disputes.trying import Failed, trying
from api.pages.disputes.wording import PUT_BACK, SEND_BACK, SERVED_BY, TWO_READ, WITHDRAWAL, wording
from api.pages.forms import once
from api.pages.language import _, language
from api.pages.personal import page_of, personal, stands_for, went_on
from api.paging import cursor_after
from api.schemas.notices import NewNotice, NoticeQuery
from api.state import context, principal
from registry.domain.accounts import Scope
from registry.domain.cases import CaseSide
from registry.domain.ids import IdPrefix
from registry.domain.notice_document import Material, missing_elements
from registry.domain.notices import NOTICE_MOVES, NoticeState, NoticeStep
from registry.domain.proposals import NoticeService, ProposalKind, ProposalState
from registry.domain.reviews import Exclusion
from registry.domain.rules.notice_packs import ElementKind, notice_pack
from registry.domain.rules.packs import Standing
from registry.services import case_papers, cases, notice_reviews, notices, proposals, stay_down
from registry.services.notices import ReadDocument, ShownNotice
from registry.services.people import names_of
from registry.store.notices import Notice
from registry.store.proposals import Proposal

_AT_ONCE = 50
_OPERATION = "/v1/notices/{notice_id}"
_MOST_PROPOSED: Final = 200
_EMPTY_ROWS: Final = 2
"""Further things that a notice is about, for which a form has room."""


@personal.get("/notices")
@stands_for("GET /v1/notices")
def list_notices() -> Response:
    """Show the notices of one's own cases, or all to operators, newest first; of all states or of one."""
    asked = {name: value for name in ("cursor", "state") if (value := request.args.get(name))}
    query = checked(NoticeQuery, limit=_AT_ONCE, **asked)
    found = notices.list_notices(
        context(), principal(), state=query.state, after=query.after(IdPrefix.NOTICE), limit=query.limit + 1
    )
    shown = [each.notice for each in found[: query.limit]]
    return page_of(
        "disputes/notices",
        found=shown,
        older=cursor_after(shown[-1].id) if len(found) > query.limit else None,
        names=names_of(
            context(),
            performers={each.performer_id for each in shown},
            organisations={each.studio_id for each in shown},
        ),
        titles={each.pack_id: notice_pack(each.pack_id).title.in_language(language()) for each in shown},
        states=list(NoticeState),
        state=query.state,
        **wording(),
    )


@personal.post("/cases/<id:case_id>/notices")
@stands_for("POST /v1/cases/{case_id}/notices")
@once
def draft_notice(case_id: str) -> Response:
    """Draft a notice from a case: what the case knows is filled in, and the rest is written on its page."""
    acting_in(case_id, CLAIM)

    def draft() -> Response:
        body = checked(
            NewNotice,
            pack_id=request.form.get("pack_id", ""),
            language=request.form.get("language", ""),
        )
        notice = notices.draft_notice(
            context(), principal(), case_id, pack_id=body.pack_id, language=body.language, draft=body.value()
        )
        return went_on(f"/notices/{notice.id}", done="drafted")

    return trying("notice", draft, lambda failed: case_page(case_id, failed))


# --- one notice ------------------------------------------------------------------------------------------------------


@personal.get("/notices/<id:notice_id>")
@stands_for(
    f"GET {_OPERATION}",
    f"GET {_OPERATION}/steps",
    f"GET {_OPERATION}/document",
    f"GET {_OPERATION}/stay-down",
    "GET /v1/cases/{case_id}",
    "GET /v1/cases/{case_id}/papers",
    "GET /v1/notice-packs",
)
def show_notice(notice_id: str) -> Response:
    """Show a notice: how it stands, what it says, what is missing, and what whoever looks at it may do."""
    return notice_page(notice_id)


def notice_page(notice_id: str, failed: Failed | None = None) -> Response:
    """Show a notice as it stands; where something was refused, say so, with what was typed.

    Raises:
        NotFoundError: none that whoever is signed in may know of.
    """
    shown = notices.get_notice(context(), principal(), notice_id)
    notice = shown.notice
    steps = notices.list_notice_steps(context(), principal(), notice_id)
    case = cases.get_case(context(), principal(), notice.case_id)
    side = side_of(notice.studio_id)
    papers = case_papers.list_papers(context(), principal(), notice.case_id)
    entries = stay_down.list_entries(context(), principal(), notice_id)
    accounts = {each.taken_by for each in steps} | {notice.drafted_by} | {each.listed_by for each in entries}
    return page_of(
        "disputes/notice",
        HTTPStatus.OK if failed is None else failed.status,
        failed=failed,
        notice=notice,
        whole=shown.whole,
        case=case,
        side=side,
        steps=list(reversed(steps)),
        entries=entries,
        document=_document(shown),
        own_papers=[each for each in papers if each.side is CaseSide.RESPONDENT],
        why_two=_why_two(notice, side),
        proposed=_proposed(notice, side),
        names=names_told(performers=[notice.performer_id], organisations=[notice.studio_id], accounts=accounts),
        **_form(notice, failed),
        **_offered(notice, side),
        **wording(),
    )


def _document(shown: ShownNotice) -> ReadDocument | None:
    """Answer what a notice says, as it is read; None to whoever it is not shown to yet."""
    return notices.read_in_parts(context(), principal(), shown.id, language=language()) if shown.whole else None


def _why_two(notice: Notice, side: CaseSide) -> str | None:
    """Answer why two have to read a notice, in words; None where one is enough, and to whoever it is for."""
    if side is CaseSide.RESPONDENT:
        return None
    why = notice_reviews.who_reads(context(), principal(), notice.id)
    return None if why is None else _(TWO_READ[why])


def _proposed(notice: Notice, side: CaseSide) -> Proposal | None:
    """Answer what one operator has proposed of these bytes and another has yet to answer; None to either side."""
    if side is not CaseSide.REGISTRY or Scope.PROPOSALS_READ not in principal().scopes:
        return None
    found = proposals.list_proposals(
        context(),
        principal(),
        kind=ProposalKind.NOTICE_SERVICE,
        state=ProposalState.PROPOSED,
        after=None,
        limit=_MOST_PROPOSED,
    )
    these, now = NoticeService(notice.id, str(notice.document_sha256)), context().clock()
    waiting = (each for each in found if each.value().state_at(now) is ProposalState.PROPOSED)
    return next((each for each in waiting if each.proposed() == these), None)


def _form(notice: Notice, failed: Failed | None) -> dict[str, Any]:
    """Answer what the form of a draft is made of: the pack's elements, what was written, and what is missing."""
    pack = notice_pack(notice.pack_id)
    about = notice.about()
    exclusions = {each.exclusion: each for each in notice.exclusions()}
    return {
        "pack": pack,
        "pack_is_law": pack.standing is Standing.IN_FORCE,
        "lang_of": lambda text: text.in_language(language()),
        "written_kinds": {ElementKind.TEXT, ElementKind.SIGNATURE},
        "statement_kind": ElementKind.STATEMENT,
        "missing": set(missing_elements(pack, notice.elements, notice.affirmed, about)),
        "not_considered": [each for each in Exclusion if each not in exclusions],
        "materials": [*about, *(Material("", "", None) for _row in range(_EMPTY_ROWS))],
        "exclusions": list(Exclusion),
        "considered": exclusions,
        "typed": failed.typed if failed is not None and failed.form == "change" else None,
    }


def _offered(notice: Notice, side: CaseSide) -> dict[str, Any]:
    """Answer what whoever looks at a notice may do with it, by what the rules let their side do from this state."""
    may = may_change(notice.performer_id, side)
    steps = {step for (state, step), move in NOTICE_MOVES.items() if state is notice.state and side in move.by}
    if side is CaseSide.REGISTRY and notice.drafted_for is not CaseSide.REGISTRY:
        steps -= {NoticeStep.WITHDRAW}
    listed = notice.state in {NoticeState.SERVED, NoticeState.COUNTERED} and side is not CaseSide.RESPONDENT
    return {
        "may": {each.value for each in steps} if may else set(),
        "may_list": may and listed,
        "send_back_words": SEND_BACK,
        "withdrawal_words": WITHDRAWAL,
        "put_back_words": PUT_BACK,
        "serving_words": SERVED_BY,
    }
