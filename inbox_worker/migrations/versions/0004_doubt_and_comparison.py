"""Keep what a page shows and what else a value may mean; find a request again by its case."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    # Columns are added in place: a table made anew would lose its triggers.
    op.add_column("field_values", sa.Column("alternatives", sa.JSON(), nullable=True))
    op.add_column("field_values", sa.Column("shown", sa.String(), nullable=True))
    op.add_column("requests", sa.Column("duplicate_of", sa.String(length=24), nullable=True))
    op.create_table(
        "comparison_keys",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["requests.id"], name=op.f("fk_comparison_keys_request_id")
        ),
        sa.PrimaryKeyConstraint("key", "request_id", name=op.f("pk_comparison_keys")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("comparison_keys")
    op.drop_column("requests", "duplicate_of")
    op.drop_column("field_values", "shown")
    op.drop_column("field_values", "alternatives")
