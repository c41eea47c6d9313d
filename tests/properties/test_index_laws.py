from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from registry.engine.index import products


@given(
    seed=st.integers(0, 2**32 - 1),
    probes=st.integers(1, 4),
    rows=st.integers(1, 40),
    dimension=st.integers(1, 8),
    block=st.integers(1, 50),
)
def test_products_are_those_of_brute_force_whatever_the_block(
    seed: int, probes: int, rows: int, dimension: int, block: int
) -> None:
    random = np.random.default_rng(seed)
    left, right = random.normal(size=(probes, dimension)), random.normal(size=(rows, dimension))
    found = products(torch.from_numpy(left).float(), torch.from_numpy(right).float(), block).numpy()
    assert found.shape == (probes, rows)
    for probe in range(probes):
        for row in range(rows):
            assert np.isclose(found[probe, row], sum(left[probe] * right[row]), atol=1e-4)
