"""From recordings to analyses: cut, embed with both encoders in batches across recordings, and tell voices apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from registry.domain.scores import Span
from registry.engine.analysis import Analysis, Turn, Voice
from registry.engine.cohort import Projection
from registry.engine.encoders.protocol import Encoder
from registry.engine.encoding import encode_tracks
from registry.engine.joint import joint_vectors
from registry.engine.segmentation import Piece, Segmenter
from registry.engine.turns import SHORTEST_VOICE_S, label_windows, turns
from registry.engine.windows import SpeechTrack, Window, speech_track, voices_track
from registry.errors import SpeechTooShortError
from registry.media.quality import measure
from registry.media.recording import SAMPLE_RATE_HZ, Recording

REQUIRED_SPEECH_S = 0.5
"""Less speech than this is not analysed at all."""

TURN_ENCODER = "campplus"
_SHORT_PAUSE_S = 0.5
_CLEAN_SHARE = 0.2

Array = NDArray[np.float32]


class Analyser:
    """Turns speech into voices. An answer does not depend on what else is in the batch.

    Args:
        encoders: by id; `TURN_ENCODER` must be among them.
        segmenter: tells where the speaker changes, and where several speak at once; without it only windows tell voices
            apart, and overlaps are not marked.
        projections: by encoder id: where several voices are told apart by both encoders; without them
            `TURN_ENCODER` alone does it.
    """

    def __init__(
        self,
        encoders: Mapping[str, Encoder],
        segmenter: Segmenter | None = None,
        projections: Mapping[str, Projection] | None = None,
    ) -> None:
        self._encoders = encoders
        self._segmenter = segmenter
        self._projections = projections

    def analyse_many(self, items: Sequence[tuple[Recording, Sequence[Span]]]) -> list[Analysis]:
        """Answer one analysis for each (recording, speech spans), in order.

        Raises:
            SpeechTooShortError: one of them has less than `REQUIRED_SPEECH_S` of speech.
        """
        for _, spans in items:
            require_speech(sum(span.duration_s for span in spans))
        laid = self._laid_out(items)
        tracks = [track for track, _ in laid]
        encoded = encode_tracks(self._encoders, TURN_ENCODER, tracks)
        analyses = []
        for (recording, spans), (track, overlaps), own in zip(items, laid, encoded, strict=True):
            voices = voices_on(track, own.windows, own.vectors, self._projections)
            speech_s = sum(span.duration_s for span in spans)
            quality = measure(recording, spans)
            analyses.append(Analysis(recording.duration_s, speech_s, voices, quality, overlaps))
        return analyses

    def _laid_out(
        self, items: Sequence[tuple[Recording, Sequence[Span]]]
    ) -> list[tuple[SpeechTrack, tuple[Span, ...]]]:
        """Answer for each recording the speech to be cut into windows, and where several people speak at once.

        Speech that is too short for two voices is not asked about.
        """
        whole = [speech_track(recording, spans) for recording, spans in items]
        laid: list[tuple[SpeechTrack, tuple[Span, ...]]] = [(track, ()) for track in whole]
        if self._segmenter is None:
            return laid
        asked = [number for number, track in enumerate(whole) if track.speech_s > 2 * SHORTEST_VOICE_S]
        divided = self._segmenter.pieces([(items[number][0].samples, items[number][1]) for number in asked])
        for number, pieces in zip(asked, divided, strict=True):
            laid[number] = _by_voice(whole[number], items[number][0], pieces)
        return laid


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


def _by_voice(
    whole: SpeechTrack, recording: Recording, pieces: Sequence[Piece]
) -> tuple[SpeechTrack, tuple[Span, ...]]:
    """Leave out where several people speak at once, unless there is hardly anything else; and say where that is."""
    overlaps = tuple(_joined([_span(piece) for piece in pieces if len(piece.tracks) > 1]))
    alone = voices_track(recording, pieces)
    enough = alone.speech_s >= max(SHORTEST_VOICE_S, _CLEAN_SHARE * whole.speech_s)
    return (alone if enough else whole), overlaps


def voices_on(
    track: SpeechTrack,
    windows: Mapping[str, Sequence[Window]],
    vectors: Mapping[str, Array],
    projections: Mapping[str, Projection] | None = None,
) -> tuple[Voice, ...]:
    """Tell the voices on a track apart, the one that speaks most first.

    Args:
        track: of one recording.
        windows: by encoder id.
        vectors: of the windows, by encoder id ``(n_windows, d) float32``, unit length.
        projections: see `Analyser`.
    """
    own = windows[TURN_ENCODER]
    joint = joint_vectors(own, windows, vectors, projections) if projections else None
    labels = label_windows(own, vectors[TURN_ENCODER], track.speakers(own), joint)
    heard = turns(own, labels, track.runs(), track.offsets[1:-1])
    return tuple(
        _voice(track, [turn for turn, label in heard if label == number], windows, vectors)
        for number in range(int(labels.max()) + 1)
    )


def _voice(
    track: SpeechTrack, owned: Sequence[Window], windows: Mapping[str, Sequence[Window]], vectors: Mapping[str, Array]
) -> Voice:
    """Gather one voice from the stretches of the track that it owns."""
    parts = sorted((part for stretch in owned for part in track.parts_of(stretch)), key=lambda part: part[0])
    heard = [_turn(parts_of_one, windows, vectors) for parts_of_one in _by_turn(parts)]
    return Voice(
        turns=tuple(heard),
        speech_s=sum(stretch.length for stretch in owned) / SAMPLE_RATE_HZ,
        vectors={name: mean_vector(owned, windows[name], vectors[name]) for name in windows},
    )


def _by_turn(parts: Sequence[tuple[Span, Window]]) -> list[list[tuple[Span, Window]]]:
    """Put parts, in time order, together where only a short pause lies between them."""
    together: list[list[tuple[Span, Window]]] = []
    for part in parts:
        if together and part[0].start_s - together[-1][-1][0].end_s < _SHORT_PAUSE_S:
            together[-1].append(part)
        else:
            together.append([part])
    return together


def _turn(
    parts: Sequence[tuple[Span, Window]], windows: Mapping[str, Sequence[Window]], vectors: Mapping[str, Array]
) -> Turn:
    stretches = [stretch for _, stretch in parts]
    return Turn(
        span=Span(parts[0][0].start_s, parts[-1][0].end_s),
        speech_s=sum(stretch.length for stretch in stretches) / SAMPLE_RATE_HZ,
        vectors={name: mean_vector(stretches, windows[name], vectors[name]) for name in windows},
    )


def mean_vector(owned: Sequence[Window], windows: Sequence[Window], vectors: Array) -> Array:
    """Answer the unit mean of some windows, each weighted by its speech and the share of it that is owned.

    The share is squared, so that a window that is half somebody else's counts a quarter.

    Args:
        owned: stretches of the track.
        windows: of the track, in order.
        vectors: ``(n_windows, d) float32``, unit length.
    """
    starts, stops = np.array([(window.start, window.stop) for window in windows]).T
    shared = np.zeros(len(windows))
    for stretch in owned:
        shared += np.clip(np.minimum(stops, stretch.stop) - np.maximum(starts, stretch.start), 0, None)
    weights = shared**2 / (stops - starts)
    if not weights.any():
        weights = np.ones(len(windows))
    mean = (vectors * weights[:, None].astype(np.float32)).sum(axis=0)
    unit: Array = mean / max(float(np.linalg.norm(mean)), 1e-9)
    return unit


def _span(piece: Piece) -> Span:
    return Span(piece.start / SAMPLE_RATE_HZ, piece.stop / SAMPLE_RATE_HZ)


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Join spans that touch."""
    joined: list[Span] = []
    for span in spans:
        if joined and span.start_s <= joined[-1].end_s:
            joined[-1] = Span(joined[-1].start_s, span.end_s)
        else:
            joined.append(span)
    return joined
