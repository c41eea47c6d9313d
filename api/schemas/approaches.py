"""Approaches: who asked a performer, and what they answered."""

from __future__ import annotations

from datetime import date

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import Answer, ApproachId, Body, Line, Moment, OrganisationId, Page, Path, Prose, Sha256
from api.schemas.examples import Example
from registry.domain.approaches import ApproachOutcome
from registry.domain.uses import UsePurpose

_NEW: Example = {
    "studio_id": None,
    "studio_name": "Northlight Games",
    "asked_on": "2026-02-20",
    "purposes": ["assistant", "voice_clone"],
    "scope": "My voice for a talking assistant, worldwide, without end.",
    "outcome": "declined",
    "evidence_sha256": examples.DIGEST,
    "amends_id": None,
}
_EXAMPLE: Example = {
    "id": examples.APPROACH,
    "performer_id": examples.PERFORMER,
    **_NEW,
    "studio_id": examples.ORGANISATION,
    "recorded_by": examples.ACCOUNT,
    "recorded_at": examples.NOW,
}


class ApproachPath(Path):
    """Which approach."""

    performer_id: str = Field(examples=[examples.PERFORMER])
    approach_id: str = Field(examples=[examples.APPROACH])


class NewApproach(Body):
    """A studio asked on this day for this scope, and this was the answer. It is never changed, only amended."""

    model_config = ConfigDict(json_schema_extra={"examples": [_NEW]})

    studio_id: OrganisationId | None = Field(default=None, description="Who asked, where the id is known.")
    studio_name: Line | None = Field(default=None, description="Who asked, by name; exactly one of the two.")
    asked_on: date = Field(description="The day.")
    purposes: list[UsePurpose] = Field(default=[], max_length=len(UsePurpose), description="What for, if it was said.")
    scope: Prose = Field(description="What for, in words.")
    outcome: ApproachOutcome
    evidence_sha256: Sha256 | None = Field(default=None, description="SHA-256 of what shows it, such as the letter.")
    amends_id: ApproachId | None = Field(default=None, description="The entry that this one takes the place of.")


class ApproachOut(Answer):
    """One entry of a performer's record of who asked."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    performer_id: str
    studio_id: str | None = Field(description="Who asked, where the registry knows the studio.")
    studio_name: str
    asked_on: date
    purposes: list[UsePurpose]
    scope: str
    outcome: ApproachOutcome
    evidence_sha256: str | None
    amends_id: str | None
    recorded_by: str
    recorded_at: Moment


class ApproachPage(Page):
    """Entries, oldest first, with those that were amended."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next_cursor": None}]})

    items: list[ApproachOut]
