"""Accounts and the organisations they belong to."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import Answer, Body, Line, Moment, OrganisationId, Page, Path, Version
from api.schemas.examples import Example
from registry.domain.accounts import OrganisationKind, Role

_EXAMPLE: Example = {
    "id": examples.ACCOUNT,
    "role": "studio_admin",
    "name": "Mira Vance",
    "organisation": {"id": examples.ORGANISATION, "kind": "studio", "name": "Northlight Games"},
    "created_at": examples.NOW,
    "disabled_at": None,
    "version": 1,
}


class AccountPath(Path):
    """Which account."""

    account_id: str = Field(examples=[examples.ACCOUNT])


class NewAccount(Body):
    """An account to be created."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"role": "studio_admin", "name": "Mira Vance", "organisation_name": "Northlight Games"}]
        }
    )

    role: Role
    name: Line = Field(description="Of the person or the system.")
    organisation_id: OrganisationId | None = Field(default=None, description="The organisation it belongs to, or")
    organisation_name: Line | None = Field(
        default=None, description="the same by its name; an operator's request creates it where there is none."
    )


class OrganisationOut(Answer):
    """A studio, an auditor or the operator."""

    id: str
    kind: OrganisationKind
    name: str


class AccountOut(Answer):
    """Somebody, or something, that acts."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    role: Role
    name: str
    organisation: OrganisationOut | None
    created_at: Moment
    disabled_at: Moment | None
    version: Version


class AccountPage(Page):
    """Accounts, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next_cursor": None}]})

    items: list[AccountOut]
