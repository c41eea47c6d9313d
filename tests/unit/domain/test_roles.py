"""Who may do what kind of thing, as the roles are described."""

from __future__ import annotations

import pytest

from registry.domain.accounts import ORGANISATION_OF_ROLE, PERMISSIONS, OrganisationKind, Role, Scope

STUDIO = (Role.STUDIO_MEMBER, Role.STUDIO_ADMIN)
PERFORMER_SIDE = (Role.PERFORMER, Role.REPRESENTATIVE)


@pytest.mark.parametrize("role", [*STUDIO, Role.AUDITOR])
@pytest.mark.parametrize("scope", [Scope.CONSENTS_WRITE, Scope.ENROLMENTS_WRITE, Scope.PERFORMERS_WRITE])
def test_nobody_on_the_studios_side_writes_a_performers_consent_voice_or_record(role: Role, scope: Scope) -> None:
    assert scope not in PERMISSIONS[role]


@pytest.mark.parametrize("role", PERFORMER_SIDE)
@pytest.mark.parametrize("scope", [Scope.CHECKS_READ, Scope.CHECKS_WRITE, Scope.ACCOUNTS_READ, Scope.ACCOUNTS_WRITE])
def test_a_performer_neither_searches_the_registry_nor_manages_accounts(role: Role, scope: Scope) -> None:
    assert scope not in PERMISSIONS[role]


def test_an_operator_does_not_submit_recordings() -> None:
    assert Scope.CHECKS_WRITE not in PERMISSIONS[Role.OPERATOR]


def test_only_an_administrator_signs_licences_for_a_studio() -> None:
    assert Scope.LICENCES_WRITE not in PERMISSIONS[Role.STUDIO_MEMBER]
    assert Scope.LICENCES_WRITE in PERMISSIONS[Role.STUDIO_ADMIN]


def test_a_studio_submits_checks_and_reads_what_came_of_them() -> None:
    for role in STUDIO:
        assert PERMISSIONS[role] >= {Scope.CHECKS_WRITE, Scope.CHECKS_READ, Scope.FINDINGS_READ, Scope.LICENCES_READ}


def test_a_performer_may_see_findings_and_decide_on_consent_and_licences() -> None:
    for role in PERFORMER_SIDE:
        assert PERMISSIONS[role] >= {Scope.FINDINGS_READ, Scope.CONSENTS_WRITE, Scope.LICENCES_WRITE}


def test_performers_and_representatives_belong_to_no_organisation_and_everybody_else_does() -> None:
    assert {role for role, kind in ORGANISATION_OF_ROLE.items() if kind is None} == set(PERFORMER_SIDE)
    assert {ORGANISATION_OF_ROLE[role] for role in STUDIO} == {OrganisationKind.STUDIO}


def test_who_keeps_no_accounts_reads_none() -> None:
    assert Scope.LEDGER_READ not in PERMISSIONS[Role.AUDITOR]
    assert {role for role in Role if Scope.LEDGER_WRITE in PERMISSIONS[role]} == {
        *PERFORMER_SIDE,
        Role.STUDIO_ADMIN,
        Role.OPERATOR,
    }


def test_nothing_is_destroyed_for_its_age_by_anybody_but_who_runs_the_registry() -> None:
    assert {role for role in Role if Scope.RETENTION_WRITE in PERMISSIONS[role]} == {Role.OPERATOR}
