"""Identities at the identity provider, each connected to one account."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from api.paging import PageQuery
from api.schemas import examples
from api.schemas.base import AccountId, Answer, Body, Moment, Page, Path, omissible
from api.schemas.examples import Example

_EXAMPLE: Example = {
    "id": examples.IDENTITY,
    "account_id": examples.ACCOUNT,
    "issuer": "https://login.example",
    "connected_by": examples.ACCOUNT,
    "connected_at": examples.NOW,
}

Subject = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[!-~]([ -~]{0,253}[!-~])?$")]


class IdentityPath(Path):
    """Which identity."""

    identity_id: str = Field(examples=[examples.IDENTITY])


class IdentityQuery(PageQuery):
    """Which identities."""

    account_id: AccountId | None = omissible(description="Whose; one's own when left out.")


class NewIdentity(Body):
    """An identity to be connected by hand."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"subject": "248289761001"}]})

    subject: Subject = Field(
        description="`sub` of the person at the provider, exactly. What is kept of it is a digest under a secret key."
    )


class SignInIdentityOut(Answer):
    """That somebody at the identity provider signs in as an account. Who it is there is not kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    account_id: str
    issuer: str
    connected_by: str
    connected_at: Moment


class IdentityPage(Page):
    """Identities, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next_cursor": None}]})

    items: list[SignInIdentityOut]
