"""Evidence from the few who matter is the evidence of comparing everybody, in arrays of all voices and performers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.domain.scores import EngineIdentity, RecordingEvidence, Span
from registry.engine.analysis import Analysis, Turn, Voice
from registry.engine.calibration import Calibration, load_calibration
from registry.engine.cohort import VOICES_BESIDE, unit
from registry.engine.gallery import Gallery
from registry.engine.matching import comparable_group, engine_features, share_less_close
from registry.engine.reporting import Reporter, Search
from registry.engine.searching import LISTED, Searcher
from registry.engine.voiceprint import Space
from registry.errors import InvalidInputError
from registry.media.quality import SignalQuality

CALIBRATION = load_calibration()
DIMENSIONS = {encoder: len(cohort.everybody.mean) for encoder, cohort in CALIBRATION.cohorts.items()}
ROOTS = {
    encoder: np.linalg.cholesky(cohort.everybody.covariance.astype(np.float64) + 1e-6 * np.eye(DIMENSIONS[encoder]))
    for encoder, cohort in CALIBRATION.cohorts.items()
}
COLOURINGS = {
    encoder: np.linalg.inv(cohort.project.whitening.astype(np.float64))
    for encoder, cohort in CALIBRATION.cohorts.items()
}
QUALITY = SignalQuality(-20.0, 0.0, 40.0, 8000.0, 0.9, None)
Means = dict[str, np.ndarray]


def drawn(random: np.random.Generator, count: int) -> Means:
    """Projected unit vectors, spread as the cohort's are."""
    found = {}
    for encoder, cohort in CALIBRATION.cohorts.items():
        voices = cohort.everybody.mean + random.normal(size=(count, DIMENSIONS[encoder])) @ ROOTS[encoder].T
        found[encoder] = unit(voices.astype(np.float32))
    return found


def mixed(one: Means, other: Means, share: float) -> Means:
    return {encoder: unit(share * one[encoder] + (1 - share) * other[encoder]) for encoder in one}


def unprojected(encoder: str, projected: np.ndarray) -> np.ndarray:
    """The unit vector that the projection brings to where a vector lies."""
    project = CALIBRATION.cohorts[encoder].project
    direction = projected @ COLOURINGS[encoder]
    direction /= np.linalg.norm(direction)
    centre = project.centre.astype(np.float64)
    along = direction @ centre
    return (centre + (np.sqrt(along**2 + 1 - centre @ centre) - along) * direction).astype(np.float32)


def voice_of(vectors: Means, near: Means, speech_s: float, turns: int, random: np.random.Generator) -> Voice:
    """A voice whose turns wander about it; each ``(1, d)``."""
    said = []
    for number in range(turns):
        turn = mixed(near, drawn(random, 1), random.uniform(0.5, 1))
        own = {encoder: unprojected(encoder, rows[0]) for encoder, rows in turn.items()}
        said.append(Turn(Span(2.0 * number, 2.0 * number + 1.5), speech_s / turns, own))
    return Voice(tuple(said), speech_s, {encoder: unprojected(encoder, rows[0]) for encoder, rows in vectors.items()})


def gallery_of(means: Means) -> Gallery:
    spaces = {encoder: Space(encoder, "0" * 64, "x-1", dimension) for encoder, dimension in DIMENSIONS.items()}
    gallery = Gallery(spaces, CALIBRATION.cohorts)
    count = len(next(iter(means.values())))
    gallery.add_many([f"p{number:03}" for number in range(count)], means)
    return gallery


def scene(seed: int, performers: int, voices: int, *, twins: bool) -> tuple[Means, Analysis]:
    """A gallery and a recording of enrolled people, of some who are like them, and of strangers."""
    random = np.random.default_rng(seed)
    means = drawn(random, performers)
    if twins:  # some performers are there twice and more, to the last bit
        copied = random.integers(0, performers, size=performers)
        means = {
            encoder: rows[np.where(random.random(performers) < 0.5, copied, np.arange(performers))].copy()
            for encoder, rows in means.items()
        }
    heard = []
    for _ in range(voices):
        own = random.integers(performers)
        near = {encoder: rows[own : own + 1] for encoder, rows in means.items()}
        share = random.choice([0.0, 0.4, 0.6, 0.8])
        spoken = mixed(near, drawn(random, 1), share)
        heard.append(voice_of(spoken, spoken, random.uniform(0.6, 12.0), int(random.integers(1, 5)), random))
    return means, Analysis(30.0, 25.0, tuple(heard), QUALITY)


def scores_in_full(means: Means, voices: Sequence[Voice], kept: Sequence[int]) -> tuple[Means, Means, Means]:
    """Voices projected, the same less the middle of the gallery, and all scores, in double precision."""
    projected, relative, scores = {}, {}, {}
    for encoder, cohort in CALIBRATION.cohorts.items():
        rows = means[encoder][list(kept)]
        projected[encoder] = cohort.project(np.stack([voice.vectors[encoder] for voice in voices]))
        common = rows.sum(axis=0, dtype=np.float64) / (len(rows) + VOICES_BESIDE)
        relative[encoder] = projected[encoder] - common.astype(np.float32)
        scores[encoder] = (relative[encoder][:, None].astype(np.float64) * rows[None]).sum(axis=-1)
    return projected, relative, scores


