"""What a calibration would gain that saw more of a recording than how much somebody speaks in it.

Each set of figures is fitted as `registry.engine.training.fit` fits, but to searches of laid-out speech, of development
people: these are scored by fits that never heard them, in folds of people, and everybody else by a fit to all of them.
Clones and decoys teach nothing. Net speech alone is fitted in the same way, to compare with; it is not what ships.

A figure counts within its range only, so that a recording beyond it gains nothing by lying further out; and it adds to
the log LR whatever the margin, so that more margin never means less.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.bench import Asked, Bench
from benchmarks.laid_out import SUBSETS, HeardFile
from benchmarks.scoring import Way
from registry.engine.evaluation import SearchKind, SearchResult
from registry.engine.matching import log_speech
from registry.engine.training.examples import digest_number
from registry.engine.training.fit import Fitted, fit, fused
from registry.engine.training.simulation import FOLDS, Trials

TEACHING = frozenset({SearchKind.MATED, SearchKind.LEFT_OUT, SearchKind.NON_MATED})

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a recording.

    Attributes:
        read: the figure; None where it could not be measured.
        least, most: the range within which it counts.
        scale: what is linear in the log LR.
    """

    read: Callable[[HeardFile], float | None]
    least: float
    most: float
    scale: Callable[[float], float] = float

    def of(self, heard: HeardFile) -> float:
        """Answer what a calibration sees of a recording, in [0, 1]; the middle where nothing could be measured."""
        value = self.read(heard)
        if value is None:
            return 0.5
        low, high = self.scale(self.least), self.scale(self.most)
        return (self.scale(min(max(value, self.least), self.most)) - low) / (high - low)


FIGURES: Mapping[str, Figure] = {
    "SNR": Figure(lambda heard: heard.analysis.quality.snr_db, 0.0, 40.0),
    "bandwidth": Figure(lambda heard: heard.analysis.quality.bandwidth_hz, 3000.0, 7500.0, math.log),
    "echo": Figure(lambda heard: heard.analysis.quality.decay_db_per_s, 80.0, 400.0, math.log),
    "clipping": Figure(lambda heard: heard.analysis.quality.clipped_share, 0.0, 0.05),
    "voicing": Figure(lambda heard: heard.analysis.quality.voiced_share, 0.5, 1.0),
    "voices": Figure(lambda heard: len(heard.analysis.voices), 1.0, 8.0, math.log),
}
SETS: Mapping[str, Sequence[str]] = {
    "net speech alone": (),
    "+ SNR": ("SNR",),
    "+ bandwidth": ("bandwidth",),
    "+ echo": ("echo",),
    "+ SNR, bandwidth, echo": ("SNR", "bandwidth", "echo"),
    "+ clipping, voicing, number of voices as well": tuple(FIGURES),
}
"""What a calibration sees besides margins and net speech, by the name of the row."""

Seen = Mapping[str, Array]
"""By encoder ``(n_voices, n_performers, d)``: the margin, the logarithm of net speech, and the figures in order."""


class Covariates:
    """The searches of a bench, to be scored by calibrations that are fitted to them.

    Args:
        bench: heard.
        way: whose scores are the margins.
    """

    def __init__(self, bench: Bench, way: Way) -> None:
        self._bench = bench
        self._searches = [(asked, _seen(asked, margins)) for asked, margins in bench.scores(way)]

    def search(self, figures: Sequence[str]) -> Iterator[tuple[HeardFile, SearchResult]]:
        """Yield all searches, scored by a calibration that sees these figures too."""
        columns = [0, 1, *(2 + place for place, name in enumerate(FIGURES) if name in figures)]
        searches = [(asked, _chosen(seen, columns)) for asked, seen in self._searches]
        fits = Fits.of(trials_of([(asked, seen) for asked, seen in searches if teaches(asked)]))
        for asked, seen in searches:
            found = fused(seen, fits.that_never_heard(asked)) / math.log(10)
            yield asked.trial.heard, self._bench.result(asked, found.max(axis=0))


def _seen(asked: Asked, margins: Mapping[str, Array]) -> Seen:
    heard = asked.trial.heard
    speech = log_speech(np.array([voice.speech_s for voice in heard.analysis.voices]))[:, None]
    figures = [np.array([[figure.of(heard)]]) for figure in FIGURES.values()]
    return {
        name: np.stack([np.broadcast_to(one, margin.shape) for one in (margin, speech, *figures)], axis=-1)
        for name, margin in margins.items()
    }


def _chosen(seen: Seen, columns: Sequence[int]) -> Seen:
    return {name: found[..., columns] for name, found in seen.items()}


def teaches(asked: Asked) -> bool:
    """Whether a search may be fitted to."""
    return asked.kind in TEACHING and SUBSETS["development"](asked.trial.heard.file)


@dataclass(frozen=True, slots=True)
class Fits:
    """A fit to everybody, and for each fold of people one that never heard them."""

    everybody: Fitted
    without: Sequence[Fitted]

    @classmethod
    def of(cls, trials: Trials) -> Fits:
        """Fit them all."""
        whole = np.ones(len(trials.mass), dtype=np.bool_)
        return cls(fit(trials, whole), [fit(trials, trials.fold != fold) for fold in range(FOLDS)])

    def that_never_heard(self, asked: Asked) -> Fitted:
        """Answer the fit to score a search with."""
        file = asked.trial.heard.file
        return self.without[fold_of(file.person)] if SUBSETS["development"](file) else self.everybody


def fold_of(person: str) -> int:
    """Answer the fold of a person."""
    return digest_number(person) % FOLDS


def trials_of(searches: Sequence[tuple[Asked, Seen]]) -> Trials:
    """Answer the voice that speaks most against all performers who count; the others of a search count one together."""
    columns: dict[str, list[NDArray[np.generic]]] = {}
    for number, (asked, seen) in enumerate(searches):
        counts = ~np.isin(asked.kept, asked.trial.doubtful)
        target = asked.kept[counts] == asked.own
        rows = {name: found[0, counts] for name, found in seen.items()} | {
            "is_target": target,
            "mass": np.where(target, 1.0, 1.0 / max((~target).sum(), 1)),
            "search": np.full(target.size, number),
            "size": np.full(target.size, asked.kept.size),
            "stranger": np.full(target.size, asked.own is None),
            "fold": np.full(target.size, fold_of(asked.trial.heard.file.person)),
        }
        for name, column in rows.items():
            columns.setdefault(name, []).append(column)
    whole = {name: np.concatenate(found) for name, found in columns.items()}
    return Trials(
        features={name: whole[name] for name in searches[0][1]},
        is_target=whole["is_target"],
        mass=whole["mass"],
        search=whole["search"],
        size=whole["size"],
        stranger=whole["stranger"],
        fold=whole["fold"],
    )
