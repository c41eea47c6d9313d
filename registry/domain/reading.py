"""Reading JSON that somebody else wrote: a value with the place where it stands, so that what is wrong is named.

Every document that the registry reads back carries a tag and a version. What is not known is refused: a misspelt member
must never pass for one that was left out.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from registry.errors import InvalidInputError

MAX_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader keeps exactly (RFC 8785, appendix B)."""

_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_NOT_STORABLE = re.compile(r"[\x00\ud800-\udfff]")
_SHA256 = re.compile(r"[0-9a-f]{64}")

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")


def parse_json(
    content: str | bytes,
    *,
    members: Callable[[list[tuple[str, Any]]], Any] | None = None,
    constant: Callable[[str], Any] | None = None,
) -> Any:
    """Read JSON that somebody else wrote.

    Args:
        content: text, or its bytes.
        members: makes an object of its members; it may raise ValueError.
        constant: is asked for NaN and the infinities, which JSON has not; it may raise ValueError.

    Raises:
        ValueError: it is not JSON, or nested deeper than Python follows.
    """
    try:
        return json.loads(content, object_pairs_hook=members, parse_constant=constant)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


@dataclass(frozen=True, slots=True)
class Node:
    """A JSON value and where it stands, as a JSON pointer (RFC 6901). Every reading method refuses another type.

    Raises:
        InvalidInputError: by every method, where the value is not what the method reads; figure ``pointer``.
    """

    value: object
    pointer: str = "#"

    def refuse(self, why: str) -> InvalidInputError:
        """Answer the error that says what is wrong here; the caller raises it."""
        return InvalidInputError(f"{self.pointer}: {why}", pointer=self.pointer)

    def member(self, name: str) -> Node:
        """Answer a member that must be there."""
        members = self._members()
        if name not in members:
            raise self.refuse(f"the member {name} is missing")
        return Node(members[name], f"{self.pointer}/{name}")

    def maybe(self, name: str) -> Node | None:
        """Answer a member, or None where it is left out or null."""
        members = self._members()
        return Node(members[name], f"{self.pointer}/{name}") if members.get(name) is not None else None

    def only(self, *names: str) -> Node:
        """Answer the node itself, once it has no other members than these."""
        if unknown := sorted(set(self._members()) - set(names)):
            raise self.refuse(f"not known here: {', '.join(unknown)}")
        return self

    def exactly(self, *names: str) -> Node:
        """Answer the node itself, once it has these members, all of them, and no others."""
        if missing := [name for name in names if name not in self._members()]:
            raise self.refuse(f"missing: {', '.join(missing)}")
        return self.only(*names)

    def members(self, most: int) -> Iterator[tuple[str, Node]]:
        """Yield the name and the value of each of at most so many members."""
        members = self._members()
        if len(members) > most:
            raise self.refuse(f"there are {len(members)} members, at most {most} are read")
        for name in members:
            yield name, self.member(name)

    def _members(self) -> dict[str, object]:
        if not isinstance(self.value, dict):
            raise self.refuse("an object is needed")
        return self.value

    def items(self) -> Iterator[Node]:
        """Yield each item of a list."""
        if not isinstance(self.value, list):
            raise self.refuse("a list is needed")
        for number, item in enumerate(self.value):
            yield Node(item, f"{self.pointer}/{number}")

    def each(self, read: Callable[[Node], T], most: int | None = None) -> tuple[T, ...]:
        """Read every item of a list, in order; a list of more than ``most`` is refused before any is read."""
        if most is not None and isinstance(self.value, list) and len(self.value) > most:
            raise self.refuse(f"there are {len(self.value)} in it, at most {most} are read")
        return tuple(read(item) for item in self.items())

    def set_of(self, read: Callable[[Node], T]) -> frozenset[T]:
        """Read a list in which nothing stands twice."""
        found = self.each(read)
        if len(set(found)) < len(found):
            raise self.refuse("something stands in it twice")
        return frozenset(found)

    def text(self) -> str:
        """Read text."""
        if not isinstance(self.value, str):
            raise self.refuse("text is needed")
        return self.value

    def storable_text(self, longest: int, *, shortest: int = 0) -> str:
        """Read text that every database keeps: neither zero bytes nor lone surrogates, and only so many characters."""
        text = self.text()
        if not shortest <= len(text) <= longest or _NOT_STORABLE.search(text):
            raise self.refuse(
                f"text of {shortest} to {longest} characters without zero bytes and lone surrogates is needed"
            )
        return text

    def matching(self, form: re.Pattern[str]) -> str:
        """Read text that has a form from its first to its last character."""
        if not form.fullmatch(self.text()):
            raise self.refuse(f"text of the form {form.pattern} is needed")
        return self.text()

    def sha256(self) -> str:
        """Read a SHA-256, in lower-case hex."""
        return self.matching(_SHA256)

    def moment(self) -> datetime:
        """Read a moment in ISO 8601 with its time zone, and answer it in UTC."""
        try:
            moment = datetime.fromisoformat(self.text())
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise self.refuse("a moment such as 2026-03-01T12:00:00Z is needed") from error
        raise self.refuse("the moment has no time zone")

    def count(self, most: int = MAX_INTEGER, *, least: int = 0) -> int:
        """Read a whole number of a range, both ends included."""
        if not least <= self.integer() <= most:
            raise self.refuse(f"a whole number from {least} to {most} is needed")
        return self.integer()

    def figure(self, least: float, largest: float) -> float:
        """Read a number of a range, both ends included; neither NaN nor an infinity is one."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float) or not math.isfinite(self.value):
            raise self.refuse("a number is needed")
        if not least <= self.value <= largest:
            raise self.refuse(f"a number from {least:g} to {largest:g} is needed")
        return float(self.value)

    def integer(self) -> int:
        """Read a whole number of at most 2**53 - 1 either way."""
        if not isinstance(self.value, int) or isinstance(self.value, bool) or abs(self.value) > MAX_INTEGER:
            raise self.refuse(f"a whole number of at most {MAX_INTEGER} is needed")
        return self.value

    def truth(self) -> bool:
        """Read true or false."""
        if not isinstance(self.value, bool):
            raise self.refuse("true or false is needed")
        return self.value

    def day(self) -> date:
        """Read a day in ISO 8601."""
        text = self.text()
        try:
            return date.fromisoformat(text if _DAY.fullmatch(text) else "")
        except ValueError as error:
            raise self.refuse("a day such as 2026-03-01 is needed") from error

    def decimal(self) -> Decimal:
        """Read an exact decimal, written as text: up to nine digits on either side of the point."""
        if not _DECIMAL.fullmatch(self.text()):
            raise self.refuse("a decimal such as “7.5” is needed")
        return Decimal(self.text())

    def one_of(self, choices: type[E]) -> E:
        """Read a value of an enum."""
        try:
            return choices(self.text())
        except ValueError as error:
            raise self.refuse(f"none of {', '.join(choice.value for choice in choices)}") from error

    def tagged(self, kind: str, versions: Collection[int]) -> int:
        """Read type and version of a document, and answer the version."""
        if self.member("type").value != kind:
            raise self.member("type").refuse(f"the type is not {kind}")
        version = self.member("version").integer()
        if version not in versions:
            raise self.member("version").refuse(f"version {version} is not known here")
        return version


def decimal_text(value: Decimal) -> str:
    """Write an exact decimal in its shortest form without an exponent: ``7.5``, never ``7.50`` or ``7.5E+0``."""
    return format(value.normalize(), "f")
