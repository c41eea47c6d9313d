"""The keys of the house: what each is for, how it stands, and when an old one may be taken out of the keyring."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

RETIRES_AFTER: Final = timedelta(hours=1)
"""From when its successor is in use. A process that had wrapped something with the old key before it learned of the new
one writes that down within minutes; an upload without its record lives a quarter of an hour."""

FIRST_SEED: Final = "protection-1"
"""Its seed is also what birth dates and refused names are digested under, and they cannot be digested anew."""


class Purpose(StrEnum):
    """What a key of the house is for. One key has one purpose."""

    WRAPPING = "wrapping"
    SIGNING = "signing"
    PROTECTION = "protection"


class KeyState(StrEnum):
    """How a key of the house stands."""

    STAGED = "staged"
    IN_USE = "in_use"
    OLD = "old"
    RETIRED = "retired"
    MISSING = "missing"


def may_retire_from(succeeded_at: datetime) -> datetime:
    """Answer from when on a key may be retired whose successor was put in use at a moment."""
    return succeeded_at + RETIRES_AFTER
