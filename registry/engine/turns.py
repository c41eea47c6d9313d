"""Who speaks when, as far as windows can tell: windows of one voice are clustered, and clusters become turns.

Average-linkage agglomerative clustering on the cosine of window embeddings (of campplus, which tells voices apart far
better than ge2e does on seconds of speech), by the nearest-neighbour chain (Murtagh 1983), so that an hour takes
seconds. Means of clusters are compared once more, since they say more than windows do. Overlapped speech is not
separated here: it is left out before.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from registry.engine.windows import Window
from registry.media.recording import SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True)
class Closeness:
    """What is one voice.

    Attributes:
        windows: clusters whose windows are closer than this on average.
        means: clusters whose means are closer than this.
    """

    windows: float
    means: float


ONE_ENCODER = Closeness(windows=0.52, means=0.64)
"""Cosines of campplus as it is.

Of 344 recordings of one of 158 development people, two came under the first; of 1,674 pairs of recordings of two of
them, in one corpus and put together, all but nine did. Of the means of such pairs four were over the second, of those
of two halves of a recording (235) none was under it.
"""

BOTH_ENCODERS = Closeness(windows=0.50, means=0.65)
"""Mean cosines of both, projected. Chosen from fifteen on 96 scenes of development people, half of them in a room: of
48 registered voices 37 were found, by the others 27 to 37; two voices were matched wrongly, by all of them."""

SAME_TRACK_BONUS = 0.1
"""How much nearer two windows count that the segmentation gives to one speaker.

