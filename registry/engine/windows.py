"""From speech spans to windows: speech put end to end on one track, cut to fixed shapes, and mapped back to time.

Networks see speech alone. A window never reaches across a pause of `LONGEST_PAUSE_S`: who speaks after a long silence
may be somebody else.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from registry.domain.scores import Span
from registry.engine.encoders.protocol import WindowShape
from registry.engine.segmentation import Piece
from registry.media.recording import SAMPLE_RATE_HZ, Recording

LONGEST_PAUSE_S = 2.0
LEVEL_DBFS = -17.0
"""How loud every window is made, so that nothing depends on how loud a recording is.

The ge2e network hears power, not its logarithm, and was trained on speech of -30 dBFS and louder. People of the
development split cannot tell this level from others between -32 and -14: see ``docs/accuracy.md``.
"""

_SOFTEST = 1e-5  # root mean square, -100 dBFS: what is softer is nothing, and stays as it is
_SHORTEST_RUN = SAMPLE_RATE_HZ // 4


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch ``[start, stop)`` of a speech track, in samples; shorter than the encoder's shape when speech is."""

    start: int
    stop: int

    @property
    def centre(self) -> float:
        """The middle, in samples of speech."""
        return (self.start + self.stop) / 2

    @property
    def length(self) -> int:
        """Samples of speech in it."""
        return self.stop - self.start


@dataclass(frozen=True, slots=True)
class SpeechTrack:
    """The speech of one recording, put end to end.

    Attributes:
        samples: ``(n,) float32``, speech alone.
        offsets: ``(n_spans + 1,)``: where each span begins on the track; the last is ``n``.
        starts: ``(n_spans,)``: where each span begins in the recording, in samples.
        breaks: numbers of the spans that no window may reach into from the span before them: somebody else begins.
            None where nobody was asked who speaks.
    """

    samples: NDArray[np.float32]
    offsets: tuple[int, ...]
    starts: tuple[int, ...]
    breaks: frozenset[int] | None = None

    @property
    def speech_s(self) -> float:
        """Seconds of speech."""
        return self.samples.size / SAMPLE_RATE_HZ

    def runs(self) -> list[Window]:
        """The stretches that no long pause interrupts and nobody else, in order."""
        pause = int(LONGEST_PAUSE_S * SAMPLE_RATE_HZ)
        others = self.breaks or frozenset()
        breaks = [0]
        for left in range(len(self.starts) - 1):
            ended = self.starts[left] + self.offsets[left + 1] - self.offsets[left]
            if left + 1 in others or self.starts[left + 1] - ended > pause:
                breaks.append(self.offsets[left + 1])
        breaks.append(self.offsets[-1])
        return [Window(start, stop) for start, stop in pairwise(breaks) if stop > start]

    def speakers(self, windows: Sequence[Window]) -> NDArray[np.int64] | None:
        """Answer ``(n_windows,)``: a number for each stretch between breaks; None where nobody was asked."""
        if self.breaks is None:
            return None
        edges = [self.offsets[number] for number in sorted(self.breaks)]
        return np.searchsorted(edges, [window.start for window in windows], side="right").astype(np.int64)

    def parts_of(self, stretch: Window) -> list[tuple[Span, Window]]:
        """Map a stretch of the track back to time: one part for each span of speech that it touches."""
        parts = []
        first = max(0, bisect_right(self.offsets, stretch.start) - 1)
        for number in range(first, len(self.starts)):
            low = max(stretch.start, self.offsets[number])
            high = min(stretch.stop, self.offsets[number + 1])
            if low >= high:
                break
            shift = self.starts[number] - self.offsets[number]
            span = Span((low + shift) / SAMPLE_RATE_HZ, (high + shift) / SAMPLE_RATE_HZ)
            parts.append((span, Window(low, high)))
        return parts


