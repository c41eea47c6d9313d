"""What is done to a notice on its page: each step by whom the rules let take it, and as it was seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flask import Response, request

from api.limits import MULTIPART, Takes
from api.pages.checked import checked
from api.pages.disputes.access import CLAIM, REGISTRY, RESPONDENT, acting_in
from api.pages.disputes.notices import notice_page
from api.pages.disputes.trying import filled, sent, trying
from api.pages.forms import once
from api.pages.personal import personal, stands_for, takes, went_on
from api.pages.steps import seen_version
from api.pages.zones import given_moment
from api.rate_limits import spends
from api.rates import Budget
from api.schemas.notices import (
    Completion,
    CounterIn,
    CourtActionIn,
    NoticeDraft,
    NoticeReview,
    NoticeWithdrawal,
    PuttingBack,
    SendingBack,
    ServiceIn,
    Upholding,
)
from api.schemas.proposals import NewTwoPersonProposal
from api.state import context, principal
from api.uploads import upload_of
from registry.domain.accounts import Scope
from registry.domain.cases import CaseSide
from registry.domain.notice_document import MOST_MATERIALS
from registry.domain.reviews import Exclusion
from registry.domain.rules.notice_packs import ElementKind, notice_pack
from registry.errors import InvalidInputError
from registry.services import notice_course, notice_reviews, notices, proposals, stay_down
from registry.store.notices import Notice

_ONE = "/notices/<id:notice_id>"
_OPERATION = "/v1/notices/{notice_id}"

Do = Callable[[], object]


def _acting(notice_id: str, sides: frozenset[CaseSide]) -> Notice:
    """Answer a notice to whoever may take a step of these sides with it, before what they sent is looked at."""
    principal().require(Scope.CASES_WRITE)
    notice = notices.get_notice(context(), principal(), notice_id).notice
    acting_in(notice.case_id, sides)
    return notice


def _taking(notice_id: str, form: str, do: Do, done: str = "step") -> Response:
    """Take a step, and show the notice as it stands then; or as it stands now, with what was refused."""

    def taken() -> Response:
        do()
        return went_on(f"/notices/{notice_id}", done=done)

    return trying(form, taken, lambda failed: notice_page(notice_id, failed))


# --- what it says ----------------------------------------------------------------------------------------------------


@personal.post(_ONE)
@stands_for(f"PATCH {_OPERATION}")
@once
def change_notice(notice_id: str) -> Response:
    """Keep what was written into a draft."""
    notice = _acting(notice_id, CLAIM)

    def change() -> None:
        body = checked(NoticeDraft, **_draft(notice))
        notices.change_notice(context(), principal(), notice_id, body.value(), if_version=seen_version())

    return _taking(notice_id, "change", change, "kept")


def _draft(notice: Notice) -> dict[str, Any]:
    """Answer what a form says of a draft: every element of its pack, what it is about, and what was considered."""
    elements = notice_pack(notice.pack_id).elements
    written = [each.key for each in elements if each.kind in {ElementKind.TEXT, ElementKind.SIGNATURE}]
    stated = {each.key for each in elements if each.kind is ElementKind.STATEMENT}
    return {
        "elements": [{"key": key, "text": request.form.get(f"element-{key}", "").strip()} for key in written],
        "affirmed": sorted(stated & set(request.form.getlist("affirmed"))),
        "materials": list(_materials()),
        "considered": list(considered()),
    }


def _materials() -> Iterator[dict[str, str | None]]:
    for number in range(MOST_MATERIALS + 1):
        names = (f"what-{number}", f"location-{number}", f"sha256-{number}")
        what, location, sha256 = sent(*names).values()
        if what or location or sha256:
            yield {"what": what, "location": location, "sha256": sha256 or None}


def considered() -> Iterator[dict[str, object]]:
    """Yield what a form says of each exclusion; of one that nobody has considered it says nothing."""
    for each in Exclusion:
        applies, reason = sent(f"applies-{each.value}", f"why-{each.value}").values()
        if applies in {"yes", "no"} or reason:
            if applies not in {"yes", "no"}:
                raise InvalidInputError("say whether an exclusion applies", missing=each.value)
            yield {"exclusion": each.value, "applies": applies == "yes", "reason": reason}


@personal.post(f"{_ONE}/complete")
@stands_for(f"POST {_OPERATION}/complete")
@once
def complete_notice(notice_id: str) -> Response:
    """Declare a notice complete: its bytes are written down."""
    _acting(notice_id, CLAIM)

    def complete() -> None:
        body = checked(Completion, **sent("reason"))
        notices.complete_notice(context(), principal(), notice_id, reason=body.reason, if_version=seen_version())

    return _taking(notice_id, "complete", complete)


# --- whether it may go -----------------------------------------------------------------------------------------------


@personal.post(f"{_ONE}/send-back")
@stands_for(f"POST {_OPERATION}/send-back")
@once
def send_notice_back(notice_id: str) -> Response:
    """Do not let a notice go: it is a draft again."""
    _acting(notice_id, REGISTRY)

    def send() -> None:
        body = checked(SendingBack, **sent("ground", "reason"))
        notice_reviews.send_back(
            context(), principal(), notice_id, ground=body.ground, reason=body.reason, if_version=seen_version()
        )

    return _taking(notice_id, "send_back", send)


@personal.post(f"{_ONE}/review")
@stands_for(f"POST {_OPERATION}/review")
@once
def review_notice(notice_id: str) -> Response:
    """Say that the very bytes may go, which the page has shown."""
    _acting(notice_id, REGISTRY)

    def review() -> None:
        body = checked(NoticeReview, **sent("document_sha256", "evidence_seen", "reason"))
        notice_reviews.review_notice(context(), principal(), notice_id, **body.model_dump(), if_version=seen_version())

    return _taking(notice_id, "review", review)


@personal.post(f"{_ONE}/propose-service")
@stands_for("POST /v1/proposals")
@once
def propose_notice_service(notice_id: str) -> Response:
    """Say, as the first of two who have to read it, that the very bytes may go."""
    notice = _acting(notice_id, REGISTRY)
    content = {"kind": "notice_service", "notice_id": notice.id, **sent("document_sha256")}
    return _taking(notice_id, "propose_service", lambda: _propose(content), "proposed")


@personal.post(f"{_ONE}/propose-put-back")
@stands_for("POST /v1/proposals")
@once
def propose_notice_put_back(notice_id: str) -> Response:
    """Say, as the first of two who have to, that what a notice took down may be shown again."""
    notice = _acting(notice_id, REGISTRY)
    content = {"kind": "notice_put_back", "notice_id": notice.id, "version": seen_version()}
    return _taking(notice_id, "propose_put_back", lambda: _propose(content), "proposed")


def _propose(content: Mapping[str, object]) -> None:
    body = checked(NewTwoPersonProposal, proposal=dict(content), **sent("reason"))
    proposals.propose(context(), principal(), body.content(), reason=body.reason)


# --- its course ------------------------------------------------------------------------------------------------------


@personal.post(f"{_ONE}/serve")
@stands_for(f"POST {_OPERATION}/serve")
@once
def serve_notice(notice_id: str) -> Response:
    """Say that one has served a notice; the registry sends nothing."""
    _acting(notice_id, CLAIM)

    def serve() -> None:
        at = request.form.get("served_at", "").strip()
        body = checked(
            ServiceIn,
            **sent("served_to", "served_by", "sent_sha256", "reason"),
            served_at=given_moment(at, request.form.get("served_in", "")) if at else "",
        )
        notice_course.serve_notice(context(), principal(), notice_id, body.value(), if_version=seen_version())

    return _taking(notice_id, "serve", serve)


@personal.post(f"{_ONE}/counter")
@stands_for(f"POST {_OPERATION}/counter")
@once
def counter_notice(notice_id: str) -> Response:
    """Say otherwise, as whoever was served."""
    _acting(notice_id, RESPONDENT)

    def counter() -> None:
        said = {"yes": True, "no": False}.get(request.form.get("notarised", ""))
        body = checked(CounterIn, **sent("text"), **filled("new_paper_id"), notarised=said)
        notice_course.counter_notice(context(), principal(), notice_id, **body.model_dump(), if_version=seen_version())

    return _taking(notice_id, "counter", counter)


@personal.post(f"{_ONE}/court-action")
@stands_for(f"POST {_OPERATION}/court-action")
@once
def file_court_action(notice_id: str) -> Response:
    """Say that an action was filed."""
    _acting(notice_id, CLAIM)

    def say() -> None:
        body = checked(CourtActionIn, **sent("reference", "filed_on", "reason"))
        notice_course.file_court_action(
            context(), principal(), notice_id, **body.model_dump(), if_version=seen_version()
        )

    return _taking(notice_id, "court_action", say)


@personal.post(f"{_ONE}/uphold")
@stands_for(f"POST {_OPERATION}/uphold")
@once
def uphold_notice(notice_id: str) -> Response:
    """Uphold a countered notice, once its case was decided anew."""
    _acting(notice_id, REGISTRY)

    def uphold() -> None:
        body = checked(Upholding, **sent("reason"))
        notice_course.uphold_notice(context(), principal(), notice_id, reason=body.reason, if_version=seen_version())

    return _taking(notice_id, "uphold", uphold)


@personal.post(f"{_ONE}/put-back")
@stands_for(f"POST {_OPERATION}/put-back")
@once
def put_notice_back(notice_id: str) -> Response:
    """Say that what was taken down may be shown again."""
    _acting(notice_id, REGISTRY)

    def put_back() -> None:
        body = checked(PuttingBack, **sent("ground", "reason"))
        notice_course.put_back_notice(
            context(), principal(), notice_id, ground=body.ground, reason=body.reason, if_version=seen_version()
        )

    return _taking(notice_id, "put_back", put_back)


@personal.post(f"{_ONE}/withdraw")
@stands_for(f"POST {_OPERATION}/withdraw")
@once
def withdraw_notice(notice_id: str) -> Response:
    """Take a notice back."""
    _acting(notice_id, CLAIM)

    def withdraw() -> None:
        body = checked(NoticeWithdrawal, **sent("ground", "reason"))
        notices.withdraw_notice(
            context(), principal(), notice_id, ground=body.ground, reason=body.reason, if_version=seen_version()
        )

    return _taking(notice_id, "withdraw", withdraw)


# --- what stays down -------------------------------------------------------------------------------------------------


@personal.post(f"{_ONE}/stay-down")
@stands_for(f"POST {_OPERATION}/stay-down")
@takes(Takes(MULTIPART))
@spends(Budget.CHECKS)
@once
def add_stay_down_fingerprint(notice_id: str) -> Response:
    """Let a recording be told in another encoding, by the very file that the notice names. It is not kept."""
    _acting(notice_id, CLAIM)

    def add() -> None:
        recording = request.files.get("file")
        if recording is None or not recording.filename:
            wrong: list[dict[str, object]] = [{"pointer": "#/file"}]
            raise InvalidInputError("no file was chosen", errors=wrong)
        stay_down.add_fingerprint(context(), principal(), notice_id, upload=upload_of(recording))

    return _taking(notice_id, "stay_down", add, "fingerprinted")


@personal.post(f"{_ONE}/stay-down/<id:stay_down_id>/end")
@stands_for(f"POST {_OPERATION}/stay-down/{{stay_down_id}}/end")
@once
def end_stay_down(notice_id: str, stay_down_id: str) -> Response:
    """End one entry by hand: its fingerprint is erased."""
    _acting(notice_id, CLAIM)
    return _taking(
        notice_id,
        "stay_down",
        lambda: stay_down.end_entry(context(), principal(), notice_id, stay_down_id, if_version=seen_version()),
        "ended",
    )
