"""Cohorts of people of the registry: by asking and asking again nobody learns who is in one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from disputed import Disputed
from steps import Clock, Registry

from registry.domain.accounts import Principal, Role
from registry.domain.case_analyses import CohortAsked
from registry.domain.cases import CaseStep
from registry.domain.cohorts import LEAST_TO_HIDE, TENS, Criteria, Sex
from registry.errors import ConflictError, ForbiddenError, InvalidInputError
from registry.services import case_cohorts, cases
from registry.store.database import Database
from registry.vault.commitments import cohort_key, cohort_list_digest, cohort_offset

EVERYBODY, WOMEN = CohortAsked(among=Criteria()), CohortAsked(among=Criteria(sex=Sex.FEMALE))


@pytest.fixture
def one(sqlite_registry: Registry) -> Disputed:
    return Disputed(sqlite_registry, engine=None)  # type: ignore[arg-type]


@pytest.fixture
def postgres_registry(postgres_database: Database, context: Callable[[Database], Any], clock: Clock) -> Registry:
    return Registry(context(postgres_database), clock)


def let_in(disputed: Disputed, people: int) -> None:
    for number in range(people):
        performer_id = disputed.registry.enrolled(f"Nobody {number}")
        disputed.agree(performer_id)


def test_a_side_is_refused_so_often_and_then_not_answered_any_more(one: Disputed) -> None:
    ctx = one.registry.ctx
    for _ in range(case_cohorts.MOST_REFUSED):
        with pytest.raises(InvalidInputError) as few:
            case_cohorts.propose_cohort(ctx, one.studio, one.case_id, WOMEN)
        assert few.value.figures == {"required": LEAST_TO_HIDE}, "how many there are is told to nobody"
    with pytest.raises(ConflictError) as often:
        case_cohorts.propose_cohort(ctx, one.studio, one.case_id, WOMEN)
    frees_at = one.registry.clock() + case_cohorts.REFUSALS_COUNT_FOR
    assert often.value.figures == {
        "refused": case_cohorts.MOST_REFUSED,
        "most": case_cohorts.MOST_REFUSED,
        "frees_at": frees_at.isoformat(),
    }
    with pytest.raises(InvalidInputError):
        case_cohorts.propose_cohort(ctx, one.complainant, one.case_id, WOMEN)  # the other side has its own
    assert one.registry.journal().count("case.cohort_refused") == case_cohorts.MOST_REFUSED + 1
    archive = CohortAsked(paper_id=one.papers["cohort"], said="English")
    assert case_cohorts.propose_cohort(ctx, one.studio, one.case_id, archive).side.value == "respondent"


def refused(disputed: Disputed, who: Principal, case_id: str, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(InvalidInputError):
            case_cohorts.propose_cohort(disputed.registry.ctx, who, case_id, WOMEN)


def not_answered(disputed: Disputed, who: Principal, case_id: str) -> Mapping[str, object]:
    with pytest.raises(ConflictError, match="refused") as often:
        case_cohorts.propose_cohort(disputed.registry.ctx, who, case_id, WOMEN)
    return often.value.figures


def test_another_case_is_no_way_to_go_on_asking(one: Disputed) -> None:
    colleague = one.registry.principal(Role.STUDIO_ADMIN, "Kim", "Southgate")
    colleague = replace(colleague, organisation_id=one.studio.organisation_id)
    others = [another_case(one) for _ in range(3)]
    refused(one, one.studio, one.case_id, times=2)
    refused(one, colleague, others[0], times=2)
    refused(one, one.studio, others[1])
    for who, case_id in ((one.studio, one.case_id), (one.studio, others[2]), (colleague, others[2])):
        assert not_answered(one, who, case_id)["refused"] == case_cohorts.MOST_REFUSED
    refused(one, one.complainant, others[2], times=case_cohorts.MOST_REFUSED)
    not_answered(one, one.complainant, one.case_id)


def test_whoever_acts_for_many_is_counted_by_their_account(one: Disputed) -> None:
    performers = [one.registry.performer(name) for name in ("Ben Roe", "Cal Moor")]
    agent = agent_of(one, performers)
    cases_of_two = [another_case(one, performer_id, agent) for performer_id in performers]
    refused(one, agent, cases_of_two[0], times=3)
    refused(one, agent, cases_of_two[1], times=2)
    for case_id in cases_of_two:
        not_answered(one, agent, case_id)
    refused(one, one.complainant, one.case_id)


def test_after_a_year_the_oldest_refusal_does_not_count_any_more(one: Disputed) -> None:
    other = another_case(one)
    for case_id, apart in ((one.case_id, 30), (other, 20), (other, 1), (one.case_id, 1), (other, 1)):
        refused(one, one.studio, case_id)
        one.registry.clock.move(days=apart)
    frees_at = datetime.fromisoformat(str(not_answered(one, one.studio, other)["frees_at"]))
    one.registry.clock.now = frees_at - timedelta(seconds=1)
    not_answered(one, one.studio, other)
    one.registry.clock.move(seconds=1)
    refused(one, one.studio, other)
    not_answered(one, one.studio, one.case_id)


@pytest.mark.parametrize("by", ["studio", "agent"])
def test_many_who_ask_at_once_in_many_cases_are_answered_no_oftener(postgres_registry: Registry, by: str) -> None:
    one = Disputed(postgres_registry, engine=None)  # type: ignore[arg-type]
    performers = [one.registry.performer(f"Somebody {number}") for number in range(8)]
    agent = agent_of(one, performers)
    who = one.studio if by == "studio" else agent
    asked = [another_case(one, performer_id, agent) for performer_id in performers]
    together = threading.Barrier(len(asked))

    def ask(case_id: str) -> str:
        together.wait()
        try:
            case_cohorts.propose_cohort(one.registry.ctx, who, case_id, WOMEN)
        except (InvalidInputError, ConflictError) as error:
            return error.slug
        return "proposed"

    with ThreadPoolExecutor(len(asked)) as threads:
        said = list(threads.map(ask, asked))
    assert said.count(InvalidInputError.slug) == case_cohorts.MOST_REFUSED, said
    assert said.count(ConflictError.slug) == len(asked) - case_cohorts.MOST_REFUSED, said


def agent_of(one: Disputed, performer_ids: Sequence[str]) -> Principal:
    agent = one.registry.principal(Role.REPRESENTATIVE, "Agent")
    return replace(agent, performer_ids=dict.fromkeys(performer_ids, agent.scopes))


def another_case(one: Disputed, performer_id: str | None = None, who: Principal | None = None) -> str:
    """Open one more case with the studio, and bring it to where cohorts are proposed."""
    ctx, count = one.registry.ctx, len(one.papers)
    opened = cases.open_case(
        ctx,
        who or one.complainant,
        performer_id=performer_id or one.performer_id,
        studio_id=str(one.studio.organisation_id),
        product=f"Product {count}",
        claim="It is my voice.",
    )
    one.papers[f"case {count}"] = opened.id
    cases.take_step(ctx, one.registry.operator, opened.id, CaseStep.TAKE_UP, reason="It is time.")
    return opened.id


def test_how_many_are_enough_for_a_side_is_a_number_that_it_does_not_know(one: Disputed) -> None:
    ctx, key = one.registry.ctx, cohort_key(one.registry.ctx.keys, one.case_id)
    asked = '{"accent":null,"age_band":null,"language":null,"sex":null}'
    beyond = cohort_offset(key, asked, TENS)
    let_in(one, LEAST_TO_HIDE + beyond - 1)
    with pytest.raises(InvalidInputError):
        case_cohorts.propose_cohort(ctx, one.studio, one.case_id, EVERYBODY)
    one.agree(one.registry.enrolled("One more"))
    assert case_cohorts.propose_cohort(ctx, one.studio, one.case_id, EVERYBODY).asked["paper_id"] is None
    assert {cohort_offset(cohort_key(ctx.keys, f"case_{n}"), asked, TENS) for n in range(100)} == set(range(TENS))


def test_a_list_is_told_under_a_key_of_its_case_that_the_registry_opens(one: Disputed) -> None:
    ctx = one.registry.ctx
    opened = bytes.fromhex(
        case_cohorts.open_cohort_key(ctx, one.registry.operator, one.case_id, reason="A court has asked for it.")
    )
    assert opened == cohort_key(ctx.keys, one.case_id) != cohort_key(ctx.keys, "case_other")
    listed = ["vp_b", "vp_a"]
    assert cohort_list_digest(opened, listed) == cohort_list_digest(opened, sorted(listed))
    assert cohort_list_digest(opened, ["vp_a", "vp_c"]) != cohort_list_digest(opened, listed)
    for side in (one.studio, one.complainant):
        with pytest.raises(ForbiddenError):
            case_cohorts.open_cohort_key(ctx, side, one.case_id, reason="We would like to know.")
    assert one.registry.journal().count("case.cohort_opened") == 1
