"""Proportions that were counted, with the interval in which they are known."""

from __future__ import annotations

import math
from typing import Final

_Z95: Final = 1.959964


def wilson(count: int, size: int) -> tuple[float, float, float]:
    """Answer a proportion and its 95 % interval, as shares in [0, 1] (Wilson 1927).

    Args:
        count: how many of ``size`` have the property, 0 to ``size``.
        size: at least one.
    """
    if not 0 <= count <= size or size < 1:
        raise ValueError(f"{count} of {size} is no proportion")
    share, square = count / size, _Z95**2
    middle = share + square / (2 * size)
    reach = _Z95 * math.sqrt(share * (1 - share) / size + square / (4 * size**2))
    scale = 1 + square / size
    return share, max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)
