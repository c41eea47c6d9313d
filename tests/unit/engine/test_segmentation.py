from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from make_segmentation_reference import EVERY, conversation

from registry.domain.scores import Span
from registry.engine.devices import BatchRunner
from registry.engine.identify import load_segmenter
from registry.engine.segmentation import (
    CHUNK_HOP,
    CHUNK_SAMPLES,
    FRAME_STEP,
    N_FRAMES,
    Piece,
    Segmenter,
    chunk_starts,
    divide,
    join,
)
from registry.engine.selftest import VOICES, voice_like
from registry.errors import WeightsError

REFERENCE = json.loads(Path(__file__).with_name("segmentation_reference.json").read_text(encoding="utf-8"))
RATE = 16_000


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return load_segmenter("cpu", 1)


def speaking(*stretches: tuple[int, int, int]) -> np.ndarray:
    """One chunk in which a speaker speaks from one frame to another."""
    active = np.zeros((N_FRAMES, 3), dtype=bool)
    for speaker, start, stop in stretches:
        active[start:stop, speaker] = True
    return active


def seconds(frame: int) -> float:
    return frame * FRAME_STEP / RATE


def divided(starts: list[int], active: list[np.ndarray], *spans: tuple[float, float]) -> list[Piece]:
    return divide([Span(*span) for span in spans], *join(starts, np.stack(active)))


def test_other_weights_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "weights.pt"
    other.write_bytes(b"not the weights")
    with pytest.raises(WeightsError, match="is pinned"):
        Segmenter(BatchRunner(torch.device("cpu"), 1), other)


def test_without_speech_nothing_is_divided(segmenter: Segmenter) -> None:
    assert segmenter.pieces([]) == []
    assert segmenter.pieces([(np.zeros(5 * RATE, dtype=np.float32), [])]) == [[]]


def test_the_network_says_what_senkos_own_copy_of_it_says(segmenter: Segmenter) -> None:
    answer = segmenter.log_probabilities(conversation()[None])[0]
    assert len(answer) == REFERENCE["frames"] == N_FRAMES
    assert np.abs(answer[::EVERY] - np.array(REFERENCE["log_probabilities"])).max() < 1e-3


def test_no_chunk_is_run_where_nobody_speaks() -> None:
    starts = chunk_starts(600 * RATE, [Span(1.0, 3.0), Span(300.0, 301.0)])
    assert starts[0] == 0
    assert len(starts) <= 4
    assert all(start < 3 * RATE or start <= 301 * RATE < start + CHUNK_SAMPLES + RATE for start in starts)


@pytest.mark.parametrize("length_s", [1.0, 9.99, 10.0, 12.3, 61.7])
def test_chunks_reach_to_the_end(length_s: float) -> None:
    starts = chunk_starts(int(length_s * RATE), [Span(0.0, length_s)])
    assert starts[0] == 0
    assert starts[-1] + CHUNK_SAMPLES >= int(length_s * RATE) - FRAME_STEP
    assert all(0 < right - left <= CHUNK_HOP for left, right in pairwise(starts))


def test_frames_are_told_once_each_and_in_order() -> None:
    starts = chunk_starts(33 * RATE, [Span(0.0, 33.0)])
    frames, speaking_, names = join(starts, np.ones((len(starts), N_FRAMES, 3), dtype=bool))
    assert np.array_equal(frames, np.arange(frames[0], frames[-1] + 1))
    assert len(frames) == len(speaking_) == len(names)


def test_speech_is_divided_where_the_speaker_changes() -> None:
    (first, second) = divided([0], [speaking((0, 0, 300), (2, 300, N_FRAMES))], (0.0, 9.0))
    assert first.start == 0
    assert first.stop == second.start == pytest.approx(seconds(300) * RATE, abs=2 * FRAME_STEP)
    assert second.stop == 9 * RATE
    assert first.tracks != second.tracks


def test_two_at_once_are_both_named() -> None:
    pieces = divided([0], [speaking((0, 0, 200), (1, 150, 400))], (0.0, 6.0))
    assert [len(piece.tracks) for piece in pieces] == [1, 2, 1]
    assert set(pieces[1].tracks) == {*pieces[0].tracks, *pieces[2].tracks}


def test_a_moment_of_somebody_else_changes_nothing() -> None:
    assert len(divided([0], [speaking((0, 0, 590), (1, 200, 204))], (0.0, 9.0))) == 1


def test_speech_in_which_the_network_hears_nobody_is_kept() -> None:
    assert divided([0], [speaking()], (1.0, 3.0)) == [Piece(RATE, 3 * RATE, ())]


def test_a_speaker_keeps_their_track_from_chunk_to_chunk_whatever_their_number() -> None:
    shift = CHUNK_HOP // FRAME_STEP
    one = speaking((0, 0, 400), (1, 400, N_FRAMES))
    next_ = speaking((2, 0, 400 - shift), (0, 400 - shift, N_FRAMES))
    pieces = divided([0, CHUNK_HOP], [one, next_], (0.0, 14.0))
    assert [piece.tracks for piece in pieces] == [(0,), (1,)]


def test_somebody_new_in_the_next_chunk_gets_a_track_of_their_own() -> None:
    shift = CHUNK_HOP // FRAME_STEP
    one = speaking((0, 0, N_FRAMES))
    next_ = speaking((0, 0, N_FRAMES - shift), (1, N_FRAMES - shift, N_FRAMES))
    pieces = divided([0, CHUNK_HOP], [one, next_], (0.0, 14.0))
    assert len(pieces) == 2
    assert pieces[0].tracks == (0,)
    assert pieces[1].tracks not in {(0,), (1,), (2,)}


@pytest.mark.parametrize("seed", range(5))
def test_pieces_cover_the_spans_exactly(seed: int) -> None:
    random = np.random.default_rng(seed)
    edges = np.cumsum(random.uniform(0.1, 3.0, 24))
    spans = [Span(float(a), float(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    starts = chunk_starts(int((edges[-1] + 1) * RATE), spans)
    active = np.repeat(random.random((len(starts), 31, 3)) < 0.4, 19, axis=1)
    pieces = divide(spans, *join(starts, active))
    assert all(one.stop <= other.start for one, other in pairwise(pieces))
    for span in spans:
        start, stop = round(span.start_s * RATE), round(span.end_s * RATE)
        own = [piece for piece in pieces if start <= piece.start < stop]
        assert own[0].start == start
        assert own[-1].stop == stop
        assert sum(piece.stop - piece.start for piece in own) == stop - start


def test_pieces_do_not_depend_on_the_batch(segmenter: Segmenter) -> None:
    items = [
        (voice_like(*VOICES["low"], 12.0, 1).samples, [Span(0.0, 12.0)]),
        (conversation(), [Span(0.0, 3.0), Span(3.5, 9.9)]),
        (voice_like(*VOICES["high"], 3.0, 2).samples, [Span(0.5, 2.5)]),
    ]
    together = segmenter.pieces(items)
    assert together == [segmenter.pieces([item])[0] for item in items]
    assert together == segmenter.pieces(items[::-1])[::-1]
