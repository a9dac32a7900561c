"""What is wrong with the service, and mails about danger to somebody: of both, people are told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from inbox_worker.storage.models.base import Base, partial_index


class Urgency(Base):
    """A mail about danger to somebody, of which people were told."""

    __tablename__ = "urgencies"
    __table_args__ = (UniqueConstraint("journal_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    journal_id: Mapped[int] = mapped_column(ForeignKey("journal.id"))
    author: Mapped[str] = mapped_column(String(320), index=True)  #: in lower case; may be empty
    topics: Mapped[list[str]]  #: the urgent ones, by name
    message_id: Mapped[str | None] = mapped_column(String(998))
    opened_at: Mapped[datetime]
    times_told: Mapped[int]
    due_at: Mapped[datetime | None] = mapped_column(index=True)  #: when to tell again
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None] = mapped_column(String(320))


class UrgencyAlert(Base):
    """An alert that somebody was sent, by the digest of the token with which it is answered."""

    __tablename__ = "urgency_alerts"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    urgency_id: Mapped[int] = mapped_column(ForeignKey("urgencies.id"), index=True)
    address: Mapped[str] = mapped_column(String(320))  #: in lower case
    told_at: Mapped[datetime]


class Fault(Base):
    """Something that went wrong and has not gone right since; its row goes when it does."""

    __tablename__ = "faults"

    kind: Mapped[str] = mapped_column(String(10), primary_key=True)  #: `login` or `job`
    about: Mapped[str] = mapped_column(String(100), primary_key=True)
    since: Mapped[datetime]
    last_at: Mapped[datetime]
    count: Mapped[int]
    reason: Mapped[str] = mapped_column(String(80))  #: a code


class MailboxWatch(Base):
    """What alarms must know of a mailbox beside how far it was fetched."""

    __tablename__ = "mailbox_watches"

    mailbox: Mapped[str] = mapped_column(String(100), primary_key=True)
    watched_since: Mapped[datetime]
    quota_percent: Mapped[int | None]  #: None: the server has no quota, or does not tell
    quota_at: Mapped[datetime | None]


class AlarmRecord(Base):
    """A condition that was wrong from one moment to another, or still is."""

    __tablename__ = "alarms"
    __table_args__ = (
        partial_index("uq_alarms_raised", "code", "about", unique=True, where="cleared_at IS NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40))
    about: Mapped[str] = mapped_column(String(100))
    facts: Mapped[dict[str, Any]]
    raised_at: Mapped[datetime]
    told_at: Mapped[datetime]
    cleared_at: Mapped[datetime | None]


class AlarmCall(Base):
    """One run of the site's alarm command, to be made or made."""

    __tablename__ = "alarm_calls"
    __table_args__ = (
        UniqueConstraint("key", name="uq_alarm_calls_key"),
        partial_index("ix_alarm_calls_due", "id", where="ended_at IS NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(400))
    payload: Mapped[dict[str, Any]]
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]  #: it succeeded, or was given up
