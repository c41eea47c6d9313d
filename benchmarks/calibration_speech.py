"""The speech that the calibration is trained on: who takes part in what, how each recording is varied and embedded.

Only people of the development split (`registry.engine.evaluation.splits`) take part; nobody of the reporting split has
taught what ships. Among them a person serves the cohort or calibration, never both.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.augmentation import shifted, varied
from registry.domain.scores import Span
from registry.engine.analyser import REQUIRED_SPEECH_S, Analyser
from registry.engine.encoders.protocol import Encoder
from registry.engine.evaluation.splits import Split, split_of
from registry.engine.identify import load_encoders
from registry.engine.training.examples import Example, Part, digest_number
from registry.engine.training.portions import cut_speech, halved
from registry.media.decode import Decoder, MediaLimits
from registry.media.quality import measure
from registry.media.recording import Recording
from registry.media.speech import SpeechDetector

SEED = 20_260_101
SPOKEN_FOR = frozenset({"libri_26"})
"""People who take no part: the evaluation's own recordings hold their voice too."""
TEST_RECORDINGS = 6
LONGEST_S = 12.0
SHORT_S = (1.0, 2.0, 3.0)
OTHER_CONDITIONS = {Part.COHORT: 4, Part.ENROL: 3, Part.PROBE: 3, Part.STRANGER: 2}
SHIFTS = (1.06, 1.18)
"""Least and most that pitch and formants of a made voice differ from the speaker's."""

NARROW = frozenset({"telephone", "noisy telephone"})
GROUPS = ("like women's voices", "like men's voices", "like women's on a telephone", "like men's on a telephone")


@dataclass(frozen=True, slots=True)
class Item:
    """One recording of the manifest.

    Attributes:
        path: of the file.
        person: who speaks.
        part: what it is for; strangers with a single recording come as `Part.STRANGER` and are halved.
        sex: ``F`` or ``M``.
    """

    path: Path
    person: str
    part: Part
    sex: str


def read_items(speech: Path) -> list[Item]:
    """Answer the recordings that take part."""
    listed = (item for item in _listed(speech) if item.person not in SPOKEN_FOR)
    items = [item for item in listed if split_of(item.person) is Split.DEVELOPMENT]
    enrolled = {item.person for item in items if item.part is Part.ENROL}
    tests: Counter[str] = Counter()
    kept = []
    for item in sorted(items, key=lambda item: digest_number(item.path.name)):
        tests[item.person] += item.part is Part.PROBE
        if item.part is not Part.PROBE or (item.person in enrolled and tests[item.person] <= TEST_RECORDINGS):
            kept.append(item)
    return sorted(kept, key=lambda item: item.path)


