"""What would make a use permitted, derived from the reasons that stand against it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import Field

from api.schemas.base import Answer
from registry.domain.remedies import Remedy, ways_of
from registry.domain.scores import Reason


class RemedyOut(Answer):
    """One thing that would have to come about. Something else may stand behind it: ask again then."""

    remedy: Remedy
    because: str = Field(description="Code of the reason that asks for it.")
    figures: dict[str, str | int | float | bool | None] = Field(description="What it is about, as the reason has it.")


def remedies_of(reasons: Iterable[Mapping[str, Any]]) -> list[RemedyOut]:
    """Describe what would have to come about so that none of some reasons, as they are stored, stands any more."""
    ways = ways_of(Reason.of_json(each) for each in reasons)
    return [RemedyOut(remedy=way.remedy, because=way.because, figures=dict(way.figures)) for way in ways]
