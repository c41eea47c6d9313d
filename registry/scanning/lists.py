"""Lists as sources: CSV, TSV, JSON lines and Parquet, a row for every input, with what is declared of it."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

from registry.domain.reading import parse_json
from registry.errors import InputOutsideError, SourceError
from registry.scanning.fences import UNFENCED, Fence
from registry.scanning.places import FILE_SCHEME, is_url, local_path, locator_of, open_place, shown
from registry.scanning.results import InputRow
from registry.scanning.seen import Seen

SUFFIXES: Final = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
FIELDS: Final = ("path", "key", "declared_use", "project", "licence", "text")
"""What a column may stand for; by default the column of the same name does. Only ``path`` has to be there."""
_LONGEST_LINE: Final = 2**24
_ROWS_AT_ONCE: Final = 1024


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of a list stand for what.

    Attributes:
        named: by field of `FIELDS`, the column that was named for it; a row without it has a problem.
        stratify: the column whose value is the row's group; empty for none.
    """

    named: Mapping[str, str] = field(default_factory=dict)
    stratify: str = ""

    def column(self, of: str) -> str:
        """Answer the column that stands for a field."""
        return self.named.get(of, of)

    def required(self) -> list[str]:
        """Answer the columns that every row must have."""
        return list(dict.fromkeys([self.column("path"), *self.named.values(), *filter(None, [self.stratify])]))


@dataclass(frozen=True, slots=True)
class _Record:
    """One row as it was read: values by column, or what is wrong with it. ``where`` names the line."""

    where: str
    values: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""
    detail: str = ""


def is_list(name: str) -> bool:
    """Whether a file is read as a list of inputs, by its name."""
    return name.lower().endswith(SUFFIXES)


def listed(place: str, columns: Columns, fence: Fence = UNFENCED) -> Iterator[InputRow]:
    """Yield a row for every row of a list, in its order.

    Args:
        place: of the list; paths in it are relative to its folder.
        columns: which of them stand for what.
        fence: around what the list may name; a row that names anything else has that as its problem, and is not looked
            at.

    Raises:
        InputOutsideError: the list itself lies outside of the fence.
        SourceError: the list cannot be read, or from a line on cannot be relied on; the sentence says which, and why.
    """
    suffix = os.path.splitext(place)[1].lower()  # noqa: PTH122  (a URL is no path)
    try:
        with open_place(place, fence) as file, Seen() as seen:
            records = _READERS[suffix](file, columns)
            for number, record in enumerate(records):
                yield _row(record, number, _Around(_folder_of(place), fence), columns, seen)
    except OSError as error:
        raise SourceError(f"{place} cannot be read: {error.strerror or error}", source=place) from error


# --- one row ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Around:
    """Where a list lies: its folder, and the fence around what it may name."""

    folder: str
    fence: Fence

    def problem_with(self, locator: str) -> str:
        """Answer why a place may not be looked at; empty where it may."""
        try:
            if is_url(locator):
                self.fence.require_url(locator)
            elif not self.fence.is_inside(local_path(locator)):
                return "leads out of what may be scanned"
        except InputOutsideError:
            return "leads out of what may be scanned"
        except ValueError:
            return ""  # no path at all, which whoever opens it will say
        return ""


def _row(record: _Record, number: int, around: _Around, columns: Columns, seen: Seen) -> InputRow:
    missing = [column for column in columns.required() if record.values.get(column) is None]
    path = text_of(record.values.get(columns.column("path")))
    key = text_of(record.values.get(columns.column("key"))) or path
    problem, detail = record.problem, record.detail
    if not problem and (missing or not path):
        problem, detail = "column_missing", f"{record.where} has no {', '.join(missing) or columns.column('path')}"
    first = seen.number_of(key, number) if key else number
    if not problem and first != number:
        problem, detail = "duplicate_key", f"{record.where} has the key of row {first}"
    locator = _located(path, around.folder) if path else ""
    outside = around.problem_with(locator) if locator else ""
    if outside and not problem:
        problem, detail = InputOutsideError.slug, f"{record.where} {outside}"
    return InputRow(
        number=-1,
        name=shown(key) or record.where,
        locator=locator,
        size=-1 if outside else _size(locator),
        group=text_of(record.values.get(columns.stratify)) if columns.stratify else "",
        declared_use=text_of(record.values.get(columns.column("declared_use"))),
        project=text_of(record.values.get(columns.column("project"))),
        licence=text_of(record.values.get(columns.column("licence"))),
        text=text_of(record.values.get(columns.column("text"))),
        problem=problem,
        problem_detail=shown(detail),
    )


def text_of(value: object) -> str:
    """Answer a declared value as text: empty for none, JSON for what is no text."""
    if value is None:
        return ""
    return shown(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))


def _folder_of(place: str) -> str:
    return place.rpartition("/")[0] if is_url(place) else os.path.dirname(os.path.abspath(local_path(place)))  # noqa: PTH100, PTH120  (no link is followed)


