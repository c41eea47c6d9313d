"""Comparisons of every kind, and the same ones with the roles of performer and source exchanged."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from hypothesis import strategies as st

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
)
from registry.domain.scores import Log10LR

MARKS = Marks(supported=1.98, resembles=1.02, opposed=-1.0, stranger_rate=0.001, lower=-1.61, upper=3.49)

_EDGES = (MARKS.lower, MARKS.opposed, MARKS.resembles, MARKS.supported, MARKS.upper)
log10_lrs = st.one_of(
    st.sampled_from([round(edge + step, 4) for edge in _EDGES for step in (-0.0001, 0.0, 0.0001)]),
    st.floats(MARKS.lower, MARKS.upper),
).map(MARKS.capped)


@cache
def strengths(*, disagree: bool = True) -> st.SearchStrategy[Strength]:
    disagreeing = st.sampled_from([False] * 9 + [True] if disagree else [False])
    return st.builds(Strength, log10_lrs, st.fixed_dictionaries({"one": log10_lrs, "other": log10_lrs}), disagreeing)


ranks = st.builds(
    lambda voices, share: Rank(voices, round(share * voices), (0.0, float(voices)), {}),
    st.integers(1, 600),
    st.sampled_from([0.0, 0.005, 0.01, 0.011, 0.5, 1.0]),
)


@cache
def likenesses(*, disagree: bool = True) -> st.SearchStrategy[Likeness]:
    return st.builds(Likeness, strengths(disagree=disagree), st.none() | ranks)


@cache
def cohorts(name: str, *, source: bool, disagree: bool = True) -> st.SearchStrategy[UnderCohort]:
    others = likenesses(disagree=disagree) if source else st.none()
    alike = st.builds(Alikeness, strengths(disagree=disagree), strengths(disagree=disagree)) if source else st.none()
    return st.builds(UnderCohort, st.just(name), likenesses(disagree=disagree), others, alike)


SOUND = Material(3, 90.0, consistency=Log10LR(3.0))
materials = st.builds(
    Material,
    recordings=st.sampled_from([0, 1, 3, 8]),
    speech_s=st.sampled_from([0.9, 1.5, 30.0, 90.0]),
    consistency=st.none() | log10_lrs,
)


@st.composite
def comparisons(draw: st.DrawFn, *, source: bool | None = None, clear: bool = False) -> Comparison:
    """Draw a comparison.

    Args:
        draw: of Hypothesis.
        source: whether one is declared; None for either.
        clear: whether nothing stands in the way of a conclusion but the numbers.
    """
    declared = draw(st.booleans()) if source is None else source
    roles = [Role.QUESTIONED, Role.PERFORMER, *([Role.SOURCE] if declared else [])]
    made = {role: SOUND if clear else draw(materials) for role in roles}
    names = ["stated", *draw(st.sampled_from([[], ["alternative 1"]])), REFERENCE]
    measured = tuple(draw(cohorts(name, source=declared, disagree=not clear)) for name in names)
    usable = all(material.recordings for material in made.values())
    recordings = () if clear else tuple(draw(st.lists(_recordings(source=declared), max_size=3)))
    holds = () if clear else draw(st.sampled_from([(), (), ("singing",)]))
    return Comparison(MARKS, made, measured if usable else (), recordings if usable else (), holds)


@cache
def _recordings(*, source: bool) -> st.SearchStrategy[RecordingScore]:
    others = strengths() if source else st.none()
    return st.builds(RecordingScore, st.just("one"), st.just(9.0), strengths(), others, st.just(()))


def exchanged(comparison: Comparison) -> Comparison:
    """Answer the same with performer and source in each other's place."""
    made = {
        Role.QUESTIONED: comparison.materials[Role.QUESTIONED],
        Role.PERFORMER: comparison.materials[Role.SOURCE],
        Role.SOURCE: comparison.materials[Role.PERFORMER],
    }
    return replace(
        comparison,
        materials=made,
        cohorts=tuple(_exchanged(cohort) for cohort in comparison.cohorts),
        recordings=tuple(replace(one, performer=one.source, source=one.performer) for one in comparison.recordings),
    )


def _exchanged(cohort: UnderCohort) -> UnderCohort:
    assert cohort.source
    assert cohort.alike
    alike = Alikeness(cohort.alike.from_source, cohort.alike.from_performer)
    return replace(cohort, performer=cohort.source, source=cohort.performer, alike=alike)
