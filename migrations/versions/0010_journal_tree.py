"""The tree over the journal's leaves, its checkpoints and their cosignatures; what is journalled is never changed.

The leaves that exist get numbers without gaps (PostgreSQL leaves one where a transaction failed), and their tree.

Revision: 0010
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import islice

import sqlalchemy as sa
from alembic import op

from migrations.parts import ID, MOMENT, SHA256, allow_changes, check, drop_refusal, on_sqlite, refuse_changes

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

NODES = sa.table("journal_nodes", sa.column("position", sa.BigInteger), sa.column("sha256", SHA256))
OPENINGS_OF_ENTRIES = "fk_journal_openings_seq_journal_entries"
SEQUENCE = "journal_entries_seq_seq"
ROWS_AT_A_TIME = 5_000


def upgrade() -> None:
    number_without_gaps()
    if not on_sqlite():  # numbers are given by whoever appends, in its turn
        op.execute(f"DROP SEQUENCE {SEQUENCE} CASCADE")
    op.create_index(op.f("ix_journal_entries_leaf_sha256"), "journal_entries", ["leaf_sha256"])
    create_nodes()
    create_checkpoints()
    create_cosignatures()
    grow_tree()
    refuse_changes("journal_entries", "a leaf of the journal is never changed", delete=True, unique=("seq",))
    refuse_changes("journal_openings", "an opening is erased, but never changed")
    refuse_changes("journal_nodes", "a node of the journal is never changed", delete=True, unique=("position",))
    refuse_changes("journal_checkpoints", "a checkpoint is never changed", delete=True, unique=("size",))
    refuse_changes("journal_cosignatures", "a cosignature is never changed", delete=True)


def downgrade() -> None:
    allow_changes("journal_entries", delete=True)
    allow_changes("journal_openings")
    for table in ("journal_cosignatures", "journal_checkpoints", "journal_nodes"):
        op.drop_table(table)
        drop_refusal(table)
    op.drop_index(op.f("ix_journal_entries_leaf_sha256"), "journal_entries")
    if not on_sqlite():
        op.execute(f"CREATE SEQUENCE {SEQUENCE} AS integer OWNED BY journal_entries.seq")
        op.execute(f"SELECT setval('{SEQUENCE}', COALESCE(MAX(seq), 0) + 1, false) FROM journal_entries")  # noqa: S608
        op.execute(f"ALTER TABLE journal_entries ALTER COLUMN seq SET DEFAULT nextval('{SEQUENCE}')")


def create_nodes() -> None:
    op.create_table(
        "journal_nodes",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sha256", SHA256, nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_journal_nodes")),
    )


def create_checkpoints() -> None:
    op.create_table(
        "journal_checkpoints",
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("root_sha256", SHA256, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("signed_at", MOMENT, nullable=False),
        check("journal_checkpoints", "size_not_negative", "size >= 0"),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_journal_checkpoints")),
    )


def create_cosignatures() -> None:
    op.create_table(
        "journal_cosignatures",
        sa.Column("id", ID, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("witness", sa.String(300), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["size"], ["journal_checkpoints.size"], name=op.f("fk_journal_cosignatures_size_journal_checkpoints")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_cosignatures")),
        sa.UniqueConstraint("size", "witness", name=op.f("uq_journal_cosignatures_size_witness")),
    )


def number_without_gaps() -> None:
    """Number leaves and openings from 1 in their order; by way of negative numbers, so that no two meet."""
    last, count = op.get_bind().execute(sa.text("SELECT MAX(seq), COUNT(*) FROM journal_entries")).one()
    if (last or 0) == count:
        return
    if not on_sqlite():
        op.drop_constraint(OPENINGS_OF_ENTRIES, "journal_openings", type_="foreignkey")
    ranked = "(SELECT seq, ROW_NUMBER() OVER (ORDER BY seq) AS number FROM journal_entries) AS ranked"
    for table in ("journal_openings", "journal_entries"):
        op.execute(f"UPDATE {table} SET seq = -ranked.number FROM {ranked} WHERE ranked.seq = {table}.seq")  # noqa: S608
    for table in ("journal_openings", "journal_entries"):
        op.execute(f"UPDATE {table} SET seq = -seq")  # noqa: S608  (names of our own)
    if not on_sqlite():
        op.create_foreign_key(OPENINGS_OF_ENTRIES, "journal_openings", "journal_entries", ["seq"], ["seq"])


def grow_tree() -> None:
    """Write the nodes over the leaves that exist, as RFC 6962 hashes them."""
    leaves = sa.text("SELECT leaf_sha256 FROM journal_entries ORDER BY seq")
    rows = op.get_bind().execute(leaves.execution_options(yield_per=ROWS_AT_A_TIME))
    made = nodes(bytes.fromhex(leaf_sha256) for (leaf_sha256,) in rows)
    while part := list(islice(made, ROWS_AT_A_TIME)):
        op.bulk_insert(NODES, part)


def nodes(leaves: Iterator[bytes]) -> Iterator[dict[str, object]]:
    """Answer the rows of nodes in the order in which they become complete, which is how they are numbered."""
    position, roots = 0, list[bytes]()
    for index, leaf in enumerate(leaves):
        digest, left = leaf, index
        yield {"position": position, "sha256": digest.hex()}
        position += 1
        while left % 2:
            digest = sha256(b"\x01" + roots.pop() + digest).digest()
            yield {"position": position, "sha256": digest.hex()}
            position, left = position + 1, left // 2
        roots.append(digest)
