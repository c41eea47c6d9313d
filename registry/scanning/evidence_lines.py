"""Evidence as JSON holds it: one object for each recording; the names are a public contract."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from registry.domain.scores import (
    CohortPosition,
    EvidenceOutcome,
    Log10LR,
    PerformerEvidence,
    Reason,
    RecordingEvidence,
    SegmentEvidence,
    Span,
)

_SHOWN_OUTCOMES: Final = (EvidenceOutcome.MATCH.value, EvidenceOutcome.SOUND_ALIKE.value)


def evidence_line(evidence: RecordingEvidence) -> dict[str, Any]:
    """Answer the evidence as JSON holds it; the names are a public contract."""
    return {
        "duration_s": round(evidence.duration_s, 3),
        "speech_s": round(evidence.speech_s, 3),
        "outcome": evidence.outcome.value,
        "reasons": [_reason(reason) for reason in evidence.reasons],
        "candidates": [_candidate(candidate) for candidate in evidence.candidates],
        "threshold_log10_lr": round(evidence.operating_point.threshold_log10_lr, 4),
        "overlaps": [_span(span) for span in evidence.overlaps],
    }


def _candidate(candidate: PerformerEvidence) -> dict[str, Any]:
    return {
        "performer": candidate.performer_id,
        "outcome": candidate.outcome.value,
        "log10_lr": round(candidate.log10_lr, 4),
        "engines": {encoder: round(value, 4) for encoder, value in candidate.engines.items()},
        "cohort_percentile": round(candidate.cohort_percentile, 3),
        "cohort": None if candidate.cohort is None else _cohort(candidate.cohort),
        "segments": [{**_span(segment.span), "log10_lr": round(segment.log10_lr, 4)} for segment in candidate.segments],
        "reasons": [_reason(reason) for reason in candidate.reasons],
    }


def _span(span: Span) -> dict[str, float]:
    return {"start_s": round(span.start_s, 3), "end_s": round(span.end_s, 3)}


def _cohort(position: CohortPosition) -> dict[str, Any]:
    return {
        "group": position.group,
        "voices": position.size,
        "at_least_as_close": round(position.at_least_as_close, 2),
        "ci95": [round(end, 2) for end in position.interval],
    }


def _reason(reason: Reason) -> dict[str, Any]:
    return {"code": reason.code, "detail": reason.detail, "figures": dict(reason.figures)}


def candidate_of(written: Mapping[str, Any]) -> PerformerEvidence:
    """Read one candidate of `evidence_line`, as policy takes it: rounded as it was written, and without its cohort."""
    return PerformerEvidence(
        performer_id=written["performer"],
        outcome=EvidenceOutcome(written["outcome"]),
        log10_lr=Log10LR(written["log10_lr"]),
        engines={encoder: Log10LR(value) for encoder, value in written["engines"].items()},
        cohort_percentile=written["cohort_percentile"],
        segments=tuple(
            SegmentEvidence(Span(one["start_s"], one["end_s"]), Log10LR(one["log10_lr"])) for one in written["segments"]
        ),
        reasons=tuple(Reason.of_json(reason) for reason in written["reasons"]),
    )


def columns_of(line: dict[str, Any]) -> dict[str, Any]:
    """Answer what a row says of evidence."""
    shown_as = [one for outcome in _SHOWN_OUTCOMES for one in line["candidates"] if one["outcome"] == outcome]
    return {
        "duration_s": line["duration_s"],
        "speech_s": line["speech_s"],
        "outcome": line["outcome"],
        "performer": shown_as[0]["performer"] if shown_as else "",
        "log10_lr": float(shown_as[0]["log10_lr"]) if shown_as else float("nan"),
        "reasons": " ".join(sorted({reason["code"] for reason in line["reasons"]})),
        "evidence": json.dumps(line, ensure_ascii=False, allow_nan=False, separators=(",", ":")),
    }
