"""Counting rows, and hashing them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from scanned import candidate, copy_of, failed, heard, input_of, left_out, scanned

from registry.errors import InvalidInputError
from registry.scanning.digest import MOST_BLOCKS, RowsDigest, block_rows
from registry.scanning.folder import input_rows, result_rows, rows_of, shard_rows, write_whole
from registry.scanning.results import ResultRow
from registry.scanning.tally import Tally, is_flagged, is_for_review


def tally_of(*rows: ResultRow) -> dict:
    tally = Tally()
    for row in rows:
        tally.add(row)
    return tally.as_json()


@pytest.mark.parametrize(
    ("outcome", "verdict", "flagged", "review"),
    [
        ("match", "not_assessed", True, False),
        ("match", "unlicensed_match", True, False),
        ("match", "opted_out_match", True, False),
        ("match", "licensed_out_of_scope", True, False),
        ("match", "licensed_use", False, False),
        ("match", "expired_legacy_use", False, False),
        ("match", "explained_by_declared_source", False, False),
        ("sound_alike", "sound_alike_review", False, True),
        ("no_match", "no_match", False, False),
    ],
)
def test_a_match_is_flagged_unless_something_covers_it(
    outcome: str, verdict: str, *, flagged: bool, review: bool
) -> None:
    row = heard(0, "a", candidate("p", outcome=outcome, verdict=verdict))
    assert is_flagged(row) is flagged
    assert is_for_review(row) is review


def test_one_covered_performer_does_not_cover_another() -> None:
    both = heard(0, "a", candidate("licensed", verdict="licensed_use"), candidate("other", verdict="unlicensed_match"))
    assert is_flagged(both)


def test_a_covered_match_beside_a_sound_alike_is_to_be_reviewed() -> None:
    row = heard(
        0, "a", candidate("p", verdict="licensed_use"), candidate("q", 0.9, "sound_alike", verdict="sound_alike_review")
    )
    assert not is_flagged(row)
    assert is_for_review(row)


def test_every_row_ends_in_one_status_and_is_counted_once() -> None:
    first = heard(0, "a", candidate("p"))
    counted = tally_of(
        first, copy_of(1, "b", first), failed(2, "c"), failed(3, "d", "media_truncated"), left_out(4, "e")
    )
    assert counted["statuses"] == {"assessed": 1, "duplicate": 1, "failed": 2, "not_scanned": 1}
    assert counted["rows"] == sum(counted["statuses"].values())
    assert counted["errors"] == {"media_empty": 1, "media_truncated": 1}
    assert counted["not_scanned"] == {"beyond_limit": 1}


def test_a_duplicate_counts_as_a_file_but_not_as_a_content() -> None:
    first = heard(0, "a", candidate("p", segments=((0, 2, 3.0), (4, 5.5, 2.0))))
    counted = tally_of(first, copy_of(1, "b", first), copy_of(2, "c", first))
    (finding,) = counted["performers"]["p"]
    assert (finding["files"], finding["seconds"]) == (3, 10.5)
    assert (finding["distinct_files"], finding["distinct_seconds"]) == (1, 3.5)
    assert counted["audio_s"] == 10.0
    assert counted["flagged"] == 3


def test_findings_of_a_performer_are_told_apart_by_verdict_and_licence() -> None:
    counted = tally_of(
        heard(0, "a", candidate("p", 3.1, verdict="licensed_use", licence_id="lic_1")),
        heard(1, "b", candidate("p", 2.1, verdict="licensed_use", licence_id="lic_2")),
        heard(2, "c", candidate("p", 2.2, verdict="unlicensed_match")),
    )
    found = counted["performers"]["p"]
    assert [(one["verdict"], one["licence_id"], one["files"], one["strongest_log10_lr"]) for one in found] == [
        ("licensed_use", "lic_1", 1, 3.1),
        ("licensed_use", "lic_2", 1, 2.1),
        ("unlicensed_match", "", 1, 2.2),
    ]


def test_the_hash_of_rows_is_over_canonical_lines(tmp_path: Path) -> None:
    """An independent writing of RFC 8785 lines makes the same hash."""
    rows = [heard(0, "가.wav", candidate("p", 2.0)), failed(1, "b"), left_out(2, "c")]
    digest = RowsDigest()
    expected = hashlib.sha256()
    for row in rows:
        digest.add(row.as_record())
        line = {name: None if value != value else value for name, value in row.as_record().items()}  # noqa: PLR0124
        expected.update(rfc8785.dumps(line) + b"\n")
    assert digest.hexdigest() == expected.hexdigest()
    out = scanned(tmp_path / "out", rows)
    assert [row.as_record()["name"] for row in result_rows(out)] == ["가.wav", "b", "c"]


@given(st.lists(st.integers(0, 9), max_size=30), st.integers(1, 7))
def test_blocks_say_in_which_rows_two_tables_differ(numbers: list[int], size: int) -> None:
    def blocks(values: list[int]) -> list[str]:
        digest = RowsDigest(size)
        for value in values:
            digest.add({"number": value})
        return digest.blocks()

    assert len(blocks(numbers)) == -(-len(numbers) // size)
    for place in range(len(numbers)):
        other = [*numbers[:place], numbers[place] + 10, *numbers[place + 1 :]]
        differ = [
            block for block, (one, two) in enumerate(zip(blocks(numbers), blocks(other), strict=True)) if one != two
        ]
        assert differ == [place // size]


@pytest.mark.parametrize("rows", [0, 1, MOST_BLOCKS, MOST_BLOCKS + 1, 100_000, 100_000_000])
def test_there_are_never_more_blocks_than_a_report_holds(rows: int) -> None:
    assert -(-rows // block_rows(rows)) <= MOST_BLOCKS


def test_rows_are_read_as_they_were_written(tmp_path: Path) -> None:
    rows = [heard(number, f"{number}.wav", candidate("p")) for number in range(9)]
    out = scanned(tmp_path / "out", rows)
    assert list(result_rows(out)) == rows
    assert list(shard_rows(out)) == rows
    assert list(input_rows(out)) == [input_of(row) for row in rows]


def test_what_is_no_table_of_rows_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "results.parquet"
    file.write_bytes(b"PAR1 and then nothing")
    with pytest.raises(InvalidInputError) as refused:
        list(rows_of(ResultRow, [file]))
    assert refused.value.figures["file"] == "results.parquet"


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    write_whole(file, b"before")
    with pytest.raises(TypeError):
        write_whole(file, "not bytes")  # type: ignore[arg-type]
    assert file.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [file]


def test_a_row_of_the_manifest_has_a_canonical_line() -> None:
    digest = RowsDigest()
    digest.add(asdict(input_of(left_out(0, "a"))))
    assert json.loads(json.dumps(digest.hexdigest())) == digest.hexdigest()
    with pytest.raises(InvalidInputError, match="canonical"):
        digest.add({"name": "\udc80"})
