"""Find the few mails that are to be moved without looking at all that were."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_UNMOVED = sa.text("moved_at IS NULL")


def upgrade() -> None:
    """Apply."""
    _index_by("mailbox", "uidvalidity", "uid")


def downgrade() -> None:
    """Take back."""
    _index_by("mailbox")


def _index_by(*columns: str) -> None:
    op.drop_index("ix_sightings_unmoved", "sightings")
    op.create_index(
        "ix_sightings_unmoved",
        "sightings",
        [*columns],
        sqlite_where=_UNMOVED,
        postgresql_where=_UNMOVED,
    )
