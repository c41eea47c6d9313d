"""Computes what Resemblyzer itself makes of some synthetic recordings, for the tests to compare with.

    python tests/unit/engine/make_resemblyzer_reference.py

Run from the repository root. It imports resemblyzer, and librosa with it, which takes some twenty seconds; the tests
do not.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from resemblyzer import VoiceEncoder
from resemblyzer.audio import normalize_volume, wav_to_mel_spectrogram
from resemblyzer.hparams import audio_norm_target_dBFS

from registry.engine.selftest import VOICES, voice_like

LENGTHS_S = {"low": 1.1, "middle": 3.0, "high": 5.3}
QUIETER = 0.05
"""A factor that brings the recordings under -30 dBFS, so that the loudness is raised."""


def main() -> None:
    encoder = VoiceEncoder("cpu", verbose=False)
    reference: dict[str, object] = {"resemblyzer": version("resemblyzer"), "librosa": version("librosa")}
    for seed, (name, seconds) in enumerate(LENGTHS_S.items()):
        samples = voice_like(*VOICES[name], seconds, seed).samples * np.float32(QUIETER)
        loud = normalize_volume(samples, audio_norm_target_dBFS, increase_only=True)
        reference[name] = {
            "rms": float(np.sqrt(np.mean(np.square(loud)))),
            "mel_first_frames": [[float(f"{x:.6e}") for x in row] for row in wav_to_mel_spectrogram(loud)[:4].tolist()],
            "embedding": [round(x, 7) for x in encoder.embed_utterance(loud).tolist()],
        }
    path = Path(__file__).with_name("resemblyzer_reference.json")
    path.write_text(json.dumps(reference) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
