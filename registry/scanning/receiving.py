"""Scans that were made where the recordings are: the registry takes the signed report, and knows who was heard.

Whoever scans holds the key that signs: the report proves what they say, not that it is so. So findings that rest on one
say that they do (`registry.domain.scans.FindingBasis.REPORTED`), and no use is counted, and nothing owed, by them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.domain.clearance_status import CLOCK_SKEW
from registry.domain.events import EventType
from registry.domain.gallery_files import FileState
from registry.domain.ids import IdPrefix
from registry.domain.scans import FindingBasis, ScanOrigin, ScanState
from registry.errors import (
    ForbiddenError,
    ScanOutOfTimeError,
    ScanReportError,
    UnknownGalleryFileError,
)
from registry.scanning.finding_lines import HeardRow, heard_rows
from registry.scanning.recording import RuledRow, record_rows
from registry.scanning.reported import ScanReport, read_report, require_agreement
from registry.scanning.resolving import Filing, ruled_rows
from registry.scanning.results import Status
from registry.services.context import Context
from registry.services.unit import Unit, unit_of_work
from registry.store import gallery_files
from registry.store.gallery_files import GalleryFile
from registry.store.scans import Scan, scan_with_report
from registry.vault.signing import registry_id

log = structlog.get_logger()

LARGEST_FINDINGS: Final = 64_000_000
"""Bytes of ``findings.jsonl``."""
MOST_FINDINGS: Final = 10_000
"""Times that a report may find somebody in a row: its sender waits while all are ruled on, and written at once."""


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a report.

    Attributes:
        scan: as the registry has it.
        again: whether it was there before.
    """

    scan: Scan
    again: bool


def receive_scan(ctx: Context, principal: Principal, *, report: bytes, findings: bytes) -> Received:
    """Take the signed report of a scan that was made with a gallery file, and turn its rows into findings.

    1. The caller files for an organisation of their own.
    2. The report is signed by the key that it carries, of a layout that is read here, and its counts agree.
    3. The findings have the size and the hash that the report signs; every line is well formed, and the report's
       counts follow from them.
    4. A report that was taken before is answered with its scan, and nothing is doubled.
    5. The scan was made with a gallery file that this registry issued to this organisation, for this kind of search.
    6. It began after the issue, and ended before the file did and before now.
    7. Opaque ids are looked up in that file alone. Of whoever must not be searched any more by the consent that the
       file rests on nothing is said: they are counted as unresolved.
    8. Policy rules on everybody else by the records as they stood at the end of the scan.
    9. Everybody is locked and 7 asked again; then scan, rows, findings and the journal's leaf are one commit. Of two
       that file the same report at once, one finds the other's.

    Args:
        report: ``report.json`` of the scan's folder.
        findings: ``findings.jsonl`` of it.

    Raises:
        ForbiddenError: 1.
        SignatureInvalidError: 2; figure ``step``.
        ScanReportError: 2, 3.
        UnknownGalleryFileError: 5.
        ScanOutOfTimeError: 6.
    """
    organisation_id = _filing_organisation(principal)
    told = read_report(report)
    rows = _rows(told, findings)
    with ctx.database.read() as session:
        if (scan := scan_with_report(session, organisation_id, told.sha256)) is not None:
            return Received(scan, again=True)
        file = _require_file(session, organisation_id, told, registry_id(ctx.keys))
        _require_in_time(told, file, ctx.clock())
        entries = {entry.id: entry for entry in gallery_files.entries_of(session, file.id)}
        filing = Filing(ctx, told, organisation_id, {entry.performer_id: entry for entry in entries.values()})
        ruled, unresolved = ruled_rows(session, filing, rows, entries)
    try:
        return _write(ctx, principal, filing, ruled, unresolved)
    except IntegrityError:
        with ctx.database.read() as session:
            if (scan := scan_with_report(session, organisation_id, told.sha256)) is None:
                raise
            return Received(scan, again=True)


def _filing_organisation(principal: Principal) -> str:
    principal.require(Scope.SCANS_WRITE)
    if principal.organisation_id is None or principal.is_operator:
        raise ForbiddenError("a report is filed by the organisation that has scanned", role=principal.role.value)
    return principal.organisation_id


# --- what was sent ---------------------------------------------------------------------------------------------------


def _rows(told: ScanReport, findings: bytes) -> list[HeardRow]:
    """Answer the rows with somebody in them, once they are what the report signs and counts."""
    if len(findings) > LARGEST_FINDINGS:
        raise ScanReportError(
            f"the findings have {len(findings)} bytes, {LARGEST_FINDINGS} are read: scan in parts",
            bytes=len(findings),
            most=LARGEST_FINDINGS,
        )
    if len(findings) != told.findings_size or hashlib.sha256(findings).hexdigest() != told.findings_sha256:
        raise ScanReportError(
            f"the findings are not those that the report signs: {told.findings_size} bytes with the SHA-256 "
            f"{told.findings_sha256}; {len(findings)} bytes came",
            bytes=len(findings),
            signed_bytes=told.findings_size,
            signed_sha256=told.findings_sha256,
        )
    _require_few(findings.count(b"\n"))
    rows = list(heard_rows(findings, told.rows))
    _require_few(sum(len(row.heard) for row in rows))
    require_agreement(told, rows)
    return rows


