"""Which windows of a recording are encoded, and what they become: no more of them than it takes.

Windows overlap by half, so that one lies wholly within a voice that speaks for a few seconds. Where one person speaks
throughout, every other window says the same. So the thinned windows are encoded first, and the rest only where those,
or the segmentation, tell more than one voice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from registry.engine.encoders.protocol import Encoder
from registry.engine.turns import label_windows
from registry.engine.windows import SpeechTrack, Window, cut, fill, thinned

_SLAB = 64  # windows filled at a time, so that an hour of speech does not fill memory

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Encoded:
    """The windows of one track that were encoded, by encoder id, in order, and their vectors.

    Attributes:
        windows: of each encoder.
        vectors: ``(n_windows, d) float32``, unit length.
    """

    windows: Mapping[str, Sequence[Window]]
    vectors: Mapping[str, Array]


def encode_tracks(encoders: Mapping[str, Encoder], turn_encoder: str, tracks: Sequence[SpeechTrack]) -> list[Encoded]:
    """Encode the windows of all tracks, batched across them; an answer does not depend on the other tracks.

    Args:
        encoders: by id.
        turn_encoder: id of the one that tells voices apart.
        tracks: of the recordings.
    """
    windows, vectors, several = _screened(encoders[turn_encoder], tracks)
    found = [{turn_encoder: (own, encoded)} for own, encoded in zip(windows, vectors, strict=True)]
    for name, encoder in encoders.items():
        if name != turn_encoder:
            cuts = [cut(track, encoder.shape) for track in tracks]
            needed = [own if more else _picked(own, thinned(own)) for own, more in zip(cuts, several, strict=True)]
            for number, encoded in enumerate(encode(encoder, tracks, needed)):
                found[number][name] = (needed[number], encoded)
    return [
        Encoded({name: own[name][0] for name in encoders}, {name: own[name][1] for name in encoders}) for own in found
    ]


def _screened(
    encoder: Encoder, tracks: Sequence[SpeechTrack]
) -> tuple[list[list[Window]], list[Array], Sequence[bool]]:
    """Answer for each track the windows that were encoded, their vectors, and whether there may be several voices."""
    every = [cut(track, encoder.shape) for track in tracks]
    few = [thinned(windows) for windows in every]
    vectors = encode(encoder, tracks, [_picked(own, numbers) for own, numbers in zip(every, few, strict=True)])
    several = [
        bool(track.breaks) or bool(label_windows(_picked(own, numbers), encoded).any())
        for track, own, numbers, encoded in zip(tracks, every, few, vectors, strict=True)
    ]
    rest = [
        sorted(set(range(len(own))).difference(numbers)) if more else []
        for own, numbers, more in zip(every, few, several, strict=True)
    ]
    added = encode(encoder, tracks, [_picked(own, numbers) for own, numbers in zip(every, rest, strict=True)])
    order = [np.argsort([*one, *other]) for one, other in zip(few, rest, strict=True)]
    both = [np.concatenate(pair)[by] for *pair, by in zip(vectors, added, order, strict=True)]
    numbers = [sorted([*one, *other]) for one, other in zip(few, rest, strict=True)]
    return [_picked(own, kept) for own, kept in zip(every, numbers, strict=True)], both, several


def encode(encoder: Encoder, tracks: Sequence[SpeechTrack], windows: Sequence[Sequence[Window]]) -> list[Array]:
    """Encode windows of all tracks as one list, a slab at a time, and deal the answers out again.

    Returns:
        For each track ``(n_windows, d) float32``; none for a track without windows.
    """
    flat = [(track, window) for track, found in zip(tracks, windows, strict=True) for window in found]
    parts = [np.zeros((0, encoder.space.dimension), dtype=np.float32)]
    for start in range(0, len(flat), _SLAB):
        slab = flat[start : start + _SLAB]
        parts.append(encoder.encode(np.concatenate([fill(track, [window], encoder.shape) for track, window in slab])))
    return np.split(np.concatenate(parts), np.cumsum([len(found) for found in windows])[:-1])


def _picked(windows: Sequence[Window], numbers: Sequence[int]) -> list[Window]:
    return [windows[number] for number in numbers]
