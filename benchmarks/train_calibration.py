"""Trains the calibration that ships with the engine, from freely licensed speech alone.

    python -m benchmarks.train_calibration [--speech ../shared/speech/open] [--out registry/engine/artefacts]

Who is used for what, by person, never overlapping: the strangers with one recording each are halved by a hash of their
name into the cohort (whose distribution is fitted) and calibration strangers; enrolled people with several recordings
serve calibration. Every recording passes through a telephone line, a far, noisy room and a lossy codec as well. Trials
are searches of many simulated galleries, small and large, in one condition and in mixed ones. The same data, seed and
machine give the same bytes. It takes some ten minutes on two cores.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save

from benchmarks.calibration_speech import SEED, Embedded, Item, digest_number, embed, read_items
from registry.engine.calibration import ARTEFACT
from registry.engine.cohort import Cohort, fit_cohort
from registry.engine.fitting import cllr, fit_logistic
from registry.engine.gallery import Gallery
from registry.engine.identify import load_encoders
from registry.engine.matching import FEATURES, engine_features, stack
from registry.engine.voiceprint import Space, Voiceprint

SHRINKAGE = 0.1
ROUNDS = 90
GALLERY_SIZES = (4, 8, 16, 32, 64)
ENGINE_SHARES = {"ge2e": 1.0, "campplus": 2.0}
"""How the engines' log LR are weighed before they are calibrated together.

A free fit on natural speech gives nearly everything to campplus; generated speech, which nothing here may be trained
on, keeps more of its target in ge2e. Both are asked, always.
"""

TAIL_RATES = (0.05, 0.005)
ENROLLED_RECORDINGS = 3
KEPT_NEAREST, KEPT_OTHERS = 4, 4
"""Non-targets kept of each search: the nearest, and some others that stand for all the rest."""

SAME_SESSION_MASS = 0.25
"""What a true trial counts whose two sides are halves of one recording: it flatters the engine."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trials:
    """Searches of simulated galleries, flattened.

    Attributes:
        features: by encoder id ``(n, 2)``: the columns of `FEATURES`.
        is_target: ``(n,)``.
        mass: ``(n,)``: how much each counts among its kind.
        search: ``(n,)``: number of the search that a trial belongs to.
        size: ``(n,)``: performers in that gallery (not all of them are kept as trials).
        stranger: ``(n,)``: whether the search was of somebody not in it.
        fold: ``(n,)``: by person who speaks.
    """

    features: Mapping[str, Array]
    is_target: NDArray[np.bool_]
    mass: Array
    search: NDArray[np.int64]
    size: NDArray[np.int64]
    stranger: NDArray[np.bool_]
    fold: NDArray[np.int64]


def fit_cohorts(embedded: Sequence[Embedded], spaces: Mapping[str, Space]) -> dict[str, Cohort]:
    """Fit the names-free cohort of each space: every condition of every cohort person."""
    voices = [entry.voice for entry in embedded if entry.part == "cohort"]
    return {name: fit_cohort(np.stack([voice.vectors[name] for voice in voices]), SHRINKAGE) for name in spaces}


