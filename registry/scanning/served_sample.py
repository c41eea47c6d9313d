"""Rows of a scan that a person is to hear: drawn from each stratum its share, and drawn again by the same seed.

What a person hears tells how often the engine was wrong on these recordings. Nothing of a draw is kept until somebody
marks a row of it: who has the seed has the sample.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from registry.domain.accounts import Principal
from registry.domain.scan_samples import SampledBy
from registry.scanning.results import ResultRow, Status
from registry.scanning.served_files import results_file
from registry.scanning.served_rows import rows_at
from registry.services.context import Context

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray


BOUNDS_S: Final = (5.0, 15.0, 60.0)
"""Between strata of durations, in seconds."""
DURATIONS: Final = ("under_5s", "5_to_15s", "15_to_60s", "over_60s")


@dataclass(frozen=True, slots=True)
class SampleWanted:
    """What is to be drawn.

    Attributes:
        size: how many rows, where there are so many.
        seed: of the draw.
        by: what strata are made of.
    """

    size: int
    seed: int
    by: SampledBy


@dataclass(frozen=True, slots=True)
class Sample:
    """What was drawn.

    Attributes:
        strata: name, how many rows it has, and how many of them were drawn; the largest first.
        rows: with the stratum of each, in the order of the source.
    """

    strata: Sequence[tuple[str, int, int]]
    rows: Sequence[tuple[str, ResultRow]]


def sample_of(ctx: Context, principal: Principal, scan_id: str, wanted: SampleWanted) -> Sample:
    """Draw rows that were heard; a duplicate is no row of its own.

    Whether a row is drawn depends on the seed, its number and the strata alone, as of `likeness scan --sample`.

    Raises:
        NotFoundError, ConflictError: see `registry.scanning.served_files.page_of`.
    """
    from pyarrow import compute, parquet

    from registry.scanning.manifest import drawn_of

    file = results_file(ctx, principal, scan_id)
    told = parquet.read_table(file, columns=["number", "status", "outcome", "duration_s", "project"])
    heard = compute.indices_nonzero(compute.equal(told["status"], Status.ASSESSED.value)).to_numpy()
    strata = _strata(told.take(heard), wanted.by)
    numbers = told["number"].to_numpy()[heard]
    drawn = sorted(drawn_of(zip(numbers.tolist(), strata, strict=True), wanted.size, wanted.seed))
    places = {int(number): (int(at), stratum) for number, at, stratum in zip(numbers, heard, strata, strict=True)}
    taken, there = Counter(places[number][1] for number in drawn), Counter(strata)
    with parquet.ParquetFile(file) as table:
        rows = rows_at(table, [places[number][0] for number in drawn])
    by_size = sorted(there.items(), key=lambda one: (-one[1], one[0]))
    return Sample(
        [(name, count, taken[name]) for name, count in by_size],
        [(places[number][1], row) for number, row in zip(drawn, rows, strict=True)],
    )


def _strata(told: pa.Table, by: SampledBy) -> list[str]:
    if by is SampledBy.PROJECT:
        return [str(each) for each in told["project"].to_pylist()]
    outcomes = [str(each) for each in told["outcome"].to_pylist()]
    if by is SampledBy.OUTCOME:
        return outcomes
    lengths = [DURATIONS[at] for at in _binned(told["duration_s"].to_numpy())]
    if by is SampledBy.DURATION:
        return lengths
    return [f"{outcome} {length}" for outcome, length in zip(outcomes, lengths, strict=True)]


def _binned(seconds: NDArray[np.float64]) -> NDArray[np.intp]:
    import numpy as np

    return np.digitize(seconds, BOUNDS_S)
