"""More outcomes for a mail, a way out of quarantine, and when each recurring task is due."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_BEFORE = (
    "FILED FORM_RECEIVED FORM_SET_ASIDE FORM_WANTED DECISION_APPLIED REPLY_RETURNED "
    "REPLY_REFUSED ANSWER_RECORDED CORRESPONDENCE_RECORDED BOUNCE_RECORDED OVERSIZE IGNORED "
    "FOR_A_PERSON DUPLICATE QUARANTINED"
)
_AFTER = (
    "FILED FORM_RECEIVED FORM_SET_ASIDE FORM_WANTED DECISION_APPLIED REPLY_RETURNED "
    "REPLY_REFUSED ANSWER_RECORDED CORRESPONDENCE_RECORDED STATUS_ANSWERED "
    "WITHDRAWAL_APPLIED REDIRECTED BOUNCE_RECORDED OVERSIZE IGNORED FOR_A_PERSON DUPLICATE "
    "QUARANTINED DISCARDED"
)
_SET_ONCE = (
    "CREATE TRIGGER journal_disposed_once BEFORE UPDATE OF disposition ON journal "
    "WHEN OLD.disposition IS NOT NULL AND OLD.disposition IS NOT NEW.disposition {but} "
    "BEGIN SELECT RAISE(ABORT, 'a disposition is set once'); END"
)


def upgrade() -> None:
    """Apply."""
    _allow(_AFTER)
    # Only what is in quarantine has another step before it: out of it again, or away.
    op.execute(_SET_ONCE.format(but="AND OLD.disposition <> 'QUARANTINED'"))
    op.create_table(
        "chores",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_chores")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("chores")
    _allow(_BEFORE)
    op.execute(_SET_ONCE.format(but=""))


def _allow(dispositions: str) -> None:
    # SQLite makes the table anew, and its triggers go with the old one.
    op.execute("DROP TRIGGER journal_disposed_once")
    with op.batch_alter_table("journal") as journal:
        journal.drop_constraint(op.f("ck_journal_disposition"), type_="check")
        journal.create_check_constraint(
            op.f("ck_journal_disposition"),
            f"disposition IN ({', '.join(repr(d) for d in dispositions.split())})",
        )
