"""Lists: what is declared comes with its row; bad rows have a problem, and a list that cannot be relied on stops."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from registry.errors import SourceError
from registry.scanning.lists import Columns
from registry.scanning.results import InputRow
from registry.scanning.sources import Asked, inputs

PLAIN = Columns()


def rows_of(path: Path, columns: Columns = PLAIN, **more: Any) -> list[InputRow]:
    return list(inputs(Asked(str(path), columns, **more)))


def written(tmp_path: Path, name: str, content: str | bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


RECORDS = [
    {"path": "a.wav", "declared_use": "dubbing", "project": "Spring", "licence": "lic_1", "text": "안녕"},
    {"path": "/abs/b.wav", "declared_use": "", "project": "", "licence": "", "text": 'with "quotes", and\na line'},
    {"path": "s3://bucket/c.wav", "declared_use": "", "project": "", "licence": "", "text": ""},
]


def as_csv(path: Path, delimiter: str = ",") -> None:
    lines = [delimiter.join(RECORDS[0])]
    lines += [delimiter.join('"' + value.replace('"', '""') + '"' for value in record.values()) for record in RECORDS]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")


def as_json_lines(path: Path) -> None:
    path.write_text("\n\n".join(json.dumps(record) for record in RECORDS), encoding="utf-8")


def as_parquet(path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(RECORDS), path)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("l.csv", as_csv),
        ("l.tsv", lambda path: as_csv(path, "\t")),
        ("l.jsonl", as_json_lines),
        ("L.NDJSON", as_json_lines),
        ("l.parquet", as_parquet),
    ],
)
def test_every_kind_of_list_says_the_same(tmp_path: Path, name: str, write: Any) -> None:
    write(tmp_path / name)
    rows = rows_of(tmp_path / name, declared_use="narration", project="Autumn")
    assert [row.locator for row in rows] == [str(tmp_path / "a.wav"), "/abs/b.wav", "s3://bucket/c.wav"]
    assert [row.name for row in rows] == [record["path"] for record in RECORDS]
    assert [(row.declared_use, row.project) for row in rows] == [("dubbing", "Spring"), *[("narration", "Autumn")] * 2]
    assert [row.text for row in rows] == [record["text"] for record in RECORDS]
    assert rows[0].licence == "lic_1"
    assert {row.problem for row in rows} == {""}


def test_columns_stand_for_what_they_are_named_for(tmp_path: Path) -> None:
    path = written(tmp_path, "l.csv", "id,file,genre,who\nx1,a.wav,song,P\nx2,b.wav,talk,Q\n")
    columns = Columns({"path": "file", "key": "id", "project": "who"}, stratify="genre")
    rows = rows_of(path, columns)
    assert [(row.name, row.project, row.group) for row in rows] == [("x1", "P", "song"), ("x2", "Q", "talk")]


def test_sizes_of_files_that_are_there_are_known(tmp_path: Path) -> None:
    written(tmp_path, "a.wav", b"12345")
    path = written(tmp_path, "l.csv", "path\na.wav\ngone.wav\n")
    assert [row.size for row in rows_of(path)] == [5, -1]


def test_bad_rows_are_rows_with_a_problem_and_the_others_go_on(tmp_path: Path) -> None:
    path = written(tmp_path, "l.csv", "path,text\na.wav,x\nb.wav\nc.wav,x,y\n,z\na.wav,again\n\nd.wav,x\n")
    rows = rows_of(path)
    assert [(row.name, row.problem) for row in rows] == [
        ("a.wav", ""),
        ("b.wav", "columns_do_not_fit"),
        ("c.wav", "columns_do_not_fit"),
        ("line 5", "column_missing"),
        ("a.wav", "duplicate_key"),
        ("d.wav", ""),
    ]
    assert rows[1].problem_detail == "line 3 has 1 columns, the header names 2"
    assert rows[4].problem_detail == "line 6 has the key of row 0"


def test_bad_json_lines_are_rows_with_a_problem(tmp_path: Path) -> None:
    lines = [
        '{"path": "a.wav"}',
        '{"path": ',
        "[1]",
        '{"text": "no path"}',
        '{"path": "b", "path": "c"}',
        "[" * 100_000,
    ]
    rows = rows_of(written(tmp_path, "l.jsonl", "\n".join(lines)))
    assert [row.problem for row in rows] == [
        *("", "row_unreadable", "row_unreadable", "column_missing", "row_unreadable", "row_unreadable"),
    ]
    assert [row.name for row in rows][1:] == [f"line {number}" for number in range(2, 7)]


def test_a_row_without_a_column_that_was_named_has_a_problem(tmp_path: Path) -> None:
    path = written(tmp_path, "l.jsonl", '{"path": "a.wav"}\n{"path": "b.wav", "use": "dubbing"}\n')
    rows = rows_of(path, Columns({"declared_use": "use"}))
    assert [row.problem for row in rows] == ["column_missing", ""]
    assert "use" in rows[0].problem_detail


@pytest.mark.parametrize("path", ["a\0.wav", "../../up.wav", "\ud800.wav", "x" * 5_000])
def test_any_path_is_a_row(tmp_path: Path, path: str) -> None:
    (row,) = rows_of(written(tmp_path, "l.jsonl", json.dumps({"path": path})))
    assert row.problem == ""
    row.locator.encode()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("l.csv", b"path,text\na.wav,x\n" + b"b.wav,caf\xe9\n", "line 3, byte 27"),
        ("l.csv", "path\na.wav\n".encode("utf-16"), "line 1, byte 0"),
        ("l.csv", "file\na.wav\n", "no column path; it has file"),
        ("l.csv", "", "no column path; it has none"),
        ("l.csv", "path,path\na,b\n", "path more than once"),
        ("l.csv", 'path\n"a.wav" x\nb.wav\n', "line 2"),
        ("l.csv", 'path\n"never ends\nb.wav\n', "line 3"),
        ("l.jsonl", b'{"path": "a.wav"}\n\xff\n', "line 2, byte 18"),
        ("l.parquet", b"PAR1 no it is not", "not a Parquet file"),
        ("l.parquet", b"", "not a Parquet file"),
    ],
)
def test_a_list_that_cannot_be_relied_on_stops_and_says_where(
    tmp_path: Path, name: str, content: str | bytes, says: str
) -> None:
    with pytest.raises(SourceError) as stopped:
        rows_of(written(tmp_path, name, content))
    assert says in stopped.value.detail


def test_a_line_without_an_end_stops_before_it_fills_the_memory(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="line 2 of the list is longer"):
        rows_of(written(tmp_path, "l.csv", b"path\n" + b"x" * (2**24 + 2)))


def test_a_list_that_is_not_there_stops(tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        rows_of(tmp_path / "l.csv")


@pytest.mark.parametrize(("name", "write"), [("l.csv", as_csv), ("l.parquet", as_parquet)])
def test_a_list_in_a_store_names_what_lies_beside_it(tmp_path: Path, name: str, write: Any) -> None:
    write(tmp_path / name)
    store = fsspec.filesystem("memory")
    store.pipe_file(f"/lists/{name}", (tmp_path / name).read_bytes())
    try:
        rows = list(inputs(Asked(f"memory://lists/{name}")))
    finally:
        store.rm("/lists", recursive=True)
    assert [row.locator for row in rows] == ["memory://lists/a.wav", "memory://lists/abs/b.wav", "s3://bucket/c.wav"]
    assert {row.size for row in rows} == {-1}
