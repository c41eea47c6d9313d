"""Rows of a scan that a studio reported: what is refused, what is kept, and when it is shown."""

from __future__ import annotations

import gzip
import io
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from filing import Filing, enrolled
from reporting import Scanned, filed, heard, unreadable
from steps import Registry, candidate

from registry.domain.scan_requests import ScanPlaces
from registry.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError, ScanReportError
from registry.scanning import receiving_rows
from registry.scanning.digest import line_of
from registry.scanning.folder import result_rows
from registry.scanning.receiving_rows import complete_rows, receive_all, receive_rows, rows_standing
from registry.scanning.results import REPORT, ResultRow
from registry.scanning.row_lines import LARGEST_PART
from registry.scanning.served_coverage import coverage_of
from registry.scanning.served_differences import differences_of
from registry.scanning.served_files import plan_and_summary, results_file
from registry.scanning.served_rows import RowsWanted, rows_of_scan
from registry.scanning.signing import REPORT_TYPE, open_claims, scan_key, sign_claims
from registry.services import consents, scan_work, scans
from registry.services.scan_work import sweep_parts
from registry.store.scans import Scan

ALL = RowsWanted(after=-1, limit=100)


@pytest.fixture
def filing(registry: Registry, tmp_path: Path) -> Filing:
    return with_folder(registry, tmp_path)


@pytest.fixture
def sqlite_filing(sqlite_registry: Registry, tmp_path: Path) -> Filing:
    return with_folder(sqlite_registry, tmp_path)


def with_folder(registry: Registry, folder: Path) -> Filing:
    registry.ctx = replace(registry.ctx, scan_places=ScanPlaces(folder / "scans"))
    return Filing(registry, folder)


def scanned(filing: Filing, *names: str, name: str = "one") -> tuple[Path, Scan]:
    """A folder in which each performer is heard once, somebody unknown once, and one file is broken; filed."""
    ids = [enrolled(filing.registry, each) for each in names]
    scan = Scanned(filing, filing.export(f"{name}.gallery").manifest)
    filing.registry.clock.move(hours=1)
    rows = [heard(number, *scan.hear(candidate(performer_id))) for number, performer_id in enumerate(ids)]
    rows += [heard(len(ids)), unreadable(len(ids) + 1)]
    folder = scan.write(filing.folder / f"scan-{name}", rows)
    return folder, filed(filing, folder).scan


def lines_of(folder: Path) -> list[bytes]:
    return [line_of(row.as_record()) for row in result_rows(folder)]


def send(filing: Filing, scan: Scan, lines: Sequence[bytes], first: int = 0) -> int:
    return receive_rows(filing.registry.ctx, filing.studio, scan.id, first=first, content=b"".join(lines)).received


def complete(filing: Filing, scan: Scan) -> Scan:
    return complete_rows(filing.registry.ctx, filing.studio, scan.id)


def shown(filing: Filing, scan: Scan) -> Sequence[ResultRow]:
    return rows_of_scan(filing.registry.ctx, filing.studio, scan.id, ALL)


def hidden(filing: Filing, scan: Scan) -> bool:
    try:
        shown(filing, scan)
    except NotFoundError:
        return True
    return False


def test_rows_are_shown_once_all_are_there_and_are_those_of_the_registry(filing: Filing) -> None:
    folder, scan = scanned(filing, "Ada Lind", "Bo Berg")
    lines = lines_of(folder)
    assert hidden(filing, scan)
    assert send(filing, scan, lines[:1]) == 1
    assert send(filing, scan, [gzip.compress(b"".join(lines[1:3]))], 1) == 3
    assert send(filing, scan, lines[:1]) == 3, "what is there is not looked at again"
    assert hidden(filing, scan)
    with pytest.raises(ConflictError) as early:
        complete(filing, scan)
    assert early.value.figures == {"rows": 4, "received": 3}
    assert send(filing, scan, lines[3:], 3) == 4
    assert hidden(filing, scan)
    done = complete(filing, scan)
    assert done.has_rows
    assert done.rows_received_at == filing.registry.clock()
    assert filing.registry.journal()[-1] == "scan.rows_received"
    rows = shown(filing, scan)
    found = {each.performer for each in rows if each.performer}
    assert found == set(Scanned(filing, filing.export("x.gallery").manifest).ids())
    assert [each.verdict for each in rows] == ["unlicensed_match", "unlicensed_match", "no_match", ""]
    assert [each.name for each in rows] == [each.name for each in result_rows(folder)]
    kept = results_file(filing.registry.ctx, filing.studio, scan.id).read_bytes()
    assert {each.locator for each in rows} == {""}
    assert b"gent_" not in kept
    assert all("licences_not_asked" not in each.reasons for each in rows)
    assert not list(results_file(filing.registry.ctx, filing.studio, scan.id).parent.glob("parts"))
    assert complete(filing, scan).version == done.version, "once is enough"
    assert filing.registry.journal().count("scan.rows_received") == 1