def _require_few(found: int) -> None:
    if found > MOST_FINDINGS:
        raise ScanReportError(
            f"somebody is found {found} times or more, {MOST_FINDINGS} are taken in one report: scan in parts",
            findings=found,
            most=MOST_FINDINGS,
        )


def _require_file(session: Session, organisation_id: str, told: ScanReport, registry: str) -> GalleryFile:
    """Answer the file that was searched. Whether it is another's, or nobody's, is not said."""
    file = session.get(GalleryFile, told.file_id)
    if file is None or file.organisation_id != organisation_id or file.state is not FileState.DELIVERED:
        raise UnknownGalleryFileError(
            f"there is no gallery file {told.file_id} that this registry issued to this organisation",
            gallery_file_id=told.file_id,
        )
    signed = (told.registry_id, told.gallery_id, told.kind, sorted(told.spaces), told.calibration)
    if signed != (registry, file.sealed_sha256, file.purpose, sorted(file.spaces), file.calibration):
        raise ScanReportError(
            f"the gallery file {file.id} was issued for {file.purpose.value} with another content, engine or registry "
            "than the report names",
            gallery_file_id=file.id,
            purpose=file.purpose.value,
            kind=told.kind.value,
        )
    return file


def _require_in_time(told: ScanReport, file: GalleryFile, now: datetime) -> None:
    """Refuse a scan outside the life of its file; clocks may differ by some minutes."""
    began, ended = told.started_at, told.finished_at
    if began > ended or began < file.issued_at - CLOCK_SKEW or ended > min(file.expires_at, now) + CLOCK_SKEW:
        raise ScanOutOfTimeError(
            f"the scan ran from {began.isoformat()} to {ended.isoformat()}; the gallery file holds from "
            f"{file.issued_at.isoformat()} to {file.expires_at.isoformat()}, and it is {now.isoformat()}",
            started_at=began.isoformat(),
            finished_at=ended.isoformat(),
            issued_at=file.issued_at.isoformat(),
            expires_at=file.expires_at.isoformat(),
        )


# --- writing ---------------------------------------------------------------------------------------------------------


def _write(ctx: Context, principal: Principal, filing: Filing, ruled: Sequence[RuledRow], unresolved: int) -> Received:
    told = filing.told
    with unit_of_work(ctx) as unit:
        if (scan := scan_with_report(unit.session, filing.organisation_id, told.sha256)) is not None:
            return Received(scan, again=True)
        scan = _new_scan(unit, principal, filing, unresolved)
        unit.session.add(scan)
        unit.session.flush()
        record_rows(
            unit,
            scan,
            ruled,
            filing.rule,
            basis=FindingBasis.REPORTED,
            searched=lambda ids: filing.searched(unit.session, ids, unit.now),
        )
        scan.report = None if scan.unresolved else told.jws
        unit.record(
            EventType.SCAN_RECEIVED,
            scan.id,
            principal.account_id,
            organisation_id=scan.organisation_id,
            kind=scan.kind.value,
            gallery_file_id=scan.gallery_file_id,
            report_sha256=scan.report_sha256,
            signed_by=scan.signed_by,
            rows=scan.rows,
            flagged=scan.flagged,
            findings=scan.findings,
            unresolved=scan.unresolved,
        )
        unit.commit()
    log.info("scan received", subject=scan.id, rows=scan.rows, findings=scan.findings, unresolved=scan.unresolved)
    return Received(scan, again=False)


def _new_scan(unit: Unit, principal: Principal, filing: Filing, unresolved: int) -> Scan:
    told = filing.told
    return Scan(
        id=unit.new_id(IdPrefix.SCAN),
        organisation_id=filing.organisation_id,
        submitted_by=principal.account_id,
        origin=ScanOrigin.REPORTED,
        state=ScanState.DONE,
        kind=told.kind,
        gallery_file_id=told.file_id,
        report_sha256=told.sha256,
        signed_by=told.signed_by,
        summary={name: value for name, value in told.counts.items() if name != "results"},
        engine=dict(told.engine),
        manifest_sha256=told.manifest_sha256,
        results_sha256=told.results_sha256,
        rows=told.rows,
        rows_done=told.rows,
        audio_s=told.counts["audio_s"],
        flagged=0,
        failed=told.counts["statuses"].get(Status.FAILED, 0),
        findings=0,
        unresolved=unresolved,
        created_at=unit.now,
        started_at=told.started_at,
        finished_at=told.finished_at,
        version=1,
    )
