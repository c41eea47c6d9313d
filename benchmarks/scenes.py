"""Whether a registered voice is found among others, and where: in scenes made by code, in dialogues, in meetings.

    python ../shared/speech/layout.py FOLDER --part both
    python -m benchmarks.scenes --speech FOLDER [--dry] [--doubtful FILE.csv] [--meetings MEETINGS] [--out FILE.json]

``--speech`` has ``gallery/PERSON``, ``probes/PERSON`` and ``trials.csv``. A scene is made of people of one split alone,
by the rule of `registry.engine.evaluation.splits`; everybody enrolled stays in the gallery, but for the others who
speak in it. Three ways are tried on the same scenes: the engine's; its windows without segmentation; one mean
voiceprint of the whole file. Two more lines say what the turn alone would give: cut out of the scene, which is the most
that any division into voices could reach; and by itself, without room, noise and other voices. "Found" and "false" are
the engine's own decisions at its default operating point.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.diarisation import DiarisationError, diarisation_error, flags, overlap_flags, read_rttm
from benchmarks.scene_making import Person, Scene, recording_of, stretches
from benchmarks.scene_plan import dialogues, hidden_voices
from benchmarks.scene_tables import (
    BY_HAND,
    ENGINE,
    IN_ROOM,
    MEAN,
    WINDOWS,
    Answer,
    dialogue_table,
    page_table,
    scene_table,
    style_table,
)
from benchmarks.tables import made_with, write_tables
from registry.cli.evaluation.labels import read_doubtful
from registry.cli.evaluation.searches import Doubts
from registry.domain.scores import EvidenceOutcome, RecordingEvidence, Span
from registry.engine.analyser import mean_vector, voices_on
from registry.engine.analysis import Analysis, Voice
from registry.engine.evaluation.splits import Split
from registry.engine.gallery import Gallery
from registry.engine.identify import Engine
from registry.engine.windows import Window, cut, fill, speech_track
from registry.errors import InvalidInputError, SpeechTooShortError
from registry.media.decode import Decoder
from registry.media.quality import measure
from registry.media.recording import Recording
from registry.media.speech import SpeechDetector
from registry.scanning.listening import Listener, enrol_folder, files_under

STYLES = {
    "librispeech": "wide band",
    "ljspeech": "wide band",
    "pansori_tedxkr": "wide band",
    "tortoise_voices": "wide band",
    "hyke": "telephone",
    "asterisk_prompts": "prompts, digits (8 kHz)",
    "fsdd": "prompts, digits (8 kHz)",
    "emodb": "acted emotion",
    "emotiontts_ko": "acted emotion",
    "ravdess": "acted emotion",
}
SEED = 20260101
_SLAB = 64


class Bench:
    """The engine, a gallery and the ways to ask it.

    Args:
        engine: loaded.
        gallery: everybody enrolled.
        detector: of speech.
        doubts: labels that may be one person; who may be one of the others is left out of the gallery like them.
        baselines: whether the other ways are tried too.
    """

    def __init__(
        self, engine: Engine, gallery: Gallery, detector: SpeechDetector, doubts: Doubts, *, baselines: bool
    ) -> None:
        self._engine, self._gallery, self._detector, self._baselines = engine, gallery, detector, baselines
        self._doubts = doubts
        self.heard_s = self.took_s = 0.0

    def ask(self, scene: Scene) -> Iterator[Answer]:
        """Yield what every way says of a scene."""
        recording = scene.recording
        spans = self._detector.spans(recording)
        yield self._answer(ENGINE, scene, self.analyse(recording, spans))
        if self._baselines:
            whole, windows = self._without_segmentation(recording, spans)
            yield self._answer(WINDOWS, scene, windows)
            yield self._answer(MEAN, scene, whole)
        for target in scene.targets:
            yield self._cut_out(IN_ROOM, scene, target, scene.sound_of(target))
            yield self._cut_out(BY_HAND, scene, target, scene.alone[target])

    def _cut_out(self, way: str, scene: Scene, target: str, sound: NDArray[np.float32]) -> Answer:
        """Answer what a turn by itself gives, whoever cut it out."""
        alone = recording_of(sound)
        try:
            heard = self._engine.analyse(alone, self._detector.spans(alone))
        except SpeechTooShortError:  # voice activity hears nothing in it
            return Answer(way, scene.name, scene.style, 1, 0, 0)
        return self._answer(way, scene, heard, only=target)

    def analyse(self, recording: Recording, spans: Sequence[Span]) -> Analysis:
        """Analyse as the engine does, and count the time."""
        started = time.perf_counter()
        analysis = self._engine.analyse(recording, spans)
        self.took_s += time.perf_counter() - started
        self.heard_s += recording.duration_s
        return analysis

    def _without_segmentation(self, recording: Recording, spans: Sequence[Span]) -> tuple[Analysis, Analysis]:
        """Answer the analyses of the two plain ways: one mean voiceprint, and clustered windows."""
        track = speech_track(recording, spans)
        windows = {name: cut(track, encoder.shape) for name, encoder in self._engine.encoders.items()}
        vectors = {}
        for name, encoder in self._engine.encoders.items():
            slabs = [windows[name][at : at + _SLAB] for at in range(0, len(windows[name]), _SLAB)]
            vectors[name] = np.concatenate([encoder.encode(fill(track, slab, encoder.shape)) for slab in slabs])
        everything = [Window(0, track.samples.size)]
        mean = {name: mean_vector(everything, windows[name], vectors[name]) for name in windows}
        voices = voices_on(track, windows, vectors)
        plain = Analysis(recording.duration_s, track.speech_s, voices, measure(recording, spans))
        return replace(plain, voices=(Voice((), track.speech_s, mean),)), plain

    def _answer(self, way: str, scene: Scene, analysis: Analysis, only: str | None = None) -> Answer:
        evidence = self._engine.evidence(analysis, self._gallery, without=self._absent(scene))
        matches = _matches(evidence)
        targets = (only,) if only else scene.targets
        found = [name for name in matches if name in targets]
        false = len(set(matches) - set(scene.targets))
        errors: tuple[float | None, float | None, float | None] = (None, None, None)
        if way in {ENGINE, WINDOWS} and len(scene.targets) == 1 and found:
            errors = _span_errors(matches[found[0]], scene)
        return Answer(way, scene.name, scene.style, len(targets), len(found), false, *errors)

    def _absent(self, scene: Scene) -> set[str]:
        """Answer who must not be in the gallery: everybody else who speaks, and who may be one of them."""
        enrolled = self._gallery.performers()
        spoken = {*scene.others, *scene.targets}
        doubtful = {name for person in spoken for name in self._doubts.about(person, enrolled)}
        return {*scene.others, *doubtful} - {*scene.targets}


def _span_errors(segments: Sequence[Span], scene: Scene) -> tuple[float, float, float]:
    """Answer how far the first and the last segment are from where the one target speaks alone, and from their turn."""
    (turn,) = scene.spans_of(scene.targets[0])
    alone = scene.alone_span(scene.targets[0])
    start, end = segments[0].start_s, segments[-1].end_s
    whole = max(abs(start - turn.start_s), abs(end - turn.end_s))
    return round(start - alone.start_s, 3), round(end - alone.end_s, 3), round(whole, 3)


def _matches(evidence: RecordingEvidence) -> dict[str, list[Span]]:
    """Answer the segments of everybody who was called a match."""
    return {
        candidate.performer_id: [segment.span for segment in candidate.segments]
        for candidate in evidence.candidates
        if candidate.outcome is EvidenceOutcome.MATCH
    }


def main() -> None:
    """Make the scenes, ask, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speech", type=Path, help="a folder as layout.py makes it")
    parser.add_argument(
        "--doubtful", type=Path, help="CSV of labels that may be one person, as `likeness evaluate` has it"
    )
    parser.add_argument("--meetings", type=Path, help="recordings, each with its .rttm beside it")
    parser.add_argument("--split", type=Split, default=Split.REPORTING, choices=list(Split))
    parser.add_argument("--scenes", type=int, default=60, help="pairs of scenes: with a registered voice, and without")
    parser.add_argument("--dialogues", type=int, default=20)
    parser.add_argument("--plain", type=int, default=20, help="pairs of scenes on which the plain ways are tried too")
    parser.add_argument("--dry", action="store_true", help="recordings put together, without room and noise")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--out", type=Path, help="where to write every answer, as JSON")
    arguments = parser.parse_args()
    console = Console(width=130)
    engine, detector = Engine.load(threads=arguments.threads), SpeechDetector()
    results: dict[str, Any] = {"complete": True, "tables": {}, "split": arguments.split.value, "seed": arguments.seed}
    with Decoder(files_per_child=100) as decoder:
        if arguments.meetings:
            results["meetings"] = meetings(engine, detector, decoder, arguments.meetings, console)
        if arguments.speech:
            results |= scenes(engine, detector, decoder, arguments, console)
    if arguments.out:
        write_tables(arguments.out, {**made_with(engine), **results})


