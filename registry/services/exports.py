"""Exports: everything about one performer, for the performer's side to take along."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, undefer

from registry.domain.accounts import Principal, Scope
from registry.domain.events import EventType
from registry.domain.proposals import ProposalState
from registry.interchange.performer_export import PerformerExport, Row, row_of, without_others
from registry.services.context import Context
from registry.services.performers import performer_to_act_for
from registry.services.unit import unit_of_work
from registry.store import (
    approaches,
    case_analyses,
    cases,
    cohort_agreements,
    consents,
    enrolments,
    gallery_files,
    issued_reports,
    journal,
    licences,
    misuse,
    notices,
    payments,
    performers,
    reviews,
    shared_sounds,
    spoken_statements,
    usage,
)
from registry.store.accounts import Organisation
from registry.store.approvals import Approval
from registry.store.attestations import SourceAttestation
from registry.store.case_analyses import CaseAnalysis, CaseCohort, CaseRecording
from registry.store.cases import CasePaper, CasePause, CaseProposal, CaseStepTaken
from registry.store.checks import Finding
from registry.store.clearances import Clearance
from registry.store.ledger import LedgerEntry
from registry.store.misuse import MisuseLimit, MisuseStrike
from registry.store.parts import in_parts
from registry.store.performers import KeyDestruction, Performer, Tombstone
from registry.store.proposals import Proposal, deletions_of, unsealings_of


def export_performer(ctx: Context, principal: Principal, performer_id: str) -> PerformerExport:
    """Answer everything about one performer, to the performer's side or an operator; the journal says that it was so.

    All of it is read in one transaction: it is what there was at one moment.

    Raises:
        NotFoundError: no such performer that the caller may know of.
        ForbiddenError: the caller's mandate does not cover reading the performer's record.
    """
    with unit_of_work(ctx) as unit:
        performer = performer_to_act_for(unit.session, principal, performer_id, Scope.PERFORMERS_READ)
        tables = _tables(unit.session, performer)
        export = PerformerExport(performer.id, unit.now, tables)
        unit.record(
            EventType.PERFORMER_EXPORTED,
            performer.id,
            principal.account_id,
            records=sum(len(rows) for rows in tables.values()),
        )
        unit.commit()
    return export


def _tables(session: Session, performer: Performer) -> Mapping[str, Sequence[Row]]:
    held = _held(session, performer)
    own = {performer.id, *(str(row_of("licences", licence)["id"]) for licence in held["licences"])}
    tables = {name: [_own_row(name, record, own) for record in records] for name, records in held.items()}
    tables["organisations"] = _organisations(session, tables)
    tables["journal"] = _journal(session, {str(row["id"]) for rows in tables.values() for row in rows if "id" in row})
    return tables


def _own_row(table: str, record: object, own: Collection[str]) -> Row:
    return {column: without_others(value, own) for column, value in row_of(table, record).items()}


def _held(session: Session, performer: Performer) -> Mapping[str, Sequence[object]]:
    """Answer the records of each table, by what ties them to this performer."""
    own = performer.id
    agreed = licences.licences_of_performer(session, own)
    attested = session.scalars(select(SourceAttestation).where(SourceAttestation.performer_id == own)).all()
    unsealings = unsealings_of(session, [each.id for each in attested])
    inside = gallery_files.entries_about(session, own)
    found = _findings(session, own)
    sounds = shared_sounds.every_sound_of(session, own)
    return {
        "performer": [performer],
        "representatives": performers.representatives_of(session, own),
        "explanations": consents.explanations_of(session, own),
        "consents": consents.consents_of(session, [own]),
        "spoken_statements": spoken_statements.every_statement_of(session, own),
        "tombstones": session.scalars(select(Tombstone).where(Tombstone.performer_id == own)).all(),
        "cohort_agreements": cohort_agreements.agreements_of(session, own),
        "enrolments": enrolments.enrolments_of(session, own),
        "voiceprints": enrolments.voiceprints_of(session, own),
        "key_destructions": session.scalars(select(KeyDestruction).where(KeyDestruction.performer_id == own)).all(),
        "licences": agreed,
        "licence_versions": [version for licence in agreed for version in licence.versions],
        "licence_signatures": [each for licence in agreed for v in licence.versions for each in v.signatures],
        "licence_holds": [hold for licence in agreed for hold in licence.holds],
        "clearances": session.scalars(select(Clearance).where(Clearance.performer_id == own)).all(),
        "approvals": session.scalars(select(Approval).where(Approval.performer_id == own)).all(),
        "approaches": approaches.approaches_to(session, [own]),
        "source_attestations": attested,
        "unsealings": [_Unsealing.of(each) for each in unsealings],
        "proposals": [*unsealings, *deletions_of(session, own)],
        "gallery_entries": inside,
        "gallery_files": gallery_files.files_named(session, [entry.file_id for entry in inside], None),
        "findings": found,
        "scan_rows": [finding.scan_row for finding in found if finding.scan_row is not None],
        "reviews": reviews.reviews_about(session, own),
        "shared_sounds": sounds,
        "sound_listenings": shared_sounds.listenings_of(session, [each.id for each in sounds]),
        **_disputes(session, own),
        "usage_lines": usage.lines_of_performer(session, own),
        "ledger_entries": session.scalars(select(LedgerEntry).where(LedgerEntry.performer_id == own)).all(),
        "payments": payments.payments_of_performer(session, own),
    }


def _disputes(session: Session, performer_id: str) -> Mapping[str, Sequence[object]]:
    held = cases.cases_of_performer(session, performer_id)
    ids = [case.id for case in held]
    return {
        "cases": held,
        "case_steps": cases.all_of_cases(session, CaseStepTaken, ids),
        "case_papers": cases.all_of_cases(session, CasePaper, ids, undefer(CasePaper.text)),
        "case_proposals": cases.all_of_cases(session, CaseProposal, ids),
        "case_recordings": case_analyses.parts_of_cases(session, CaseRecording, ids),
        "case_cohorts": case_analyses.parts_of_cases(session, CaseCohort, ids),
        "case_analyses": case_analyses.parts_of_cases(session, CaseAnalysis, ids, undefer(CaseAnalysis.content)),
        "case_pauses": cases.all_of_cases(session, CasePause, ids),
        "notices": notices.notices_of_performer(session, performer_id),
        "notice_steps": notices.steps_about(session, performer_id),
        "public_figures": notices.public_figures_of(session, performer_id),
        "misuse_strikes": misuse.misuse_of(session, MisuseStrike, performer_id=performer_id),
        "misuse_limits": misuse.misuse_of(session, MisuseLimit, performer_id=performer_id),
        "case_reports": issued_reports.reports_about_cases(session, ids),
    }


@dataclass(frozen=True, slots=True)
class _Unsealing:
    """A request to unseal, as the export has had it from its first version."""

    id: str
    attestation_id: str | None
    requested_at: datetime
    approved_at: datetime | None

    @classmethod
    def of(cls, proposal: Proposal) -> Self:
        approved = proposal.state is ProposalState.APPROVED
        return cls(
            proposal.id, proposal.attestation_id, proposal.proposed_at, proposal.answered_at if approved else None
        )


def _findings(session: Session, performer_id: str) -> Sequence[Finding]:
    query = select(Finding).where(Finding.performer_id == performer_id).options(joinedload(Finding.scan_row))
    return session.scalars(query).all()


_STUDIO_COLUMNS = ("studio_id", "organisation_id")


def _organisations(session: Session, tables: Mapping[str, Sequence[Row]]) -> list[Row]:
    rows = [row for each in tables.values() for row in each]
    named = {str(row[column]) for row in rows for column in _STUDIO_COLUMNS if row.get(column)}
    found: list[Organisation] = []
    for part in in_parts(sorted(named)):
        found += session.scalars(select(Organisation).where(Organisation.id.in_(part)).order_by(Organisation.id))
    return [row_of("organisations", organisation) for organisation in found]


def _journal(session: Session, about: Iterable[str]) -> list[Row]:
    return [row_of("journal", leaf) for leaf in journal.opened_leaves(session, sorted(about))]
