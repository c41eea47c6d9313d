"""Rows of a scan that was reported, on their way."""

from __future__ import annotations

from typing import Self

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import Answer, Form
from api.uploads import File
from registry.scanning.receiving_rows import RowsStanding


class NewRows(Form):
    """A part of the rows of a scan: whole blocks of those that its report signs."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"first": 0, "file": "(rows.jsonl.gz)"}]})

    first: int = Field(ge=0, le=2**31 - 1, description="Number of the first row in it.")
    file: File = Field(description="Lines of `results.jsonl`, as they are or packed by gzip; 16 MB at most, unpacked.")


class RowsOut(Answer):
    """How far the rows of a scan have come."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"scan_id": examples.SCAN, "rows": 1200, "received": 512, "block_rows": 1, "is_complete": False}
            ]
        }
    )

    scan_id: str
    rows: int = Field(description="That the report counts.")
    received: int = Field(description="How many are here, from the first on: the next part begins with this one.")
    block_rows: int | None = Field(
        description="Of the blocks that the report signs; a part is whole blocks. Null where none is to be sent."
    )
    is_complete: bool = Field(description="Whether they are shown.")

    @classmethod
    def of(cls, standing: RowsStanding) -> Self:
        """Describe how far they have come."""
        scan = standing.scan
        return cls(
            scan_id=scan.id,
            rows=scan.rows,
            received=standing.received,
            block_rows=standing.block_rows,
            is_complete=scan.has_rows,
        )
