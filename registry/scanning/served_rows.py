"""Rows of a scan, a page at a time: those that are wanted, in the order of the source or the weightiest first.

A table is read group by group, and of each group only the columns by which a row is told; whole rows are read of those
on the page alone. What reads tables is loaded where one is read.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from registry.domain.accounts import Principal
from registry.scanning.results import ResultRow
from registry.scanning.served_files import results_file
from registry.services.context import Context
from registry.store.checks import numbers_of_performer

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray
    from pyarrow import parquet

LONGEST_TEXT: Final = 200
"""Characters of a name that are looked for."""


class RowOrder(StrEnum):
    """In which order rows are shown."""

    SOURCE = "source"  # of the source, from its first input on
    STRONGEST = "strongest"  # by the evidence on the performer who is named, the strongest first
    LONGEST = "longest"  # by the length of the recording


_BY: Final = {RowOrder.STRONGEST: "log10_lr", RowOrder.LONGEST: "duration_s"}


@dataclass(frozen=True, slots=True)
class RowsWanted:
    """Which rows are wanted.

    Attributes:
        after: of the order of the source, the number of the row that the page begins after; of another order, how many
            rows came before, less one. -1 for the first page.
        limit: how many at most.
        where: value by column.
        performer: who was found in them, and may still be spoken of; None for whoever it is.
        text: what their name has in it, in capitals or not; empty for anything.
        order: of the rows.
    """

    after: int
    limit: int
    where: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    performer: str | None = None
    text: str = ""
    order: RowOrder = RowOrder.SOURCE

    @property
    def columns(self) -> list[str]:
        """What a row is told by."""
        told = ["number", *self.where]
        if self.text:
            told.append("name")
        if self.order in _BY:
            told.append(_BY[self.order])
        return list(dict.fromkeys(told))


def rows_of_scan(ctx: Context, principal: Principal, scan_id: str, wanted: RowsWanted) -> Sequence[ResultRow]:
    """Answer a page of rows.

    In the order of the source it takes memory that grows with the page; in another, sixteen bytes for each row that is
    wanted besides.

    Raises:
        NotFoundError, ConflictError: see `registry.scanning.served_files.page_of`.
    """
    import pyarrow as pa
    from pyarrow import parquet

    file, numbers = results_file(ctx, principal, scan_id), None
    if wanted.performer is not None:
        with ctx.database.read() as session:
            numbers = pa.array(numbers_of_performer(session, scan_id, wanted.performer), pa.int64())
    with parquet.ParquetFile(file) as table:
        chosen = _Chosen(wanted, numbers)
        places = _in_order(table, chosen) if wanted.order in _BY else _of_source(table, chosen)
        return _rows_at(table, places)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What is wanted, and the numbers of the rows that it is among; None for any."""

    wanted: RowsWanted
    numbers: pa.Array | None

    def in_group(self, table: parquet.ParquetFile, group: int, after: int) -> tuple[pa.Table, NDArray[np.uint64]]:
        """Answer the columns by which rows of a group are told, and the places of those that are wanted."""
        told = table.read_row_group(group, columns=self.wanted.columns)
        return told, _wanted_in(told, self.wanted, self.numbers, after)


Place = tuple[int, int]
"""A group of rows, and a row in it."""


def _of_source(table: parquet.ParquetFile, chosen: _Chosen) -> list[Place]:
    """Answer the first rows that are wanted behind a number; groups that end before it are not looked at."""
    wanted, found = chosen.wanted, list[Place]()
    end = 0
    for group in range(table.num_row_groups):
        end += table.metadata.row_group(group).num_rows
        if end > wanted.after + 1 and len(found) < wanted.limit:
            _, places = chosen.in_group(table, group, wanted.after)
            found += [(group, at) for at in places[: wanted.limit - len(found)].tolist()]
    return found


def _in_order(table: parquet.ParquetFile, chosen: _Chosen) -> list[Place]:
    """Answer a page of all that are wanted, the largest first; equal ones, and what is no number, by the source."""
    import numpy as np

    wanted = chosen.wanted
    groups, places, values = [], [], []
    for group in range(table.num_row_groups):
        told, at = chosen.in_group(table, group, -1)
        groups.append(np.full(len(at), group, dtype=np.int32))
        places.append(at.astype(np.int32))
        values.append(told[_BY[wanted.order]].to_numpy()[at])
    if not groups:
        return []
    group_of, place_of, value = map(np.concatenate, (groups, places, values))
    order = np.lexsort((place_of, group_of, -np.nan_to_num(value, nan=-np.inf)))
    page = order[wanted.after + 1 : wanted.after + 1 + wanted.limit]
    return [(int(group_of[at]), int(place_of[at])) for at in page]


def _wanted_in(told: pa.Table, wanted: RowsWanted, numbers: pa.Array | None, after: int) -> NDArray[np.uint64]:
    """Answer which rows of a group are wanted, by their places in it."""
    from pyarrow import compute

    chosen = compute.greater(told["number"], after)
    for column, value in wanted.where.items():
        chosen = compute.and_(chosen, compute.equal(told[column], value))
    if wanted.text:
        chosen = compute.and_(chosen, compute.match_substring(told["name"], wanted.text, ignore_case=True))
    if numbers is not None:
        chosen = compute.and_(chosen, compute.is_in(told["number"], value_set=numbers))
    places: NDArray[np.uint64] = compute.indices_nonzero(chosen).to_numpy()
    return places


def rows_at(table: parquet.ParquetFile, numbers: Sequence[int]) -> list[ResultRow]:
    """Answer whole rows by where they are in a table, from 0 on, in the order that is given."""
    places, begins, ends = dict[int, Place](), 0, 0
    wanted = sorted(set(numbers))
    for group in range(table.num_row_groups):
        begins, ends = ends, ends + table.metadata.row_group(group).num_rows
        here = wanted[bisect_left(wanted, begins) : bisect_left(wanted, ends)]
        places |= {number: (group, number - begins) for number in here}
    return _rows_at(table, [places[number] for number in numbers])


def _rows_at(table: parquet.ParquetFile, places: Iterable[Place]) -> list[ResultRow]:
    """Answer whole rows, in the order that is given; each group is read once."""
    wanted = list(places)
    found = dict(_each(table, sorted(set(wanted))))
    return [found[place] for place in wanted]


def _each(table: parquet.ParquetFile, places: Iterable[Place]) -> Iterator[tuple[Place, ResultRow]]:
    for group, of_group in groupby(places, lambda place: place[0]):
        at = [place for _, place in of_group]
        records = table.read_row_group(group).take(at).to_pylist()
        yield from (((group, place), ResultRow.of(record)) for place, record in zip(at, records, strict=True))
