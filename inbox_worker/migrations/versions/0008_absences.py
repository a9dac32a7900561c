"""Who of the staff is away, and an index for counting the answers of a day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "away",
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("journal_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name=op.f("fk_away_journal_id")),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_away")),
    )
    op.create_index("ix_letters_kind_created", "letters", ["kind", "created_at"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_letters_kind_created", table_name="letters")
    op.drop_table("away")
