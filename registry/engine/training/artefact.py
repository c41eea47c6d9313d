"""Makes the artefact: tensors and card, from examples; and completes it with known answers and pins."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from registry.engine import selftest
from registry.engine.calibration import CARD_SHA256, KNOWN, card_digest, cohort_tensors, parse_calibration
from registry.engine.cohort import Cohort
from registry.engine.encoders.protocol import Encoder
from registry.engine.identify import VERSION, Engine
from registry.engine.segmentation import Segmenter
from registry.engine.training.examples import Example, Part
from registry.engine.training.fit import bounds, cross_validated, fit, fit_tail, measures
from registry.engine.training.simulation import PROBES_A_PERSON, Simulation
from registry.engine.validity import ranges_of

ROUNDS = 60
SEARCHES = 6_000
LEAST_ROUNDS = 20  # four of each size of gallery
NOT_VALIDATED_FOR = ("singing", "whisper", "children", "voices changed on purpose", "overlapped speech")


def train(
    examples: Sequence[Example],
    cohorts: Mapping[str, Cohort],
    group_sizes: Sequence[int],
    correlation: float,
    random: np.random.Generator,
    *,
    rounds: int | None = None,
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Answer the tensors and the figures of the card.

    Args:
        examples: of calibration people; those of the cohort are left out.
        cohorts: by encoder id, fitted on other people.
        group_sizes: people in each of the cohort's groups.
        correlation: see `Calibration`.
        random: for the simulation.
        rounds: galleries that are drawn and searched; `ROUNDS` when not given.
    """
    simulation = Simulation(examples, cohorts)
    trials = simulation.run(rounds or ROUNDS, random)
    fitted = fit(trials, np.ones(len(trials.mass), dtype=bool))
    validated = cross_validated(trials)
    tail = fit_tail(trials, validated / np.log(10))
    limits = bounds(trials, simulation.trials, fitted)
    tensors: dict[str, NDArray[Any]] = {
        "fusion": fitted.fusion,
        "tail": tail,
        "bounds": limits,
        "group_sizes": np.array(group_sizes, dtype=np.int64),
        "correlation": np.array([correlation]),
    }
    for name, cohort in cohorts.items():
        tensors |= cohort_tensors(name, cohort) | {f"{name}.weights": fitted.engines[name]}
    heard = [example for example in examples if example.part is not Part.COHORT]
    figures = {
        "people": {"cohort": people_of(examples, cohort=True), "calibration": simulation.people},
        "validated": ranges_of(
            [one.quality for one in heard], [one.speech_s for one in heard], [one.person for one in heard]
        ),
        "bounds_log10_lr": [round(float(value), 3) for value in limits[:2]],
        "weights": {name: [round(float(w), 4) for w in weights] for name, weights in fitted.engines.items()},
        "fusion": [round(float(weight), 4) for weight in fitted.fusion],
        "tail": [round(float(value), 4) for value in tail],
        "cross_validated": measures(trials, validated, tail),
    }
    return tensors, figures


def rounds_for(people: int) -> int:
    """Answer how many galleries to draw for about `SEARCHES` searches by so many people, each as often as it can be.

    More of them only ask the same people again; fitting takes time in proportion.
    """
    return max(-(-SEARCHES // (PROBES_A_PERSON * people)), LEAST_ROUNDS)


def people_of(examples: Sequence[Example], *, cohort: bool) -> int:
    """Answer how many people the cohort, or the calibration, has."""
    return len({example.person for example in examples if (example.part is Part.COHORT) is cohort})


def write_artefact(
    file: Path,
    tensors: Mapping[str, NDArray[Any]],
    card: Mapping[str, Any],
    encoders: Mapping[str, Encoder],
    segmenter: Segmenter | None,
) -> str:
    """Complete an artefact, and write it and its card beside it; answer the SHA-256 that pins it.

    The known answers of the self-test under this calibration are computed and kept in it, and its bytes pin the card.

    Args:
        file: to write; ``{id}`` in its name becomes the first twelve digits of the SHA-256.
        tensors: see `train`.
        card: without what is known only when it is written.
        encoders: whose spaces it was fitted in, by id.
        segmenter: see `Analyser`.
    """
    known, whole = _known_answers(tensors, card, encoders, segmenter)
    pin = {CARD_SHA256: np.frombuffer(card_digest(whole), dtype=np.uint8)}
    data = _packed({**tensors, **known, **pin})
    digest = hashlib.sha256(data).hexdigest()
    named = file.with_name(file.name.format(id=digest[:12]))
    head = {"artefact": named.stem, "sha256": digest, "made_on": datetime.now(UTC).date().isoformat()}
    named.write_bytes(data)
    named.with_suffix(".json").write_text(json.dumps(head | whole, indent=2) + "\n", encoding="utf-8")
    return digest


def _known_answers(
    tensors: Mapping[str, NDArray[Any]],
    card: Mapping[str, Any],
    encoders: Mapping[str, Encoder],
    segmenter: Segmenter | None,
) -> tuple[dict[str, NDArray[np.float64]], dict[str, Any]]:
    """Answer the known answers as tensors, and the card with what they and the vectors are of."""
    whole = {
        **card,
        "spaces": [encoder.space.id for encoder in encoders.values()],
        "known_answers": f"of registry.engine.selftest, engine version {VERSION}, when this was made",
    }
    calibration = parse_calibration(_packed(tensors), whole)
    engine = Engine(encoders, calibration, target_fpir=0.01, device="cpu", segmenter=segmenter)
    ratios = selftest.ratios_in(selftest.compute(engine))
    return {f"{KNOWN}{voice}": answer.astype(np.float64) for voice, answer in ratios.items()}, whole


def _packed(tensors: Mapping[str, NDArray[Any]]) -> bytes:
    data: bytes = save({name: np.ascontiguousarray(tensor) for name, tensor in sorted(tensors.items())})
    return data
