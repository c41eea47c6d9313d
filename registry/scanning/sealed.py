"""Judging where a gallery file is searched: nothing is said of whoever is not heard, and nothing once it is stale."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from registry.clock import Clock
from registry.scanning.evidence_lines import candidate_of, columns_of
from registry.scanning.judging import WithoutLicences, without_verdicts
from registry.scanning.results import ResultRow
from registry.services.assessments import worth_a_finding


@dataclass(frozen=True)
class SealedJudge:
    """Judges without licences, which only the registry knows.

    Evidence is kept only on those who are heard, resembled, or cannot be told: how near everybody else is would tell
    whose voices are alike, of people without names (``docs/decisions/0003``).

    Attributes:
        require_fresh: raises where the file may not be searched any more.
        clock: answers now.
    """

    require_fresh: Callable[[datetime], None]
    clock: Clock

    def judge(self, rows: Sequence[ResultRow]) -> list[ResultRow]:
        """Answer the rows with their verdicts; see `registry.scanning.judging.Judge`.

        Raises:
            GalleryFileStaleError: the registry's last word about the file does not count any more: what was heard of a
                shard since is not kept.
        """
        self.require_fresh(self.clock())
        return WithoutLicences().judge([_only_heard(row) if row.evidence else row for row in rows])


def _only_heard(row: ResultRow) -> ResultRow:
    line = without_verdicts(json.loads(row.evidence))
    heard = {each.performer_id for each in worth_a_finding(map(candidate_of, line["candidates"]))}
    line["candidates"] = [candidate for candidate in line["candidates"] if candidate["performer"] in heard]
    return replace(row, **columns_of(line))
