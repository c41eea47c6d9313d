"""Time, passed in. Nothing below the composition root reads a clock of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""A function that answers the present moment as an aware UTC datetime."""


def utc_now() -> datetime:
    """Answer the present moment, aware, in UTC."""
    return datetime.now(tz=UTC)
