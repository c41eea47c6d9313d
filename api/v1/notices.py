"""Notices: drafted from a case, reviewed, served by a person, answered, and put back. The registry sends nothing."""

from __future__ import annotations

from flask import Response

from api.answers import answer, created, file
from api.document import answers_only
from api.headers import ChangeHeaders, entity_tag
from api.idempotency import idempotent
from api.paging import page, whole
from api.schemas.cases import CasePath
from api.schemas.notice_packs import NoticePackOut, NoticePackPage
from api.schemas.notices import (
    Completion,
    CounterIn,
    CourtActionIn,
    NewNotice,
    NoticeDraft,
    NoticeOut,
    NoticePage,
    NoticePath,
    NoticeQuery,
    NoticeReview,
    NoticeStepOut,
    NoticeStepPage,
    NoticeWithdrawal,
    PuttingBack,
    SendingBack,
    ServiceIn,
    Upholding,
)
from api.state import context, principal
from api.v1.resource import new_resource
from registry.domain.ids import IdPrefix
from registry.services import notice_course, notice_reviews, notices
from registry.services.notices import ShownNotice
from registry.store.notices import Notice

_TEXT, _PAGE = "text/markdown", "text/html"

resource = new_resource(
    "notices", "What a claimant asks of whoever shows a recording, in steps that cannot be skipped."
)


@resource.get("/notice-packs", responses={200: NoticePackPage})
def list_notice_packs() -> Response:
    """List every form that a notice can follow: its elements, where each is from, and how that is known."""
    found = notices.list_packs(principal())
    return answer(NoticePackPage(items=[NoticePackOut.of(each) for each in found], next_cursor=None))


@resource.post("/cases/<id:case_id>/notices", responses={201: NoticeOut})
@idempotent()
def draft_notice(path: CasePath, body: NewNotice) -> Response:
    """Draft a notice from a case, as the claimant's side or an operator."""
    notice = notices.draft_notice(
        context(), principal(), path.case_id, pack_id=body.pack_id, language=body.language, draft=body.value()
    )
    shown = NoticeOut.of(ShownNotice(notice, whole=True))
    return created(shown, f"/v1/notices/{notice.id}", tag=entity_tag(notice.version))


@resource.get("/cases/<id:case_id>/notices", responses={200: NoticePage})
def list_case_notices(path: CasePath) -> Response:
    """List the notices of a case, oldest first. Whoever they are for is shown what one says once it was served."""
    return whole(notices.list_notices_of_case(context(), principal(), path.case_id), NoticePage, NoticeOut.of)


@resource.get("/notices", responses={200: NoticePage})
def list_notices(query: NoticeQuery) -> Response:
    """List notices, newest first: those of cases that one is a side of, or all of them for an operator."""
    found = notices.list_notices(
        context(), principal(), state=query.state, after=query.after(IdPrefix.NOTICE), limit=query.limit + 1
    )
    return page(found, query, NoticePage, NoticeOut.of)


@resource.get("/notices/<id:notice_id>", responses={200: NoticeOut})
def get_notice(path: NoticePath) -> Response:
    """Answer one notice, with what is missing of it and when its time is over."""
    shown = notices.get_notice(context(), principal(), path.notice_id)
    return answer(NoticeOut.of(shown), tag=entity_tag(shown.notice.version))


@resource.patch("/notices/<id:notice_id>", responses={200: NoticeOut})
def change_notice(path: NoticePath, header: ChangeHeaders, body: NoticeDraft) -> Response:
    """Change a draft. What is left out stays as it is."""
    changed = notices.change_notice(context(), principal(), path.notice_id, body.value(), if_version=header.version())
    return _answer(changed)


@resource.get("/notices/<id:notice_id>/steps", responses={200: NoticeStepPage})
def list_notice_steps(path: NoticePath) -> Response:
    """List every step that a notice took, who took it, and why."""
    found = notices.list_notice_steps(context(), principal(), path.notice_id)
    return answer(NoticeStepPage(items=[NoticeStepOut.model_validate(each) for each in found], next_cursor=None))


@resource.get("/notices/<id:notice_id>/document")
@answers_only(_TEXT)
def read_notice_document(path: NoticePath) -> Response:
    """Read a notice as text: the very bytes that are reviewed and served, once it is complete."""
    notice, documents = notices.read_documents(context(), principal(), path.notice_id)
    return file(documents.text.encode(), _TEXT, f"{notice.id}.md")


@resource.get("/notices/<id:notice_id>/page")
@answers_only(_PAGE)
def read_notice_page(path: NoticePath) -> Response:
    """Read a notice as a page that says the same as the text."""
    notice, documents = notices.read_documents(context(), principal(), path.notice_id)
    return file(documents.page.encode(), _PAGE, f"{notice.id}.html")