def speech_track(recording: Recording, spans: Sequence[Span]) -> SpeechTrack:
    """Put the speech of a recording end to end; spans are in time order and do not overlap."""
    pieces, offsets, starts = [], [0], []
    for span in spans:
        start = round(span.start_s * SAMPLE_RATE_HZ)
        piece = recording.samples[start : round(span.end_s * SAMPLE_RATE_HZ)]
        if piece.size:
            pieces.append(piece)
            starts.append(start)
            offsets.append(offsets[-1] + piece.size)
    samples = np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.float32)
    return SpeechTrack(samples, tuple(offsets), tuple(starts))


def voices_track(recording: Recording, pieces: Sequence[Piece]) -> SpeechTrack:
    """Put the pieces in which nobody interrupts end to end, speaker track by speaker track, each in time order.

    No window reaches from one speaker track into another. Speech of one track throughout gives what `speech_track`
    does.
    """
    alone = [piece for piece in pieces if len(piece.tracks) <= 1]
    order = {tracks: number for number, tracks in enumerate(dict.fromkeys(piece.tracks for piece in alone))}
    alone.sort(key=lambda piece: (order[piece.tracks], piece.start))
    sounds = [recording.samples[piece.start : piece.stop] for piece in alone]
    offsets = np.cumsum([0, *(sound.size for sound in sounds)]).tolist()
    breaks = frozenset(n + 1 for n, (one, other) in enumerate(pairwise(alone)) if one.tracks != other.tracks)
    samples = np.concatenate(sounds) if sounds else np.zeros(0, dtype=np.float32)
    return SpeechTrack(samples, tuple(offsets), tuple(piece.start for piece in alone), breaks)


def cut(track: SpeechTrack, shape: WindowShape) -> list[Window]:
    """Answer the windows of a track for one encoder; at least one when there is any speech.

    Within a run, windows follow each other by ``shape.hop``; what is left at the end gets a window that ends with the
    run, so that it needs no padding. A run shorter than the shape is one short window; runs under 0.25 s are left out,
    unless there is nothing else.
    """
    runs = track.runs()
    worthy = [run for run in runs if run.length >= _SHORTEST_RUN] or runs
    return [window for run in worthy for window in _cut_run(run, shape)]


def _cut_run(run: Window, shape: WindowShape) -> list[Window]:
    if run.length <= shape.samples:
        return [run]
    starts = list(range(run.start, run.stop - shape.samples + 1, shape.hop))
    if run.stop - (starts[-1] + shape.samples) >= shape.shortest:
        starts.append(run.stop - shape.samples)
    return [Window(start, start + shape.samples) for start in starts]


def thinned(windows: Sequence[Window]) -> list[int]:
    """Answer the numbers of as few windows as cover what all of them cover, in order.

    The windows of a run that overlap by half become windows that touch: half the work where one person speaks
    throughout, for means over either are the same to within what recordings of one person differ by anyway.
    """
    kept: list[int] = []
    at = 0
    while at < len(windows):
        kept.append(at)
        reached = windows[at].stop
        after = at + 1
        while after + 1 < len(windows) and windows[at].start < windows[after + 1].start <= reached:
            after += 1
        at = after
    return kept


def fill(track: SpeechTrack, windows: Sequence[Window], shape: WindowShape) -> NDArray[np.float32]:
    """Answer ``(n_windows, shape.samples) float32``, each as loud as `LEVEL_DBFS`.

    Short windows repeat their speech, for zeros are not a voice.
    """
    filled = np.empty((len(windows), shape.samples), dtype=np.float32)
    for row, window in zip(filled, windows, strict=True):
        speech = track.samples[window.start : window.stop]
        loudness = float(np.sqrt(np.mean(np.square(speech, dtype=np.float64))))
        gain = 10 ** (LEVEL_DBFS / 20) / loudness if loudness > _SOFTEST else 1.0
        row[:] = np.resize(speech * np.float32(gain), shape.samples)
    return filled
