"""What every speaker encoder promises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from registry.engine.voiceprint import Space


@dataclass(frozen=True, slots=True)
class WindowShape:
    """How an encoder wants speech cut.

    Attributes:
        samples: length of each window.
        hop: from the start of one window to the start of the next, in samples.
        shortest: a last piece with less new speech than this is left to the window before it.
    """

    samples: int
    hop: int
    shortest: int


class Encoder(Protocol):
    """A network that turns windows of speech into points in one space.

    An answer depends on its window alone, not on what else is in the batch (to float32 rounding).
    """

    @property
    def id(self) -> str:
        """Short stable name, such as ``ge2e``."""

    @property
    def space(self) -> Space:
        """The space of the answers."""

    @property
    def sample_rate_hz(self) -> int:
        """What the samples must be at."""

    @property
    def shape(self) -> WindowShape:
        """The windows to cut for this encoder."""

    def encode(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map ``(n, shape.samples) float32`` in [-1, 1] to ``(n, space.dimension) float32``, unit length each."""
