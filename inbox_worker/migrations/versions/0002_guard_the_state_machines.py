"""Let the database itself refuse a step that no state machine has.

The tables of transitions stand here as they were when this revision was made; a later revision that
changes `inbox_worker.status` replaces the triggers with its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_REQUESTS = {
    "RECEIVED": "INCOMPLETE IN_REVIEW LEGAL",
    "INCOMPLETE": "IN_REVIEW LEGAL WITHDRAWN CLOSED",
    "IN_REVIEW": ("NEEDS_INFORMATION ON_HOLD LEGAL SECOND_REVIEW APPROVED DENIED WITHDRAWN CLOSED"),
    "NEEDS_INFORMATION": "IN_REVIEW LEGAL WITHDRAWN CLOSED",
    "ON_HOLD": "IN_REVIEW LEGAL WITHDRAWN CLOSED",
    "LEGAL": "IN_REVIEW WITHDRAWN CLOSED",
    "SECOND_REVIEW": "IN_REVIEW APPROVED DENIED ON_HOLD LEGAL WITHDRAWN",
    "APPROVED": "ISSUED IN_REVIEW",
    "DENIED": "ISSUED IN_REVIEW",
    "ISSUED": "REVOKED",
    "REVOKED": "ISSUED",
    "WITHDRAWN": "IN_REVIEW",
    "CLOSED": "IN_REVIEW",
}
_LETTERS = {
    "QUEUED": "SENDING CANCELLED",
    "SENDING": "QUEUED ACCEPTED UNKNOWN FAILED",
    "UNKNOWN": "SENDING QUEUED ACCEPTED DELIVERED FAILED",
    "ACCEPTED": "DELIVERED FAILED",
    "FAILED": "QUEUED",
}


def upgrade() -> None:
    """Apply."""
    op.execute(_build_guard("requests", _REQUESTS))
    op.execute(_build_guard("letters", _LETTERS))
    op.execute(
        "CREATE TRIGGER journal_disposed_once BEFORE UPDATE OF disposition ON journal "
        "WHEN OLD.disposition IS NOT NULL AND OLD.disposition IS NOT NEW.disposition "
        "BEGIN SELECT RAISE(ABORT, 'a disposition is set once'); END"
    )


def downgrade() -> None:
    """Take back."""
    for name in ("requests_transition", "letters_transition", "journal_disposed_once"):
        op.execute(f"DROP TRIGGER {name}")


def _build_guard(table: str, transitions: Mapping[str, str]) -> str:
    steps = ", ".join(
        f"'{source}>{target}'"
        for source, targets in transitions.items()
        for target in targets.split()
    )
    return (
        f"CREATE TRIGGER {table}_transition BEFORE UPDATE OF status ON {table} "
        "WHEN OLD.status <> NEW.status "
        f"AND OLD.status || '>' || NEW.status NOT IN ({steps}) "
        f"BEGIN SELECT RAISE(ABORT, 'no such transition in {table}'); END"
    )
