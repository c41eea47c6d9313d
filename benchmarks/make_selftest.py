"""Computes the self-test's known answers with the shipped weights and calibration, and writes them.

    python -m benchmarks.make_selftest

Run it when weights, preprocessing or calibration were changed on purpose, and never to make a failing self-test pass.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.numpy import save

from registry.engine.identify import Engine
from registry.engine.selftest import ARTEFACT, compute


def main() -> None:
    """Write the answers."""
    torch.manual_seed(0)
    answers = compute(Engine.load(device="cpu"))
    path = Path("registry/engine/artefacts") / f"{ARTEFACT}.safetensors"
    path.write_bytes(save(dict(sorted(answers.items()))))
    for name, answer in answers.items():
        print(name, answer if answer.size <= len(answers) else answer.shape)


if __name__ == "__main__":
    main()
