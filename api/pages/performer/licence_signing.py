"""What a performer does with a licence: sign what was offered, decline it, let it rest, let it go on, end it."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from flask import Response, request

from api.pages.checked import checked
from api.pages.forms import once
from api.pages.performer.conflicts import does_not_fit, has_changed
from api.pages.performer.licences import ONE, licence_of, licence_page
from api.pages.personal import performer_of, personal, stands_for, went_on
from api.pages.refusals import advice
from api.pages.steps import seen_version
from api.schemas.licences import Declining, Signature, Suspension
from api.state import context, principal
from registry.domain.licences import SuspensionReason
from registry.errors import ConflictError, EvidenceRequiredError, ForbiddenError, InvalidInputError, StaleVersionError
from registry.services import licence_course, licence_signing
from registry.store.licences import Licence
from registry.store.performers import Performer

_LICENCE: Final = "/v1/licences/{licence_id}"
_PERFORMER: Final = "GET /v1/performers/{performer_id}"


@personal.post(f"{ONE}/sign")
@stands_for(f"POST {_LICENCE}/sign", _PERFORMER)
@once
def sign_licence(performer_id: str, licence_id: str) -> Response:
    """Sign what was offered, as it was read: its digest is sent along. With the second signature it is in force."""

    def sign(licence: Licence) -> None:
        _require_a_side()
        body = checked(Signature, agreement_sha256=request.form.get("agreement_sha256", ""))
        licence_signing.sign_licence(
            context(),
            principal(),
            licence.id,
            agreement_sha256=body.agreement_sha256,
            if_version=seen_version(),
        )

    return _done(performer_id, licence_id, sign, "signed")


@personal.post(f"{ONE}/pause")
@stands_for(f"POST {_LICENCE}/suspend", _PERFORMER)
@once
def pause_licence(performer_id: str, licence_id: str) -> Response:
    """Let a licence in force rest, and say why: it is no admission of anything."""

    def pause(licence: Licence) -> None:
        body = checked(
            Suspension, reason=request.form.get("reason", ""), cause=SuspensionReason.PAUSE_WITHOUT_ADMISSION
        )
        licence_course.suspend_licence(
            context(), principal(), licence.id, reason=body.reason, cause=body.cause, if_version=seen_version()
        )

    return _done(performer_id, licence_id, pause, "paused")


@personal.post(f"{ONE}/resume")
@stands_for(f"POST {_LICENCE}/resume", _PERFORMER)
@once
def resume_licence(performer_id: str, licence_id: str) -> Response:
    """Lift what the performer's side may lift of a suspension."""

    def resume(licence: Licence) -> None:
        licence_course.resume_licence(context(), principal(), licence.id, if_version=seen_version())

    return _done(performer_id, licence_id, resume, "resumed")


@personal.post(f"{ONE}/end")
@stands_for(f"POST {_LICENCE}/revoke", _PERFORMER)
@once
def end_licence(performer_id: str, licence_id: str) -> Response:
    """End a licence for good."""

    def end(licence: Licence) -> None:
        licence_course.revoke_licence(context(), principal(), licence.id, if_version=seen_version())

    return _done(performer_id, licence_id, end, "ended")


@personal.post(f"{ONE}/decline")
@stands_for(f"POST {_LICENCE}/decline", _PERFORMER)
@once
def decline_licence(performer_id: str, licence_id: str) -> Response:
    """Decline what was offered, and say why: the studio reads it. What is in force stays."""

    def decline(licence: Licence) -> None:
        _require_a_side()
        body = checked(Declining, reason=request.form.get("reason", ""))
        licence_course.decline_offer(context(), principal(), licence.id, reason=body.reason, if_version=seen_version())

    return _done(performer_id, licence_id, decline, "declined")


def _require_a_side() -> None:
    """Refuse an operator, who is on neither side: what was signed on paper is written down over the API.

    Raises:
        ForbiddenError: figure ``role``.
    """
    if principal().is_operator:
        raise ForbiddenError("a side signs or declines; an operator is on neither", role=principal().role.value)


def _done(performer_id: str, licence_id: str, do: Callable[[Licence], None], word: str) -> Response:
    """Do it, and lead back to the licence; where it is refused, show the licence as it stands now, and what helps."""
    performer = performer_of(performer_id)
    licence = licence_of(performer, licence_id)
    try:
        do(licence)
    except EvidenceRequiredError:
        raise
    except StaleVersionError:
        return _as_it_stands(performer, licence_id, HTTPStatus.PRECONDITION_FAILED, has_changed())
    except ConflictError as error:
        return _as_it_stands(performer, licence_id, HTTPStatus.CONFLICT, does_not_fit(error))
    except InvalidInputError as error:
        return _as_it_stands(performer, licence_id, HTTPStatus.UNPROCESSABLE_ENTITY, advice(error.slug, error.figures))
    return went_on(f"/performers/{performer_id}/licences/{licence_id}", done=word)


def _as_it_stands(performer: Performer, licence_id: str, status: HTTPStatus, problem: tuple[str, str]) -> Response:
    return licence_page(performer, licence_id, status, problem)
