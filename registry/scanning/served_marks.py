"""What a person says of rows that they heard, as error rates by what was found. Nothing of it is kept.

A list comes as the page of a sample gives it, filled in: ``number`` names the row, ``heard_by_a_person`` says
whether what was found is right. What was found is looked up in the scan's own table, whatever the list says of it.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from registry.domain.accounts import Principal
from registry.domain.proportions import wilson
from registry.errors import InvalidInputError
from registry.scanning.results import Status
from registry.scanning.served_files import results_file
from registry.services.context import Context

NUMBER: Final = "number"
HEARD: Final = "heard_by_a_person"
LARGEST: Final = 1_000_000
"""Bytes of a list."""


class Mark(StrEnum):
    """What a person says of a row."""

    AGREE = "agree"  # what was found is right
    DISAGREE = "disagree"  # it is wrong
    UNSURE = "unsure"  # the person cannot tell either


@dataclass(frozen=True, slots=True)
class HeardOf:
    """What a person says of the rows in which the same was found.

    Attributes:
        outcome: that was found.
        agree, disagree, unsure: how many rows are marked so.
        wrong: share of the rows that were told, in which it is wrong; None where none was told.
        low, high: its 95 % interval.
    """

    outcome: str
    agree: int
    disagree: int
    unsure: int
    wrong: float | None
    low: float | None
    high: float | None


def heard_of(ctx: Context, principal: Principal, scan_id: str, content: bytes) -> Sequence[HeardOf]:
    """Say how often what was found is wrong, by a list that a person has filled in. Rows that are not marked are none.

    Args:
        ctx: what verbs work with.
        principal: who asks.
        scan_id: of the scan.
        content: CSV in UTF-8.

    Raises:
        NotFoundError, ConflictError: see `registry.scanning.served_files.page_of`.
        InvalidInputError: it is no such list; the sentence names the line, and figure ``line``.
    """
    file = results_file(ctx, principal, scan_id)
    marks = dict(_marks(content))
    found = _outcomes(str(file), sorted(marks))
    if unknown := sorted(marks.keys() - found.keys()):
        raise InvalidInputError(f"number {unknown[0]} is no row of this scan that was heard", number=unknown[0])
    counts: dict[str, Counter[Mark]] = {}
    for number, mark in marks.items():
        counts.setdefault(found[number], Counter())[mark] += 1
    return [_heard_of(outcome, counted) for outcome, counted in sorted(counts.items())]


def _heard_of(outcome: str, counted: Mapping[Mark, int]) -> HeardOf:
    agree, disagree, unsure = (counted[mark] for mark in (Mark.AGREE, Mark.DISAGREE, Mark.UNSURE))
    told = agree + disagree
    share, low, high = wilson(disagree, told) if told else (None, None, None)
    return HeardOf(outcome, agree, disagree, unsure, share, low, high)


def _marks(content: bytes) -> Iterator[tuple[int, Mark]]:
    if len(content) > LARGEST:
        raise InvalidInputError(f"a list has {LARGEST} bytes at most", most=LARGEST)
    try:
        lines = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        if not {NUMBER, HEARD} <= set(lines.fieldnames or ()):
            raise InvalidInputError(f"a list has the columns {NUMBER} and {HEARD}", line=1)
        seen = set[int]()
        for line in lines:
            if said := (line[HEARD] or "").strip().casefold():
                number = _number(line[NUMBER], lines.line_num)
                if said not in set(Mark) or number in seen:
                    raise InvalidInputError(
                        f"line {lines.line_num}: each row is marked once, as {', '.join(Mark)}", line=lines.line_num
                    )
                seen.add(number)
                yield number, Mark(said)
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidInputError(f"this is no list as CSV in UTF-8: {error}") from error


def _number(written: str | None, line: int) -> int:
    text = (written or "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < len("10000000000")):
        raise InvalidInputError(f"line {line}: {NUMBER} is the number of a row, from 0", line=line)
    return int(text)


def _outcomes(file: str, numbers: Sequence[int]) -> Mapping[int, str]:
    """Answer what was found in some rows that were heard, by number."""
    import pyarrow as pa
    from pyarrow import compute, parquet

    told = parquet.read_table(file, columns=["number", "status", "outcome"])
    wanted = compute.and_(
        compute.is_in(told["number"], value_set=pa.array(numbers, pa.int64())),
        compute.equal(told["status"], Status.ASSESSED.value),
    )
    rows = told.filter(wanted)
    return dict(zip(rows["number"].to_pylist(), rows["outcome"].to_pylist(), strict=True))
