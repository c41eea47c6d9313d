"""Declared uses in JSON: what a studio wants to do with a voice."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints

from api.schemas import examples
from api.schemas.base import Answer, Body, Language, LicenceId, Line, Sha256, Territory
from api.schemas.examples import Example
from registry.domain.uses import DeclaredUse, Medium, Quantity, UsageUnit, UseKind, UseMode, UsePurpose
from registry.errors import InvalidInputError

USE: Example = {
    "kind": "generated",
    "purpose": "advertising",
    "project": "Harbour Lights",
    "medium": "radio",
    "territory": "GB",
    "language": "en",
    "use_mode": "fixed",
    "quantities": [{"unit": "line", "amount": 12}],
    "copy_sha256": examples.DIGEST,
    "ai_disclosed": True,
    "claimed_licence_ids": [examples.LICENCE],
}

_AMOUNT = 2**31 - 1


class QuantityIn(Body):
    """How much of one unit a use takes."""

    model_config = ConfigDict(from_attributes=True)

    unit: UsageUnit
    amount: int = Field(ge=1, le=_AMOUNT)


class Use(Body):
    """A use that is meant. What is left out is unknown, and unknown is never permitted."""

    model_config = ConfigDict(json_schema_extra={"examples": [USE]})

    kind: UseKind = Field(description="What is to be made, or taught with.")
    purpose: UsePurpose = Field(description="What the voice is used for.")
    project: Line = Field(description="Your own name of the production or the data set.")
    medium: Medium = Field(description="Where the result is heard.")
    territory: Territory
    language: Language | None = Field(default=None, description="BCP 47 tag of what is spoken.")
    use_mode: UseMode | None = Field(default=None, description="Fixed, or made while people listen.")
    quantities: list[QuantityIn] = Field(
        default=[], max_length=len(UsageUnit), description="How much of it, for licences that cap their volume."
    )
    copy_sha256: Sha256 | None = Field(default=None, description="SHA-256 of the exact words (UTF-8).")
    ai_disclosed: bool | None = Field(default=None, description="Whether it is marked and labelled as was agreed.")
    claimed_licence_ids: list[LicenceId] = Field(default=[], max_length=20, description="Licences you act under.")

    def value(self) -> DeclaredUse:
        """Answer the use as the rules take it.

        Raises:
            InvalidInputError: a unit is given twice.
        """
        return DeclaredUse(
            kind=self.kind,
            purpose=self.purpose,
            project=self.project,
            medium=self.medium,
            territory=self.territory,
            language=self.language,
            claimed_licence_ids=tuple(self.claimed_licence_ids),
            use_mode=self.use_mode,
            quantities=each_once([Quantity(each.unit, each.amount) for each in self.quantities]),
            copy_sha256=self.copy_sha256,
            ai_disclosed=self.ai_disclosed,
        )


def each_once(quantities: list[Quantity]) -> tuple[Quantity, ...]:
    """Answer quantities of which none is of the same unit as another.

    Raises:
        InvalidInputError: two are; figure ``unit``.
    """
    seen: set[UsageUnit] = set()
    for quantity in quantities:
        if quantity.unit in seen:
            raise InvalidInputError(f"{quantity.unit.value} is given twice", unit=quantity.unit.value)
        seen.add(quantity.unit)
    return tuple(quantities)


QuantityText = Annotated[
    str,
    StringConstraints(pattern=rf"^({'|'.join(UsageUnit)}):[1-9][0-9]{{0,8}}$"),
    Field(description="A unit and an amount, such as `line:12`.", examples=["line:12"]),
]


def quantity_of(text: str) -> Quantity:
    """Read a quantity from a form."""
    unit, _, amount = text.partition(":")
    return Quantity(UsageUnit(unit), int(amount))


class UseShown(Answer):
    """A use, as it was declared."""

    kind: UseKind
    purpose: UsePurpose
    project: str
    medium: Medium
    territory: str
    language: str | None
    use_mode: UseMode | None
    quantities: list[QuantityIn]
    copy_sha256: str | None
    ai_disclosed: bool | None
    claimed_licence_ids: list[str]

    @classmethod
    def of_json(cls, stored: dict[str, Any]) -> UseShown:
        """Describe a use as it is stored."""
        return cls.model_validate({name: stored[name] for name in cls.model_fields})
