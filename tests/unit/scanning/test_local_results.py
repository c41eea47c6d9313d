"""The folder of a scan: one scan at a time, files whole or not there, and counts that reconcile or a stop."""

from __future__ import annotations

import csv
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from registry.errors import ScanMismatchError, ScanStorageError, ScanUnreconciledError
from registry.scanning.folder import read_json, result_rows
from registry.scanning.judging import LICENCES_NOT_ASKED, WithoutLicences, without_verdicts
from registry.scanning.local import CSV, JSONL, claimed, conclude
from registry.scanning.manifest import Manifest, freeze
from registry.scanning.plan import require_same
from registry.scanning.results import PLAN, RESULTS, SHARDS, SUMMARY, InputRow, ResultRow, Status, shard_path
from registry.scanning.tables import write_rows

ROOT = Path(__file__).resolve().parents[3]
AT = "2026-03-14T15:09:26Z"


def failed(row: InputRow) -> ResultRow:
    return ResultRow(row.number, row.name, row.locator, Status.FAILED, error="media_empty", error_detail="0 bytes")


@pytest.fixture
def inputs() -> list[InputRow]:
    names = ["=cmd()", "b\u202ec.wav", "안녕.wav", "d", "e"]
    return [InputRow(number, name, f"/in/{name}") for number, name in enumerate(names)]


@pytest.fixture
def manifest(tmp_path: Path, inputs: list[InputRow]) -> Manifest:
    """A manifest of five, and shards of two with a result for each."""
    manifest = freeze(inputs, tmp_path)
    (tmp_path / SHARDS).mkdir()
    for number in range(3):
        write_rows(shard_path(tmp_path, number), ResultRow, map(failed, inputs[2 * number : 2 * number + 2]))
    return manifest


def test_results_are_the_rows_of_all_shards_in_every_form(manifest: Manifest, inputs: list[InputRow]) -> None:
    tally = conclude(manifest, AT, jsonl=True, as_csv=True)
    out = manifest.out
    assert [repr(row) for row in result_rows(out)] == [repr(failed(row)) for row in inputs]  # NaN equals nothing
    assert read_json(out / SUMMARY) == tally.as_json() | {"finished_at": AT}
    assert (tally.rows, tally.failed) == (5, 5)
    lines = [json.loads(line) for line in (out / JSONL).read_text(encoding="utf-8").splitlines()]
    assert [line["name"] for line in lines] == [row.name for row in inputs]
    assert {line["log10_lr"] for line in lines} == {None}
    with (out / CSV).open(encoding="utf-8", newline="") as table:
        cells = list(csv.DictReader(table))
    assert [row["name"] for row in cells] == ["'=cmd()", *[row.name for row in inputs[1:]]]
    assert {row["error"] for row in cells} == {"media_empty"}


def test_results_that_do_not_reconcile_with_the_manifest_are_not_written(
    manifest: Manifest, inputs: list[InputRow]
) -> None:
    out = manifest.out
    whole = [failed(row) for row in inputs[4:]]
    for rows in (
        [],
        [replace(whole[0], number=5)],
        [replace(whole[0], name="other")],
        [replace(whole[0], locator="/elsewhere")],
        [*whole, replace(whole[0], number=5)],
    ):
        write_rows(shard_path(out, 2), ResultRow, rows)
        with pytest.raises(ScanUnreconciledError):
            conclude(manifest, AT, jsonl=False, as_csv=False)
        assert not (out / RESULTS).exists()
        assert not (out / SUMMARY).exists()


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_where_no_more_can_be_written_nothing_is_left_and_what_was_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    path.write_bytes(b"as it was")
    rows = [InputRow(number, os.urandom(500).hex(), "x") for number in range(100)]
    with no_file_larger_than(4_096), pytest.raises(ScanStorageError, match=r"rows\.parquet cannot be written"):
        write_rows(path, InputRow, rows)
    assert [each.name for each in tmp_path.iterdir()] == ["rows.parquet"]
    assert path.read_bytes() == b"as it was"


