from __future__ import annotations

import json
from pathlib import Path

import kaldi_native_fbank
import numpy as np
import torch

from registry.engine.encoders.ge2e import normalise_loudness
from registry.engine.features import KaldiFbank, MelPower
from registry.engine.selftest import VOICES, voice_like

REFERENCE = json.loads(Path(__file__).with_name("resemblyzer_reference.json").read_text(encoding="utf-8"))
QUIETER = np.float32(0.05)


def kaldi(samples: np.ndarray) -> np.ndarray:
    options = kaldi_native_fbank.FbankOptions()
    options.frame_opts.dither = 0
    options.frame_opts.snip_edges = True
    options.mel_opts.num_bins = 80
    fbank = kaldi_native_fbank.OnlineFbank(options)
    fbank.accept_waveform(16000, samples.tolist())
    fbank.input_finished()
    return np.stack([fbank.get_frame(i) for i in range(fbank.num_frames_ready)])


def test_fbank_is_kaldis() -> None:
    for seed, voice in enumerate(VOICES.values()):
        samples = voice_like(*voice, 1.3, seed).samples
        ours = KaldiFbank().log_energies(torch.from_numpy(samples[None]))[0].numpy()
        theirs = kaldi(samples)
        assert ours.shape == theirs.shape
        assert np.abs(ours - theirs).max() < 5e-3


def test_fbank_of_digital_silence_is_kaldis_floor() -> None:
    ours = KaldiFbank().log_energies(torch.zeros(1, 1600))
    assert torch.allclose(ours, torch.full_like(ours, float(np.log(np.finfo(np.float32).eps))))


def test_fbank_has_no_mean_left() -> None:
    samples = voice_like(*VOICES["low"], 1.0, 1).samples
    assert KaldiFbank()(torch.from_numpy(samples[None])).mean(dim=1).abs().max() < 1e-4


def test_mel_power_is_librosas_as_resemblyzer_calls_it() -> None:
    for seed, (name, seconds) in enumerate({"low": 1.1, "middle": 3.0, "high": 5.3}.items()):
        samples = normalise_loudness(voice_like(*VOICES[name], seconds, seed).samples * QUIETER)
        ours = MelPower()(torch.from_numpy(samples[None]))[0, :4].numpy()
        theirs = np.array(REFERENCE[name]["mel_first_frames"])
        assert np.allclose(ours, theirs, rtol=1e-3, atol=1e-6 * theirs.max())
