"""Exports: everything about one performer, nothing about another, and proof that it was asked for."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest
from paying import PER_SECOND, heard, licensed, paid_by, report, said
from steps import USE, Registry, candidate

from registry.domain.accounts import Role
from registry.domain.approaches import ApproachOutcome
from registry.domain.attestations import Attested, SealedIdentity, SourceRecording
from registry.domain.licences import SuspensionReason
from registry.domain.scores import EvidenceOutcome
from registry.domain.uses import UsePurpose
from registry.errors import ForbiddenError, NotFoundError
from registry.interchange.performer_export import TABLES, PerformerExport, as_json, as_zip
from registry.journal.leaf import Opening, verify_opening
from registry.services import (
    accounts,
    approaches,
    attestations,
    case_papers,
    cases,
    consents,
    exports,
    licence_course,
    payments,
    unsealing,
)
from registry.services.payments import Paid
from registry.store import models
from registry.store.enrolments import voiceprints_of
from registry.store.licences import Licence

SECRETS = {"wrapped_key", "spool_key", "secret_sha256", "account_id", "identity", "identity_key"}
WHO = {"recorded_by", "created_by", "decided_by", "requested_by", "placed_by_account", "lifted_by_account"}


def full(registry: Registry) -> tuple[Licence, Licence]:
    """Two performers of whom there is a record of nearly every kind, in part with the same studio, in one check."""
    studio = registry.studio()
    mine = licensed(registry, studio, paid_by(PER_SECOND), "Ada Lind")
    theirs = licensed(registry, studio, paid_by(PER_SECOND), "Bo Ek")
    registry.checked(studio, candidate(mine.performer_id), candidate(theirs.performer_id, log10_lr=2.5))
    for licence in (mine, theirs):
        heard(registry, studio, licence)
        approaches.record_approach(
            registry.ctx,
            registry.operator,
            licence.performer_id,
            studio_id=licence.studio_id,
            studio_name=None,
            asked_on=date(2026, 2, 1),
            purposes=[UsePurpose.TRAINING],
            scope="everything",
            outcome=ApproachOutcome.DECLINED,
        )
    report(registry, studio, said(mine, "5"), said(theirs, "7"))
    for licence in (mine, theirs):
        paid = payments.report_payment(registry.ctx, studio, licence.id, Paid(100, "GBP", date(2026, 3, 14)))
        payments.confirm_payment(registry.ctx, registry.operator, paid.id, evidence_sha256="e" * 64)
    return mine, theirs


def exported(registry: Registry, licence: Licence) -> PerformerExport:
    return exports.export_performer(registry.ctx, registry.operator, licence.performer_id)


def test_nobody_but_the_performers_side_and_an_operator_gets_an_export(sqlite_registry: Registry) -> None:
    registry = sqlite_registry
    ada, bo = registry.performer("Ada"), registry.performer("Bo")
    stranger = registry.principal(Role.PERFORMER, "Bo", performer_id=bo)
    with pytest.raises(NotFoundError):
        exports.export_performer(registry.ctx, stranger, ada)
    with pytest.raises(ForbiddenError):
        exports.export_performer(registry.ctx, registry.studio(), ada)
    assert "performer.exported" not in registry.journal()


def test_everything_about_one_performer_is_there_and_nothing_about_another(registry: Registry) -> None:
    mine, theirs = full(registry)
    export = exported(registry, mine)
    empty = {name for name, rows in export.tables.items() if not rows}
    assert empty == {
        *("representatives", "tombstones", "key_destructions", "clearances", "approvals"),
        *("source_attestations", "unsealings", "proposals", "licence_holds", "spoken_statements"),
        *("gallery_entries", "gallery_files", "scan_rows"),
        *("reviews", "cases", "case_steps", "case_papers", "case_proposals", "case_pauses"),
        *("cohort_agreements", "case_recordings", "case_cohorts", "case_analyses"),
        *("notices", "notice_steps", "public_figures", "misuse_strikes", "misuse_limits", "case_reports"),
        *("shared_sounds", "sound_listenings"),
    }
    text = json.dumps(as_json(export))
    assert "Ada Lind" in text
    for other in (theirs.performer_id, theirs.id, "Bo Ek"):
        assert other not in text


def test_the_performer_who_explains_a_voice_is_not_named(sqlite_registry: Registry) -> None:
    registry, studio = sqlite_registry, sqlite_registry.studio()
    source = licensed(registry, studio, paid_by(PER_SECOND), "Source")
    famous = registry.enrolled("Famous")
    registry.checked(
        studio,
        candidate(source.performer_id),
        candidate(famous, EvidenceOutcome.SOUND_ALIKE, 0.8),
        use=replace(USE, declared_source_id=source.performer_id),
    )
    export = exports.export_performer(registry.ctx, registry.operator, famous)
    (finding,) = export.tables["findings"]
    assert finding["verdict"] == "explained_by_declared_source"
    assert "perf_(another)" in str(finding["reasons"])
    assert source.performer_id not in json.dumps(as_json(export))


NOT_THEIRS_TO_TAKE = {"performer_keys", "gallery_changes", "pay_remainders", "usage_report_items", "refused_names"}
"""A key that opens voiceprints, the steps by which workers follow, what rounding carries, what a studio said before it
was counted (it is in the lines of use), and digests of names that are refused: none tells a performer anything more.
"""
NAMED_OTHERWISE = {"performers": "performer"}


def test_a_source_under_seal_learns_that_they_were_unsealed_and_not_whom_the_notes_mention(
    sqlite_registry: Registry,
) -> None:
    registry, studio = sqlite_registry, sqlite_registry.studio()
    today = registry.clock().date()
    said = Attested("Voice 2", today, [SourceRecording("a" * 64, today)], (), "c" * 64, ("Ona Famous",))
    attested = attestations.attest_source(registry.ctx, studio, said, SealedIdentity("Rosa Keel", "her agent"))
    belongs = registry.operator.organisation_id
    accounts.create_account(registry.ctx, registry.operator, role=Role.OPERATOR, name="B", organisation_id=belongs)
    asked = unsealing.request_unsealing(registry.ctx, registry.operator, attested.id, reason="Ona Famous complains")
    export = exports.export_performer(registry.ctx, registry.operator, attested.performer_id)
    assert [row["id"] for row in export.tables["source_attestations"]] == [attested.id]
    (row,) = export.tables["unsealings"]
    assert (row["id"], row["attestation_id"], row["approved_at"]) == (asked.id, attested.id, None)
    (row,) = export.tables["proposals"]
    assert (row["id"], row["kind"], row["state"]) == (asked.id, "unsealing", "proposed")
    assert "unsealing.requested" in {leaf["type"] for leaf in export.tables["journal"]}
    text = json.dumps(as_json(export))
    assert "Famous" not in text
    assert "Rosa" not in text


def test_why_and_until_when_a_licence_rested_is_there_with_both_signatures(sqlite_registry: Registry) -> None:
    registry = sqlite_registry
    mine = licensed(registry, registry.studio(), paid_by(PER_SECOND))
    cause = SuspensionReason.SECURITY
    licence_course.suspend_licence(registry.ctx, registry.operator, mine.id, cause=cause, reason="a leak")
    export = exported(registry, mine)
    (hold,) = export.tables["licence_holds"]
    assert (hold["reason"], hold["note"], hold["lifted_at"]) == ("security", "a leak", None)
    assert {row["side"] for row in export.tables["licence_signatures"]} == {"performer", "studio"}


def test_every_table_that_knows_of_a_performer_is_in_the_export() -> None:
    tables = models.metadata.tables
    direct = {name for name, table in tables.items() if "performer_id" in table.columns}
    rooted = {"licences", "licence_versions", "source_attestations", "tombstones", "consents", "enrolments"}
    through = {
        name
        for name, table in tables.items()
        if any(key.column.table.name in rooted for key in table.foreign_keys) and name != "checks"
    }
    about = {NAMED_OTHERWISE.get(name, name) for name in (direct | through) - NOT_THEIRS_TO_TAKE}
    assert about <= TABLES.keys()
    assert {"licence_signatures", "licence_holds", "proposals"} <= about
    modelled = {NAMED_OTHERWISE.get(name, name): table for name, table in tables.items()}
    for name in about:
        assert set(TABLES[name].columns) <= {column.name for column in modelled[name].columns}, name


def test_each_row_has_the_columns_of_its_table_and_no_secret_is_among_them(registry: Registry) -> None:
    mine, _ = full(registry)
    export = exported(registry, mine)
    assert export.tables.keys() == TABLES.keys()
    for name, rows in export.tables.items():
        assert all(tuple(row) == TABLES[name].columns for row in rows)
        assert not set(TABLES[name].columns) & (SECRETS | WHO), name
    assert "sealed" not in TABLES["voiceprints"].columns
    with registry.ctx.database.read() as session:
        sealed = [row.sealed.hex() for row in voiceprints_of(session, mine.performer_id)]
    assert sealed
    assert not [each for each in sealed if each in json.dumps(as_json(export))]


def test_the_leaves_in_an_export_open_and_are_still_there_when_the_voiceprints_are_not(registry: Registry) -> None:
    mine, _ = full(registry)
    consents.withdraw_all(registry.ctx, registry.operator, mine.performer_id)
    export = exported(registry, mine)
    assert export.tables["voiceprints"] == []
    assert [row["voiceprints"] for row in export.tables["key_destructions"]] == [2]
    for row in export.tables["journal"]:
        details = row["details"]
        assert isinstance(details, dict)
        verify_opening(str(row["leaf"]).encode(), Opening(bytes.fromhex(str(row["salt"])), details))
    told = {row["type"] for row in export.tables["journal"]}
    assert {"consent.signed", "consent.withdrawn", "licence.activated", "ledger.posted"} <= told


def test_an_export_is_journalled_and_the_same_moment_gives_the_same_bytes(sqlite_registry: Registry) -> None:
    mine, _ = full(sqlite_registry)
    export = exported(sqlite_registry, mine)
    assert as_zip(export) == as_zip(export)
    assert sqlite_registry.journal()[-1] == "performer.exported"


def test_a_dispute_is_exported_with_what_both_sides_filed_and_not_that_of_another(sqlite_registry: Registry) -> None:
    registry, studio = sqlite_registry, sqlite_registry.studio()
    mine, theirs = registry.performer("Ada Lind"), registry.performer("Bo Ek")
    for performer_id, claim in ((mine, "It is mine."), (theirs, "It is his.")):
        case = cases.open_case(
            registry.ctx,
            registry.operator,
            performer_id=performer_id,
            studio_id=str(studio.organisation_id),
            product="Sky",
            claim=claim,
        )
        case_papers.file_statement(registry.ctx, studio, case.id, title="Ours", text=f"To “{claim}” we say no.")
    export = exports.export_performer(registry.ctx, registry.operator, mine)
    (case_row,) = export.tables["cases"]
    (paper,) = export.tables["case_papers"]
    assert (case_row["claim"], paper["text"], paper["side"]) == (
        "It is mine.",
        "To “It is mine.” we say no.",
        "respondent",
    )
    assert "It is his." not in json.dumps(as_json(export))
