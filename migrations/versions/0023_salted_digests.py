"""Digests of recordings under seal are salted; refused cohorts are counted; the end of a licence's term is told once.

Whoever holds the recording of a source that lies under seal knew it by its plain SHA-256. What is told of it from here
on, in papers, reports and analyses that were made before, is the SHA-256 of a random salt and of that digest. Leaves of
the journal stay as they were written. The salts lie open here, for a migration has no keys: the next worker seals
them, and salts what an older process files meanwhile.

Revision: 0023
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from migrations.parts import BYTES, ID, MOMENT, check, choice, references

revision: str = "0023"
down_revision: str | None = "0022"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
serves_code_from: str = "0012"

SIDES = ("complainant", "respondent", "registry")
SALT_BYTES = 32

_LICENCES = sa.table("licences", sa.column("ends_on", sa.Date()), sa.column("end_told_at", MOMENT))
_PAPERS = sa.table("case_papers", sa.column("id", ID), sa.column("sha256", sa.String(64)))
_RECORDINGS = sa.table(
    "case_recordings",
    sa.column("paper_id", ID),
    sa.column("case_id", ID),
    sa.column("under_seal", sa.Boolean()),
    sa.column("salt", BYTES),
)
_ANALYSES = sa.table(
    "case_analyses",
    sa.column("id", ID),
    sa.column("case_id", ID),
    sa.column("content", BYTES),
    sa.column("content_sha256", sa.String(64)),
)
_PROPOSALS = sa.table("case_proposals", sa.column("analysis_id", ID), sa.column("analysis_sha256", sa.String(64)))


def upgrade() -> None:
    op.add_column("case_recordings", sa.Column("salt", BYTES, nullable=True))
    op.add_column("licences", sa.Column("end_told_at", MOMENT, nullable=True))
    op.create_table(
        "case_cohort_refusals",
        sa.Column("case_id", ID, nullable=False),
        sa.Column("side", choice("case_side", *SIDES), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("refused_at", MOMENT, nullable=False),
        check("case_cohort_refusals", "number_from_one", "number >= 1"),
        *references("case_cohort_refusals", case_id="cases", account_id="accounts"),
        sa.PrimaryKeyConstraint("case_id", "side", "number", name=op.f("pk_case_cohort_refusals")),
    )
    now = datetime.now(UTC)
    op.execute(sa.update(_LICENCES).where(_LICENCES.c.ends_on < now.date()).values(end_told_at=now))
    salt_what_is_plain(op.get_bind())


def downgrade() -> None:
    """Take the schema back. Digests that were salted stay so, and nobody can show any more what they are of."""
    op.drop_table("case_cohort_refusals")
    op.drop_column("licences", "end_told_at")
    op.drop_column("case_recordings", "salt")


def salt_what_is_plain(connection: sa.Connection) -> None:
    """Salt the digest of every recording under seal, also where an analysis that was made names it."""
    query = (
        sa.select(_RECORDINGS.c.paper_id, _RECORDINGS.c.case_id, _PAPERS.c.sha256)
        .join(_PAPERS, _PAPERS.c.id == _RECORDINGS.c.paper_id)
        .where(_RECORDINGS.c.under_seal, _RECORDINGS.c.salt.is_(None))
    )
    salted: dict[str, dict[str, str]] = {}
    for paper_id, case_id, plain in connection.execute(query).all():
        salt = secrets.token_bytes(SALT_BYTES)
        told = hashlib.sha256(salt + bytes.fromhex(plain)).hexdigest()
        connection.execute(sa.update(_PAPERS).where(_PAPERS.c.id == paper_id).values(sha256=told))
        connection.execute(sa.update(_RECORDINGS).where(_RECORDINGS.c.paper_id == paper_id).values(salt=salt))
        salted.setdefault(case_id, {})[plain] = told
    for case_id, digests in salted.items():
        _rename_in_analyses(connection, case_id, digests)


def _rename_in_analyses(connection: sa.Connection, case_id: str, digests: Mapping[str, str]) -> None:
    query = sa.select(_ANALYSES.c.id, _ANALYSES.c.content)
    for analysis_id, content in connection.execute(
        query.where(_ANALYSES.c.case_id == case_id, _ANALYSES.c.content.is_not(None))
    ).all():
        renamed = bytes(content)
        for plain, told in digests.items():
            renamed = renamed.replace(f'"{plain}"'.encode(), f'"{told}"'.encode())
        if renamed == content:
            continue
        sha256 = hashlib.sha256(renamed).hexdigest()
        connection.execute(
            sa.update(_ANALYSES).where(_ANALYSES.c.id == analysis_id).values(content=renamed, content_sha256=sha256)
        )
        connection.execute(
            sa.update(_PROPOSALS).where(_PROPOSALS.c.analysis_id == analysis_id).values(analysis_sha256=sha256)
        )
