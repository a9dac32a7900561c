"""Let a request be one person's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from inbox_worker.migrations.guards import keep_guards

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("requests", sa.Column("assigned_to", sa.String(length=320), nullable=True))


def downgrade() -> None:
    """Take back."""
    with keep_guards("requests"), op.batch_alter_table("requests") as changed:
        changed.drop_column("assigned_to")
