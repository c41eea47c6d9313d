"""Refusals: what pages of an account say of what could not be done, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from api.pages.language import N_

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
