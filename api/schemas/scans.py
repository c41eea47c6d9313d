"""Scans: batches of recordings that were searched, where they are or by the registry's workers."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any, Self

from pydantic import ConfigDict, Field, model_validator

from api.schemas import examples
from api.schemas.base import (
    Answer,
    Form,
    Line,
    Moment,
    OrganisationId,
    Page,
    Path,
    ProblemRecord,
    Query,
    Version,
    omissible,
)
from api.schemas.examples import Example
from api.uploads import File
from registry.domain.gallery_files import SearchPurpose
from registry.domain.scan_requests import ScanRequest
from registry.domain.scans import ScanOrigin, ScanState
from registry.errors import InvalidInputError
from registry.scanning.foreseen import Foreseen
from registry.store.scans import LONGEST_TEXT, Scan

EXAMPLE: Example = {
    "id": examples.SCAN,
    "organisation_id": examples.ORGANISATION,
    "origin": "reported",
    "state": "done",
    "kind": "catalogue",
    "gallery_file_id": examples.GALLERY_FILE,
    "request": None,
    "rows": 1200,
    "rows_done": 1200,
    "audio_s": 86_400.0,
    "failed": 3,
    "flagged": 2,
    "findings": 5,
    "unresolved": 0,
    "summary": {
        "rows": 1200,
        "statuses": {"assessed": 1190, "duplicate": 7, "failed": 3, "not_scanned": 0},
        "outcomes": {"match": 5, "no_match": 1192},
        "errors": {"media_truncated": 3},
        "not_scanned": {},
        "flagged": 5,
        "for_review": 0,
        "bytes": 9_216_000_000,
        "audio_s": 86_400.0,
        "speech_s": 71_020.5,
    },
    "engine": {"version": "1", "spaces": ["ge2e", "campplus"], "calibration": "9f86d081884c", "device": "cpu"},
    "manifest_sha256": examples.DIGEST,
    "results_sha256": examples.DIGEST,
    "report_sha256": examples.DIGEST,
    "signed_by": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
    "problem": None,
    "created_at": examples.NEXT_DAY,
    "started_at": examples.NOW,
    "finished_at": examples.LATER,
    "has_rows": False,
    "rows_received_at": None,
    "version": 1,
}


class ScanPath(Path):
    """Which scan."""

    scan_id: str = Field(examples=[examples.SCAN])


class NewScan(Form):
    """A scan that was made: `report` and `findings`; or one that is wanted: `root`, and what else is said of it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"report": "(report.json)", "findings": "(findings.jsonl)"}]}
    )

    report: File | None = omissible(description="`report.json` of a scan's folder.")
    findings: File | None = omissible(description="`findings.jsonl` of the same folder.")
    root: Line | None = omissible(description="A root that the operator lets your organisation scan.")
    path: str | None = omissible(max_length=LONGEST_TEXT, description="A folder, list or archive below it.")
    kind: SearchPurpose | None = omissible(description="What the recordings are; `catalogue` unless it is said.")
    organisation_id: OrganisationId | None = omissible(description="Who uses them, where an operator asks.")
    declared_use: str | None = omissible(max_length=LONGEST_TEXT, description="Of inputs that declare no use.")
    project: str | None = omissible(max_length=LONGEST_TEXT, description="Of inputs that name none.")
    column: list[str] = Field(
        default=[], max_length=20, description="Which column of a list stands for what, as `FIELD=COLUMN`; repeat it."
    )
    limit: int | None = omissible(ge=1, description="Scan the first so many inputs only.")
    sample: int | None = omissible(ge=1, description="Scan so many inputs only, drawn at random.")
    stratify: str | None = omissible(max_length=LONGEST_TEXT, description="Draw from each value of this column.")
    seed: int | None = omissible(ge=0, description="Of the draw.")
    as_of: date | None = omissible(description="Ask consents and licences as they stood at the end of that day.")
    target_fpir: float | None = omissible(
        gt=0,
        lt=0.5,
        description="Wanted chance that a recording of nobody enrolled brings up a match: at most the one in force, "
        "which it is where nothing is said.",
    )

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        reported, wanted = {"report", "findings"}, self.model_fields_set - {"report", "findings"}
        if not (reported <= self.model_fields_set and not wanted) and not (
            "root" in wanted and not reported & self.model_fields_set
        ):
            raise ValueError("send report and findings of a scan that was made, or root of one that is wanted")
        return self

    def request(self) -> ScanRequest:
        """Answer the scan that is wanted.

        Raises:
            InvalidInputError: a column is not ``FIELD=COLUMN``, or named twice.
        """
        said = self.model_dump(exclude_none=True, exclude={"report", "findings", "column"})
        return ScanRequest(**said, columns=_columns(self.column))


def _columns(given: list[str]) -> dict[str, str]:
    named: dict[str, str] = {}
    for each in given:
        field, mark, column = each.partition("=")
        if not mark or not column or field in named:
            raise InvalidInputError(f"{each!r} is not FIELD=COLUMN, each field once", column=each)
        named[field] = column
    return named


