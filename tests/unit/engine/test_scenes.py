"""The scenes that the benchmark makes are what it says they are, and its measure of who speaks when is right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.diarisation import diarisation_error, flags, overlap_flags, read_rttm
from benchmarks.scene_making import Mouth, Person, Scene, hidden_voice
from benchmarks.scene_plan import dialogues, hidden_voices
from registry.domain.scores import Span
from registry.engine.evaluation.splits import Split

RATE = 16_000


def person(label: str, pitch_hz: float, seconds: float = 30.0, *, enrolled: bool = True) -> Person:
    time = np.arange(int(seconds * RATE)) / RATE
    sound = (0.05 * np.sin(2 * np.pi * pitch_hz * time)).astype(np.float32)
    return Person(label, ("one.flac",) if enrolled else (), tuple(np.array_split(sound, 4)), "tone")


PEOPLE = [person(f"p{number}", 100.0 + 5 * number) for number in range(30)]


def shown(scene: Scene) -> list[tuple[str, Span]]:
    return [(turn.person, turn.span) for turn in scene.turns]


def test_the_scene_without_is_the_scene_with_less_one_turn() -> None:
    present, absent = hidden_voice(3, PEOPLE[0], PEOPLE[1:4], minutes=1, seconds=5, seed=1)
    assert present.targets == ("p0",)
    assert absent.targets == ()
    assert [name for name, _ in shown(absent)] == [name for name, _ in shown(present) if name != "p0"]
    assert absent.spans_of("p0") == []


def test_the_registered_voice_speaks_once_for_the_seconds_wanted() -> None:
    for number, seconds in enumerate((5.0, 8.0, 12.0)):
        scene, _ = hidden_voice(number, PEOPLE[0], PEOPLE[1:4], minutes=1, seconds=seconds, seed=1)
        (span,) = scene.spans_of("p0")
        assert span.duration_s == pytest.approx(seconds, abs=1e-3)
        assert scene.alone["p0"].size == round(seconds * RATE)


def test_scenes_are_the_same_every_time_and_another_seed_makes_others() -> None:
    one, same, other = (next(hidden_voices(PEOPLE, Split.ALL, 1, seed, minutes=(1.0,)))[0] for seed in (1, 1, 2))
    assert np.array_equal(one.samples, same.samples)
    assert shown(one) == shown(same)
    assert not np.array_equal(one.samples, other.samples)


def test_nobody_of_the_other_split_speaks() -> None:
    half = {person.label for person in PEOPLE if Split.DEVELOPMENT.has(person.label)}
    for scene, _ in hidden_voices(PEOPLE, Split.DEVELOPMENT, 3, 1, minutes=(1.0,)):
        assert {*scene.targets, *scene.others} <= half
    for scene in dialogues(PEOPLE, Split.DEVELOPMENT, 2, 1):
        assert set(scene.targets) <= half


def test_what_is_said_is_as_long_as_wanted_however_little_there_is() -> None:
    mouth = Mouth(person("short", 100.0, 2.0), np.random.default_rng(0))
    assert [mouth.say(seconds).size for seconds in (0.5, 3.0, 7.25)] == [8_000, 48_000, 116_000]


def test_where_somebody_speaks_alone_leaves_overlaps_out() -> None:
    scene, _ = hidden_voice(0, PEOPLE[0], PEOPLE[1:3], minutes=1, seconds=5, seed=1)
    (turn,), alone = scene.spans_of("p0"), scene.alone_span("p0")
    others = [span for name, span in shown(scene) if name != "p0"]
    expected_start = max([turn.start_s, *(s.end_s for s in others if s.start_s < turn.start_s < s.end_s)])
    assert alone.start_s == pytest.approx(expected_start, abs=0.02)
    assert alone.end_s <= turn.end_s + 0.02


def test_the_truth_has_no_error() -> None:
    reference = {"a": [Span(0.0, 4.0)], "b": [Span(4.0, 9.0)]}
    error = diarisation_error(reference, [[Span(4.0, 9.0)], [Span(0.0, 4.0)]], 10.0)
    assert error.rate == 0
    assert error.speech_s == pytest.approx(9.0 - 4 * 0.25)


def test_each_kind_of_error_is_counted_as_what_it_is() -> None:
    reference = {"a": [Span(1.0, 5.0)], "b": [Span(5.0, 9.0)]}
    one_voice = diarisation_error(reference, [[Span(1.0, 9.0)]], 12.0)
    assert (one_voice.missed_s, one_voice.false_alarm_s) == (0, 0)
    assert one_voice.confusion_s == pytest.approx(3.5)
    half_missed = diarisation_error(reference, [[Span(1.0, 5.0)]], 12.0)
    assert half_missed.missed_s == pytest.approx(3.5)
    too_much = diarisation_error(reference, [[Span(1.0, 5.0)], [Span(5.0, 11.0)]], 12.0)
    assert too_much.false_alarm_s == pytest.approx(1.75)


def test_a_second_voice_of_one_speaker_is_confusion() -> None:
    error = diarisation_error({"a": [Span(0.0, 8.0)]}, [[Span(0.0, 5.0)], [Span(5.0, 8.0)]], 10.0)
    assert error.confusion_s == pytest.approx(2.75)


def test_overlap_is_where_two_speak(tmp_path: Path) -> None:
    rttm = tmp_path / "m.rttm"
    rttm.write_text("SPEAKER m 1 0.0 3.0 <NA> <NA> A <NA> <NA>\nSPEAKER m 1 2.0 2.0 <NA> <NA> B <NA> <NA>\n")
    reference = read_rttm(rttm)
    assert reference == {"A": [Span(0.0, 3.0)], "B": [Span(2.0, 4.0)]}
    assert np.array_equal(overlap_flags(reference.values(), 5.0), flags([Span(2.0, 3.0)], 5.0))
