"""A scan's folder checked offline: whatever was changed is named."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from scanned import (
    SHARD_ROWS,
    candidate,
    copy_of,
    failed,
    heard,
    input_of,
    left_out,
    scanned,
    write_results,
    write_rows,
    write_summary,
)

from registry.domain.ids import RandomBytes
from registry.errors import InvalidInputError
from registry.scanning.report import write_report
from registry.scanning.results import FINDINGS, InputRow, ResultRow, shard_path
from registry.scanning.signing import REPORT_TYPE, ScanKey, scan_key, sign_claims
from registry.scanning.verify import MOST_PROBLEMS, Verification, verify_scan


def rows() -> list[ResultRow]:
    first = heard(0, "a.wav", candidate("p", verdict="unlicensed_match"))
    return [
        first,
        copy_of(1, "b.wav", first),
        failed(2, "c.wav"),
        heard(3, "d.wav"),
        left_out(4, "e.wav"),
        heard(5, "f.wav"),
    ]


SIGNED = ["plan.json", "results.parquet", "summary.json", "findings.jsonl", "report.html", "report.ko.html"]


@pytest.fixture
def key(tmp_path: Path, random_bytes: RandomBytes) -> ScanKey:
    return scan_key(tmp_path / "scan-key.json", random_bytes)


@pytest.fixture
def out(tmp_path: Path, key: ScanKey) -> Path:
    folder = scanned(tmp_path / "out", rows())
    write_report(folder, key)
    return folder


def told(verification: Verification) -> list[tuple[str, str]]:
    assert not verification.holds
    assert verification.count >= len(verification.problems) > 0
    return [(problem.code, problem.where) for problem in verification.problems]


def test_what_nobody_touched_holds(out: Path, key: ScanKey) -> None:
    verification = verify_scan(out)
    assert verification.holds, verification.problems
    assert verification.thumbprint == key.thumbprint
    assert verify_scan(out, key.thumbprint).holds


def test_another_thumbprint_is_named(out: Path) -> None:
    assert told(verify_scan(out, "somebody-elses")) == [("key", "report.json")]


@pytest.mark.parametrize("name", SIGNED)
def test_a_file_that_was_changed_is_named(out: Path, name: str) -> None:
    content = bytearray((out / name).read_bytes())
    content[len(content) // 2] ^= 1
    (out / name).write_bytes(content)
    assert ("file", name) in told(verify_scan(out))


@pytest.mark.parametrize("name", SIGNED)
def test_a_file_that_is_gone_is_named(out: Path, name: str) -> None:
    (out / name).unlink()
    assert ("file", name) in told(verify_scan(out))


def test_a_file_that_was_put_there_later_is_named(out: Path) -> None:
    (out / "results.csv").write_text("number\n")
    assert told(verify_scan(out)) == [("file", "results.csv")]


def altered(**changes: Any) -> list[ResultRow]:
    found = rows()
    found[3] = replace(found[3], **changes)
    return found


@pytest.mark.parametrize(
    "changes", [{"outcome": "match"}, {"log10_lr": 1.0}, {"sha256": "00" * 32}, {"evidence": "{}"}, {"reasons": "x"}]
)
def test_a_row_that_was_changed_is_named(out: Path, changes: dict[str, Any]) -> None:
    write_results(out / "results.parquet", altered(**changes))
    assert ("row", "results.parquet, row 3") in told(verify_scan(out))


def test_a_row_that_was_changed_everywhere_is_named_by_the_signature(out: Path) -> None:
    """Results, shard and summary agree with each other; the signed hash of the row does not."""
    changed = altered(outcome="inconclusive", verdict="inconclusive")
    write_results(out / "results.parquet", changed)
    write_results(shard_path(out, 0), changed[:SHARD_ROWS])
    write_summary(out, changed)
    found = told(verify_scan(out))
    assert ("row", "results.parquet, row 3") in found
    assert ("file", "summary.json") in found
    assert not any("row 2" in where or "row 4" in where for _, where in found)


def test_a_row_that_was_taken_out_is_named(out: Path) -> None:
    write_results(out / "results.parquet", rows()[:-1])
    found = told(verify_scan(out))
    assert ("row", "manifest, row 5") in found
    assert ("counts", "summary.json: rows") in found


def test_a_row_of_another_input_is_named(out: Path) -> None:
    write_results(out / "results.parquet", altered(name="x.wav"))
    assert ("row", "results.parquet, row 3") in told(verify_scan(out))


def test_two_rows_that_changed_places_are_named(out: Path) -> None:
    found = rows()
    found[3], found[5] = found[5], found[3]
    write_results(out / "results.parquet", found)
    places = {where for _, where in told(verify_scan(out))}
    assert {"results.parquet, row 3", "results.parquet, row 5"} <= places


def test_evidence_that_cannot_be_read_is_a_problem_of_its_row(out: Path) -> None:
    write_results(out / "results.parquet", [replace(rows()[0], evidence="not json"), *rows()[1:]])
    details = [problem.detail for problem in verify_scan(out).problems if problem.where == "results.parquet, row 0"]
    assert "its evidence cannot be read" in details


def test_a_manifest_that_was_changed_is_named(out: Path) -> None:
    inputs = [asdict(input_of(row)) for row in rows()]
    inputs[3]["size"] = 5
    write_rows(out / "manifest" / "00000000.parquet", InputRow, inputs)
    assert told(verify_scan(out)) == [("manifest", "manifest")]


def test_a_manifest_that_is_gone_is_named(out: Path) -> None:
    shutil.rmtree(out / "manifest")
    assert ("file", "manifest") in told(verify_scan(out))


def test_a_shard_that_says_otherwise_is_named(out: Path) -> None:
    write_results(shard_path(out, 1), [rows()[4], replace(rows()[5], log10_lr=1.0)])
    assert told(verify_scan(out)) == [("row", "results.parquet, row 5")]


def test_shards_may_be_removed(out: Path) -> None:
    shutil.rmtree(out / "shards")
    assert verify_scan(out).holds


def test_what_is_shown_beside_the_signature_is_checked(out: Path) -> None:
    content = json.loads((out / "report.json").read_text(encoding="utf-8"))
    content["report"]["summary"]["flagged"] = 0
    (out / "report.json").write_text(json.dumps(content), encoding="utf-8")
    assert told(verify_scan(out)) == [("file", "report.json: report")]


@pytest.mark.parametrize(
    "change",
    [
        lambda jws: jws[:-6] + "AAAAAA",
        lambda _: "",
        lambda jws: jws.replace(".", "", 1),
        lambda jws: jws.split(".")[0] + ".e30." + jws.split(".")[2],
    ],
)
def test_without_a_signature_that_holds_nothing_else_is_believed(out: Path, change: Callable[[str], str]) -> None:
    content = json.loads((out / "report.json").read_text(encoding="utf-8"))
    content["jws"] = change(content["jws"])
    (out / "report.json").write_text(json.dumps(content), encoding="utf-8")
    verification = verify_scan(out)
    assert told(verification) == [("signature", "report.json")]
    assert verification.thumbprint == ""
    assert not verification.is_read


def resign(out: Path, key: ScanKey, change: Callable[[dict[str, Any]], Any]) -> None:
    claims = json.loads((out / "report.json").read_text(encoding="utf-8"))["report"]
    change(claims)
    signed = {"jws": sign_claims(key, claims, typ=REPORT_TYPE), "report": claims}
    (out / "report.json").write_text(json.dumps(signed), encoding="utf-8")


def test_counts_that_the_rows_do_not_make_are_named_though_signed(out: Path, key: ScanKey) -> None:
    resign(out, key, lambda claims: claims["summary"].update(flagged=0))
    assert ("counts", "summary.json: flagged") in told(verify_scan(out))


def without_a_line(content: bytes) -> bytes:
    return content.split(b"\n", 1)[1]


def with_a_line_twice(content: bytes) -> bytes:
    return content + content.splitlines(keepends=True)[-1]


def with_another_number(content: bytes) -> bytes:
    return content.replace(b'"log10_lr":2.5', b'"log10_lr":1.5', 1)


@pytest.mark.parametrize(
    ("change", "line"), [(without_a_line, 1), (with_a_line_twice, 3), (with_another_number, 1), (bytes.upper, 2)]
)
def test_findings_that_are_not_those_of_the_rows_are_named_though_signed(
    out: Path, key: ScanKey, change: Callable[[bytes], bytes], line: int
) -> None:
    content = change((out / FINDINGS).read_bytes())
    (out / FINDINGS).write_bytes(content)
    facts = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    resign(out, key, lambda claims: claims["files"].update({FINDINGS: facts}))
    assert ("row", f"findings.jsonl, line {line}") in told(verify_scan(out))


def test_findings_hold_who_is_found_and_not_where_it_was_read_nor_what_went_with_it(out: Path) -> None:
    lines = [json.loads(line) for line in (out / FINDINGS).read_bytes().splitlines()]
    assert [(line["number"], line["name"]) for line in lines] == [(0, "a.wav"), (1, "b.wav")]
    assert all([one["performer"] for one in line["candidates"]] == ["p"] for line in lines)
    assert b"/media" not in (out / FINDINGS).read_bytes()
    assert b"verdict" not in (out / FINDINGS).read_bytes()


def test_a_statement_of_a_newer_version_is_not_guessed_at(out: Path, key: ScanKey) -> None:
    resign(out, key, lambda claims: claims.update(ver=2))
    assert told(verify_scan(out)) == [("layout", "report.json")]


@pytest.mark.parametrize("member", ["files", "manifest", "results", "summary", "plan"])
@pytest.mark.parametrize("value", [None, [], {}, "x", 3])
def test_a_statement_that_lacks_something_is_refused_and_breaks_nothing(
    out: Path, key: ScanKey, member: str, value: object
) -> None:
    resign(out, key, lambda claims: claims.update({member: value}))
    assert not verify_scan(out).holds


def test_a_statement_cannot_make_files_elsewhere_be_read(out: Path, key: ScanKey, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    resign(out, key, lambda claims: claims["files"].update({"../secret": {"size": 1, "sha256": "00"}}))
    assert not any("secret" in problem.where for problem in verify_scan(out).problems)


def test_a_resigned_folder_holds_only_for_whoever_trusts_the_new_key(
    out: Path, key: ScanKey, tmp_path: Path, random_bytes: RandomBytes
) -> None:
    other = scan_key(tmp_path / "other.json", random_bytes)
    write_results(out / "results.parquet", altered(reasons="x"))
    shutil.rmtree(out / "shards")
    write_report(out, other)
    assert verify_scan(out).holds
    assert told(verify_scan(out, key.thumbprint)) == [("key", "report.json")]


def test_many_problems_are_counted_and_the_first_are_told(tmp_path: Path, key: ScanKey) -> None:
    many = [heard(number, f"{number}.wav") for number in range(300)]
    out = scanned(tmp_path / "many", many)
    write_report(out, key)
    write_results(out / "results.parquet", [replace(row, reasons="x") for row in many])
    verification = verify_scan(out)
    assert len(verification.problems) == MOST_PROBLEMS
    assert verification.count > 300


def test_a_folder_without_a_report_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"report\.json cannot be read"):
        verify_scan(tmp_path)
