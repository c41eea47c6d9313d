"""What takes two operators at the command line: the digest that `show` prints is what `approve` asks for."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from command_line import CommandLine

from registry.cli import parts
from registry.cli.operator import choose_operator, opened_registry
from registry.domain.accounts import Principal, Role
from registry.domain.cases import CaseStep
from registry.domain.conclusions import Conclusion
from registry.domain.notice_document import Material
from registry.domain.reviews import Considered, Exclusion
from registry.errors import (
    ConflictError,
    DuplicateError,
    ForbiddenError,
    NotFoundError,
    ProposalChangedError,
    SecondPersonNeededError,
)
from registry.services import accounts, case_papers, cases, notices, performers, tokens
from registry.services.context import Context
from registry.services.notice_drafts import Draft
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


# --- notices ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def complete(operator: str, likeness: CommandLine) -> tuple[str, str]:
    """The id of a notice that an operator has drafted and completed, and the digest of its document."""
    performer_id = likeness.out("performer", "register", "--name", "Marta Calder", "--as", operator)
    written = Draft(
        elements={"signature": "Marta Calder", "contact": "desk@agency.example", "links": "None."},
        affirmed=["good_faith", "authority"],
        materials=[Material("The voice", "https://northlight.example", None)],
        considered=[Considered(each, applies=False, reason="A product.") for each in Exclusion],
    )
    with opened_registry() as ctx:
        desk = choose_operator(ctx, operator)
        performer = let_in(ctx, desk, Role.PERFORMER, "Marta Calder")
        performers.change_performer(ctx, desk, performer_id, account_id=performer.account_id)
        sides = [let_in(ctx, desk, Role.STUDIO_ADMIN, "Clearances", "Northlight Games")]
        sides.append(tokens.authenticate(ctx, issued(ctx, desk, performer.account_id)))
        opened = {"performer_id": performer_id, "studio_id": str(sides[0].organisation_id)}
        case = cases.open_case(ctx, desk, **opened, product="Sky", claim="It is hers.").id
        cases.take_step(ctx, desk, case, CaseStep.TAKE_UP, reason="Yes.")
        for side in sides:
            case_papers.file_statement(ctx, side, case, title="Ours", text="The contract names her.")
        cases.take_step(ctx, desk, case, CaseStep.ANALYSE, reason="Both have spoken.")
        cases.propose(ctx, desk, case, conclusion=Conclusion.SUPPORTS_P, grounds="So it is.", would_change="More.")
        drafted = notices.draft_notice(ctx, desk, case, pack_id="us_no_fakes_2025", language="en", draft=written)
        made = notices.complete_notice(ctx, desk, drafted.id, reason="All there.")
        return made.id, str(made.document_sha256)


def let_in(ctx: Context, desk: Principal, role: Role, name: str, organisation: str | None = None) -> Principal:
    account = accounts.create_account(ctx, desk, role=role, name=name, organisation_name=organisation)
    return tokens.authenticate(ctx, issued(ctx, desk, account.id))


def issued(ctx: Context, desk: Principal, account_id: str) -> str:
    ttl = timedelta(days=1)
    return tokens.issue_token(ctx, desk, account_id=account_id, name="desk", scopes=None, ttl=ttl).text


def test_two_who_had_no_part_in_a_notice_let_it_be_served(
    operator: str, second: str, likeness: CommandLine, complete: tuple[str, str]
) -> None:
    third = likeness.out("account", "create", "--role", "operator", "--name", "Third officer", "--as", operator)
    notice, digest = complete
    one = ("proposal", "notice-service", notice, "--reason", "I have read it.", "--document-sha256")
    likeness.usage(*one, "abc", "--as", second)
    assert isinstance(likeness.error(*one, digest, "--as", operator), SecondPersonNeededError)
    assert isinstance(likeness.error(*one, "f" * 64, "--as", second), ProposalChangedError)
    proposal = likeness.out(*one, digest, "--as", second)
    again = likeness.error(*one, digest, "--as", third)
    assert isinstance(again, DuplicateError)
    assert proposal in again.detail, "it says which one waits"
    shown = likeness.json("proposal", "show", proposal, "--as", third)
    assert shown["content"] == {"kind": "notice_service", "notice_id": notice, "document_sha256": digest}
    said = ("--sha256", shown["content_sha256"], "--reason", "I have read it as well.", "--as", third)
    assert "approved" in likeness.out("proposal", "approve", proposal, *said)
    with opened_registry() as ctx:
        assert notices.get_notice(ctx, choose_operator(ctx, third), notice).notice.state == "reviewed"


def test_what_was_not_served_is_not_put_back(
    operator: str, second: str, likeness: CommandLine, complete: tuple[str, str]
) -> None:
    put_back = ("proposal", "notice-put-back", complete[0], "--reason", "Its term is over.", "--as", second)
    assert isinstance(likeness.error(*put_back), ConflictError)
    assert likeness.json("proposal", "list", "--as", operator) == []
