"""Where the networks run, how many windows at a time, and what happens when memory runs out."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from registry.errors import SettingsError


class DeviceChoice(StrEnum):
    """What a setting may ask for."""

    AUTO = "auto"  # CUDA when there is one
    CPU = "cpu"
    CUDA = "cuda"


def choose_device(choice: str) -> torch.device:
    """Answer the device for ``auto``, ``cpu`` or ``cuda``.

    Raises:
        SettingsError: the word is none of these, or CUDA is asked for where there is none.
    """
    try:
        wanted = DeviceChoice(choice)
    except ValueError as error:
        raise SettingsError(f"the device must be auto, cpu or cuda, not {choice!r}", device=choice) from error
    available = torch.cuda.is_available()
    if wanted is DeviceChoice.CUDA and not available:
        raise SettingsError("the device is set to cuda, but torch finds no CUDA device here", device=choice)
    return torch.device("cuda" if available and wanted is not DeviceChoice.CPU else "cpu")


class BatchRunner:
    """Runs a network over windows in batches: the one place that owns device and batch size.

    When a batch does not fit in memory, the batch size is halved, for good, and the batch is tried again; a single
    window that does not fit is an error that goes up.

    Args:
        device: where batches are sent.
        batch_size: windows at a time, to begin with.
    """

    def __init__(self, device: torch.device, batch_size: int) -> None:
        if batch_size < 1:
            raise ValueError(f"a batch holds at least one window, not {batch_size}")
        self.device = device
        self.batch_size = batch_size

    def run(self, network: Callable[[Tensor], Tensor], windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map ``(n, samples) float32`` to ``(n, dimension) float32``, in order; ``n`` may not be 0."""
        parts: list[NDArray[np.float32]] = []
        done = 0
        while done < len(windows):
            try:
                parts.append(self._run_batch(network, windows[done : done + self.batch_size]))
            except (torch.OutOfMemoryError, MemoryError):
                if self.batch_size == 1:
                    raise
                self.batch_size //= 2
                continue
            done += len(parts[-1])
        return np.concatenate(parts)

    def _run_batch(self, network: Callable[[Tensor], Tensor], batch: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            answer: NDArray[np.float32] = network(torch.from_numpy(batch).to(self.device)).float().cpu().numpy()
        return answer
