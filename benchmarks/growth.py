"""How the cost grows: with hours of audio, with the length of one recording, with its speakers, with the gallery.

    python -m benchmarks.growth [--speech FOLDER] [--minutes 1 2 4 8 16] [--speakers 1 2 3 4 6]
                                [--performers 1000 3000 10000 30000 100000 300000] [--repeats 3] [--out FILE]

Cost is processor time, of this process and of the children that decode for it: on a busy machine the time on the wall
says more of the others. Each row is a median, and each exponent is b of the curve a + c · n^b. The constant a is
measured on next to nothing (a recording of two seconds, one performer); b is fitted to what is over it, by least
squares of logarithms. Points at which the constant is most of the cost say nothing of growth and are left out of the
fit. With speakers there is no constant to take off.

Windows of one recording are compared with each other to tell voices apart, which grows with the square of its length:
that is timed by itself, on vectors drawn for the purpose, and set beside what it takes to read as much audio.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.augmentation import shifted
from benchmarks.gallery import draw
from benchmarks.machine import described, in_words
from benchmarks.speech_set import DEMO, Samples, pieces, recordings_in, write_set
from registry.domain.scores import Span
from registry.engine.analysis import Analysis
from registry.engine.encoders.campplus import SHAPE
from registry.engine.gallery import Gallery
from registry.engine.identify import Engine
from registry.engine.turns import label_windows
from registry.engine.windows import Window
from registry.errors import InvalidInputError
from registry.media.decode import Decoder
from registry.media.recording import SAMPLE_RATE_HZ, Recording, SourceFacts
from registry.scanning.listening import Listener, opened_listener

BAR = 1.05
"""Exponent that hours of audio and the size of the gallery may have at most."""

_FILE_S, _NEXT_TO_NOTHING_S, _SCENE_S, _TURN_S = 30.0, 2.0, 120.0, 6.0
_VOICE_MINUTES = (10, 30, 60, 180, 240)
_MATTERS = 0.05  # share of the cost of a recording
_DRAWN_AT_ONCE = 20_000
_SEED = 0
_SOURCE = SourceFacts("wav", "pcm_s16le", SAMPLE_RATE_HZ, 1, 0)

Costs = dict[float, float]
"""Processor seconds by size."""


def main() -> None:
    """Measure, print, and write where asked; exit code 1 when an exponent is over its bar."""
    arguments = _arguments()
    console, machine = Console(width=120), described(("torch", "numpy", "onnxruntime", "openvino"))
    console.print(in_words(machine), highlight=False)
    engine = Engine.load(device=arguments.device)
    report: dict[str, Any] = {"benchmark": "growth", "machine": machine, "device": arguments.device, "curves": {}}
    for name, unit, bar, constant, costs in _curves(engine, arguments):
        curve = fitted(costs, constant)
        reached = bar is None or (curve["exponent"] is not None and curve["exponent"] <= bar)
        report["curves"][name] = {"unit": unit, "bar": bar, "reached": reached, **curve}
        console.print(curve_table(name, report["curves"][name]))
    per_minute_s = _per_unit(report["curves"]["minutes of audio, in files of 30 s"])
    report["telling_voices_apart"] = voices_figures(per_minute_s)
    console.print(voices_table(report["telling_voices_apart"]))
    if arguments.out:
        arguments.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    raise SystemExit(0 if all(curve["reached"] for curve in report["curves"].values()) else 1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speech", type=Path, help="folder of recordings; the demo's voices by default")
    parser.add_argument("--minutes", type=float, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--speakers", type=int, nargs="+", default=[1, 2, 3, 4, 6])
    sizes = [1_000, 3_000, 10_000, 30_000, 100_000, 300_000]
    parser.add_argument("--performers", type=int, nargs="+", default=sizes)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--out", type=Path, help="where to write the figures, as JSON")
    return parser.parse_args()


def _curves(engine: Engine, given: argparse.Namespace) -> Iterator[tuple[str, str, float | None, float, Costs]]:
    """Yield name, unit of size, bar, constant and costs of each."""
    longest_s = 60 * max(given.minutes)
    speech = np.concatenate(list(pieces(given.speech, longest_s, longest_s)))
    with opened_listener(engine) as listener:
        constant, costs = file_costs(listener, speech, given.minutes, given.repeats)
    yield "minutes of audio, in files of 30 s", "minutes", BAR, constant, costs
    constant, costs = length_costs(engine, speech, given.minutes, given.repeats)
    yield "minutes of one recording, in memory", "minutes", None, constant, costs
    costs = speaker_costs(engine, given.speakers, given.repeats)
    yield f"speakers in a recording of {_SCENE_S:.0f} s, in memory", "speakers", None, 0.0, costs
    probe = analysed(engine, speech[: round(_FILE_S * SAMPLE_RATE_HZ)])
    constant, costs = gallery_costs(engine, probe, given.performers, given.repeats)
    yield "performers, one search of one recording", "performers", BAR, constant, costs


def timed(work: Callable[[], object], repeats: int) -> float:
    """Answer the median processor seconds that ``work`` takes, once it is warm."""
    took = []
    for _ in range(1 + repeats):
        began = _processor_s()
        work()
        took.append(_processor_s() - began)
    return float(np.median(took[1:]))


def _processor_s() -> float:
    """Answer what this process and its living children have used so far."""
    children = [child.cpu_times() for child in psutil.Process().children(recursive=True)]
    return time.process_time() + sum(each.user + each.system for each in children)


# --- what is measured ------------------------------------------------------------------------------------------------


def file_costs(listener: Listener, speech: Samples, minutes: Sequence[float], repeats: int) -> tuple[float, Costs]:
    """Time everything from FLAC files to analyses."""
    costs: Costs = {}
    with tempfile.TemporaryDirectory(prefix="likeness-bench-") as made:
        little = write_set([speech[: round(_NEXT_TO_NOTHING_S * SAMPLE_RATE_HZ)]], Path(made) / "little")
        length = round(_FILE_S * SAMPLE_RATE_HZ)
        count = round(60 * max(minutes) / _FILE_S)
        files = write_set([speech[number * length : (number + 1) * length] for number in range(count)], Path(made))
        constant = timed(lambda: list(listener.listen(little)), repeats)
        for each in minutes:
            some = files[: max(1, round(60 * each / _FILE_S))]
            costs[each] = timed(lambda some=some: list(listener.listen(some)), repeats)  # type: ignore[misc]
    return constant, costs


def length_costs(engine: Engine, speech: Samples, minutes: Sequence[float], repeats: int) -> tuple[float, Costs]:
    """Time the analysis of one recording, everything in it speech."""
    constant = timed(lambda: analysed(engine, speech[: round(_NEXT_TO_NOTHING_S * SAMPLE_RATE_HZ)]), repeats)
    costs: Costs = {}
    for each in minutes:
        part = speech[: round(60 * each * SAMPLE_RATE_HZ)]
        costs[each] = timed(lambda part=part: analysed(engine, part), repeats)  # type: ignore[misc]
    return constant, costs


def speaker_costs(engine: Engine, speakers: Sequence[int], repeats: int) -> Costs:
    """Time the analysis of a recording in which so many people take turns."""
    voices = voices_of(max(speakers))
    scenes = {float(count): scene_of(voices[:count]) for count in speakers}
    return {
        count: timed(lambda scene=scene: analysed(engine, scene), repeats)  # type: ignore[misc]
        for count, scene in scenes.items()
    }


def gallery_costs(engine: Engine, probe: Analysis, sizes: Sequence[int], repeats: int) -> tuple[float, Costs]:
    """Time one search, from analysis to evidence, in galleries that grow."""
    random, gallery, costs = np.random.default_rng(_SEED), engine.new_gallery(), {}
    fill(engine, gallery, 1, random)
    constant = timed(lambda: engine.evidence(probe, gallery), 5 * repeats)
    for size in sorted(sizes):
        fill(engine, gallery, size, random)
        costs[float(size)] = timed(lambda: engine.evidence(probe, gallery), 5 * repeats)
    return constant, costs


def fill(engine: Engine, gallery: Gallery, size: int, random: np.random.Generator) -> None:
    """Add performers, drawn from the cohort's distribution, until there are so many."""
    while (first := len(gallery)) < size:
        names = [f"nobody-{number}" for number in range(first, min(size, first + _DRAWN_AT_ONCE))]
        cohorts = engine.calibration.cohorts
        drawn = {
            encoder: cohort.project(draw(cohort, len(names), random, 1)[:, 0]) for encoder, cohort in cohorts.items()
        }
        gallery.add_many(names, drawn)