def _listed(speech: Path) -> Iterator[Item]:
    """Yield every real recording; of people with one recording, every other one serves the cohort."""
    parts = {"enrol": Part.ENROL, "test": Part.PROBE}
    with (speech / "MANIFEST.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["role"] in {"impostor", *parts} and row["kind"] in {"real", "impostor"}:
                alone = Part.COHORT if digest_number(row["person"]) % 2 else Part.STRANGER
                yield Item(speech / row["path"], row["person"], parts.get(row["role"], alone), row["gender"])


def read_noises(speech: Path, decoder: Decoder) -> dict[str, list[NDArray[np.float32]]]:
    """Answer room responses, noises and music."""
    noises: dict[str, list[NDArray[np.float32]]] = {"rir": [], "noise": [], "music": []}
    with (speech / "MANIFEST.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["role"] in noises:
                noises[row["role"]].append(decoder.decode(speech / row["path"]).samples)
    return noises


def embed(
    items: Sequence[Item],
    speech: Path,
    report: Callable[[str], None],
    encoders: Mapping[str, Encoder] | None = None,
) -> list[Example]:
    """Analyse every recording under its conditions.

    Args:
        items: what takes part.
        speech: the folder of the manifest.
        report: is told of progress, in sentences.
        encoders: by id; None means those that round alike on every processor.
    """
    analyser = Analyser(encoders or load_encoders("cpu", 1, reproducible=True))
    detector = SpeechDetector()
    examples: list[Example] = []
    with Decoder(MediaLimits(), files_per_child=64) as decoder:
        noises = read_noises(speech, decoder)
        for number, item in enumerate(items):
            recording = _shortened(decoder.decode(item.path))
            random = np.random.default_rng([SEED, digest_number(str(item.path.relative_to(speech)))])
            versions = list(_versions(item, recording, detector.spans(recording), noises, random))
            examples += _examples(item, versions, analyser)
            if number % 50 == 0:
                report(f"{number} of {len(items)} recordings embedded")
    return examples


@dataclass(frozen=True, slots=True)
class _Version:
    part: Part
    person: str
    condition: str
    recording: Recording
    spans: Sequence[Span]
    speech: Sequence[Span]  # of the whole recording: what lies between its spans is no noise


def _versions(
    item: Item,
    recording: Recording,
    spans: Sequence[Span],
    noises: Mapping[str, Sequence[NDArray[np.float32]]],
    random: np.random.Generator,
) -> Iterator[_Version]:
    """Yield everything that is made of one recording."""
    made: dict[str, NDArray[np.float32]] = {}
    ways = varied(recording.samples, noises, random)
    for part, own in _portions(item.part, spans).items():
        for condition in _chosen(list(ways), OTHER_CONDITIONS[part], random):
            if condition not in made:
                made[condition] = ways[condition]()
            sound = replace(recording, samples=made[condition])
            yield _Version(part, item.person, condition, sound, own, spans)
            if part in {Part.PROBE, Part.STRANGER}:
                cuts = SHORT_S if condition == "clean" else (SHORT_S[int(random.integers(len(SHORT_S)))],)
                for seconds in cuts:
                    yield _Version(part, item.person, condition, sound, cut_speech(own, 0, seconds), spans)
    if item.part is Part.COHORT:
        yield from _other_voices(item, recording, spans, random)


def _other_voices(
    item: Item, recording: Recording, spans: Sequence[Span], random: np.random.Generator
) -> Iterator[_Version]:
    """Yield two made voices, a higher and a lower one; each is a person of its own."""
    for name in ("higher", "lower"):
        amount = random.uniform(*SHIFTS)
        factor = amount if name == "higher" else 1 / amount
        sound = replace(recording, samples=shifted(recording.samples, factor))
        moved = [Span(span.start_s / factor, span.end_s / factor) for span in spans]
        yield _Version(item.part, f"{item.person}, {name}", "clean", sound, moved, moved)


def _chosen(conditions: Sequence[str], others: int, random: np.random.Generator) -> list[str]:
    """Answer the clean condition and some others."""
    return [conditions[0], *sorted(random.permutation(list(conditions[1:]))[:others].tolist())]


def _portions(part: Part, spans: Sequence[Span]) -> dict[Part, list[Span]]:
    """Answer the stretches of speech that stand for an item: of a stranger's recording one half is enrolled."""
    return halved(spans) if part is Part.STRANGER else {part: list(spans)}


def _examples(item: Item, versions: Sequence[_Version], analyser: Analyser) -> list[Example]:
    enough = [version for version in versions if sum(s.duration_s for s in version.spans) >= REQUIRED_SPEECH_S]
    analyses = analyser.analyse_many([(version.recording, version.spans) for version in enough])
    return [
        Example(
            person=version.person,
            part=version.part,
            session=item.path.name,
            same_session=item.part is Part.STRANGER,
            condition=version.condition,
            group=GROUPS[(item.sex == "M") + 2 * (version.condition in NARROW)],
            speech_s=analysis.voices[0].speech_s,
            vectors=analysis.voices[0].vectors,
            quality=measure(version.recording, version.speech),
        )
        for version, analysis in zip(enough, analyses, strict=True)
    ]


def _shortened(recording: Recording) -> Recording:
    return replace(recording, samples=recording.samples[: int(LONGEST_S * 16_000)])
