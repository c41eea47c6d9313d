"""Who acts for a performer, in what, and until when."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import AccountId, Answer, Body, Moment, Page, Sha256
from api.schemas.examples import Example
from api.schemas.performers import PerformerPath
from registry.domain.accounts import RepresentativeKind, Scope

_EXAMPLE: Example = {
    "id": examples.REPRESENTATIVE,
    "performer_id": examples.PERFORMER,
    "account_id": examples.ACCOUNT,
    "kind": "agent",
    "scopes": ["licences:read", "licences:write"],
    "evidence_sha256": examples.DIGEST,
    "created_at": examples.NOW,
    "expires_at": examples.NEXT_YEAR,
    "dismissed_at": None,
}


class RepresentativePath(PerformerPath):
    """Which representative of which performer."""

    representative_id: str = Field(examples=[examples.REPRESENTATIVE])


class NewRepresentative(Body):
    """Somebody who is to act for a performer."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "account_id": examples.ACCOUNT,
                    "kind": "agent",
                    "scopes": ["licences:read", "licences:write"],
                    "expires_at": examples.NEXT_YEAR,
                    "evidence_sha256": examples.DIGEST,
                }
            ]
        }
    )

    account_id: AccountId
    kind: RepresentativeKind
    scopes: list[Scope] = Field(max_length=len(Scope), description="What they may do in the performer's name.")
    expires_at: Moment
    evidence_sha256: Sha256 | None = Field(default=None, description="Of the mandate as signed.")


class RepresentativeOut(Answer):
    """A mandate: who acts for a performer, in what, and until when."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    performer_id: str
    account_id: str
    kind: RepresentativeKind
    scopes: list[Scope]
    evidence_sha256: str | None
    created_at: Moment
    expires_at: Moment
    dismissed_at: Moment | None


class RepresentativePage(Page):
    """Everybody who ever acted for the performer, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next_cursor": None}]})

    items: list[RepresentativeOut]
