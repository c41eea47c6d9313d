"""What the machine allows: for each stage the work that no code can leave out, at the speed of this machine's core.

Two floors. By arithmetic: the multiplications and additions of the networks and of their filter banks, counted operator
by operator while they run, at the rate that one core multiplies matrices of float32. By memory: reading the samples
once, and the weights once a batch, at the rate that one core reads. A stage can't be faster than the slower of the two,
but by an algorithm that multiplies less (Winograd's for convolutions) or by numbers of fewer bits.
"""

from __future__ import annotations

import importlib.util
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from registry.engine.encoders.campplus import SHAPE as CAMPPLUS_SHAPE
from registry.engine.encoders.campplus import load_network
from registry.engine.encoders.ge2e import SHAPE as GE2E_SHAPE
from registry.engine.encoders.ge2e import WINDOW_FRAMES, Ge2eNetwork
from registry.engine.encoders.protocol import WindowShape
from registry.engine.features import KaldiFbank, MelPower
from registry.engine.segmentation import CHUNK_HOP, CHUNK_SAMPLES, SegmentationNetwork
from registry.errors import WeightsError
from registry.media.activity import FRAME_SAMPLES
from registry.media.recording import SAMPLE_RATE_HZ

_PRODUCT = 2048
_READ_FLOATS = 1 << 26  # 256 MiB, which no cache holds
_BATCH_WINDOWS = 8
_BYTES = 4
_SILERO = "data/silero_vad.jit"

Network = Callable[[torch.Tensor], object]
Module = nn.Module | torch.jit.ScriptModule


@dataclass(frozen=True, slots=True)
class Work:
    """What one second of audio costs a stage.

    Attributes:
        flop: multiplications and additions.
        read_bytes: of samples and weights.
    """

    flop: float
    read_bytes: float


@dataclass(frozen=True, slots=True)
class Core:
    """What one core of this machine can do, measured now.

    Attributes:
        flop_per_s: of a product of matrices of float32.
        read_bytes_per_s: from memory.
    """

    flop_per_s: float
    read_bytes_per_s: float

    @classmethod
    def measured(cls, rounds: int = 7) -> Core:
        """Measure this one; the best of some rounds counts."""
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            one, other = torch.randn(_PRODUCT, _PRODUCT), torch.randn(_PRODUCT, _PRODUCT)
            product_s = min(_timed(lambda: one @ other) for _ in range(rounds))
            memory = torch.ones(_READ_FLOATS)
            read_s = min(_timed(memory.sum) for _ in range(rounds))
        finally:
            torch.set_num_threads(threads)
        return cls(2 * _PRODUCT**3 / product_s, _BYTES * _READ_FLOATS / read_s)

    def times_real_time(self, work: Work) -> tuple[float, float]:
        """Answer the × real time that arithmetic and memory allow."""
        return self.flop_per_s / work.flop if work.flop else np.inf, self.read_bytes_per_s / work.read_bytes


def works() -> dict[str, Work]:
    """Answer the work of each stage that has a network, by the name that `benchmarks.encode` gives it."""
    mels, ge2e = MelPower(), Ge2eNetwork().eval()
    fbank, campplus = KaldiFbank(), load_network()
    segmentation, silero = SegmentationNetwork().eval(), _silero()
    encoders: dict[str, tuple[Network, WindowShape, list[Module]]] = {
        "ge2e": (lambda window: ge2e(mels(window)[:, :WINDOW_FRAMES]), GE2E_SHAPE, [mels, ge2e]),
        "campplus": (lambda window: campplus(fbank(window)), CAMPPLUS_SHAPE, [fbank, campplus]),
    }
    found = {
        "voice activity": _work(lambda frame: silero(frame, SAMPLE_RATE_HZ), FRAME_SAMPLES, FRAME_SAMPLES, [silero]),
        "segmentation": _work(segmentation, CHUNK_SAMPLES, CHUNK_HOP, [segmentation]),
    }
    for name, (network, shape, modules) in encoders.items():
        found[f"{name}, windows of one voice"] = _work(network, shape.samples, shape.samples, modules)
        found[f"{name}, all windows"] = _work(network, shape.samples, shape.hop, modules)
    return found


def _work(network: Network, samples: int, step: int, modules: Sequence[Module]) -> Work:
    """Answer the work of windows of that many samples, one every ``step`` samples."""
    windows_a_second = SAMPLE_RATE_HZ / step
    tensors = [tensor for module in modules for tensor in module.state_dict().values()]
    weights = sum(tensor.numel() * tensor.element_size() for tensor in tensors)
    flop = flop_of(lambda: network(torch.zeros(1, samples)))
    return Work(windows_a_second * flop, windows_a_second * (samples * _BYTES + weights / _BATCH_WINDOWS))


def flop_of(work: Callable[[], object]) -> int:
    """Count the multiplications and additions of products and convolutions."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of TF32 on devices that are not here
        # oneDNN's layers are single operators, which are not counted
        with torch.inference_mode(), torch.backends.mkldnn.flags(enabled=False):
            counter = FlopCounterMode(display=False)
            with counter:
                work()
    return int(counter.get_total_flops())


def _silero() -> torch.jit.ScriptModule:
    """Load the package's copy that torch can count, without importing the package, which would set torch's threads."""
    spec = importlib.util.find_spec("silero_vad")
    if spec is None or not spec.submodule_search_locations:
        raise WeightsError("silero-vad is not installed; install silero-vad>=6.2,<7", package="silero-vad")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the format that it is kept in
        model: torch.jit.ScriptModule = torch.jit.load(str(Path(spec.submodule_search_locations[0]) / _SILERO))
    return model.eval()


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
