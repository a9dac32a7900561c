"""Find a mail by its Message-ID and the quarantine at once; what reconciling came to."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

#: As the program finds it at the time of this revision, in mails recorded before.
_HEADER_BYTES = 200_000
_HEADER_END = re.compile(rb"\r?\n\r?\n|\r\r")
_FIELD = re.compile(rb"(?:^|(?<=[\r\n]))message-id[ \t]*:((?:[^\r\n]|\r?\n[ \t])*)", re.IGNORECASE)
_ID = re.compile(rb"<[!#-;=?A-\[\]-~]{1,120}@[!#-;=?A-\[\]-~]{1,250}>")
_TOGETHER = 200


def upgrade() -> None:
    """Apply."""
    op.add_column("journal", sa.Column("message_id", sa.String(length=998), nullable=True))
    _name_recorded_mails()
    op.create_index(op.f("ix_journal_message_id"), "journal", ["message_id"])
    quarantined = sa.text("disposition = 'QUARANTINED'")
    op.create_index(
        "ix_journal_quarantined",
        "journal",
        ["id"],
        sqlite_where=quarantined,
        postgresql_where=quarantined,
    )
    op.add_column(
        "letters", sa.Column("retries", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.create_table(
        "reconciliations",
        sa.Column("mailbox", sa.String(length=100), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unaccounted", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("mailbox", name=op.f("pk_reconciliations")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("reconciliations")
    op.drop_column("letters", "retries")
    op.drop_index("ix_journal_quarantined", table_name="journal")
    op.drop_index(op.f("ix_journal_message_id"), table_name="journal")
    op.drop_column("journal", "message_id")


def _name_recorded_mails() -> None:
    connection = op.get_bind()
    journal = sa.table("journal", sa.column("id", sa.Integer), sa.column("message_id", sa.String))
    mails = sa.table(
        "raw_mails", sa.column("journal_id", sa.Integer), sa.column("raw", sa.LargeBinary)
    )
    head = sa.func.substr(mails.c.raw, 1, _HEADER_BYTES)
    last = 0
    while True:
        found = connection.execute(
            sa.select(mails.c.journal_id, head)
            .where(mails.c.journal_id > last)
            .order_by(mails.c.journal_id)
            .limit(_TOGETHER)
        ).all()
        if not found:
            return
        for journal_id, raw in found:
            message_id = _find_message_id(bytes(raw or b""))
            if message_id is not None:
                connection.execute(
                    sa.update(journal)
                    .where(journal.c.id == journal_id)
                    .values(message_id=message_id)
                )
        last = found[-1][0]


def _find_message_id(raw: bytes) -> str | None:
    head = raw.lstrip(b"\r\n")
    end = _HEADER_END.search(head)
    field = _FIELD.search(head if end is None else head[: end.start()])
    found = None if field is None else _ID.search(field[1])
    return None if found is None else found[0].decode("ascii")
