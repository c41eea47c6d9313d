"""Under which name somebody signs a yes: one that the registry does not know them by is asked about once.

People sign by the name that their papers have, and are registered by the one that they are known by; so another name is
no mistake in itself, and is not refused. A slip of the pen would stand in the receipt for good, and so would the name
of the performer under what somebody else signs for them. A no is never asked about.
"""

from __future__ import annotations

from typing import Final

from flask import request

from api.state import context, principal
from registry.domain.accounts import Role
from registry.domain.performers import comparable_name
from registry.services import accounts
from registry.store.performers import Performer

SIGNED_BY: Final = "signed_by"
CONFIRMED: Final = "also_called"
"""The field by which somebody says that the name in it, which they have typed, is theirs as well."""


def expected_name(performer: Performer) -> str:
    """Answer the name by which the registry knows whoever signs: the performer's, or that of who acts for them."""
    if principal().role is Role.PERFORMER:
        return performer.name
    return accounts.get_account(context(), principal(), principal().account_id).name


def other_name_is_unconfirmed(performer: Performer) -> bool:
    """Whether a form is signed with a name that is not the known one, and does not say that it is meant.

    The order of the parts of a name, case, accents and punctuation do not make it another one. A name that was
    confirmed and then changed is asked about again. An empty one is for whoever checks the form.
    """
    typed = request.form.get(SIGNED_BY, "")
    if not typed.strip() or principal().is_operator or request.form.get(CONFIRMED) == typed:
        return False
    return _parts(typed) != _parts(expected_name(performer))


def _parts(name: str) -> list[str]:
    compared = (comparable_name(each) for each in name.replace(",", " ").split())
    return sorted(each for each in compared if each)