def test_pages_of_served_scans_read_the_rows(filing: Filing) -> None:
    (first_folder, first), (folder, scan) = scanned(filing, "Ada Lind"), scanned(filing, "Bo Berg", name="two")
    ctx, studio = filing.registry.ctx, filing.studio
    for where, each in ((first_folder, first), (folder, scan)):
        receive_all(ctx, studio, each.id, io.BytesIO(b"".join(lines_of(where))))
    covered = coverage_of(ctx, studio, scan.id)
    assert [(each.matched_files, each.flagged_files) for each in covered] == [(1, 1)]
    plan, summary = plan_and_summary(ctx, studio, scan.id)
    assert plan["gallery"]["performers"] == 2
    assert (summary["rows"], summary["flagged"]) == (3, 1)
    assert "/studio/in" not in json.dumps(plan)
    assert differences_of(ctx, studio, scan.id, earlier_id=first.id).setting.keys() == {"gallery"}


def test_a_file_of_lines_as_a_scan_writes_it_is_taken_whole(sqlite_filing: Filing) -> None:
    """They are not canonical: members stand in another order, with spaces."""
    folder, scan = scanned(sqlite_filing, "Ada Lind")
    lines = b"".join(json.dumps(json.loads(line)).encode() + b"\n" for line in lines_of(folder))
    assert lines != b"".join(lines_of(folder))
    done = receive_all(sqlite_filing.registry.ctx, sqlite_filing.studio, scan.id, io.BytesIO(gzip.compress(lines)))
    assert done.has_rows


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    "change",
    [
        lambda row: row.update(outcome="no_match"),
        lambda row: row.update(name="other.wav"),
        lambda row: row.update(number=7),
        lambda row: row.update(more=1),
        lambda row: row.pop("licence"),
        lambda row: row.update(evidence="[" * 100_000),
        lambda row: row.update(size=True),
        lambda row: row.update(duration_s=1e400),
        lambda row: row.update(status="heard"),
        lambda row: row.update(name="\ud800"),
    ],
)
def test_rows_that_are_not_those_that_were_signed_are_refused(sqlite_filing: Filing, change: Change) -> None:
    folder, scan = scanned(sqlite_filing, "Ada Lind")
    lines = lines_of(folder)
    row = json.loads(lines[0])
    change(row)
    with pytest.raises(ScanReportError):
        send(sqlite_filing, scan, [json.dumps(row).encode() + b"\n", *lines[1:]])
    assert rows_standing(sqlite_filing.registry.ctx, sqlite_filing.studio, scan.id).received == 0
    assert hidden(sqlite_filing, scan)


def test_a_refusal_says_what_is_signed_and_what_was_sent(sqlite_filing: Filing) -> None:
    folder, scan = scanned(sqlite_filing, "Ada Lind")
    lines = lines_of(folder)
    with pytest.raises(ScanReportError) as refused:
        send(sqlite_filing, scan, [lines[0].replace(b"reel/0", b"reel/9"), *lines[1:]])
    figures = refused.value.figures
    assert figures["block"] == 0
    assert figures["report"] != figures["lines"]
    for sent, first in ((lines, 1), ([*lines, lines[0]], 0), ([], 0)):
        with pytest.raises((ScanReportError, ConflictError)):
            send(sqlite_filing, scan, sent, first)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(gzip.compress(b"\n" * (LARGEST_PART + 1)), id="packed and large"),
        pytest.param(b"x" * (LARGEST_PART + 1), id="large"),
        pytest.param(gzip.compress(b"{}\n")[:-9], id="packed and cut off"),
        pytest.param(gzip.compress(b"{}\n") + b"more", id="packed and more"),
        pytest.param(b"\x1f\x8bnothing", id="nearly packed"),
        pytest.param(b"\x00" * 50, id="zeros"),
        pytest.param(b"{}", id="no row"),
        pytest.param(b"[" * 100_000, id="deep"),
    ],
)
def test_what_is_no_part_is_refused_in_bounded_memory(sqlite_filing: Filing, content: bytes) -> None:
    _, scan = scanned(sqlite_filing, "Ada Lind")
    ctx, studio = sqlite_filing.registry.ctx, sqlite_filing.studio
    with pytest.raises(ScanReportError):
        receive_rows(ctx, studio, scan.id, first=0, content=content)
    with pytest.raises(InvalidInputError):
        receive_all(ctx, studio, scan.id, io.BytesIO(content))
    assert rows_standing(ctx, studio, scan.id).received == 0


