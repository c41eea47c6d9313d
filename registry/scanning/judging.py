"""From evidence to verdicts, row by row: what may be said of a match depends on who can be asked about licences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

from registry.domain.scores import EvidenceOutcome
from registry.domain.verdicts import Verdict
from registry.scanning.results import ResultRow, Status

LICENCES_NOT_ASKED: Final = "licences_not_asked"
_OF_A_RULING: Final = frozenset({"verdict", "verdict_reasons", "licence_id"})
_HEARD: Final = frozenset({EvidenceOutcome.MATCH.value, EvidenceOutcome.SOUND_ALIKE.value})


class Judge(Protocol):
    """Gives rows their verdicts."""

    def judge(self, rows: Sequence[ResultRow]) -> list[ResultRow]:
        """Answer the rows in their order, each that holds evidence with its verdict and the reasons for it.

        Rows that hold no evidence are answered as they are. All of them are judged as of one moment.
        """


class WithoutLicences:
    """Judges where no licences can be asked: whether a match is covered is left open, and said to be."""

    def judge(self, rows: Sequence[ResultRow]) -> list[ResultRow]:
        """Answer the rows with their verdicts; see `Judge`."""
        return [self._judged(row) if row.status in {Status.ASSESSED, Status.DUPLICATE} else row for row in rows]

    def _judged(self, row: ResultRow) -> ResultRow:
        if row.outcome in _HEARD:
            return replace(row, verdict=Verdict.NOT_ASSESSED.value, reasons=joined(row.reasons, [LICENCES_NOT_ASKED]))
        return replace(row, verdict=Verdict(row.outcome).value)


def joined(reasons: str, more: Iterable[str]) -> str:
    """Answer codes as a row holds them."""
    return " ".join(sorted({*reasons.split(), *more}))


def without_verdicts(line: dict[str, Any]) -> dict[str, Any]:
    """Answer evidence as the engine gave it, whoever has judged it since."""
    candidates = [{key: said for key, said in one.items() if key not in _OF_A_RULING} for one in line["candidates"]]
    return line | {"candidates": candidates}
