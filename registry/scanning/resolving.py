"""Whom the opaque ids of a report stand for, and what policy says of each: by one gallery file, as of one moment."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from registry.domain.consents import ConsentPurpose, Modality, consent_in_force
from registry.domain.gallery_files import Entry, SearchPurpose
from registry.domain.policy import PerformerRecord
from registry.domain.scores import PerformerEvidence, Reason
from registry.domain.uses import UseKind
from registry.domain.verdicts import Ruling
from registry.errors import DeclaredUseUnknownError
from registry.scanning.finding_lines import HeardRow
from registry.scanning.licensed import RegisteredLicences
from registry.scanning.recording import RuledRow
from registry.scanning.reported import ScanReport
from registry.scanning.results import ResultRow
from registry.services.assessments import Ruled
from registry.services.context import Context
from registry.store import enrolments, usage
from registry.store.parts import in_parts

Records = Mapping[str, PerformerRecord]


@dataclass(frozen=True, slots=True)
class Filing:
    """One report on its way in.

    Attributes:
        ctx: what verbs work with.
        told: what it says.
        organisation_id: who files it.
        entries: everybody in the gallery file, by the registry's id.
    """

    ctx: Context
    told: ScanReport
    organisation_id: str
    entries: Mapping[str, Entry]

    def searched(self, session: Session, performer_ids: Collection[str], now: datetime) -> set[str]:
        """Answer who may still be searched by the consent that the file rests on."""
        found: set[str] = set()
        for part in in_parts(sorted(performer_ids)):
            for performer_id, signed in enrolments.monitoring_decisions(session, part).items():
                consent = consent_in_force(signed, ConsentPurpose.MONITORING, Modality.VOICE, now)
                if consent is not None and consent.id == self.entries[performer_id].consent_id:
                    found.add(performer_id)
        return found

    @property
    def licences(self) -> RegisteredLicences:
        """What rules, as of the end of the scan."""
        kind = UseKind.TRAINING if self.told.kind is SearchPurpose.TRAINING else UseKind.GENERATED
        return RegisteredLicences(self.ctx, self.organisation_id, kind, self.told.finished_at)

    def rule(
        self, session: Session, row: ResultRow, heard: Sequence[PerformerEvidence], records: Records | None = None
    ) -> list[Ruled]:
        """Rule on performers in a row; what it declares in words that are not known, it does not declare."""
        try:
            return self.licences.rule(session, row, heard, records)
        except DeclaredUseUnknownError as error:
            reason = Reason("declared_use_unknown", f"{error.detail}; it is taken for not declared")
            undeclared = self.licences.rule(session, replace(row, declared_use=""), heard, records)
            return [_because(reason, one) for one in undeclared]


def _because(reason: Reason, one: Ruled) -> Ruled:
    ruling = one.ruling
    return Ruled(one.evidence, Ruling(ruling.verdict, (reason, *ruling.reasons), ruling.licence_id), one.priority)


def ruled_rows(
    session: Session, filing: Filing, rows: Sequence[HeardRow], entries: Mapping[str, Entry]
) -> tuple[list[RuledRow], int]:
    """Rule on everybody who can be resolved, and count how often somebody cannot.

    Args:
        session: of one snapshot.
        filing: the report.
        rows: by opaque ids.
        entries: of the gallery file, by opaque id.
    """
    named = {one.performer_id for row in rows for one in row.heard} & entries.keys()
    ids = [entries[name].performer_id for name in named]
    searched = filing.searched(session, ids, filing.ctx.clock())
    known = {name: entries[name].performer_id for name in named if entries[name].performer_id in searched}
    shared = _SharedRecords(session, filing, sorted(known.values()), [row.row.sha256 for row in rows])
    ruled, unresolved = [], 0
    for row in rows:
        heard = [replace(one, performer_id=known[one.performer_id]) for one in row.heard if one.performer_id in known]
        unresolved += len(row.heard) - len(heard)
        if heard:
            ruled.append(RuledRow(row.row, filing.rule(session, row.row, heard, shared.of(row.row))))
    return ruled, unresolved


class _SharedRecords:
    """Records of everybody in a report, read once for each project.

    A recording of which use was counted before is not among those that share them: its own use is not held against it.
    """

    def __init__(self, session: Session, filing: Filing, performer_ids: Sequence[str], sha256s: Sequence[str]) -> None:
        self._session, self._licences, self._performer_ids = session, filing.licences, performer_ids
        self._counted = usage.counted_recordings(session, filing.organisation_id, sorted(set(sha256s)))
        self._by_project: dict[str, Records] = {}

    def of(self, row: ResultRow) -> Records | None:
        """Answer the records that a row is ruled on by, or None for one that is to be read for by itself."""
        if row.sha256 in self._counted:
            return None
        if row.project not in self._by_project:
            found = self._licences.records_for(self._session, self._performer_ids, row.project)
            self._by_project[row.project] = found
        return self._by_project[row.project]
