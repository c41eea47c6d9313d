"""Strikes, and what switching one on or off has done."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from api.paging import PageQuery
from api.schemas import examples
from api.schemas.base import Answer, Body, Line, Moment, Note, Page, Path, Version, omissible
from api.schemas.examples import Example
from registry.domain.strikes import StrikeScope
from registry.services.strikes import Switched

_STRIKE: Example = {
    "id": examples.STRIKE,
    "scope": "agreement",
    "name": "Interactive Media Agreement",
    "note": "Since midnight; see the guild's notice.",
    "declared_by": examples.ACCOUNT,
    "declared_at": examples.NOW,
    "lifted_by": None,
    "lifted_at": None,
    "version": 1,
}


class StrikePath(Path):
    """Which strike."""

    strike_id: str = Field(examples=[examples.STRIKE])


class StrikeQuery(PageQuery):
    """Which strikes."""

    on: bool | None = omissible(description="Only those that are on (`true`), or are over (`false`).")


class NewStrike(Body):
    """A strike that begins now."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"scope": "agreement", "name": "Interactive Media Agreement"}]}
    )

    scope: StrikeScope = Field(description="`agreement`: every licence under it; `guild`: of everybody it represented.")
    name: Line = Field(description="As the licences write it; letter case and spaces do not matter.")
    note: Note | None = Field(default=None, description="Both sides of every licence that rests can read it.")


class StrikeOut(Answer):
    """A strike: every licence it covers rests until it is lifted."""

    model_config = ConfigDict(json_schema_extra={"examples": [_STRIKE]})

    id: str
    scope: StrikeScope
    name: str
    note: str | None
    declared_by: str
    declared_at: Moment
    lifted_by: str | None
    lifted_at: Moment | None
    version: Version


class SwitchedOut(Answer):
    """A strike as it is now, and the licences that it has suspended or let go just now."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"strike": _STRIKE, "licences": [examples.LICENCE], "still_suspended": []}]}
    )

    strike: StrikeOut
    licences: list[str]
    still_suspended: list[str] = Field(description="Of those let go, the ones that rest for another reason.")

    @classmethod
    def of(cls, switched: Switched) -> SwitchedOut:
        """Describe what was done."""
        return cls(
            strike=StrikeOut.model_validate(switched.strike),
            licences=list(switched.licences),
            still_suspended=list(switched.still_suspended),
        )


class StrikePage(Page):
    """Strikes, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_STRIKE], "next_cursor": None}]})

    items: list[StrikeOut]
