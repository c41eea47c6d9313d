"""What takes two operators at the command line: the digest that `show` prints is what `approve` asks for."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import CommandLine

from registry.cli import parts
from registry.errors import ConflictError, ForbiddenError, NotFoundError, ProposalChangedError, SecondPersonNeededError
from registry.settings import Settings

WHY = "half as many false matches"


@pytest.fixture
def second(operator: str, likeness: CommandLine) -> str:
    return likeness.out("account", "create", "--role", "operator", "--name", "Second officer", "--as", operator)


def proposed(likeness: CommandLine, operator: str, rate: str = "0.005") -> str:
    return likeness.out("proposal", "engine", "--target-fpir", rate, "--reason", WHY, "--as", operator)


def test_with_one_operator_nothing_is_proposed(operator: str, likeness: CommandLine) -> None:
    error = likeness.error("proposal", "engine", "--target-fpir", "0.005", "--reason", WHY)
    assert isinstance(error, SecondPersonNeededError)
    assert "2 operators" in error.detail
    assert likeness.json("proposal", "list", "--as", operator) == []


def test_what_is_no_proposal_is_a_usage_error(operator: str, likeness: CommandLine) -> None:
    likeness.usage("proposal", "engine", "--target-fpir", "0.005", "--as", operator)
    likeness.usage("proposal", "engine", "--calibration-sha256", "abc", "--reason", WHY, "--as", operator)
    likeness.usage("proposal", "delete-performer", "perf_x", "--ground", "bored", "--evidence-sha256", "e" * 64)
    assert isinstance(likeness.error("proposal", "show", "prop_none", "--as", operator), NotFoundError)


def test_two_put_settings_in_force_and_the_doctor_says_where_they_are_not_set(
    operator: str, second: str, likeness: CommandLine, migrated: Path
) -> None:
    proposal = proposed(likeness, operator)
    shown = likeness.json("proposal", "show", proposal, "--as", second)
    yes = ("proposal", "approve", proposal, "--reason", "I have read it", "--sha256")
    assert isinstance(likeness.error(*yes, shown["content_sha256"], "--as", operator), SecondPersonNeededError)
    assert isinstance(likeness.error(*yes, "f" * 64, "--as", second), ProposalChangedError)
    assert parts.engine_settings(Settings(home=migrated)).ok
    assert "approved" in likeness.out(*yes, shown["content_sha256"], "--as", second)
    assert isinstance(likeness.error(*yes, shown["content_sha256"], "--as", second), ConflictError)
    part = parts.engine_settings(Settings(home=migrated))
    assert not part.ok
    assert "0.005" in part.detail
    assert "two operators" in part.remedy
    assert parts.engine_settings(Settings(home=migrated, target_fpir=0.005)).ok


def test_others_refuse_and_whoever_proposed_withdraws(operator: str, second: str, likeness: CommandLine) -> None:
    one, other = proposed(likeness, operator), proposed(likeness, operator, "0.02")
    assert isinstance(likeness.error("proposal", "withdraw", one, "--reason", "x", "--as", second), ForbiddenError)
    likeness.out("proposal", "refuse", one, "--reason", "too few people", "--as", second)
    likeness.out("proposal", "withdraw", other, "--reason", "a slip", "--as", operator)
    states = {each["id"]: each["state"] for each in likeness.json("proposal", "list", "--as", operator)}
    assert states == {one: "refused", other: "withdrawn"}
    assert likeness.json("proposal", "list", "--kind", "unsealing", "--as", operator) == []


def test_a_performer_is_deleted_by_two(operator: str, second: str, likeness: CommandLine) -> None:
    performer = likeness.out("performer", "register", "--name", "Quentin Vale", "--as", operator)
    said = ("--ground", "registered_in_error", "--evidence-sha256", "e" * 64, "--reason", "the wrong person")
    proposal = likeness.out("proposal", "delete-performer", performer, *said, "--as", operator)
    digest = likeness.json("proposal", "show", proposal, "--as", second)["content_sha256"]
    likeness.out("proposal", "approve", proposal, "--sha256", digest, "--reason", "so it is", "--as", second)
    shown = likeness.json("performer", "show", performer, "--as", operator)
    assert (shown["name"], shown["deleted_at"] is None) == ("(deleted)", False)
