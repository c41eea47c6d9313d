"""Refusals: what pages of an account say of what could not be done, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from api.pages.language import N_, _, number
from api.pages.steps import named_wrong, told
from registry.errors import RegistryError

REFUSALS: Final[Mapping[str, tuple[str, str]]] = {
    "stale_version": (
        N_("Somebody has changed this since you opened the page. Nothing of what you sent was done."),
        N_("Below is how it stands now. Look at it, and decide again."),
    ),
    "conflict": (
        N_("That cannot be done as this stands now."),
        N_("Below is how it stands now."),
    ),
    "duplicate": (
        N_("There is one of this name already."),
        N_("Choose another name, or use the one that there is."),
    ),
    "invalid_input": (
        N_("Something is missing, or not written as it is taken. Nothing was kept yet."),
        N_("What you typed is still here. Mend what is named, and send it again."),
    ),
    "idempotency_key_reused": (
        N_("This form was sent once already, with something else in it. It is not done twice."),
        N_("Open the page anew, and fill it in again."),
    ),
}

_ADDRESS: Final = N_("Address")
_MEND_ADDRESS: Final = N_("Mend the address, and send it again.")
ADDRESSES: Final[Mapping[str, str]] = {
    "form": N_("The address is too long, or has a blank or a letter in it that is not taken as it is."),
    "scheme": N_("The address does not begin with https://."),
    "credentials": N_("The address has a user, a password or a # in it. None is needed: messages are signed."),
    "host": N_("The address names no machine that could be found."),
    "address": N_("The address is not one of the public internet, and the registry connects to no other."),
    "port": N_("Messages go to port 443, 80, or one from 1024 on, and not to this one."),
}
"""What is wrong with where a webhook is to lead, by the step of reading it."""

LABELS: Final[Mapping[str, str]] = {
    "name": N_("Name, or what it is for"),
    "url": _ADDRESS,
    "events": N_("What it is told of"),
    "known": N_("What it is told of"),
    "expires_in_days": N_("It works for"),
    "longest_days": N_("It works for"),
    "scopes": N_("What it may do"),
    "role": N_("Role"),
    "organisation_name": N_("Organisation, where the role has one"),
    "required_kind": N_("Organisation, where the role has one"),
    "organisation_id": N_("Id of the organisation, where it is not your own"),
}
"""What the parts of forms are called, by the name of the API's member or of an error's figure."""


def refused(error: RegistryError | None) -> tuple[HTTPStatus, dict[str, Any]]:
    """Answer with which status a form comes back, and what its page says of why: problem, and the parts to look at.

    Raises:
        RegistryError: ``error``, where a page of its own tells it.
    """
    if error is None:
        return HTTPStatus.OK, {"problem": None, "wrong": []}
    status, problem = told(error, REFUSALS)
    step, most = error.figures.get("step"), error.figures.get("allowed")
    if step in ADDRESSES:
        return status, {"problem": (_(ADDRESSES[str(step)]), _(_MEND_ADDRESS)), "wrong": [_(_ADDRESS)]}
    if error.slug == "conflict" and isinstance(most, int):
        many = _("Your organisation has %(most)s webhooks, as many as it may have.") % {"most": number(most)}
        return status, {"problem": (many, _("Remove one first.")), "wrong": []}
    return status, {"problem": problem, "wrong": named_wrong(error, LABELS)}
