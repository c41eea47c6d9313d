"""Scans, their rows with findings, and findings that rest on one of those.

Revision: 0008
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

from migrations.parts import ID, JSON, MOMENT, SHA256, check, choice, on_sqlite, one_of, rebuild

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


OUTCOMES = ("match", "sound_alike", "no_match", "inconclusive")
VERDICTS = (
    *("no_match", "licensed_use", "licensed_out_of_scope", "licensed_unpaid", "licence_suspended", "licence_expired"),
    *("expired_legacy_use", "consent_withdrawn", "opted_out_match", "unlicensed_match"),
    *("explained_by_declared_source", "sound_alike_review", "inconclusive", "not_assessed"),
)
FINDING_CHECKS_BEFORE = {
    "percentile_in_range": "cohort_percentile >= 0 AND cohort_percentile <= 100",
    "rank_from_one": "rank >= 1",
    "evidence_outcome": one_of("outcome", *OUTCOMES),
    "verdict": one_of("verdict", *VERDICTS),
    "priority": "priority IN ('normal', 'escalated')",
}
FINDING_CHECKS = FINDING_CHECKS_BEFORE | {
    "finding_basis": "basis IN ('heard', 'reported')",
    "of_one_recording": "(check_id IS NULL) <> (scan_row_id IS NULL)",
    "reported_by_a_scan": "basis = 'heard' OR scan_row_id IS NOT NULL",
}
WORK_CHECKS = {
    "work_state": "state IN ('queued', 'leased', 'done', 'dead')",
    "attempts_in_range": "attempts >= 0 AND attempts <= max_attempts",
    "leased_until": "(state = 'leased') = (lease_expires_at IS NOT NULL)",
    "leased_by_one": "(state = 'leased') = (leased_by IS NOT NULL)",
    "finished_when_over": "(state IN ('done', 'dead')) = (finished_at IS NOT NULL)",
}
KINDS_BEFORE = {"work_kind": "kind IN ('check', 'enrolment', 'spoken_statement')"}
KINDS = {"work_kind": "kind IN ('check', 'enrolment', 'spoken_statement', 'scan')"}


def upgrade() -> None:
    create_scans()
    create_scan_rows()
    rebuild("findings", FINDING_CHECKS_BEFORE, FINDING_CHECKS, grow_findings)
    rebuild("work", WORK_CHECKS | KINDS_BEFORE, WORK_CHECKS | KINDS)


def downgrade() -> None:
    """Take the schema back. Scans, and the findings of scans, are lost."""
    op.execute("DELETE FROM work WHERE kind = 'scan'")
    rebuild("work", WORK_CHECKS | KINDS, WORK_CHECKS | KINDS_BEFORE)
    op.execute("DELETE FROM findings WHERE scan_row_id IS NOT NULL")
    rebuild("findings", FINDING_CHECKS, FINDING_CHECKS_BEFORE, shrink_findings)
    if on_sqlite():
        give_priority_a_check_of_its_own()
    op.drop_table("scan_rows")
    op.drop_table("scans")


def create_scans() -> None:
    op.create_table(
        "scans",
        sa.Column("id", ID, nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("submitted_by", ID, nullable=False),
        sa.Column("origin", choice("scan_origin", "reported", "server"), nullable=False),
        sa.Column("state", choice("scan_state", "queued", "running", "done", "failed", "cancelled"), nullable=False),
        sa.Column("kind", choice("search_purpose", "catalogue", "training"), nullable=False),
        sa.Column("request", JSON, nullable=True),
        sa.Column("gallery_file_id", ID, nullable=True),
        sa.Column("report_sha256", SHA256, nullable=True),
        sa.Column("signed_by", sa.String(43), nullable=True),
        sa.Column("report", sa.Text(), nullable=True),
        sa.Column("summary", JSON, nullable=True),
        sa.Column("engine", JSON, nullable=True),
        sa.Column("manifest_sha256", SHA256, nullable=True),
        sa.Column("results_sha256", SHA256, nullable=True),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("rows_done", sa.Integer(), nullable=False),
        sa.Column("audio_s", sa.Double(), nullable=False),
        sa.Column("flagged", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("findings", sa.Integer(), nullable=False),
        sa.Column("unresolved", sa.Integer(), nullable=False),
        sa.Column("problem", JSON, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        check("scans", "finished_unless_open", "(state IN ('queued', 'running')) = (finished_at IS NULL)"),
        check("scans", "failed_has_a_problem", "(state = 'failed') = (problem IS NOT NULL)"),
        check("scans", "server_was_asked", "(origin = 'server') = (request IS NOT NULL)"),
        check("scans", "reported_with_a_file", "(origin = 'reported') = (gallery_file_id IS NOT NULL)"),
        check(
            "scans",
            "reported_is_done",
            "origin = 'server' OR (state = 'done' AND report_sha256 IS NOT NULL AND signed_by IS NOT NULL)",
        ),
        check("scans", "rows_counted", "rows_done >= 0 AND rows_done <= rows"),
        check(
            "scans",
            "counts_not_negative",
            "audio_s >= 0 AND flagged >= 0 AND failed >= 0 AND findings >= 0 AND unresolved >= 0",
        ),
        check("scans", "version_positive", "version >= 1"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_scans_organisation_id_organisations")
        ),
        sa.ForeignKeyConstraint(["submitted_by"], ["accounts.id"], name=op.f("fk_scans_submitted_by_accounts")),
        sa.ForeignKeyConstraint(
            ["gallery_file_id"], ["gallery_files.id"], name=op.f("fk_scans_gallery_file_id_gallery_files")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scans")),
        sa.UniqueConstraint("organisation_id", "report_sha256", name=op.f("uq_scans_organisation_id_report_sha256")),
    )
    op.create_index(op.f("ix_scans_gallery_file_id"), "scans", ["gallery_file_id"])
    op.create_index(op.f("ix_scans_organisation_id_id"), "scans", ["organisation_id", "id"])


def create_scan_rows() -> None:
    op.create_table(
        "scan_rows",
        sa.Column("id", ID, nullable=False),
        sa.Column("scan_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(1000), nullable=False),
        sa.Column("content_sha256", SHA256, nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("duration_s", sa.Double(), nullable=False),
        sa.Column("speech_s", sa.Double(), nullable=False),
        sa.Column("outcome", choice("evidence_outcome", *OUTCOMES), nullable=False),
        sa.Column("verdict", choice("verdict", *VERDICTS), nullable=False),
        sa.Column("declared_use", sa.String(1000), nullable=False),
        sa.Column("project", sa.String(1000), nullable=False),
        sa.Column("licence", sa.String(1000), nullable=False),
        check("scan_rows", "number_from_zero", "number >= 0"),
        check("scan_rows", "measures_not_negative", "size_bytes >= 0 AND duration_s >= 0 AND speech_s >= 0"),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.id"], name=op.f("fk_scan_rows_scan_id_scans")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan_rows")),
        sa.UniqueConstraint("scan_id", "number", name=op.f("uq_scan_rows_scan_id_number")),
    )


def grow_findings(batch: BatchOperations) -> None:
    batch.add_column(sa.Column("scan_row_id", ID, nullable=True))
    batch.add_column(sa.Column("basis", ID, nullable=False, server_default="heard"))
    batch.alter_column("check_id", existing_type=ID, nullable=True)
    batch.create_foreign_key(op.f("fk_findings_scan_row_id_scan_rows"), "scan_rows", ["scan_row_id"], ["id"])
    for column in ("performer_id", "rank"):
        batch.create_unique_constraint(op.f(f"uq_findings_scan_row_id_{column}"), ["scan_row_id", column])


def shrink_findings(batch: BatchOperations) -> None:
    for column in ("performer_id", "rank"):
        batch.drop_constraint(op.f(f"uq_findings_scan_row_id_{column}"), type_="unique")
    batch.drop_constraint(op.f("fk_findings_scan_row_id_scan_rows"), type_="foreignkey")
    batch.alter_column("check_id", existing_type=ID, nullable=False)
    batch.drop_column("basis")
    batch.drop_column("scan_row_id")


def give_priority_a_check_of_its_own() -> None:
    """Check the column where 0004 did: SQLite drops no column that a check of the whole table names."""
    rest = {name: condition for name, condition in FINDING_CHECKS_BEFORE.items() if name != "priority"}
    rebuild("findings", FINDING_CHECKS_BEFORE, rest)
    op.execute("ALTER TABLE findings RENAME COLUMN priority TO kept")
    op.execute(
        "ALTER TABLE findings ADD COLUMN priority VARCHAR(40) DEFAULT 'normal' NOT NULL "
        "CONSTRAINT ck_findings_priority CHECK (priority IN ('normal', 'escalated'))"
    )
    op.execute("UPDATE findings SET priority = kept")
    op.execute("ALTER TABLE findings DROP COLUMN kept")