class Simulation:
    """Draws galleries and searches them, as the engine would.

    Args:
        embedded: calibration people only.
        spaces: of the vectors.
        cohorts: fitted on others.
    """

    def __init__(
        self, embedded: Sequence[Embedded], spaces: Mapping[str, Space], cohorts: Mapping[str, Cohort]
    ) -> None:
        self._spaces, self._cohorts = spaces, cohorts
        self._by_person: dict[str, list[Embedded]] = defaultdict(list)
        for entry in embedded:
            if entry.part != "cohort":
                self._by_person[entry.person].append(entry)
        self._people = sorted(self._by_person)
        self._rows: dict[str, list[Any]] = defaultdict(list)
        self._searches = 0

    def run(self, rounds: int, random: np.random.Generator) -> Trials:
        """Search that many galleries."""
        for number in range(rounds):
            self._round(GALLERY_SIZES[number % len(GALLERY_SIZES)], random)
        features = {name: np.concatenate(self._rows[name]) for name in self._spaces}
        columns = {
            key: np.concatenate(self._rows[key]) for key in ("target", "mass", "search", "size", "stranger", "fold")
        }
        return Trials(
            features,
            columns["target"],
            columns["mass"],
            columns["search"],
            columns["size"],
            columns["stranger"],
            columns["fold"],
        )

    def _round(self, size: int, random: np.random.Generator) -> None:
        """Enrol some people, in one condition or in mixed ones, and search for them and for as many others."""
        order = [self._people[number] for number in random.permutation(len(self._people))]
        conditions = ["clean", "clean", "telephone", "far", "coded"]
        common = conditions[random.integers(5)] if random.integers(2) else None
        gallery = Gallery(self._spaces, self._cohorts)
        for person in order[:size]:
            gallery.add(person, self._enrolment(person, common or conditions[random.integers(5)]))
        for person in order[: 2 * size + 8]:
            probes = [entry for entry in self._by_person[person] if entry.part in {"test", "second"}]
            if person not in order[:size]:
                probes = [entry for entry in self._by_person[person] if entry.part in {"test", "stranger"}]
            for chosen in random.permutation(len(probes))[:4]:
                self._search(probes[chosen], gallery, random)

    def _enrolment(self, person: str, condition: str) -> list[Voiceprint]:
        entries = [
            entry
            for entry in self._by_person[person]
            if entry.part in {"enrol", "first"} and entry.condition == condition
        ]
        return [
            Voiceprint(space, entry.voice.vectors[name], condition, entry.voice.speech_s)
            for entry in entries[:ENROLLED_RECORDINGS]
            for name, space in self._spaces.items()
        ]

    def _search(self, probe: Embedded, gallery: Gallery, random: np.random.Generator) -> None:
        voices = {name: self._cohorts[name].centred(probe.voice.vectors[name][None]) for name in self._spaces}
        scores = gallery.score(voices)
        features = {
            name: engine_features(found, self._cohorts[name].moments(voices[name]))
            for name, found in scores.encoders.items()
        }
        target = np.array([performer == probe.person for performer in scores.performers])
        nearness = sum(found.margin[0] for found in features.values())
        kept, mass = _kept(target, np.asarray(nearness), random)
        mass[target[kept]] = SAME_SESSION_MASS if probe.part == "second" else 1.0
        speech = np.array([probe.voice.speech_s])
        for name, found in features.items():
            self._rows[name].append(stack(found, speech)[0, kept])
        columns = {
            "target": target[kept],
            "mass": mass,
            "search": np.full(len(kept), self._searches),
            "size": np.full(len(kept), len(target)),
            "stranger": np.full(len(kept), not target.any()),
            "fold": np.full(len(kept), digest_number(probe.person) % 5),
        }
        for key, column in columns.items():
            self._rows[key].append(column)
        self._searches += 1


def _kept(target: NDArray[np.bool_], nearness: Array, random: np.random.Generator) -> tuple[NDArray[np.int64], Array]:
    """Answer which performers of a search to keep as trials, and their mass: together, non-targets count one."""
    others = np.flatnonzero(~target)
    others = others[np.argsort(-nearness[others], kind="stable")]
    nearest, rest = others[:KEPT_NEAREST], others[KEPT_NEAREST:]
    drawn = random.permutation(rest)[:KEPT_OTHERS]
    kept = np.concatenate([np.flatnonzero(target), nearest, drawn])
    each = 1.0 / max(len(others), 1)
    stands_for = np.full(len(drawn), each * len(rest) / max(len(drawn), 1))
    mass = np.concatenate([np.ones(int(target.sum())), np.full(len(nearest), each), stands_for])
    return kept, mass


@dataclass(frozen=True, slots=True)
class Fitted:
    """Weights of one fit: by encoder id, and of the fusion."""

    engines: Mapping[str, Array]
    fusion: Array


