"""Hashes of rows: what a report signs of a table, so that it can be said later which rows are not those it had."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from registry.vault.signing import canonical

MOST_BLOCKS: Final = 2048
_BLOCK_BYTES: Final = 16


def line_of(record: Mapping[str, Any]) -> bytes:
    """Answer a row as it is hashed: canonical JSON (RFC 8785), then a line feed; what is not a number is null.

    Raises:
        InvalidInputError: it holds text or a number that JSON has no form for.
    """
    plain = {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in record.items()}
    return canonical(plain) + b"\n"


class RowsDigest:
    """SHA-256 over the lines of rows in order; and, to say where two tables differ, over each block of rows.

    Args:
        block_rows: rows of a block; 0 for no blocks.
    """

    def __init__(self, block_rows: int = 0) -> None:
        self._all = hashlib.sha256()
        self._block = hashlib.sha256()
        self._block_rows = block_rows
        self._blocks: list[str] = []
        self.rows = 0

    def add(self, record: Mapping[str, Any]) -> None:
        """Take in the next row.

        Raises:
            InvalidInputError: as `line_of`.
        """
        line = line_of(record)
        self._all.update(line)
        self.rows += 1
        if self._block_rows:
            self._block.update(line)
            if self.rows % self._block_rows == 0:
                self._end_block()

    def hexdigest(self) -> str:
        """Answer the hash of all rows so far."""
        return self._all.hexdigest()

    def blocks(self) -> list[str]:
        """Answer the first 16 bytes of the hash of each block, the last of which may be short."""
        left = self._block_rows and self.rows % self._block_rows
        return [*self._blocks, self._block.hexdigest()[: 2 * _BLOCK_BYTES]] if left else list(self._blocks)

    def _end_block(self) -> None:
        self._blocks.append(self._block.hexdigest()[: 2 * _BLOCK_BYTES])
        self._block = hashlib.sha256()


def block_rows(rows: int) -> int:
    """Answer how many rows make a block of a table of so many: one, until there would be more than `MOST_BLOCKS`."""
    return max(1, -(-rows // MOST_BLOCKS))


def digest_of_manifest(out: Path) -> RowsDigest:
    """Answer the hash of the frozen manifest's rows."""
    from registry.scanning.folder import input_rows  # what reads tables is loaded where one is read

    digest = RowsDigest()
    for row in input_rows(out):
        digest.add(asdict(row))
    return digest
