"""Trains the calibration that ships with the engine, from freely licensed speech alone.

    python -m benchmarks.train_calibration [--speech ../shared/speech/open] [--out registry/engine/artefacts]

Who is used for what, by person, never overlapping: only people of the development split; of those with one recording,
half, by a hash of their name, make the cohort (projection, spread, groups), the others and everybody enrolled serve
calibration. Recordings pass through telephones, rooms, noise, codecs and microphones made by code. Trials are
searches of simulated galleries, small and large, in one condition and in mixed ones. The same data and seed give the
same bytes, on an AMD processor and on an Intel one: see `benchmarks.reproducible`. It takes some ten minutes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks import reproducible
from benchmarks.calibration_speech import GROUPS, SEED, Item, embed, read_items
from registry.engine.calibration import ARTEFACT
from registry.engine.identify import load_encoders, load_segmenter
from registry.engine.training.artefact import NOT_VALIDATED_FOR, train, write_artefact
from registry.engine.training.examples import Example, Part
from registry.engine.training.fit import engines_correlation, fit_cohorts


def main() -> None:
    """Train, and write the artefact and its card."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speech", type=Path, default=Path("../shared/speech/open"))
    parser.add_argument("--out", type=Path, default=Path("registry/engine/artefacts"))
    arguments = parser.parse_args()
    torch.manual_seed(SEED)
    items = read_items(arguments.speech)
    examples = embed(items, arguments.speech, print)
    cohorts = fit_cohorts(examples, GROUPS)
    sizes, correlation = group_sizes(examples), engines_correlation(examples, cohorts)
    tensors, figures = train(examples, cohorts, sizes, correlation, np.random.default_rng(SEED))
    card = figures | description(arguments.speech, items, examples)
    file = arguments.out / f"{ARTEFACT}.safetensors"
    digest = write_artefact(file, tensors, card, load_encoders("cpu", 1, reproducible=True), load_segmenter("cpu", 1))
    print(json.dumps(figures, indent=2))
    print(f"CALIBRATION_SHA256 = {digest!r}")


def group_sizes(examples: Sequence[Example]) -> list[int]:
    """Answer the people in each of the cohort's groups; made voices do not count."""
    own = [example for example in examples if example.part is Part.COHORT and "," not in example.person]
    return [len({example.person for example in own if example.group == group}) for group in GROUPS]


def people_of(items: Sequence[Item]) -> dict[str, int]:
    """Answer how many people serve the cohort, and how many calibration; made voices are nobody."""
    cohort = {item.person for item in items if item.part is Part.COHORT}
    return {"cohort": len(cohort), "calibration": len({item.person for item in items} - cohort)}


def description(speech: Path, items: Sequence[Item], examples: Sequence[Example]) -> dict[str, Any]:
    """Answer what the card says besides figures."""
    return {
        "command": "python -m benchmarks.train_calibration",
        "seed": SEED,
        "data": {
            "manifest_sha256": hashlib.sha256((speech / "MANIFEST.csv").read_bytes()).hexdigest(),
            "recordings": len(items),
            "examples": len(examples),
            "licences": "CC BY 4.0 and freer; see the speech's own attribution",
            "people": "the development split only",
            "cohort_language": "English, read",
        },
        "people": people_of(items),
        "groups": list(GROUPS),
        "conditions": sorted({example.condition for example in examples}),
        "not_validated_for": list(NOT_VALIDATED_FOR),
    }


if __name__ == "__main__":
    reproducible.begin_again("benchmarks.train_calibration")
    main()
