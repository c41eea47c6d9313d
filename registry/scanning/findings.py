"""What a report shows of the rows: the strongest findings and some of each kind of failure, in bounded memory."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeVar

from registry.domain.scores import EvidenceOutcome
from registry.scanning.results import ResultRow, Status
from registry.scanning.tally import Heard, heard_in

MOST_FINDINGS: Final = 200
MOST_EXAMPLES: Final = 10
MOST_COPIES: Final = 5

T = TypeVar("T")


@dataclass
class Copies:
    """Other inputs of the same bytes: how many, and the names of the first few."""

    count: int = 0
    names: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        """Count one more."""
        self.count += 1
        if len(self.names) < MOST_COPIES:
            self.names.append(name)


@dataclass(frozen=True, slots=True)
class Finding:
    """One recording that somebody should look at.

    Attributes:
        row: of the results.
        heard: the performers for whom it is listed, strongest first.
        copies: other inputs of the same bytes.
    """

    row: ResultRow
    heard: tuple[Heard, ...]
    copies: Copies

    @property
    def order(self) -> tuple[float, int]:
        """Larger for what is listed earlier: the stronger, and of equals the earlier input."""
        return (self.heard[0].log10_lr, -self.row.number)


class Strongest:
    """The strongest findings of one kind, with how many there were.

    Args:
        most: to keep.

    Attributes:
        count: of recordings that were added, each content once.
    """

    def __init__(self, most: int = MOST_FINDINGS) -> None:
        self.count = 0
        self._most = most
        self._heap: list[tuple[tuple[float, int], Finding]] = []
        self._kept: dict[int, Finding] = {}

    def add(self, finding: Finding) -> None:
        """Take in one more; the weakest is let go when there are too many."""
        self.count += 1
        self._kept[finding.row.number] = finding
        heapq.heappush(self._heap, (finding.order, finding))
        if len(self._heap) > self._most:
            _, weakest = heapq.heappop(self._heap)
            del self._kept[weakest.row.number]

    def add_copy(self, row: ResultRow) -> None:
        """Note a row of the same bytes with the finding that is kept of them, if it is."""
        if finding := self._kept.get(row.duplicate_of):
            finding.copies.add(row.name)

    def __iter__(self) -> Iterator[Finding]:
        """Answer those that were kept, strongest first."""
        return (finding for _, finding in sorted(self._heap, key=lambda kept: kept[0], reverse=True))

    def __len__(self) -> int:
        return len(self._heap)


@dataclass
class Failure:
    """Inputs that ended in one error: how many, and the first few with what was wrong."""

    count: int = 0
    examples: list[tuple[str, str]] = field(default_factory=list)


class Findings:
    """Everything that a page lists.

    Attributes:
        flagged: recordings with a match that nothing covers.
        for_review: other recordings with a sound-alike.
        failures: by slug.
        unsettled: how often each reason stands with recordings that are inconclusive.
        left_out: first few names of inputs that were not scanned, by reason.
    """

    def __init__(self) -> None:
        self.flagged = Strongest()
        self.for_review = Strongest()
        self.failures: dict[str, Failure] = {}
        self.unsettled: Counter[str] = Counter()
        self.left_out: dict[str, list[str]] = {}

    def add(self, row: ResultRow) -> None:
        """Take in the next row."""
        if row.status is Status.DUPLICATE:
            self.flagged.add_copy(row)
            self.for_review.add_copy(row)
        elif row.status is Status.FAILED:
            self._add_failure(row)
        elif row.status is Status.NOT_SCANNED:
            _append_few(self.left_out.setdefault(row.reasons, []), row.name)
        elif row.outcome == EvidenceOutcome.INCONCLUSIVE:
            self.unsettled.update(row.reasons.split())
        else:
            self._add_heard(row, heard_in(row))

    def _add_failure(self, row: ResultRow) -> None:
        failure = self.failures.setdefault(row.error, Failure())
        failure.count += 1
        _append_few(failure.examples, (row.name, row.error_detail))

    def _add_heard(self, row: ResultRow, heard: list[Heard]) -> None:
        if flagged := tuple(one for one in heard if one.is_flagged):
            self.flagged.add(Finding(row, flagged, Copies()))
        elif alike := tuple(one for one in heard if one.outcome is EvidenceOutcome.SOUND_ALIKE):
            self.for_review.add(Finding(row, alike, Copies()))


def _append_few(kept: list[T], one: T) -> None:
    if len(kept) < MOST_EXAMPLES:
        kept.append(one)
