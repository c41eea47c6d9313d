"""From recordings to analyses: cut, embed with both encoders in batches across recordings, and tell voices apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from registry.domain.scores import Span
from registry.engine.analysis import Analysis, Voice
from registry.engine.encoders.protocol import Encoder
from registry.engine.turns import label_windows, turns
from registry.engine.windows import SpeechTrack, Window, cut, fill, speech_track
from registry.errors import SpeechTooShortError
from registry.media.recording import SAMPLE_RATE_HZ, Recording

REQUIRED_SPEECH_S = 0.5
"""Less speech than this is not analysed at all."""

TURN_ENCODER = "campplus"
_SLAB = 64  # windows filled at a time, so that an hour of speech does not fill memory
_SHORT_PAUSE_S = 0.5

Array = NDArray[np.float32]


class Analyser:
    """Turns speech into voices. An answer does not depend on what else is in the batch.

    Args:
        encoders: by id; `TURN_ENCODER` must be among them.
    """

    def __init__(self, encoders: Mapping[str, Encoder]) -> None:
        self._encoders = encoders

    def analyse_many(self, items: Sequence[tuple[Recording, Sequence[Span]]]) -> list[Analysis]:
        """Answer one analysis for each (recording, speech spans), in order.

        Raises:
            SpeechTooShortError: one of them has less than `REQUIRED_SPEECH_S` of speech.
        """
        tracks = [speech_track(recording, spans) for recording, spans in items]
        for track in tracks:
            require_speech(track.speech_s)
        windows = {name: [cut(track, encoder.shape) for track in tracks] for name, encoder in self._encoders.items()}
        vectors = {name: self._encode(self._encoders[name], tracks, found) for name, found in windows.items()}
        analyses = []
        for number, ((recording, _), track) in enumerate(zip(items, tracks, strict=True)):
            own_windows = {name: found[number] for name, found in windows.items()}
            own_vectors = {name: found[number] for name, found in vectors.items()}
            voices = _voices(track, own_windows, own_vectors)
            analyses.append(Analysis(recording.duration_s, track.speech_s, voices))
        return analyses

    @staticmethod
    def _encode(encoder: Encoder, tracks: Sequence[SpeechTrack], windows: Sequence[Sequence[Window]]) -> list[Array]:
        """Encode the windows of all tracks as one list, a slab at a time, and deal the answers out again."""
        flat = [(track, window) for track, found in zip(tracks, windows, strict=True) for window in found]
        parts = []
        for start in range(0, len(flat), _SLAB):
            slab = flat[start : start + _SLAB]
            filled = np.concatenate([fill(track, [window], encoder.shape) for track, window in slab])
            parts.append(encoder.encode(filled))
        borders = np.cumsum([len(found) for found in windows])[:-1]
        return np.split(np.concatenate(parts), borders) if parts else []


def require_speech(speech_s: float) -> None:
    """Refuse what is too short to be analysed.

    Raises:
        SpeechTooShortError: with figures ``speech_s`` and ``required_s``.
    """
    if round(speech_s, 2) < REQUIRED_SPEECH_S:
        raise SpeechTooShortError(
            f"{speech_s:.2f} s of speech were found, at least {REQUIRED_SPEECH_S} s are needed",
            speech_s=round(speech_s, 3),
            required_s=REQUIRED_SPEECH_S,
        )


def _voices(
    track: SpeechTrack, windows: Mapping[str, Sequence[Window]], vectors: Mapping[str, Array]
) -> tuple[Voice, ...]:
    labels = label_windows(windows[TURN_ENCODER], vectors[TURN_ENCODER])
    heard = turns(windows[TURN_ENCODER], labels)
    return tuple(
        _voice(track, [turn for turn, label in heard if label == number], windows, vectors)
        for number in range(int(labels.max()) + 1)
    )


def _voice(
    track: SpeechTrack, owned: Sequence[Window], windows: Mapping[str, Sequence[Window]], vectors: Mapping[str, Array]
) -> Voice:
    """Gather one voice from the stretches of the track that it owns."""
    spans = [span for turn in owned for span in track.spans_of(turn)]
    return Voice(
        spans=tuple(_joined(spans)),
        speech_s=sum(turn.length for turn in owned) / SAMPLE_RATE_HZ,
        vectors={name: _mean_vector(owned, windows[name], vectors[name]) for name in windows},
    )


def _mean_vector(owned: Sequence[Window], windows: Sequence[Window], vectors: Array) -> Array:
    """Answer the unit mean of a voice's windows, each weighted by its speech and the share that the voice owns of it.

    The share is squared, so that a window that is half somebody else's counts a quarter.
    """
    shares = [
        sum(max(0, min(turn.stop, window.stop) - max(turn.start, window.start)) for turn in owned) / window.length
        for window in windows
    ]
    weights = np.array([share**2 * window.length for share, window in zip(shares, windows, strict=True)])
    if not weights.any():
        weights = np.ones(len(windows))
    mean = (vectors * weights[:, None].astype(np.float32)).sum(axis=0)
    unit: Array = mean / max(float(np.linalg.norm(mean)), 1e-9)
    return unit


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Join spans that only a short pause parts."""
    joined: list[Span] = []
    for span in spans:
        if joined and span.start_s - joined[-1].end_s < _SHORT_PAUSE_S:
            joined[-1] = Span(joined[-1].start_s, span.end_s)
        else:
            joined.append(span)
    return joined
