"""Backlog that is left alone, mail that a server withholds, and bytes found in any mailbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "backlog",
        sa.Column("mailbox", sa.String(length=100), nullable=False),
        sa.Column("header_sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("mailbox", "header_sha256", name=op.f("pk_backlog")),
    )
    op.create_table(
        "withheld",
        sa.Column("mailbox", sa.String(length=100), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("breaks", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("mailbox", "uidvalidity", "uid", name=op.f("pk_withheld")),
    )
    op.create_index(op.f("ix_journal_sha256"), "journal", ["sha256"])


def downgrade() -> None:
    """Take back."""
    op.drop_index(op.f("ix_journal_sha256"), table_name="journal")
    op.drop_table("withheld")
    op.drop_table("backlog")
