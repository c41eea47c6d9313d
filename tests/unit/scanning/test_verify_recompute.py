"""Rows that are heard again: which are drawn, and when a decision is another one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from scanned import candidate, copy_of, failed, heard, input_of, left_out, plan_of, scanned

from registry.errors import InvalidInputError, ScanMismatchError
from registry.scanning.recompute import Setting, drawn, recompute
from registry.scanning.results import InputRow, ResultRow, Status

ROWS = [heard(0, "a", candidate("p", 2.5)), failed(1, "b"), left_out(2, "c"), heard(3, "d"), heard(4, "e")]


def draw(out: Path, count: int, seed: int) -> list[int]:
    return [row.number for row in drawn(out, count, Random(seed).randrange)]  # noqa: S311  (it must be repeatable)


def test_rows_that_were_read_are_drawn_each_once_and_in_order(tmp_path: Path) -> None:
    out = scanned(tmp_path / "out", ROWS)
    assert draw(out, 10, 0) == [0, 1, 3, 4]


def test_a_seed_draws_the_same_rows_again_and_every_row_is_as_likely(tmp_path: Path) -> None:
    out = scanned(tmp_path / "out", [heard(number, str(number)) for number in range(6)])
    assert draw(out, 2, 7) == draw(out, 2, 7)
    counts = Counter(number for seed in range(300) for number in draw(out, 2, seed))
    assert set(counts) == set(range(6))
    assert all(60 <= count <= 140 for count in counts.values())  # 100 expected, standard deviation 8


def differences(tmp_path: Path, now: dict[int, ResultRow], rows: Sequence[ResultRow] = ROWS) -> dict[int, str]:
    out = scanned(tmp_path / "out", rows)

    def scan(inputs: Sequence[InputRow]) -> Iterator[ResultRow]:
        return (now.get(row.number, rows[row.number]) for row in inputs)

    read = [row for row in rows if row.status is not Status.NOT_SCANNED]
    return {one.before.number: one.difference for one in recompute(out, read, scan)}


def test_the_same_decisions_are_no_differences(tmp_path: Path) -> None:
    assert differences(tmp_path, {}) == {0: "", 1: "", 3: "", 4: ""}


def test_the_last_digits_may_differ(tmp_path: Path) -> None:
    assert not differences(tmp_path, {0: heard(0, "a", candidate("p", 2.5009))})[0]


@pytest.mark.parametrize(
    ("number", "now", "says"),
    [
        (0, heard(0, "a", candidate("p", 2.502)), "log10 LR was 2.5000, and now is 2.5020"),
        (0, heard(0, "a", candidate("q", 2.5)), "it was match of p, and now is match of q"),
        (0, heard(0, "a", candidate("p", 2.5, "sound_alike")), "it was match of p, and now is sound_alike of p"),
        (3, heard(3, "d", candidate("p")), "it was no_match, and now is match of p"),
        (1, heard(1, "b"), "it ended in media_empty, and now ends in evidence"),
        (3, failed(3, "d", "media_unreadable"), "it ended in evidence, and now ends in media_unreadable"),
        (3, heard(3, "d", sha256="ff" * 32), "its bytes have changed"),
    ],
)
def test_another_decision_is_told(tmp_path: Path, number: int, now: ResultRow, says: str) -> None:
    found = differences(tmp_path, {number: now})
    assert says in found.pop(number)
    assert set(found.values()) == {""}


def test_a_verdict_is_not_recomputed(tmp_path: Path) -> None:
    assert not differences(tmp_path, {0: replace(ROWS[0], verdict="licensed_use")})[0]


def test_a_duplicate_is_compared_with_what_its_bytes_came_to(tmp_path: Path) -> None:
    rows = [ROWS[0], copy_of(1, "copy", ROWS[0])]
    again = ResultRow(1, "copy", "/media/copy", Status.DUPLICATE, sha256=ROWS[0].sha256, duplicate_of=0)
    assert differences(tmp_path, {1: again}, rows) == {0: "", 1: ""}
    other = heard(0, "a", candidate("q"))
    found = differences(tmp_path / "2", {0: other, 1: again}, rows)
    assert "match of q" in found[0]
    assert "match of q" in found[1]


def test_a_row_that_was_wrong_in_the_manifest_is_passed_over(tmp_path: Path) -> None:
    inputs = [replace(input_of(row), problem="manifest_row" if row.number == 1 else "") for row in ROWS]
    out = scanned(tmp_path / "out", ROWS, inputs)
    found = [one.before.number for one in recompute(out, ROWS, lambda asked: (ROWS[row.number] for row in asked))]
    assert found == [row.number for row in ROWS if row.number != 1]


def test_another_engine_is_refused_and_another_device_is_not() -> None:
    plan = plan_of()
    then = Setting.of_plan(plan)
    then.require_engine(plan["engine"] | {"device": "cuda"})
    with pytest.raises(ScanMismatchError, match="calibration_sha256") as refused:
        then.require_engine(plan["engine"] | {"calibration_sha256": "00" * 32})
    assert refused.value.figures["differs"] == ["calibration_sha256"]


@pytest.mark.parametrize("member", ["engine", "operating_point", "gallery"])
@pytest.mark.parametrize("value", [None, [], "x"])
def test_a_plan_that_does_not_say_how_the_scan_was_made_is_refused(member: str, value: object) -> None:
    with pytest.raises(InvalidInputError, match="does not say how"):
        Setting.of_plan(plan_of(**{member: value}))
