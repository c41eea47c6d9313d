"""What changed between two scans that workers ran, of tables with any number of rows.

It is the comparison of `registry.scanning.compare`. Contents are matched over a few columns, whole tables at a time;
only those that can differ are read as rows: whose answer differs, and in which somebody is heard.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from registry.domain.accounts import Principal
from registry.errors import InvalidInputError
from registry.scanning.results import PLAN, RESULTS, ResultRow
from registry.scanning.served_files import folder_of_results
from registry.scanning.served_rows import rows_at
from registry.scanning.tally import HEARD
from registry.services.context import Context

if TYPE_CHECKING:
    import pyarrow as pa

    from registry.scanning.compare import Comparison


def differences_of(ctx: Context, principal: Principal, scan_id: str, *, earlier_id: str) -> Comparison:
    """Say what changed from an earlier scan to a later one.

    Args:
        ctx: what verbs work with.
        principal: who asks.
        scan_id: of the later one.
        earlier_id: of the earlier one.

    Raises:
        NotFoundError, ConflictError: of either; see `registry.scanning.served_files.page_of`.
        InvalidInputError: it is one and the same scan.
    """
    from registry.scanning.folder import read_json

    now, before = folder_of_results(ctx, principal, scan_id), folder_of_results(ctx, principal, earlier_id)
    if scan_id == earlier_id:
        raise InvalidInputError("a scan is compared with another one", scan_id=scan_id)
    return compare_tables(before / RESULTS, now / RESULTS, read_json(before / PLAN), read_json(now / PLAN))


def compare_tables(before: Path, now: Path, planned: Mapping[str, Any], plan: Mapping[str, Any]) -> Comparison:
    """Say what changed from one table to another, as `registry.scanning.compare.compare` does of folders.

    Args:
        before, now: the tables.
        planned, plan: what was asked of the earlier and of the later scan.
    """
    from registry.scanning.compare import (
        Comparison,
        causes_of,
        differences_between,
        differences_of_gone,
        setting_between,
    )

    setting = setting_between(planned, plan)
    causes = causes_of(setting)
    pairs = _without_the_same(_paired(before, now), before, now)
    earlier = _rows(before, [one for one, _ in pairs.may_differ if one is not None] + list(pairs.gone))
    later = _rows(now, [one for _, one in pairs.may_differ])
    each = [
        differences_between(None if one is None else earlier[one], later[other], causes)
        for one, other in pairs.may_differ
    ]
    gone = chain.from_iterable(differences_of_gone(earlier[one]) for one in pairs.gone)
    unchanged = pairs.same + sum(not found for found in each)
    return Comparison(setting, (*chain.from_iterable(each), *gone), unchanged)


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Contents of two tables, by the places of their first rows.

    Attributes:
        may_differ: before, where there is one, and now; in the order of the later table.
        gone: of the earlier table alone, with somebody heard; in its order.
        same: how many cannot differ.
    """

    may_differ: Sequence[tuple[int | None, int]]
    gone: Sequence[int]
    same: int


def _paired(before: Path, now: Path) -> _Pairs:
    """Match contents by their bytes; what that leaves over of the later table, by its name."""
    import pyarrow as pa
    from pyarrow import compute

    told = ["key", "place", "whole", "heard"]
    earlier, later = _contents(before), _contents(now)
    joined = later.select(told).join(
        earlier.select(told), "key", join_type="left outer", right_suffix="_before", coalesce_keys=True
    )
    other = compute.fill_null(compute.not_equal(joined["whole"], joined["whole_before"]), True)  # noqa: FBT003
    heard = compute.or_(joined["heard"], compute.fill_null(joined["heard_before"], False))  # noqa: FBT003
    some = joined.filter(compute.or_(other, heard)).sort_by("place").select(["place", "heard", "place_before"])
    by_name = _Named(earlier, later) if some["place_before"].null_count else None
    may_differ: list[tuple[int | None, int]] = []
    met: list[int] = []
    for row in some.to_pylist():
        at = row["place_before"]
        if at is None and by_name is not None:
            at = by_name.known(row["place"])
            met += [] if at is None else [at]
        if at is not None or row["heard"]:
            may_differ.append((at, row["place"]))
    known = compute.is_in(earlier["place"], value_set=compute.drop_null(joined["place_before"].combine_chunks()))
    named = compute.is_in(earlier["place"], value_set=pa.array(met, pa.int64()))
    gone = earlier.filter(compute.and_(earlier["heard"], compute.invert(compute.or_(known, named))))["place"]
    return _Pairs(may_differ, sorted(gone.to_pylist()), later.num_rows - len(may_differ))


