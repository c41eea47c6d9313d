"""Windows where all encoders compare them at once: projected, laid on one grid, and put side by side.

The cosine of two vectors side by side is the mean of the encoders' cosines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from registry.engine.cohort import Projection, unit
from registry.engine.windows import Window

Array = NDArray[np.float32]


def joint_vectors(
    grid: Sequence[Window],
    windows: Mapping[str, Sequence[Window]],
    vectors: Mapping[str, Array],
    projections: Mapping[str, Projection],
) -> Array:
    """Answer ``(n_grid, d) float32``, unit length: what all encoders say of each window of a grid.

    Args:
        grid: windows of a track, such as those of one of the encoders.
        windows: of the same track, by encoder id; each encoder cuts its own.
        vectors: of them, by encoder id ``(n_windows, d) float32``, unit length.
        projections: by encoder id, of those that are asked.
    """
    sides = [project(_on_grid(grid, windows[name], vectors[name])) for name, project in projections.items()]
    return unit(np.concatenate(sides, axis=1))


def _on_grid(grid: Sequence[Window], windows: Sequence[Window], vectors: Array) -> Array:
    """Answer the mean of the windows that each of a grid shares speech with, by how much; else the nearest window."""
    starts, stops = np.array([(window.start, window.stop) for window in windows]).T
    means = np.empty((len(grid), vectors.shape[1]), dtype=np.float32)
    for row, window in zip(means, grid, strict=True):
        shared = np.clip(np.minimum(stops, window.stop) - np.maximum(starts, window.start), 0, None)
        if not shared.any():
            shared[np.abs((starts + stops) / 2 - window.centre).argmin()] = 1
        row[:] = shared.astype(np.float32) @ vectors
    return unit(means)
