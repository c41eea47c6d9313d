"""Exports: everything about one performer."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import Answer, Moment, Query
from api.schemas.examples import Example
from registry.interchange.performer_export import FORMAT, TABLES, VERSION

_EXPORT: Example = {
    "format": FORMAT,
    "version": VERSION,
    "performer_id": examples.PERFORMER,
    "made_at": examples.NOW,
    "tables": {name: [] for name in TABLES},
}


class ExportFormat(StrEnum):
    """How an export is written down."""

    JSON = "json"
    ZIP = "zip"


class ExportQuery(Query):
    """In which form."""

    format: ExportFormat = Field(default=ExportFormat.JSON, description="`zip`: the same, and a CSV of each table.")


class ExportOut(Answer):
    """Everything about one performer, and nothing about another."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXPORT]})

    format: str = Field(description=f"`{FORMAT}`.")
    version: int = Field(description="Of the format; it only grows.")
    performer_id: str
    made_at: Moment
    tables: dict[str, list[dict[str, Any]]] = Field(description="Rows by table; the columns are in docs/retention.md.")
