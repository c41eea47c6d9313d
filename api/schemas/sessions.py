"""Sessions of people who signed in, and the links that let them in."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from api.paging import PageQuery
from api.schemas import examples
from api.schemas.base import AccountId, Answer, Moment, Page, Path, omissible
from api.schemas.examples import Example
from registry.domain.sign_in import SignInMethod

_EXAMPLE: Example = {
    "id": examples.SESSION,
    "account_id": examples.ACCOUNT,
    "method": "link",
    "created_at": examples.NOW,
    "last_seen_at": examples.LATER,
    "expires_at": examples.NEXT_DAY,
    "ended_at": None,
}


class SessionPath(Path):
    """Which session."""

    session_id: str = Field(examples=[examples.SESSION])


class SessionQuery(PageQuery):
    """Which sessions."""

    account_id: AccountId | None = omissible(description="Whose; one's own when left out.")


class SessionOut(Answer):
    """That somebody is, or was, signed in in a browser."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    account_id: str
    method: SignInMethod = Field(description="By what: a one-time link, or an identity provider.")
    created_at: Moment
    last_seen_at: Moment = Field(description="To the minute.")
    expires_at: Moment = Field(description="It is over by then in any case, and before where nothing is asked for.")
    ended_at: Moment | None = Field(description="When it was ended: by signing out, or by somebody else.")


class SessionPage(Page):
    """Sessions, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next_cursor": None}]})

    items: list[SessionOut]


class SessionsEndedOut(Answer):
    """How many sessions were ended."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"account_id": examples.ACCOUNT, "ended": 2}]})

    account_id: str
    ended: int = Field(description="Sessions that went on until now.")


class SignInLinkOut(Answer):
    """A new sign-in link, which is shown this once and cannot be had again."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": examples.SIGN_IN_LINK,
                    "account_id": examples.ACCOUNT,
                    "created_at": examples.NOW,
                    "expires_at": examples.LATER,
                    "url": "https://registry.example/sign-in/link?t=lrl_the-secret-is-shown-here-and-never-again",
                }
            ]
        }
    )

    id: str
    account_id: str
    created_at: Moment
    expires_at: Moment
    url: str = Field(description="Whoever opens it first, and presses the button there, is signed in as the account.")
