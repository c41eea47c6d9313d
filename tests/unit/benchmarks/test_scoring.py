"""The ways of the ablation are what their names say: the last step is the engine's margin, and who is out is out."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.scoring import Enrolled, Way, Ways, enrolled_of
from registry.engine.cohort import Cohort, fit_projection, fit_spread, middle, unit
from registry.engine.matching import engine_features

DIMENSION = 8
PERFORMERS = 60
ENCODERS = ("ge2e", "campplus")


def directions(count: int, seed: int) -> np.ndarray:
    return unit(np.random.default_rng(seed).normal(size=(count, DIMENSION)).astype(np.float32))


def cohort(seed: int) -> Cohort:
    vectors = directions(200, seed)
    project = fit_projection(vectors, [str(number // 4) for number in range(200)], 0.5)
    spread = fit_spread(project(vectors), 0.1)
    return Cohort(project, spread, (spread,))


COHORTS = {encoder: cohort(seed) for seed, encoder in enumerate(ENCODERS)}


@pytest.fixture
def enrolled() -> Enrolled:
    rows = {encoder: directions(2 * PERFORMERS, 10 + seed) for seed, encoder in enumerate(ENCODERS)}
    return enrolled_of(
        {
            str(person): [{encoder: rows[encoder][2 * person + place] for encoder in ENCODERS} for place in range(2)]
            for person in range(PERFORMERS)
        }
    )


@pytest.fixture
def ways(enrolled: Enrolled) -> Ways:
    return Ways(COHORTS, enrolled, np.random.default_rng(0))


VOICES = {encoder: directions(3, 20 + seed) for seed, encoder in enumerate(ENCODERS)}
EVERYBODY = np.arange(PERFORMERS)


def scored(way: Way, enrolled: Enrolled, columns: np.ndarray) -> np.ndarray:
    return way.score(VOICES, way.similarities(VOICES, enrolled), columns)


def test_the_last_step_is_the_margin_of_the_engine(ways: Ways, enrolled: Enrolled) -> None:
    expected = np.zeros((3, PERFORMERS))
    for encoder, known in COHORTS.items():
        voices = known.project(VOICES[encoder])
        pairs = known.project(enrolled.vectors[encoder]).reshape(PERFORMERS, 2, DIMENSION)
        means = unit(pairs.mean(axis=1))
        relative = voices - middle(means.sum(axis=0, dtype=np.float64), PERFORMERS)
        expected += engine_features(relative @ means.T, known.moments(relative)).margin
    assert scored(ways.steps()[-1], enrolled, EVERYBODY) == pytest.approx(expected.max(axis=0), abs=1e-5)


def test_a_performer_who_is_left_out_is_nobody_s_rival(ways: Ways, enrolled: Enrolled) -> None:
    margin = ways.steps()[-2]  # the middle moves with who is there
    whole = scored(margin, enrolled, EVERYBODY)
    nearest = int(whole.argmax())
    without = scored(margin, enrolled, np.delete(EVERYBODY, nearest))
    assert (without >= np.delete(whole, nearest) - 1e-9).all()
    assert (without > np.delete(whole, nearest) + 1e-6).any()


def test_steps_before_the_margin_do_not_depend_on_who_else_is_enrolled(ways: Ways, enrolled: Enrolled) -> None:
    for way in ways.steps()[:4]:
        some = np.array([3, 7, 41])
        assert scored(way, enrolled, some) == pytest.approx(scored(way, enrolled, EVERYBODY)[some], abs=1e-9)


def test_the_nearest_prototype_is_the_better_of_two(ways: Ways, enrolled: Enrolled) -> None:
    ge2e = ways.steps()[0]
    each = (VOICES["ge2e"] @ enrolled.vectors["ge2e"].T).max(axis=0).reshape(PERFORMERS, 2).max(axis=1)
    assert scored(ge2e, enrolled, EVERYBODY) == pytest.approx(each, abs=1e-6)


def test_virtual_voices_count_only_in_small_galleries(ways: Ways, enrolled: Enrolled) -> None:
    without, with_them = ways.with_virtual_voices()
    few = np.arange(8)
    assert scored(with_them, enrolled, EVERYBODY) == pytest.approx(scored(without, enrolled, EVERYBODY), abs=1e-9)
    assert (scored(with_them, enrolled, few) < scored(without, enrolled, few)).all()


def test_every_way_that_was_tried_answers_for_everybody(ways: Ways, enrolled: Enrolled) -> None:
    for way in ways.tried():
        found = scored(way, enrolled, EVERYBODY)
        assert found.shape == (PERFORMERS,), way.name
        assert np.isfinite(found).all(), way.name
