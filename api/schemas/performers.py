"""Performers."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import AccountId, Answer, Body, Line, Moment, Page, Path, Version
from api.schemas.examples import Example
from registry.domain.performers import IdentityAssurance

_EXAMPLE: Example = {
    "id": examples.PERFORMER,
    "name": "Marta Calder",
    "identity_assurance": "union_vouched",
    "account_id": None,
    "created_at": examples.NOW,
    "version": 1,
}


class PerformerPath(Path):
    """Which performer."""

    performer_id: str = Field(examples=[examples.PERFORMER])


class NewPerformer(Body):
    """A performer to be registered."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Marta Calder", "identity_assurance": "union_vouched"}]}
    )

    name: Line
    identity_assurance: IdentityAssurance = Field(description="How the performer's identity was established.")
    account_id: AccountId | None = Field(default=None, description="The performer's own account, if there is one.")


class PerformerChange(Body):
    """What is to be changed of a performer; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"identity_assurance": "document_checked"}]})

    name: Line | None = None
    identity_assurance: IdentityAssurance | None = None
    account_id: AccountId | None = None


class PerformerOut(Answer):
    """A person whose voice and face are protected."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    name: str
    identity_assurance: IdentityAssurance
    account_id: str | None
    created_at: Moment
    version: Version


class PerformerPage(Page):
    """Performers, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next_cursor": None}]})

    items: list[PerformerOut]
