"""The register says what became of a certification; a mail may ask whether one is genuine."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from alembic import op

from inbox_worker.migrations.guards import (
    create_guard,
    drop_guard,
    forbid_deleting,
    keep_guards,
)

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_GUARD, _NO_DELETING = "certifications_status", "certifications_kept"
_BEFORE = (
    "FILED FORM_RECEIVED FORM_SET_ASIDE FORM_WANTED DECISION_APPLIED REPLY_RETURNED "
    "REPLY_REFUSED ANSWER_RECORDED CORRESPONDENCE_RECORDED STATUS_ANSWERED "
    "WITHDRAWAL_APPLIED REDIRECTED BOUNCE_RECORDED OVERSIZE IGNORED FOR_A_PERSON DUPLICATE "
    "QUARANTINED DISCARDED"
)
_AFTER = _BEFORE.replace("STATUS_ANSWERED", "STATUS_ANSWERED VERIFICATION_ANSWERED")
_NEW = ("facts_sha256", "superseded_by", "superseded_at", "revoked_at")


def upgrade() -> None:
    """Apply, with what is known of the certifications that are there."""
    _allow(_AFTER)
    for name in _NEW:
        kind = sa.DateTime(timezone=True) if name.endswith("_at") else sa.String(length=64)
        op.add_column(
            "certifications",
            sa.Column(name, sa.String(19) if name == "superseded_by" else kind, nullable=True),
        )
    _fill_in()
    with op.batch_alter_table("certifications") as changed:
        changed.alter_column("facts_sha256", existing_type=sa.String(length=64), nullable=False)
    create_guard(
        _GUARD,
        table="certifications",
        column="status",
        refused="OLD.status <> 'current' AND NEW.status <> OLD.status",
        message="a certification that has ended stays ended",
    )
    forbid_deleting(
        _NO_DELETING, table="certifications", message="nothing is deleted from the register"
    )


def downgrade() -> None:
    """Take back."""
    drop_guard(_NO_DELETING, table="certifications")
    drop_guard(_GUARD, table="certifications")
    with keep_guards("certifications"), op.batch_alter_table("certifications") as changed:
        for name in _NEW:
            changed.drop_column(name)
    _allow(_BEFORE)


def _allow(dispositions: str) -> None:
    """Allow these outcomes for a mail."""
    with keep_guards("journal"), op.batch_alter_table("journal") as journal:
        journal.drop_constraint(op.f("ck_journal_disposition"), type_="check")
        journal.create_check_constraint(
            op.f("ck_journal_disposition"),
            f"disposition IN ({', '.join(repr(d) for d in dispositions.split())})",
        )


def _fill_in() -> None:
    bind = op.get_bind()
    table = sa.Table("certifications", sa.MetaData(), autoload_with=bind)
    events = sa.Table("events", sa.MetaData(), autoload_with=bind)
    rows = bind.execute(
        sa.select(
            *(table.c[n] for n in ("id", "request_id", "control_number", "issued_at", "status")),
            sa.type_coerce(table.c.facts, sa.JSON()).label("facts"),
        ).order_by(table.c.id)
    ).all()
    for row in rows:
        later = next((r for r in rows if r.request_id == row.request_id and r.id > row.id), None)
        values: dict[str, Any] = {"facts_sha256": _digest(row.facts)}
        if later is not None:
            values |= {"superseded_by": later.control_number, "superseded_at": later.issued_at}
        if row.status == "revoked":
            values["revoked_at"] = bind.scalar(
                sa.select(sa.func.min(events.c.at)).where(
                    events.c.request_id == row.request_id,
                    events.c.code == "certification_revoked",
                    events.c.at >= row.issued_at,
                )
            )
        bind.execute(table.update().where(table.c.id == row.id).values(values))


def _digest(facts: Any) -> str:
    """Return the digest of facts as they are attached; their keys stand as they were written."""
    text = json.dumps(facts, ensure_ascii=False, indent=1) + "\n"
    return hashlib.sha256(text.encode()).hexdigest()