@pytest.mark.parametrize("name", ["audio_s", "bytes"])
def test_a_report_that_does_not_agree_with_its_own_rows_is_told_with_both_numbers(
    sqlite_filing: Filing, name: str
) -> None:
    enrolled(sqlite_filing.registry, "Ada Lind")
    scan = Scanned(sqlite_filing, sqlite_filing.export("one.gallery").manifest)
    sqlite_filing.registry.clock.move(hours=1)
    folder = scan.write(sqlite_filing.folder / "scan-one", [heard(0), unreadable(1)])
    resigned(sqlite_filing, folder, lambda claims: claims["summary"].update({name: 5}))
    of_it = filed(sqlite_filing, folder).scan
    send(sqlite_filing, of_it, lines_of(folder))
    with pytest.raises(ScanReportError) as refused:
        complete(sqlite_filing, of_it)
    assert refused.value.figures["report"] == 5
    assert refused.value.figures["lines"] not in {5, None}
    assert hidden(sqlite_filing, of_it)
    assert rows_standing(sqlite_filing.registry.ctx, sqlite_filing.studio, of_it.id).received == 0, "nothing is left"


@pytest.mark.parametrize(
    "change",
    [
        lambda claims: claims["results"].update(blocks=[]),
        lambda claims: claims["results"].update(block_rows=0),
        lambda claims: claims["results"].update(blocks=["x", "y", "z"]),
        lambda claims: claims["plan"].pop("expected_false_hits"),
        lambda claims: claims["plan"]["gallery"].update(performers="many"),
    ],
)
def test_a_report_that_signs_no_blocks_takes_no_rows(sqlite_filing: Filing, change: Change) -> None:
    folder, _ = scanned(sqlite_filing, "Ada Lind")
    resigned(sqlite_filing, folder, change)
    scan = filed(sqlite_filing, folder).scan
    with pytest.raises(ScanReportError):
        send(sqlite_filing, scan, lines_of(folder))


NO_TEXT = "\ud800"
"""Half a character: JSON can spell it, and no database keeps it."""


@pytest.mark.parametrize(
    "reason",
    [
        {"code": "speech_too_short", "detail": NO_TEXT, "figures": {}},
        {"code": "speech_too_short", "detail": "", "figures": {"speech_s": NO_TEXT}},
        {"code": "speech_too_short", "detail": "", "figures": {NO_TEXT: 1}},
    ],
)
def test_evidence_that_spells_half_characters_is_kept_without_them(
    sqlite_filing: Filing, reason: dict[str, Any]
) -> None:
    """Its text is plain ASCII, so that only who reads what it spells comes upon them."""
    folder, _ = scanned(sqlite_filing, "Ada Lind")
    lines = lines_of(folder)
    row = json.loads(lines[1])
    row["evidence"] = json.dumps(json.loads(row["evidence"]) | {"reasons": [reason]})
    lines[1] = line_of(row)
    block = sha256(lines[1]).hexdigest()[:32]
    resigned(sqlite_filing, folder, lambda claims: claims["results"]["blocks"].__setitem__(1, block))
    scan = filed(sqlite_filing, folder).scan
    assert send(sqlite_filing, scan, lines) == len(lines)


def test_evidence_of_a_finding_that_spells_half_characters_is_refused(sqlite_filing: Filing) -> None:
    folder, _ = scanned(sqlite_filing, "Ada Lind")
    lines = lines_of(folder)
    row = json.loads(lines[0])
    evidence = json.loads(row["evidence"])
    evidence["candidates"][0]["engines"] = {NO_TEXT: 1.0}
    lines[0] = line_of(row | {"evidence": json.dumps(evidence)})
    block = sha256(lines[0]).hexdigest()[:32]
    resigned(sqlite_filing, folder, lambda claims: claims["results"]["blocks"].__setitem__(0, block))
    scan = filed(sqlite_filing, folder).scan
    with pytest.raises(InvalidInputError):
        send(sqlite_filing, scan, lines)


