"""Deadlines: how long a step may take, since when that counts, and who says so. They are data, dated as law is."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from registry.domain.reading import Node
from registry.domain.rules.shipped import DEADLINES, read_file
from registry.errors import NotFoundError

_MOST_DAYS = 3660
_LONGEST_TEXT = 300


@dataclass(frozen=True, slots=True)
class Deadline:
    """One of them.

    Attributes:
        id: such as ``case.evidence``.
        days: of 24 hours each, from the moment of the step.
        effective_from: the first day on which a step begins to which it applies.
        citation: who says so, and where.
        meaning: in words, by language.
    """

    id: str
    days: int
    effective_from: date
    citation: str
    meaning: Mapping[str, str]

    def after(self, moment: datetime) -> datetime:
        """Answer when its time is over for a step that begins at ``moment``."""
        return moment + timedelta(days=self.days)


@cache
def shipped_deadlines() -> tuple[Deadline, ...]:
    """Answer every deadline that comes with the registry.

    Raises:
        InvalidInputError: the file is not of its form.
    """
    node = Node(tomllib.loads(read_file(DEADLINES))).exactly("type", "version", "source", "checked_on", "deadlines")
    node.tagged("deadlines", (1,))
    return node.member("deadlines").each(_deadline)


def _deadline(node: Node) -> Deadline:
    node.exactly("id", "days", "effective_from", "citation", "meaning")
    meaning = node.member("meaning").exactly("en", "ko")
    return Deadline(
        id=node.member("id").text(),
        days=node.member("days").count(_MOST_DAYS, least=1),
        effective_from=node.member("effective_from").day(),
        citation=node.member("citation").storable_text(_LONGEST_TEXT, shortest=1),
        meaning={lang: text.storable_text(_LONGEST_TEXT, shortest=1) for lang, text in meaning.members(2)},
    )


def deadline(name: str, moment: datetime, known: Sequence[Deadline] | None = None) -> Deadline:
    """Answer the deadline of a step that begins at a moment: the last that was in force by that day.

    Raises:
        NotFoundError: none was; figure ``deadline``.
    """
    in_force = [
        each
        for each in (shipped_deadlines() if known is None else known)
        if each.id == name and each.effective_from <= moment.date()
    ]
    if not in_force:
        raise NotFoundError(f"no deadline {name} was in force on {moment.date()}", deadline=name)
    return max(in_force, key=lambda each: each.effective_from)