def in_full(calibration: Calibration, means: Means, voices: Sequence[Voice], without: set[str]) -> Search:
    """Everybody's log10 LR by the definition, from arrays of all voices and performers."""
    cohorts = calibration.cohorts
    names = [f"p{number:03}" for number in range(len(means["ge2e"]))]
    kept = [number for number, name in enumerate(names) if name not in without]
    projected, relative, scores = scores_in_full(means, voices, kept)
    features = {
        encoder: engine_features(scores[encoder], cohorts[encoder].moments(relative[encoder])) for encoder in scores
    }
    groups = comparable_group(cohorts, projected)
    return Search(
        performers=tuple(names[number] for number in kept),
        gallery_size=len(kept),
        ratios=calibration.ratios(features, np.array([voice.speech_s for voice in voices])),
        percentiles=100 * share_less_close(cohorts, relative, scores, groups, calibration.correlation),
        groups=groups,
    )


def reporter(calibration: Calibration) -> Reporter:
    return Reporter(calibration, 0.01, EngineIdentity("3", (), calibration.id, "cpu"))


def evidence_in_full(
    calibration: Calibration, means: Means, analysis: Analysis, without: set[str]
) -> RecordingEvidence:
    def turns_of(number: int) -> list[np.ndarray]:
        alone = [Voice((turn,), turn.speech_s, turn.vectors) for turn in analysis.voices[number].turns]
        return list(in_full(calibration, means, alone, without).ratios.fused)

    return reporter(calibration).report(analysis, in_full(calibration, means, analysis.voices, without), turns_of)


def evidence_of_few(calibration: Calibration, means: Means, analysis: Analysis, without: set[str]) -> RecordingEvidence:
    searcher, gallery, report = Searcher(calibration), gallery_of(means), reporter(calibration)
    limits = report.limits(gallery.searched(without), len(analysis.voices))
    found = searcher.nearest(analysis, gallery, limits.sound_alike, without)

    def turns_of(number: int) -> list[np.ndarray]:
        return searcher.turns(analysis, number, gallery, found.performers, without)

    return report.report(analysis, found, turns_of)


def assert_same(ours: RecordingEvidence, theirs: RecordingEvidence) -> None:
    assert ours.outcome is theirs.outcome
    assert [reason.code for reason in ours.reasons] == [reason.code for reason in theirs.reasons]
    assert ours.operating_point == theirs.operating_point
    assert [one.performer_id for one in ours.candidates] == [one.performer_id for one in theirs.candidates]
    for one, other in zip(ours.candidates, theirs.candidates, strict=True):
        assert one.outcome is other.outcome
        assert [reason.code for reason in one.reasons] == [reason.code for reason in other.reasons]
        assert one.log10_lr == pytest.approx(other.log10_lr, abs=1e-6)
        assert one.engines == pytest.approx(other.engines, abs=1e-6)
        assert one.cohort_percentile == pytest.approx(other.cohort_percentile, abs=1e-6)
        assert [segment.span for segment in one.segments] == [segment.span for segment in other.segments]
        strengths = [segment.log10_lr for segment in other.segments]
        assert [segment.log10_lr for segment in one.segments] == pytest.approx(strengths, abs=1e-6)


@given(
    seed=st.integers(0, 2**32 - 1),
    performers=st.one_of(st.integers(1, 60), st.integers(1, 300)),
    voices=st.integers(1, 6),
    twins=st.booleans(),
    left_out=st.integers(0, 8),
)
@settings(deadline=None, max_examples=60)
def test_evidence_is_that_of_comparing_everybody(
    seed: int,
    performers: int,
    voices: int,
    twins: bool,  # noqa: FBT001
    left_out: int,
) -> None:
    means, analysis = scene(seed, performers, voices, twins=twins)
    without = {f"p{number:03}" for number in np.random.default_rng(seed).permutation(performers)[:left_out]}
    without = without if len(without) < performers else set()
    assert_same(
        evidence_of_few(CALIBRATION, means, analysis, without), evidence_in_full(CALIBRATION, means, analysis, without)
    )