def _without_the_same(pairs: _Pairs, before: Path, now: Path) -> _Pairs:
    """Leave out rows of which both tables say the same to the letter, verdicts included: these need not be read."""
    from pyarrow import compute

    both = [(one, other) for one, other in pairs.may_differ if one is not None]
    same = compute.equal(_told(before, [one for one, _ in both]), _told(now, [other for _, other in both]))
    alike = {pair for pair, is_same in zip(both, same.to_pylist(), strict=True) if is_same}
    left = [pair for pair in pairs.may_differ if pair not in alike]
    return _Pairs(left, pairs.gone, pairs.same + len(alike))


_SAID: Final = ["status", "outcome", "error", "evidence"]


def _told(file: Path, places: Sequence[int]) -> pa.Array:
    """Answer all that rows say, by their places, in the order that is given."""
    import pyarrow as pa
    from pyarrow import compute, parquet

    found: list[pa.Array] = []
    with parquet.ParquetFile(file) as table:
        wanted, ends = sorted(set(places)), 0
        for group in range(table.num_row_groups):
            begins, ends = ends, ends + table.metadata.row_group(group).num_rows
            if here := wanted[bisect_left(wanted, begins) : bisect_left(wanted, ends)]:
                some = table.read_row_group(group, columns=_SAID).take([at - begins for at in here])
                found.append(compute.binary_join_element_wise(*(some[name].combine_chunks() for name in _SAID), "\n"))
    held = pa.concat_arrays(found) if found else pa.array([], pa.string())
    at = {place: number for number, place in enumerate(wanted)}
    return held.take(pa.array([at[place] for place in places], pa.int64()))


class _Named:
    """Contents of two tables by name: of several of one name the last, as a dictionary would have it."""

    def __init__(self, earlier: pa.Table, later: pa.Table) -> None:
        self._places = dict(zip(earlier["name"].to_pylist(), earlier["place"].to_pylist(), strict=True))
        self._names = dict(zip(later["place"].to_pylist(), later["name"].to_pylist(), strict=True))

    def known(self, place: int) -> int | None:
        """Answer where the earlier table has what is called as a content of the later one; None where it has none."""
        return self._places.get(self._names[place])


def _contents(file: Path) -> pa.Table:
    """Answer each content of a table once, by its first row: ``key``, ``name``, ``place``, ``whole`` and ``heard``."""
    import pyarrow as pa
    from pyarrow import compute, parquet

    told = parquet.read_table(file, columns=["name", "sha256", "outcome", "error", "status"])
    empty = compute.equal(told["sha256"], "")
    whole = _first_of(_first_of(told["outcome"], told["error"]), told["status"])
    table = pa.table(
        {
            "key": compute.if_else(empty, told["name"], told["sha256"]),
            "name": told["name"],
            "place": pa.array(range(told.num_rows), pa.int64()),
            "whole": whole,
            "heard": compute.is_in(told["outcome"], value_set=pa.array([each.value for each in HEARD])),
        }
    )
    first = table.group_by("key").aggregate([("place", "min")])["place_min"].combine_chunks()
    return table.take(first.sort())


def _first_of(one: pa.ChunkedArray, other: pa.ChunkedArray) -> pa.ChunkedArray:
    from pyarrow import compute

    return compute.if_else(compute.equal(one, ""), other, one)


def _rows(file: Path, places: Sequence[int]) -> Mapping[int, ResultRow]:
    """Answer whole rows by their places in a table; each group of rows is read once."""
    from pyarrow import parquet

    with parquet.ParquetFile(file) as table:
        return dict(zip(places, rows_at(table, places), strict=True))
