"""Requests and what is known of them. Values and events are only ever added to."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from inbox_worker.status import RequestStatus
from inbox_worker.storage.models.base import Base, one_of, partial_index


class Request(Base):
    """A stakeholder's request: one form, one subject, one answer."""

    __tablename__ = "requests"
    __table_args__ = (
        UniqueConstraint("journal_id", "document_position", name="uq_requests_document"),
        UniqueConstraint("tracking_number", name="uq_requests_tracking_number"),
        CheckConstraint(one_of("status", RequestStatus), name="status"),
        Index("ix_requests_status", "status"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    tracking_number: Mapped[str] = mapped_column(String(24))
    status: Mapped[str] = mapped_column(String(20))
    flags: Mapped[list[str]]
    round: Mapped[int]  #: of review; every return to review starts another
    revision: Mapped[int]  #: of the file; every correction makes another
    journal_id: Mapped[int] = mapped_column(ForeignKey("journal.id"))
    document_position: Mapped[int]
    definition: Mapped[str] = mapped_column(String(60))
    channel: Mapped[str] = mapped_column(String(10))
    author_address: Mapped[str] = mapped_column(String(320), index=True)
    author_message_id: Mapped[str | None] = mapped_column(String(998))
    author_proven: Mapped[bool]  #: the author's domain vouched for the mail
    received_at: Mapped[datetime]
    perfected_at: Mapped[datetime | None]  #: when it was first complete
    requester_type: Mapped[str | None] = mapped_column(String(40))
    deadline_date: Mapped[date | None]
    priority: Mapped[int]  #: 1 is most pressing, 4 the rest
    status_since: Mapped[datetime]
    #: When counsel last let it go; None while they have not, and when they have it again.
    legal_cleared_at: Mapped[datetime | None]
    assigned_to: Mapped[str | None] = mapped_column(String(320))  #: whose it is, in lower case
    duplicate_of: Mapped[str | None] = mapped_column(
        String(24)
    )  #: the number of an earlier request
    # Where the request's chain of events ends. Only `event_chain` reads and writes these.
    event_count: Mapped[int] = mapped_column(server_default=text("0"))
    event_head: Mapped[str] = mapped_column(String(64), server_default=text(f"'{'0' * 64}'"))


class ComparisonKey(Base):
    """A digest under which a request is found again, of its form's bytes or of subject and case."""

    __tablename__ = "comparison_keys"
    __table_args__ = ({"sqlite_with_rowid": False},)

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("requests.id"), primary_key=True)


class FieldRecord(Base):
    """One value a field had; the current one has no `superseded_at`."""

    __tablename__ = "field_values"
    __table_args__ = (
        partial_index(
            "uq_field_values_current",
            "request_id",
            "field",
            unique=True,
            where="superseded_at IS NULL",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("requests.id"))
    field: Mapped[str] = mapped_column(String(60))
    revision: Mapped[int]
    value: Mapped[Any] = mapped_column(JSON)
    raw: Mapped[str]
    source: Mapped[str] = mapped_column(String(20))
    confidence: Mapped[float]
    page: Mapped[int | None]
    box: Mapped[Any | None] = mapped_column(JSON)
    alternatives: Mapped[Any | None] = mapped_column(JSON)  #: other values it may mean
    shown: Mapped[str | None]  #: what the page shows, where that differs
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(String(320))
    superseded_at: Mapped[datetime | None]


class Problem(Base):
    """What is missing or wrong in the current revision of a request."""

    __tablename__ = "problems"

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("requests.id"), index=True)
    revision: Mapped[int]
    field: Mapped[str] = mapped_column(String(60))
    code: Mapped[str] = mapped_column(String(60))
    message: Mapped[str]
    flag_only: Mapped[bool]


class Event(Base):
    """What happened, once; a status change carries both statuses.

    Each is a link of its request's chain, or, about no request, of one of the office's.
    """

    __tablename__ = "events"
    __table_args__ = (
        Index("uq_events_request_chain", "request_id", "sequence", unique=True),
        partial_index(
            "uq_events_office_chain", "chain", "sequence", unique=True, where="request_id IS NULL"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int | None] = mapped_column(ForeignKey("requests.id"))
    journal_id: Mapped[int | None] = mapped_column(ForeignKey("journal.id"))
    at: Mapped[datetime]
    code: Mapped[str] = mapped_column(String(60))
    actor: Mapped[str] = mapped_column(String(320))
    status_from: Mapped[str | None] = mapped_column(String(20))
    status_to: Mapped[str | None] = mapped_column(String(20))
    detail: Mapped[dict[str, Any]]
    chain: Mapped[int | None] = mapped_column(ForeignKey("event_chains.id"))  #: an office's
    sequence: Mapped[int]  #: its place in the chain, from 1
    hash: Mapped[str] = mapped_column(String(64))  #: SHA-256, also over the hash before it


class EventChain(Base):
    """Where a chain of events about no request ends."""

    __tablename__ = "event_chains"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_count: Mapped[int]
    event_head: Mapped[str] = mapped_column(String(64))


class TrackingSequence(Base):
    """The last tracking number's sequence in a year."""

    __tablename__ = "tracking_sequences"

    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]
