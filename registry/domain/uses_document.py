"""A declared use, written down: for what is stored and what is signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from registry.domain.uses import DeclaredUse, Medium, Quantity, UsageUnit, UseKind, UseMode, UsePurpose
from registry.errors import InvalidInputError

TYPE = "declared_use"
VERSION = 1


def use_json(use: DeclaredUse) -> dict[str, Any]:
    """Answer a use as JSON; what was not declared is null."""
    return {
        "type": TYPE,
        "version": VERSION,
        "kind": use.kind.value,
        "purpose": use.purpose.value,
        "project": use.project,
        "medium": use.medium.value,
        "territory": use.territory,
        "language": use.language,
        "fixed_on": None if use.fixed_on is None else use.fixed_on.isoformat(),
        "claimed_licence_ids": list(use.claimed_licence_ids),
        "declared_source_id": use.declared_source_id,
        "use_mode": None if use.use_mode is None else use.use_mode.value,
        "quantities": [{"unit": each.unit.value, "amount": each.amount} for each in use.quantities],
        "copy_sha256": use.copy_sha256,
        "ai_disclosed": use.ai_disclosed,
    }


def use_of_json(written: Mapping[str, Any]) -> DeclaredUse:
    """Read what `use_json` wrote.

    Raises:
        InvalidInputError: of another type or a newer version, or not as it was written: it is not guessed at.
    """
    if written.get("type") != TYPE or written.get("version") != VERSION:
        raise InvalidInputError(f"this is not a {TYPE} of version {VERSION}", version=str(written.get("version")))
    try:
        return DeclaredUse(
            kind=UseKind(written["kind"]),
            purpose=UsePurpose(written["purpose"]),
            project=str(written["project"]),
            medium=Medium(written["medium"]),
            territory=str(written["territory"]),
            language=_text(written["language"]),
            fixed_on=None if written["fixed_on"] is None else date.fromisoformat(written["fixed_on"]),
            claimed_licence_ids=tuple(str(each) for each in written["claimed_licence_ids"]),
            declared_source_id=_text(written["declared_source_id"]),
            use_mode=None if written["use_mode"] is None else UseMode(written["use_mode"]),
            quantities=_quantities(written["quantities"]),
            copy_sha256=_text(written["copy_sha256"]),
            ai_disclosed=None if written["ai_disclosed"] is None else bool(written["ai_disclosed"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInputError(f"this {TYPE} cannot be read: {error}") from error


def _quantities(written: Sequence[Mapping[str, Any]]) -> tuple[Quantity, ...]:
    return tuple(Quantity(UsageUnit(each["unit"]), int(each["amount"])) for each in written)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
