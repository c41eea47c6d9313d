"""The declared use of a row, as policy takes it.

One word for the purpose, and ``name=value`` for what else is known, in any order::

    dubbing medium=streaming territory=KR language=ko fixed_on=2026-03-01

What a row leaves open may be anything, and is ruled on as each thing that it may be: the gravest answer counts. So a
use of which nothing is declared is covered only by a licence that permits everything, and never by an empty word.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, Final

from registry.domain.uses import DeclaredUse, Medium, Quantity, UsageUnit, UseKind, UseMode, UsePurpose
from registry.errors import DeclaredUseUnknownError
from registry.scanning.results import InputRow, ResultRow

_ANYWHERE: Final = "WORLD"
_LONGEST: Final = 1000


@dataclass(frozen=True, slots=True)
class Declared:
    """What a row says of its use; None is not said.

    Attributes:
        kind: what the recording is.
        purpose, medium: as policy knows them.
        more: of a `DeclaredUse`, what else was said.
    """

    kind: UseKind
    purpose: UsePurpose | None
    medium: Medium | None
    more: Mapping[str, Any]

    @property
    def left_open(self) -> list[str]:
        """Name what was not said and is ruled on as anything."""
        return [name for name, said in (("purpose", self.purpose), ("medium", self.medium)) if said is None]

    def uses(self, row: ResultRow) -> list[DeclaredUse]:
        """Answer every use that the row may be of; its length in seconds is measured."""
        said: dict[str, Any] = {"territory": _ANYWHERE, "project": row.project} | dict(self.more)
        said["claimed_licence_ids"] = (row.licence,) if row.licence else ()
        said["quantities"] = (*said.get("quantities", ()), *_seconds(row, said.get("quantities", ())))
        purposes = list(UsePurpose) if self.purpose is None else [self.purpose]
        media = list(Medium) if self.medium is None else [self.medium]
        return [DeclaredUse(self.kind, purpose, medium=medium, **said) for purpose in purposes for medium in media]


def _seconds(row: ResultRow, declared: Iterable[Quantity]) -> Iterator[Quantity]:
    if row.duration_s > 0 and all(quantity.unit is not UsageUnit.SECOND for quantity in declared):
        yield Quantity(UsageUnit.SECOND, math.ceil(row.duration_s))


def declared_use(words: str, kind: UseKind) -> Declared:
    """Read what a row declares.

    Args:
        words: of the row; empty for nothing.
        kind: what the recordings of this scan are, unless a row says otherwise. Training is for training, and is not
            heard by anybody (``internal``), unless the row says otherwise.

    Raises:
        DeclaredUseUnknownError: a word that is not known, or said twice; the sentence names it, and what is known.
    """
    said: dict[str, Any] = {}
    quantities: dict[UsageUnit, Quantity] = {}
    if len(words) > _LONGEST:
        raise DeclaredUseUnknownError(f"a declared use has at most {_LONGEST} characters", longest=_LONGEST)
    for word in words.replace(",", " ").split():
        name, mark, value = word.partition("=")
        name, value = (name.lower(), value) if mark else ("purpose", name)
        if name in said or name in quantities:
            raise DeclaredUseUnknownError(f"the declared use says {name} twice", word=word)
        if name in set(UsageUnit):
            quantities[UsageUnit(name)] = Quantity(UsageUnit(name), _read(name, value, _amount))
        elif name in _READERS:
            said[name] = _read(name, value, _READERS[name])
        else:
            known = ", ".join([*_READERS, *UsageUnit])
            raise DeclaredUseUnknownError(f"a declared use has no {name}; it knows {known}", word=word)
    kind = said.pop("kind", kind)
    purpose, medium = said.pop("purpose", None), said.pop("medium", None)
    if kind is UseKind.TRAINING:
        purpose, medium = purpose or UsePurpose.TRAINING, medium or Medium.INTERNAL
    if "source" in said:
        said["declared_source_id"] = said.pop("source")
    return Declared(kind, purpose, medium, said | {"quantities": tuple(quantities.values())})


def with_readable_uses(rows: Iterable[InputRow], kind: UseKind) -> Iterator[InputRow]:
    """Pass rows on; one whose declared use cannot be read has that as its problem, and is not heard."""
    for row in rows:
        try:
            declared_use(row.declared_use, kind)
        except DeclaredUseUnknownError as error:
            problem = row.problem or DeclaredUseUnknownError.slug
            yield replace(row, problem=problem, problem_detail=row.problem_detail or error.detail)
        else:
            yield row


def _read(name: str, value: str, read: Callable[[str], Any]) -> Any:
    try:
        return read(value)
    except ValueError as error:
        raise DeclaredUseUnknownError(f"{value!r} is no {name}{_known(read)}", word=value) from error


def _known(read: Callable[[str], Any]) -> str:
    return f"; there are {', '.join(read.words)}" if isinstance(read, _OneOf) else ""


class _OneOf:
    """Reads one of some words, whatever their case."""

    def __init__(self, words: type[StrEnum]) -> None:
        self.words = words

    def __call__(self, value: str) -> StrEnum:
        return self.words(value.lower())


def _amount(value: str) -> int:
    amount = int(value)
    if amount < 1:
        raise ValueError(value)
    return amount


def _yes_or_no(value: str) -> bool:
    words = {"yes": True, "no": False}
    if value.lower() not in words:
        raise ValueError(value)
    return words[value.lower()]


def _territory(value: str) -> str:
    if value.upper() != _ANYWHERE and not (len(value) == 2 and value.isascii() and value.isalpha()):  # noqa: PLR2004  (alpha-2)
        raise ValueError(value)
    return value.upper()


def _language(value: str) -> str:
    if not value.isascii() or not value.replace("-", "").isalnum():
        raise ValueError(value)
    return value


def _sha256(value: str) -> str:
    if len(value) != 64 or set(value.lower()) - set("0123456789abcdef"):  # noqa: PLR2004  (hex digits of SHA-256)
        raise ValueError(value)
    return value.lower()


def _id(value: str) -> str:
    if not value.isascii() or not value.replace("_", "").isalnum():
        raise ValueError(value)
    return value


_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "kind": _OneOf(UseKind),
    "purpose": _OneOf(UsePurpose),
    "medium": _OneOf(Medium),
    "territory": _territory,
    "language": _language,
    "fixed_on": date.fromisoformat,
    "use_mode": _OneOf(UseMode),
    "copy_sha256": _sha256,
    "ai_disclosed": _yes_or_no,
    "source": _id,
}