@resource.post("/notices/<id:notice_id>/complete", responses={200: NoticeOut})
@idempotent()
def complete_notice(path: NoticePath, header: ChangeHeaders, body: Completion) -> Response:
    """Declare a notice complete: every element is there, and the case supports it. Its bytes are written down."""
    done = notices.complete_notice(
        context(), principal(), path.notice_id, reason=body.reason, if_version=header.version()
    )
    return _answer(done)


@resource.post("/notices/<id:notice_id>/send-back", responses={200: NoticeOut})
@idempotent()
def send_notice_back(path: NoticePath, header: ChangeHeaders, body: SendingBack) -> Response:
    """Do not let a notice go, as an operator: it is a draft again."""
    sent_back = notice_reviews.send_back(
        context(), principal(), path.notice_id, ground=body.ground, reason=body.reason, if_version=header.version()
    )
    return _answer(sent_back)


@resource.post("/notices/<id:notice_id>/review", responses={200: NoticeOut})
@idempotent()
def review_notice(path: NoticePath, header: ChangeHeaders, body: NoticeReview) -> Response:
    """Say, as an operator who has had no part in it, that the very bytes may go.

    Where the claimant is a public figure, nobody has said that they are none, or they are limited, it takes two: a
    proposal of the kind `notice_service`, which another operator approves.
    """
    reviewed = notice_reviews.review_notice(
        context(),
        principal(),
        path.notice_id,
        document_sha256=body.document_sha256,
        evidence_seen=body.evidence_seen,
        reason=body.reason,
        if_version=header.version(),
    )
    return _answer(reviewed)


@resource.post("/notices/<id:notice_id>/serve", responses={200: NoticeOut})
@idempotent()
def serve_notice(path: NoticePath, header: ChangeHeaders, body: ServiceIn) -> Response:
    """Say that you have served a notice: to whom, how, when, and which bytes. The registry sends nothing."""
    served = notice_course.serve_notice(
        context(), principal(), path.notice_id, body.value(), if_version=header.version()
    )
    return _answer(served)


@resource.post("/notices/<id:notice_id>/counter", responses={200: NoticeOut})
@idempotent()
def counter_notice(path: NoticePath, header: ChangeHeaders, body: CounterIn) -> Response:
    """Say otherwise, as the organisation that was served. The case is opened again.

    Once the notice was upheld it takes something new: a paper that you have filed in the case since.
    """
    countered = notice_course.counter_notice(
        context(), principal(), path.notice_id, **body.model_dump(), if_version=header.version()
    )
    return _answer(countered)


@resource.post("/notices/<id:notice_id>/court-action", responses={200: NoticeOut})
@idempotent()
def file_court_action(path: NoticePath, header: ChangeHeaders, body: CourtActionIn) -> Response:
    """Say that the claimant has filed an action, so that nothing is put back because time is over."""
    filed = notice_course.file_court_action(
        context(),
        principal(),
        path.notice_id,
        reference=body.reference,
        filed_on=body.filed_on,
        reason=body.reason,
        if_version=header.version(),
    )
    return _answer(filed)


@resource.post("/notices/<id:notice_id>/uphold", responses={200: NoticeOut})
@idempotent()
def uphold_notice(path: NoticePath, header: ChangeHeaders, body: Upholding) -> Response:
    """Uphold a countered notice, as an operator, once its case was decided anew and still supports it."""
    upheld = notice_course.uphold_notice(
        context(), principal(), path.notice_id, reason=body.reason, if_version=header.version()
    )
    return _answer(upheld)


@resource.post("/notices/<id:notice_id>/put-back", responses={200: NoticeOut})
@idempotent()
def put_notice_back(path: NoticePath, header: ChangeHeaders, body: PuttingBack) -> Response:
    """Say, as an operator, that what was taken down may be shown again: by mistake, or since the term is over.

    Where the respondent is limited, the term's being over takes two: a proposal of the kind `notice_put_back`.
    """
    put_back = notice_course.put_back_notice(
        context(), principal(), path.notice_id, ground=body.ground, reason=body.reason, if_version=header.version()
    )
    return _answer(put_back)


@resource.post("/notices/<id:notice_id>/withdraw", responses={200: NoticeOut})
@idempotent()
def withdraw_notice(path: NoticePath, header: ChangeHeaders, body: NoticeWithdrawal) -> Response:
    """Take a notice back, as the claimant's side, or as an operator where the registry drafted it."""
    withdrawn = notices.withdraw_notice(
        context(), principal(), path.notice_id, ground=body.ground, reason=body.reason, if_version=header.version()
    )
    return _answer(withdrawn)


def _answer(notice: Notice) -> Response:
    """Answer a notice to who has just changed it."""
    return answer(NoticeOut.of(ShownNotice(notice, whole=True)), tag=entity_tag(notice.version))
