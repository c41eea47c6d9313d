"""The two front ends: from samples to what each network was trained on, in torch, batched, without librosa or kaldi.

Both are pure functions of the samples. Frames are 25 ms every 10 ms at 16 kHz.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from registry.media.recording import SAMPLE_RATE_HZ

FRAME_SAMPLES = 400
HOP_SAMPLES = 160


def slaney_mel_filters(n_mels: int, n_fft: int) -> Tensor:
    """Answer ``(n_mels, n_fft // 2 + 1) float32``: triangles on Slaney's mel scale, each of unit area.

    The scale is linear below 1 kHz and logarithmic above, as in Slaney's Auditory Toolbox (1998).
    """
    step_hz, break_hz, log_step = 200.0 / 3, 1000.0, math.log(6.4) / 27
    break_mel = break_hz / step_hz
    top_mel = break_mel + math.log(SAMPLE_RATE_HZ / 2 / break_hz) / log_step
    mels = torch.linspace(0, top_mel, n_mels + 2, dtype=torch.float64)
    corners = torch.where(
        mels < break_mel, mels * step_hz, break_hz * torch.exp(log_step * (mels - break_mel).clamp(min=0))
    )
    bins_hz = torch.linspace(0, SAMPLE_RATE_HZ / 2, n_fft // 2 + 1, dtype=torch.float64)
    rising = (bins_hz - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    falling = (corners[2:, None] - bins_hz) / (corners[2:] - corners[1:-1])[:, None]
    triangles = torch.minimum(rising, falling).clamp(min=0)
    return (triangles * (2.0 / (corners[2:] - corners[:-2]))[:, None]).float()


def kaldi_mel_filters(n_mels: int, n_fft: int, low_hz: float) -> Tensor:
    """Answer ``(n_mels, n_fft // 2 + 1) float32``: triangles, straight on kaldi's scale ``1127 ln(1 + f / 700)``."""
    bins_hz = torch.arange(n_fft // 2 + 1, dtype=torch.float64) * SAMPLE_RATE_HZ / n_fft
    mels = 1127.0 * torch.log1p(bins_hz / 700.0)
    low, high = (1127.0 * math.log1p(hz / 700.0) for hz in (low_hz, SAMPLE_RATE_HZ / 2))
    corners = torch.linspace(low, high, n_mels + 2, dtype=torch.float64)[:, None]
    rising = (mels - corners[:-2]) / (corners[1:-1] - corners[:-2])
    falling = (corners[2:] - mels) / (corners[2:] - corners[1:-1])
    return torch.minimum(rising, falling).clamp(min=0).float()


class MelPower(nn.Module):
    """Mel power spectrogram as Resemblyzer computes it: 40 Slaney bands, Hann window, frames centred, zeros beyond.

    Not logarithmic: the ge2e network was trained on power.
    """

    def __init__(self, n_mels: int = 40) -> None:
        super().__init__()
        self.register_buffer("window", torch.hann_window(FRAME_SAMPLES, periodic=True), persistent=False)
        self.register_buffer("filters", slaney_mel_filters(n_mels, FRAME_SAMPLES), persistent=False)

    def forward(self, samples: Tensor) -> Tensor:
        """Map ``(n, samples) float32`` to ``(n, samples // 160 + 1, n_mels) float32``."""
        spectrum = torch.stft(
            samples,
            n_fft=FRAME_SAMPLES,
            hop_length=HOP_SAMPLES,
            window=self.get_buffer("window"),
            center=True,
            pad_mode="constant",
            return_complex=True,
        )
        power = spectrum.real.square() + spectrum.imag.square()
        return torch.matmul(self.get_buffer("filters"), power).transpose(1, 2)


class KaldiFbank(nn.Module):
    """Log mel filter bank as kaldi computes it, with the mean over the window taken off.

    80 bands from 20 Hz, Povey window, pre-emphasis 0.97, DC removed from each frame, no dither, only whole frames,
    energies floored at float32 epsilon (samples in [-1, 1), as CAM++ was trained).
    """

    _N_FFT = 512
    _PRE_EMPHASIS = 0.97

    def __init__(self, n_mels: int = 80) -> None:
        super().__init__()
        povey = torch.hann_window(FRAME_SAMPLES, periodic=False, dtype=torch.float64).pow(0.85).float()
        self.register_buffer("window", povey, persistent=False)
        self.register_buffer("filters", kaldi_mel_filters(n_mels, self._N_FFT, low_hz=20.0), persistent=False)

    def log_energies(self, samples: Tensor) -> Tensor:
        """Map ``(n, samples) float32`` to ``(n, frames, n_mels)`` before the mean is taken off."""
        frames = samples.unfold(1, FRAME_SAMPLES, HOP_SAMPLES)
        frames = frames - frames.mean(dim=2, keepdim=True)
        previous = torch.cat([frames[:, :, :1], frames[:, :, :-1]], dim=2)
        frames = (frames - self._PRE_EMPHASIS * previous) * self.get_buffer("window")
        spectrum = torch.fft.rfft(frames, n=self._N_FFT)
        power = spectrum.real.square() + spectrum.imag.square()
        energies = torch.matmul(power, self.get_buffer("filters").T)
        return energies.clamp(min=torch.finfo(torch.float32).eps).log()

    def forward(self, samples: Tensor) -> Tensor:
        """Map ``(n, samples) float32`` to ``(n, (samples - 400) // 160 + 1, n_mels) float32``, mean 0 per window."""
        energies = self.log_energies(samples)
        return energies - energies.mean(dim=1, keepdim=True)
