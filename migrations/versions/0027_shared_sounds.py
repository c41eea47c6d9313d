"""Sound that organisations share with performers, and who has listened to it.

Revision: 0027
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations.parts import BYTES, ID, JSON, MOMENT, check, choice, references

revision: str = "0027"
down_revision: str | None = "0026"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
serves_code_from: str = "0012"

SOUNDS, LISTENINGS = "shared_sounds", "sound_listenings"
ENDINGS = ("by_organisation", "ran_out", "consent_ended")
SIDES = ("performer", "organisation")
IN_FORCE = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        SOUNDS,
        sa.Column("id", ID, nullable=False),
        sa.Column("finding_id", ID, nullable=False),
        sa.Column("performer_id", ID, nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("stretches", JSON, nullable=False),
        sa.Column("content", BYTES, nullable=True),
        sa.Column("content_key", BYTES, nullable=True),
        sa.Column("content_master_key_id", sa.String(40), nullable=True),
        sa.Column("shared_by", ID, nullable=False),
        sa.Column("shared_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("ending", choice("sound_ending", *ENDINGS), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        check(SOUNDS, "shared_for_a_while", "ends_at > shared_at"),
        check(SOUNDS, "ended_for_a_reason", "(ended_at IS NULL) = (ending IS NULL)"),
        check(SOUNDS, "content_until_ended", "(ended_at IS NULL) = (content IS NOT NULL)"),
        check(SOUNDS, "content_has_a_key", "(content IS NULL) = (content_key IS NULL)"),
        check(SOUNDS, "content_key_is_wrapped", "(content IS NULL) = (content_master_key_id IS NULL)"),
        check(SOUNDS, "version_positive", "version >= 1"),
        *references(
            SOUNDS,
            finding_id="findings",
            performer_id="performers",
            organisation_id="organisations",
            shared_by="accounts",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shared_sounds")),
    )
    op.create_index(op.f("ix_shared_sounds_performer_id"), SOUNDS, ["performer_id"])
    op.create_index(op.f("ix_shared_sounds_finding_id_id"), SOUNDS, ["finding_id", "id"])
    op.create_index(
        "uq_shared_sounds_one_in_force",
        SOUNDS,
        ["finding_id"],
        unique=True,
        sqlite_where=IN_FORCE,
        postgresql_where=IN_FORCE,
    )
    op.create_table(
        LISTENINGS,
        sa.Column("sound_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("heard_on", sa.Date(), nullable=False),
        sa.Column("side", choice("listener_side", *SIDES), nullable=False),
        sa.Column("heard_at", MOMENT, nullable=False),
        check(LISTENINGS, "number_from_one", "number >= 1"),
        *references(LISTENINGS, sound_id=SOUNDS, account_id="accounts"),
        sa.PrimaryKeyConstraint("sound_id", "account_id", "number", "heard_on", name=op.f("pk_sound_listenings")),
    )


def downgrade() -> None:
    """Take the schema back. Sound that is shared, and who listened to it, is lost."""
    op.drop_table(LISTENINGS)
    op.drop_table(SOUNDS)