It is a hint, no more: in scenes of development people 77 of 100 seconds of such a speaker were one person's (97 within
one chunk: following people from chunk to chunk is what goes wrong), so windows must still decide.
"""

SHORTEST_VOICE_S = 2.0
"""A cluster with less speech than this is no voice of its own: its windows go to the nearest one that is."""

PAUSE_REACH_S = 1.0
"""How far, in seconds of speech, the border between two voices may be moved to a pause."""


def cluster(
    vectors: NDArray[np.float32], threshold: float, tracks: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """Label ``(n, d)`` unit vectors ``0 … k - 1``: average linkage merges while the mean cosine is over ``threshold``.

    Two vectors of one of the ``tracks``, ``(n,)``, count as nearer by `SAME_TRACK_BONUS`. Labels are numbered by first
    appearance. Average linkage is reducible, so the chain finds the same merges as the greedy order does.
    """
    similarity = (vectors @ vectors.T).astype(np.float64)
    if tracks is not None:
        similarity += SAME_TRACK_BONUS * (tracks[:, None] == tracks)
    merges = [pair for mean, *pair in _merges(similarity) if mean > threshold]
    parent = np.arange(len(vectors))
    for left, right in merges:
        parent[_root(parent, right)] = _root(parent, left)
    roots = [_root(parent, item) for item in range(len(vectors))]
    order = {root: label for label, root in enumerate(dict.fromkeys(roots))}
    return np.array([order[root] for root in roots], dtype=np.int64)


def _root(parent: NDArray[np.int64], item: int) -> int:
    while parent[item] != item:
        item = int(parent[item])
    return item


def _merges(similarity: NDArray[np.float64]) -> list[tuple[float, int, int]]:
    """Answer every merge of the full tree as (mean, item, item), each item standing for its cluster.

    ``(n, n)`` similarities are overwritten.
    """
    np.fill_diagonal(similarity, -np.inf)
    size = np.ones(len(similarity))
    alive = np.ones(len(similarity), dtype=bool)
    merges: list[tuple[float, int, int]] = []
    chain: list[int] = []
    while len(merges) < len(similarity) - 1:
        if not chain:
            chain.append(int(np.flatnonzero(alive)[0]))
        nearest = int(similarity[chain[-1]].argmax())
        before = chain[-2] if len(chain) > 1 else -1
        if before >= 0 and similarity[chain[-1], before] >= similarity[chain[-1], nearest]:
            gone, kept = chain.pop(), chain.pop()
            merges.append((float(similarity[gone, kept]), kept, gone))
            _merge(similarity, size, kept, gone)
            alive[gone] = False
        else:
            chain.append(nearest)
    return merges


def _merge(similarity: NDArray[np.float64], size: NDArray[np.float64], kept: int, gone: int) -> None:
    mean = (size[kept] * similarity[kept] + size[gone] * similarity[gone]) / (size[kept] + size[gone])
    mean[[kept, gone]] = -np.inf
    similarity[kept], similarity[:, kept] = mean, mean
    similarity[gone], similarity[:, gone] = -np.inf, -np.inf
    size[kept] += size[gone]


def reunite(centres: NDArray[np.float32], weights: NDArray[np.float64], threshold: float) -> NDArray[np.int64]:
    """Answer a number for each of ``(n, d)`` unit means, the same for those that are one voice after all.

    Two means of many windows of one person lie nearer than the windows themselves do, for what differs from window to
    window is gone from them. The nearest two are put together while their cosine is over ``threshold``.

    Args:
        centres: of the clusters.
        weights: ``(n,)``: the speech behind each.
    """
    numbers = np.arange(len(centres))
    sums = centres * weights[:, None]
    while len(np.unique(numbers)) > 1:
        alive = np.unique(numbers)
        units = np.stack([_unit(sums[numbers == number].sum(axis=0)) for number in alive])
        similarity = np.triu(units @ units.T, 1)
        one, other = np.unravel_index(int(similarity.argmax()), similarity.shape)
        if similarity[one, other] <= threshold:
            break
        numbers[numbers == alive[other]] = alive[one]
    return np.unique(numbers, return_inverse=True)[1].astype(np.int64)


def label_windows(
    windows: Sequence[Window],
    vectors: NDArray[np.float32],
    tracks: NDArray[np.int64] | None = None,
    joint: NDArray[np.float32] | None = None,
) -> NDArray[np.int64]:
    """Answer one voice number for each window; 0 is the voice that speaks most.

    Args:
        windows: of one recording, in order.
        vectors: ``(n_windows, d) float32``, unit length: of campplus.
        tracks: ``(n_windows,)``: of whom the segmentation says that they are one speaker; it is believed half.
        joint: ``(n_windows, d) float32``, unit length: of both encoders; asked where ``vectors`` tell several voices.
    """
    labels = _label(windows, vectors, tracks, ONE_ENCODER)
    if joint is None or not labels.any():
        return labels
    return _label(windows, joint, tracks, BOTH_ENCODERS)


def _label(
    windows: Sequence[Window], vectors: NDArray[np.float32], tracks: NDArray[np.int64] | None, closeness: Closeness
) -> NDArray[np.int64]:
    labels = cluster(vectors, closeness.windows, tracks)
    owned = np.zeros(labels.max() + 1)
    for turn, label in turns(windows, labels):
        owned[label] += turn.length / SAMPLE_RATE_HZ
    large = np.flatnonzero(owned >= SHORTEST_VOICE_S)
    if large.size == 0:
        large = np.array([owned.argmax()])
    centres = np.stack([_unit(vectors[labels == label].mean(axis=0)) for label in large])
    nearest = (vectors @ centres.T).argmax(axis=1)
    keep = np.isin(labels, large)
    voices = reunite(centres, owned[large], closeness.means)
    numbers = voices[np.where(keep, np.searchsorted(large, labels), nearest)]
    by_speech = np.argsort(-np.bincount(voices, weights=owned[large]), kind="stable")
    return np.argsort(by_speech, kind="stable")[numbers]


def turns(
    windows: Sequence[Window], labels: NDArray[np.int64], runs: Sequence[Window] = (), pauses: Sequence[int] = ()
) -> list[tuple[Window, int]]:
    """Divide the track among windows, each point to the window whose centre is nearest, and join equal neighbours.

    Args:
        windows: in order.
        labels: one for each.
        runs: of the track; the last window of one answers for what is left of it.
        pauses: points of the track, in order, where one span of speech ends and the next begins. Where the label
            changes and a pause is within `PAUSE_REACH_S`, it changes there: people begin after a pause.
    """
    ends = [run.stop for run in runs]
    found: list[tuple[Window, int]] = []
    for number, (window, label) in enumerate(zip(windows, labels.tolist(), strict=True)):
        start = found[-1][0].stop if found and number and _touch(windows, number - 1) else window.start
        stop = _border(windows, number) if number + 1 < len(windows) else window.stop
        if number + 1 == len(windows) or not _touch(windows, number):
            stop = ends[bisect_left(ends, stop)] if ends else stop
        elif labels[number + 1] != label:
            stop = max(_snapped(stop, pauses), start)
        if found and found[-1][1] == label and found[-1][0].stop == start:
            found[-1] = (Window(found[-1][0].start, stop), label)
        else:
            found.append((Window(start, stop), label))
    return [(turn, label) for turn, label in found if turn.length > 0]


def _touch(windows: Sequence[Window], left: int) -> bool:
    return windows[left + 1].start <= windows[left].stop


def _snapped(border: int, pauses: Sequence[int]) -> int:
    at = bisect_left(pauses, border)
    near = min(pauses[max(0, at - 1) : at + 1], key=lambda pause: abs(pause - border), default=border)
    return near if abs(near - border) <= PAUSE_REACH_S * SAMPLE_RATE_HZ else border


def _border(windows: Sequence[Window], left: int) -> int:
    """Where window ``left`` hands over to the next: half way between centres, or the edge where they do not touch."""
    one, other = windows[left], windows[left + 1]
    return one.stop if one.stop <= other.start else round((one.centre + other.centre) / 2)


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = vector / max(float(np.linalg.norm(vector)), 1e-9)
    return unit