def scenes(
    engine: Engine, detector: SpeechDetector, decoder: Decoder, arguments: argparse.Namespace, console: Console
) -> dict[str, Any]:
    """Try scenes and dialogues; answer every answer."""
    people = read_people(arguments.speech, decoder, detector, arguments.split)
    enrolled = enrol_folder(Listener(engine, decoder, detector), arguments.speech / "gallery")
    doubts = Doubts(read_doubtful(arguments.doubtful) if arguments.doubtful else ())
    bench = Bench(engine, enrolled.gallery, detector, doubts, baselines=True)
    plain = Bench(engine, enrolled.gallery, detector, doubts, baselines=False)
    console.print(f"{len(enrolled.gallery)} enrolled, {len(people)} people of the {arguments.split} split speak")
    told: dict[str, list[Answer]] = defaultdict(list)
    pairs = hidden_voices(people, arguments.split, arguments.scenes, arguments.seed, dry=arguments.dry)
    for number, (present, absent) in enumerate(pairs):
        asked = bench if number < arguments.plain else plain
        answers = [list(asked.ask(scene)) for scene in (present, absent)]
        told["with"] += answers[0]
        told["without"] += answers[1]
        _save(arguments.out, told)
        own, none = answers[0][0], answers[1][0]
        console.print(
            f"{present.name} ({present.style}): found {own.found}, else {own.false}, without {none.false}, "
            f"errors {own.start_error_s} and {own.end_error_s}"
        )
    for scene in dialogues(people, arguments.split, arguments.dialogues, arguments.seed):
        told["overlapping" if int(scene.name.split("#")[1]) % 2 else "in turn"] += bench.ask(scene)
    console.print(scene_table(told["with"], told["without"]))
    console.print(style_table(told["with"]))
    console.print(dialogue_table(told))
    read = bench.heard_s + plain.heard_s
    console.print(f"the engine read {read:.0f} s of scenes at {read / (bench.took_s + plain.took_s):.0f} × real time")
    kept = {name: [asdict(answer) for answer in answers] for name, answers in told.items()}
    table = "scenes-dry" if arguments.dry else "scenes"
    return {"tables": {table: page_table(told["with"], told["without"])}, **kept}


