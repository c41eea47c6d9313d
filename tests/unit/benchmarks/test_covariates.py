"""What else a calibration might see: it counts within its range only, and nobody is scored by a fit that heard them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.bench import Asked, Trial
from benchmarks.covariates import FIGURES, SETS, Fits, fold_of, teaches, trials_of
from benchmarks.laid_out import HeardFile
from registry.cli.evaluation.searches import LabelledFile
from registry.engine.analysis import Analysis
from registry.engine.evaluation import Labels, SearchKind
from registry.engine.evaluation.splits import Split
from registry.media.quality import SignalQuality

DEVELOPMENT, REPORTING = (
    [f"p{n}" for n in range(200) if split.has(f"p{n}")] for split in (Split.DEVELOPMENT, Split.REPORTING)
)
GOOD = SignalQuality(-20.0, 0.0, 30.0, 7000.0, 0.9, 300.0)


def heard(person: str, quality: SignalQuality = GOOD, kind: SearchKind = SearchKind.MATED) -> HeardFile:
    file = LabelledFile(Path("one.wav"), Path(), kind, person)
    return HeardFile(file, Analysis(5.0, 5.0, (), quality), Labels())


def asked(
    person: str, kind: SearchKind = SearchKind.MATED, own: int | None = 1, doubtful: tuple[int, ...] = ()
) -> Asked:
    trial = Trial(heard(person, kind=kind), slice(0, 1), np.array(doubtful, dtype=np.intp))
    return Asked(trial, kind, np.arange(4), own)


def seen(margins: np.ndarray) -> dict[str, np.ndarray]:
    return {name: np.stack([margins, np.ones_like(margins)], axis=-1)[None] for name in ("ge2e", "campplus")}


@pytest.mark.parametrize("name", FIGURES)
def test_a_recording_beyond_the_range_of_a_figure_gains_nothing_by_lying_further_out(name: str) -> None:
    extremes = (
        SignalQuality(-20.0, 0.0, -500.0, 10.0, 0.0, 0.1),
        SignalQuality(-20.0, 1.0, 500.0, 50_000.0, 1.0, 1e6),
        SignalQuality(-20.0, 0.0, 30.0, 7000.0, 0.9, None),
    )
    assert all(0 <= FIGURES[name].of(heard("p", quality)) <= 1 for quality in extremes)


def test_an_echo_that_could_not_be_measured_is_neither_dry_nor_wet() -> None:
    unmeasured = SignalQuality(-20.0, 0.0, 30.0, 7000.0, 0.9, None)
    assert FIGURES["echo"].of(heard("p", unmeasured)) == 0.5


def test_every_row_is_of_figures_that_there_are() -> None:
    assert all(set(figures) <= set(FIGURES) for figures in SETS.values())


@pytest.mark.parametrize("kind", [SearchKind.CLONE, SearchKind.DECOY])
def test_imitations_teach_nothing(kind: SearchKind) -> None:
    assert not teaches(asked(DEVELOPMENT[0], kind))
    assert teaches(asked(DEVELOPMENT[0]))


def test_people_of_the_reporting_split_teach_nothing() -> None:
    assert not any(teaches(asked(person)) for person in REPORTING)


def test_doubtful_performers_are_no_trials() -> None:
    one = asked(DEVELOPMENT[0], doubtful=(3,))
    trials = trials_of([(one, seen(np.array([0.0, 0.9, 0.1, 0.8])))])
    assert trials.features["ge2e"][:, 0].tolist() == [0.0, 0.9, 0.1]
    assert trials.is_target.tolist() == [False, True, False]
    assert trials.mass.tolist() == [0.5, 1.0, 0.5]


def test_nobody_of_the_development_split_is_scored_by_a_fit_that_heard_them() -> None:
    """One person's fold is all targets high; without that fold, nobody's are, and the fit knows it."""
    random = np.random.default_rng(0)
    searches = []
    for person in DEVELOPMENT:
        margins = random.normal(size=4)
        margins[1] += 3.0 if fold_of(person) == 0 else -3.0
        searches.append((asked(person), seen(margins)))
    fits = Fits.of(trials_of(searches))
    weights = [fits.that_never_heard(asked(person)).engines["ge2e"][0] for person in DEVELOPMENT]
    told = [fold_of(person) == 0 for person in DEVELOPMENT]
    assert not any(weight for weight, in_it in zip(weights, told, strict=True) if in_it)
    assert fits.that_never_heard(asked(REPORTING[0])) is fits.everybody
