"""Reviews: findings that wait for a person, and what the person decides."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import Answer, Body, LicenceId, Moment, Note, PackId, Page, Prose, ReviewId
from api.schemas.examples import Example
from api.schemas.findings import EXAMPLE, FindingOut
from registry.domain.reviews import Considered, Exclusion, Harm, ReviewAction

_CONSIDERED: list[Example] = [
    {"exclusion": each.value, "applies": False, "reason": "It is an advertisement for a drink."} for each in Exclusion
]
_NEW: Example = {
    "action": "open_case",
    "reason": "The performer had declined this studio, and is heard in its campaign.",
    "considered": _CONSIDERED,
    "licence_id": None,
    "pack_id": None,
    "language": "en",
    "replaces_id": None,
}
_EXAMPLE: Example = {
    "id": examples.REVIEW,
    "finding_id": examples.FINDING,
    **{name: value for name, value in _NEW.items() if name not in {"pack_id", "language"}},
    "case_id": examples.CASE,
    "notice_id": None,
    "decided_by": examples.ACCOUNT,
    "decided_at": examples.NOW,
}
_WAITING: Example = {"harm": "breach", "due_at": "2026-03-09T09:30:01Z", "finding": EXAMPLE}


class ConsideredIn(Body):
    """That somebody has considered whether a use needs nobody's leave."""

    exclusion: Exclusion
    applies: bool
    reason: Note = Field(description="Why it applies, or why not.")

    def value(self) -> Considered:
        """Answer it as the rules take it."""
        return Considered(self.exclusion, self.applies, self.reason)


class NewReview(Body):
    """What is decided about a finding, and why. Both sides read it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_NEW]})

    action: ReviewAction
    reason: Prose
    considered: list[ConsideredIn] = Field(
        default=[], max_length=len(Exclusion), description="Every exclusion, before anything leaves the registry."
    )
    licence_id: LicenceId | None = Field(default=None, description="Under which the use is accepted as licensed.")
    pack_id: PackId | None = Field(default=None, description="Form of the notice, where one is prepared.")
    language: Literal["en", "ko"] = Field(default="en", description="That such a notice is in.")
    replaces_id: ReviewId | None = Field(default=None, description="The decision that this one takes the place of.")


class ReviewOut(Answer):
    """What somebody decided about a finding."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    finding_id: str
    action: ReviewAction
    reason: str
    considered: list[ConsideredIn]
    licence_id: str | None
    case_id: str | None = Field(description="The case that was opened by it, or that a notice was prepared in.")
    notice_id: str | None = Field(description="The notice that was drafted by it.")
    replaces_id: str | None
    decided_by: str
    decided_at: Moment


class ReviewPage(Page):
    """What was decided about a finding, oldest first; the last one is what stands."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next_cursor": None}]})

    items: list[ReviewOut]


class WaitingOut(Answer):
    """A finding that waits for a person."""

    model_config = ConfigDict(json_schema_extra={"examples": [_WAITING]})

    harm: Harm = Field(description="How much is at stake; the queue begins with the gravest.")
    due_at: Moment = Field(description="By when a person should have looked at it.")
    finding: FindingOut


class WaitingPage(Page):
    """Findings that wait for a person, gravest first, and of these the oldest."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_WAITING], "next_cursor": None}]})

    items: list[WaitingOut]
