"""What came of a scan that the registry's workers ran: one row for every input."""

from __future__ import annotations

import json
import math
from typing import Any, Self

from pydantic import ConfigDict, Field

from api.paging import NumberedQuery
from api.schemas import examples
from api.schemas.base import Answer, Page, Query, omissible
from api.schemas.examples import Example
from registry.domain.scores import EvidenceOutcome
from registry.domain.verdicts import Verdict
from registry.scanning.results import ResultRow, Status
from registry.scanning.words import Language

_EXAMPLE: Example = {
    "number": 17,
    "name": "scene-14/take-2.wav",
    "status": "assessed",
    "sha256": examples.DIGEST,
    "size_bytes": 1_152_044,
    "duplicate_of": None,
    "duration_s": 13.0,
    "speech_s": 11.6,
    "outcome": "match",
    "verdict": "unlicensed_match",
    "performer_id": examples.PERFORMER,
    "log10_lr": 3.49,
    "reasons": ["no_licence"],
    "evidence": {
        "duration_s": 13.0,
        "speech_s": 11.6,
        "outcome": "match",
        "candidates": [
            {
                "performer": examples.PERFORMER,
                "outcome": "match",
                "log10_lr": 3.4878,
                "segments": [{"start_s": 0.2, "end_s": 12.4, "log10_lr": 3.4878}],
                "verdict": "unlicensed_match",
            }
        ],
    },
    "error": None,
    "error_detail": None,
    "declared_use": "advertising medium=radio territory=GB language=en",
    "project": "Spring",
    "licence": "",
}


class RowsQuery(NumberedQuery):
    """Which rows."""

    verdict: Verdict | None = omissible(description="Only rows with this verdict.")
    status: Status | None = omissible(description="Only rows that ended so.")
    outcome: EvidenceOutcome | None = omissible(description="Only rows with this outcome.")

    def where(self) -> dict[str, str]:
        """Answer the value that each column must have."""
        wanted = {"verdict": self.verdict, "status": self.status, "outcome": self.outcome}
        return {column: value.value for column, value in wanted.items() if value is not None}


class PageLanguage(Query):
    """In which language."""

    lang: Language = Field(default=Language.EN, description="Of the page: `en` or `ko`.")


class ScanRowOut(Answer):
    """One input, and what came of it."""

    number: int = Field(description="Of the input, from 0, in the order of the source.")
    name: str
    status: Status = Field(description="How it ended; every input ends in exactly one way.")
    sha256: str | None = Field(description="Of the bytes that were read.")
    size_bytes: int
    duplicate_of: int | None = Field(description="The earlier row with the same bytes, whose answer it has.")
    duration_s: float | None
    speech_s: float | None
    outcome: EvidenceOutcome | None
    verdict: Verdict | None = Field(description="The gravest over performers.")
    performer_id: str | None = Field(description="Who is matched, or else resembles most.")
    log10_lr: float | None = Field(description="Of that performer.")
    reasons: list[str] = Field(description="Codes, of the evidence and of the verdict.")
    evidence: dict[str, Any] | None = Field(description="As `likeness identify` writes it, with a verdict for each.")
    error: str | None = Field(description="A stable code of what went wrong.")
    error_detail: str | None
    declared_use: str
    project: str
    licence: str

    @classmethod
    def of(cls, row: ResultRow) -> Self:
        """Describe a row."""
        return cls(
            number=row.number,
            name=row.name,
            status=row.status,
            sha256=row.sha256 or None,
            size_bytes=row.size,
            duplicate_of=None if row.duplicate_of < 0 else row.duplicate_of,
            duration_s=_figure(row.duration_s),
            speech_s=_figure(row.speech_s),
            outcome=EvidenceOutcome(row.outcome) if row.outcome else None,
            verdict=Verdict(row.verdict) if row.verdict else None,
            performer_id=row.performer or None,
            log10_lr=_figure(row.log10_lr),
            reasons=row.reasons.split(),
            evidence=json.loads(row.evidence) if row.evidence else None,
            error=row.error or None,
            error_detail=row.error_detail or None,
            declared_use=row.declared_use,
            project=row.project,
            licence=row.licence,
        )


class ScanRowPage(Page):
    """Rows of a scan, in the order of its source."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next_cursor": None}]})

    items: list[ScanRowOut]


def _figure(value: float) -> float | None:
    return None if math.isnan(value) else value
