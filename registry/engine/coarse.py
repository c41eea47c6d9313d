"""Vectors in eight bits a component, with a bound on what that loses: a quarter of the memory to read.

A vector ``v`` becomes ``scale * levels + residual``, whole levels from -127 to 127. Products of levels are whole
numbers, which add up without rounding, so that the residuals are all that is lost: with ``p`` and ``v`` so written,
``|p v - scale_p scale_v (levels_p levels_v)| <= |residual_p| |v| + |scale_p levels_p| |residual_v|`` (Cauchy, Schwarz).
Who lies further than that under the best is not among the best; who does not is compared again in full.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache

import numpy as np
import torch
from torch import Tensor

_TOP_LEVEL = 127
_LEAST_DIMENSION = 16
"""Shorter vectors are not worth it, and of one dimension torch's product of int8 is wrong."""
_EXACT_IN_FLOAT = 2**24
"""Whole numbers up to this are float32 numbers."""
_ROUNDING = 1e-4
"""What bounds are raised by, of themselves: more than float32 loses in working them out."""
_SLACK = 2e-6
"""What they are raised by, of the product of the lengths: more than float32 loses where levels become scores."""


@dataclass(frozen=True, slots=True)
class Coarse:
    """Vectors in eight bits.

    Attributes:
        levels: ``(n, d) int8``.
        scale: ``(n,) float32``: what one level is.
        loss: ``(n,) float32``: at least the length of the residual.
        length: ``(n,) float32``: at least the length of the vector.
    """

    levels: Tensor
    scale: Tensor
    loss: Tensor
    length: Tensor

    @classmethod
    def zeros(cls, n: int, dimension: int, device: torch.device) -> Coarse:
        """Answer room for some vectors."""
        levels = zeros(n, dimension, dtype=np.int8).to(device)
        return cls(levels, *(zeros(n).to(device) for _ in range(3)))

    def __getitem__(self, some: slice) -> Coarse:
        """Answer some of them; views, not copies."""
        return Coarse(*(part[some] for part in self._parts()))

    def put(self, others: Coarse) -> None:
        """Overwrite all of them."""
        for own, other in zip(self._parts(), others._parts(), strict=True):
            own.copy_(other)

    def to(self, device: torch.device) -> Coarse:
        """Answer the same on a device."""
        return Coarse(*(part.to(device) for part in self._parts()))

    def _parts(self) -> list[Tensor]:
        return [getattr(self, field.name) for field in fields(self)]


def zeros(*shape: int, dtype: type[np.float32 | np.int8] = np.float32) -> Tensor:
    """Answer zeros in memory that is not taken before it is written to, as torch's own zeros are."""
    return torch.from_numpy(np.zeros(shape, dtype=dtype))


def coarse(vectors: Tensor, *, one_scale: bool = False) -> Coarse:
    """Bring ``(n, d) float32`` vectors to eight bits.

    Args:
        vectors: finite; of zeros, or of components that are far from the smallest that float32 has.
        one_scale: whether all get the same scale.
    """
    peaks = vectors.abs().amax(dim=1)
    scale = (peaks.max().expand_as(peaks) if one_scale else peaks) / _TOP_LEVEL
    levels = (vectors / torch.where(scale > 0, scale, 1)[:, None]).round_()
    residual = vectors - levels * scale[:, None]
    length = vectors.norm(dim=1) * (1 + _ROUNDING)
    loss = residual.norm(dim=1) * (1 + _ROUNDING) + _SLACK * length
    return Coarse(levels.to(torch.int8), scale.contiguous(), loss, length)


def level_products(rows: Coarse, probes: Coarse) -> Tensor:
    """Answer ``(n_rows, n_probes) float32``, whole numbers without rounding: what the levels multiply to."""
    dimension = rows.levels.shape[1]
    if rows.levels.device.type == "cpu" and dimension >= _LEAST_DIMENSION and multiplies_int8():
        found = products_in_int8(rows.levels, probes.levels)
        # torch has been seen to answer memory that it never wrote to, without an error
        if int(found[-1, 0]) == int((rows.levels[-1].int() * probes.levels[0].int()).sum()):
            return found.float()
    return products_in_float(rows.levels, probes.levels)


def products_in_int8(rows: Tensor, probes: Tensor) -> Tensor:
    """Answer ``(n_rows, n_probes) int32``; only where `multiplies_int8`."""
    return torch._int_mm(rows, probes.T)  # noqa: SLF001  (there is no public name for it)


def products_in_float(rows: Tensor, probes: Tensor) -> Tensor:
    """Answer ``(n_rows, n_probes) float32``, exact all the same, with TensorFloat-32 as well."""
    return torch.mm(rows.float(), probes.float().T)


def bound(rows: Coarse, probes: Coarse) -> Tensor:
    """Answer ``(n_probes,) float32``: how far scores by levels may be off, for any of the rows.

    A score by levels is `level_products` times both scales, in float32.
    """
    furthest = rows.length.max()
    kept = probes.length + probes.loss  # at least the length of what the levels stand for
    lost = probes.loss * furthest + kept * rows.loss.max()
    return lost * (1 + _ROUNDING) + _SLACK * probes.length * furthest


def require_exact(dimension: int) -> None:
    """Refuse vectors so long that sums of level products may exceed what float32 holds without rounding."""
    if dimension * _TOP_LEVEL**2 > _EXACT_IN_FLOAT:
        raise ValueError(f"{dimension} dimensions are more than eight-bit products can be added up for exactly")


@cache
def multiplies_int8() -> bool:
    """Whether torch multiplies int8 here, and without dropping carries, as processors without VNNI may."""
    furthest = torch.full((64, 256), _TOP_LEVEL, dtype=torch.int8)
    furthest[::2] *= -1
    for probes in (1, 16, 256):
        some = furthest.repeat(4, 1)[:probes]
        try:
            found = products_in_int8(furthest, some)
        except (AttributeError, RuntimeError):
            return False
        if not torch.equal(found.double(), furthest.double() @ some.double().T):
            return False
    return True