def _located(path: str, folder: str) -> str:
    if is_url(path):
        return path
    if path.startswith(FILE_SCHEME):
        return locator_of(local_path(path))
    return f"{folder}/{path.lstrip('/')}" if is_url(folder) else locator_of(os.path.join(folder, path))  # noqa: PTH118  (as it is written)


def _size(locator: str) -> int:
    try:
        return -1 if not locator or is_url(locator) else os.stat(local_path(locator)).st_size  # noqa: PTH116  (no path is made of it)
    except (OSError, ValueError):
        return -1


# --- CSV and TSV -----------------------------------------------------------------------------------------------------


def _of_csv(file: BinaryIO, columns: Columns, delimiter: str = ",") -> Iterator[_Record]:
    reader = csv.reader(_lines(file), delimiter=delimiter, strict=True)
    try:
        header = next(reader, None)
        _require_columns(header or [], columns)
        for cells in reader:
            if cells:
                yield _record_of(cells, header or [], f"line {reader.line_num}")
    except csv.Error as error:
        line = reader.line_num
        raise SourceError(f"line {line} of the list cannot be read: {error}", line=line) from error


def _of_tsv(file: BinaryIO, columns: Columns) -> Iterator[_Record]:
    return _of_csv(file, columns, "\t")


def _record_of(cells: Sequence[str], header: Sequence[str], where: str) -> _Record:
    values = dict(zip(header, cells, strict=False))
    if len(cells) == len(header):
        return _Record(where, values)
    detail = f"{where} has {len(cells)} columns, the header names {len(header)}"
    return _Record(where, values, "columns_do_not_fit", detail)


def _require_columns(header: Sequence[str], columns: Columns) -> None:
    """Refuse a table that lacks a column that is needed, or has one twice.

    Raises:
        SourceError: it names what is there.
    """
    missing = [column for column in columns.required() if column not in header]
    if missing:
        raise SourceError(
            f"the list has no column {', '.join(missing)}; it has {shown(', '.join(header)) or 'none'}", missing=missing
        )
    twice = sorted({column for column in header if list(header).count(column) > 1})
    if twice:
        raise SourceError(f"the list has the column {', '.join(twice)} more than once", twice=twice)


def _lines(file: BinaryIO) -> Iterator[str]:
    """Yield lines as text; a byte-order mark of UTF-8 is taken off.

    Raises:
        SourceError: it is not UTF-8, or a line is longer than any list's.
    """
    number = start = 0
    while line := file.readline(_LONGEST_LINE + 1):
        number += 1
        if len(line) > _LONGEST_LINE:
            raise SourceError(f"line {number} of the list is longer than {_LONGEST_LINE} bytes", line=number)
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            byte = start + error.start
            raise SourceError(
                f"the list is not UTF-8: line {number}, byte {byte} of the file ({line[error.start]:#04x})",
                line=number,
                byte=byte,
            ) from error
        start += len(line)
        yield text


# --- JSON lines ------------------------------------------------------------------------------------------------------


def _of_json_lines(file: BinaryIO, _columns: Columns) -> Iterator[_Record]:
    for number, line in enumerate(_lines(file), start=1):
        if line.strip():
            yield _record_of_json(line, f"line {number}")


def _record_of_json(line: str, where: str) -> _Record:
    try:
        values = parse_json(line, members=each_once)
    except ValueError as error:
        return _Record(where, problem="row_unreadable", detail=f"{where} cannot be read: {error}")
    if not isinstance(values, dict):
        return _Record(where, problem="row_unreadable", detail=f"{where} is no JSON object")
    return _Record(where, values)


def each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Answer the members of a JSON object.

    Raises:
        ValueError: one is named more than once.
    """
    twice = sorted(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
    if twice:
        raise ValueError(f"{', '.join(twice)} is named more than once")
    return dict(pairs)


# --- Parquet ---------------------------------------------------------------------------------------------------------


def _of_parquet(file: BinaryIO, columns: Columns) -> Iterator[_Record]:
    import pyarrow as pa  # loaded where there is such a list, as it takes a while and much memory
    import pyarrow.parquet as pq

    wanted = {columns.column(of) for of in FIELDS} | {columns.stratify}
    try:
        with pq.ParquetFile(file) as table:
            header = table.schema_arrow.names
            _require_columns(header, columns)
            number = 0
            for batch in table.iter_batches(_ROWS_AT_ONCE, columns=[name for name in header if name in wanted]):
                for values in batch.to_pylist():
                    yield _Record(f"row {number}", values)
                    number += 1
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise SourceError(f"the list is not a Parquet file that can be read: {error}") from error


_READERS: Final = {
    ".csv": _of_csv,
    ".tsv": _of_tsv,
    ".jsonl": _of_json_lines,
    ".ndjson": _of_json_lines,
    ".parquet": _of_parquet,
}
