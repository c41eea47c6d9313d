"""Exact search: every prototype is compared, block by block. A record that may end in court rests on no shortcut."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

BLOCK_ROWS = 65_536


@dataclass(frozen=True, slots=True)
class Hits:
    """The nearest performers of each probe, best first.

    Attributes:
        scores: ``(n_probes, k) float32``.
        performers: ``(n_probes, k) int64``: performer numbers.
    """

    scores: Tensor
    performers: Tensor


def best_per_performer(
    probes: Tensor, prototypes: Tensor, owners: Tensor, n_performers: int, block_rows: int = BLOCK_ROWS
) -> Tensor:
    """Answer ``(n_probes, n_performers) float32``: the inner product with each performer's nearest prototype.

    Args:
        probes: ``(n_probes, d) float32``.
        prototypes: ``(n_prototypes, d) float32``.
        owners: ``(n_prototypes,) int64``: which performer each belongs to, ``0 … n_performers - 1``.
        n_performers: a performer without a prototype scores minus infinity.
        block_rows: prototypes compared at a time, so that memory stays bounded.
    """
    best = torch.full((len(probes), n_performers), -torch.inf)
    for start in range(0, len(prototypes), block_rows):
        block = slice(start, start + block_rows)
        scores = probes @ prototypes[block].T
        best.scatter_reduce_(1, owners[block].expand(len(probes), -1), scores, reduce="amax")
    return best


def mean_per_performer(
    probes: Tensor, prototypes: Tensor, owners: Tensor, n_performers: int, block_rows: int = BLOCK_ROWS
) -> Tensor:
    """Answer ``(n_probes, n_performers) float32``: the mean inner product with each performer's prototypes.

    Arguments as for `best_per_performer`; a performer without a prototype scores minus infinity.
    """
    total = torch.zeros((len(probes), n_performers))
    for start in range(0, len(prototypes), block_rows):
        block = slice(start, start + block_rows)
        total.index_add_(1, owners[block], probes @ prototypes[block].T)
    count = torch.bincount(owners, minlength=n_performers)
    return torch.where(count > 0, total / count.clamp(min=1), -torch.inf)


def top_k(scores: Tensor, k: int) -> Hits:
    """Answer the ``k`` best performers (all, where there are fewer) of ``(n_probes, n_performers)`` scores."""
    values, performers = torch.topk(scores, min(k, scores.shape[1]), dim=1)
    return Hits(values, performers)
