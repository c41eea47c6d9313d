"""A network compiled for the processor by OpenVINO, which runs a convolutional one twice as fast as torch does.

In float32, with the same answers but for the rounding of the last digits. Nothing is written to disk and nothing leaves
the machine: see `openvino`.
"""

from __future__ import annotations

import queue
import sys
from typing import Any

import torch
from torch import Tensor

_TELEMETRY = "openvino_telemetry"


class CompiledNetwork:
    """Runs a network on the processor. Safe to use from several threads: each call has a request of its own.

    It is asked once before anybody has it. OpenVINO's binding makes some of its tables at the first call, under a lock
    of C++ under which it waits for the interpreter's: two threads that call first at once wait for each other for good.

    Args:
        model: OpenVINO's, of one input and one output, with any number of rows.
        threads: calls that run side by side, each on one thread.
    """

    def __init__(self, model: Any, threads: int) -> None:
        settings = {
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": threads,
            "ENABLE_CPU_PINNING": False,  # several workers may share the machine
        }
        self._compiled = openvino().Core().compile_model(model, "CPU", settings)
        self._idle: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self(torch.zeros(1, *(side.get_length() for side in list(model.input().get_partial_shape())[1:])))

    def __call__(self, batch: Tensor) -> Tensor:
        """Map ``(n, …) float32`` to what the network makes of it, ``(n, …) float32``."""
        try:
            request = self._idle.get_nowait()
        except queue.Empty:
            request = self._compiled.create_infer_request()
        try:
            answer = request.infer([batch.numpy()], share_inputs=True)[0].copy()
        finally:
            self._idle.put(request)
        return torch.from_numpy(answer)


def openvino() -> Any:
    """Import OpenVINO without its telemetry.

    Its converter, which is not used here, reports to its makers when the package ``openvino-telemetry`` can be
    imported. Where it can't, a stub that does nothing stands in: so it can't.
    """
    # None is how Python is told that there is no such module
    sys.modules.setdefault(_TELEMETRY, None)  # type: ignore[arg-type]
    import openvino

    return openvino
