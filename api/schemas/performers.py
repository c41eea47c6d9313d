"""Performers."""

from __future__ import annotations

from datetime import date

from pydantic import AliasChoices, ConfigDict, Field

from api.schemas import examples
from api.schemas.base import AccountId, Answer, Body, Line, Moment, Page, Path, Sha256, Version
from api.schemas.examples import Example
from registry.domain.performers import IdentityAssurance

_EXAMPLE: Example = {
    "id": examples.PERFORMER,
    "name": "Marta Calder",
    "identity_assurance": "union_vouched",
    "account_id": None,
    "minor_until": None,
    "died_on": None,
    "forgotten_at": None,
    "deleted_at": None,
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
    namesake_evidence_sha256: Sha256 | None = Field(
        default=None,
        description=(
            "Digest of what shows that this is another person than the one of that name who asked to be forgotten; for "
            "an operator to say."
        ),
    )
    mandate_evidence_sha256: Sha256 | None = Field(
        default=None,
        description=(
            "Digest of the signed mandate by which a representative registers the performer. Without it the "
            "representative decides nothing in the performer's name."
        ),
    )


class PerformerChange(Body):
    """What is to be changed of a performer; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"identity_assurance": "document_checked"}]})

    name: Line | None = None
    identity_assurance: IdentityAssurance | None = None
    account_id: AccountId | None = None


class BirthDate(Body):
    """When a performer was born. The date itself is not kept."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"birth_date": "2011-05-09", "evidence_sha256": examples.DIGEST}]}
    )

    birth_date: date
    evidence_sha256: Sha256 | None = Field(default=None, description="Of the document that shows it.")


class Death(Body):
    """That a performer has died."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"died_on": "2026-02-20", "evidence_sha256": examples.DIGEST}]}
    )

    died_on: date
    evidence_sha256: Sha256 = Field(description="Of the document that shows it.")


class PerformerOut(Answer):
    """A person whose voice and face are protected."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    name: str
    identity_assurance: IdentityAssurance
    account_id: str | None
    minor_until: date | None = Field(
        validation_alias=AliasChoices("minor_until", "adult_on"),
        description="The day of age of a minor; null for everybody else.",
    )
    died_on: date | None
    forgotten_at: Moment | None = Field(description="When the performer asked to be forgotten; null otherwise.")
    deleted_at: Moment | None = Field(description="When two operators deleted the performer; null otherwise.")
    created_at: Moment
    version: Version


class PerformerPage(Page):
    """Performers, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next_cursor": None}]})

    items: list[PerformerOut]
