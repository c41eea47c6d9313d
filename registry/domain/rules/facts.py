"""Facts: what is known of a licence and of its parties, each with its name and its kind.

A fact may be something, nothing (``None``: it is known that there is none), or unknown. The difference decides: what is
known to be missing breaks a rule, what is unknown leaves it open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, StrEnum

from registry.domain.rules.durations import Period


class FactKind(StrEnum):
    """What a fact can be. A test fits some kinds only; a pack in which one does not fit is not read."""

    FLAG = "flag"  # True or False
    NUMBER = "number"  # exact
    CHOICE = "choice"  # one word of a vocabulary
    CHOICES = "choices"  # a set of them
    TEXT = "text"  # free text
    TEXTS = "texts"  # several free texts
    PERIOD = "period"  # a first and a last day
    PLACE = "place"  # a country or a region
    TERRITORIES = "territories"  # a set of countries, or the world


@dataclass(frozen=True, slots=True)
class FactDefinition:
    """What there is to know of a fact.

    Attributes:
        kind: what it can be.
        vocabulary: of a choice or of choices: every word that it can be; empty where it is not limited.
    """

    kind: FactKind
    vocabulary: frozenset[str] = frozenset()


class Unknown(Enum):
    """The value of a fact that nobody has stated."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN

Value = bool | int | Decimal | str | frozenset[str] | tuple[str, ...] | Period | None | Unknown


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that rules are judged by.

    Attributes:
        values: value of each fact by its name; one that is not there is unknown.
    """

    values: Mapping[str, Value]

    def __getitem__(self, name: str) -> Value:
        return self.values.get(name, UNKNOWN)


def shown(value: Value) -> bool | int | str | list[str] | None:
    """Answer a value as JSON shows it: sets in order, periods and exact numbers as text, the unknown as null."""
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Period | Decimal):
        return str(value)
    return None if isinstance(value, Unknown) else value