def fit(trials: Trials, rows: NDArray[np.bool_]) -> Fitted:
    """Fit both engines and their fusion on some of the trials."""
    monotone = np.array([name != "log_speech" for name in FEATURES])
    target, mass = trials.is_target[rows], trials.mass[rows]
    engines = {name: fit_logistic(features[rows], target, mass, monotone) for name, features in trials.features.items()}
    shares = np.array([ENGINE_SHARES[name] for name in engines])
    stacked = _fusion_features(trials, engines)[rows]
    shared = np.column_stack([stacked[:, :-1] @ shares, stacked[:, -1]])
    weight, speech, bias = fit_logistic(shared, target, mass, np.array([True, False]))
    return Fitted(engines, np.array([*(weight * shares), speech, bias]))


def _fusion_features(trials: Trials, engines: Mapping[str, Array]) -> Array:
    natural = [trials.features[name] @ weights[:-1] + weights[-1] for name, weights in engines.items()]
    speech = next(iter(trials.features.values()))[:, FEATURES.index("log_speech")]
    return np.column_stack([*natural, speech])


def fused(trials: Trials, fitted: Fitted) -> Array:
    """Answer the natural log LR of all trials."""
    return _fusion_features(trials, fitted.engines) @ fitted.fusion[:-1] + fitted.fusion[-1]


def cross_validated(trials: Trials) -> Array:
    """Answer the natural log LR of all trials, each by a fit that never heard its speaker."""
    answer = np.zeros(len(trials.mass))
    for fold in range(5):
        held = trials.fold == fold
        answer[held] = fused(trials, fit(trials, ~held))[held]
    return answer


def fit_tail(trials: Trials, log10_lr: Array) -> Array:
    """Fit ``ln FPIR = offset + growth ln(size) - decay t`` to the best of each stranger's search: ``(3,)``.

    Points are the quantiles at `TAIL_RATES` and between them at every gallery size, by least squares.
    """
    rows, values = [], []
    for size in GALLERY_SIZES:
        chosen = trials.stranger & (trials.size == size)
        best = np.full(int(trials.search.max()) + 1, -np.inf)
        np.maximum.at(best, trials.search[chosen], log10_lr[chosen])
        best = best[np.isfinite(best)]
        for rate in np.geomspace(*TAIL_RATES, 8):
            rows.append([1.0, np.log(size), -np.quantile(best, 1 - rate)])
            values.append(np.log(rate))
    design, wanted = np.array(rows), np.array(values)
    offset, growth, decay = np.linalg.lstsq(design, wanted, rcond=None)[0]
    return np.array([offset, max(growth, 0.0), decay])


def bounds(trials: Trials, n_people: int, fitted: Fitted) -> Array:
    """Answer ``(3,)``: lower and upper cap of log10 LR, and the disagreement one true trial in a hundred exceeds.

    The caps follow the rule of three: what was never seen among so many independent trials has a rate below three in
    that many. Independent are pairs of people among non-targets, and people among targets.
    """
    pairs = n_people * (n_people - 1) / 2
    ratios = [trials.features[name] @ weights[:-1] + weights[-1] for name, weights in fitted.engines.items()]
    apart = np.abs(ratios[0] - ratios[1])[trials.is_target] / np.log(10)
    return np.array([-np.log10(n_people / 3), np.log10(pairs / 3), np.quantile(apart, 0.99)])


def measures(trials: Trials, log_lr: Array, tail: Array) -> dict[str, Any]:
    """Answer the error rates for the card, of cross-validated ratios."""
    target = trials.is_target
    offset, growth, decay = tail
    limit = (offset + growth * np.log(trials.size) - np.log(0.01)) / decay
    hit = log_lr / np.log(10) >= limit
    strangers = np.unique(trials.search[trials.stranger]).size
    accused = np.unique(trials.search[trials.stranger & hit]).size
    return {
        "cllr": round(cllr(log_lr[target], log_lr[~target]), 4),
        "target_trials": int(target.sum()),
        "non_target_trials": int((~target).sum()),
        "fnir_at_target_fpir_1_percent": round(float((~hit[target]).mean()), 4),
        "fpir_at_target_fpir_1_percent": round(accused / strangers, 4),
        "stranger_searches": int(strangers),
    }


