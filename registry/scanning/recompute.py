"""Hearing some rows of a scan again, and saying whether the decisions are the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from registry.errors import InvalidInputError, ScanMismatchError
from registry.scanning.folder import input_rows, result_rows
from registry.scanning.results import InputRow, ResultRow, Status
from registry.scanning.tally import HEARD

TOLERANCE: Final = 1e-3
"""Of a log10 LR that is computed again: batches of other recordings move the last digits."""

Scan = Callable[[Sequence[InputRow]], Iterable[ResultRow]]
"""Answers a row for each input, in order, as `registry.scanning.pipeline.Scanner.scan` does."""


@dataclass(frozen=True, slots=True)
class Again:
    """One row that was heard again.

    Attributes:
        before: as the results have it.
        difference: in one sentence; empty where the decision is the same.
    """

    before: ResultRow
    difference: str


@dataclass(frozen=True, slots=True)
class Setting:
    """What a plan says of how its scan was made, as far as it must be the same to hear rows again.

    Attributes:
        target_fpir: that the threshold follows from.
        engine: what made the evidence, but for the device.
        gallery_id: of what was searched.
    """

    target_fpir: float
    engine: Mapping[str, Any]
    gallery_id: str

    @classmethod
    def of_plan(cls, plan: Mapping[str, Any]) -> Self:
        """Read a plan.

        Raises:
            InvalidInputError: it lacks one of these.
        """
        try:
            engine = {name: said for name, said in plan["engine"].items() if name != "device"}
            return cls(float(plan["operating_point"]["target_fpir"]), engine, str(plan["gallery"]["id"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidInputError(f"the plan does not say how the scan was made: {error}") from error

    def require_engine(self, installed: Mapping[str, Any]) -> None:
        """Refuse an engine that is not the one of the scan.

        Raises:
            ScanMismatchError: figure ``differs`` names what is other.
        """
        differs = [name for name, said in installed.items() if name != "device" and self.engine.get(name) != said]
        if differs:
            raise ScanMismatchError(
                f"the engine that is installed is not the one of the scan: {', '.join(differs)}", differs=differs
            )


def drawn(out: Path, count: int, choose: Callable[[int], int]) -> list[ResultRow]:
    """Draw rows that were read, each equally likely, in bounded memory (Vitter's algorithm R); in their order.

    Args:
        out: the folder.
        count: of rows to draw.
        choose: answers a random number from 0 to below its argument.
    """
    kept: list[ResultRow] = []
    seen = 0
    for row in result_rows(out):
        if row.status is Status.NOT_SCANNED:
            continue
        seen += 1
        if len(kept) < count:
            kept.append(row)
        elif (place := choose(seen)) < count:
            kept[place] = row
    return sorted(kept, key=lambda row: row.number)


def recompute(out: Path, rows: Sequence[ResultRow], scan: Scan) -> Iterator[Again]:
    """Hear rows again and compare: the same bytes, the same outcome for the same performer, the same strength.

    Verdicts are left out: they follow from licences as these stood then. A row of the manifest that had a problem of
    its own was never read, and is passed over.

    Args:
        out: the folder.
        rows: of its results.
        scan: with the gallery and the engine of then.
    """
    numbers = {row.number for row in rows}
    inputs = [row for row in input_rows(out) if row.number in numbers and not row.problem]
    again = {row.number: row for row in scan(inputs)}
    for before in rows:
        if found := again.get(before.number):
            yield Again(before, _difference(before, again.get(found.duplicate_of, found)))


def _difference(before: ResultRow, now: ResultRow) -> str:
    if before.error != now.error:
        return f"it ended in {before.error or 'evidence'}, and now ends in {now.error or 'evidence'}"
    if before.sha256 != now.sha256:
        return "the recording is not the one that was scanned: its bytes have changed"
    if _decision(before) != _decision(now):
        return f"it was {_decision(before)}, and now is {_decision(now)}"
    if abs(before.log10_lr - now.log10_lr) > TOLERANCE:
        return f"its log10 LR was {before.log10_lr:.4f}, and now is {now.log10_lr:.4f}"
    return ""


def _decision(row: ResultRow) -> str:
    return f"{row.outcome} of {row.performer}" if row.outcome in HEARD else row.outcome
