"""Registered names in texts: found however they are written, in any script, and never taken for evidence of a voice."""

from __future__ import annotations

import csv
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from registry.errors import InvalidInputError

MOST_ROWS: Final = 1000
_SHORTEST: Final = 2
_HANGUL: Final = ("\uac00", "\ud7a3")
_WHOLE_HANGUL_NAME: Final = 3
"""Syllables from which a Korean name is found within a word, too: shorter ones are parts of too many words."""


@dataclass(frozen=True, slots=True)
class Folded:
    """A text without what names are compared without: case, width, spaces and punctuation.

    Attributes:
        letters: what is left.
        starts, ends: for each letter, whether a word of the text begins or ends with it.
    """

    letters: str
    starts: tuple[bool, ...]
    ends: tuple[bool, ...]


def fold(text: str) -> Folded:
    """Fold a text by NFKC and full case folding, and drop what is neither letter, digit nor mark on one.

    A word begins or ends where Hangul meets another script, too: a particle is written close behind a foreign name.
    """
    written = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    kinds = [_kind_of(character) for character in written]
    places = [place for place, kind in enumerate(kinds) if kind]
    around = ["", *kinds, ""]
    return Folded(
        "".join(written[place] for place in places),
        tuple(around[place] != kinds[place] for place in places),
        tuple(around[place + 2] != kinds[place] for place in places),
    )


def _kind_of(character: str) -> str:
    """Answer of what script a character is, as far as words go; of none, if names are compared without it."""
    if _HANGUL[0] <= character <= _HANGUL[1]:
        return "hangul"
    return "other" if character.isalnum() or unicodedata.category(character).startswith("M") else ""


class NameList:
    """Names and aliases to look for.

    A name is found where it stands as words of its own, however it is spaced; a Korean one may have particles behind
    it, and one of three syllables or more may stand within a word. Where a longer name begins at the same place, the
    shorter is not found there.

    Args:
        forms: each name with all the forms it is written in, itself among them.

    Raises:
        InvalidInputError: a form has fewer than two letters; figure ``form``.
    """

    def __init__(self, forms: Iterable[tuple[str, str]]) -> None:
        self._names: dict[str, set[str]] = {}
        for name, form in forms:
            letters = fold(form).letters
            if len(letters) < _SHORTEST:
                raise InvalidInputError(f"the name {form!r} is too short to be looked for in texts", form=form)
            self._names.setdefault(letters, set()).add(name)
        self._lengths = sorted({len(letters) for letters in self._names}, reverse=True)

    def __len__(self) -> int:
        return len(self._names)

    def found_in(self, text: str) -> set[str]:
        """Answer the names that stand in a text; two people of one name are both found."""
        folded, found, at = fold(text), set(), 0
        while at < len(folded.letters):
            letters = self._longest_at(folded, at)
            found |= self._names.get(letters, set())
            at += max(1, len(letters))
        return found

    def _longest_at(self, folded: Folded, at: int) -> str:
        for length in self._lengths:
            letters = folded.letters[at : at + length]
            if letters in self._names and _stands_alone(folded, at, letters):
                return letters
        return ""


def _stands_alone(folded: Folded, at: int, letters: str) -> bool:
    if all(_kind_of(letter) == "hangul" for letter in letters):
        return folded.starts[at] or len(letters) >= _WHOLE_HANGUL_NAME
    return folded.starts[at] and folded.ends[at + len(letters) - 1]


def read_names(file: Path) -> NameList:
    """Read a CSV with the columns ``name`` and ``alias``; a name of several aliases has a line for each.

    Raises:
        InvalidInputError: it cannot be read, is not UTF-8, lacks the column ``name``, or names nobody.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines)
            if "name" not in (rows.fieldnames or ()):
                raise InvalidInputError(f"{file.name} has no column named name in its first line", file=file.name)
            forms = [(row["name"].strip(), form.strip()) for row in rows for form in _forms(row) if form.strip()]
    except OSError as error:
        raise InvalidInputError(f"{file} cannot be read: {error.strerror}", file=file.name) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidInputError(f"{file.name} is no CSV in UTF-8: {error}", file=file.name) from error
    if not forms:
        raise InvalidInputError(f"{file.name} names nobody", file=file.name)
    return NameList(forms)


def _forms(row: Mapping[str, str | None]) -> tuple[str, str]:
    return (row["name"] or "", row.get("alias") or "")


class NameAudit:
    """Names found in the texts of inputs, in memory that grows with the names.

    Args:
        names: to look for.
    """

    def __init__(self, names: NameList) -> None:
        self._names = names
        self._texts = 0
        self._found: Counter[str] = Counter()
        self._rows: list[dict[str, Any]] = []
        self._hits = 0

    def add(self, number: int, name: str, text: str) -> None:
        """Read the text of one input; an empty one is none."""
        if not text:
            return
        self._texts += 1
        if found := self._names.found_in(text):
            self._found.update(found)
            self._hits += 1
            if len(self._rows) < MOST_ROWS:
                self._rows.append({"number": number, "input": name, "names": sorted(found)})

    def as_json(self) -> dict[str, Any]:
        """Answer what was found: in how many texts each name stands, and the first rows with the names in them."""
        return {
            "searched": len(self._names),
            "texts": self._texts,
            "texts_with_names": self._hits,
            "found": dict(sorted(self._found.items(), key=lambda item: (-item[1], item[0]))),
            "rows": self._rows,
        }
