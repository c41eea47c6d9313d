"""Where speech is in a recording: the Silero network, run by onnxruntime, without torch."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from registry.domain.scores import Span
from registry.errors import NoSpeechError, SilentError, SpeechTooShortError, WeightsError
from registry.media.activity import FRAME_SAMPLES, net_speech_s, speech_spans
from registry.media.quality import level_dbfs
from registry.media.recording import Recording

__all__ = ["SILENCE_DBFS", "SpeechDetector", "net_speech_s"]

WEIGHTS_SHA256: Final = "9ccdacc4719d8aa7e45a77536bfabec45a03ba1f2fad5e241ab4060b24238a85"
"""Of ``silero_vad_16k_sequence.onnx`` in the silero-vad wheel, version 6.2.3."""

SILENCE_DBFS: Final = -60.0
"""A recording without speech whose level is under this is called silent rather than without speech."""

HEARD_DBFS: Final = -20.0
"""How loud the loudest parts of a recording are made before the network hears it."""

_SENDS_NOTHING: Final = "ORT_DISABLE_TELEMETRY"
"""Set before onnxruntime is loaded, which from 1.29 on reports processes and sessions to its maker by default, and
keeps an id of the machine for it (its Privacy.md)."""

_MOST_GAIN_DB: Final = 40.0
_LOUD: Final = 0.95
_PACE_SAMPLES: Final = 1600
_NOTHING: Final = 1e-12
_WEIGHTS_FILE: Final = "data/silero_vad_16k_sequence.onnx"
_CONTEXT_SAMPLES: Final = 64  # of the frame before, which the network sees too
_STATE_SHAPE: Final = (1, 1, 128)
_BLOCK_FRAMES: Final = 512  # 16.4 s for one call of the network


class SpeechDetector:
    """Finds speech. Safe to use from several threads: the state of a recording lives in the call.

    The network runs for as many of them at once as there are processors: more would be no sooner done, and what each
    run needs, the runtime keeps for good.

    Args:
        threads: that one call may use.
        weights: path of the network; the one of the installed silero-vad wheel by default.
        late: load the network with the first recording, and not at once: most commands hear none.

    Raises:
        WeightsError: the weights are not there, or are not the ones this code was tested with; where it is ``late``,
            with the first recording.
    """

    def __init__(self, *, threads: int = 1, weights: Path | None = None, late: bool = False) -> None:
        self._threads = threads
        self._weights = weights
        self._turns = BoundedSemaphore(len(os.sched_getaffinity(0)))
        if not late:
            _ = self._session

    @cached_property
    def _session(self) -> Any:
        """The network. Of two threads that are first at once both may load it; one is kept."""
        os.environ[_SENDS_NOTHING] = "1"
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.enable_mem_pattern = False  # a plan of memory for each length that ever came
        return onnxruntime.InferenceSession(
            _verified(self._weights or _installed_weights()), sess_options=options, providers=["CPUExecutionProvider"]
        )

    def probabilities(self, recording: Recording) -> NDArray[np.float32]:
        """Answer ``(ceil(n_samples / 512),) float32``: how likely each 32 ms frame is speech."""
        blocks = list(self._probabilities(recording.samples))
        return np.concatenate(blocks) if blocks else np.zeros(0, dtype=np.float32)

    def spans(self, recording: Recording) -> tuple[Span, ...]:
        """Answer where speech is, in time order; see `registry.media.activity` for the rules."""
        return speech_spans(self.probabilities(recording).tolist(), recording.samples.size)

    def require_speech(self, recording: Recording, *, required_s: float) -> tuple[Span, ...]:
        """Answer all spans of speech, of which there is enough.

        Raises:
            SilentError: there is no sound (figures ``level_dbfs``, ``duration_s``).
            NoSpeechError: there is sound, and no speech in it (``duration_s``, ``speech_s``, ``required_s``).
            SpeechTooShortError: there is less net speech than ``required_s`` (``speech_s``, ``required_s``).
        """
        spans = self.spans(recording)
        _require(recording, net_speech_s(spans), required_s)
        return spans

    def admit(self, recording: Recording, *, required_s: float) -> float:
        """Answer how much speech was found when there was enough, reading no further; raises as `require_speech`."""
        speech_s = self._speech_until(recording, required_s)
        _require(recording, speech_s, required_s)
        return speech_s

    def has_speech_of(self, recording: Recording, required_s: float) -> bool:
        """Whether there is this much net speech; stops reading as soon as there is."""
        return self._speech_until(recording, required_s) >= required_s

    def _speech_until(self, recording: Recording, enough_s: float) -> float:
        """Answer the net speech of the recording, or of the first part of it that has enough."""
        heard: list[float] = []
        speech_s = 0.0
        for block in self._probabilities(recording.samples):
            heard.extend(block.tolist())
            length = min(len(heard) * FRAME_SAMPLES, recording.samples.size)
            speech_s = net_speech_s(speech_spans(heard, length))
            if speech_s >= enough_s:
                break
        return speech_s

    def _probabilities(self, samples: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
        """Yield probabilities block by block, with the network's state carried from one to the next."""
        hidden = np.zeros(_STATE_SHAPE, dtype=np.float32)
        cell = np.zeros(_STATE_SHAPE, dtype=np.float32)
        gain = _gain(samples)
        for frames in _framed(samples):
            with self._turns:
                found, hidden, cell = self._session.run(
                    ["speech_probs", "hn", "cn"], {"input": frames * gain, "h": hidden, "c": cell}
                )
            yield np.asarray(found, dtype=np.float32).reshape(-1)


