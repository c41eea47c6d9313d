"""What is told of a cohort: it follows from the file, says less and never more, and hides one person among ten."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from strategies_comparison import comparisons

from registry.domain.cohorts import TENS
from registry.domain.comparison import (
    Comparison,
    Likeness,
    Marks,
    Material,
    Rank,
    Role,
    Strength,
    UnderCohort,
)
from registry.domain.conclusions import Band, band, read
from registry.domain.scores import Log10LR
from registry.domain.told_cohorts import LEAST_IN_TENS, UNRANKED, Telling, told
from registry.interchange.comparisons import comparison_json, comparison_of, read_again

OFFSETS = st.integers(0, TENS - 1)


def everywhere(comparison: Comparison, telling: Telling) -> Comparison:
    """Tell so much of every cohort but the calibration's own, which comes from no registry."""
    return told(comparison, {cohort.name: telling for cohort in comparison.cohorts[:-1]})


@given(comparisons(), st.sampled_from([UNRANKED, *(Telling(offset=offset) for offset in range(TENS))]))
def test_what_is_concluded_follows_from_what_is_told(comparison: Comparison, telling: Telling) -> None:
    shown = everywhere(comparison, telling)
    document = {"format": "likeness-comparison", "version": 1, **comparison_json(shown, read(shown))}
    assert comparison_of(document) == shown
    assert read_again(document) == (read(shown), True)


@given(comparisons(), OFFSETS)
def test_nobody_is_supported_or_opposed_by_what_is_told_who_was_not_measured_so(
    comparison: Comparison, offset: int
) -> None:
    shown = everywhere(comparison, Telling(offset=offset))
    for before, after in zip(comparison.cohorts, shown.cohorts, strict=True):
        for likeness, told_of in ((before.performer, after.performer), (before.source, after.source)):
            if likeness is None or told_of is None:
                continue
            found = band(told_of, comparison.marks)
            if found in {Band.SUPPORTED, Band.OPPOSED}:
                assert found is band(likeness, comparison.marks)
            assert abs(told_of.strength.log10_lr) <= abs(likeness.strength.log10_lr)


def under(voices: int, closer: int) -> UnderCohort:
    strength = Strength(Log10LR(1.2345), {"ge2e": Log10LR(0.06), "campplus": Log10LR(-0.06)})
    rank = Rank(voices, closer, (0.0, float(voices)), {"ge2e": closer, "campplus": closer})
    return UnderCohort("stated", Likeness(strength, rank), None, None, ("voice 7",))


@given(st.integers(1, 2000), st.data(), OFFSETS)
def test_ranks_are_counted_in_tens_or_not_told(voices: int, data: st.DataObject, offset: int) -> None:
    closer = data.draw(st.integers(0, voices))
    shown = Telling(offset=offset).of(under(voices, closer))
    assert (shown.set_aside, shown.distribution, shown.performer.strength.log10_lr) == ((), None, 1.2)
    assert set(shown.performer.strength.engines.values()) == {0.0}
    rank = shown.performer.rank
    assert (rank is None) is (voices < LEAST_IN_TENS)
    if rank is not None:
        assert rank.in_tens
        assert [count % TENS for count in (rank.voices, rank.at_least_as_close, *rank.engines.values())] == [0] * 4
        assert closer - TENS < rank.at_least_as_close < closer + TENS
        assert 0 <= rank.interval[0] <= min(closer, rank.voices)
        assert rank.interval[1] >= min(closer, rank.voices) or closer > rank.voices


def test_one_more_who_is_near_shows_at_one_place_in_ten_that_nobody_knows() -> None:
    def counted(closer: int, offset: int) -> float:
        rank = Telling(offset=offset).of(under(500, closer)).performer.rank
        assert rank is not None
        return rank.at_least_as_close

    for closer in range(40):
        shows = [counted(closer + 1, offset) != counted(closer, offset) for offset in range(TENS)]
        assert shows.count(True) == 1
        assert sum(counted(closer, offset) for offset in range(TENS)) / TENS == closer


def test_where_no_rank_is_told_the_calibration_s_own_says_who_resembles() -> None:
    near = replace(under(500, 250), set_aside=())
    own = replace(under(600, 0), name="reference", set_aside=())
    for rarely, expected in ((0, "sound_alike"), (300, "inconclusive")):
        reference = replace(own, performer=replace(own.performer, rank=Rank(600, rarely, (0.0, 9.0), {})))
        measured = comparison_with(near, reference)
        assert read(told(measured, {"stated": Telling(offset=3)})).conclusion.value == expected
        assert read(told(measured, {"stated": UNRANKED})).conclusion.value == expected


def comparison_with(stated: UnderCohort, reference: UnderCohort) -> Comparison:
    marks = Marks(supported=1.98, resembles=1.02, opposed=-1.0, stranger_rate=0.001, lower=-1.61, upper=3.49)
    material = Material(recordings=3, speech_s=60.0)
    return Comparison(marks, {Role.QUESTIONED: material, Role.PERFORMER: material}, (stated, reference))
