"""Steps of a licence: offered, signed, resting and going on, ended, and a next version taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from flask import Response, request

from api.pages.checked import checked
from api.pages.forms import once
from api.pages.personal import personal, stands_for, went_on
from api.pages.steps import seen_version
from api.pages.studio.licences import LICENCES, licence_page
from api.schemas.licences import Declining, Suspension
from api.state import context, principal
from registry.domain.accounts import Scope
from registry.errors import RegistryError
from registry.services import licence_course, licence_signing, licences

_ONE: Final = f"{LICENCES}/<id:licence_id>"
_OPERATION: Final = "/v1/licences/{licence_id}"


def _stepped(licence_id: str, step: Callable[..., Any], done: str, **arguments: Any) -> Response:
    """Take a step of a licence as it was seen; where it cannot be taken, show the licence as it stands now."""
    try:
        step(context(), principal(), licence_id, **arguments, if_version=seen_version())
    except RegistryError as error:
        return licence_page(licence_id, error)
    return went_on(f"{LICENCES}/{licence_id}", done=done)


@personal.post(f"{_ONE}/offer")
@stands_for(f"POST {_OPERATION}/offer")
@once
def offer_licence(licence_id: str) -> Response:
    """Offer a draft, or a drafted next version. From now on its terms and its texts stand."""
    return _stepped(licence_id, licences.offer_licence, "offered")


@personal.post(f"{_ONE}/sign")
@stands_for(f"POST {_OPERATION}/sign")
@once
def sign_for_studio(licence_id: str) -> Response:
    """Sign what was read, for one's own side, with the key that the registry keeps for the account."""
    read = request.form.get("agreement_sha256", "")  # of another text than what stands there, nothing is signed
    return _stepped(licence_id, licence_signing.sign_licence, "signed", agreement_sha256=read)


@personal.post(f"{_ONE}/suspend")
@stands_for(f"POST {_OPERATION}/suspend")
@once
def suspend_for_studio(licence_id: str) -> Response:
    """Let a licence in force rest, and say why. It is no admission of anything."""
    principal().require(Scope.LICENCES_WRITE)
    try:
        body = checked(Suspension, reason=request.form.get("reason", ""), cause=request.form.get("cause", ""))
    except RegistryError as error:
        return licence_page(licence_id, error)
    return _stepped(licence_id, licence_course.suspend_licence, "suspended", reason=body.reason, cause=body.cause)


@personal.post(f"{_ONE}/resume")
@stands_for(f"POST {_OPERATION}/resume")
@once
def resume_for_studio(licence_id: str) -> Response:
    """Lift what one has suspended oneself; it rests on as long as anything else holds it."""
    return _stepped(licence_id, licence_course.resume_licence, "resumed", cause=None)


@personal.post(f"{_ONE}/revoke")
@stands_for(f"POST {_OPERATION}/revoke")
@once
def revoke_for_studio(licence_id: str) -> Response:
    """End a licence for good: either side what is not in force yet, the performer's side one that is."""
    return _stepped(licence_id, licence_course.revoke_licence, "revoked")


@personal.post(f"{_ONE}/withdraw-amendment")
@stands_for(f"POST {_OPERATION}/withdraw-amendment")
@once
def withdraw_amendment(licence_id: str) -> Response:
    """Take a next version back that is not in force yet. What is in force stays."""
    return _stepped(licence_id, licences.withdraw_amendment, "withdrawn")


@personal.post(f"{_ONE}/decline")
@stands_for(f"POST {_OPERATION}/decline")
@once
def decline_for_studio(licence_id: str) -> Response:
    """Decline what was offered, and say why; both sides read it."""
    principal().require(Scope.LICENCES_WRITE)
    try:
        body = checked(Declining, reason=request.form.get("reason", ""))
    except RegistryError as error:
        return licence_page(licence_id, error)
    return _stepped(licence_id, licence_course.decline_offer, "declined", reason=body.reason)
