"""Several real voices in one recording."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from benchmarks.diarisation import flags, overlap_flags, read_rttm
from benchmarks.scene_making import Person, hidden_voice, stretches
from registry.domain.scores import EvidenceOutcome
from registry.engine.gallery import Gallery
from registry.engine.identify import Engine
from registry.media.decode import Decoder
from registry.media.recording import Recording
from registry.media.speech import SpeechDetector

pytestmark = pytest.mark.real_speech

DETECTOR = SpeechDetector()


def recordings(folder: Path, role: str, at_most: int) -> dict[str, list[Recording]]:
    """Recordings of LibriSpeech readers in a role, by person, so many of each."""
    found: dict[str, list[Recording]] = defaultdict(list)
    with (folder / "MANIFEST.csv").open(encoding="utf-8") as file, Decoder(files_per_child=100) as decoder:
        for row in csv.DictReader(file):
            if row["corpus"] == "librispeech" and row["role"] == role and len(found[row["person"]]) < at_most:
                found[row["person"]].append(decoder.decode(folder / row["path"]))
    return dict(found)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load(device="cpu")


@pytest.fixture(scope="module")
def readers(open_speech: Path) -> list[Person]:
    people = []
    for label, spoken in recordings(open_speech, "test", 4).items():
        pieces = [piece for recording in spoken for piece in stretches(recording.samples, DETECTOR.spans(recording))]
        people.append(Person(label, (), tuple(pieces), "read"))
    return people


@pytest.fixture(scope="module")
def gallery(engine: Engine, open_speech: Path) -> Gallery:
    gallery = engine.new_gallery()
    for label, enrolled in recordings(open_speech, "enrol", 3).items():
        analyses = engine.analyse_many([(recording, DETECTOR.spans(recording)) for recording in enrolled])
        gallery.add(label, [print_ for analysis in analyses for print_ in engine.prototypes(analysis, "read")])
    return gallery


def test_a_reader_alone_is_never_split(engine: Engine, open_speech: Path) -> None:
    alone = [found[0] for found in list(recordings(open_speech, "impostor", 1).values())[:40]]
    analyses = engine.analyse_many([(recording, DETECTOR.spans(recording)) for recording in alone])
    assert [len(analysis.voices) for analysis in analyses] == [1] * len(alone)
    assert sum(span.duration_s for analysis in analyses for span in analysis.overlaps) < 1.0


@pytest.mark.parametrize("number", [2, 4])
def test_five_seconds_in_three_minutes_are_found_in_place_and_nobody_when_absent(
    engine: Engine, readers: list[Person], gallery: Gallery, number: int
) -> None:
    target, others = readers[number], readers[number + 1 : number + 5]
    present, absent = hidden_voice(number, target, others, minutes=3, seconds=5, seed=7)
    for scene, expected in ((present, {target.label}), (absent, set())):
        recording = scene.recording
        analysis = engine.analyse(recording, DETECTOR.spans(recording))
        evidence = engine.evidence(analysis, gallery, without=[person.label for person in others])
        matched = {c.performer_id: c for c in evidence.candidates if c.outcome is EvidenceOutcome.MATCH}
        assert set(matched) == expected
        if expected:
            span, segments = scene.alone_span(target.label), matched[target.label].segments
            assert segments[0].span.start_s == pytest.approx(span.start_s, abs=1.0)
            assert segments[-1].span.end_s == pytest.approx(span.end_s, abs=1.0)


def test_what_is_marked_as_overlap_in_meetings_is_overlap(engine: Engine, open_speech: Path) -> None:
    marked = right = 0.0
    with Decoder(files_per_child=10) as decoder:
        for path in sorted((open_speech / "meetings").glob("*.rttm")):
            recording = decoder.decode(path.with_suffix(".ogg"))
            analysis = engine.analyse(recording, DETECTOR.spans(recording))
            found = flags(analysis.overlaps, recording.duration_s)
            true = overlap_flags(read_rttm(path).values(), recording.duration_s)
            marked, right = marked + float(np.sum(found)), right + float(np.sum(found & true))
    assert marked > 500
    assert right / marked > 0.9
