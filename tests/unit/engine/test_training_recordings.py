"""What is made of labelled recordings: the parts never overlap, and nothing that is kept names anybody."""

from __future__ import annotations

import dataclasses
from collections import Counter

import pytest

from registry.domain.scores import Span
from registry.engine.analysis import Analysis, Voice
from registry.engine.identify import Engine
from registry.engine.selftest import voice_like
from registry.engine.training.examples import Part
from registry.engine.training.people import Role
from registry.engine.training.portions import MOST_ENROLLED, cut_speech, halved, parts_of
from registry.engine.training.recordings import SHORT_S, Material, Take, plan

SPANS = [Span(0.0, 2.5), Span(3.0, 5.0), Span(6.0, 7.5)]
SOUND = voice_like(120.0, 1.0, 8.0, seed=1)


def seconds(spans: list[Span]) -> float:
    return sum(span.duration_s for span in spans)


def taken(engine: Engine, part: Part, role: Role = Role.FITTED, person: str = "somebody") -> Material:
    material = Material()
    assert material.add(Take(person, "one.wav", role, part), SOUND, SPANS, one_voice(engine), engine)
    return material


def one_voice(engine: Engine) -> Analysis:
    analysis = engine.analyse(SOUND, SPANS)
    voice = analysis.voices[0]
    return dataclasses.replace(analysis, voices=(Voice(voice.turns, seconds(SPANS), voice.vectors),))


def test_the_halves_of_a_recording_share_no_speech() -> None:
    parts = halved(SPANS)
    enrolled, probe = parts[Part.ENROL], parts[Part.PROBE]
    assert parts[Part.STRANGER] == SPANS
    assert seconds(enrolled) == pytest.approx(3.0)
    assert seconds(probe) == pytest.approx(3.0)
    assert max(span.end_s for span in enrolled) <= min(span.start_s for span in probe)


@pytest.mark.parametrize(("start", "end"), [(0.0, 1.0), (2.0, 3.0), (0.0, 6.0), (5.5, 9.0)])
def test_cut_speech_is_as_long_as_asked_and_where_speech_is(start: float, end: float) -> None:
    cut = cut_speech(SPANS, start, end)
    assert seconds(cut) == pytest.approx(min(end, 6.0) - start)
    assert all(any(span.start_s <= one.start_s and one.end_s <= span.end_s for span in SPANS) for one in cut)


@pytest.mark.parametrize("recordings", [2, 3, 4, 7, 40])
def test_several_recordings_are_enrolled_and_searched_for_but_none_is_both(recordings: int) -> None:
    parts = Counter(parts_of(recordings))
    assert parts[Part.ENROL] == min((recordings + 1) // 2, MOST_ENROLLED)
    assert parts[Part.PROBE] == recordings - parts[Part.ENROL] > 0


def test_the_plan_follows_labels_and_names_alone() -> None:
    recordings = {f"p{number}": [f"{take}.wav" for take in range(number % 5)] for number in range(40)}
    backwards = {person: list(reversed(names)) for person, names in reversed(recordings.items())}
    takes = plan(recordings, 0.3)
    assert takes == plan(backwards, 0.3)
    assert len(takes) == sum(map(len, recordings.values()))
    assert len({(take.person, take.name) for take in takes}) == len(takes)
    roles = {(take.person, take.role) for take in takes}
    assert len(roles) == sum(bool(names) for names in recordings.values())


def test_a_recording_in_which_several_voices_speak_is_left_out(engine: Engine) -> None:
    analysis = one_voice(engine)
    several = dataclasses.replace(analysis, voices=analysis.voices * 2)
    material = Material()
    take = Take("somebody", "one.wav", Role.FITTED, Part.PROBE)
    assert not material.add(take, SOUND, SPANS, several, engine)
    assert material.several_voices == [take]
    assert (material.examples, material.kept, material.lines, +material.used) == ([], [], [], Counter())


def test_what_is_searched_for_is_cut_short_too_and_what_is_enrolled_is_not(engine: Engine) -> None:
    probe, enrolled = taken(engine, Part.PROBE).examples, taken(engine, Part.ENROL).examples
    assert [example.part for example in probe] == [Part.PROBE] * (1 + len(SHORT_S))
    assert sorted(example.speech_s for example in probe) == pytest.approx([*SHORT_S, 6.0], abs=0.05)
    assert [example.part for example in enrolled] == [Part.ENROL]
    assert not any(example.same_session for example in [*probe, *enrolled])


def test_an_only_recording_is_a_strangers_and_both_of_its_halves_are_of_one_session(engine: Engine) -> None:
    examples = taken(engine, Part.STRANGER).examples
    assert Counter(example.part for example in examples) == {Part.STRANGER: 4, Part.ENROL: 1, Part.PROBE: 3}
    assert all(example.same_session for example in examples)


def test_the_quality_of_a_cut_is_that_of_the_whole(engine: Engine) -> None:
    """Speech beside a cut would count as noise."""
    assert len({example.quality for example in taken(engine, Part.PROBE).examples}) == 1


def test_nothing_of_people_held_out_is_fitted_to(engine: Engine) -> None:
    material = taken(engine, Part.PROBE, Role.ENROLLED)
    assert material.examples == []
    assert [kept.take.person for kept in material.kept] == ["somebody"]


def test_digests_are_of_bytes_and_labels_and_of_no_order() -> None:
    one, two = Material(lines=[("aa", "x"), ("bb", "y")]), Material(lines=[("bb", "y"), ("aa", "x")])
    swapped = Material(lines=[("aa", "y"), ("bb", "x")])
    assert one.digests() == two.digests()
    assert one.digests()["recordings_sha256"] == swapped.digests()["recordings_sha256"]
    assert one.digests()["labels_sha256"] != swapped.digests()["labels_sha256"]
