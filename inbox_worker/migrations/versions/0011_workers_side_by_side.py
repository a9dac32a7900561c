"""Let several workers share the work: who is at work, and what each has for itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from inbox_worker.migrations.guards import keep_guards

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_CLAIMED = ("journal", "letters")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "workers",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=140), nullable=False),
        sa.Column("worker_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["worker_id"], ["workers.id"], name=op.f("fk_leases_worker_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    for table in _CLAIMED:
        with keep_guards(table), op.batch_alter_table(table) as changed:
            changed.add_column(sa.Column("claimed_by", sa.String(length=40), nullable=True))
            changed.create_foreign_key(
                op.f(f"fk_{table}_claimed_by"),
                "workers",
                ["claimed_by"],
                ["id"],
                ondelete="SET NULL",
            )
        op.create_index(
            f"ix_{table}_claimed",
            table,
            ["claimed_by"],
            sqlite_where=sa.text("claimed_by IS NOT NULL"),
            postgresql_where=sa.text("claimed_by IS NOT NULL"),
        )
    op.add_column("journal", sa.Column("put_off_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_column("letters", "lease_until")


def downgrade() -> None:
    """Take back."""
    op.add_column("letters", sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True))
    op.drop_column("journal", "put_off_at")
    for table in _CLAIMED:
        op.drop_index(f"ix_{table}_claimed", table)
        with keep_guards(table), op.batch_alter_table(table) as changed:
            changed.drop_constraint(op.f(f"fk_{table}_claimed_by"), type_="foreignkey")
            changed.drop_column("claimed_by")
    op.drop_table("leases")
    op.drop_table("workers")
