from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.scores import Span
from registry.engine.encoders.protocol import WindowShape
from registry.engine.segmentation import Piece
from registry.engine.turns import turns
from registry.engine.windows import LEVEL_DBFS, Window, cut, fill, speech_track, thinned, voices_track
from registry.media.recording import SAMPLE_RATE_HZ, Recording, SourceFacts

SHAPE = WindowShape(samples=48_000, hop=24_000, shortest=8_000)


def ramp(seconds: float) -> Recording:
    samples = np.arange(int(seconds * 16_000), dtype=np.float32) / 2**20
    return Recording(samples, "", SourceFacts("wav", "pcm_s16le", 16_000, 1, 0))


def test_without_speech_there_is_no_window() -> None:
    track = speech_track(ramp(2.0), [])
    assert track.samples.size == 0
    assert cut(track, SHAPE) == []


def test_only_speech_is_on_the_track() -> None:
    recording = ramp(10.0)
    track = speech_track(recording, [Span(1.0, 2.0), Span(2.5, 3.0)])
    assert track.speech_s == 1.5
    assert np.array_equal(
        track.samples, np.concatenate([recording.samples[16000:32000], recording.samples[40000:48000]])
    )


def test_a_short_voice_is_repeated_not_padded_with_silence() -> None:
    track = speech_track(ramp(3.0), [Span(0.5, 1.5)])
    windows = cut(track, SHAPE)
    filled = fill(track, windows, SHAPE)
    assert windows == [Window(0, 16_000)]
    assert np.allclose(filled[0] / filled[0, 1], np.tile(track.samples, 3) / track.samples[1])


def test_every_window_is_equally_loud_however_loud_the_recording_is() -> None:
    recording = ramp(6.0)
    softer = replace(recording, samples=recording.samples / 64)
    for each in (recording, softer):
        track = speech_track(each, [Span(0.0, 6.0)])
        filled = fill(track, cut(track, SHAPE), SHAPE)
        assert 20 * np.log10(np.sqrt(np.mean(filled**2, axis=1))) == pytest.approx(LEVEL_DBFS, abs=1e-3)


def test_silence_stays_silence() -> None:
    silence = replace(ramp(3.0), samples=np.zeros(48_000, dtype=np.float32))
    track = speech_track(silence, [Span(0.0, 3.0)])
    assert not fill(track, cut(track, SHAPE), SHAPE).any()


@given(st.lists(st.tuples(st.floats(0.3, 14.0), st.floats(0.0, 4.0)), min_size=1, max_size=6))
def test_thinned_windows_cover_what_all_of_them_cover_with_about_half_as_many(
    speech: list[tuple[float, float]],
) -> None:
    spans, at = [], 0.0
    for length, pause in speech:
        spans.append(Span(at, at + length))
        at += length + pause + 0.1
    track = speech_track(ramp(at), spans)
    windows = cut(track, SHAPE)
    kept = [windows[number] for number in thinned(windows)]
    covered, needed = np.zeros(track.samples.size, dtype=bool), np.zeros(track.samples.size, dtype=bool)
    for window in windows:
        needed[window.start : window.stop] = True
    for window in kept:
        covered[window.start : window.stop] = True
    assert np.array_equal(covered, needed)
    runs = len(track.runs())
    assert sum(window.length for window in kept) <= track.samples.size + runs * SHAPE.samples