@given(
    seed=st.integers(0, 2**32 - 1),
    margins=st.tuples(st.floats(-30, 30), st.floats(-30, 30)),
    least=st.floats(-12, 3),
    twins=st.booleans(),
)
@settings(deadline=None, max_examples=40)
def test_whoever_reaches_what_was_asked_for_is_found_under_any_calibration(
    seed: int,
    margins: tuple[float, float],
    least: float,
    twins: bool,  # noqa: FBT001
) -> None:
    engines = {
        encoder: np.array([margin, *weights[1:]])
        for margin, (encoder, weights) in zip(margins, CALIBRATION.engines.items(), strict=True)
    }
    calibration = replace(CALIBRATION, engines=engines)
    means, analysis = scene(seed, 250, 3, twins=twins)
    found = Searcher(calibration).nearest(analysis, gallery_of(means), least)
    everybody = in_full(calibration, means, analysis.voices, set())
    strongest = everybody.ratios.fused.max(axis=0)
    best = np.argsort(-strongest, kind="stable")[:5]
    wanted = {everybody.performers[number] for number in np.flatnonzero(strongest >= least)}
    reached = {everybody.performers[number] for number in np.flatnonzero(strongest > strongest[best[-1]] + 1e-9)}
    assert wanted | reached <= set(found.performers)
    columns = [everybody.performers.index(name) for name in found.performers]
    assert np.allclose(found.ratios.fused, everybody.ratios.fused[:, columns], atol=1e-6)
    assert np.allclose(np.sort(-found.ratios.fused.max(axis=0))[:5], -strongest[best], atol=1e-6)


def at_cosine(random: np.random.Generator, vector: np.ndarray, cosine: float, count: int) -> np.ndarray:
    """Unit vectors with this cosine to one, and nothing else in common."""
    other = random.normal(size=(count, len(vector)))
    other -= np.outer(other @ vector, vector)
    other /= np.linalg.norm(other, axis=1, keepdims=True)
    return (cosine * vector + np.sqrt(1 - cosine**2) * other).astype(np.float32)


def test_a_rival_whom_many_outdo_by_the_weighted_sum_is_found() -> None:
    """Without themselves among their rivals in one space, they are the best of all."""
    random = np.random.default_rng(0)
    near = drawn(random, 1)
    analysis = Analysis(30.0, 25.0, (voice_of(near, near, 6.0, 1, random),), QUALITY)
    weights = {
        encoder: margin[0] * weight
        for (encoder, margin), weight in zip(CALIBRATION.engines.items(), CALIBRATION.fusion, strict=False)
    }
    outdone = 0
    for cosine in np.linspace(0.2, 0.5, 61):
        means = {
            encoder: np.concatenate(
                [at_cosine(random, near[encoder][0], many, 60), at_cosine(random, near[encoder][0], one, 1)]
            )
            for encoder, many, one in (("ge2e", 0.3, 0.6), ("campplus", cosine, 0.1))
        }
        best = in_full(CALIBRATION, means, analysis.voices, set()).ratios.fused[0].argmax()
        _, _, scores = scores_in_full(means, analysis.voices, range(61))
        summed = sum(weight * scores[encoder][0] for encoder, weight in weights.items())
        outdone += best == 60 and (summed > summed[60]).sum() > LISTED
        assert_same(
            evidence_of_few(CALIBRATION, means, analysis, set()), evidence_in_full(CALIBRATION, means, analysis, set())
        )
    assert outdone


def test_few_are_listed_where_few_matter() -> None:
    means, analysis = scene(3, 300, 1, twins=False)
    assert len(Searcher(CALIBRATION).nearest(analysis, gallery_of(means), 1.5).performers) <= 32 + 12


def test_a_search_of_everybody_agrees() -> None:
    means, analysis = scene(4, 120, 3, twins=True)
    searched = Searcher(CALIBRATION).everybody(analysis, gallery_of(means), ["p003"])
    expected = in_full(CALIBRATION, means, analysis.voices, {"p003"})
    assert searched.performers == expected.performers
    assert searched.gallery_size == 119
    assert np.allclose(searched.ratios.fused, expected.ratios.fused, atol=1e-4)
    assert np.allclose(searched.percentiles, expected.percentiles, atol=1e-3)


def test_a_search_for_some_is_that_of_everybody_in_their_columns() -> None:
    means, analysis = scene(5, 120, 3, twins=False)
    found = Searcher(CALIBRATION).named(analysis, gallery_of(means), ["p099", "p001"], ["p003"])
    expected = in_full(CALIBRATION, means, analysis.voices, {"p003"})
    columns = [expected.performers.index(name) for name in ("p099", "p001")]
    assert found.performers == ("p099", "p001")
    assert np.allclose(found.ratios.fused, expected.ratios.fused[:, columns], atol=1e-6)
    assert np.allclose(found.percentiles, expected.percentiles[:, columns], atol=1e-6)


def test_a_gallery_in_which_nobody_is_left_is_refused() -> None:
    means, analysis = scene(6, 2, 1, twins=False)
    with pytest.raises(InvalidInputError, match="nobody"):
        Searcher(CALIBRATION).nearest(analysis, gallery_of(means), 1.0, ["p000", "p001"])
    with pytest.raises(InvalidInputError, match="empty"):
        Searcher(CALIBRATION).nearest(analysis, gallery_of({name: rows[:0] for name, rows in means.items()}), 1.0)
