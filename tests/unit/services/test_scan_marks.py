"""Marks on a sample of a scan: kept with who made them and when, corrected by later ones, and gone with the scan."""

from __future__ import annotations

import io
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from filing import Filing, enrolled
from reporting import Scanned, filed, heard
from sqlalchemy import func, select
from steps import Registry, candidate

from registry.domain.accounts import Principal, Role, Scope
from registry.domain.retention import RuleId
from registry.domain.scan_requests import ScanPlaces
from registry.domain.scan_samples import MOST_PEOPLE, Mark, SampledBy
from registry.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from registry.scanning.digest import line_of
from registry.scanning.folder import result_rows
from registry.scanning.receiving_rows import receive_all
from registry.scanning.served_marks import Standing, document_of, mark_rows, samples_of, standing_of
from registry.scanning.served_sample import SampleWanted
from registry.services import purge
from registry.services.scan_work import folder_of, sweep_folders
from registry.store.base import Base
from registry.store.scan_marks import ScanMark, ScanSample
from registry.store.scans import Scan

A, D, U = Mark.AGREE, Mark.DISAGREE, Mark.UNSURE
WANTED = SampleWanted(10, 0, SampledBy.OUTCOME)


@pytest.fixture
def filing(registry: Registry, tmp_path: Path) -> Filing:
    registry.ctx = replace(registry.ctx, scan_places=ScanPlaces(tmp_path / "scans"))
    return Filing(registry, tmp_path)


@pytest.fixture
def sqlite_filing(sqlite_registry: Registry, tmp_path: Path) -> Filing:
    sqlite_registry.ctx = replace(sqlite_registry.ctx, scan_places=ScanPlaces(tmp_path / "scans"))
    return Filing(sqlite_registry, tmp_path)


def scanned(filing: Filing) -> tuple[Scan, str]:
    """A scan that was reported, with its rows: one match, four with nobody."""
    performer_id = enrolled(filing.registry, "Ada Lind")
    scan = Scanned(filing, filing.export("one.gallery").manifest)
    filing.registry.clock.move(hours=1)
    rows = [heard(0, *scan.hear(candidate(performer_id))), *(heard(number) for number in range(1, 5))]
    folder = scan.write(filing.folder / "scan", rows)
    of_it = filed(filing, folder).scan
    lines = b"".join(line_of(row.as_record()) for row in result_rows(folder))
    return receive_all(filing.registry.ctx, filing.studio, of_it.id, io.BytesIO(lines)), performer_id


def mark(filing: Filing, scan: Scan, marks: Mapping[int, Mark], by: Principal | None = None) -> Standing:
    return mark_rows(filing.registry.ctx, by or filing.studio, scan.id, WANTED, marks)


def count(filing: Filing, table: type[Base]) -> int:
    with filing.registry.ctx.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def colleague(filing: Filing) -> Principal:
    """Somebody else of the organisation whose scan it is."""
    other = filing.registry.principal(Role.STUDIO_MEMBER, "Kit Vale", "Northlight, sound")
    return replace(other, organisation_id=filing.organisation_id)


def test_a_later_mark_takes_the_place_of_an_earlier_one_and_both_are_kept(filing: Filing) -> None:
    scan, _ = scanned(filing)
    ctx, studio = filing.registry.ctx, filing.studio
    assert standing_of(ctx, studio, scan.id, WANTED).sample.id is None
    first = mark(filing, scan, {0: A, 1: A})
    assert (first.left, dict(first.own)) == (3, {0: A, 1: A})
    filing.registry.clock.move(days=1)
    assert mark(filing, scan, {0: A}).left == 3
    assert count(filing, ScanMark) == 2, "what says the same is no mark anew"
    mark(filing, scan, {0: D, 2: U})
    standing = standing_of(ctx, studio, scan.id, WANTED)
    assert dict(standing.own) == {0: D, 1: A, 2: U}
    turns = [(each.turn, each.number, each.mark) for each in standing.marks]
    assert turns == [(1, 0, A), (1, 1, A), (2, 0, D), (2, 2, U)]
    assert standing.last_at == {studio.account_id: filing.registry.clock()}
    found = {each.outcome: each for each in standing.found}
    assert (found["match"].wrong, found["no_match"].wrong, found["no_match"].unsure) == (1.0, 0.0, 1)
    assert filing.registry.journal().count("scan.marked") == 2
    (sample,) = samples_of(ctx, studio, scan.id, after=None, limit=9)
    assert sample.id == standing.sample.id
    document = document_of(ctx, studio, scan.id, WANTED)
    assert len(document["marks"]) == 4
    assert document == document_of(ctx, studio, scan.id, WANTED)


