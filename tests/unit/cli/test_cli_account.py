"""Accounts at the command line: refused in words, printed as ids, listed for people and for machines."""

from __future__ import annotations

import pytest
from command_line import CommandLine

from registry.cli.operator import opened_registry
from registry.errors import ConflictError, InvalidInputError, NotFoundError, UnauthenticatedError
from registry.services import tokens


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "two\nlines", "bell\a"])
@pytest.mark.usefixtures("operator")
def test_a_name_that_is_no_line_of_text_is_a_usage_error(likeness: CommandLine, name: str) -> None:
    assert "--name" in likeness.usage("account", "create", "--role", "operator", "--name", name)
    assert len(likeness.json("account", "list")) == 1


@pytest.mark.usefixtures("migrated")
def test_a_role_that_does_not_exist_is_a_usage_error_that_lists_the_roles(likeness: CommandLine) -> None:
    said = likeness.usage("account", "create", "--role", "king", "--name", "A")
    assert "studio_admin" in said


@pytest.mark.usefixtures("migrated")
def test_the_first_account_is_an_operators(likeness: CommandLine) -> None:
    error = likeness.error("account", "create", "--role", "studio_admin", "--name", "A", "--organisation", "B")
    assert "--role operator" in error.detail


@pytest.mark.usefixtures("migrated")
def test_nobody_acts_in_an_empty_registry_not_even_to_make_the_first_operator(likeness: CommandLine) -> None:
    error = likeness.error("account", "create", "--role", "operator", "--name", "A", "--as", "acc_nobody")
    assert isinstance(error, NotFoundError)


@pytest.mark.usefixtures("operator")
def test_a_role_and_an_organisation_that_do_not_go_together_are_refused(likeness: CommandLine) -> None:
    performer = ("account", "create", "--role", "performer", "--name", "A", "--organisation", "B")
    assert isinstance(likeness.error(*performer), InvalidInputError)
    assert isinstance(likeness.error("account", "create", "--role", "auditor", "--name", "A"), InvalidInputError)
    assert len(likeness.json("account", "list")) == 1


@pytest.mark.usefixtures("operator")
def test_an_account_that_does_not_exist_is_not_shown_and_not_disabled(likeness: CommandLine) -> None:
    assert isinstance(likeness.error("account", "show", "acc_nobody"), NotFoundError)
    assert isinstance(likeness.error("account", "disable", "acc_nobody"), NotFoundError)


def test_an_operator_does_not_disable_themselves(operator: str, likeness: CommandLine) -> None:
    assert isinstance(likeness.error("account", "disable", operator), ConflictError)


@pytest.mark.usefixtures("migrated")
def test_the_id_alone_goes_to_standard_output_and_the_rest_to_standard_error(likeness: CommandLine) -> None:
    result = likeness.run("account", "create", "--role", "operator", "--name", "Desk", "--organisation", "Registry")
    assert result.exit_code == 0
    account_id = result.stdout.strip()
    assert result.stdout == f"{account_id}\n"
    assert "Registry" in result.stderr
    shown = likeness.json("account", "show", account_id)
    assert shown["organisation"]["name"] == "Registry"
    assert shown["organisation"]["kind"] == "operator"


def test_a_further_operator_belongs_to_the_same_organisation_unless_said_otherwise(
    operator: str, likeness: CommandLine
) -> None:
    second = likeness.out("account", "create", "--role", "operator", "--name", "Night desk")
    first_of_all, other = likeness.json("account", "list", "--as", operator)
    assert other["id"] == second
    assert other["organisation"] == first_of_all["organisation"]


def test_the_table_shows_every_id_whole_and_every_name_as_it_is(
    operator: str, likeness: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "[red]not markup[/red] and :smile:"
    performer = likeness.out("account", "create", "--role", "performer", "--name", name)
    assert name in likeness.out("account", "show", performer)
    monkeypatch.setenv("COLUMNS", "20")
    table = likeness.out("account", "list")
    assert operator in table
    assert performer in table
    assert name in table
    assert performer in likeness.out("account", "show", performer)


def test_a_disabled_account_says_so_and_its_tokens_stop_working(operator: str, likeness: CommandLine) -> None:
    account = likeness.out("account", "create", "--role", "performer", "--name", "A")
    token = likeness.out("token", "issue", account)
    likeness.out("account", "disable", account)
    assert "disabled" in likeness.out("account", "list")
    assert likeness.json("account", "show", account)["disabled_at"].endswith("Z")
    assert likeness.json("account", "show", operator)["disabled_at"] is None
    with opened_registry() as ctx, pytest.raises(UnauthenticatedError):
        tokens.authenticate(ctx, token)
