"""A use in a form: what somebody has filled in, held to the API's models; and what is filled in beforehand."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import request

from api.pages.language import N_, _
from api.pages.uses import KINDS, medium_called, mode_called, purpose_called, territories, unit_called
from api.state import context, principal
from registry.domain.accounts import Scope
from registry.domain.licences import LicenceState
from registry.domain.uses import DeclaredUse, Medium, UsageUnit, UseKind, UseMode, UsePurpose
from registry.services import licences
from registry.store.licences import Licence

_MOST_LICENCES: Final = 200
_SIMPLE: Final = ("kind", "purpose", "project", "medium", "territory")
_OPTIONAL: Final = ("language", "use_mode", "copy_sha256")
UNIT: Final = "units-"
_YES_OR_NO: Final[Mapping[str, bool]] = {"yes": True, "no": False}

LABELS: Final[Mapping[str, str]] = {
    "file": N_("Recordings"),
    "performer_id": N_("Performer"),
    "kind": N_("What it is"),
    "purpose": N_("Used for"),
    "project": N_("Project"),
    "medium": N_("Where it is heard"),
    "territory": N_("Territory"),
    "language": N_("Language"),
    "use_mode": N_("How it is made"),
    "fixed_on": N_("Finished on"),
    "copy_sha256": N_("SHA-256 of the exact words"),
    "claimed_licence_ids": N_("Under the licence"),
    "declared_source_id": N_("Declared source"),
    "quantities": N_("How much"),
    "beyond": N_("What it does beyond itself"),
}
"""What each field of a use is called, by the name of the API's member."""


def sent_use() -> dict[str, Any]:
    """Answer what a form says of a use, by the names of the API's members; what was left empty is left out."""
    form = request.form
    said: dict[str, Any] = {name: form.get(name, "").strip() for name in _SIMPLE}
    said |= {name: text for name in _OPTIONAL if (text := form.get(name, "").strip())}
    words = form.get("copy_text", "").replace("\r\n", "\n").strip()
    if words and "copy_sha256" not in said:
        said["copy_sha256"] = digest_of_words(words)
    if (marked := form.get("ai_disclosed", "")) in _YES_OR_NO:
        said["ai_disclosed"] = _YES_OR_NO[marked]
    said["claimed_licence_ids"] = [each for each in form.getlist("claimed_licence_ids") if each]
    return said


def digest_of_words(words: str) -> str:
    """Answer the SHA-256 of exact words, in hex: of their UTF-8, as the page of approvals makes it."""
    return hashlib.sha256(words.encode("utf-8")).hexdigest()


def sent_amounts() -> list[tuple[str, str]]:
    """Answer how much was filled in, by unit: whatever was typed, which a model holds to what it takes."""
    typed = ((unit.value, request.form.get(f"{UNIT}{unit.value}", "").strip()) for unit in UsageUnit)
    return [(unit, amount) for unit, amount in typed if amount]


def typed_of(use: DeclaredUse) -> dict[str, str]:
    """Answer a use as its form has it, to be filled in beforehand."""
    marked = {None: "", True: "yes", False: "no"}[use.ai_disclosed]
    return {
        "kind": use.kind.value,
        "purpose": use.purpose.value,
        "project": use.project,
        "medium": use.medium.value,
        "territory": use.territory,
        "language": use.language or "",
        "use_mode": use.use_mode.value if use.use_mode else "",
        "fixed_on": use.fixed_on.isoformat() if use.fixed_on else "",
        "copy_sha256": use.copy_sha256 or "",
        "ai_disclosed": marked,
        "claimed_licence_ids": use.claimed_licence_ids[0] if use.claimed_licence_ids else "",
        "declared_source_id": use.declared_source_id or "",
        **{f"{UNIT}{each.unit.value}": str(each.amount) for each in use.quantities},
    }


def choices_of_uses() -> dict[str, Any]:
    """Answer what the form of a use lets somebody choose from."""
    return {
        "kinds": [(each.value, _(KINDS[each])) for each in UseKind],
        "purposes": [(each.value, purpose_called(each)) for each in UsePurpose],
        "media": [(each.value, medium_called(each)) for each in Medium],
        "modes": [(each.value, mode_called(each)) for each in UseMode],
        "units": [(f"{UNIT}{each.value}", unit_called(each)) for each in UsageUnit],
        "territories": territories(),
        "labels": LABELS,
    }


def own_licences() -> Sequence[Licence]:
    """Answer the licences that somebody may act under: those in force; none to whoever has no licences."""
    if Scope.LICENCES_READ not in principal().scopes or principal().is_operator:
        return ()
    return licences.list_licences(context(), principal(), state=LicenceState.ACTIVE, after=None, limit=_MOST_LICENCES)


def wrong_fields(figures: Mapping[str, Any], labels: Mapping[str, str] = LABELS) -> list[str]:
    """Answer what the fields are called that a model has refused, in their order, each once.

    Args:
        figures: of the error; ``errors`` says where.
        labels: what each field is called.
    """
    named = {part for each in figures.get("errors", ()) for part in str(each.get("pointer", "")).split("/")}
    return [_(words) for name, words in labels.items() if name in named]
