"""Leaving a performer out of a search is the same as never having enrolled them."""

from __future__ import annotations

import numpy as np
import pytest

from registry.engine.analysis import Analysis, Voice
from registry.engine.gallery import Gallery
from registry.engine.identify import Engine
from registry.engine.voiceprint import Voiceprint
from registry.errors import InvalidInputError
from registry.media.quality import SignalQuality

NAMES = [f"performer {number}" for number in range(8)]


def vectors(engine: Engine, seed: int, near: int | None = None) -> dict[str, np.ndarray]:
    """Random unit vectors; those with the same ``near`` point the same way, more or less."""
    found = {}
    for encoder, space in engine.spaces.items():
        vector = np.random.default_rng(seed).normal(size=space.dimension)
        if near is not None:
            vector = vector + 3 * np.random.default_rng(10_000 + near).normal(size=space.dimension)
        found[encoder] = (vector / np.linalg.norm(vector)).astype(np.float32)
    return found


def gallery_of(engine: Engine, names: list[str]) -> Gallery:
    gallery = engine.new_gallery()
    for name in names:
        number = NAMES.index(name)
        prints = [
            Voiceprint(engine.spaces[encoder], vector, "enrolled", 10.0)
            for seed in (number, 100 + number)
            for encoder, vector in vectors(engine, seed, near=number).items()
        ]
        gallery.add(name, prints)
    return gallery


@pytest.fixture
def analysis(engine: Engine) -> Analysis:
    voices = tuple(Voice((), 6.0, vectors(engine, seed, near=3)) for seed in (500, 501))
    return Analysis(12.0, 12.0, voices, SignalQuality(-20.0, 0.0, 40.0, 8000.0, 0.9, None))


def test_nobody_left_is_refused(engine: Engine, analysis: Analysis) -> None:
    with pytest.raises(InvalidInputError, match="nobody"):
        engine.search(analysis, gallery_of(engine, NAMES[:2]), without=NAMES[:2])


@pytest.mark.parametrize("left_out", [[NAMES[3]], [NAMES[0], NAMES[3], NAMES[7]]])
def test_a_search_without_somebody_is_a_search_of_the_others(
    engine: Engine, analysis: Analysis, left_out: list[str]
) -> None:
    others = [name for name in NAMES if name not in left_out]
    without = engine.search(analysis, gallery_of(engine, NAMES), without=left_out)
    never = engine.search(analysis, gallery_of(engine, others))
    assert without.performers == never.performers == tuple(others)
    np.testing.assert_allclose(without.ratios.fused, never.ratios.fused, atol=1e-4)
    np.testing.assert_allclose(without.percentiles, never.percentiles, atol=1e-3)


def test_the_nearest_performer_left_out_makes_everybody_else_stand_out_more(engine: Engine, analysis: Analysis) -> None:
    whole = engine.search(analysis, gallery_of(engine, NAMES))
    without = engine.search(analysis, gallery_of(engine, NAMES), without=[NAMES[3]])
    assert whole.ratios.fused[0].argmax() == 3
    kept = [number for number in range(len(NAMES)) if number != 3]
    assert (without.ratios.fused >= whole.ratios.fused[:, kept] - 1e-6).all()