def train(embedded: Sequence[Embedded], spaces: Mapping[str, Space]) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Answer the tensors and the figures of the card."""
    cohorts = fit_cohorts(embedded, spaces)
    people = {entry.person for entry in embedded if entry.part != "cohort"}
    cohort_people = {entry.person for entry in embedded if entry.part == "cohort"}
    trials = Simulation(embedded, spaces, cohorts).run(ROUNDS, np.random.default_rng(SEED))
    fitted = fit(trials, np.ones(len(trials.mass), dtype=bool))
    validated = cross_validated(trials)
    tail = fit_tail(trials, validated / np.log(10))
    limits = bounds(trials, len(people), fitted)
    tensors: dict[str, NDArray[Any]] = {
        "fusion": fitted.fusion,
        "tail": tail,
        "bounds": limits,
        "cohort_size": np.array([len(cohort_people)], dtype=np.int64),
    }
    for name, cohort in cohorts.items():
        tensors |= {
            f"{name}.centre": cohort.centre,
            f"{name}.mean": cohort.mean,
            f"{name}.weights": fitted.engines[name],
        }
        tensors[f"{name}.covariance"] = cohort.covariance
    figures = {
        "people": {"cohort": len(cohort_people), "calibration": len(people)},
        "bounds_log10_lr": [round(float(value), 3) for value in limits[:2]],
        "weights": {name: [round(float(w), 4) for w in weights] for name, weights in fitted.engines.items()},
        "fusion": [round(float(weight), 4) for weight in fitted.fusion],
        "tail": [round(float(value), 4) for value in tail],
        "cross_validated": measures(trials, validated, tail),
    }
    return tensors, figures


def main() -> None:
    """Train, and write the artefact and its card."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speech", type=Path, default=Path("../shared/speech/open"))
    parser.add_argument("--out", type=Path, default=Path("registry/engine/artefacts"))
    arguments = parser.parse_args()
    torch.manual_seed(SEED)
    items = read_items(arguments.speech)
    embedded = embed(items, arguments.speech, print)
    spaces = {name: encoder.space for name, encoder in load_encoders("cpu").items()}
    tensors, figures = train(embedded, spaces)
    write(arguments.out, arguments.speech, items, tensors, figures)


def write(
    out: Path,
    speech: Path,
    items: Sequence[Item],
    tensors: Mapping[str, NDArray[Any]],
    figures: Mapping[str, Any],
) -> None:
    """Write the artefact and its card, and print the pin that the engine must carry."""
    data = save({name: np.ascontiguousarray(tensor) for name, tensor in sorted(tensors.items())})
    (out / f"{ARTEFACT}.safetensors").write_bytes(data)
    card = _card(speech, items, data) | dict(figures)
    (out / f"{ARTEFACT}.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=2))
    print(f"CALIBRATION_SHA256 = {hashlib.sha256(data).hexdigest()!r}")


def _card(speech: Path, items: Sequence[Item], data: bytes) -> dict[str, Any]:
    manifest = (speech / "MANIFEST.csv").read_bytes()
    return {
        "artefact": ARTEFACT,
        "sha256": hashlib.sha256(data).hexdigest(),
        "made_on": datetime.now(UTC).date().isoformat(),
        "command": "python -m benchmarks.train_calibration",
        "seed": SEED,
        "data": {
            "manifest_sha256": hashlib.sha256(manifest).hexdigest(),
            "recordings": len(items),
            "licences": "CC BY 4.0 and freer; see the speech's own attribution",
        },
        "conditions": ["clean", "telephone", "far, noisy room", "MP3 at 24 kbit/s", "2 s of speech"],
        "not_validated_for": ["singing", "whisper", "children", "voices changed on purpose", "overlapped speech"],
    }


if __name__ == "__main__":
    main()
