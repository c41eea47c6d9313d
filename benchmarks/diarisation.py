"""How far a division of a recording into voices is from the true one, on a grid of 10 ms.

Diarisation error as NIST scores it (Rich Transcription 2009): missed speech, false alarms and confusion of speakers
over the speech there is, each speaker of the reference mapped to at most one voice so that most time agrees.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from registry.domain.scores import Span

STEP_S = 0.01
COLLAR_S = 0.25
"""Time on either side of each border of the reference that is not scored."""

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class DiarisationError:
    """Seconds of each kind of error, and of scored speech; they add up over recordings.

    Attributes:
        speech_s: of the reference, each speaker counted.
        missed_s: a speaker of the reference that nobody stands for.
        false_alarm_s: a voice where there is nobody.
        confusion_s: somebody else's voice.
    """

    speech_s: float
    missed_s: float
    false_alarm_s: float
    confusion_s: float

    @property
    def rate(self) -> float:
        """All errors over all speech."""
        return (self.missed_s + self.false_alarm_s + self.confusion_s) / max(self.speech_s, STEP_S)


def flags(spans: Iterable[Span], duration_s: float) -> Flags:
    """Answer ``(n,) bool`` on the grid: whether any span covers a point."""
    on = np.zeros(round(duration_s / STEP_S), dtype=np.bool_)
    for span in spans:
        on[round(span.start_s / STEP_S) : round(span.end_s / STEP_S)] = True
    return on


def diarisation_error(
    reference: Mapping[str, Sequence[Span]],
    found: Sequence[Sequence[Span]],
    duration_s: float,
    heard: Flags | None = None,
) -> DiarisationError:
    """Compare who speaks when.

    Args:
        reference: spans of each speaker.
        found: spans of each voice.
        duration_s: of the recording.
        heard: points that are scored, beside the collar; all by default.
    """
    true = np.stack([flags(spans, duration_s) for spans in reference.values()])
    said = np.stack([flags(spans, duration_s) for spans in found])
    scored = ~flags(_collars(reference, duration_s), duration_s)
    if heard is not None:
        scored &= heard
    true, said = true & scored, said & scored
    agreed = _agreed(true.astype(np.int64) @ said.T.astype(np.int64))
    n_true, n_said = true.sum(axis=0), said.sum(axis=0)
    missed = np.maximum(n_true - n_said, 0).sum()
    extra = np.maximum(n_said - n_true, 0).sum()
    both = np.minimum(n_true, n_said).sum()
    return DiarisationError(*(float(value) * STEP_S for value in (n_true.sum(), missed, extra, both - agreed)))


def _collars(reference: Mapping[str, Sequence[Span]], duration_s: float) -> list[Span]:
    edges = [edge for spans in reference.values() for span in spans for edge in (span.start_s, span.end_s)]
    return [Span(max(0.0, edge - COLLAR_S), min(duration_s, edge + COLLAR_S)) for edge in edges if edge < duration_s]


def _agreed(together: NDArray[np.int64]) -> int:
    """Answer the most points that a mapping of speakers to voices, one to one, can make agree."""
    if together.shape[0] > together.shape[1]:
        together = together.T
    few, many = together.shape
    return max(int(together[np.arange(few), order].sum()) for order in permutations(range(many), few))


def read_rttm(path: Path) -> dict[str, list[Span]]:
    """Read who speaks when, by speaker, from an RTTM file."""
    speakers: dict[str, list[Span]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        _, _, _, start, length, _, _, speaker, *_ = line.split()
        speakers.setdefault(speaker, []).append(Span(float(start), float(start) + float(length)))
    return speakers


def overlap_flags(reference: Iterable[Sequence[Span]], duration_s: float) -> Flags:
    """Answer ``(n,) bool`` on the grid: whether more than one speaks."""
    several: Flags = np.sum([flags(spans, duration_s) for spans in reference], axis=0) > 1
    return several