def test_what_raises_while_a_file_is_written_leaves_nothing(tmp_path: Path) -> None:
    def half() -> Iterator[InputRow]:
        yield InputRow(0, "a", "a")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_rows(tmp_path / "a", InputRow, half())
    assert list(tmp_path.iterdir()) == []


# --- the folder ------------------------------------------------------------------------------------------------------


def test_a_folder_with_anything_in_it_is_taken_up_only_where_a_scan_began_in_it(tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"
    with claimed(out, resume=False):
        pass
    with claimed(out, resume=True):
        (out / ".part-manifest").mkdir()
        (out / "manifest").mkdir()
    with pytest.raises(ScanMismatchError, match="is not empty"), claimed(out, resume=False):
        pass
    with claimed(out, resume=True):
        (out / "diary.txt").write_text("mine")
    with pytest.raises(ScanMismatchError, match="holds no scan"), claimed(out, resume=True):
        pass
    (out / PLAN).write_text("{}")
    for name in (".report.ko.html.a1b2c3d_", ".report.json", ".notes"):
        (out / name).write_text("half")
    with claimed(out, resume=True):
        pass
    assert {path.name for path in out.iterdir() if path.name.startswith(".")} == {
        ".part-manifest",
        ".report.json",
        ".notes",
    }


def test_two_scans_do_not_share_a_folder(tmp_path: Path) -> None:
    program = f"""
from pathlib import Path
from registry.errors import ScanMismatchError
from registry.scanning.local import claimed
try:
    with claimed(Path({str(tmp_path)!r}), resume=True):
        print("in")
except ScanMismatchError as error:
    print(error.detail)
"""
    command = [sys.executable, "-c", program]
    with claimed(tmp_path, resume=False):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603  (our own program)
    assert "another process" in done.stdout
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603  (our own program)
    assert done.stdout == "in\n"


def test_a_folder_that_cannot_be_made_is_a_clear_stop(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(ScanStorageError), claimed(tmp_path / "file" / "out", resume=False):
        pass


def test_a_scan_that_would_not_be_the_one_that_began_is_refused_by_all_that_differs() -> None:
    planned = {"source": "/in", "options": {"limit": 5, "seed": 0}, "gallery": {"id": "a", "warnings": []}}
    require_same(planned, {"options": {"seed": 0, "limit": 5}, "gallery": {"id": "a", "warnings": ["new"]}})
    with pytest.raises(ScanMismatchError) as refused:
        require_same(planned, {"source": "/in", "options": {"limit": 6, "seed": 0}, "gallery": {"id": "b"}})
    assert refused.value.figures["differs"] == ["options limit (5 then, 6 now)", 'gallery id ("a" then, "b" now)']


# --- verdicts --------------------------------------------------------------------------------------------------------


def test_where_no_licences_can_be_asked_a_match_is_not_assessed_and_says_so() -> None:
    def judged(outcome: str, status: Status = Status.ASSESSED) -> tuple[str, str]:
        (row,) = WithoutLicences().judge([ResultRow(0, "a", "a", status, outcome=outcome, reasons="b")])
        return row.verdict, row.reasons

    assert judged("match") == ("not_assessed", f"b {LICENCES_NOT_ASKED}")
    assert judged("sound_alike", Status.DUPLICATE) == ("not_assessed", f"b {LICENCES_NOT_ASKED}")
    assert judged("no_match") == ("no_match", "b")
    assert judged("inconclusive") == ("inconclusive", "b")
    assert judged("", Status.FAILED) == ("", "b")
    assert judged("", Status.NOT_SCANNED) == ("", "b")


def test_evidence_is_passed_on_without_the_verdicts_of_others() -> None:
    candidate = {"performer": "p", "outcome": "match"}
    ruled = candidate | {"verdict": "licensed_use", "verdict_reasons": [], "licence_id": "lic_1"}
    assert without_verdicts({"outcome": "match", "candidates": [ruled]}) == {
        "outcome": "match",
        "candidates": [candidate],
    }
