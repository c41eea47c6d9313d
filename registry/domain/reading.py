"""Reading JSON that somebody else wrote: a value with the place where it stands, so that what is wrong is named.

Every document that the registry reads back carries a tag and a version. What is not known is refused: a misspelt member
must never pass for one that was left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from registry.errors import InvalidInputError

MAX_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader keeps exactly (RFC 8785, appendix B)."""

_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)

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

    def each(self, read: Callable[[Node], T]) -> tuple[T, ...]:
        """Read every item of a list, in order."""
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
