"""Cohorts of people of the registry: by asking and asking again nobody learns who is in one."""

from __future__ import annotations

import pytest
from disputed import Disputed
from steps import Registry

from registry.domain.case_analyses import CohortAsked
from registry.domain.cohorts import LEAST_TO_HIDE, TENS, Criteria, Sex
from registry.errors import ConflictError, ForbiddenError, InvalidInputError
from registry.services import case_cohorts
from registry.vault.commitments import cohort_key, cohort_list_digest, cohort_offset

EVERYBODY, WOMEN = CohortAsked(among=Criteria()), CohortAsked(among=Criteria(sex=Sex.FEMALE))


@pytest.fixture
def one(sqlite_registry: Registry) -> Disputed:
    return Disputed(sqlite_registry, engine=None)  # type: ignore[arg-type]


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
    assert often.value.figures == {"refused": case_cohorts.MOST_REFUSED, "most": case_cohorts.MOST_REFUSED}
    with pytest.raises(InvalidInputError):
        case_cohorts.propose_cohort(ctx, one.complainant, one.case_id, WOMEN)  # the other side has its own
    assert one.registry.journal().count("case.cohort_refused") == case_cohorts.MOST_REFUSED + 1
    archive = CohortAsked(paper_id=one.papers["cohort"], said="English")
    assert case_cohorts.propose_cohort(ctx, one.studio, one.case_id, archive).side.value == "respondent"


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
