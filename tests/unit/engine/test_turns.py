from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from registry.engine.turns import SAME_VOICE_COSINE, cluster, label_windows, turns
from registry.engine.windows import Window

RATE = 16_000


def around(centres: list[int], spread: float, seed: int = 0) -> np.ndarray:
    """Unit vectors near one axis each: two near the same axis have a cosine near 1, else near 0."""
    random = np.random.default_rng(seed)
    vectors = np.eye(16)[centres] + spread * random.normal(size=(len(centres), 16))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def in_a_row(count: int) -> list[Window]:
    return [Window(n * 24_000, n * 24_000 + 48_000) for n in range(count)]


def test_one_window_is_one_voice() -> None:
    assert label_windows(in_a_row(1), around([3], 0.1)).tolist() == [0]


def test_one_voice_stays_one_voice() -> None:
    assert set(label_windows(in_a_row(40), around([2] * 40, 0.1)).tolist()) == {0}


def test_two_voices_are_told_apart_and_the_one_that_speaks_most_comes_first() -> None:
    labels = label_windows(in_a_row(10), around([1] * 3 + [5] * 7, 0.05))
    assert labels.tolist() == [1] * 3 + [0] * 7


def test_a_voice_of_a_moment_is_no_voice_of_its_own() -> None:
    labels = label_windows(in_a_row(9), around([1] * 4 + [7] + [1] * 4, 0.05))
    assert set(labels.tolist()) == {0}


def test_five_seconds_of_another_voice_in_two_minutes_are_found() -> None:
    labels = label_windows(in_a_row(80), around([1] * 40 + [4] * 3 + [1] * 37, 0.1))
    assert labels.tolist() == [0] * 40 + [1] * 3 + [0] * 37


def test_labels_follow_first_appearance() -> None:
    assert cluster(around([4, 4, 2, 4, 2], 0.01), 0.5).tolist() == [0, 0, 1, 0, 1]


def test_turns_divide_the_track_without_gap_or_overlap() -> None:
    windows = in_a_row(6)
    found = turns(windows, np.array([0, 0, 1, 1, 0, 0]))
    assert [label for _, label in found] == [0, 1, 0]
    assert found[0][0].start == 0
    assert found[-1][0].stop == windows[-1].stop
    assert all(left.stop == right.start for (left, _), (right, _) in pairwise(found))


@pytest.mark.parametrize("seed", range(5))
def test_the_chain_finds_what_greedy_average_linkage_finds(seed: int) -> None:
    vectors = around([0, 0, 1, 1, 1, 2, 0, 3, 3, 2], 0.25, seed)
    clusters = [[n] for n in range(len(vectors))]
    while len(clusters) > 1:
        pairs = [
            (float(np.mean(vectors[a] @ vectors[b].T)), i, j)
            for i, a in enumerate(clusters)
            for j, b in enumerate(clusters)
            if i < j
        ]
        best, i, j = max(pairs)
        if best <= SAME_VOICE_COSINE:
            break
        clusters[i] += clusters.pop(j)
    labels = cluster(vectors, SAME_VOICE_COSINE)
    assert {frozenset(found) for found in clusters} == {
        frozenset(np.flatnonzero(labels == label).tolist()) for label in set(labels.tolist())
    }
