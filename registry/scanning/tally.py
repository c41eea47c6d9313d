"""Counting rows: the figures of a summary, made from the rows alone, so that anybody can make them again."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry.domain.scores import EvidenceOutcome
from registry.domain.verdicts import PERMITTED, Verdict
from registry.scanning.results import LAYOUT_VERSION, ResultRow, Status

COVERED = PERMITTED | {Verdict.EXPLAINED_BY_DECLARED_SOURCE}
"""Verdicts on a match that nobody needs to look at."""

HEARD = frozenset({EvidenceOutcome.MATCH, EvidenceOutcome.SOUND_ALIKE})


@dataclass(frozen=True, slots=True)
class Heard:
    """One performer in one row.

    Attributes:
        performer: who.
        outcome: ``match`` or ``sound_alike``.
        verdict: on this performer; ``not_assessed`` where no licences were asked.
        licence_id: that the verdict rests on, or empty.
        reasons: codes of the verdict's reasons.
        log10_lr: of the performer in the recording.
        segments: where, as start, end, log10 LR.
    """

    performer: str
    outcome: EvidenceOutcome
    verdict: Verdict
    licence_id: str
    reasons: tuple[str, ...]
    log10_lr: float
    segments: tuple[tuple[float, float, float], ...]

    @property
    def seconds(self) -> float:
        """Length of the segments together."""
        return sum(end - start for start, end, _ in self.segments)

    @property
    def is_flagged(self) -> bool:
        """Whether it is a match that nothing covers."""
        return self.outcome is EvidenceOutcome.MATCH and self.verdict not in COVERED


def heard_in(row: ResultRow) -> list[Heard]:
    """Answer the performers who are matched or resembled in a row, best first."""
    if row.outcome not in HEARD:
        return []
    candidates = json.loads(row.evidence)["candidates"]
    return [_heard(candidate) for candidate in candidates if candidate["outcome"] in HEARD]


def _heard(candidate: Mapping[str, Any]) -> Heard:
    return Heard(
        performer=candidate["performer"],
        outcome=EvidenceOutcome(candidate["outcome"]),
        verdict=Verdict(candidate.get("verdict", Verdict.NOT_ASSESSED)),
        licence_id=candidate.get("licence_id") or "",
        reasons=tuple(_code(reason) for reason in candidate.get("verdict_reasons") or ()),
        log10_lr=candidate["log10_lr"],
        segments=tuple((one["start_s"], one["end_s"], one["log10_lr"]) for one in candidate["segments"]),
    )


def _code(reason: Mapping[str, Any] | str) -> str:
    return reason if isinstance(reason, str) else str(reason["code"])


def is_flagged(row: ResultRow) -> bool:
    """Whether somebody is matched in a row whose use nothing covers. A sound-alike alone flags nothing."""
    return any(heard.is_flagged for heard in heard_in(row))


def is_for_review(row: ResultRow) -> bool:
    """Whether nobody is matched without cover, but somebody sounds alike."""
    heard = heard_in(row)
    return not any(one.is_flagged for one in heard) and any(one.outcome is EvidenceOutcome.SOUND_ALIKE for one in heard)


@dataclass
class _Total:
    files: int = 0
    seconds: float = 0.0
    distinct_files: int = 0
    distinct_seconds: float = 0.0
    strongest: float = -math.inf

    def add(self, heard: Heard, *, distinct: bool) -> None:
        self.files += 1
        self.strongest = max(self.strongest, heard.log10_lr)
        self.seconds += heard.seconds
        if distinct:
            self.distinct_files += 1
            self.distinct_seconds += heard.seconds

    def as_json(self) -> dict[str, float]:
        return {
            "files": self.files,
            "seconds": round(self.seconds, 3),
            "distinct_files": self.distinct_files,
            "distinct_seconds": round(self.distinct_seconds, 3),
            "strongest_log10_lr": self.strongest,
        }


class Tally:
    """Counts over rows, in memory that grows with the gallery and not with the rows.

    Attributes:
        rows: counted so far.
        flagged: rows with a match that nothing covers.
        for_review: other rows with a sound-alike.
        statuses, outcomes, verdicts, errors, not_scanned: how many rows of each; `not_scanned` by reason.
    """

    def __init__(self) -> None:
        self.rows = self.flagged = self.for_review = self.bytes = 0
        self.statuses: Counter[str] = Counter({status.value: 0 for status in Status})
        self.outcomes: Counter[str] = Counter()
        self.verdicts: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.not_scanned: Counter[str] = Counter()
        self.audio_s = self.speech_s = 0.0
        self._performers: dict[str, dict[tuple[str, str, str], _Total]] = {}

    @property
    def failed(self) -> int:
        """Rows that ended in an error."""
        return self.statuses[Status.FAILED.value]

    def add(self, row: ResultRow) -> None:
        """Count the next row."""
        self.rows += 1
        self.statuses[row.status.value] += 1
        self.errors.update([row.error] if row.error else [])
        self.outcomes.update([row.outcome] if row.outcome else [])
        self.verdicts.update([row.verdict] if row.verdict else [])
        if row.status is Status.NOT_SCANNED:
            self.not_scanned.update([row.reasons])
        if row.status is Status.ASSESSED:
            self.bytes += row.size
            self.audio_s += row.duration_s
            self.speech_s += row.speech_s
        self.flagged += is_flagged(row)
        self.for_review += is_for_review(row)
        for heard in heard_in(row):
            key = (heard.outcome.value, heard.verdict.value, heard.licence_id)
            total = self._performers.setdefault(heard.performer, {}).setdefault(key, _Total())
            total.add(heard, distinct=row.status is Status.ASSESSED)

    def as_json(self) -> dict[str, Any]:
        """Answer the counts as a summary holds them; sums are rounded to the millisecond."""
        return {
            "layout": LAYOUT_VERSION,
            "rows": self.rows,
            "statuses": dict(self.statuses),
            "outcomes": dict(sorted(self.outcomes.items())),
            "verdicts": dict(sorted(self.verdicts.items())),
            "errors": dict(sorted(self.errors.items())),
            "not_scanned": dict(sorted(self.not_scanned.items())),
            "flagged": self.flagged,
            "for_review": self.for_review,
            "bytes": self.bytes,
            "audio_s": round(self.audio_s, 3),
            "speech_s": round(self.speech_s, 3),
            "performers": {name: _findings(found) for name, found in sorted(self._performers.items())},
        }


def _findings(found: Mapping[tuple[str, str, str], _Total]) -> list[dict[str, Any]]:
    return [
        {"outcome": outcome, "verdict": verdict, "licence_id": licence_id} | total.as_json()
        for (outcome, verdict, licence_id), total in sorted(found.items())
    ]
