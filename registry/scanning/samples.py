"""WebDataset samples: what a tar has beside a recording, under the same key, says what the recording is.

The key is the path up to the first dot of the name: ``a/0007.flac``, ``a/0007.txt`` and ``a/0007.json`` are one sample
where they follow one another. ``.txt`` is its text, ``.json`` an object of what is declared of it, ``.cls`` a label
that says nothing here. These are no inputs of their own, unless nothing else has their key, or they cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice
from typing import Any, Final

from registry.domain.reading import parse_json
from registry.scanning.lists import Columns, each_once, text_of
from registry.scanning.places import shown
from registry.scanning.results import InputRow

FIELDS: Final = ("declared_use", "project", "licence", "text")
"""What a member of a sample's JSON may stand for; `Columns` says where another name does."""
MOST_BYTES: Final = 2**20
"""A longer text or JSON is not read."""
_MOST_MEMBERS: Final = 64
"""Of one sample in memory; where it has more, each so many are one."""
_NAMED: Final = re.compile(r"(?P<key>(?:.*/)?[^./]+)\.(?P<kind>[^/]*)", re.DOTALL)
_BESIDE: Final = ("txt", "json", "cls")


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a tar.

    Attributes:
        path: in it.
        row: of the member.
        content: of what may stand beside a recording; None of anything else, and of what is too long.
    """

    path: str
    row: InputRow
    content: bytes | None = None


class _UnreadableError(ValueError):
    """What stands beside a recording cannot be read; the sentence says why."""


def stands_beside(path: str) -> bool:
    """Whether a member may say something of another, by its name."""
    return _kind(path) in _BESIDE


def with_what_stands_beside(members: Iterable[Member], columns: Columns) -> Iterator[InputRow]:
    """Yield the rows of members in their order, those of recordings with what their sample says of them.

    Args:
        members: in the order of the tar.
        columns: which members of a sample's JSON stand for what; a recording whose sample lacks one that was named has
            a problem.
    """
    for _, group in groupby(members, _key):
        while sample := list(islice(group, _MOST_MEMBERS)):
            yield from _rows(sample, columns)


def _key(member: Member) -> str:
    named = _NAMED.fullmatch(member.path)
    return named["key"] if named else f"{member.path}/"  # no key ends like this


def _kind(path: str) -> str:
    named = _NAMED.fullmatch(path)
    return named["kind"].lower() if named else ""


def _rows(sample: Sequence[Member], columns: Columns) -> Iterator[InputRow]:
    said: dict[str, str] = {}
    rows: list[InputRow] = []
    recordings: list[int] = []
    alone = all(stands_beside(member.path) for member in sample)
    for member in sample:
        if alone or not stands_beside(member.path):
            recordings.append(len(rows))
            rows.append(member.row)
            continue
        try:
            _join(said, _said_by(member, columns))
        except _UnreadableError as error:
            rows.append(replace(member.row, problem="sidecar_unreadable", problem_detail=shown(str(error))))
    for place in [] if alone else recordings:
        rows[place] = _declared(rows[place], said, columns)
    yield from rows


def _declared(row: InputRow, said: dict[str, str], columns: Columns) -> InputRow:
    row = replace(
        row,
        declared_use=said.get("declared_use", ""),
        project=said.get("project", ""),
        licence=said.get("licence", ""),
        text=said.get("text", ""),
    )
    missing = [columns.column(field) for field in FIELDS if field in columns.named and field not in said]
    if row.problem or not missing:
        return row
    return replace(row, problem="column_missing", problem_detail=shown(f"its sample has no {', '.join(missing)}"))


def _join(said: dict[str, str], more: dict[str, str]) -> None:
    if twice := sorted(said.keys() & more.keys() - {"text"}):
        raise _UnreadableError(f"the sample says {', '.join(twice)} twice")
    for field, text in more.items():
        said[field] = f"{said[field]}\n{text}" if field in said else text


def _said_by(member: Member, columns: Columns) -> dict[str, str]:
    kind = _kind(member.path)
    if member.row.problem:
        raise _UnreadableError(member.row.problem_detail)
    if member.content is None:
        raise _UnreadableError(f"it has {member.row.size} bytes, {MOST_BYTES} are read beside a recording")
    if kind == "cls":
        return {}
    try:
        written = member.content.decode("utf-8-sig")
        return {"text": shown(written)} if kind == "txt" else _declared_in(written, columns)
    except _UnreadableError:
        raise
    except ValueError as error:
        raise _UnreadableError(f"it cannot be read: {error}") from error


def _declared_in(written: str, columns: Columns) -> dict[str, str]:
    values: Any = parse_json(written, members=each_once)
    if not isinstance(values, dict):
        raise _UnreadableError("it is no JSON object")
    return {field: text_of(found) for field in FIELDS if (found := values.get(columns.column(field))) is not None}
