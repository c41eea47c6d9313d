"""What whoever runs the registry looks at: keys of the house, what is due to be destroyed, figures of misuse."""

from __future__ import annotations

from enum import StrEnum

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import Answer, Moment, Page, Query
from api.schemas.examples import Example
from registry.domain.cases import CaseSide
from registry.domain.house_keys import KeyState, KeyStep, Purpose
from registry.domain.retention import RuleId
from registry.services.house_keys import RegisteredKey
from registry.services.misuse_figures import PartyFigures
from registry.services.purge import COUNTED_AT_MOST, Due

_KEY: Example = {
    "id": "signing-1",
    "purpose": "signing",
    "state": "in_use",
    "registered_at": examples.NOW,
    "retired_at": None,
    "step": "rotate",
    "command": "likeness keys rotate signing",
}
_DUE: Example = {"rule": "check", "cutoff": examples.NOW, "records": 12, "more": False}
_FIGURES: Example = {
    "side": "complainant",
    "performer_id": examples.PERFORMER,
    "organisation_id": None,
    "cases": 7,
    "not_taken_up": 4,
    "notices": 3,
    "notices_withdrawn": 2,
    "notices_put_back": 1,
    "strikes": 3,
    "limit_after": 3,
    "limited_until": None,
}


class HouseKeyOut(Answer):
    """One key of the house, as the registry was told of it. The key itself is not here."""

    model_config = ConfigDict(json_schema_extra={"examples": [_KEY]})

    id: str
    purpose: Purpose
    state: KeyState
    registered_at: Moment
    retired_at: Moment | None
    step: KeyStep | None = Field(description="What is due to be done with it; null while nothing is.")
    command: str | None = Field(description="That does it, on the registry's own machine.")

    @classmethod
    def of(cls, key: RegisteredKey) -> HouseKeyOut:
        """Describe a key."""
        return cls(**{name: getattr(key, name) for name in cls.model_fields})


class HouseKeyPage(Page):
    """Keys of the house, in the order in which the registry was told of them."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_KEY], "next_cursor": None}]})

    items: list[HouseKeyOut]


class DueOut(Answer):
    """How many records are past their time by one rule. The next purge destroys them."""

    model_config = ConfigDict(json_schema_extra={"examples": [_DUE]})

    rule: RuleId
    cutoff: Moment = Field(description="Their time began before this moment.")
    records: int = Field(description=f"Of each rule no more than {COUNTED_AT_MOST:,} are counted.")
    more: bool = Field(description="Whether there are more than were counted.")

    @classmethod
    def of(cls, due: Due) -> DueOut:
        """Describe what is due."""
        return cls(rule=due.rule, cutoff=due.cutoff, records=due.records, more=due.more)


class DuePage(Page):
    """What is due, an item for each rule that the purge carries out."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_DUE], "next_cursor": None}]})

    items: list[DueOut]


class FiguresSide(StrEnum):
    """Of whom figures are wanted."""

    COMPLAINANT = "complainant"
    RESPONDENT = "respondent"


class MisuseFiguresQuery(Query):
    """Of which side."""

    side: FiguresSide = Field(description="Who claims, or who answers.")


class MisuseFiguresOut(Answer):
    """What one party did with cases and notices, and what counts against it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_FIGURES]})

    side: CaseSide
    performer_id: str | None = Field(description="Who claims.")
    organisation_id: str | None = Field(description="Who answers.")
    cases: int
    not_taken_up: int = Field(description="Of these, how many the registry did not take up.")
    notices: int
    notices_withdrawn: int
    notices_put_back: int
    strikes: int = Field(description="In force.")
    limit_after: int = Field(description="From so many strikes on, a person may decide on a limit.")
    limited_until: Moment | None

    @classmethod
    def of(cls, figures: PartyFigures) -> MisuseFiguresOut:
        """Describe the figures of a party."""
        claims = figures.side is CaseSide.COMPLAINANT
        named = {"performer_id", "organisation_id"}
        plain = {name: getattr(figures, name) for name in cls.model_fields if name not in named}
        return cls(
            **plain,
            performer_id=figures.party_id if claims else None,
            organisation_id=None if claims else figures.party_id,
        )


class MisuseFiguresPage(Page):
    """Parties of whom there is something to look at, those with most first; at most a hundred."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_FIGURES], "next_cursor": None}]})

    items: list[MisuseFiguresOut]
