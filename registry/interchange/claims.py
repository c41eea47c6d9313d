"""Claims that signed statements of the registry have in common: a version, and moments in whole seconds (RFC 7519)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from registry.errors import InvalidInputError


def require_version(claims: Mapping[str, Any], version: int) -> None:
    """Refuse a statement of another version.

    Raises:
        InvalidInputError: with figure ``version``.
    """
    if claims.get("ver") != version:
        raise InvalidInputError(
            f"this is of version {claims.get('ver')}; version {version} is read here", version=str(claims.get("ver"))
        )


def seconds(moment: datetime) -> int:
    """Answer a moment as a claim holds it."""
    return int(moment.timestamp())


def moment(claim: object) -> datetime:
    """Read a moment.

    Raises:
        TypeError: it is no whole number.
        OverflowError, ValueError: it is no moment that can be.
    """
    if not isinstance(claim, int) or isinstance(claim, bool):
        raise TypeError(f"{claim!r} is not a moment in whole seconds")
    return datetime.fromtimestamp(claim, UTC)
