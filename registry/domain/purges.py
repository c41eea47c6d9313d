"""Purges that two operators agreed on: from the approval, through parts, to the end.

States::

    running ──nothing is left that was past its time──▶ done
       ├──an operator stops it──▶ stopped
       └──it was tried too often──▶ failed

What was destroyed until then stays destroyed, whatever the end; each part of it has its certificate.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from registry.errors import ConflictError, InvalidInputError

LOOKED_AT_WITHIN: Final = timedelta(days=1)
"""A proposal says what was past its time at a moment that lies no farther back than this."""


class PurgeState(StrEnum):
    """Where a purge is in its life."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


def require_moment(as_of: datetime, now: datetime) -> None:
    """Refuse a moment that has not come, or that was too long ago to say how things stand.

    Raises:
        InvalidInputError: figures ``as_of`` and ``now``.
    """
    figures = {"as_of": as_of.isoformat(), "now": now.isoformat()}
    if as_of > now:
        raise InvalidInputError("what is past its time is told of a moment that has come", **figures)
    if as_of < now - LOOKED_AT_WITHIN:
        raise InvalidInputError("what was past its time is told of the last day: look again at what is due", **figures)


def require_running(state: PurgeState) -> None:
    """Refuse to stop a purge that has ended.

    Raises:
        ConflictError: figure ``state``.
    """
    if state is not PurgeState.RUNNING:
        raise ConflictError(f"a purge that is {state.value} has ended", state=state.value)
