"""Both encoders at once: the mean of their cosines, on one grid, wherever each has cut its windows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from registry.engine.cohort import Projection, unit
from registry.engine.joint import joint_vectors
from registry.engine.windows import Window

RANDOM = np.random.default_rng(0)


def vectors(count: int, dimension: int) -> np.ndarray:
    return unit(RANDOM.normal(size=(count, dimension)).astype(np.float32))


def plain(dimension: int) -> Projection:
    return Projection(np.zeros(dimension, dtype=np.float32), np.eye(dimension, dtype=np.float32))


def windows(*starts: int, length: int = 100) -> list[Window]:
    return [Window(start, start + length) for start in starts]


def joined(
    grid: Sequence[Window],
    others: Sequence[Window],
    own: np.ndarray,
    other: np.ndarray,
    projections: dict[str, Projection],
) -> np.ndarray:
    return joint_vectors(grid, {"a": grid, "b": others}, {"a": own, "b": other}, projections)


def test_the_cosine_is_the_mean_of_the_encoders_cosines() -> None:
    grid, own, other = windows(0, 100, 200), vectors(3, 8), vectors(3, 5)
    both = joined(grid, grid, own, other, {"a": plain(8), "b": plain(5)})
    assert both @ both.T == pytest.approx((own @ own.T + other @ other.T) / 2, abs=1e-6)


def test_vectors_are_projected_first() -> None:
    grid, own, other = windows(0, 100), vectors(2, 4), vectors(2, 4)
    moved = Projection(np.full(4, 0.1, dtype=np.float32), np.diag([1.0, 2.0, 3.0, 4.0]).astype(np.float32))
    both = joined(grid, grid, own, other, {"a": moved, "b": plain(4)})
    there = moved(own)
    assert both @ both.T == pytest.approx((there @ there.T + other @ other.T) / 2, abs=1e-6)


def test_a_window_hears_of_the_other_encoder_what_it_shares_speech_with() -> None:
    grid, other = windows(0, 100), np.eye(3, dtype=np.float32)
    both = joined(grid, windows(0, 50, 150, length=50), vectors(2, 4), other, {"b": plain(3)})
    assert both == pytest.approx(np.array([[1, 1, 0], [0, 0, 2**0.5]]) / 2**0.5, abs=1e-6)


def test_a_window_that_shares_speech_with_none_hears_the_nearest() -> None:
    other = np.eye(2, dtype=np.float32)
    both = joined(windows(1_000), windows(0, 700), vectors(1, 4), other, {"b": plain(2)})
    assert both[0] == pytest.approx([0, 1])
