"""The speech that the calibration is trained on: who takes part in what, how each recording is varied and embedded."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.augmentation import varied
from registry.domain.scores import Span
from registry.engine.analyser import REQUIRED_SPEECH_S, Analyser
from registry.engine.analysis import Voice
from registry.engine.identify import load_encoders
from registry.media.decode import Decoder, MediaLimits
from registry.media.recording import Recording
from registry.media.speech import SpeechDetector

SEED = 20_260_101
TEST_RECORDINGS = 6
SHORT_S = 2.0


@dataclass(frozen=True, slots=True)
class Item:
    """One recording of the manifest.

    Attributes:
        path: of the file.
        person: who speaks.
        part: ``cohort``, ``stranger``, ``enrol`` or ``test``.
    """

    path: Path
    person: str
    part: str


@dataclass(frozen=True, slots=True)
class Embedded:
    """One recording under one condition.

    Attributes:
        person: who speaks.
        part: as in `Item`; the halves of a stranger's recording are ``first`` and ``second``.
        condition: name of the channel; ``short`` is the clean one cut to `SHORT_S`.
        voice: as the engine hears it.
    """

    person: str
    part: str
    condition: str
    voice: Voice


def digest_number(text: str) -> int:
    """Answer a stable number for a name."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def read_items(speech: Path) -> list[Item]:
    """Answer the recordings that take part, each person in one part only (``enrol`` and ``test`` share people)."""
    parts = {"impostor": "", "enrol": "enrol", "test": "test"}
    items = []
    with (speech / "MANIFEST.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["role"] in parts and row["kind"] in {"real", "impostor"}:
                half = "cohort" if digest_number(row["person"]) % 2 else "stranger"
                items.append(Item(speech / row["path"], row["person"], parts[row["role"]] or half))
    enrolled = {item.person for item in items if item.part == "enrol"}
    tests: Counter[str] = Counter()
    kept = []
    for item in sorted(items, key=lambda item: digest_number(item.path.name)):
        tests[item.person] += item.part == "test"
        if item.part != "test" or (item.person in enrolled and tests[item.person] <= TEST_RECORDINGS):
            kept.append(item)
    return sorted(kept, key=lambda item: item.path)


def read_noises(speech: Path, decoder: Decoder) -> dict[str, list[NDArray[np.float32]]]:
    """Answer room responses, noises and music."""
    noises: dict[str, list[NDArray[np.float32]]] = {"rir": [], "noise": [], "music": []}
    with (speech / "MANIFEST.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["role"] in noises:
                noises[row["role"]].append(decoder.decode(speech / row["path"]).samples)
    return noises


def embed(items: Sequence[Item], speech: Path, report: Callable[[str], None]) -> list[Embedded]:
    """Analyse every recording under every condition."""
    analyser, detector = Analyser(load_encoders("cpu")), SpeechDetector()
    embedded: list[Embedded] = []
    with Decoder(MediaLimits(), files_per_child=64) as decoder:
        noises = read_noises(speech, decoder)
        for number, item in enumerate(items):
            recording = decoder.decode(item.path)
            spans = detector.spans(recording)
            random = np.random.default_rng([SEED, digest_number(str(item.path.relative_to(speech)))])
            versions = varied(recording.samples, noises, random)
            embedded += _conditions(item, recording, spans, versions, random, analyser)
            if number % 50 == 0:
                report(f"{number} of {len(items)} recordings embedded")
    return embedded


def _conditions(  # noqa: PLR0917  (everything about one recording)
    item: Item,
    recording: Recording,
    spans: Sequence[Span],
    versions: Mapping[str, NDArray[np.float32]],
    random: np.random.Generator,
    analyser: Analyser,
) -> list[Embedded]:
    wanted = [
        (part, condition, replace(recording, samples=versions[condition]), own)
        for part, own in _portions(item, spans).items()
        for condition in _chosen(part, list(versions), random)
    ]
    if item.part in {"stranger", "test"}:
        wanted.append((item.part, "short", recording, cut_speech(spans, 0, SHORT_S)))
    wanted = [row for row in wanted if sum(span.duration_s for span in row[3]) >= REQUIRED_SPEECH_S]
    analyses = analyser.analyse_many([(sound, own) for *_, sound, own in wanted])
    return [
        Embedded(item.person, part, condition, analysis.voices[0])
        for (part, condition, *_), analysis in zip(wanted, analyses, strict=True)
    ]


def _chosen(part: str, conditions: Sequence[str], random: np.random.Generator) -> list[str]:
    """Answer the conditions to embed: all for what is enrolled, else the clean one and some others."""
    if part in {"enrol", "first"}:
        return list(conditions)
    others = random.permutation(list(conditions[1:]))[: 1 if part in {"cohort", "stranger"} else 2]
    return [conditions[0], *sorted(others.tolist())]


def _portions(item: Item, spans: Sequence[Span]) -> dict[str, list[Span]]:
    """Answer the stretches of speech that stand for this item: a stranger's recording also comes in halves."""
    if item.part != "stranger":
        return {item.part: list(spans)}
    half = sum(span.duration_s for span in spans) / 2
    return {"stranger": list(spans), "first": cut_speech(spans, 0, half), "second": cut_speech(spans, half, 2 * half)}


def cut_speech(spans: Sequence[Span], start_s: float, end_s: float) -> list[Span]:
    """Answer the spans between two amounts of net speech."""
    found, passed = [], 0.0
    for span in spans:
        low, high = max(start_s - passed, 0.0), min(end_s - passed, span.duration_s)
        if high > low:
            found.append(Span(span.start_s + low, span.start_s + high))
        passed += span.duration_s
    return found