def _gain(samples: NDArray[np.float32]) -> np.float32:
    """Answer what brings the loudest twentieth of a recording, in tenths of a second, to `HEARD_DBFS`.

    The network hears less in a soft copy of a recording than in a loud one; nobody else should.
    """
    count = max(1, samples.size // _PACE_SAMPLES)
    paces = samples[: count * _PACE_SAMPLES].reshape(count, -1)
    power = np.einsum("nd,nd->n", paces, paces, dtype=np.float64) / max(1, paces.shape[1])
    loud_db = 10 * np.log10(max(float(np.quantile(power, _LOUD)), _NOTHING))
    return np.float32(10 ** (min(max(HEARD_DBFS - loud_db, -_MOST_GAIN_DB), _MOST_GAIN_DB) / 20))


def _framed(samples: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    """Yield blocks of ``(n_frames, 576) float32``: each frame of 512 after the last 64 samples before it.

    Before the beginning and after the end there are zeros.
    """
    step = _BLOCK_FRAMES * FRAME_SAMPLES
    width = _CONTEXT_SAMPLES + FRAME_SAMPLES
    for first in range(0, samples.size, step):
        count = -(-min(step, samples.size - first) // FRAME_SAMPLES)
        padded = np.zeros(_CONTEXT_SAMPLES + count * FRAME_SAMPLES, dtype=np.float32)
        before = min(first, _CONTEXT_SAMPLES)
        part = samples[first - before : first + count * FRAME_SAMPLES]
        padded[_CONTEXT_SAMPLES - before : _CONTEXT_SAMPLES - before + part.size] = part
        windows = np.lib.stride_tricks.sliding_window_view(padded, width)[::FRAME_SAMPLES]
        yield np.ascontiguousarray(windows)


def _require(recording: Recording, speech_s: float, required_s: float) -> None:
    """Refuse too little speech, and say which kind of too little it is."""
    if speech_s > 0 and speech_s >= required_s:
        return
    figures = {"speech_s": round(speech_s, 2), "required_s": required_s, "duration_s": round(recording.duration_s, 2)}
    if speech_s > 0:
        raise SpeechTooShortError(f"{speech_s:.1f} s of speech were found, {required_s:.1f} s are needed", **figures)
    level = round(level_dbfs(recording.samples), 1)
    if level < SILENCE_DBFS:
        raise SilentError(
            f"the recording of {recording.duration_s:.1f} s is silent: its level is {level:.0f} dBFS",
            level_dbfs=level,
            **figures,
        )
    raise NoSpeechError(
        f"there is sound, but no speech in the {recording.duration_s:.1f} s; {required_s:.1f} s are needed", **figures
    )


def _installed_weights() -> Path:
    """Find the wheel's file without importing the wheel, whose import would load torch and set its threads."""
    spec = importlib.util.find_spec("silero_vad")
    if spec is None or not spec.submodule_search_locations:
        raise WeightsError("silero-vad is not installed; install silero-vad>=6.2,<7", package="silero-vad")
    return Path(spec.submodule_search_locations[0]) / _WEIGHTS_FILE


def _verified(path: Path) -> bytes:
    """Read the weights, and refuse any other than the pinned ones."""
    try:
        weights = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"the voice activity weights cannot be read: {error}", file=path.name) from error
    found = hashlib.sha256(weights).hexdigest()
    if found != WEIGHTS_SHA256:
        raise WeightsError(
            f"the voice activity weights have SHA-256 {found}, not {WEIGHTS_SHA256}",
            file=path.name,
            found_sha256=found,
            expected_sha256=WEIGHTS_SHA256,
        )
    return weights
