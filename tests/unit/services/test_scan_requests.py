"""Asking the registry's workers for a scan, and calling it off: who may, what for, and what stays of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from steps import Clock, Registry

from registry.domain.accounts import Principal, Role
from registry.domain.checks import WorkKind
from registry.domain.scan_requests import ScanPlaces, ScanRequest, ScanRoot
from registry.domain.scans import ScanOrigin, ScanState
from registry.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    LeaseLostError,
    NotFoundError,
    RegistryError,
    StaleVersionError,
)
from registry.scanning.serving import MOST_OPEN, cancel_scan, request_scan
from registry.services import housekeeping, scan_work
from registry.services.context import Context
from registry.services.scan_work import Begun, Figures
from registry.store.database import Database
from registry.store.scans import Scan
from registry.store.work import Lease, Work, WorkState


@pytest.fixture
def registry(
    database: Database, context: Callable[[Database], Context], clock: Clock, tmp_path: Path
) -> tuple[Registry, Principal]:
    """A registry whose workers may scan for one studio, and that studio."""
    registry = Registry(context(database), clock)
    studio = registry.studio()
    roots = {"media": ScanRoot("media", str(tmp_path), frozenset({str(studio.organisation_id)}))}
    registry.ctx = replace(registry.ctx, scan_places=ScanPlaces(tmp_path / "scans", roots, tmp_path / "key.json"))
    return registry, studio


def counts(registry: Registry) -> tuple[int, int, list[str]]:
    with registry.ctx.database.read() as session:
        scans, works = (session.scalar(select(func.count()).select_from(table)) or 0 for table in (Scan, Work))
    return scans, works, registry.journal()


def work_on(registry: Registry, scan: Scan) -> Work:
    with registry.ctx.database.read() as session:
        return session.scalars(select(Work).where(Work.subject_id == scan.id)).one()


def again(registry: Registry, scan: Scan) -> Scan:
    with registry.ctx.database.read() as session:
        return session.get_one(Scan, scan.id)


def begun(registry: Registry, rows: int = 10) -> tuple[Scan, Lease]:
    """Let a worker begin the scan that waits."""
    ctx, held = registry.ctx, registry.lease()
    scan_work.begin_scan(ctx, held, Begun(registry.clock(), rows, "a" * 64, {"version": "1"}), Figures())
    with ctx.database.read() as session:
        return session.get_one(Scan, held.subject_id), held


REFUSED: list[tuple[dict[str, Any], type[RegistryError]]] = [
    ({"root": "other"}, NotFoundError),
    ({"path": "../x"}, NotFoundError),
    ({"path": "/etc"}, NotFoundError),
    ({"organisation_id": "org_01jd8x0zq2r4t6v8w0y2a4c6e8"}, NotFoundError),
    ({"declared_use": "singing"}, InvalidInputError),
    ({"declared_use": "dubbing " * 500}, InvalidInputError),
    ({"project": "a\x00b"}, InvalidInputError),
    ({"project": "x" * 1001}, InvalidInputError),
    ({"columns": {"voice": "a"}}, InvalidInputError),
    ({"columns": {"path": "a\nb"}}, InvalidInputError),
]


@pytest.mark.parametrize(("asked", "error"), REFUSED)
def test_what_is_refused_leaves_nothing(
    registry: tuple[Registry, Principal], asked: dict[str, Any], error: type[RegistryError]
) -> None:
    house, studio = registry
    before = counts(house)
    with pytest.raises(error):
        request_scan(house.ctx, studio, ScanRequest(**{"root": "media"} | asked))
    assert counts(house) == before


@pytest.mark.parametrize(
    "asked",
    [{"limit": 0}, {"sample": 0}, {"limit": 2, "sample": 2}, {"stratify": "folder"}, {"seed": -1}, {"seed": 2**53}],
)
def test_options_that_do_not_go_together_are_no_request(asked: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        ScanRequest("media", **asked)


def test_only_those_ask_who_may_and_for_their_own(registry: tuple[Registry, Principal]) -> None:
    house, studio = registry
    asked = ScanRequest("media")
    performer = house.principal(Role.PERFORMER, "Ada Lind", performer_id=house.performer())
    with pytest.raises(ForbiddenError):
        request_scan(house.ctx, performer, asked)
    with pytest.raises(NotFoundError, match="there is no root media to scan"):
        request_scan(house.ctx, house.studio("Somebody else"), asked)
    with pytest.raises(InvalidInputError, match="name the organisation"):
        request_scan(house.ctx, house.operator, asked)
    other = house.studio("Another")
    for_other = replace(asked, organisation_id=other.organisation_id)
    assert request_scan(house.ctx, house.operator, for_other).organisation_id == other.organisation_id
    with pytest.raises(NotFoundError, match="there is no such organisation"):
        request_scan(house.ctx, studio, for_other)
    auditor = house.principal(Role.AUDITOR, "Ida", "Auditors")
    places = house.ctx.scan_places
    roots = {"theirs": ScanRoot("theirs", "/srv", frozenset({str(auditor.organisation_id)}))}
    house.ctx = replace(house.ctx, scan_places=replace(places, roots=roots))
    assert request_scan(house.ctx, auditor, ScanRequest("theirs")).organisation_id == auditor.organisation_id


def test_a_request_is_a_scan_its_work_and_a_leaf_of_the_journal(registry: tuple[Registry, Principal]) -> None:
    house, studio = registry
    asked = ScanRequest("media", "in/", sample=3, stratify="folder", seed=7, columns={}, project="봄")
    scan = again(house, request_scan(house.ctx, studio, asked))
    assert (scan.state, scan.origin, scan.submitted_by) == (ScanState.QUEUED, ScanOrigin.SERVER, studio.account_id)
    assert scan.request == asked.as_json() | {"path": "in"}
    read = ScanRequest.of_json(scan.request, kind=scan.kind, organisation_id=scan.organisation_id)
    assert read == replace(asked, path="in", organisation_id=scan.organisation_id)
    waiting = work_on(house, scan)
    assert (waiting.kind, waiting.state) == (WorkKind.SCAN, WorkState.QUEUED)
    assert house.journal()[-1] == "scan.requested"


def test_so_many_scans_may_be_open_and_no_more(registry: tuple[Registry, Principal]) -> None:
    house, studio = registry
    made = [request_scan(house.ctx, studio, ScanRequest("media")) for _ in range(MOST_OPEN)]
    with pytest.raises(ConflictError) as refused:
        request_scan(house.ctx, studio, ScanRequest("media"))
    assert refused.value.figures == {"open": MOST_OPEN, "most": MOST_OPEN}
    cancel_scan(house.ctx, studio, made[0].id)
    request_scan(house.ctx, studio, ScanRequest("media"))


def test_a_scan_that_is_cancelled_is_nobody_s_work(registry: tuple[Registry, Principal]) -> None:
    house, studio = registry
    request_scan(house.ctx, studio, ScanRequest("media"))
    scan, held = begun(house)
    with pytest.raises(StaleVersionError):
        cancel_scan(house.ctx, studio, scan.id, if_version=1)
    with pytest.raises(NotFoundError, match="there is no such scan"):
        cancel_scan(house.ctx, house.studio("Somebody else"), scan.id)
    cancelled = cancel_scan(house.ctx, studio, scan.id, if_version=scan.version)
    assert (cancelled.state, work_on(house, scan).state) == (ScanState.CANCELLED, WorkState.DONE)
    assert house.journal()[-1] == "scan.cancelled"
    for late in (
        lambda: scan_work.note_progress(house.ctx, held, Figures(rows_done=1)),
        lambda: scan_work.hand_back(house.ctx, held),
        lambda: scan_work.fail_scan(house.ctx, held, {"slug": "x", "detail": "y", "figures": {}}),
    ):
        with pytest.raises(LeaseLostError):
            late()
    assert (again(house, scan).state, again(house, scan).rows_done) == (ScanState.CANCELLED, 0)
    with pytest.raises(NotFoundError):
        scan_work.open_scan(house.ctx, held)


def test_progress_is_of_whoever_holds_the_lease(registry: tuple[Registry, Principal]) -> None:
    house, studio = registry
    request_scan(house.ctx, studio, ScanRequest("media"))
    scan, late = begun(house)
    assert (scan.state, scan.rows, scan.started_at) == (ScanState.RUNNING, 10, house.clock())
    house.clock.move(seconds=31)
    _, held = begun(house)
    assert work_on(house, scan).attempts == 2, "to take a scan up is no progress"
    with pytest.raises(LeaseLostError):
        scan_work.note_progress(house.ctx, late, Figures(rows_done=1))
    scan_work.note_progress(house.ctx, held, Figures(rows_done=4, audio_s=12.5, flagged=1, failed=2))
    now = again(house, scan)
    assert (now.rows_done, now.audio_s, now.flagged, now.failed) == (4, 12.5, 1, 2)
    assert work_on(house, scan).attempts == 0


def test_a_scan_that_ends_its_workers_is_given_up_and_says_so(registry: tuple[Registry, Principal]) -> None:
    house, studio = registry
    scan = request_scan(house.ctx, studio, ScanRequest("media"))
    for _ in range(5):
        begun(house)
        house.clock.move(seconds=31)
    housekeeping.keep_house(house.ctx)
    failed = again(house, scan)
    assert failed.state is ScanState.FAILED
    assert failed.problem is not None
    assert (failed.problem["slug"], failed.problem["figures"]) == ("worker_failed", {"attempts": 5, "rows_done": 0})
    assert house.journal()[-1] == "scan.failed"


def test_of_a_day_the_registry_does_not_know_nothing_is_said(registry: tuple[Registry, Principal]) -> None:
    house, studio = registry
    today = house.clock().date()
    for day in (today + timedelta(days=1), today - timedelta(days=1)):
        with pytest.raises(InvalidInputError):
            request_scan(house.ctx, studio, ScanRequest("media", as_of=day))
    request_scan(house.ctx, studio, ScanRequest("media", as_of=today))
