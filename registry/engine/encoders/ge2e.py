"""The ge2e encoder: Resemblyzer's network and weights (MIT), with a front end of our own.

Generalized end-to-end loss for speaker verification, Wan et al. 2018 (arXiv:1710.10467): three LSTM layers of 256 over
1.6 s of mel power, a rectified linear layer, unit length. Its answers lie in the positive orthant.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from registry.engine.devices import BatchRunner
from registry.engine.encoders.protocol import WindowShape
from registry.engine.encoders.weights import load_tensors, package_file
from registry.engine.features import HOP_SAMPLES, MelPower
from registry.engine.voiceprint import Space
from registry.media.recording import SAMPLE_RATE_HZ

WEIGHTS_SHA256 = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"
PREPROCESSING = "mel40-power-2"
DIMENSION = 256
WINDOW_FRAMES = 160
LOUDNESS_TARGET_DBFS = -30.0
_WINDOW_SAMPLES = WINDOW_FRAMES * HOP_SAMPLES
SHAPE = WindowShape(samples=_WINDOW_SAMPLES, hop=77 * HOP_SAMPLES, shortest=40 * HOP_SAMPLES)
"""1.6 s, every 0.77 s; a last piece counts from 0.4 s of new speech."""
_PARTIALS_PER_SECOND = 1.3
_SHORTEST_PARTIAL = 0.75
_INT16_MAX = 32767


class Ge2eNetwork(nn.Module):
    """LSTM → last hidden state → linear → rectifier → unit length."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(40, 256, 3, batch_first=True)
        self.linear = nn.Linear(256, DIMENSION)

    def forward(self, mels: Tensor) -> Tensor:
        """Map ``(n, frames, 40) float32`` to ``(n, 256) float32``, unit length."""
        _, (hidden, _) = self.lstm(mels)
        return nn.functional.normalize(torch.relu(self.linear(hidden[-1])), dim=1)


class Ge2eEncoder:
    """Implements `Encoder` over 1.6 s windows, a window every 0.77 s, as Resemblyzer slices at rate 1.3.

    Windows come all equally loud: see `registry.engine.windows.LEVEL_DBFS`.

    Args:
        runner: device and batch size.
        weights: another file with the same bytes; by default the one inside the installed ``resemblyzer``.
        with_onednn: let oneDNN run the layers, which rounds by processor; torch's own are slower.

    Raises:
        WeightsError: absent, or not the pinned bytes.
    """

    def __init__(self, runner: BatchRunner, weights: Path | None = None, *, with_onednn: bool = True) -> None:
        path = weights or package_file("resemblyzer", "pretrained.pt")
        tensors = load_tensors(path, WEIGHTS_SHA256, key="model_state")
        self._runner = runner
        self._with_onednn = with_onednn
        self._front = MelPower().to(runner.device)
        self._network = Ge2eNetwork()
        wanted = self._network.state_dict().keys()
        self._network.load_state_dict({name: tensors[name] for name in wanted})
        self._network.eval().to(runner.device)
        self.space = Space("ge2e", WEIGHTS_SHA256, PREPROCESSING, DIMENSION)
        self.id = self.space.encoder
        self.sample_rate_hz = SAMPLE_RATE_HZ
        self.shape = SHAPE

    def encode(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `Encoder.encode`."""
        if self._with_onednn:
            return self._runner.run(self._embed_windows, windows)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of TF32 on devices that are not here
            with torch.backends.mkldnn.flags(enabled=False):
                return self._runner.run(self._embed_windows, windows)

    def embed_utterance(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Reproduce ``resemblyzer.VoiceEncoder.embed_utterance`` for one utterance ``(samples,) float32``.

        One spectrogram of the whole utterance, cut into windows of 160 frames at 1.3 a second; a last window that is
        less than three quarters full is dropped unless it is the only one.
        """
        starts = utterance_slices(samples.size)
        padded = np.zeros(max(samples.size, starts[-1] * HOP_SAMPLES + _WINDOW_SAMPLES), dtype=np.float32)
        padded[: samples.size] = samples
        with torch.inference_mode():
            mel = self._front(torch.from_numpy(padded[None]).to(self._runner.device))[0]
            partials = self._network(torch.stack([mel[start : start + WINDOW_FRAMES] for start in starts]))
            whole: NDArray[np.float32] = nn.functional.normalize(partials.mean(dim=0), dim=0).cpu().numpy()
        return whole

    def _embed_windows(self, batch: Tensor) -> Tensor:
        mels: Tensor = self._front(batch)
        embedded: Tensor = self._network(mels[:, :WINDOW_FRAMES])
        return embedded


def utterance_slices(n_samples: int) -> list[int]:
    """Answer the first frame of every window Resemblyzer would cut from an utterance of that many samples."""
    n_frames = -(-(n_samples + 1) // HOP_SAMPLES)
    step = round(SAMPLE_RATE_HZ / _PARTIALS_PER_SECOND / HOP_SAMPLES)
    starts = list(range(0, max(1, n_frames - WINDOW_FRAMES + step + 1), step))
    covered = (n_samples - starts[-1] * HOP_SAMPLES) / _WINDOW_SAMPLES
    return starts[:-1] if covered < _SHORTEST_PARTIAL and len(starts) > 1 else starts


def normalise_loudness(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Reproduce Resemblyzer's volume normalisation: raise ``(samples,)`` to -30 dBFS if softer, else leave it."""
    rms = float(np.sqrt(np.mean(np.square(samples.astype(np.float64) * _INT16_MAX))))
    change_db = LOUDNESS_TARGET_DBFS - 20 * np.log10(rms / _INT16_MAX)
    return samples if change_db < 0 else (samples * 10 ** (change_db / 20)).astype(np.float32)