class ScanOut(Answer):
    """A batch of recordings that was searched. Its findings are at `/v1/findings?scan_id=…`."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: str
    organisation_id: str = Field(description="Whose recordings they are.")
    origin: ScanOrigin = Field(description="Whether the organisation reports it, or the registry's workers run it.")
    state: ScanState
    kind: SearchPurpose
    gallery_file_id: str | None = Field(description="What was searched, where the recordings are.")
    request: dict[str, Any] | None = Field(description="What workers were asked for.")
    rows: int = Field(description="Inputs; each ends in exactly one way.")
    rows_done: int
    audio_s: float
    failed: int = Field(description="Inputs that could not be used.")
    flagged: int = Field(description="Recordings with a match that nothing covers, by the registry's policy.")
    findings: int = Field(description="One for each performer in each recording.")
    unresolved: int = Field(description="Times that somebody was found of whom nothing may be said any more.")
    summary: dict[str, Any] | None = Field(description="The scan's own counts, before policy was asked.")
    engine: dict[str, Any] | None = Field(description="What made the evidence, so that it can be made again.")
    manifest_sha256: str | None
    results_sha256: str | None
    report_sha256: str | None = Field(description="Of what the report signs: the payload of its JWS.")
    signed_by: str | None = Field(description="RFC 7638 thumbprint of the key that signed the report.")
    problem: ProblemRecord | None = Field(description="Why it could not go on, when it could not.")
    created_at: Moment = Field(description="When the registry learnt of it.")
    started_at: Moment | None
    finished_at: Moment | None
    has_rows: bool = Field(
        description="Whether its rows can be read here; of a scan that is reported, once they were sent."
    )
    rows_received_at: Moment | None = Field(description="When the rows of a scan that is reported were all there.")
    version: Version

    @classmethod
    def of(cls, scan: Scan) -> ScanOut:
        """Describe a scan."""
        members = {name: getattr(scan, name) for name in cls.model_fields if name != "problem"}
        return cls(**members, problem=ProblemRecord.of(scan.problem))


class ScanPage(Page):
    """Scans, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [EXAMPLE], "next_cursor": None}]})

    items: list[ScanOut]


# --- before a scan is asked for --------------------------------------------------------------------------------------


_LONGEST_PATH = 400
"""Characters of a path in an address: of any script, they are fewer bytes than a request line may have."""


class ScanRootOut(Answer):
    """A place whose recordings workers may be asked to scan."""

    name: str = Field(description="By which it is asked for, as `root`.")


class ScanRootPage(Page):
    """Every root that the caller may name; to an operator all of them."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"items": [{"name": "northlight"}], "next_cursor": None}]}
    )

    items: list[ScanRootOut]


class EstimateQuery(Query):
    """A scan that is thought of."""

    root: Line = Field(description="A root that the operator lets your organisation scan.")
    path: str = Field(
        default="",
        max_length=_LONGEST_PATH,
        description="A folder, list or archive below it: an address holds so much.",
    )
    organisation_id: OrganisationId | None = omissible(description="Who uses the recordings, where an operator asks.")
    limit: int | None = omissible(ge=1, description="Scan the first so many inputs only.")
    sample: int | None = omissible(ge=1, description="Scan so many inputs only, drawn at random.")
    seed: int = Field(default=0, ge=0, description="Of the draw.")
    target_fpir: float | None = omissible(
        gt=0, lt=0.5, description="Wanted chance of a match by chance: at most the one in force, which it is otherwise."
    )

    def request(self) -> ScanRequest:
        """Answer the scan that is thought of."""
        return ScanRequest(**self.model_dump(exclude_none=True))


class EstimateOut(Answer):
    """What a scan would come to. Nothing is kept of it: the plan that is made before anything is heard says it anew."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "inputs": 1200,
                    "is_whole": True,
                    "files": 1200,
                    "bytes": 9_216_000_000,
                    "hours": 24.0,
                    "from_headers_of": 32,
                    "enrolled": 412,
                    "target_fpir": 0.01,
                    "expected_false_hits": 12.0,
                }
            ]
        }
    )

    inputs: int = Field(description="That the source has, or as many as were counted.")
    is_whole: bool = Field(
        description="Whether these are all: of more than 100,000, and after 10 s, no more are counted."
    )
    files: int = Field(description="Of these, to be heard.")
    bytes: int = Field(description="Of those whose size is known without reading.")
    hours: float | None = Field(description="Of audio, by the headers of some; null where none said anything.")
    from_headers_of: int
    enrolled: int = Field(description="Performers who have voiceprints now, and so may be searched for.")
    target_fpir: float
    expected_false_hits: float = Field(
        description="Recordings of nobody enrolled that chance alone may bring up as matches: the rate times the files."
    )

    @classmethod
    def of(cls, foreseen: Foreseen) -> Self:
        """Describe what a scan would come to."""
        return cls(**asdict(foreseen))
