"""Say what a paper lay in, and keep the forms that lay inside something else."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "attachments",
        sa.Column("found_in", sa.String(length=255), server_default=sa.text("''"), nullable=False),
    )
    op.create_table(
        "forms_inside",
        sa.Column("journal_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["journal_id"], ["journal.id"], name=op.f("fk_forms_inside_journal_id")
        ),
        sa.PrimaryKeyConstraint("journal_id", "position", name=op.f("pk_forms_inside")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("forms_inside")
    op.drop_column("attachments", "found_in")
