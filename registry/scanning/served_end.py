"""The end of a scan for an organisation: results, report, and everything that was found on record, in one commit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from registry.domain.gallery_files import SearchPurpose
from registry.domain.scans import FindingBasis, ScanState
from registry.errors import NotFoundError, RegistryError
from registry.scanning.folder import read_json, result_rows
from registry.scanning.licensed import RegisteredLicences, coverage_json
from registry.scanning.local import conclude
from registry.scanning.manifest import Manifest
from registry.scanning.plan import said
from registry.scanning.recording import RuledRow, record_rows, ruled_row
from registry.scanning.report import write_report
from registry.scanning.results import PLAN, REPORT, SUMMARY
from registry.scanning.served import Served
from registry.scanning.signing import ScanKey
from registry.scanning.tally import Tally
from registry.scanning.training import write_training
from registry.services.context import Context
from registry.services.intake import problem_of
from registry.services.scan_work import close_scan
from registry.services.unit import unit_of_work
from registry.store import enrolments
from registry.store.enrolments import GalleryChangeKind
from registry.store.scans import Scan
from registry.store.work import Lease


def judge_of(ctx: Context, served: Served, plan: Mapping[str, Any]) -> RegisteredLicences:
    """Answer who gives rows their verdicts: policy, as of the moment that the plan says."""
    as_of = datetime.fromisoformat(plan["licences"]["as_of"])
    return RegisteredLicences(ctx, served.scan.organisation_id, served.use_kind, as_of)


def conclude_scan(ctx: Context, held: Lease, served: Served, manifest: Manifest, key: ScanKey) -> None:
    """End a scan, every shard of which is there.

    1. Results, counts, pages and the signed report, each in its place in one step; doing it again makes the same.
    2. Everybody who is found and may still be looked for is on record, the scan is done, its work is finished, and the
       journal says so: one commit.

    Args:
        ctx: what verbs work with.
        held: the lease on the scan's work.
        served: the scan.
        manifest: of it.
        key: to sign with.

    Raises:
        LeaseLostError: another worker has taken over, or the scan was cancelled.
        ScanStorageError: something cannot be written.
        ScanUnreconciledError: a row is not that of the manifest.
    """
    plan = read_json(served.out / PLAN)
    tally = conclude(manifest, said(ctx.clock()), jsonl=False, as_csv=False, more=_followed(ctx, plan))
    if served.request.kind is SearchPurpose.TRAINING:
        write_training(served.out, None, _coverage(ctx, served, plan))
    write_report(served.out, key)
    report = read_json(served.out / REPORT)["report"]
    with unit_of_work(ctx) as unit:
        scan = unit.session.get(Scan, served.scan.id, with_for_update=True)
        if scan is None or scan.state is not ScanState.RUNNING:
            raise NotFoundError("the scan is not to be run any more")
        scan.state, scan.finished_at = ScanState.DONE, unit.now
        _count(scan, tally)
        scan.results_sha256, scan.signed_by = report["results"]["sha256"], key.thumbprint
        rule = judge_of(ctx, served, plan).rule
        record_rows(unit, scan, _RuledRows(served.out), rule, basis=FindingBasis.HEARD)
        close_scan(unit, held, scan, ScanState.DONE, None)
        unit.commit()


def _count(scan: Scan, tally: Tally) -> None:
    """Write the counts of the rows; those of findings begin anew, and grow as these are written."""
    scan.rows_done, scan.audio_s, scan.failed = tally.rows, round(tally.audio_s, 3), tally.failed
    scan.flagged = scan.findings = scan.unresolved = 0
    scan.summary = {name: said for name, said in tally.as_json().items() if name != "performers"}


@dataclass(frozen=True, slots=True)
class _RuledRows:
    """The rows with somebody in them, read anew each time."""

    out: Path

    def __iter__(self) -> Iterator[RuledRow]:
        return (ruled for row in result_rows(self.out) if (ruled := ruled_row(row)) is not None)


def _followed(ctx: Context, plan: Mapping[str, Any]) -> dict[str, Any]:
    """Answer how many performers came into the gallery and went out of it since the scan began; who, is not said."""
    with ctx.database.read() as session:
        steps = enrolments.changes_after(session, plan["gallery"]["seq"])
    came = {step.performer_id for step in steps if step.kind is GalleryChangeKind.ADDED}
    gone = {step.performer_id for step in steps if step.kind is GalleryChangeKind.REMOVED}
    return {"gallery_changes": {"came": len(came), "gone": len(gone)}}


def _coverage(ctx: Context, served: Served, plan: Mapping[str, Any]) -> Mapping[str, list[dict[str, Any]]]:
    """Answer how performers stand to training at the moment of the scan and, where a day was asked for, on that day."""
    moments = [datetime.fromisoformat(plan["started_at"])]
    if served.request.as_of is not None:
        moments.append(datetime.fromisoformat(plan["licences"]["as_of"]))
    found = read_json(served.out / SUMMARY)["performers"]
    return coverage_json(ctx, served.scan.organisation_id, list(found), moments)


def told_problem(error: RegistryError, served: Served | None, folder: Path | None) -> dict[str, Any]:
    """Answer why a scan failed, as it is kept: without where anything lies on the registry's machines."""
    hidden = {} if folder is None else {f"{folder}/": "scans/"}
    if served is not None:
        base, name = served.fence.source(""), served.request.root
        hidden |= {f"{base}/": f"{name}/", base: name}
    problem = problem_of(error)
    figures = problem["figures"]
    told = {name: _without(hidden, value) for name, value in figures.items()} if isinstance(figures, dict) else {}
    return problem | {"detail": _without(hidden, problem["detail"]), "figures": told}


def _without(hidden: Mapping[str, str], value: Any) -> Any:
    if isinstance(value, str):
        for place, shown in hidden.items():
            value = value.replace(place, shown)
    return value
