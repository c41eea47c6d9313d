"""A network compiled for the processor by OpenVINO, which runs a convolutional one twice as fast as torch does.

The same weights in float32, and the same answers but for the rounding of the last digits. Nothing is written to disk
and nothing leaves the machine: see `_openvino`.
"""

from __future__ import annotations

import queue
import sys
import warnings
from typing import Any

import torch
from torch import Tensor, nn

_TELEMETRY = "openvino_telemetry"


class CompiledNetwork:
    """Runs a network on the processor. Safe to use from several threads: each call has a request of its own.

    Args:
        network: in evaluation mode; any number of rows, whose shape is that of ``example``. Its weights are constants
            from now on.
        example: ``(n, …) float32``, what the network takes.
        threads: calls that run side by side, each on one thread.
    """

    def __init__(self, network: nn.Module, example: Tensor, threads: int) -> None:
        core = _openvino().Core()
        settings = {
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": threads,
            "ENABLE_CPU_PINNING": False,  # several workers may share the machine
        }
        model = _converted(network, example)
        model.reshape({0: _openvino().PartialShape([-1, *example.shape[1:]])})
        self._compiled = core.compile_model(model, "CPU", settings)
        self._idle: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def __call__(self, batch: Tensor) -> Tensor:
        """Map ``(n, …) float32`` to what the network makes of it."""
        try:
            request = self._idle.get_nowait()
        except queue.Empty:
            request = self._compiled.create_infer_request()
        try:
            answer = request.infer([batch.numpy()], share_inputs=True)[0].copy()
        finally:
            self._idle.put(request)
        return torch.from_numpy(answer)


class _Whole(nn.Module):
    """A network without parts: torch traces it in a third of the time, for it makes a module of every part otherwise.

    The trace has the same operations, on the same constants, in the same order.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self._inside = (network,)  # not as an attribute of its own, which torch would take for a part

    def forward(self, batch: Tensor) -> Tensor:
        answer: Tensor = self._inside[0](batch)
        return answer


def _converted(network: nn.Module, example: Tensor) -> Any:
    """Answer the network as OpenVINO's graph, read from torch's trace of it."""
    _openvino()
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    network.requires_grad_(requires_grad=False)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # traces are deprecated in torch, and take sizes for constants, which they are
        whole = torch.jit.trace(_Whole(network).eval(), example, check_trace=False)  # type: ignore[no-untyped-call]
        trace = torch.jit.freeze(whole)
    reader = FrontEndManager().load_by_framework("pytorch")
    decoder = TorchScriptPythonDecoder(trace)  # the reader keeps no reference, and asks it until the end
    return reader.convert(reader.load(decoder))


def _openvino() -> Any:
    """Import OpenVINO without its telemetry.

    Its converter, which is not used here, reports to its makers when the package ``openvino-telemetry`` can be
    imported. Where it can't, a stub that does nothing stands in: so it can't.
    """
    # None is how Python is told that there is no such module
    sys.modules.setdefault(_TELEMETRY, None)  # type: ignore[arg-type]
    import openvino

    return openvino
