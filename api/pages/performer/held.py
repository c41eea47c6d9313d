"""What somebody holds of a performer, as pages tell it: which licence, or for which use a permission is."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from api.pages.uses import medium_called, purpose_called
from api.state import context, principal
from registry.domain.uses_document import use_of_json
from registry.services import clearances, people
from registry.services.holders import HeldKind, Holder
from registry.store.clearances import Clearance


def wording_of_holders(holders: Collection[Holder]) -> dict[str, Any]:
    """Answer what a template says holders with: titles of licences, and the permissions that the reader may read."""
    of_kind = {kind: {each.id for each in holders if each.kind is kind} for kind in HeldKind}
    return {
        "titles": people.licences_titled(context(), of_kind[HeldKind.LICENCE]),
        "permissions": clearances.clearances_told(context(), principal(), of_kind[HeldKind.CLEARANCE]),
        "use_said": use_said,
    }


def use_said(permission: Clearance) -> str:
    """Say in short what a permission is for, besides the project."""
    use = use_of_json(dict(permission.use))
    return f"{purpose_called(use.purpose)}, {medium_called(use.medium)}"
