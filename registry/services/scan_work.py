"""What a worker writes down of a scan that it runs: that it has begun, how far it is, and how it ended.

Whoever changes a scan and its work locks the scan first: two who meet do not wait for each other.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import structlog
from sqlalchemy.orm import Session

from registry.domain.events import EventType
from registry.domain.ids import IdPrefix, is_id
from registry.domain.scans import ENDED, ScanState
from registry.errors import NotFoundError
from registry.services.context import Context
from registry.services.unit import Unit, unit_of_work
from registry.store import scans, work
from registry.store.accounts import organisation_names
from registry.store.parts import in_parts
from registry.store.scans import Scan
from registry.store.work import Lease

PARTS: Final = "parts"
"""In the folder of a scan that was reported: rows that were sent, until all of them are there."""
PARTS_LIVE: Final = timedelta(days=7)
"""So long after the last part nobody goes on with sending rows."""
BUSY_S: Final = 2.0
"""A scan whose folder another process holds is looked at again after this."""

log = structlog.get_logger()


@dataclass(slots=True)
class Figures:
    """How far a scan is.

    Attributes:
        rows_done: that have ended, in whatever way, and are durable.
        audio_s: of those that were assessed.
        flagged: with a match that nothing covers.
        failed: that ended in an error.
    """

    rows_done: int = 0
    audio_s: float = 0.0
    flagged: int = 0
    failed: int = 0


def open_scan(ctx: Context, held: Lease) -> Scan:
    """Answer the scan of a lease.

    Raises:
        NotFoundError: it is not to be run any more.
    """
    with ctx.database.read() as session:
        scan = session.get(Scan, held.subject_id)
    if scan is None or scan.state in ENDED:
        raise NotFoundError("the scan is not to be run any more")
    return scan


@dataclass(frozen=True, slots=True)
class Begun:
    """What is known of a scan once it is planned.

    Attributes:
        started_at: when it was.
        rows: of its manifest.
        manifest_sha256: over them.
        engine: that makes the evidence.
    """

    started_at: datetime
    rows: int
    manifest_sha256: str
    engine: Mapping[str, Any]


def begin_scan(ctx: Context, held: Lease, begun: Begun, figures: Figures) -> None:
    """Say that a scan runs, and how far its folder shows it to be. That alone is no progress.

    Raises:
        LeaseLostError: another worker has taken over, or the scan was cancelled.
    """
    with ctx.database.write() as session:
        scan = session.get_one(Scan, held.subject_id, with_for_update=True)
        work.require_held(session, held)
        scan.state, scan.started_at = ScanState.RUNNING, begun.started_at
        scan.rows, scan.manifest_sha256, scan.engine = begun.rows, begun.manifest_sha256, dict(begun.engine)
        _put(scan, figures)
        session.commit()


def _put(scan: Scan, figures: Figures) -> None:
    for name, value in asdict(figures).items():
        setattr(scan, name, value)
    scan.version += 1


def note_progress(ctx: Context, held: Lease, figures: Figures) -> None:
    """Say how far a scan is, once its rows are durable.

    Raises:
        LeaseLostError: another worker has taken over, or the scan was cancelled.
    """
    with ctx.database.write() as session:
        scan = session.get_one(Scan, held.subject_id, with_for_update=True)
        work.progressed(session, held)
        _put(scan, figures)
        session.commit()


def hand_back(ctx: Context, held: Lease) -> None:
    """Give a scan back after a slice: whatever has waited for longer goes first, then any worker goes on with it.

    Raises:
        LeaseLostError: another worker has taken over, or the scan was cancelled.
    """
    with ctx.database.write() as session:
        work.give_back(session, held, available_at=ctx.clock())
        session.commit()


def leave_to_another(ctx: Context, held: Lease) -> None:
    """Give a scan back that another process is still at; that is no failed attempt.

    Raises:
        LeaseLostError: another worker has taken over, or the scan was cancelled.
    """
    with ctx.database.write() as session:
        later = ctx.clock() + timedelta(seconds=BUSY_S)
        work.give_back(session, held, available_at=later, attempts=held.attempt - 1)
        session.commit()


def close_scan(unit: Unit, held: Lease | None, scan: Scan, state: ScanState, problem: dict[str, Any] | None) -> None:
    """End a scan in the caller's unit, and the work on it.

    Raises:
        LeaseLostError: another worker has taken over, or the scan was cancelled.
    """
    scan.state, scan.problem, scan.finished_at = state, problem, unit.now
    scan.version += 1
    unit.record(
        EventType.SCAN_FAILED if state is ScanState.FAILED else EventType.SCAN_FINISHED,
        scan.id,
        held.worker_id if held else "system",
        organisation_id=scan.organisation_id,
        rows=scan.rows,
        rows_done=scan.rows_done,
        flagged=scan.flagged,
        findings=scan.findings,
        unresolved=scan.unresolved,
        results_sha256=scan.results_sha256,
        problem=None if problem is None else str(problem["slug"]),
    )
    if held is not None:
        work.finish(unit.session, held, now=unit.now)


def fail_scan(ctx: Context, held: Lease, problem: dict[str, Any]) -> None:
    """End a scan that cannot go on; why is kept, and so is its folder, for its time.

    Raises:
        LeaseLostError: another worker has taken over, or the scan was cancelled.
    """
    with unit_of_work(ctx) as unit:
        scan = unit.session.get_one(Scan, held.subject_id, with_for_update=True)
        close_scan(unit, held, scan, ScanState.FAILED, problem)
        unit.commit()


def give_scan_up(unit: Unit, scan_id: str, attempts: int) -> None:
    """End a scan that was tried too often, in the unit that gives its work up."""
    scan = unit.session.get_one(Scan, scan_id, with_for_update=True)
    if scan.state in ENDED:
        return
    problem: dict[str, Any] = {
        "slug": "worker_failed",
        "detail": f"{attempts} times in a row a worker ended before it had finished one more row; ask for another scan",
        "figures": {"attempts": attempts, "rows_done": scan.rows_done},
    }
    close_scan(unit, None, scan, ScanState.FAILED, problem)


# --- folders ---------------------------------------------------------------------------------------------------------


def folder_of(ctx: Context, scan: Scan) -> Path:
    """Answer where the folder of a scan is, once a worker has begun it.

    Raises:
        NotFoundError: this process has no folder of scans.
    """
    if ctx.scan_places.folder is None:
        raise NotFoundError("no scans are kept here")
    return ctx.scan_places.folder / scan.organisation_id / scan.id


def sweep_folders(ctx: Context) -> int:
    """Remove the folders of scans that are on record no more. Answer how many.

    A folder is made by a worker that holds the lease on a scan, so that there is never one before its record. What is
    of organisations that this registry does not know is another registry's, and left alone.
    """
    folder = ctx.scan_places.folder
    if folder is None or not folder.is_dir():
        return 0
    owners = [path for path in folder.iterdir() if is_id(path.name, IdPrefix.ORGANISATION)]
    with ctx.database.read() as session:
        names = organisation_names(session, {path.name for path in owners})
        gone = [left for path in owners if path.name in names for left in _unknown_in(session, path)]
    for path in gone:
        shutil.rmtree(path, ignore_errors=True)
    if gone:
        log.info("folders of scans removed", scans=len(gone))
    return len(gone)


def sweep_parts(ctx: Context) -> int:
    """Remove rows of reported scans that were sent in part, and not gone on with for `PARTS_LIVE`. Answer how often."""
    folder = ctx.scan_places.folder
    if folder is None or not folder.is_dir():
        return 0
    oldest = (ctx.clock() - PARTS_LIVE).timestamp()
    every = (parts for parts in folder.glob(f"*/*/{PARTS}") if is_id(parts.parent.name, IdPrefix.SCAN))
    gone = [parts for parts in every if _changed_at(parts) < oldest]
    for parts in gone:
        shutil.rmtree(parts, ignore_errors=True)
    if gone:
        log.info("rows that were sent in part removed", scans=len(gone))
    return len(gone)


def _changed_at(path: Path) -> float:
    """Answer when something last changed in a folder, in seconds; infinity where the folder is gone meanwhile."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return math.inf


def _unknown_in(session: Session, folder: Path) -> list[Path]:
    named = sorted(path.name for path in folder.iterdir() if is_id(path.name, IdPrefix.SCAN))
    known: set[str] = set()
    for part in in_parts(named):
        known |= scans.known_scans(session, part)
    return [folder / name for name in named if name not in known]
