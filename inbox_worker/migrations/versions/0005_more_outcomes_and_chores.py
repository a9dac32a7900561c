"""More outcomes for a mail, a way out of quarantine, and when each recurring task is due."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from inbox_worker.migrations.guards import create_guard, drop_guard

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
    "OLD.disposition IS NOT NULL "
    "AND (NEW.disposition IS NULL OR OLD.disposition <> NEW.disposition)"
)


def upgrade() -> None:
    """Apply."""
    # Only what is in quarantine has another step before it: out of it again, or away.
    _allow(_AFTER, refused=f"{_SET_ONCE} AND OLD.disposition <> 'QUARANTINED'")
    op.create_table(
        "chores",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_chores")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("chores")
    _allow(_BEFORE, refused=_SET_ONCE)


def _allow(dispositions: str, *, refused: str) -> None:
    """Allow these dispositions, and no change of one for which `refused` holds."""
    drop_guard("journal_disposed_once", table="journal")
    with op.batch_alter_table("journal") as journal:
        journal.drop_constraint(op.f("ck_journal_disposition"), type_="check")
        journal.create_check_constraint(
            op.f("ck_journal_disposition"),
            f"disposition IN ({', '.join(repr(d) for d in dispositions.split())})",
        )
    create_guard(
        "journal_disposed_once",
        table="journal",
        column="disposition",
        refused=refused,
        message="a disposition is set once",
    )
