"""The reading table cell by cell, and what stands beside it: words for numbers, ranks, marks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from registry.domain.comparison import (
    REFERENCE,
    Alikeness,
    Comparison,
    Likeness,
    Marks,
    Material,
    Rank,
    RecordingScore,
    Role,
    Strength,
    UnderCohort,
    verbal,
)
from registry.domain.conclusions import TABLE, Band, Conclusion, band, read
from registry.domain.scores import Log10LR

MARKS = Marks(supported=1.98, resembles=1.02, opposed=-1.0, stranger_rate=0.001, lower=-1.61, upper=3.49)
H, R, U, L = Band.SUPPORTED, Band.RESEMBLES, Band.UNDECIDED, Band.OPPOSED
NUMBERS = {H: 3.0, R: 1.5, U: 0.0, L: -1.5}
RARE = Rank(600, 2, (0.5, 7.0), {})


def strength(log10_lr: float) -> Strength:
    return Strength(Log10LR(log10_lr), {"one": Log10LR(log10_lr)})


def likeness(found: Band) -> Likeness:
    return Likeness(strength(NUMBERS[found]), RARE)


def comparison(performer: Band, source: Band | None, alike: float = -1.5) -> Comparison:
    other = None if source is None else likeness(source)
    both = None if source is None else Alikeness(strength(alike), strength(-1.5))
    cohort = UnderCohort(REFERENCE, likeness(performer), other, both)
    roles = (Role.QUESTIONED, Role.PERFORMER, *(() if source is None else (Role.SOURCE,)))
    return Comparison(MARKS, dict.fromkeys(roles, Material(3, 90.0, consistency=Log10LR(3.0))), (cohort,))


@pytest.mark.parametrize(
    ("performer", "source", "conclusion"),
    [
        (H, None, Conclusion.SUPPORTS_P),
        (R, None, Conclusion.SOUND_ALIKE),
        (U, None, Conclusion.INCONCLUSIVE),
        (L, None, Conclusion.UNKNOWN_SOURCE),
        (H, H, Conclusion.SOUND_ALIKE),
        (H, R, Conclusion.SOUND_ALIKE),
        (H, U, Conclusion.SUPPORTS_P),
        (H, L, Conclusion.SUPPORTS_P),
        (R, H, Conclusion.SOUND_ALIKE),
        (R, R, Conclusion.SOUND_ALIKE),
        (R, U, Conclusion.INCONCLUSIVE),
        (R, L, Conclusion.INCONCLUSIVE),
        (U, H, Conclusion.EXPLAINED_BY_S),
        (U, R, Conclusion.INCONCLUSIVE),
        (U, U, Conclusion.INCONCLUSIVE),
        (U, L, Conclusion.INCONCLUSIVE),
        (L, H, Conclusion.EXPLAINED_BY_S),
        (L, R, Conclusion.INCONCLUSIVE),
        (L, U, Conclusion.INCONCLUSIVE),
        (L, L, Conclusion.UNKNOWN_SOURCE),
    ],
)
def test_each_cell_of_the_table(performer: Band, source: Band | None, conclusion: Conclusion) -> None:
    assert TABLE[performer, source] is conclusion
    assert read(comparison(performer, source)).conclusion is conclusion
    assert len(TABLE) == 20


@pytest.mark.parametrize(
    ("performer", "source", "conclusion"),
    [
        (3.0, 1.01, Conclusion.SUPPORTS_P),
        (1.98, 0.0, Conclusion.SUPPORTS_P),
        (1.98, 0.0001, Conclusion.INCONCLUSIVE),
        (0.0, 1.98, Conclusion.EXPLAINED_BY_S),
        (0.0001, 1.98, Conclusion.INCONCLUSIVE),
    ],
)
def test_one_must_be_much_likelier_than_the_other(performer: float, source: float, conclusion: Conclusion) -> None:
    found = comparison(H, U)
    sides = {name: Likeness(strength(lr), RARE) for name, lr in {"performer": performer, "source": source}.items()}
    reading = read(replace(found, cohorts=(replace(found.cohorts[0], **sides),)))
    assert reading.conclusion is conclusion
    near = "performer_and_source_near" in {reason.code for reason in reading.reasons}
    assert near is (conclusion is Conclusion.INCONCLUSIVE)


@pytest.mark.parametrize(("performer", "source"), [(H, L), (L, H), (H, U), (U, H)])
def test_two_who_cannot_be_told_apart_are_not_told_apart(performer: Band, source: Band) -> None:
    assert read(comparison(performer, source, alike=1.0)).conclusion is not Conclusion.INCONCLUSIVE
    reading = read(comparison(performer, source, alike=1.02))
    assert reading.conclusion is Conclusion.INCONCLUSIVE
    assert "performer_and_source_alike" in {reason.code for reason in reading.reasons}


def test_two_who_are_alike_are_sound_alikes_where_both_are_near() -> None:
    assert read(comparison(H, H, alike=3.0)).conclusion is Conclusion.SOUND_ALIKE


def test_nobody_resembles_who_is_not_nearer_than_nearly_everybody() -> None:
    common = Rank(600, 7, (3.0, 15.0), {})
    assert band(Likeness(strength(1.5), common), MARKS) is Band.UNDECIDED
    assert band(Likeness(strength(1.5), None), MARKS) is Band.UNDECIDED
    assert band(Likeness(strength(1.5), replace(common, at_least_as_close=6)), MARKS) is Band.RESEMBLES


def test_cohorts_that_give_different_conclusions_give_none() -> None:
    found = comparison(H, L)
    other = replace(comparison(H, H).cohorts[0], name="stated")
    reading = read(replace(found, cohorts=(other, *found.cohorts)))
    assert reading.conclusion is Conclusion.INCONCLUSIVE
    assert reading.by_cohort == {"stated": Conclusion.SOUND_ALIKE, REFERENCE: Conclusion.SUPPORTS_P}
    assert reading.reasons[0].code == "cohorts_disagree"


def test_questioned_recordings_may_vary_more_than_known_ones_do() -> None:
    doubtful = Material(3, 90.0, consistency=Log10LR(1.9))
    for role, conclusion in {
        Role.QUESTIONED: Conclusion.SUPPORTS_P,
        Role.PERFORMER: Conclusion.INCONCLUSIVE,
        Role.SOURCE: Conclusion.INCONCLUSIVE,
    }.items():
        found = comparison(H, L)
        assert read(replace(found, materials={**found.materials, role: doubtful})).conclusion is conclusion


@pytest.mark.parametrize("role", [Role.PERFORMER, Role.SOURCE])
def test_recordings_that_contradict_each_other_conclude_nothing(role: Role) -> None:
    found = comparison(H, L)
    even = RecordingScore("even", 9.0, strength(0.0), strength(0.0), ())
    differing = tuple(replace(even, **{role.value: strength(lr)}) for lr in (1.98, -1.0))
    assert read(replace(found, recordings=(even, differing[0]))).conclusion is Conclusion.SUPPORTS_P
    reading = read(replace(found, recordings=differing))
    assert reading.conclusion is Conclusion.INCONCLUSIVE
    assert [(reason.code, reason.figures["role"]) for reason in reading.reasons] == [
        ("recordings_contradict", role.value)
    ]


def test_less_than_a_case_file_should_have_is_said_and_does_not_hinder() -> None:
    found = comparison(H, L)
    thin = Material(1, 8.0)
    reading = read(replace(found, materials=dict.fromkeys(found.materials, thin)))
    assert reading.conclusion is Conclusion.SUPPORTS_P
    codes = [reason.code for reason in reading.would_change]
    assert codes == ["source_in_condition", "more_questioned_speech", "more_recordings", "more_recordings"]


@pytest.mark.parametrize(
    ("log10_lr", "words"),
    [
        (0.0, "no support for either"),
        (0.30, "no support for either"),
        (0.31, "weak support for the same voice"),
        (1.0, "moderate support for the same voice"),
        (2.0, "moderately strong support for the same voice"),
        (3.0, "strong support for the same voice"),
        (3.49, "strong support for the same voice"),
        (4.0, "very strong support for the same voice"),
        (6.0, "extremely strong support for the same voice"),
        (-0.31, "weak support for another voice"),
        (-1.61, "moderate support for another voice"),
    ],
)
def test_words_follow_the_scale_either_way(log10_lr: float, words: str) -> None:
    assert verbal(log10_lr) == words


def test_a_rank_is_said_as_voices_of_a_crowd() -> None:
    said = Rank(600, 12, (6.89, 20.77), {}).sentence()
    assert said == "closer than 98.0 % of 600; about 12 voices at least as close, 95 % interval 7 to 21"


def test_marks_that_validation_does_not_support_are_refused() -> None:
    with pytest.raises(ValueError, match="rise within the bounds"):
        replace(MARKS, upper=1.9)
    with pytest.raises(ValueError, match="rise within the bounds"):
        replace(MARKS, opposed=1.1)


def test_a_comparison_without_the_calibrations_own_population_is_refused() -> None:
    found = comparison(H, L)
    with pytest.raises(ValueError, match="always among the cohorts"):
        replace(found, cohorts=(replace(found.cohorts[0], name="stated"),))


def test_a_source_is_measured_under_every_cohort_or_none() -> None:
    found = comparison(H, L)
    with pytest.raises(ValueError, match="under every cohort"):
        replace(found, cohorts=(replace(found.cohorts[0], name="stated", source=None, alike=None), *found.cohorts))
