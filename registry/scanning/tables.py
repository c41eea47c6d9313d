"""Writing rows as Parquet: any number of them in little memory, and the file is whole or not there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from registry.errors import NO_ROOM, ScanStorageError, StorageFullError
from registry.scanning.results import InputRow, ResultRow

Row = TypeVar("Row", InputRow, ResultRow)
T = TypeVar("T")

PART: Final = ".part-"
"""What names of files begin with until they are whole."""
_GROUP_ROWS: Final = 8192
_TYPES: Final = {"int": pa.int64(), "str": pa.string(), "float": pa.float64(), "Status": pa.string()}


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Answer where to write a file, which takes its place when the block ends, durable; nothing stays where it raises.

    Raises:
        StorageFullError: the disk is full.
        ScanStorageError: the folder is gone, or cannot be written to.
    """
    part = path.with_name(f"{PART}{path.name}~")
    try:
        yield part
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise unwritable(f"{path} cannot be written", error, path) from error
    finally:
        part.unlink(missing_ok=True)


def unwritable(what: str, error: OSError, path: Path) -> ScanStorageError | StorageFullError:
    """Answer what to raise where a scan cannot write: for want of room, which may come, or for good.

    Args:
        what: cannot be written, in words.
        error: of the system.
        path: of the file or folder.
    """
    kind = StorageFullError if error.errno in NO_ROOM else ScanStorageError
    return kind(f"{what}: {error.strerror or error}", file=str(path))


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def schema_of(kind: type[InputRow | ResultRow]) -> pa.Schema:
    """Answer the columns of a table of such rows, in order."""
    return pa.schema([pa.field(field.name, _TYPES[str(field.type)], nullable=False) for field in fields(kind)])


def write_rows(path: Path, kind: type[Row], rows: Iterable[Row]) -> None:
    """Write a table of rows, a group of them at a time.

    Raises:
        ScanStorageError: see `replacing`.
    """
    schema = schema_of(kind)
    with replacing(path) as part, pq.ParquetWriter(part, schema, compression="zstd") as table:
        for group in grouped(rows, _GROUP_ROWS):
            table.write_table(pa.Table.from_pylist([record_of(row) for row in group], schema=schema))


def record_of(row: InputRow | ResultRow) -> dict[str, Any]:
    """Answer a row as tables hold it."""
    if isinstance(row, ResultRow):
        return row.as_record()
    return {name: getattr(row, name) for name in InputRow.__dataclass_fields__}


def grouped(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield items in lists of ``size``; the last may be shorter."""
    rest = iter(items)
    while group := list(islice(rest, size)):
        yield group


def read_results(path: Path) -> list[ResultRow]:
    """Answer the rows of one table of results.

    Raises:
        ScanStorageError: it cannot be read.
    """
    try:
        return [ResultRow.of(record) for record in pq.read_table(path).to_pylist()]
    except (OSError, pa.ArrowException, ValueError, TypeError) as error:
        raise ScanStorageError(f"{path} cannot be read: {error}", file=str(path)) from error


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON object, in one step.

    Raises:
        ScanStorageError: see `replacing`.
    """
    with replacing(path) as part:
        part.write_text(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
