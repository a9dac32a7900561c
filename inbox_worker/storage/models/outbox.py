"""Letters in the outbox; their bytes never change."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from inbox_worker.status import DeliveryStatus
from inbox_worker.storage.models.base import Base, one_of, partial_index


class LetterRecord(Base):
    """A letter in the outbox; its bytes never change."""

    __tablename__ = "letters"
    __table_args__ = (
        UniqueConstraint("key", name="uq_letters_key"),
        UniqueConstraint("message_id", name="uq_letters_message_id"),
        CheckConstraint(one_of("status", DeliveryStatus), name="status"),
        Index("ix_letters_kind_created", "kind", "created_at"),
        partial_index(
            "ix_letters_due",
            "due_at",
            where="status IN ('QUEUED', 'SENDING', 'UNKNOWN')",
        ),
        partial_index("ix_letters_claimed", "claimed_by", where="claimed_by IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(400))  #: what it is for; makes a repeat harmless
    kind: Mapped[str] = mapped_column(String(40))
    request_id: Mapped[int | None] = mapped_column(ForeignKey("requests.id"), index=True)
    journal_id: Mapped[int | None] = mapped_column(ForeignKey("journal.id"))
    sender: Mapped[str] = mapped_column(String(320))
    recipient: Mapped[str] = mapped_column(String(320), index=True)
    message_id: Mapped[str] = mapped_column(String(998))
    subject: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(12))
    attempts: Mapped[int] = mapped_column(default=0)
    #: How often a person put it back after it had failed.
    retries: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    #: The worker that is sending it, while it is at work.
    claimed_by: Mapped[str | None] = mapped_column(ForeignKey("workers.id", ondelete="SET NULL"))
    accepted_at: Mapped[datetime | None]
    reply_code: Mapped[int | None]
    reply_text: Mapped[str | None]
    reason: Mapped[str | None] = mapped_column(String(200))
    #: Which relay takes it: `main`, or `alarms` where those have one of their own.
    route: Mapped[str] = mapped_column(String(10), server_default=text("'main'"))


class RawLetter(Base):
    """A letter's bytes, apart for the same reason as a mail's."""

    __tablename__ = "raw_letters"

    letter_id: Mapped[int] = mapped_column(ForeignKey("letters.id"), primary_key=True)
    raw: Mapped[bytes] = mapped_column(LargeBinary)