def _save(path: Path | None, told: Mapping[str, Sequence[Answer]]) -> None:
    """Keep what is known so far: a run takes an hour, and may be cut off."""
    if path:
        kept = {name: [asdict(answer) for answer in answers] for name, answers in told.items()}
        path.write_text(json.dumps({"complete": False} | kept, indent=1) + "\n", encoding="utf-8")


def read_people(folder: Path, decoder: Decoder, detector: SpeechDetector, split: Split) -> list[Person]:
    """Read the people of a split: their speech from ``probes``, and what they are enrolled with."""
    with (folder / "trials.csv").open(encoding="utf-8") as file:
        corpora = {
            row["person"]: row["corpus"] for row in csv.DictReader(file) if row["kind"] in {"mated", "non_mated"}
        }
    people = []
    for probes in sorted((folder / "probes").iterdir()):
        if not split.has(probes.name):
            continue
        speech = []
        for path in files_under([probes]):
            try:
                recording = decoder.decode(path)
            except InvalidInputError:
                continue
            speech += stretches(recording.samples, detector.spans(recording))
        own = folder / "gallery" / probes.name
        enrolled = tuple(str(path) for path in files_under([own])) if own.is_dir() else ()
        corpus = corpora.get(probes.name, "")
        people.append(Person(probes.name, enrolled, tuple(speech), STYLES.get(corpus, corpus)))
    return people


def meetings(
    engine: Engine, detector: SpeechDetector, decoder: Decoder, folder: Path, console: Console
) -> dict[str, Any]:
    """Compare who speaks when in meetings with what their labels say."""
    table = Table(title="meetings, 0.25 s collar: seconds, summed")
    for heading in (
        "",
        "speech",
        "missed",
        "false alarm",
        "confusion",
        "error",
        "error where voice activity hears speech",
    ):
        table.add_column(heading, justify="left" if not heading else "right")
    totals: dict[str, list[DiarisationError]] = defaultdict(list)
    overlap = np.zeros(3)
    for path in sorted(folder.glob("*.rttm")):
        recording = decoder.decode(next(p for p in folder.glob(f"{path.stem}.*") if p.suffix != ".rttm"))
        spans, reference, length = detector.spans(recording), read_rttm(path), recording.duration_s
        analysis = engine.analyse(recording, spans)
        found = [voice.spans for voice in analysis.voices]
        totals["all"].append(diarisation_error(reference, found, length))
        heard = flags(spans, length) & ~overlap_flags(reference.values(), length)
        totals["heard"].append(diarisation_error(reference, found, length, heard))
        true, marked = overlap_flags(reference.values(), length), flags(analysis.overlaps, length)
        overlap += [float(flag.sum()) / 100 for flag in (true, marked, true & marked)]
        console.log(path.stem, f"{len(reference)} speakers, {len(found)} voices", end="\n")
    sums = {
        name: DiarisationError(*np.sum([list(asdict(e).values()) for e in errors], axis=0))
        for name, errors in totals.items()
    }
    whole = sums["all"]
    table.add_row(
        f"{len(totals['all'])} meetings",
        *(f"{value:.1f}" for value in (whole.speech_s, whole.missed_s, whole.false_alarm_s, whole.confusion_s)),
        f"{100 * whole.rate:.0f} %",
        f"{100 * sums['heard'].rate:.0f} % of {sums['heard'].speech_s:.0f} s, one speaking",
    )
    console.print(table)
    true_s, marked_s, both_s = overlap.tolist()
    console.print(
        f"overlap: {true_s:.1f} s labelled, {marked_s:.1f} s marked, of which {both_s:.1f} s rightly: "
        f"precision {both_s / max(marked_s, 0.01):.2f}, recall {both_s / max(true_s, 0.01):.2f}"
    )
    return {name: asdict(error) | {"rate": error.rate} for name, error in sums.items()} | {
        "overlap": {"labelled_s": true_s, "marked_s": marked_s, "both_s": both_s}
    }


if __name__ == "__main__":
    main()
