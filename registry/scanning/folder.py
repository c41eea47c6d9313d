"""The folder of a scan: reading what is in it, a few rows at a time, and writing files that are whole or not there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from registry.domain.reading import parse_json
from registry.errors import InvalidInputError
from registry.scanning.results import FINDINGS, MANIFEST, PLAN, RESULTS, SHARDS, SUMMARY, InputRow, ResultRow
from registry.scanning.tables import Row, replacing

PAGES: Final[Mapping[str, str]] = {"en": "report.html", "ko": "report.ko.html"}
TRAINING: Final = "training-summary.json"
TRAINING_PAGE: Final = "training-summary.md"

ALWAYS_SIGNED: Final = (PLAN, RESULTS, SUMMARY, FINDINGS, *PAGES.values())
SIGNED_IF_THERE: Final = ("results.jsonl", "results.csv", TRAINING, TRAINING_PAGE)

_ROWS_AT_ONCE = 1024


def write_whole(path: Path, content: bytes) -> None:
    """Put a file in place in one step, durable on return.

    Raises:
        ScanStorageError: see `registry.scanning.tables.replacing`.
    """
    with replacing(path) as part:
        part.write_bytes(content)


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        InvalidInputError: the file is absent, or no JSON object; figure ``file``.
    """
    try:
        content = parse_json(path.read_bytes())
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}", file=path.name) from error
    except ValueError as error:
        raise InvalidInputError(f"{path} is not JSON: {error}", file=path.name) from error
    if not isinstance(content, dict):
        raise InvalidInputError(f"{path} is no JSON object", file=path.name)
    return content


def file_facts(file: Path) -> dict[str, Any]:
    """Answer size and hash of a file.

    Raises:
        OSError: it cannot be read.
    """
    with file.open("rb") as content:
        return {"size": file.stat().st_size, "sha256": hashlib.file_digest(content, "sha256").hexdigest()}


def result_rows(out: Path) -> Iterator[ResultRow]:
    """Yield the rows of ``results.parquet`` in order.

    Raises:
        InvalidInputError: it is absent, or no table of such rows; figure ``file``.
    """
    return rows_of(ResultRow, [out / RESULTS])


def shard_rows(out: Path) -> Iterator[ResultRow]:
    """Yield the rows of all shards in order; nothing where the shards are gone.

    Raises:
        InvalidInputError: a file is no table of such rows; figure ``file``.
    """
    return rows_of(ResultRow, sorted((out / SHARDS).glob("*.parquet")))


def input_rows(out: Path) -> Iterator[InputRow]:
    """Yield the rows of the frozen manifest in order.

    Raises:
        InvalidInputError: there is none, or a file is no table of such rows; figure ``file``.
    """
    parts = sorted((out / MANIFEST).glob("*.parquet"))
    if not parts:
        raise InvalidInputError(f"there is no manifest in {out / MANIFEST}", file=MANIFEST)
    return rows_of(InputRow, parts)


def rows_of(kind: type[Row], files: Iterable[Path]) -> Iterator[Row]:
    """Yield the rows of tables, one table after the other, a few at a time.

    Raises:
        InvalidInputError: a file is absent, or no table of such rows; figure ``file``.
    """
    names = [field.name for field in fields(kind)]
    for file in files:
        try:
            with pq.ParquetFile(file) as table:
                for batch in table.iter_batches(batch_size=_ROWS_AT_ONCE, columns=names):
                    yield from (_row(kind, record) for record in batch.to_pylist())
        except OSError as error:
            raise InvalidInputError(f"{file} cannot be read: {error}", file=file.name) from error
        except (pa.ArrowException, ValueError, TypeError) as error:
            raise InvalidInputError(f"{file} is no table of such rows: {error}", file=file.name) from error


def _row(kind: type[Row], record: Mapping[str, Any]) -> Row:
    return kind.of(record) if issubclass(kind, ResultRow) else kind(**record)
