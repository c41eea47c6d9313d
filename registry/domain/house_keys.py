"""The keys of the house: what each is for, how it stands, and when an old one may be taken out of the keyring."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

RETIRES_AFTER: Final = timedelta(hours=1)
"""From when its successor is in use. A process that had wrapped something with the old key before it learned of the new
one writes that down within minutes; an upload without its record lives a quarter of an hour."""

ROTATES_AFTER: Final = timedelta(days=365)
"""For how long a key is in use before the registry asks for another: a practice of this registry, no law asks for it. A
key that somebody else may have seen is rotated at once."""

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


class KeyStep(StrEnum):
    """What is due to be done with a key. The list only grows."""

    ROTATE = "rotate"
    RETIRE = "retire"


def step_due(
    key_id: str, state: KeyState, known_since: datetime, successor_since: datetime | None, now: datetime
) -> KeyStep | None:
    """Answer what is due to be done with a key, if anything is.

    Args:
        key_id: of it.
        state: how it stands.
        known_since: when the registry was told of it.
        successor_since: when the registry was told of the one in use that takes its place; None where there is none.
        now: the moment.
    """
    if state is KeyState.IN_USE:
        return KeyStep.ROTATE if now >= known_since + ROTATES_AFTER else None
    if state is not KeyState.OLD or key_id == FIRST_SEED:
        return None
    if successor_since is None or known_since > successor_since:
        return None
    return KeyStep.RETIRE if now >= may_retire_from(successor_since) else None


def may_retire_from(succeeded_at: datetime) -> datetime:
    """Answer from when on a key may be retired whose successor was put in use at a moment."""
    return succeeded_at + RETIRES_AFTER