def analysed(engine: Engine, samples: Samples) -> Analysis:
    """Answer the analysis of samples, all of which count as speech."""
    recording = Recording(samples, "0" * 64, _SOURCE)
    return engine.analyse(recording, [Span(0.0, recording.duration_s)])


def voices_of(count: int) -> list[Samples]:
    """Answer some seconds of so many voices: the demo's performers, and the same played faster and slower."""
    own: dict[str, list[Samples]] = {}
    with Decoder(files_per_child=100) as decoder:
        for path in recordings_in(DEMO / "enrolment"):
            own.setdefault(path.name.split("-")[0], []).append(decoder.decode(path).samples)
    plain = [np.concatenate(parts) for parts in own.values()]
    paces = [1.0, 1.2, 0.85, 1.35]
    found = [shifted(voice, pace) if pace != 1.0 else voice for pace in paces for voice in plain]
    if count > len(found):
        raise InvalidInputError(f"there are {len(found)} voices, not {count}", voices=len(found))
    return found[:count]


def scene_of(voices: Sequence[Samples]) -> Samples:
    """Answer a recording of `_SCENE_S` in which voices speak in turn, `_TURN_S` each."""
    turn, parts = round(_TURN_S * SAMPLE_RATE_HZ), []
    for number, voice in zip(range(round(_SCENE_S / _TURN_S)), cycle(voices), strict=False):
        first = number * turn % max(1, voice.size - turn)
        parts.append(voice[first : first + turn])
    return np.concatenate(parts)


