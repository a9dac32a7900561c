"""Urgent mail: what is open, who was told of it, and who acknowledged it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "urgencies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("journal_id", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(length=320), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("message_id", sa.String(length=998), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times_told", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.String(length=320), nullable=True),
        sa.ForeignKeyConstraint(
            ["journal_id"], ["journal.id"], name=op.f("fk_urgencies_journal_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_urgencies")),
        sa.UniqueConstraint("journal_id", name=op.f("uq_urgencies_journal_id")),
    )
    op.create_index(op.f("ix_urgencies_author"), "urgencies", ["author"])
    op.create_index(op.f("ix_urgencies_due_at"), "urgencies", ["due_at"])
    op.create_table(
        "urgency_alerts",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("urgency_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["urgency_id"], ["urgencies.id"], name=op.f("fk_urgency_alerts_urgency_id")
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_urgency_alerts")),
    )
    op.create_index(op.f("ix_urgency_alerts_urgency_id"), "urgency_alerts", ["urgency_id"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("urgency_alerts")
    op.drop_table("urgencies")
