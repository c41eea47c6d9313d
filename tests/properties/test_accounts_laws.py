"""Laws of permission: deny is the default, a token never exceeds its role, and nobody sees what is another's."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.accounts import ORGANISATION_OF_ROLE, PERMISSIONS, Principal, Role, Scope
from registry.errors import ForbiddenError

scopes = st.frozensets(st.sampled_from(Scope))
performer_ids = st.sampled_from(("perf_a", "perf_b", "perf_c"))
organisation_ids = st.sampled_from(("org_a", "org_b"))
others = st.sampled_from([role for role in Role if role is not Role.OPERATOR])


def principals(roles: st.SearchStrategy[Role]) -> st.SearchStrategy[Principal]:
    return st.builds(
        Principal,
        account_id=st.just("acc_a"),
        role=roles,
        scopes=scopes,
        organisation_id=st.none() | organisation_ids,
        performer_ids=st.dictionaries(performer_ids, scopes, max_size=2),
    )


@given(principals(st.sampled_from(Role)), st.sampled_from(Scope))
def test_a_token_without_scopes_may_do_nothing(principal: Principal, scope: Scope) -> None:
    with pytest.raises(ForbiddenError) as caught:
        replace(principal, scopes=frozenset()).require(scope)
    assert caught.value.figures == {"scope": scope.value, "role": principal.role.value}


@given(principals(st.sampled_from(Role)), st.sampled_from(Scope))
def test_a_token_may_do_exactly_what_it_and_its_role_both_carry(principal: Principal, scope: Scope) -> None:
    if scope in principal.scopes & PERMISSIONS[principal.role]:
        principal.require(scope)
    else:
        with pytest.raises(ForbiddenError):
            principal.require(scope)


@given(principals(others), performer_ids)
def test_nobody_but_an_operator_sees_a_performer_who_is_not_theirs(principal: Principal, performer_id: str) -> None:
    assert principal.may_see_performer(performer_id) is (performer_id in principal.performer_ids)
    assert not replace(principal, performer_ids={}).may_see_performer(performer_id)


@given(principals(others), performer_ids, st.sampled_from(Scope))
def test_nobody_but_an_operator_acts_for_a_performer_beyond_the_scopes_given(
    principal: Principal, performer_id: str, scope: Scope
) -> None:
    may = principal.may_act_for(performer_id, scope)
    assert may is (scope in principal.performer_ids.get(performer_id, frozenset()))
    assert not may or principal.may_see_performer(performer_id)


@given(principals(others), organisation_ids)
def test_nobody_but_an_operator_sees_another_organisation(principal: Principal, organisation_id: str) -> None:
    assert principal.may_see_organisation(organisation_id) is (organisation_id == principal.organisation_id)
    assert not replace(principal, organisation_id=None).may_see_organisation(organisation_id)


@given(principals(st.just(Role.OPERATOR)), performer_ids, organisation_ids)
def test_an_operator_sees_everybody(principal: Principal, performer_id: str, organisation_id: str) -> None:
    assert principal.may_see_performer(performer_id)
    assert principal.may_see_organisation(organisation_id)


@pytest.mark.parametrize("role", Role)
def test_every_role_is_in_both_tables(role: Role) -> None:
    assert PERMISSIONS[role] <= frozenset(Scope)
    assert role in ORGANISATION_OF_ROLE