def test_a_mark_names_nobody_and_stays_when_a_performer_is_forgotten(sqlite_filing: Filing) -> None:
    filing = sqlite_filing
    scan, performer_id = scanned(filing)
    mark(filing, scan, {0: A})
    document = document_of(filing.registry.ctx, filing.studio, scan.id, WANTED)
    assert performer_id not in str(document)
    assert "Ada" not in str(document)
    assert "reel/" not in str(document)


def test_who_may_not_marks_nothing(sqlite_filing: Filing) -> None:
    filing = sqlite_filing
    scan, _ = scanned(filing)
    reading = replace(filing.studio, scopes=frozenset({Scope.SCANS_READ}))
    with pytest.raises(ForbiddenError):
        mark(filing, scan, {0: A}, reading)
    with pytest.raises(ForbiddenError):
        mark(filing, scan, {0: A}, filing.registry.operator)
    with pytest.raises(NotFoundError):
        mark(filing, scan, {0: A}, replace(filing.studio, organisation_id="org_x"))
    with pytest.raises(InvalidInputError) as refused:
        mark(filing, scan, {0: A, 77: A})
    assert refused.value.figures == {"number": 77}
    with pytest.raises(ConflictError):
        document_of(filing.registry.ctx, filing.studio, scan.id, WANTED)
    assert count(filing, ScanSample) == count(filing, ScanMark) == 0


def test_many_who_mark_at_once_mark_one_sample(filing: Filing) -> None:
    scan, _ = scanned(filing)
    people = [filing.studio, colleague(filing)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: mark(filing, scan, {number: A}, people[number % 2]), range(4)))
    standing = standing_of(filing.registry.ctx, filing.studio, scan.id, WANTED)
    assert count(filing, ScanSample) == 1
    assert {who: sorted(marks) for who, marks in standing.said.items()} == {
        people[0].account_id: [0, 2],
        people[1].account_id: [1, 3],
    }


def test_only_so_many_mark_one_sample(sqlite_filing: Filing, monkeypatch: pytest.MonkeyPatch) -> None:
    scan, _ = scanned(sqlite_filing)
    assert MOST_PEOPLE == 10
    monkeypatch.setattr("registry.scanning.served_marks.MOST_PEOPLE", 1)
    mark(sqlite_filing, scan, {0: A})
    with pytest.raises(ConflictError):
        mark(sqlite_filing, scan, {0: A}, colleague(sqlite_filing))
    assert mark(sqlite_filing, scan, {1: A}).left == 3


def test_marks_and_rows_go_with_the_scan(filing: Filing) -> None:
    scan, _ = scanned(filing)
    mark(filing, scan, {0: A, 1: D})
    folder = folder_of(filing.registry.ctx, scan)
    assert folder.is_dir()
    filing.registry.clock.move(days=3 * 365 + 1)
    made = purge.purge(filing.registry.ctx, filing.registry.operator)
    assert RuleId.SCAN.value in {each.rule for each in made}
    assert count(filing, Scan) == count(filing, ScanSample) == count(filing, ScanMark) == 0
    assert sweep_folders(filing.registry.ctx) == 1
    assert not folder.exists()
