from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from registry.engine.index import best_per_performer, mean_per_performer, top_k


@st.composite
def searches(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, int, int]:
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    performers, probes = draw(st.integers(1, 12)), draw(st.integers(1, 4))
    prototypes, dimension = draw(st.integers(1, 40)), draw(st.integers(1, 8))
    owners = random.integers(performers, size=prototypes)
    block = draw(st.integers(1, 50))
    return (
        random.normal(size=(probes, dimension)),
        random.normal(size=(prototypes, dimension)),
        owners,
        performers,
        block,
    )


def as_tensors(*arrays: np.ndarray) -> list[torch.Tensor]:
    return [torch.from_numpy(array.astype(np.float32)) for array in arrays]


@given(searches())
def test_scores_per_performer_are_those_of_brute_force(
    search: tuple[np.ndarray, np.ndarray, np.ndarray, int, int],
) -> None:
    probes, prototypes, owners, performers, block = search
    p, g = as_tensors(probes, prototypes)
    best = best_per_performer(p, g, torch.from_numpy(owners), performers, block).numpy()
    mean = mean_per_performer(p, g, torch.from_numpy(owners), performers, block).numpy()
    for row, probe in enumerate(probes):
        for performer in range(performers):
            scores = [float(probe @ prototype) for prototype in prototypes[owners == performer]]
            assert np.isclose(best[row, performer], max(scores, default=-np.inf), atol=1e-4)
            assert np.isclose(mean[row, performer], np.mean(scores) if scores else -np.inf, atol=1e-4)


@given(searches(), st.integers(1, 15))
def test_the_top_is_the_top_of_everybody(search: tuple[np.ndarray, np.ndarray, np.ndarray, int, int], k: int) -> None:
    probes, prototypes, owners, performers, block = search
    p, g = as_tensors(probes, prototypes)
    scores = best_per_performer(p, g, torch.from_numpy(owners), performers, block)
    hits = top_k(scores, k)
    assert hits.scores.shape == (len(probes), min(k, performers))
    for row in range(len(probes)):
        everybody = sorted(scores[row].tolist(), reverse=True)
        assert hits.scores[row].tolist() == everybody[: min(k, performers)]
        assert scores[row][hits.performers[row]].tolist() == hits.scores[row].tolist()
        assert len(set(hits.performers[row].tolist())) == min(k, performers)


@given(searches())
def test_the_size_of_a_block_changes_nothing(search: tuple[np.ndarray, np.ndarray, np.ndarray, int, int]) -> None:
    probes, prototypes, owners, performers, block = search
    p, g = as_tensors(probes, prototypes)
    whole = best_per_performer(p, g, torch.from_numpy(owners), performers)
    blocks = best_per_performer(p, g, torch.from_numpy(owners), performers, block)
    assert torch.allclose(whole, blocks, atol=1e-5)
