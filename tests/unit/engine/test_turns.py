from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from registry.engine.turns import (
    ONE_ENCODER,
    PAUSE_REACH_S,
    SAME_TRACK_BONUS,
    cluster,
    label_windows,
    reunite,
    turns,
)
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


def test_one_voice_to_one_encoder_stays_one_voice_whatever_both_say() -> None:
    joint = around([1] * 5 + [5] * 5, 0.05)
    assert set(label_windows(in_a_row(10), around([2] * 10, 0.1), joint=joint).tolist()) == {0}


def test_voices_too_near_for_one_encoder_are_told_apart_by_both() -> None:
    """Of three people on one telephone line, one encoder takes two for one."""
    near = around([1] * 4 + [1] * 4 + [5] * 4, 0.05)
    assert label_windows(in_a_row(12), near).tolist() == [0] * 8 + [1] * 4
    both = around([1] * 4 + [3] * 4 + [5] * 4, 0.05)
    labels = label_windows(in_a_row(12), near, joint=both).tolist()
    assert [len(set(labels[at : at + 4])) for at in (0, 4, 8)] == [1, 1, 1]
    assert len(set(labels)) == 3


def test_a_voice_that_one_encoder_splits_is_put_together_by_both() -> None:
    labels = label_windows(in_a_row(10), around([1] * 5 + [5] * 5, 0.05), joint=around([2] * 10, 0.05))
    assert set(labels.tolist()) == {0}


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
        if best <= ONE_ENCODER.windows:
            break
        clusters[i] += clusters.pop(j)
    labels = cluster(vectors, ONE_ENCODER.windows)
    assert {frozenset(found) for found in clusters} == {
        frozenset(np.flatnonzero(labels == label).tolist()) for label in set(labels.tolist())
    }


def test_what_is_left_of_a_run_goes_with_its_last_window() -> None:
    windows = in_a_row(2)
    runs = [Window(0, windows[-1].stop + 5_000)]
    assert turns(windows, np.array([0, 0]), runs)[-1][0].stop == windows[-1].stop + 5_000


def test_a_voice_begins_after_a_pause_where_there_is_one_near() -> None:
    windows, labels = in_a_row(4), np.array([0, 0, 1, 1])
    border = turns(windows, labels)[0][0].stop
    reach = int(PAUSE_REACH_S * RATE)
    assert turns(windows, labels, pauses=[border + reach // 2])[0][0].stop == border + reach // 2
    assert turns(windows, labels, pauses=[border + 2 * reach])[0][0].stop == border


@pytest.mark.parametrize("seed", range(5))
def test_pauses_never_make_turns_overlap_or_leave_a_gap(seed: int) -> None:
    random = np.random.default_rng(seed)
    windows = in_a_row(20)
    pauses = np.sort(random.integers(0, windows[-1].stop, 15)).tolist()
    found = turns(windows, random.integers(0, 3, 20), [Window(0, windows[-1].stop)], pauses)
    assert found[0][0].start == 0
    assert found[-1][0].stop == windows[-1].stop
    assert all(left.stop == right.start for (left, _), (right, _) in pairwise(found))


def test_means_that_lie_far_apart_stay_apart() -> None:
    assert reunite(around([0, 1, 2], 0.01), np.ones(3), ONE_ENCODER.means).tolist() == [0, 1, 2]


def test_means_of_one_voice_are_put_together() -> None:
    centres = around([0, 1, 0, 1], 0.05)
    assert reunite(centres, np.array([5.0, 9.0, 2.0, 2.0]), ONE_ENCODER.means).tolist() == [0, 1, 0, 1]


def test_windows_of_one_speaker_by_segmentation_need_more_to_be_split() -> None:
    moved, near = around([0] * 4, 0.01), ONE_ENCODER.windows - SAME_TRACK_BONUS / 2
    moved[:, 0], moved[:, 1] = near * moved[:, 0], (1 - near**2) ** 0.5
    leaning = np.concatenate([around([0] * 4, 0.01), moved / np.linalg.norm(moved, axis=1, keepdims=True)])
    between = float((leaning[:4] @ leaning[4:].T).mean())
    assert ONE_ENCODER.windows - SAME_TRACK_BONUS < between < ONE_ENCODER.windows
    assert len(set(cluster(leaning, ONE_ENCODER.windows).tolist())) == 2
    assert len(set(cluster(leaning, ONE_ENCODER.windows, np.zeros(8, dtype=np.int64)).tolist())) == 1
    assert len(set(cluster(leaning, ONE_ENCODER.windows, np.repeat([0, 1], 4)).tolist())) == 2


def test_segmentation_alone_does_not_make_one_voice_of_two() -> None:
    labels = label_windows(in_a_row(10), around([1] * 5 + [5] * 5, 0.05), np.zeros(10, dtype=np.int64))
    assert len(set(labels.tolist())) == 2
