"""Exact search: every performer is compared, block by block. A record that may end in court rests on no shortcut."""

from __future__ import annotations

import torch
from torch import Tensor

BLOCK_ROWS = 65_536


def products(probes: Tensor, rows: Tensor, block_rows: int = BLOCK_ROWS) -> Tensor:
    """Answer ``(n_probes, n_rows) float32``: the inner product of every probe with every row.

    Args:
        probes: ``(n_probes, d) float32``.
        rows: ``(n_rows, d) float32``.
        block_rows: rows multiplied at a time, so that no temporary copy grows with the gallery.
    """
    answer = torch.empty((len(probes), len(rows)))
    for start in range(0, len(rows), block_rows):
        block = slice(start, start + block_rows)
        torch.matmul(probes, rows[block].T, out=answer[:, block])
    return answer
