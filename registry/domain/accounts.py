"""Who acts: organisations, accounts, their roles, and what each role may do. Deny is the default.

The table of permissions is the one place where "who may do what kind of thing" is said. Whether a *particular* check,
licence or performer is one's own is a second question, answered by `Principal.may_see_performer` and
`Principal.may_see_organisation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from registry.errors import ForbiddenError


class OrganisationKind(StrEnum):
    """What an organisation is to the registry."""

    STUDIO = "studio"
    AUDITOR = "auditor"
    OPERATOR = "operator"


class Role(StrEnum):
    """What an account is to the registry."""

    PERFORMER = "performer"
    REPRESENTATIVE = "representative"
    STUDIO_MEMBER = "studio_member"
    STUDIO_ADMIN = "studio_admin"
    AUDITOR = "auditor"
    OPERATOR = "operator"


class Scope(StrEnum):
    """One kind of thing that may be done. A token carries scopes; it can hold fewer than its account's role has."""

    ACCOUNTS_READ = "accounts:read"
    ACCOUNTS_WRITE = "accounts:write"
    TOKENS_WRITE = "tokens:write"
    PERFORMERS_READ = "performers:read"
    PERFORMERS_WRITE = "performers:write"
    CONSENTS_WRITE = "consents:write"
    ENROLMENTS_WRITE = "enrolments:write"
    LICENCES_READ = "licences:read"
    LICENCES_WRITE = "licences:write"
    CLEARANCES_READ = "clearances:read"
    CLEARANCES_WRITE = "clearances:write"
    APPROACHES_WRITE = "approaches:write"
    ATTESTATIONS_READ = "attestations:read"
    ATTESTATIONS_WRITE = "attestations:write"
    PROPOSALS_READ = "proposals:read"
    PROPOSALS_WRITE = "proposals:write"
    LEDGER_READ = "ledger:read"
    LEDGER_WRITE = "ledger:write"
    RETENTION_WRITE = "retention:write"
    CHECKS_READ = "checks:read"
    CHECKS_WRITE = "checks:write"
    FINDINGS_READ = "findings:read"
    JOURNAL_READ = "journal:read"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    SCANS_READ = "scans:read"
    SCANS_WRITE = "scans:write"
    REVIEWS_WRITE = "reviews:write"
    CASES_READ = "cases:read"
    CASES_WRITE = "cases:write"


_PERFORMER_SIDE = frozenset(
    {
        Scope.TOKENS_WRITE,
        Scope.PERFORMERS_READ,
        Scope.PERFORMERS_WRITE,
        Scope.CONSENTS_WRITE,
        Scope.ENROLMENTS_WRITE,
        Scope.LICENCES_READ,
        Scope.LICENCES_WRITE,
        Scope.CLEARANCES_READ,
        Scope.CLEARANCES_WRITE,
        Scope.APPROACHES_WRITE,
        Scope.LEDGER_READ,
        Scope.LEDGER_WRITE,
        Scope.FINDINGS_READ,
        Scope.CASES_READ,
        Scope.CASES_WRITE,
    }
)
_STUDIO_SIDE = frozenset(
    {
        Scope.LICENCES_READ,
        Scope.CLEARANCES_READ,
        Scope.CLEARANCES_WRITE,
        Scope.ATTESTATIONS_READ,
        Scope.LEDGER_READ,
        Scope.CHECKS_READ,
        Scope.CHECKS_WRITE,
        Scope.SCANS_READ,
        Scope.SCANS_WRITE,
        Scope.FINDINGS_READ,
        Scope.CASES_READ,
        Scope.TOKENS_WRITE,
    }
)

PERMISSIONS: Mapping[Role, frozenset[Scope]] = {
    Role.PERFORMER: _PERFORMER_SIDE,
    Role.REPRESENTATIVE: _PERFORMER_SIDE,
    Role.STUDIO_MEMBER: _STUDIO_SIDE,
    Role.STUDIO_ADMIN: _STUDIO_SIDE
    | {Scope.LICENCES_WRITE, Scope.LEDGER_WRITE, Scope.ATTESTATIONS_WRITE, Scope.ACCOUNTS_READ, Scope.ACCOUNTS_WRITE}
    | {Scope.WEBHOOKS_READ, Scope.WEBHOOKS_WRITE, Scope.CASES_WRITE},
    Role.AUDITOR: frozenset(
        {
            Scope.CHECKS_READ,
            Scope.CHECKS_WRITE,
            Scope.SCANS_READ,
            Scope.SCANS_WRITE,
            Scope.FINDINGS_READ,
            Scope.TOKENS_WRITE,
            Scope.WEBHOOKS_READ,
            Scope.WEBHOOKS_WRITE,
        }
    ),
    Role.OPERATOR: frozenset(Scope) - {Scope.CHECKS_WRITE},  # whoever runs the registry does not search it for a client
}

ORGANISATION_OF_ROLE: Mapping[Role, OrganisationKind | None] = {
    Role.PERFORMER: None,
    Role.REPRESENTATIVE: None,
    Role.STUDIO_MEMBER: OrganisationKind.STUDIO,
    Role.STUDIO_ADMIN: OrganisationKind.STUDIO,
    Role.AUDITOR: OrganisationKind.AUDITOR,
    Role.OPERATOR: OrganisationKind.OPERATOR,
}
"""The kind of organisation an account of each role must belong to; None: it belongs to no organisation."""


class RepresentativeKind(StrEnum):
    """In what capacity somebody acts for a performer."""

    AGENT = "agent"
    GUILD = "guild"
    GUARDIAN = "guardian"
    ESTATE = "estate"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking, as established from their token.

    Attributes:
        account_id: of the account.
        role: of the account.
        scopes: of the token, within those of the role.
        organisation_id: the studio, auditor or operator the account belongs to, if any.
        performer_ids: performers the account is, or represents at this moment, with the scopes it has for each.
    """

    account_id: str
    role: Role
    scopes: frozenset[Scope]
    organisation_id: str | None
    performer_ids: Mapping[str, frozenset[Scope]]

    @property
    def is_operator(self) -> bool:
        """Whether the account runs the registry."""
        return self.role is Role.OPERATOR

    def require(self, scope: Scope) -> None:
        """Refuse unless the token carries the scope and the role still has it.

        Raises:
            ForbiddenError: figures ``scope`` and ``role``.
        """
        if scope not in self.scopes or scope not in PERMISSIONS[self.role]:
            raise ForbiddenError(
                f"this token does not carry the scope {scope.value}", scope=scope.value, role=self.role.value
            )

    def may_see_performer(self, performer_id: str) -> bool:
        """Whether the performer is the account's own, or one it represents, or the account is an operator."""
        return self.is_operator or performer_id in self.performer_ids

    def may_act_for(self, performer_id: str, scope: Scope) -> bool:
        """Whether the account may do this kind of thing in the performer's name."""
        return self.is_operator or scope in self.performer_ids.get(performer_id, frozenset())

    def may_see_organisation(self, organisation_id: str) -> bool:
        """Whether the organisation is the account's own, or the account is an operator."""
        return self.is_operator or organisation_id == self.organisation_id