@pytest.mark.parametrize("whole", [True, False], ids=["all windows", "thinned"])
@given(speech=st.lists(st.tuples(st.floats(0.3, 40.0), st.floats(0.0, 4.0)), min_size=1, max_size=6))
def test_of_one_voice_every_sample_of_speech_is_owned_once(*, speech: list[tuple[float, float]], whole: bool) -> None:
    spans, at = [], 0.0
    for length, pause in speech:
        spans.append(Span(at, at + length))
        at += length + pause + 0.1
    track = speech_track(ramp(at), spans)
    windows = cut(track, SHAPE)
    chosen = windows if whole else [windows[number] for number in thinned(windows)]
    found = [turn for turn, _ in turns(chosen, np.zeros(len(chosen), np.int64), track.runs(), track.offsets[1:-1])]
    assert all(one.stop <= other.start for one, other in pairwise(found))
    worthy = [run for run in track.runs() if run.length >= SAMPLE_RATE_HZ // 4] or track.runs()
    assert sum(turn.length for turn in found) == sum(run.length for run in worthy)


@given(st.lists(st.tuples(st.floats(0.3, 20.0), st.floats(0.0, 4.0)), min_size=1, max_size=6), st.data())
def test_whoever_speaks_no_sample_is_owned_twice(speech: list[tuple[float, float]], data: st.DataObject) -> None:
    spans, at = [], 0.0
    for length, pause in speech:
        spans.append(Span(at, at + length))
        at += length + pause + 0.1
    track = speech_track(ramp(at), spans)
    windows = cut(track, SHAPE)
    windows = data.draw(st.sampled_from([windows, [windows[number] for number in thinned(windows)]]))
    labels = data.draw(st.lists(st.integers(0, 2), min_size=len(windows), max_size=len(windows)))
    found = [turn for turn, _ in turns(windows, np.array(labels), track.runs(), track.offsets[1:-1])]
    assert all(one.stop <= other.start for one, other in pairwise(found))
    worthy = [run for run in track.runs() if run.length >= SAMPLE_RATE_HZ // 4] or track.runs()
    assert sum(turn.length for turn in found) == sum(run.length for run in worthy)


def test_windows_cover_all_speech_and_are_full_where_speech_is_long_enough() -> None:
    track = speech_track(ramp(12.0), [Span(0.0, 11.0)])
    windows = cut(track, SHAPE)
    assert windows[0].start == 0
    assert windows[-1].stop == track.samples.size
    assert all(window.length == SHAPE.samples for window in windows)
    assert all(right.start <= left.stop for left, right in pairwise(windows))


def test_a_remainder_too_short_to_matter_gets_no_window_of_its_own() -> None:
    track = speech_track(ramp(4.0), [Span(0.0, 3.2)])
    assert cut(track, SHAPE) == [Window(0, 48_000)]


def test_no_window_reaches_across_a_long_pause() -> None:
    track = speech_track(ramp(20.0), [Span(0.0, 4.0), Span(9.0, 13.0)])
    border = 4 * 16_000
    assert all(window.stop <= border or window.start >= border for window in cut(track, SHAPE))


def test_a_breath_does_not_break_a_window() -> None:
    track = speech_track(ramp(10.0), [Span(0.0, 2.0), Span(2.4, 4.4)])
    assert any(window.start < 2 * 16_000 < window.stop for window in cut(track, SHAPE))


def test_a_click_between_long_pauses_is_left_out_unless_it_is_all_there_is() -> None:
    both = speech_track(ramp(20.0), [Span(0.0, 3.0), Span(8.0, 8.1)])
    alone = speech_track(ramp(20.0), [Span(8.0, 8.1)])
    assert len(cut(both, SHAPE)) == 1
    assert len(cut(alone, SHAPE)) == 1


@pytest.mark.parametrize(
    ("stretch", "spans"),
    [
        (Window(0, 16_000), [Span(1.0, 2.0)]),
        (Window(8_000, 24_000), [Span(1.5, 2.0), Span(5.0, 5.5)]),
        (Window(16_000, 32_000), [Span(5.0, 6.0)]),
    ],
)
def test_a_stretch_of_the_track_maps_back_to_time(stretch: Window, spans: list[Span]) -> None:
    parts = speech_track(ramp(10.0), [Span(1.0, 2.0), Span(5.0, 6.0)]).parts_of(stretch)
    assert [span for span, _ in parts] == spans
    assert sum(part.length for _, part in parts) == stretch.length


def test_speech_of_one_speaker_is_cut_as_if_nobody_had_been_asked() -> None:
    recording, spans = ramp(20.0), [Span(0.0, 4.0), Span(4.5, 9.0), Span(12.0, 18.0)]
    pieces = [Piece(round(span.start_s * 16_000), round(span.end_s * 16_000), (1,)) for span in spans]
    plain, divided = speech_track(recording, spans), voices_track(recording, pieces)
    assert np.array_equal(plain.samples, divided.samples)
    assert cut(plain, SHAPE) == cut(divided, SHAPE)


def test_overlapped_speech_is_on_no_track() -> None:
    pieces = [Piece(0, 32_000, (0,)), Piece(32_000, 48_000, (0, 1)), Piece(48_000, 80_000, (1,))]
    track = voices_track(ramp(5.0), pieces)
    assert track.speech_s == 4.0
    assert [span for window in cut(track, SHAPE) for span, _ in track.parts_of(window)] == [
        Span(0.0, 2.0),
        Span(3.0, 5.0),
    ]


def test_no_window_reaches_from_one_speaker_to_another() -> None:
    pieces = [Piece(n * 32_000, (n + 1) * 32_000, (n % 2,)) for n in range(6)]
    track = voices_track(ramp(12.0), pieces)
    border = 3 * 32_000
    assert all(window.stop <= border or window.start >= border for window in cut(track, SHAPE))


def test_a_speaker_who_is_interrupted_for_a_moment_is_heard_in_one_window() -> None:
    pieces = [Piece(0, 20_000, (0,)), Piece(20_000, 36_000, (1,)), Piece(36_000, 60_000, (0,))]
    track = voices_track(ramp(4.0), pieces)
    first = cut(track, SHAPE)[0]
    assert [span.start_s for span, _ in track.parts_of(first)] == [0.0, 2.25]
