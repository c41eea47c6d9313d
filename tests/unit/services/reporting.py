"""The folder of a scan with a gallery file, as a studio leaves it, without an engine: the test says who is heard."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from filing import Filing
from sqlalchemy import select
from steps import candidate, evidence_on

from registry.domain.accounts import Principal
from registry.domain.gallery_files import SearchPurpose
from registry.domain.scores import PerformerEvidence
from registry.interchange.gallery_files import GalleryManifest
from registry.scanning.evidence_lines import columns_of, evidence_line
from registry.scanning.local import conclude
from registry.scanning.manifest import freeze
from registry.scanning.receiving import Received, receive_scan
from registry.scanning.report import write_report
from registry.scanning.results import FINDINGS, PLAN, REPORT, SHARDS, InputRow, ResultRow, Status, shard_path
from registry.scanning.sealed import SealedJudge
from registry.scanning.signing import scan_key
from registry.scanning.tables import write_json, write_rows
from registry.store.gallery_files import GalleryEntry

SPOT = "advertising medium=radio territory=GB language=en"


@cache
def card() -> dict[str, Any]:
    """The card of the calibration that ships."""
    content: dict[str, Any] = json.loads(files("registry.engine.artefacts").joinpath("calibration-5.json").read_text())
    return content


@dataclass
class Scanned:
    """Rows of a scan, and the file it was made with.

    Attributes:
        filing: the registry, and the studio.
        manifest: of the gallery file.
        kind: of the scan.
        started_at, finished_at: of it; None for an hour ago, and now.
    """

    filing: Filing
    manifest: GalleryManifest
    kind: SearchPurpose = SearchPurpose.CATALOGUE
    started_at: datetime | None = None
    finished_at: datetime | None = None

    def ids(self) -> Mapping[str, str]:
        """Answer the opaque id of each performer in the file."""
        with self.filing.registry.ctx.database.read() as session:
            found = session.scalars(select(GalleryEntry).where(GalleryEntry.file_id == self.manifest.file_id))
            return {entry.performer_id: entry.id for entry in found}

    def hear(self, *candidates: PerformerEvidence) -> list[PerformerEvidence]:
        """Answer candidates as the studio has them: without names."""
        ids = self.ids()
        return [replace(one, performer_id=ids.get(one.performer_id, one.performer_id)) for one in candidates]

    def write(self, out: Path, rows: Sequence[ResultRow], **plan: Any) -> Path:
        """Write the folder, whole and signed, by the code that scans do it with."""
        out.mkdir()
        (out / SHARDS).mkdir()
        frozen = freeze((_input(row) for row in rows), out)
        judge = SealedJudge(lambda _: None, self.filing.registry.clock)
        write_rows(shard_path(out, 0), ResultRow, judge.judge(rows))
        write_json(out / PLAN, self._plan() | {"manifest": frozen.as_json()} | plan)
        conclude(frozen, (self.finished_at or self._now()).isoformat(), jsonl=False, as_csv=False)
        write_report(out, scan_key(self.filing.folder / "scan-key.json"))
        return out

    def _now(self) -> datetime:
        return self.filing.registry.clock()

    def _plan(self) -> dict[str, Any]:
        manifest = self.manifest
        size = manifest.performers
        return {
            "layout": 1,
            "kind": self.kind.value,
            "source": "/studio/in",
            "options": {"limit": None, "sample": None, "seed": 0, "shard_rows": 256},
            "started_at": (self.started_at or self._now() - timedelta(minutes=1)).isoformat(),
            "gallery": {"id": manifest.sealed_sha256, "source": "gallery file", "performers": size, "warnings": []},
            "gallery_file": {
                "id": manifest.file_id,
                "registry": manifest.registry_id,
                "organisation": manifest.organisation_id,
                "purpose": manifest.purpose.value,
                "expires_at": manifest.expires_at.isoformat(),
            },
            "engine": {
                "version": "3",
                "spaces": list(manifest.dimensions),
                "calibration": manifest.calibration,
                "device": "cpu",
                "calibration_sha256": card()["sha256"],
                "weights": {"ge2e": "39" * 32, "campplus": "92" * 32},
            },
            "calibration_card": card(),
            "not_validated_for": card()["not_validated_for"],
            "operating_point": {"target_fpir": 0.01, "gallery_size": size, "threshold_log10_lr": 2.0441},
            "expected_false_hits": 0.1,
            "estimate": {"files": 3, "bytes": 10, "hours": 0.1, "from_headers_of": 3},
            "versions": {"likeness-registry": "0.1.0"},
        }


def heard(number: int, *candidates: PerformerEvidence, use: str = SPOT, **others: Any) -> ResultRow:
    """A row as a scanner leaves it: with everybody who was compared."""
    row = ResultRow(
        number=number,
        name=f"reel/{number}.wav",
        locator=f"/studio/in/reel/{number}.wav",
        status=Status.ASSESSED,
        sha256=f"{number:064x}",
        size=320_000,
        declared_use=use,
        project="Spring",
        **columns_of(evidence_line(evidence_on(*candidates))),
    )
    return replace(row, **others)


def unreadable(number: int) -> ResultRow:
    name = f"reel/{number}.wav"
    return ResultRow(number, name, f"/studio/in/{name}", Status.FAILED, error="media_empty", error_detail="no bytes")


def match(performer_id: str, **more: Any) -> PerformerEvidence:
    return candidate(performer_id, **more)


def _input(row: ResultRow) -> InputRow:
    return InputRow(
        row.number, row.name, row.locator, declared_use=row.declared_use, project=row.project, licence=row.licence
    )


def files_of(folder: Path) -> dict[str, bytes]:
    """Answer what is filed of a folder."""
    return {"report": (folder / REPORT).read_bytes(), "findings": (folder / FINDINGS).read_bytes()}


def filed(filing: Filing, folder: Path, by: Principal | None = None) -> Received:
    return receive_scan(filing.registry.ctx, by or filing.studio, **files_of(folder))
