"""Evidence: whose voice is in a recording, and how sure we are. Never whether the use was allowed.

Strength is a log10 likelihood ratio: how many powers of ten likelier the recording is if this performer spoke than if
somebody else of the relevant population did. It is calibrated, and capped at what its validation supports. A raw
cosine never leaves the engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NewType

Log10LR = NewType("Log10LR", float)
"""A calibrated log10 likelihood ratio: positive supports the same speaker, negative another one."""

FalsePositiveRate = NewType("FalsePositiveRate", float)
"""A rate in [0, 1]."""


class EvidenceOutcome(StrEnum):
    """What the evidence supports, from the engine's side."""

    MATCH = "match"  # same speaker supported
    SOUND_ALIKE = "sound_alike"  # resembles more than the cohort does, same speaker not supported
    NO_MATCH = "no_match"
    INCONCLUSIVE = "inconclusive"  # the reasons say why


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of time, ``0 <= start_s < end_s``, in seconds from the beginning of the recording."""

    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        if not 0 <= self.start_s < self.end_s:
            raise ValueError(f"not a span: {self.start_s} to {self.end_s}")

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something was decided: a stable code for machines, one sentence for people, and the figures in it.

    Attributes:
        code: snake_case, part of the public interface, only grows.
        detail: one English sentence.
        figures: numbers and names that the sentence rests on.
    """

    code: str
    detail: str
    figures: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """Answer the reason as it is stored and sent."""
        return {"code": self.code, "detail": self.detail, "figures": dict(self.figures)}

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> Reason:
        """Read what `as_json` wrote; figures may be left out."""
        return cls(str(stored["code"]), str(stored["detail"]), dict(stored.get("figures") or {}))


@dataclass(frozen=True, slots=True)
class SegmentEvidence:
    """Where in the recording a performer is heard, and how strongly there."""

    span: Span
    log10_lr: Log10LR


@dataclass(frozen=True, slots=True)
class CohortPosition:
    """How a performer stands among comparable voices that are known not to be in the recording.

    Attributes:
        group: which part of the cohort is comparable.
        size: voices in it.
        at_least_as_close: how many of them are expected to be as close to the recording as the performer, or closer.
        interval: 95 % interval of that number.
    """

    group: str
    size: int
    at_least_as_close: float
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class PerformerEvidence:
    """What the engine has to say about one performer in one recording.

    Attributes:
        performer_id: the gallery's name of the performer.
        outcome: what the evidence supports.
        log10_lr: fused over engines; capped.
        engines: the same per encoder id (``ge2e``, ``campplus``).
        cohort_percentile: share in [0, 100] of comparable cohort voices that are less close to this recording.
        segments: where, in time order; empty when nothing was localised.
        reasons: why this outcome.
        cohort: what the percentile rests on; None where evidence was kept without it.
    """

    performer_id: str
    outcome: EvidenceOutcome
    log10_lr: Log10LR
    engines: Mapping[str, Log10LR]
    cohort_percentile: float
    segments: tuple[SegmentEvidence, ...]
    reasons: tuple[Reason, ...]
    cohort: CohortPosition | None = None


@dataclass(frozen=True, slots=True)
class EngineIdentity:
    """What made the evidence, so that it can be made again.

    Attributes:
        version: of the pipeline.
        spaces: one id per encoder, which fixes weights and preprocessing.
        calibration: id (SHA-256 prefix) of the calibration artefact.
        device: ``cpu`` or ``cuda``.
    """

    version: str
    spaces: tuple[str, ...]
    calibration: str
    device: str


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """The decision threshold and where it came from.

    Attributes:
        target_fpir: wanted chance that a recording of nobody in the gallery brings up a match.
        gallery_size: performers searched.
        threshold_log10_lr: what a candidate must reach to be a match, at this gallery size.
    """

    target_fpir: FalsePositiveRate
    gallery_size: int
    threshold_log10_lr: Log10LR


@dataclass(frozen=True, slots=True)
class RecordingEvidence:
    """Everything the engine says about one recording.

    Attributes:
        duration_s: of the recording.
        speech_s: net speech found in it.
        outcome: the strongest outcome among the candidates, or ``inconclusive`` for the recording as a whole.
        reasons: why, for the recording as a whole.
        candidates: best first; at least the top five where the gallery has five, also when nothing matches.
        operating_point: the threshold used.
        engine: what made it.
        overlaps: where several people speak at once, in time order; whose voices these are is not said.
    """

    duration_s: float
    speech_s: float
    outcome: EvidenceOutcome
    reasons: tuple[Reason, ...]
    candidates: tuple[PerformerEvidence, ...]
    operating_point: OperatingPoint
    engine: EngineIdentity
    overlaps: tuple[Span, ...] = ()
