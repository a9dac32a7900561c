"""Know a mail by its bytes alone, so that of two mailboxes that get it at once only one has it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from inbox_worker.migrations.guards import keep_guards

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

#: What was taken in twice already stays, and is numbered.
_NUMBER = """
    UPDATE journal SET copy = (
        SELECT count(*) FROM journal AS earlier
        WHERE earlier.sha256 = journal.sha256 AND earlier.id < journal.id
    )
"""


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "journal", sa.Column("copy", sa.Integer(), nullable=False, server_default=sa.text("0"))
    )
    op.execute(_NUMBER)
    op.drop_index("ix_journal_sha256", "journal")
    with keep_guards("journal"), op.batch_alter_table("journal") as changed:
        changed.drop_constraint("uq_journal_content", type_="unique")
        changed.create_unique_constraint("uq_journal_content", ["sha256", "copy"])


def downgrade() -> None:
    """Take back."""
    with keep_guards("journal"), op.batch_alter_table("journal") as changed:
        changed.drop_constraint("uq_journal_content", type_="unique")
        changed.create_unique_constraint("uq_journal_content", ["mailbox", "sha256"])
        changed.drop_column("copy")
    op.create_index("ix_journal_sha256", "journal", ["sha256"])
