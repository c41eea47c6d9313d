"""A scan's folder made of rows, as a scan would leave it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from registry.domain.scores import EvidenceOutcome
from registry.domain.verdicts import Verdict, gravest
from registry.scanning.digest import digest_of_manifest
from registry.scanning.results import (
    MANIFEST,
    PLAN,
    RESULTS,
    SHARDS,
    SUMMARY,
    InputRow,
    ResultRow,
    Status,
    shard_path,
)
from registry.scanning.tables import schema_of
from registry.scanning.tally import Tally

SHARD_ROWS = 4
ASKED = {"organisation": "org_1", "as_of": "2026-11-25T09:00:00+00:00"}
"""What a plan says of whose licences were asked."""


@cache
def card() -> dict[str, Any]:
    """The card of the calibration that ships."""
    content: dict[str, Any] = json.loads(files("registry.engine.artefacts").joinpath("calibration-5.json").read_text())
    return content


def candidate(
    performer: str,
    log10_lr: float = 2.5,
    outcome: str = "match",
    segments: Sequence[tuple[float, float, float]] = ((1.0, 3.5, 2.4),),
    **policy: Any,
) -> dict[str, Any]:
    """One performer as evidence has them; ``policy`` is verdict, verdict_reasons and licence_id."""
    return {
        "performer": performer,
        "outcome": outcome,
        "log10_lr": log10_lr,
        "engines": {"ge2e": log10_lr, "campplus": log10_lr},
        "cohort_percentile": 99.5,
        "cohort": None,
        "segments": [{"start_s": start, "end_s": end, "log10_lr": ratio} for start, end, ratio in segments],
        "reasons": [],
        **policy,
    }


def heard(number: int, name: str, *candidates: dict[str, Any], **others: Any) -> ResultRow:
    """A row that was assessed; with what these candidates make of it."""
    outcomes = [one["outcome"] for one in candidates]
    outcome = next((each for each in EvidenceOutcome if each in outcomes), EvidenceOutcome.NO_MATCH)
    best = candidates[0] if outcome in {"match", "sound_alike"} else None
    verdicts = [Verdict(one.get("verdict", "not_assessed")) for one in candidates]
    evidence = {"duration_s": 10.0, "speech_s": 8.0, "outcome": outcome, "reasons": [], "candidates": candidates}
    row = ResultRow(
        number,
        name,
        f"/media/{name}",
        Status.ASSESSED,
        sha256=f"{number:064x}",
        size=320_000,
        duration_s=10.0,
        speech_s=8.0,
        outcome=outcome.value,
        verdict=gravest(verdicts).value if best else "no_match",
        performer=best["performer"] if best else "",
        log10_lr=best["log10_lr"] if best else float("nan"),
        evidence=json.dumps(evidence),
    )
    return replace(row, **others)


def copy_of(number: int, name: str, earlier: ResultRow) -> ResultRow:
    return replace(
        earlier,
        number=number,
        name=name,
        locator=f"/media/{name}",
        status=Status.DUPLICATE,
        duplicate_of=earlier.number,
    )


def failed(number: int, name: str, slug: str = "media_empty", detail: str = "there are no bytes") -> ResultRow:
    return ResultRow(number, name, f"/media/{name}", Status.FAILED, error=slug, error_detail=detail)


def left_out(number: int, name: str, reason: str = "beyond_limit") -> ResultRow:
    return ResultRow(number, name, f"/media/{name}", Status.NOT_SCANNED, reasons=reason)


def input_of(row: ResultRow) -> InputRow:
    return InputRow(
        row.number,
        row.name,
        row.locator,
        declared_use=row.declared_use,
        project=row.project,
        licence=row.licence,
    )


def plan_of(**others: Any) -> dict[str, Any]:
    return {
        "layout": 1,
        "started_at": "2026-11-25T10:00:00+00:00",
        "source": "/media",
        "kind": "catalogue",
        "options": {"limit": None, "sample": None, "seed": 0, "shard_rows": SHARD_ROWS},
        "gallery": {"id": "ab" * 32, "source": "gallery", "performers": 12, "voiceprints": 30, "warnings": []},
        "engine": {
            "version": "3",
            "spaces": card()["spaces"],
            "calibration": card()["sha256"][:12],
            "device": "cpu",
            "calibration_sha256": card()["sha256"],
            "weights": {"ge2e": "39" * 32, "campplus": "92" * 32},
        },
        "calibration_card": card(),
        "not_validated_for": card()["not_validated_for"],
        "operating_point": {"target_fpir": 0.01, "gallery_size": 12, "threshold_log10_lr": 2.0441},
        "expected_false_hits": 0.1,
        "estimate": {"files": 3, "bytes": 10, "hours": 0.1, "from_headers_of": 3},
        "versions": {"likeness-registry": "0.1.0"},
        **others,
    }


def scanned(out: Path, rows: Sequence[ResultRow], inputs: Sequence[InputRow] | None = None, **plan: Any) -> Path:
    """Write everything but the report."""
    (out / MANIFEST).mkdir(parents=True)
    (out / SHARDS).mkdir()
    write_rows(out / MANIFEST / "00000000.parquet", InputRow, map(asdict, inputs or map(input_of, rows)))
    for number, start in enumerate(range(0, len(rows), SHARD_ROWS)):
        write_results(shard_path(out, number), rows[start : start + SHARD_ROWS])
    write_results(out / RESULTS, rows)
    digest = digest_of_manifest(out)
    told = plan_of(**plan) | {"manifest": {"rows": digest.rows, "sha256": digest.hexdigest()}}
    (out / PLAN).write_text(json.dumps(told), encoding="utf-8")
    write_summary(out, rows)
    return out


def write_summary(out: Path, rows: Iterable[ResultRow]) -> None:
    tally = Tally()
    for row in rows:
        tally.add(row)
    told = tally.as_json() | {"finished_at": "2026-11-25T10:30:00+00:00"}
    (out / SUMMARY).write_text(json.dumps(told), encoding="utf-8")


def write_results(file: Path, rows: Iterable[ResultRow]) -> None:
    write_rows(file, ResultRow, (row.as_record() for row in rows))


def write_rows(file: Path, kind: type[InputRow | ResultRow], records: Iterable[dict[str, Any]]) -> None:
    pq.write_table(pa.Table.from_pylist(list(records), schema=schema_of(kind)), file)
