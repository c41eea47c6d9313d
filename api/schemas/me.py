"""Who the caller is."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import Answer, Moment
from registry.domain.accounts import Principal, Role, Scope


class ActingFor(Answer):
    """A performer that the caller is, or acts for."""

    performer_id: str
    scopes: list[Scope] = Field(description="What the caller may do in the performer's name.")


class CurrentSession(Answer):
    """The session that is asking."""

    id: str
    created_at: Moment
    idle_at: Moment = Field(description="When it ends if nothing more is asked.")
    expires_at: Moment = Field(description="When it ends in any case.")
    csrf_token: str = Field(description="Send it as `X-CSRF-Token` with every request that changes something.")


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
                    "session": None,
                }
            ]
        }
    )

    account_id: str
    role: Role
    organisation_id: str | None
    scopes: list[Scope]
    performers: list[ActingFor]
    session: CurrentSession | None = Field(description="Null where a token is asking.")

    @classmethod
    def of(cls, principal: Principal, session: CurrentSession | None = None) -> Me:
        """Describe a principal."""
        return cls(
            account_id=principal.account_id,
            role=principal.role,
            organisation_id=principal.organisation_id,
            scopes=sorted(principal.scopes),
            session=session,
            performers=[
                ActingFor(performer_id=performer_id, scopes=sorted(scopes))
                for performer_id, scopes in sorted(principal.performer_ids.items())
            ],
        )
