"""Who speaks when, as far as windows can tell: windows of one voice are clustered, and clusters become turns.

Average-linkage agglomerative clustering on the cosine of window embeddings (of campplus, which tells voices apart far
better than ge2e does on seconds of speech), by the nearest-neighbour chain (Murtagh 1983), so that an hour takes
seconds. Overlapped speech is not separated here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from registry.engine.windows import Window
from registry.media.recording import SAMPLE_RATE_HZ

SAME_VOICE_COSINE = 0.65
"""Clusters closer than this, on average, are one voice.

Of 1,100 recordings of one speaker, four in a thousand came under it; of 1,500 pairs of speakers of one corpus put
together, all but eight in a thousand did.
"""

SHORTEST_VOICE_S = 2.0
"""A cluster with less speech than this is no voice of its own: its windows go to the nearest one that is."""


def cluster(vectors: NDArray[np.float32], threshold: float) -> NDArray[np.int64]:
    """Label ``(n, d)`` unit vectors ``0 … k - 1``: average linkage merges while the mean cosine is over ``threshold``.

    Labels are numbered by first appearance. Average linkage is reducible, so the chain finds the same merges as
    the greedy order does.
    """
    merges = [pair for similarity, *pair in _merges(vectors) if similarity > threshold]
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


def _merges(vectors: NDArray[np.float32]) -> list[tuple[float, int, int]]:
    """Answer every merge of the full tree as (mean cosine, item, item), each item standing for its cluster."""
    similarity = (vectors @ vectors.T).astype(np.float64)
    np.fill_diagonal(similarity, -np.inf)
    size = np.ones(len(vectors))
    alive = np.ones(len(vectors), dtype=bool)
    merges: list[tuple[float, int, int]] = []
    chain: list[int] = []
    while len(merges) < len(vectors) - 1:
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


def label_windows(windows: Sequence[Window], vectors: NDArray[np.float32]) -> NDArray[np.int64]:
    """Answer one voice number for each window; 0 is the voice that speaks most.

    Args:
        windows: of one recording, in order.
        vectors: ``(n_windows, d) float32``, unit length.
    """
    labels = cluster(vectors, SAME_VOICE_COSINE)
    owned = np.zeros(labels.max() + 1)
    for turn, label in turns(windows, labels):
        owned[label] += turn.length / SAMPLE_RATE_HZ
    large = np.flatnonzero(owned >= SHORTEST_VOICE_S)
    if large.size == 0:
        large = np.array([owned.argmax()])
    centres = np.stack([_unit(vectors[labels == label].mean(axis=0)) for label in large])
    nearest = (vectors @ centres.T).argmax(axis=1)
    keep = np.isin(labels, large)
    numbers = np.where(keep, np.searchsorted(large, labels), nearest)
    by_speech = np.argsort(-owned[large], kind="stable")
    return np.argsort(by_speech, kind="stable")[numbers]


def turns(windows: Sequence[Window], labels: NDArray[np.int64]) -> list[tuple[Window, int]]:
    """Divide the track among windows, each point to the window whose centre is nearest, and join equal neighbours."""
    found: list[tuple[Window, int]] = []
    for number, (window, label) in enumerate(zip(windows, labels.tolist(), strict=True)):
        start = _border(windows, number - 1) if number else window.start
        stop = _border(windows, number) if number + 1 < len(windows) else window.stop
        if found and found[-1][1] == label and found[-1][0].stop == start:
            found[-1] = (Window(found[-1][0].start, stop), label)
        else:
            found.append((Window(max(start, window.start), min(stop, window.stop)), label))
    return [(turn, label) for turn, label in found if turn.length > 0]


def _border(windows: Sequence[Window], left: int) -> int:
    """Where window ``left`` hands over to the next: half way between centres, or the edge where they do not touch."""
    one, other = windows[left], windows[left + 1]
    return one.stop if one.stop <= other.start else round((one.centre + other.centre) / 2)


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = vector / max(float(np.linalg.norm(vector)), 1e-9)
    return unit
