"""How numbers of the engine that no fit can find were chosen: by people of the development split, and by nobody else.

    python ../shared/speech/layout.py FOLDER --part both
    python -m benchmarks.choices --speech FOLDER [--cache DIR] [--doubtful FILE.csv] [--out docs/accuracy]

For each value the calibration is fitted anew, to the speech that the shipped one is fitted to, and recordings of
development people are searched for; nobody of the reporting split is heard, but as one of those enrolled. The loss is
the mean of four shares: people missed and clones not found, at FPIR 1 and 5 %. One number is varied at a time, the
others stay at what ships. What ships is changed where another value loses less, in 95 % of draws of people, the same
draws for all; a difference within chance is no reason. Fitted without `benchmarks.reproducible`, so that the last
digits may differ.
"""

from __future__ import annotations

import argparse
import contextlib
import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from benchmarks.calibration_speech import GROUPS, SEED, embed, read_items
from benchmarks.laid_out import SUBSETS, analyses, hear, read_arguments
from benchmarks.tables import Table, made_with, write_tables
from benchmarks.train_calibration import group_sizes
from registry.cli.evaluation.charts import percent
from registry.engine import cohort
from registry.engine.analyser import REQUIRED_SPEECH_S, TURN_ENCODER, Analyser
from registry.engine.analysis import Analysis
from registry.engine.calibration import Calibration, parse_calibration
from registry.engine.encoders.protocol import Encoder
from registry.engine.evaluation import SearchKind
from registry.engine.evaluation.measures import Measures
from registry.engine.evaluation.searches import Searches
from registry.engine.identify import Engine, load_encoders
from registry.engine.training import fit as fitting
from registry.engine.training.artefact import NOT_VALIDATED_FOR, train
from registry.engine.training.examples import Example
from registry.engine.training.fit import engines_correlation, fit_cohorts
from registry.engine.windows import LEVEL_DBFS
from registry.errors import InvalidInputError
from registry.scanning.listening import Heard, Listener

LEVELS_DBFS = (-32.0, -29.0, -26.0, -23.0, -20.0, -17.0, -14.0, -11.0)
VOICES_BESIDE = (0, 10, 20, 50, 100)
RIDGES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
CAMPPLUS_SHARES = (0.5, 0.75, 1.0, 1.5, 2.0)
OPEN_SPEECH = Path("../shared/speech/open")
RATES = (0.01, 0.05)
BOOTSTRAP_SEED = 1

DEVELOPMENT = SUBSETS["development"]

