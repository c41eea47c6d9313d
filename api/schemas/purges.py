"""Purges that two operators agreed on, and how far each is."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import Answer, Moment, Page, Path, Version, keys_of
from api.schemas.examples import Example
from registry.domain.purges import PurgeState
from registry.domain.retention import RuleId
from registry.store.purges import Purge

Counts = Annotated[dict[RuleId, int], Field(json_schema_extra=keys_of(RuleId))]
_EXAMPLE: Example = {
    "id": examples.PURGE,
    "proposal_id": examples.PROPOSAL,
    "as_of": examples.NOW,
    "schedule_sha256": examples.DIGEST,
    "state": "running",
    "due": {"check": 1200, "refused_check": 4},
    "destroyed": {"check": 400},
    "records": 1310,
    "certificates": 2,
    "approved_by": examples.ACCOUNT,
    "approved_at": examples.NOW,
    "started_at": examples.NOW,
    "ended_at": None,
    "stopped_by": None,
    "problem": None,
    "version": 3,
}


class PurgePath(Path):
    """Which purge."""

    purge_id: str = Field(examples=[examples.PURGE])


class PurgeProblemOut(Answer):
    """Why a purge could not go on."""

    slug: str
    detail: str
    figures: dict[str, int]


class PurgeOut(Answer):
    """What two operators agreed to destroy, and how far that is."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    proposal_id: str
    as_of: Moment = Field(description="What is past its time later than at this moment is not destroyed by it.")
    schedule_sha256: str
    state: PurgeState
    due: Counts = Field(description="By rule, what was past its time when it was proposed.")
    destroyed: Counts = Field(description="The same, of what is gone.")
    records: int = Field(description="Records that certificates tell of: with a check, its findings go as well.")
    certificates: int
    approved_by: str
    approved_at: Moment
    started_at: Moment | None
    ended_at: Moment | None
    stopped_by: str | None
    problem: PurgeProblemOut | None
    version: Version

    @classmethod
    def of(cls, purge: Purge) -> PurgeOut:
        """Describe a purge."""
        return cls.model_validate(purge)


class PurgePage(Page):
    """Purges, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next_cursor": None}]})

    items: list[PurgeOut]
