"""The reading table is total, fair to both sides, monotone, and cautious."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from strategies_comparison import MARKS, SOUND, cohorts, comparisons, exchanged, log10_lrs

from registry.domain.comparison import Alikeness, Comparison, Material, Role, UnderCohort
from registry.domain.conclusions import Conclusion, read
from registry.domain.scores import Log10LR
from registry.interchange.comparisons import comparison_json, read_again
from registry.vault.signing import canonical

TOWARDS_PERFORMER = {Conclusion.SUPPORTS_P: 1, Conclusion.EXPLAINED_BY_S: -1}
SWAPPED = {Conclusion.SUPPORTS_P: Conclusion.EXPLAINED_BY_S, Conclusion.EXPLAINED_BY_S: Conclusion.SUPPORTS_P}


def leaning(comparison: Comparison) -> int:
    return TOWARDS_PERFORMER.get(read(comparison).conclusion, 0)


def raised(cohort: UnderCohort, by: float, role: Role) -> UnderCohort:
    likeness = cohort.performer if role is Role.PERFORMER else cohort.source
    assert likeness
    stronger = replace(likeness.strength, log10_lr=MARKS.capped(likeness.strength.log10_lr + by))
    return replace(cohort, **{role.value: replace(likeness, strength=stronger)})


@given(comparisons())
def test_everything_is_read_with_why_and_with_what_would_change_it(comparison: Comparison) -> None:
    reading = read(comparison)
    assert reading.reasons
    assert reading.would_change
    said = " ".join(reason.detail for reason in (*reading.reasons, *reading.would_change)).lower()
    assert not any(word in said for word in ("infring", "violat", "guilty", "identified"))


@given(comparisons(source=True))
def test_performer_and_source_are_treated_alike(comparison: Comparison) -> None:
    found = read(comparison).conclusion
    assert read(exchanged(comparison)).conclusion is SWAPPED.get(found, found)


@given(comparisons(source=False))
def test_a_source_that_nobody_declared_explains_nothing(comparison: Comparison) -> None:
    assert read(comparison).conclusion is not Conclusion.EXPLAINED_BY_S


@given(comparisons(source=True, clear=True), st.floats(0, 5), st.sampled_from([Role.PERFORMER, Role.SOURCE]), st.data())
def test_more_evidence_for_one_side_never_moves_towards_the_other(
    comparison: Comparison, by: float, role: Role, data: st.DataObject
) -> None:
    chosen = data.draw(st.lists(st.booleans(), min_size=3, max_size=3))
    stronger = tuple(
        raised(cohort, by, role) if yes else cohort for cohort, yes in zip(comparison.cohorts, chosen, strict=False)
    )
    sign = 1 if role is Role.PERFORMER else -1
    moved = replace(comparison, cohorts=(*stronger, *comparison.cohorts[len(stronger) :]))
    assert sign * leaning(moved) >= sign * leaning(comparison)


@given(comparisons(source=True, clear=True), log10_lrs)
def test_the_more_alike_both_are_the_less_is_told_apart(comparison: Comparison, log10_lr: Log10LR) -> None:
    def alike(cohort: UnderCohort) -> UnderCohort:
        assert cohort.alike
        strength = replace(
            cohort.alike.stronger, log10_lr=max(cohort.alike.stronger.log10_lr, log10_lr), engines_disagree=False
        )
        return replace(cohort, alike=Alikeness(strength, strength))

    moved = replace(comparison, cohorts=tuple(map(alike, comparison.cohorts)))
    assert abs(leaning(moved)) <= abs(leaning(comparison))
    if log10_lr >= MARKS.resembles:
        assert leaning(moved) == 0


@given(comparisons(source=True), cohorts("another", source=True))
def test_another_cohort_never_makes_a_conclusion_out_of_none(comparison: Comparison, another: UnderCohort) -> None:
    if comparison.cohorts:
        more = replace(comparison, cohorts=(another, *comparison.cohorts))
        assert read(more).conclusion in {read(comparison).conclusion, Conclusion.INCONCLUSIVE}


@given(comparisons(clear=True), st.sampled_from(list(Role)), st.sampled_from(["speech", "voices", "holds", "usable"]))
def test_nothing_is_concluded_outside_what_was_validated(comparison: Comparison, role: Role, lacking: str) -> None:
    made = {
        "speech": replace(SOUND, speech_s=1.4),
        "voices": replace(SOUND, consistency=Log10LR(MARKS.opposed - 0.1)),
        "usable": Material(0, 0.0),
        "holds": SOUND,
    }[lacking]
    role = role if role in comparison.materials else Role.PERFORMER
    hindered = replace(
        comparison,
        materials={**comparison.materials, role: made},
        cohorts=() if lacking == "usable" else comparison.cohorts,
        said_to_hold=("singing",) if lacking == "holds" else (),
    )
    assert read(hindered).conclusion is Conclusion.INCONCLUSIVE


@given(comparisons(clear=True), st.data())
def test_engines_that_disagree_conclude_nothing(comparison: Comparison, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(comparison.cohorts) - 1))
    cohort = comparison.cohorts[number]
    strength = replace(cohort.performer.strength, engines_disagree=True)
    doubtful = replace(cohort, performer=replace(cohort.performer, strength=strength))
    every = (*comparison.cohorts[:number], doubtful, *comparison.cohorts[number + 1 :])
    reading = read(replace(comparison, cohorts=every))
    assert reading.conclusion is Conclusion.INCONCLUSIVE
    assert "engines_disagree" in {reason.code for reason in reading.reasons}


@given(comparisons())
def test_the_conclusion_follows_from_the_document(comparison: Comparison) -> None:
    reading = read(comparison)
    document = {"format": "likeness-comparison", "version": 1, **comparison_json(comparison, reading)}
    again, follows = read_again(json.loads(canonical(document)))
    assert (again.conclusion, follows) == (reading.conclusion, True)
