"""Computes the self-test's known answers with the shipped weights, and writes those that no calibration has a part in.

    python -m benchmarks.make_selftest

A calibration carries its own: they are computed when it is made. Run this when weights or preprocessing were changed on
purpose, and never to make a failing self-test pass.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.numpy import save

from registry.engine.identify import Engine
from registry.engine.selftest import ARTEFACT, compute, without_ratios


def main() -> None:
    """Write the answers."""
    torch.manual_seed(0)
    answers = without_ratios(compute(Engine.load(device="cpu")))
    path = Path("registry/engine/artefacts") / f"{ARTEFACT}.safetensors"
    path.write_bytes(save(dict(sorted(answers.items()))))
    for name, answer in answers.items():
        print(name, answer if answer.size <= len(answers) else answer.shape)


if __name__ == "__main__":
    main()
