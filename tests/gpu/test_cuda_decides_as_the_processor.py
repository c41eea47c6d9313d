"""CUDA and the processor say the same of the same recordings; skipped where there is no CUDA device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from registry.domain.scores import RecordingEvidence, Span
from registry.engine.devices import BatchRunner
from registry.engine.gallery import Gallery
from registry.engine.identify import Engine
from registry.media.decode import Decoder
from registry.media.recording import Recording
from registry.media.speech import SpeechDetector

VOICES = Path(__file__).parents[2] / "examples" / "voices"
PERFORMERS = ("slt", "awb", "rms")
DEVICES = ("cpu", "cuda")

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here"),
]

Heard = tuple[Recording, Sequence[Span]]


@pytest.fixture(scope="module")
def heard() -> Mapping[str, Heard]:
    detector, found = SpeechDetector(), {}
    with Decoder(files_per_child=100) as decoder:
        for path in sorted([*(VOICES / "enrolment").glob("*.flac"), *(VOICES / "submissions").glob("*.flac")]):
            recording = decoder.decode(path)
            found[path.name] = (recording, detector.spans(recording))
    return found


@pytest.fixture(scope="module")
def engines() -> Mapping[str, Engine]:
    return {device: Engine.load(device=device) for device in DEVICES}


def gallery_by(engine: Engine, heard: Mapping[str, Heard]) -> Gallery:
    gallery = engine.new_gallery()
    for name in PERFORMERS:
        analyses = engine.analyse_many([each for file, each in heard.items() if file.startswith(f"{name}-")][:2])
        gallery.add(name, [voiceprint for one in analyses for voiceprint in engine.prototypes(one, "enrolled")])
    return gallery


def evidence_by(engine: Engine, heard: Mapping[str, Heard], gallery: Gallery) -> dict[str, RecordingEvidence]:
    analyses = engine.analyse_many(list(heard.values()))
    return {file: engine.evidence(one, gallery) for file, one in zip(heard, analyses, strict=True)}


def assert_same(one: Mapping[str, RecordingEvidence], other: Mapping[str, RecordingEvidence]) -> None:
    for file, mine in one.items():
        theirs = other[file]
        assert theirs.outcome is mine.outcome, file
        by_name = {candidate.performer_id: candidate for candidate in theirs.candidates}
        for candidate in mine.candidates:
            same = by_name[candidate.performer_id]
            assert same.outcome is candidate.outcome, file
            assert same.log10_lr == pytest.approx(candidate.log10_lr, abs=1e-3), file
            assert same.engines == pytest.approx(dict(candidate.engines), abs=1e-3), file


def test_vectors_are_the_same_but_for_rounding(engines: Mapping[str, Engine]) -> None:
    random = np.random.default_rng(0)
    for name, encoder in engines["cpu"].encoders.items():
        windows = (0.05 * random.normal(size=(7, encoder.shape.samples))).astype(np.float32)
        cosines = (encoder.encode(windows) * engines["cuda"].encoders[name].encode(windows)).sum(axis=1)
        assert cosines.min() > 1 - 1e-5, name


def test_batches_on_their_way_together_come_back_in_order() -> None:
    windows = np.random.default_rng(1).normal(size=(1000, 48_000)).astype(np.float32)
    runner = BatchRunner(torch.device("cuda"), 7)
    assert np.array_equal(runner.run(lambda batch: batch[:, ::100] * 2, windows), windows[:, ::100] * 2)


def test_the_same_is_decided_by_galleries_of_either(engines: Mapping[str, Engine], heard: Mapping[str, Heard]) -> None:
    galleries = {device: gallery_by(engine, heard) for device, engine in engines.items()}
    on_processor = evidence_by(engines["cpu"], heard, galleries["cpu"])
    assert_same(on_processor, evidence_by(engines["cuda"], heard, galleries["cuda"]))
    assert_same(on_processor, evidence_by(engines["cuda"], heard, galleries["cpu"]))


def test_turns_are_the_same(engines: Mapping[str, Engine], heard: Mapping[str, Heard]) -> None:
    dialogue = heard["dialogue-slt-awb.flac"]
    one, other = (engines[device].analyse(*dialogue) for device in DEVICES)
    assert [voice.spans for voice in other.voices] == [voice.spans for voice in one.voices]
    assert other.overlaps == one.overlaps


def test_company_changes_nothing_on_cuda(engines: Mapping[str, Engine], heard: Mapping[str, Heard]) -> None:
    engine = engines["cuda"]
    gallery = gallery_by(engine, heard)
    alone = {file: engine.evidence(engine.analyse(*each), gallery) for file, each in heard.items()}
    assert_same(alone, evidence_by(engine, dict(reversed(heard.items())), gallery))
