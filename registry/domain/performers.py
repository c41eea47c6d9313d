"""Performers: who is protected, how sure the registry is that they are who they say, and who may decide for them."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime, time
from enum import StrEnum

from registry.errors import InvalidInputError

AGE_OF_MAJORITY = 18
"""In years. Where majority comes later (in Korea at 19), a guardian may still act, under a mandate as an agent."""

FORGOTTEN_NAME = "(forgotten)"
"""What stands in place of the name of somebody who asked to be forgotten."""

DELETED_NAME = "(deleted)"
"""What stands in place of the name of somebody whom two operators have deleted."""

_OLDEST = 130


class IdentityAssurance(StrEnum):
    """How a performer's identity was established. It is shown wherever the performer's claims are."""

    SELF_DECLARED = "self_declared"
    REPRESENTATIVE_VOUCHED = "representative_vouched"
    UNION_VOUCHED = "union_vouched"
    DOCUMENT_CHECKED = "document_checked"


def adult_on(birth_date: date) -> date:
    """Answer the day on which somebody is of age; who was born on 29 February is so on 1 March."""
    year = birth_date.year + AGE_OF_MAJORITY
    try:
        return birth_date.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def is_minor(adult_from: date | None, on: date) -> bool:
    """Whether somebody is a minor on a day.

    Args:
        adult_from: the day on which they are of age, or None when no birth date was ever recorded.
        on: the day.
    """
    return adult_from is not None and on < adult_from


def end_of_minority(adult_from: date) -> datetime:
    """Answer the moment at which what was decided for a minor ends: the first of the day of age, UTC."""
    return datetime.combine(adult_from, time.min, tzinfo=UTC)


def require_birth_date(birth_date: date, today: date) -> None:
    """Refuse a birth date that nobody alive has.

    Raises:
        InvalidInputError: figures ``birth_date`` and ``today``.
    """
    if not today.year - _OLDEST <= birth_date.year or birth_date > today:
        raise InvalidInputError(
            f"nobody alive on {today} was born on {birth_date}",
            birth_date=birth_date.isoformat(),
            today=today.isoformat(),
        )


def comparable_name(name: str) -> str:
    """Answer a name in the form in which two ways of writing it are the same.

    Compatibility forms, case, accents on Latin, Greek and Cyrillic letters, spaces and punctuation do not part two
    names; the order of their parts does. Korean syllables stay whole.
    """
    folded = unicodedata.normalize("NFKD", name).casefold()
    bare = "".join(c for c in folded if not unicodedata.combining(c))
    kept = "".join(c for c in bare if c.isalnum())
    return unicodedata.normalize("NFC", kept)
