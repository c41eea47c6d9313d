"""API tokens. The secret is in one answer only, the one that issues it."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from api.paging import PageQuery
from api.schemas import examples
from api.schemas.base import AccountId, Answer, Body, Line, Moment, Page, Path, omissible
from api.schemas.examples import Example
from registry.domain.accounts import Scope

_EXAMPLE: Example = {
    "id": examples.TOKEN,
    "account_id": examples.ACCOUNT,
    "name": "render farm",
    "scopes": ["checks:read", "checks:write"],
    "created_at": examples.NOW,
    "expires_at": examples.NEXT_YEAR,
    "last_used_at": None,
    "revoked_at": None,
}


class TokenPath(Path):
    """Which token."""

    token_id: str = Field(examples=[examples.TOKEN])


class TokenQuery(PageQuery):
    """Which tokens."""

    account_id: AccountId | None = omissible(description="Whose; one's own when left out.")


class NewToken(Body):
    """A token to be issued."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "render farm", "scopes": ["checks:read", "checks:write"], "expires_in_days": 90}]
        }
    )

    account_id: AccountId | None = Field(default=None, description="Whom it is for; oneself when left out.")
    name: Line = Field(description="What it is for.")
    scopes: list[Scope] | None = Field(
        default=None, max_length=len(Scope), description="What it may do; all that the account may when left out."
    )
    expires_in_days: int = Field(default=90, ge=1, le=366)


class Rotation(Body):
    """How a token is replaced."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"overlap_hours": 24, "expires_in_days": 90}]})

    overlap_hours: int = Field(default=24, ge=0, le=168, description="How long the old one still works; 0 revokes it.")
    expires_in_days: int | None = Field(
        default=None, ge=1, le=366, description="How long the new one lives; as long as the old one was to if null."
    )


class TokenOut(Answer):
    """A token, without its secret."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    account_id: str
    name: str
    scopes: list[Scope]
    created_at: Moment
    expires_at: Moment
    last_used_at: Moment | None
    revoked_at: Moment | None


class IssuedTokenOut(TokenOut):
    """A new token with its secret, which is shown this once and cannot be had again."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**_EXAMPLE, "token": "lrt_the-secret-is-shown-here-and-never-again"}]}
    )

    token: str = Field(description="Send it as `Authorization: Bearer …`.")


class TokenPage(Page):
    """Tokens, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next_cursor": None}]})

    items: list[TokenOut]
