"""Let the database itself refuse a step that no state machine has.

The tables of transitions stand here as they were when this revision was made; a later revision that
changes `inbox_worker.status` replaces the triggers with its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from inbox_worker.migrations.guards import create_guard, drop_guard

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
    _guard_transitions("requests", _REQUESTS)
    _guard_transitions("letters", _LETTERS)
    create_guard(
        "journal_disposed_once",
        table="journal",
        column="disposition",
        refused="OLD.disposition IS NOT NULL "
        "AND (NEW.disposition IS NULL OR OLD.disposition <> NEW.disposition)",
        message="a disposition is set once",
    )


def downgrade() -> None:
    """Take back."""
    drop_guard("journal_disposed_once", table="journal")
    for table in ("letters", "requests"):
        drop_guard(f"{table}_transition", table=table)


def _guard_transitions(table: str, transitions: Mapping[str, str]) -> None:
    steps = ", ".join(
        f"'{source}>{target}'"
        for source, targets in transitions.items()
        for target in targets.split()
    )
    create_guard(
        f"{table}_transition",
        table=table,
        column="status",
        refused=f"OLD.status <> NEW.status AND OLD.status || '>' || NEW.status NOT IN ({steps})",
        message=f"no such transition in {table}",
    )