Array = NDArray[np.float64]
Vectors = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Louder:
    """An encoder that hears its windows at another level than the engine gives them; see `Encoder`."""

    encoder: Encoder
    level_dbfs: float

    @property
    def id(self) -> str:
        """Of this level."""
        return level_id(self.level_dbfs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.encoder, name)

    def encode(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `Encoder.encode`."""
        return self.encoder.encode(windows * np.float32(10 ** ((self.level_dbfs - LEVEL_DBFS) / 20)))


def level_id(level_dbfs: float) -> str:
    """Answer what ge2e at a level is called."""
    return f"ge2e at {level_dbfs:g} dBFS"


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of each number."""

    level_dbfs: float = LEVEL_DBFS
    voices_beside: int = cohort.VOICES_BESIDE
    ridge: float = fitting.RIDGE
    campplus_share: float = fitting.ENGINE_SHARES["campplus"] / fitting.ENGINE_SHARES["ge2e"]

    @contextlib.contextmanager
    def in_force(self) -> Iterator[None]:
        """Let the engine and its fit use these values; the level is a matter of which vectors they are given."""
        shares = {"ge2e": 1.0, "campplus": self.campplus_share}
        with (
            patch.object(cohort, "VOICES_BESIDE", self.voices_beside),
            patch.object(fitting, "RIDGE", self.ridge),
            patch.object(fitting, "ENGINE_SHARES", shares),
        ):
            yield


def choices() -> Iterator[tuple[str, str, Choice]]:
    """Yield every choice with the name of the number that it varies, and its value."""
    for level in LEVELS_DBFS:
        yield "level of windows", f"{level:g} dBFS", Choice(level_dbfs=level)
    for count in VOICES_BESIDE:
        yield "voices beside the gallery", str(count), Choice(voices_beside=count)
    for ridge in RIDGES:
        yield "ridge of the projection", f"{ridge:g}", Choice(ridge=ridge)
    for share in CAMPPLUS_SHARES:
        yield "what campplus counts, ge2e counting 1", f"{share:g}", Choice(campplus_share=share)


def main() -> None:
    """Measure, print and write."""
    arguments = read_arguments(__doc__)
    with analyses(None, arguments.threads) as source:
        levels = ManyLevels(source.listener, arguments.threads, arguments.cache)
        examples = levels.examples(OPEN_SPEECH)
        ships = measured(Choice(), levels, examples, arguments)
        levels.keep()
        rows = []
        for name, value, choice in choices():
            found = ships if choice == Choice() else measured(choice, levels, examples, arguments)
            rows.append([name, value + (" (ships)" if found is ships else ""), *_cells(found, ships)])
            print(" | ".join(rows[-1]), flush=True)
    headings = ["number", "value", "loss", "more than what ships (95 % of draws)"]
    headings += ["FNIR at 1 % (5 %)", "clones at 1 % (5 %)", "rank-1", "Cllr"]
    note = "People of the development split. Loss: the mean of people missed and clones not found, at both rates."
    table: Table = {"headings": headings, "rows": rows, "note": note}
    made = made_with(source.listener.engine)
    write_tables(arguments.out / "choices.json", {**made, "seed": SEED, "tables": {"choices": table}})


def measured(
    choice: Choice, levels: ManyLevels, examples: Sequence[Example], arguments: argparse.Namespace
) -> Measures:
    """Fit by a choice, and search for everybody of the development split."""
    with choice.in_force():
        laid_out = hear(levels.fitted(choice, examples), arguments.speech, arguments.doubtful, DEVELOPMENT)
        results = [result for _, result in laid_out.results()]
    return Measures.of(Searches.of(results), np.random.default_rng(BOOTSTRAP_SEED))


def losses(measures: Measures) -> Array:
    """Answer the loss of everybody once, and of each draw of people."""
    mated, clones = measures.searches.mated, measures.searches.by_kind[SearchKind.CLONE]
    own_mated, own_clones = (np.array([search.own_lr for search in found]) for found in (mated, clones))
    shares = []
    for rate in RATES:
        thresholds = measures.thresholds[rate][:, None]
        shares.append(measures.resamples.share(own_mated <= thresholds, mated).values)
        shares.append(measures.resamples.share(own_clones <= thresholds, clones).values)
    mean: Array = np.mean(shares, axis=0)
    return mean


class ManyLevels:
    """Hears recordings as the engine does, and with ge2e at every level.

    Args:
        listener: of the shipped engine.
        threads: for the encoders.
        folder: where what was heard is kept; None keeps it in memory alone.
    """

    def __init__(self, listener: Listener, threads: int, folder: Path | None) -> None:
        self._listener = listener
        self._folder = folder
        encoders = load_encoders("cpu", threads)
        self._encoders = {**encoders, **{one.id: one for one in (Louder(encoders["ge2e"], at) for at in LEVELS_DBFS)}}
        projections = {name: found.project for name, found in listener.engine.calibration.cohorts.items()}
        self._analyser = Analyser(self._encoders, listener.engine.segmenter, projections)
        self._heard: dict[Path, Heard] = self._kept("heard") or {}

    def examples(self, speech: Path) -> list[Example]:
        """Embed what calibrations are fitted to."""
        found: list[Example] | None = self._kept("examples")
        if found is None:
            found = embed(read_items(speech), speech, print, self._encoders)
            self._keep("examples", found)
        return found

    def keep(self) -> None:
        """Keep what was heard, for the next time."""
        self._keep("heard", self._heard)

    def _kept(self, name: str) -> Any:
        file = self._folder and self._folder / f"{name}.pickle"
        return pickle.loads(file.read_bytes()) if file and file.exists() else None  # noqa: S301  (our own file)

    def _keep(self, name: str, found: object) -> None:
        if self._folder:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / f"{name}.pickle").write_bytes(pickle.dumps(found))

    def heard(self, path: Path) -> Heard:
        """Analyse one recording, once."""
        if path not in self._heard:
            self._heard[path] = self._hear(path)
        return self._heard[path]

    def _hear(self, path: Path) -> Heard:
        try:
            recording = self._listener.decoder.decode(path)
            spans = self._listener.detector.require_speech(recording, required_s=REQUIRED_SPEECH_S)
            return self._analyser.analyse_many([(recording, spans)])[0]
        except InvalidInputError as error:
            return error

    def fitted(self, choice: Choice, examples: Sequence[Example]) -> AtOneLevel:
        """Answer what hears with a calibration that is fitted by a choice; it must be in force."""
        calibration = fitted(choice, examples, self._listener.engine)
        engine = Engine(
            self._listener.engine.encoders,
            calibration,
            target_fpir=0.01,
            device="cpu",
            segmenter=self._listener.engine.segmenter,
        )
        return AtOneLevel(self, Listener(engine, self._listener.decoder, self._listener.detector), choice.level_dbfs)


