"""Voiceprints and the space each of them lives in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from registry.errors import SpaceMismatchError


@dataclass(frozen=True, slots=True)
class Space:
    """What two vectors must share to be comparable.

    Attributes:
        encoder: ``ge2e`` or ``campplus``.
        weights_sha256: hex digest of the weights file.
        preprocessing: version of everything between samples and vector but the weights, such as ``fbank80-cmn-1``.
        dimension: length of the vectors.
    """

    encoder: str
    weights_sha256: str
    preprocessing: str
    dimension: int

    @property
    def id(self) -> str:
        """One short name of the whole, for records and logs."""
        return f"{self.encoder}:{self.weights_sha256[:12]}:{self.preprocessing}:{self.dimension}"


@dataclass(frozen=True, slots=True)
class Voiceprint:
    """One labelled prototype of a performer's voice in one space.

    Attributes:
        space: where the vector lives.
        vector: ``(space.dimension,) float32``, unit length.
        label: which recording or condition it stands for.
        speech_s: net speech it was made from.
    """

    space: Space
    vector: NDArray[np.float32]
    label: str
    speech_s: float


def require_same_space(left: Space, right: Space) -> None:
    """Refuse to compare across spaces.

    Raises:
        SpaceMismatchError: the spaces differ; a comparison would be a plausible, wrong number.
    """
    if left != right:
        raise SpaceMismatchError(
            f"vectors of {left.id} and {right.id} cannot be compared", left=left.id, right=right.id
        )
