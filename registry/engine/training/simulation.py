"""Simulated searches: galleries of calibration people, small and large, in one condition or in mixed ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from registry.engine.cohort import Cohort, middle, unit
from registry.engine.matching import engine_features, stack
from registry.engine.training.examples import Example, Part, digest_number

GALLERY_SIZES = (4, 8, 16, 24, 32)
ENROLLED_RECORDINGS = 3
PROBES_A_PERSON = 4
CLEAN = "clean"
MIXED_SHARE, CLEAN_SHARE = 0.3, 0.6
"""Share of galleries whose performers differ in condition; share of the rest that is clean throughout."""

KEPT_NEAREST, KEPT_OTHERS = 4, 4
"""Non-targets kept of each search: the nearest, and some others that stand for all the rest."""

SAME_SESSION_MASS = 0.25
"""What a true trial counts whose two sides are of one recording: it flatters the engine."""

FOLDS = 5

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trials:
    """Searches of simulated galleries, flattened.

    Attributes:
        features: by encoder id ``(n, d)``: the columns of `matching.FEATURES`, the margin first. Whoever tries what
            else a calibration might see adds columns; all but the margin are the same for every encoder.
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


class Simulation:
    """Draws galleries and searches them, as the engine would.

    Args:
        examples: those of the cohort are left out.
        cohorts: by encoder id, fitted on others.
    """

    def __init__(self, examples: Sequence[Example], cohorts: Mapping[str, Cohort]) -> None:
        self._cohorts = cohorts
        self._examples = [example for example in examples if example.part is not Part.COHORT]
        self._vectors = {
            name: cohort.project(np.stack([example.vectors[name] for example in self._examples]))
            for name, cohort in cohorts.items()
        }
        self._numbers: dict[tuple[str, Part], list[int]] = defaultdict(list)
        for number, example in enumerate(self._examples):
            self._numbers[example.person, example.part].append(number)
        self._people = sorted({example.person for example in self._examples})
        self._enrollable = [person for person in self._people if self._numbers[person, Part.ENROL]]
        self._conditions = sorted({example.condition for example in self._examples} - {CLEAN})
        self._rows: dict[str, list[NDArray[np.generic]]] = defaultdict(list)
        self._searches = 0

    @property
    def people(self) -> int:
        """How many people take part."""
        return len(self._people)

    @property
    def trials(self) -> tuple[int, int]:
        """How many target and non-target trials are independent, or nearly.

        Every recording counts once against each person who can be enrolled, however many conditions it is put under and
        however often it is drawn.
        """
        sessions = {(one.person, one.session) for one in self._examples if one.part is not Part.ENROL}
        enrollable = set(self._enrollable)
        targets = sum(person in enrollable for person, _ in sessions)
        return targets, len(sessions) * len(enrollable) - targets

    def run(self, rounds: int, random: np.random.Generator) -> Trials:
        """Search that many galleries, of every one of `GALLERY_SIZES` that there are people for."""
        sizes = [size for size in GALLERY_SIZES if size < len(self._enrollable)] or [max(len(self._enrollable) - 1, 1)]
        for number in range(rounds):
            self._round(sizes[number % len(sizes)], random)
        rows = {key: np.concatenate(found) for key, found in self._rows.items()}
        return Trials(
            features={name: rows[name] for name in self._cohorts},
            is_target=rows["target"],
            mass=rows["mass"],
            search=rows["search"],
            size=rows["size"],
            stranger=rows["stranger"],
            fold=rows["fold"],
        )

    def _round(self, size: int, random: np.random.Generator) -> None:
        """Enrol some people, in one condition or in mixed ones, and search for them and for others."""
        order = [self._enrollable[number] for number in random.permutation(len(self._enrollable))]
        enrolled = order[:size]
        common = None if random.random() < MIXED_SHARE else self._condition(random)
        means = self._means([self._enrolment(person, common or self._condition(random)) for person in enrolled])
        probes = np.array([number for person in self._people for number in self._probes(person, enrolled, random)])
        self._search(probes, enrolled, means, random)

    def _condition(self, random: np.random.Generator) -> str:
        others = self._conditions or [CLEAN]
        return CLEAN if random.random() < CLEAN_SHARE else others[random.integers(len(others))]

    def _enrolment(self, person: str, condition: str) -> list[int]:
        """Answer what to enrol of a person: their recordings under that condition, or clean where there is none."""
        own = self._numbers[person, Part.ENROL]
        wanted = [number for number in own if self._examples[number].condition == condition]
        clean = [number for number in own if self._examples[number].condition == CLEAN]
        return (wanted or clean or own)[:ENROLLED_RECORDINGS]

    def _means(self, enrolments: Sequence[list[int]]) -> dict[str, NDArray[np.float32]]:
        return {
            name: unit(np.stack([vectors[numbers].mean(axis=0) for numbers in enrolments]))
            for name, vectors in self._vectors.items()
        }

    def _probes(self, person: str, enrolled: Sequence[str], random: np.random.Generator) -> list[int]:
        parts = [Part.PROBE] if person in enrolled else [Part.PROBE, Part.STRANGER]
        own = [number for part in parts for number in self._numbers[person, part]]
        return [own[chosen] for chosen in random.permutation(len(own))[:PROBES_A_PERSON]]

    def _search(
        self,
        probes: NDArray[np.int64],
        enrolled: Sequence[str],
        means: Mapping[str, NDArray[np.float32]],
        random: np.random.Generator,
    ) -> None:
        speech = np.array([self._examples[number].speech_s for number in probes])
        found = {}
        for name, cohort in self._cohorts.items():
            total = means[name].sum(axis=0, dtype=np.float64)
            voices: NDArray[np.float32] = self._vectors[name][probes] - middle(total, len(enrolled))
            found[name] = engine_features(voices @ means[name].T, cohort.moments(voices))
        nearness = sum(features.margin for features in found.values())
        stacked = {name: stack(features, speech) for name, features in found.items()}
        for row, number in enumerate(probes.tolist()):
            example = self._examples[number]
            target = np.array([performer == example.person for performer in enrolled])
            kept, mass = _kept(target, np.asarray(nearness)[row], random)
            mass[target[kept]] = SAME_SESSION_MASS if example.same_session else 1.0
            for name in self._cohorts:
                self._rows[name].append(stacked[name][row, kept])
            self._note(example, target, kept, mass)

    def _note(self, example: Example, target: NDArray[np.bool_], kept: NDArray[np.int64], mass: Array) -> None:
        columns = {
            "target": target[kept],
            "mass": mass,
            "search": np.full(len(kept), self._searches),
            "size": np.full(len(kept), len(target)),
            "stranger": np.full(len(kept), not target.any()),
            "fold": np.full(len(kept), digest_number(example.person) % FOLDS),
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