@dataclass(frozen=True, slots=True)
class AtOneLevel:
    """Answers analyses in which ge2e heard windows at one level; see `laid_out.Source`."""

    levels: ManyLevels
    listener: Listener
    level_dbfs: float

    def of(self, paths: Sequence[Path]) -> Iterator[tuple[Path, Heard]]:
        """See `laid_out.Source`."""
        for path in paths:
            heard = self.levels.heard(path)
            yield path, heard if isinstance(heard, InvalidInputError) else self._at_level(heard)

    def _at_level(self, analysis: Analysis) -> Analysis:
        voices = tuple(
            replace(
                voice,
                vectors=one_level(voice.vectors, self.level_dbfs),
                turns=tuple(replace(turn, vectors=one_level(turn.vectors, self.level_dbfs)) for turn in voice.turns),
            )
            for voice in analysis.voices
        )
        return replace(analysis, voices=voices)


def one_level(vectors: Vectors, level_dbfs: float) -> Vectors:
    """Answer vectors by the engine's encoder ids, with ge2e at that level."""
    return {"ge2e": vectors[level_id(level_dbfs)], TURN_ENCODER: vectors[TURN_ENCODER]}


def fitted(choice: Choice, examples: Sequence[Example], engine: Engine) -> Calibration:
    """Fit a calibration to examples, as `benchmarks.train_calibration` does; the choice must be in force."""
    own = [replace(one, vectors=one_level(one.vectors, choice.level_dbfs)) for one in examples]
    cohorts = fit_cohorts(own, GROUPS)
    correlation = engines_correlation(own, cohorts)
    tensors, figures = train(own, cohorts, group_sizes(own), correlation, np.random.default_rng(SEED))
    spaces = [space.id for space in engine.spaces.values()]
    card = {**figures, "groups": list(GROUPS), "spaces": spaces, "not_validated_for": list(NOT_VALIDATED_FOR)}
    return parse_calibration(save({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}), card)


def _cells(measures: Measures, ships: Measures) -> list[str]:
    _, one, five = (row["value"] for row in measures.fnir())
    clones = [rate["share"] for rate in measures.imitations(SearchKind.CLONE)["all"]["rates"][1:]]
    more = 100 * (losses(measures) - losses(ships))
    low, high = np.quantile(more[1:], [0.025, 0.975])
    return [
        f"{100 * losses(measures)[0]:.2f} %",
        "" if measures is ships else f"{more[0]:+.2f} [{low:+.2f} – {high:+.2f}]",
        f"{percent(one)} ({percent(five)})",
        f"{percent(clones[0])} ({percent(clones[1])})",
        percent(measures.rank1(measures.searches.mated)["value"]),
        f"{measures.verification()['cllr']:.3f}",
    ]


if __name__ == "__main__":
    main()
