"""Who the caller is."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import Answer
from registry.domain.accounts import Principal, Role, Scope


class ActingFor(Answer):
    """A performer that the caller is, or acts for."""

    performer_id: str
    scopes: list[Scope] = Field(description="What the caller may do in the performer's name.")


class Me(Answer):
    """Who the caller is, and what their token may do."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "account_id": examples.ACCOUNT,
                    "role": "studio_member",
                    "organisation_id": examples.ORGANISATION,
                    "scopes": ["checks:read", "checks:write"],
                    "performers": [],
                }
            ]
        }
    )

    account_id: str
    role: Role
    organisation_id: str | None
    scopes: list[Scope]
    performers: list[ActingFor]

    @classmethod
    def of(cls, principal: Principal) -> Me:
        """Describe a principal."""
        return cls(
            account_id=principal.account_id,
            role=principal.role,
            organisation_id=principal.organisation_id,
            scopes=sorted(principal.scopes),
            performers=[
                ActingFor(performer_id=performer_id, scopes=sorted(scopes))
                for performer_id, scopes in sorted(principal.performer_ids.items())
            ],
        )
