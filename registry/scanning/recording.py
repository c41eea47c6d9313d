"""Writing what a scan found into the registry: rows with somebody in them, and a finding for each, in one transaction.

Of whoever may not be looked for any more at that moment nothing is written: they are counted, and not named.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from registry.domain.consents import ConsentPurpose, Modality
from registry.domain.ids import IdPrefix
from registry.domain.scans import FindingBasis
from registry.domain.scores import EvidenceOutcome, PerformerEvidence, Reason
from registry.domain.verdicts import Ruling, Verdict, gravest
from registry.scanning.evidence_lines import candidate_of
from registry.scanning.results import ResultRow
from registry.scanning.tally import COVERED
from registry.services import assessments
from registry.services.approaches import AskedBefore, asked_before
from registry.services.assessments import Ruled
from registry.services.consents import in_force
from registry.services.unit import Unit
from registry.store import performers
from registry.store.parts import in_parts
from registry.store.scans import LONGEST_TEXT, Scan, ScanRow

_AT_ONCE: Final = 500
"""Rows that are sent to the database together."""

Rule = Callable[[Session, ResultRow, Sequence[PerformerEvidence]], list[Ruled]]
"""Rules on performers who are heard in a row: `registry.scanning.licensed.RegisteredLicences.rule`."""


@dataclass(frozen=True, slots=True)
class RuledRow:
    """A row with everybody in it who is worth a finding, by the ids of the registry, as policy ruled on each.

    Attributes:
        row: of which its evidence as text is not read.
        ruled: in the engine's order.
    """

    row: ResultRow
    ruled: Sequence[Ruled]


def ruled_row(row: ResultRow) -> RuledRow | None:
    """Answer a row that policy has ruled on, as its evidence says; None where nobody in it is worth a finding."""
    candidates = json.loads(row.evidence)["candidates"] if row.evidence else []
    ruled = [Ruled(candidate_of(one), _ruling(one)) for one in candidates if "verdict" in one]
    return RuledRow(row, ruled) if ruled else None


def _ruling(said: dict[str, Any]) -> Ruling:
    reasons = tuple(Reason.of_json(reason) for reason in said["verdict_reasons"])
    return Ruling(Verdict(said["verdict"]), reasons, said["licence_id"])


def record_rows(
    unit: Unit,
    scan: Scan,
    rows: Iterable[RuledRow],
    rule: Rule,
    *,
    basis: FindingBasis,
    searched: Callable[[Collection[str]], Collection[str]] | None = None,
) -> None:
    """Write rows and findings of a scan in the caller's unit, and add what they come to to the scan's counts.

    1. Everybody in them is locked and asked for again: who may not be looked for any more is left out, and counted as
       unresolved. A row that is left with others is ruled on anew, as what was said of them may rest on who is gone.
    2. A row with nobody left is not written.
    3. What is about a performer who had declined this organisation is put first; the verdict stays.

    Args:
        unit: of which `now` is the moment of asking.
        scan: whose row is written already; ``findings``, ``flagged`` and ``unresolved`` grow.
        rows: which can be gone through twice.
        rule: rules on a row anew.
        basis: what the findings rest on.
        searched: answers who of some performers may still be looked for; by default, who consents to monitoring.
    """
    ids = sorted({one.evidence.performer_id for row in rows for one in row.ruled})
    performers.lock_performers(unit.session, ids)
    allowed = frozenset(searched(ids) if searched else _monitored(unit, ids))
    asked = asked_before(unit.session, scan.organisation_id, sorted(allowed))
    for number, row in enumerate(rows, start=1):
        kept = _without_others(unit, row, allowed, rule)
        scan.unresolved += len(row.ruled) - len(kept)
        if kept:
            _write(unit, scan, row.row, _escalated(scan, kept, asked), basis)
        if number % _AT_ONCE == 0:
            unit.session.flush()


def _monitored(unit: Unit, ids: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for part in in_parts(ids):
        found |= in_force(unit.session, part, ConsentPurpose.MONITORING, Modality.VOICE, unit.now)
    return found


def _without_others(unit: Unit, row: RuledRow, allowed: Collection[str], rule: Rule) -> Sequence[Ruled]:
    heard = [one.evidence for one in row.ruled if one.evidence.performer_id in allowed]
    return row.ruled if len(heard) == len(row.ruled) else rule(unit.session, row.row, heard)


def _escalated(scan: Scan, ruled: Sequence[Ruled], asked: AskedBefore) -> list[Ruled]:
    """Put first what is about a performer who had declined; what they recorded after the scan's end does not count."""
    ended = scan.finished_at or scan.created_at
    return [
        assessments.escalated(one, asked.escalation(one.evidence.performer_id, one.ruling.verdict, ended))
        for one in ruled
    ]


def _write(unit: Unit, scan: Scan, row: ResultRow, ruled: Sequence[Ruled], basis: FindingBasis) -> None:
    written = ScanRow(
        id=unit.new_id(IdPrefix.SCAN_ROW),
        scan_id=scan.id,
        number=row.number,
        name=_kept(row.name),
        content_sha256=row.sha256,
        size_bytes=row.size,
        duration_s=row.duration_s,
        speech_s=row.speech_s,
        outcome=assessments.strongest(ruled),
        verdict=gravest(one.ruling.verdict for one in ruled),
        declared_use=_kept(row.declared_use),
        project=_kept(row.project),
        licence=_kept(row.licence),
    )
    unit.session.add(written)
    for rank, one in enumerate(ruled, start=1):
        finding = assessments.finding_of(unit, one, rank=rank, organisation_id=scan.organisation_id)
        finding.scan_row, finding.basis = written, basis
        unit.session.add(finding)
    scan.findings += len(ruled)
    scan.flagged += any(
        one.evidence.outcome is EvidenceOutcome.MATCH and one.ruling.verdict not in COVERED for one in ruled
    )


def _kept(text: str) -> str:
    """Answer text as the database keeps it: cut where it is very long, and without zero bytes."""
    return text.replace("\x00", "\ufffd")[:LONGEST_TEXT]
