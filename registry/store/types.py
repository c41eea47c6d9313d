"""Column types: ids, UTC moments, and enums kept as text with a check constraint."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, Enum, LargeBinary, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

Id = String(40)
"""A prefixed, sortable id."""

Sha256 = String(64)
"""A SHA-256 in lower-case hex."""

Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""A JSON document, stored as JSONB where there is such a thing. None is the absence of one."""

Bytes = LargeBinary()


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC moment. A naive one is refused on the way in; every one is aware on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  (signature)
        """Refuse naive moments, and turn aware ones to UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  (signature)
        """Give back an aware moment, also from SQLite, which forgets the zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def text_enum(enum: type[StrEnum], *, name: str | None = None) -> Enum:
    """Answer a column type that stores an enum's values as text, checked by the database.

    Args:
        enum: whose values.
        name: of the check; that of the enum, unless a table has two columns of it.
    """
    name = name or "".join(f"_{c.lower()}" if c.isupper() else c for c in enum.__name__).lstrip("_")

    def values(members: type[Any]) -> list[str]:
        return [member.value for member in members]

    return Enum(enum, native_enum=False, create_constraint=True, length=40, values_callable=values, name=name)
