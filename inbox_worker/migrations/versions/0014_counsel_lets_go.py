"""Remember that counsel let a request go."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from inbox_worker.migrations.guards import keep_guards

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "requests", sa.Column("legal_cleared_at", sa.DateTime(timezone=True), nullable=True)
    )


def downgrade() -> None:
    """Take back."""
    with keep_guards("requests"), op.batch_alter_table("requests") as changed:
        changed.drop_column("legal_cleared_at")
