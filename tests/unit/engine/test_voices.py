"""Several voices in one recording: who is told apart, where, and what is left out. The voices are the examples'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from registry.domain.scores import EvidenceOutcome, Span
from registry.engine.analysis import Analysis, Voice
from registry.engine.identify import Engine
from registry.media.decode import Decoder
from registry.media.recording import Recording, SourceFacts
from registry.media.speech import SpeechDetector

EXAMPLES = Path(__file__).parents[3] / "examples" / "voices" / "enrolment"
RATE = 16_000
PAUSE_S = 0.4


@pytest.fixture(scope="module")
def speech() -> dict[str, np.ndarray]:
    """Speech of some people, without the silence around it."""
    detector, found = SpeechDetector(), {}
    with Decoder(files_per_child=10) as decoder:
        for name in ("slt-1", "slt-2", "awb-1", "rms-1", "rms-2"):
            recording = decoder.decode(EXAMPLES / f"{name}.flac")
            spans = detector.spans(recording)
            found[name] = np.concatenate(
                [recording.samples[round(s.start_s * RATE) : round(s.end_s * RATE)] for s in spans]
            )
    return found


def recorded(samples: np.ndarray) -> Recording:
    grid = (np.clip(np.round(samples * 32768), -32768, 32767) / 32768).astype(np.float32)
    return Recording(grid, "", SourceFacts("wav", "pcm_s16le", RATE, 1, 0))


def in_turn(speech: dict[str, np.ndarray], script: Sequence[tuple[str, float, float]]) -> tuple[Recording, list[Span]]:
    """What is said by name, from a second of it on, for some seconds; and when."""
    parts, spans, at = [], [], 0.0
    for name, start_s, length_s in script:
        said = speech[name][round(start_s * RATE) :][: round(length_s * RATE)]
        assert said.size == round(length_s * RATE)
        parts += [said, np.zeros(round(PAUSE_S * RATE))]
        spans.append(Span(at, at + length_s))
        at += length_s + PAUSE_S
    return recorded(np.concatenate(parts)), spans


def analysed(engine: Engine, recording: Recording) -> Analysis:
    return engine.analyse(recording, SpeechDetector().spans(recording))


def at(analysis: Analysis, second: float) -> list[Voice]:
    return [voice for voice in analysis.voices if any(s.start_s <= second < s.end_s for s in voice.spans)]


def test_one_voice_is_never_split_and_nothing_in_it_overlaps(engine: Engine, speech: dict[str, np.ndarray]) -> None:
    for samples in speech.values():
        analysis = analysed(engine, recorded(samples))
        assert len(analysis.voices) == 1
        assert sum(span.duration_s for span in analysis.overlaps) < 0.3
        assert analysis.voices[0].speech_s == pytest.approx(analysis.speech_s, abs=0.5)


def test_nobody_speaks_longer_than_there_is_speech(dialogue: tuple[Analysis, list[Span]]) -> None:
    analysis, _ = dialogue
    assert sum(voice.speech_s for voice in analysis.voices) == pytest.approx(analysis.speech_s, abs=0.5)


@pytest.fixture(scope="module")
def dialogue(engine: Engine, speech: dict[str, np.ndarray]) -> tuple[Analysis, list[Span]]:
    recording, spans = in_turn(speech, [("slt-1", 0, 4), ("awb-1", 0, 4), ("slt-1", 4, 3.5), ("awb-1", 4, 3.5)])
    return analysed(engine, recording), spans


def test_two_voices_in_turn_are_told_apart(dialogue: tuple[Analysis, list[Span]]) -> None:
    analysis, spans = dialogue
    heard = [at(analysis, (span.start_s + span.end_s) / 2) for span in spans]
    assert len(analysis.voices) == 2
    assert all(len(voices) == 1 for voices in heard)
    assert heard[0] == heard[2]
    assert heard[1] == heard[3]
    assert heard[0] != heard[1]


def test_turns_begin_and_end_where_people_do(dialogue: tuple[Analysis, list[Span]]) -> None:
    analysis, spans = dialogue
    for span in spans:
        (voice,) = at(analysis, (span.start_s + span.end_s) / 2)
        own = [turn.span for turn in voice.turns if turn.span.end_s > span.start_s and turn.span.start_s < span.end_s]
        assert own[0].start_s == pytest.approx(span.start_s, abs=0.5)
        assert own[-1].end_s == pytest.approx(span.end_s, abs=0.5)


def test_turns_are_in_order_and_of_one_voice_each(dialogue: tuple[Analysis, list[Span]]) -> None:
    analysis, _ = dialogue
    turns = sorted(turn.span for voice in analysis.voices for turn in voice.turns)
    assert all(one.end_s <= other.start_s + 1e-6 for one, other in pairwise(turns))
    for voice in analysis.voices:
        assert sum(turn.speech_s for turn in voice.turns) == pytest.approx(voice.speech_s, abs=0.01)
        for turn in voice.turns:
            assert all(np.linalg.norm(vector) == pytest.approx(1, abs=1e-5) for vector in turn.vectors.values())


def test_five_seconds_of_a_registered_voice_among_others_are_found(
    engine: Engine, speech: dict[str, np.ndarray]
) -> None:
    script = [("rms-1", 0, 8), ("awb-1", 0, 7), ("rms-1", 8, 3), ("slt-2", 1, 5), ("rms-2", 0, 9), ("awb-1", 7, 3)]
    recording, spans = in_turn(speech, script)
    gallery = engine.new_gallery()
    gallery.add("slt", engine.prototypes(analysed(engine, recorded(speech["slt-1"])), "one"))
    evidence = engine.evidence(analysed(engine, recording), gallery)
    (candidate,) = evidence.candidates
    assert candidate.outcome is EvidenceOutcome.MATCH
    assert candidate.segments[0].span.start_s == pytest.approx(spans[3].start_s, abs=1.0)
    assert candidate.segments[-1].span.end_s == pytest.approx(spans[3].end_s, abs=1.0)


def test_each_segment_carries_the_strength_of_its_own_turn(engine: Engine, speech: dict[str, np.ndarray]) -> None:
    recording, _ = in_turn(speech, [("slt-2", 0, 6), ("awb-1", 0, 5), ("slt-2", 6, 1)])
    gallery = engine.new_gallery()
    gallery.add("slt", engine.prototypes(analysed(engine, recorded(speech["slt-1"])), "one"))
    analysis = analysed(engine, recording)
    (candidate,) = engine.evidence(analysis, gallery).candidates
    alone = [Voice((turn,), turn.speech_s, turn.vectors) for turn in analysis.voices[0].turns]
    by_hand = [engine.search(replace(analysis, voices=(one,)), gallery).ratios.fused[0, 0] for one in alone]
    lower, upper = engine.calibration.lower, engine.calibration.upper
    assert [segment.log10_lr for segment in candidate.segments] == pytest.approx(np.clip(by_hand, lower, upper))


@pytest.fixture(scope="module")
def interrupted(engine: Engine, speech: dict[str, np.ndarray]) -> Analysis:
    """One speaks from 0 to 8 s, the other from 5 to 13 s."""
    samples = np.zeros(13 * RATE)
    samples[: 8 * RATE] += speech["slt-1"][: 8 * RATE]
    samples[5 * RATE :] += speech["awb-1"][: 8 * RATE]
    return analysed(engine, recorded(samples))


def test_overlapped_speech_is_marked_and_belongs_to_nobody(interrupted: Analysis) -> None:
    marked = sum(min(span.end_s, 8.0) - max(span.start_s, 5.0) for span in interrupted.overlaps if span.end_s > 5)
    assert marked > 1.5
    assert all(4.5 < span.start_s < span.end_s < 8.5 for span in interrupted.overlaps)
    middles = [(span.start_s + span.end_s) / 2 for span in interrupted.overlaps if span.duration_s > 0.6]
    assert all(at(interrupted, middle) == [] for middle in middles)


def test_voices_around_an_overlap_are_told_apart(interrupted: Analysis) -> None:
    assert len(interrupted.voices) == 2
    assert at(interrupted, 2.5) != at(interrupted, 10.5)


def test_overlapped_speech_does_not_blur_a_voiceprint(
    engine: Engine, interrupted: Analysis, speech: dict[str, np.ndarray]
) -> None:
    alone = analysed(engine, recorded(speech["slt-1"][: 5 * RATE])).voices[0]
    (voice,) = at(interrupted, 2.5)
    assert voice.vectors["campplus"] @ alone.vectors["campplus"] > 0.95


def test_a_recording_of_hardly_anything_but_overlap_is_analysed_all_the_same(
    engine: Engine, speech: dict[str, np.ndarray]
) -> None:
    both = speech["slt-1"][: 8 * RATE] + speech["awb-1"][: 8 * RATE]
    analysis = analysed(engine, recorded(both))
    assert analysis.voices
    assert all(np.isfinite(vector).all() for voice in analysis.voices for vector in voice.vectors.values())
    assert sum(span.duration_s for span in analysis.overlaps) > 4


def test_voices_do_not_depend_on_the_batch(engine: Engine, speech: dict[str, np.ndarray]) -> None:
    detector = SpeechDetector()
    recordings = [
        in_turn(speech, [("slt-1", 0, 4), ("awb-1", 0, 4)])[0],
        recorded(speech["rms-1"][: 3 * RATE]),
        in_turn(speech, [("rms-2", 0, 6), ("slt-2", 0, 3), ("awb-1", 3, 3)])[0],
    ]
    items = [(recording, detector.spans(recording)) for recording in recordings]
    for one, other in zip(engine.analyse_many(items), [engine.analyse(*item) for item in items], strict=True):
        assert one.overlaps == other.overlaps
        assert [voice.spans for voice in one.voices] == [voice.spans for voice in other.voices]
        for left, right in zip(one.voices, other.voices, strict=True):
            assert all(np.abs(left.vectors[name] - right.vectors[name]).max() < 1e-4 for name in left.vectors)
