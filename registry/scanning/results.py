"""What a scan leaves behind: one row for every input, in a folder whose layout is part of the public interface.

    OUT/plan.json              what was asked, of whom, with which engine; written before the first recording is heard
    OUT/manifest/*.parquet     every input in order, frozen; the hash of the manifest is over these rows
    OUT/shards/*.parquet       finished rows, so many inputs a shard; a shard that is there is whole
    OUT/heard/*.parquet        while a scan runs on Ray: rows that came before those that they follow
    OUT/results.parquet        all rows in order; written when every shard is there, and .jsonl, .csv on request
    OUT/summary.json           counts that reconcile with the manifest
    OUT/findings.jsonl         the rows with somebody in them, for a registry to take
    OUT/report.html, report.ko.html, report.json   for people; and signed, for `likeness scan verify`

Every file is written under a temporary name and renamed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self

PLAN: Final = "plan.json"
MANIFEST: Final = "manifest"
SHARDS: Final = "shards"
HEARD: Final = "heard"
RESULTS: Final = "results.parquet"
SUMMARY: Final = "summary.json"
REPORT: Final = "report.json"
FINDINGS: Final = "findings.jsonl"
LAYOUT_VERSION: Final = 1


class Status(StrEnum):
    """How an input ended. Every one ends in exactly one way."""

    ASSESSED = "assessed"  # heard, and compared with the gallery
    DUPLICATE = "duplicate"  # the same bytes as an earlier input, whose answer it has
    FAILED = "failed"  # `error` says why
    NOT_SCANNED = "not_scanned"  # left out by --limit or --sample


@dataclass(frozen=True, slots=True)
class InputRow:
    """One line of the frozen manifest.

    Attributes:
        number: from 0, in the order of the source.
        name: what people call it: the path below the source, or the key of the manifest's own row.
        locator: where it is read from: a path, an fsspec URL, or ``ARCHIVE::MEMBER`` for a member of a tar.
        size: bytes, where the source says so without reading; -1 where not.
        group: stratum for sampling; empty without one.
        declared_use: as the manifest says, or the scan's own; empty is not declared.
        project: the same.
        licence: a licence that is claimed for it; empty for none.
        text: a prompt or transcript that came with it; empty for none.
        problem: slug of what is already wrong with the row itself (a missing column, a duplicate key); empty if
            nothing.
        problem_detail: in one sentence.
        offset: where the bytes of a tar's member begin in the tar; -1 for anything else.
    """

    number: int
    name: str
    locator: str
    size: int = -1
    group: str = ""
    declared_use: str = ""
    project: str = ""
    licence: str = ""
    text: str = ""
    problem: str = ""
    problem_detail: str = ""
    offset: int = -1


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One line of the results.

    Attributes:
        number, name, locator: of the input.
        status: how it ended.
        sha256: of the bytes that were read; empty where none were.
        size: bytes that were read; 0 where none were.
        duplicate_of: number of the earlier input with the same bytes; -1 for none.
        duration_s, speech_s: of the recording; NaN where it was not heard.
        outcome: `EvidenceOutcome`; empty where it was not heard.
        verdict: the gravest `Verdict` over performers; ``not_assessed`` where no licences could be asked; empty where
            the recording was not heard.
        performer: who is matched, or else resembles most as a sound-alike; empty for nobody.
        log10_lr: of that performer; NaN for nobody.
        reasons: codes, of evidence and verdict, space-separated, sorted.
        evidence: JSON as ``likeness identify`` writes it, without ``file``; each candidate that policy ruled on has
            ``verdict``, ``verdict_reasons`` and ``licence_id`` besides. Empty where it was not heard.
        error: slug of what went wrong; empty if nothing did.
        error_detail: in one sentence.
        declared_use, project, licence: as in the input.
    """

    number: int
    name: str
    locator: str
    status: Status
    sha256: str = ""
    size: int = 0
    duplicate_of: int = -1
    duration_s: float = float("nan")
    speech_s: float = float("nan")
    outcome: str = ""
    verdict: str = ""
    performer: str = ""
    log10_lr: float = float("nan")
    reasons: str = ""
    evidence: str = ""
    error: str = ""
    error_detail: str = ""
    declared_use: str = ""
    project: str = ""
    licence: str = ""

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Self:
        """Read what `as_record` made."""
        return cls(**{**record, "status": Status(record["status"])})

    def as_record(self) -> dict[str, Any]:
        """Answer the row as tables hold it."""
        return {**asdict(self), "status": self.status.value}


def shard_path(out: Path, number: int) -> Path:
    """Answer where the rows of a shard are."""
    return out / SHARDS / f"{number:08d}.parquet"
