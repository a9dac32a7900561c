"""Keep the papers that wait to be signed by hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "papers_to_sign",
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("control_number", sa.String(length=19), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("printed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.id"], name=op.f("fk_papers_to_sign_decision_id")
        ),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_papers_to_sign")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("papers_to_sign")