def resigned(filing: Filing, folder: Path, change: Change) -> None:
    """Change what the report signs, and sign it anew: a studio can sign whatever it likes."""
    held = json.loads((folder / REPORT).read_text())
    claims = json.loads(json.dumps(open_claims(held["jws"], typ=REPORT_TYPE).claims))
    change(claims)
    key = scan_key(filing.folder / "scan-key.json")
    (folder / REPORT).write_text(json.dumps({"jws": sign_claims(key, claims, typ=REPORT_TYPE), "report": claims}))


def test_of_somebody_who_withdrew_before_the_report_came_no_row_is_taken(sqlite_filing: Filing) -> None:
    filing = sqlite_filing
    performer_id = enrolled(filing.registry, "Ada Lind")
    enrolled(filing.registry, "Bo Berg")
    scan = Scanned(filing, filing.export("one.gallery").manifest)
    filing.registry.clock.move(hours=1)
    folder = scan.write(filing.folder / "scan-one", [heard(0, *scan.hear(candidate(performer_id)))])
    consents.withdraw_all(filing.registry.ctx, filing.registry.operator, performer_id)
    of_it = filed(filing, folder).scan
    with pytest.raises(ConflictError) as refused:
        send(filing, of_it, lines_of(folder))
    assert refused.value.figures == {"unresolved": 1}


def test_only_the_organisation_that_filed_it_sends_rows(sqlite_filing: Filing) -> None:
    folder, scan = scanned(sqlite_filing, "Ada Lind")
    ctx = sqlite_filing.registry.ctx
    with pytest.raises(ForbiddenError):
        receive_rows(ctx, sqlite_filing.registry.operator, scan.id, first=0, content=b"".join(lines_of(folder)))
    with pytest.raises(NotFoundError):
        rows_standing(ctx, replace(sqlite_filing.studio, organisation_id="org_x"), scan.id)


def test_a_part_that_was_half_written_does_not_count(sqlite_filing: Filing) -> None:
    folder, scan = scanned(sqlite_filing, "Ada Lind")
    lines = lines_of(folder)
    send(sqlite_filing, scan, lines[:2])
    parts = scan_work.folder_of(sqlite_filing.registry.ctx, scan) / scan_work.PARTS
    (table,) = receiving_rows.tables_of(parts)
    table.unlink()  # a crash before the last renaming
    assert rows_standing(sqlite_filing.registry.ctx, sqlite_filing.studio, scan.id).received == 0
    assert send(sqlite_filing, scan, lines[:1]) == 1
    assert send(sqlite_filing, scan, lines[1:], 1) == 3
    assert complete(sqlite_filing, scan).has_rows


def test_of_many_who_send_at_once_one_is_at_it_and_the_rows_are_there_once(filing: Filing) -> None:
    folder, scan = scanned(filing, "Ada Lind")
    content = b"".join(lines_of(folder))

    def all_of_it(_: int) -> bool:
        try:
            receive_all(filing.registry.ctx, filing.studio, scan.id, io.BytesIO(content))
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(all_of_it, range(4)))
    assert any(done)
    assert len(shown(filing, scan)) == 3
    assert filing.registry.journal().count("scan.rows_received") == 1


def test_what_nobody_goes_on_with_is_removed_after_a_week(sqlite_filing: Filing) -> None:
    filing = sqlite_filing
    folder, scan = scanned(filing, "Ada Lind")
    send(filing, scan, lines_of(folder)[:1])
    parts = scan_work.folder_of(filing.registry.ctx, scan) / scan_work.PARTS
    then = filing.registry.clock().timestamp()
    os.utime(parts, (then, then))
    filing.registry.clock.move(days=6)
    assert sweep_parts(filing.registry.ctx) == 0
    filing.registry.clock.move(days=2)
    assert sweep_parts(filing.registry.ctx) == 1
    assert rows_standing(filing.registry.ctx, filing.studio, scan.id).received == 0
    assert scans.get_scan(filing.registry.ctx, filing.studio, scan.id).has_rows is False


def test_only_so_many_are_open_at_once(sqlite_filing: Filing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving_rows, "MOST_OPEN", 1)
    (one, first), (two, second) = scanned(sqlite_filing, "Ada Lind"), scanned(sqlite_filing, "Bo Berg", name="two")
    send(sqlite_filing, first, lines_of(one)[:1])
    with pytest.raises(ConflictError):
        send(sqlite_filing, second, lines_of(two)[:1])
    send(sqlite_filing, first, lines_of(one)[1:], 1)
    complete(sqlite_filing, first)
    assert send(sqlite_filing, second, lines_of(two)[:1]) == 1
