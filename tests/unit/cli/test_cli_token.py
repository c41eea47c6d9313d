"""Tokens at the command line: the text is on standard output, alone and once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from command_line import CommandLine

from registry.cli.operator import opened_registry
from registry.domain.accounts import Scope
from registry.errors import ForbiddenError, InvalidInputError, NotFoundError, UnauthenticatedError
from registry.services import tokens


@pytest.mark.parametrize("days", ["0", "-1", "367", "1.5"])
def test_a_life_of_no_length_or_too_long_is_a_usage_error(operator: str, likeness: CommandLine, days: str) -> None:
    likeness.usage("token", "issue", operator, "--days", days)
    assert likeness.json("token", "list", operator) == []


def test_a_scope_that_does_not_exist_is_a_usage_error(operator: str, likeness: CommandLine) -> None:
    likeness.usage("token", "issue", operator, "--scope", "everything")


def test_a_scope_that_the_role_does_not_have_is_refused(operator: str, likeness: CommandLine) -> None:
    error = likeness.error("token", "issue", operator, "--scope", "checks:write")
    assert isinstance(error, InvalidInputError)
    assert "checks:write" in error.detail
    assert likeness.json("token", "list", operator) == []


@pytest.mark.usefixtures("operator")
def test_an_account_or_a_token_that_does_not_exist_is_refused(likeness: CommandLine) -> None:
    assert isinstance(likeness.error("token", "issue", "acc_nobody"), NotFoundError)
    assert isinstance(likeness.error("token", "list", "acc_nobody"), NotFoundError)
    assert isinstance(likeness.error("token", "revoke", "tok_none"), NotFoundError)


def test_an_operators_token_is_issued_to_that_operator_only(operator: str, likeness: CommandLine) -> None:
    second = likeness.out("account", "create", "--role", "operator", "--name", "Night desk")
    error = likeness.error("token", "issue", second, "--as", operator)
    assert isinstance(error, ForbiddenError)
    assert f"likeness token issue {second} --as {second}" in error.detail
    assert likeness.json("token", "list", second, "--as", operator) == []
    assert likeness.out("token", "issue", second, "--as", second).startswith("lrt_")


def test_the_token_alone_goes_to_standard_output_and_it_works(operator: str, likeness: CommandLine) -> None:
    result = likeness.run("token", "issue", operator, "--days", "7")
    text = result.stdout.removesuffix("\n")
    assert text not in result.stderr
    with opened_registry() as ctx:
        principal = tokens.authenticate(ctx, text)
        issued = tokens.list_tokens(ctx, principal, account_id=None, after=None, limit=10)
    assert principal.account_id == operator
    assert [token.id in result.stderr for token in issued] == [True]
    assert issued[0].expires_at - issued[0].created_at == timedelta(days=7)


def test_a_token_carries_the_scopes_that_were_asked_for_and_no_other(operator: str, likeness: CommandLine) -> None:
    text = likeness.out("token", "issue", operator, "--scope", "checks:read", "--scope", "findings:read")
    with opened_registry() as ctx:
        assert tokens.authenticate(ctx, text).scopes == {Scope.CHECKS_READ, Scope.FINDINGS_READ}


def test_a_list_of_tokens_holds_no_secret(operator: str, likeness: CommandLine) -> None:
    text = likeness.out("token", "issue", operator, "--name", "deploy")
    secret = text.rpartition("_")[2]
    for listed in (likeness.out("token", "list", operator), likeness.out("token", "list", operator, "--json")):
        assert "deploy" in listed
        assert secret not in listed


def test_a_revoked_token_stops_working_and_says_so(operator: str, likeness: CommandLine) -> None:
    text = likeness.out("token", "issue", operator)
    (token,) = likeness.json("token", "list", operator)
    assert "in service" in likeness.out("token", "list", operator)
    assert token["id"] in likeness.out("token", "revoke", token["id"])
    assert "revoked" in likeness.out("token", "list", operator)
    with opened_registry() as ctx, pytest.raises(UnauthenticatedError):
        tokens.authenticate(ctx, text)
