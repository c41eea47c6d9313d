"""What came of a scan that the registry's workers ran: one row for every input."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Self

from pydantic import ConfigDict, Field

from api.paging import NumberedQuery
from api.schemas import examples
from api.schemas.base import Answer, Page, PerformerId, Query, ScanId, omissible
from api.schemas.examples import Example
from api.schemas.findings import PerformerName
from registry.domain.scores import EvidenceOutcome
from registry.domain.verdicts import Verdict
from registry.scanning.changes import Cause, Change, Difference, Said
from registry.scanning.results import ResultRow, Status
from registry.scanning.served_coverage import Covered
from registry.scanning.served_rows import LONGEST_TEXT, RowOrder, RowsWanted
from registry.scanning.words import Language

if TYPE_CHECKING:
    from registry.scanning.compare import Comparison

ROW_EXAMPLE: Example = {
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
    error: str | None = omissible(
        pattern=r"^[a-z_]{1,60}$", description="Only rows that this went wrong with, by its code."
    )
    performer_id: PerformerId | None = omissible(
        description="Only rows in which this performer was found, and may still be spoken of."
    )
    text: str | None = omissible(
        max_length=LONGEST_TEXT, description="Only rows whose name has this in it, in capitals or not."
    )
    order: RowOrder = Field(
        default=RowOrder.SOURCE,
        description="`source`: as the source has them; `strongest`: by the evidence on the performer of the row; "
        "`longest`: by the length of the recording.",
    )

    def wanted(self) -> RowsWanted:
        """Answer the rows that are asked for, and one more.

        Raises:
            CursorError: the cursor was not made for this list.
        """
        told = {"verdict": self.verdict, "status": self.status, "outcome": self.outcome}
        where = {column: value.value for column, value in told.items() if value is not None}
        return RowsWanted(
            after=self.after(first=0),
            limit=self.limit + 1,
            where=where | ({"error": self.error} if self.error else {}),
            performer=self.performer_id,
            text=self.text or "",
            order=self.order,
        )

    def last(self, found: Sequence[ResultRow]) -> int:
        """Answer what the next page begins after: the last number, or how far it is in another order."""
        shown = found[: self.limit]
        if self.order is RowOrder.SOURCE:
            return shown[-1].number if shown else -1
        return self.after(first=0) + len(shown)


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

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [ROW_EXAMPLE], "next_cursor": None}]})

    items: list[ScanRowOut]


def _figure(value: float) -> float | None:
    return None if math.isnan(value) else value


# --- coverage and differences ----------------------------------------------------------------------------------------

_COVERED: Example = {
    "performer": {"id": examples.PERFORMER, "name": "Marta Calder"},
    "matched_files": 3,
    "matched_s": 31.4,
    "flagged_files": 2,
    "resembled_files": 1,
    "strongest_log10_lr": 4.1,
    "expected_false_hits": 0.12,
}


class CoveredOut(Answer):
    """How often one performer was found in a scan."""

    performer: PerformerName
    matched_files: int = Field(description="Recordings in which the same voice is supported.")
    matched_s: float = Field(description="Seconds of these in which they are heard.")
    flagged_files: int = Field(description="Of these recordings, those that nothing covers.")
    resembled_files: int = Field(description="Recordings in which the voice is like theirs; more is not supported.")
    strongest_log10_lr: float = Field(description="The strongest evidence on them.")
    expected_false_hits: float = Field(
        description="Recordings of somebody else that chance alone may have brought up as theirs, were every recording "
        "of somebody who is not enrolled, and everybody enrolled as likely as another."
    )

    @classmethod
    def of(cls, found: Covered, people: Mapping[str, PerformerName]) -> Self:
        """Describe a performer in a scan."""
        said = {name: value for name, value in asdict(found).items() if name != "performer_id"}
        who = people.get(found.performer_id, PerformerName(id=found.performer_id, name=None))
        return cls(performer=who, **said)


class CoveragePage(Page):
    """Everybody who was found in a scan, who is matched in most recordings first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_COVERED], "next_cursor": None}]})

    items: list[CoveredOut]


_SAID: Example = {"outcome": "match", "verdict": "unlicensed_match", "log10_lr": 3.1}
_DIFFERENCE: Example = {
    "change": "new",
    "name": "scene-14/take-2.wav",
    "sha256": examples.DIGEST,
    "performer_id": examples.PERFORMER,
    "before": _SAID | {"outcome": "no_match", "verdict": "", "log10_lr": None},
    "now": _SAID,
    "causes": ["gallery"],
}


class DifferencesQuery(NumberedQuery):
    """With which scan."""

    earlier: ScanId = Field(description="The scan that it is compared with; both of one's own.")
    change: Change | None = omissible(description="Only differences of this kind.")


class SaidOut(Answer):
    """What one scan says of a performer in a recording, or of the recording as a whole."""

    outcome: str = Field(description="Of the evidence; the code of an error; or `not_scanned`.")
    verdict: str = Field(description="Empty where there is none.")
    log10_lr: float | None


class DifferenceOut(Answer):
    """One thing that changed from the earlier scan to the later one."""

    change: Change = Field(description="`new`: flagged now and not before; `resolved`: the reverse; else `changed`.")
    name: str
    sha256: str = Field(description="Of the recording's bytes; empty where they were not read.")
    performer_id: str = Field(description="Whom it is about; empty for the recording as a whole.")
    before: SaidOut | None = Field(description="Null where the earlier scan has no such recording.")
    now: SaidOut | None = Field(description="Null where the later one has none.")
    causes: list[Cause] = Field(description="Why it may be so. Several may hold; none is shown to be the only one.")

    @classmethod
    def of(cls, found: Difference) -> Self:
        """Describe a difference."""
        return cls(
            change=found.change,
            name=found.name,
            sha256=found.sha256,
            performer_id=found.performer,
            before=_said(found.before),
            now=_said(found.now),
            causes=list(found.causes),
        )


class SettingOut(Answer):
    """Something that differs in how the two scans were made."""

    name: str
    before: str
    now: str


class DifferencePage(Page):
    """What changed from the earlier scan to the later one; what differs in how they were made is on every page."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "setting": [{"name": "gallery", "before": examples.DIGEST, "now": examples.DIGEST}],
                    "counts": {"new": 1, "resolved": 0, "changed": 0, "unchanged": 1199},
                    "items": [_DIFFERENCE],
                    "next_cursor": None,
                }
            ]
        }
    )

    setting: list[SettingOut] = Field(description="Gallery, engine, calibration, operating point: what differs.")
    counts: dict[str, int] = Field(description="`new`, `resolved`, `changed`; and contents that are `unchanged`.")
    items: list[DifferenceOut]


def _said(said: Said | None) -> SaidOut | None:
    return None if said is None else SaidOut(outcome=said.outcome, verdict=said.verdict, log10_lr=said.log10_lr)


def settings_of(comparison: Comparison) -> list[SettingOut]:
    """Describe what differs in how two scans were made; what is no text is written as JSON."""
    return [
        SettingOut(name=name, before=_written(before), now=_written(now))
        for name, (before, now) in comparison.setting.items()
    ]


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