# --- telling voices apart --------------------------------------------------------------------------------------------


def voices_figures(per_minute_s: float) -> list[dict[str, float]]:
    """Time the clustering of the windows of recordings of several lengths, beside everything else they take."""
    figures = []
    for minutes in _VOICE_MINUTES:
        windows, vectors = _drawn_windows(minutes)
        took = timed(lambda w=windows, v=vectors: label_windows(w, v, None, v), 1)  # type: ignore[misc]
        share = took / (took + minutes * per_minute_s)
        figure = {"minutes": minutes, "windows": len(windows), "seconds": round(took, 3), "share": round(share, 4)}
        figures.append(figure)
    return figures


def _drawn_windows(minutes: float) -> tuple[list[Window], NDArray[np.float32]]:
    """Answer windows of speech throughout, and vectors of four people who take turns, for the worst case."""
    random, count = np.random.default_rng(_SEED), round(60 * minutes * SAMPLE_RATE_HZ / SHAPE.hop)
    windows = [Window(number * SHAPE.hop, number * SHAPE.hop + SHAPE.samples) for number in range(count)]
    people = np.linalg.qr(random.normal(size=(192, 4)))[0].T
    vectors = people[np.arange(count) // 8 % 4] + 0.03 * random.normal(size=(count, 192))
    return windows, (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


# --- what comes of it ------------------------------------------------------------------------------------------------


def fitted(costs: Costs, constant: float) -> dict[str, Any]:
    """Fit the exponent of what is over the constant, where that is half of the cost or more."""
    points = {size: cost - constant for size, cost in costs.items() if cost >= 2 * constant}
    exponent = None
    if len(points) > 1:
        exponent = round(float(np.polyfit(np.log(list(points)), np.log(list(points.values())), 1)[0]), 3)
    return {
        "constant_s": round(constant, 5),
        "costs_s": {f"{size:g}": round(cost, 5) for size, cost in costs.items()},
        "fitted_on": [f"{size:g}" for size in points],
        "exponent": exponent,
    }


def _per_unit(curve: Mapping[str, Any]) -> float:
    size, cost = max(((float(size), cost) for size, cost in curve["costs_s"].items()), key=lambda each: each[0])
    return float((cost - curve["constant_s"]) / size)


def curve_table(name: str, curve: Mapping[str, Any]) -> Table:
    """Answer one curve as people read it."""
    bar = "" if curve["bar"] is None else f", bar {curve['bar']:g}: {'reached' if curve['reached'] else 'missed'}"
    exponent = "not known, all is constant" if curve["exponent"] is None else f"{curve['exponent']:.2f}"
    title = f"{name}: exponent {exponent}{bar}; constant {1000 * curve['constant_s']:.1f} ms"
    table = Table(curve["unit"], "processor seconds", "ms for each", "in the fit", title=title)
    for size, cost in curve["costs_s"].items():
        each = 1000 * (cost - curve["constant_s"]) / float(size)
        table.add_row(size, f"{cost:.4f}", f"{each:.4g}", "yes" if size in curve["fitted_on"] else "no")
    return table


def voices_table(figures: Sequence[Mapping[str, float]]) -> Table:
    """Answer what telling voices apart takes as people read it."""
    first = next((figure["minutes"] for figure in figures if figure["share"] >= _MATTERS), None)
    when = "never here" if first is None else f"at {first} minutes"
    title = f"telling voices apart by windows, several voices: {100 * _MATTERS:.0f} % of a recording's cost {when}"
    table = Table("minutes of speech in one recording", "windows", "processor seconds", "of the whole", title=title)
    for figure in figures:
        row = (f"{figure['minutes']}", f"{figure['windows']:,}", f"{figure['seconds']:.2f}")
        table.add_row(*row, f"{100 * figure['share']:.1f} %")
    return table


if __name__ == "__main__":
    main()
