"""Where the networks run, how many windows at a time, and what happens when memory runs out."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum

import numpy as np
import structlog
import torch
from numpy.typing import NDArray
from torch import Tensor

from registry.errors import SettingsError

log = structlog.get_logger()


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
    """Runs a network over windows in batches: the one place that owns device, batch size and threads.

    When a batch does not fit in memory, the batch size is halved, for good, which is logged, and the batch is tried
    again; a single window that does not fit is an error that goes up.

    On a processor, parts of the windows run side by side, each in a thread that computes alone. Threads inside one
    operation would wait for each other by spinning, and a machine that has anything else to do then becomes twenty
    times slower.

    On CUDA nothing waits between batches: while one is computed, the next is copied into page-locked memory and sent on
    a stream of its own, and what the one before gave comes back. Answers are read once all of them have come.

    Args:
        device: where batches are sent.
        batch_size: windows at a time, to begin with.
        workers: parts that run side by side.
    """

    def __init__(self, device: torch.device, batch_size: int, workers: int = 1) -> None:
        if batch_size < 1 or workers < 1:
            raise ValueError(f"a batch holds at least one window, and one worker runs it: {batch_size}, {workers}")
        self.device = device
        self.batch_size = batch_size
        self.workers = workers
        self._sending = torch.cuda.Stream(device) if device.type == "cuda" else None  # type: ignore[no-untyped-call]

    def run(self, network: Callable[[Tensor], Tensor], windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map ``(n, samples) float32`` to ``(n, dimension) float32``, in order; ``n`` may not be 0."""
        parts = [part for part in np.array_split(windows, self.workers) if len(part)]
        if len(parts) == 1:
            return self._run_part(network, windows)
        with ThreadPoolExecutor(len(parts), initializer=torch.set_num_threads, initargs=(1,)) as pool:
            return np.concatenate(list(pool.map(lambda part: self._run_part(network, part), parts)))

    def _run_part(self, network: Callable[[Tensor], Tensor], windows: NDArray[np.float32]) -> NDArray[np.float32]:
        answers: list[Tensor] = []
        done, size = 0, self.batch_size
        while done < len(windows):
            try:
                answers.append(self._run_batch(network, torch.from_numpy(windows[done : done + size])))
            except (torch.OutOfMemoryError, MemoryError):
                if size == 1:
                    raise
                size //= 2
                self.batch_size = min(self.batch_size, size)
                log.warning("batch_halved", device=str(self.device), windows_at_a_time=size)
                continue
            done += len(answers[-1])
        if self._sending is not None:
            torch.cuda.current_stream(self.device).synchronize()
        return np.concatenate([answer.numpy() for answer in answers])

    def _run_batch(self, network: Callable[[Tensor], Tensor], batch: Tensor) -> Tensor:
        """Answer a batch's vectors in this machine's memory; on CUDA they may still be on their way there."""
        with torch.inference_mode():
            if self._sending is None:
                return network(batch.to(self.device)).float().cpu()
            vectors = network(self._sent(batch, self._sending)).float()
            return torch.empty(vectors.shape, pin_memory=True).copy_(vectors, non_blocking=True)

    def _sent(self, batch: Tensor, sending: torch.cuda.Stream) -> Tensor:
        """Answer a batch on the device, on its way; whatever is computed from now on waits for it."""
        computing = torch.cuda.current_stream(self.device)
        with torch.cuda.stream(sending):
            sent = batch.pin_memory().to(self.device, non_blocking=True)
        computing.wait_stream(sending)
        sent.record_stream(computing)  # or its memory would be given away while it is computed with
        return sent
