"""The tables, typed.

Content and place are apart: `JournalEntry` is a mail's bytes, once; `Sighting` is a place on a
server where those bytes were seen. Field values, events and decisions are only ever added to.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from inbox_worker.status import DeliveryStatus, Disposition, RequestStatus


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC; a naive one is a programming error."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware datetime into UTC."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return an aware UTC datetime, also where the database keeps no zone."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The declarative base; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {
        datetime: UtcDateTime,
        date: Date,
        dict[str, Any]: JSON,
        list[str]: JSON,
    }


def _one_of(column: str, names: type[Disposition | RequestStatus | DeliveryStatus]) -> str:
    return f"{column} IN ({', '.join(repr(str(n)) for n in names)})"


def _partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """Return an index of the rows for which a condition holds, on either database."""
    condition = text(where)
    return Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


class WorkerRecord(Base):
    """A worker that is at work; what it has refers to this row, and is free when the row goes."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)  #: never used twice
    host: Mapped[str] = mapped_column(String(255))
    pid: Mapped[int]
    started_at: Mapped[datetime]
    expires_at: Mapped[datetime]  #: unless it is renewed


class LeaseRecord(Base):
    """Something that one worker at a time has to itself: a mailbox to fetch from."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(140), primary_key=True)
    worker_id: Mapped[str] = mapped_column(ForeignKey("workers.id", ondelete="CASCADE"))


class JournalEntry(Base):
    """A mail's bytes, recorded once whatever mailboxes they came to, and what became of it."""

    __tablename__ = "journal"
    __table_args__ = (
        UniqueConstraint("sha256", "copy", name="uq_journal_content"),
        CheckConstraint(_one_of("disposition", Disposition), name="disposition"),
        _partial_index("ix_journal_undisposed", "id", where="disposition IS NULL"),
        _partial_index("ix_journal_claimed", "claimed_by", where="claimed_by IS NOT NULL"),
        _partial_index("ix_journal_quarantined", "id", where="disposition = 'QUARANTINED'"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    mailbox: Mapped[str] = mapped_column(String(100))  #: to which they came first
    sha256: Mapped[str] = mapped_column(String(64))
    #: 0; more for what was taken in again by a version that let two mailboxes do so.
    copy: Mapped[int] = mapped_column(server_default=text("0"))
    size: Mapped[int] = mapped_column(BigInteger)  #: bytes, as the server said
    is_whole: Mapped[bool]  #: False: only the header was fetched, the mail being over the limit
    internal_date: Mapped[datetime]
    #: As its author's program named it: to find it by, and no more than a hint.
    message_id: Mapped[str | None] = mapped_column(String(998), index=True)
    recorded_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)  #: failed attempts at disposing of it
    kind: Mapped[str | None] = mapped_column(String(30))
    rule: Mapped[str | None] = mapped_column(String(60))
    disposition: Mapped[str | None] = mapped_column(String(30))
    disposed_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(200))  #: a code, never the mail's words
    #: The worker that is to dispose of it, while it is at work.
    claimed_by: Mapped[str | None] = mapped_column(ForeignKey("workers.id", ondelete="SET NULL"))
    put_off_at: Mapped[datetime | None]  #: when its pictures were found to take time


class RawMail(Base):
    """A mail's bytes. Apart from its journal entry, whose every change would write them anew."""

    __tablename__ = "raw_mails"

    journal_id: Mapped[int] = mapped_column(ForeignKey("journal.id"), primary_key=True)
    raw: Mapped[bytes] = mapped_column(LargeBinary)


class Sighting(Base):
    """A place on a server where a journal entry's bytes were seen."""

    __tablename__ = "sightings"
    __table_args__ = (
        UniqueConstraint("mailbox", "uidvalidity", "uid", name="uq_sightings_identity"),
        _partial_index("ix_sightings_unmoved", "mailbox", where="moved_at IS NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    journal_id: Mapped[int] = mapped_column(ForeignKey("journal.id"), index=True)
    mailbox: Mapped[str] = mapped_column(String(100))
    uidvalidity: Mapped[int] = mapped_column(BigInteger)
    uid: Mapped[int] = mapped_column(BigInteger)
    seen_at: Mapped[datetime]
    is_repeat: Mapped[bool] = mapped_column(default=False)  #: the bytes were recorded before
    moved_at: Mapped[datetime | None]


class FolderCursor(Base):
    """How far a mailbox was fetched."""

    __tablename__ = "cursors"

    mailbox: Mapped[str] = mapped_column(String(100), primary_key=True)
    uidvalidity: Mapped[int] = mapped_column(BigInteger)
    last_uid: Mapped[int] = mapped_column(BigInteger)
    last_fetch_at: Mapped[datetime | None]


class WithheldMail(Base):
    """A mail on a server that broke off while it was asked for it, and how often."""

    __tablename__ = "withheld"

    mailbox: Mapped[str] = mapped_column(String(100), primary_key=True)
    uidvalidity: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    uid: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    breaks: Mapped[int]  #: 0: it was one of several that were asked for together
    tried_at: Mapped[datetime]


class BacklogMail(Base):
    """A mail that lay in a mailbox when it was set up, and is to be left alone.

    Known by its header, which no two mails share and a renumbered folder keeps.
    """

    __tablename__ = "backlog"

    mailbox: Mapped[str] = mapped_column(String(100), primary_key=True)
    header_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)


class AttachmentRecord(Base):
    """A paper that came with a mail, attached or inside what is; its bytes are in the journal."""

    __tablename__ = "attachments"
    __table_args__ = (UniqueConstraint("journal_id", "position", name="uq_attachments_position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    journal_id: Mapped[int] = mapped_column(ForeignKey("journal.id"))
    position: Mapped[int]  #: counted from 0
    name: Mapped[str] = mapped_column(String(255))
    declared_type: Mapped[str] = mapped_column(String(127))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    #: The names of the files it lay in, outermost first; empty for what was attached itself.
    found_in: Mapped[str] = mapped_column(String(255), server_default=text("''"))
    document_kind: Mapped[str | None] = mapped_column(String(20))  #: what a reader found it to be
    warnings: Mapped[list[str]]  #: codes


class FormInside(Base):
    """The bytes of a form that lay inside something attached, so that nobody opens that again."""

    __tablename__ = "forms_inside"

    journal_id: Mapped[int] = mapped_column(ForeignKey("journal.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)  #: among the mail's papers, from 0
    data: Mapped[bytes]


class Request(Base):
    """A stakeholder's request: one form, one subject, one answer."""

    __tablename__ = "requests"
    __table_args__ = (
        UniqueConstraint("journal_id", "document_position", name="uq_requests_document"),
        UniqueConstraint("tracking_number", name="uq_requests_tracking_number"),
        CheckConstraint(_one_of("status", RequestStatus), name="status"),
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
    duplicate_of: Mapped[str | None] = mapped_column(
        String(24)
    )  #: the number of an earlier request


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
        _partial_index(
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
    """What happened, once; a status change carries both statuses."""

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int | None] = mapped_column(ForeignKey("requests.id"), index=True)
    journal_id: Mapped[int | None] = mapped_column(ForeignKey("journal.id"))
    at: Mapped[datetime]
    code: Mapped[str] = mapped_column(String(60))
    actor: Mapped[str] = mapped_column(String(320))
    status_from: Mapped[str | None] = mapped_column(String(20))
    status_to: Mapped[str | None] = mapped_column(String(20))
    detail: Mapped[dict[str, Any]]


class Token(Base):
    """The right to answer one letter; only its digest is kept."""

    __tablename__ = "tokens"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))  #: `review` or `letter`
    request_id: Mapped[int] = mapped_column(ForeignKey("requests.id"), index=True)
    address: Mapped[str] = mapped_column(String(320))
    round: Mapped[int]
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id"))
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Decision(Base):
    """What a member of staff decided, or proposes until it is confirmed."""

    __tablename__ = "decisions"
    __table_args__ = (
        _partial_index(
            "uq_decisions_in_force",
            "request_id",
            "round",
            unique=True,
            where="state = 'IN_FORCE'",
        ),
        CheckConstraint(
            "state IN ('PROPOSED', 'FIRST', 'IN_FORCE', 'CANCELLED', 'SUPERSEDED')", name="state"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("requests.id"), index=True)
    round: Mapped[int]
    revision: Mapped[int]  #: of the file it was made on
    keyword: Mapped[str] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(String(320))
    state: Mapped[str] = mapped_column(String(12))
    made_at: Mapped[datetime]
    journal_id: Mapped[int] = mapped_column(ForeignKey("journal.id"))
    findings: Mapped[dict[str, Any] | None]
    reason: Mapped[str | None]
    adopts_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id"))
    certifier: Mapped[str | None] = mapped_column(String(320))
    release_at: Mapped[datetime | None]


class LetterRecord(Base):
    """A letter in the outbox; its bytes never change."""

    __tablename__ = "letters"
    __table_args__ = (
        UniqueConstraint("key", name="uq_letters_key"),
        UniqueConstraint("message_id", name="uq_letters_message_id"),
        CheckConstraint(_one_of("status", DeliveryStatus), name="status"),
        Index("ix_letters_kind_created", "kind", "created_at"),
        _partial_index(
            "ix_letters_due",
            "due_at",
            where="status IN ('QUEUED', 'SENDING', 'UNKNOWN')",
        ),
        _partial_index("ix_letters_claimed", "claimed_by", where="claimed_by IS NOT NULL"),
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


class CertificationRecord(Base):
    """A certification form that was issued."""

    __tablename__ = "certifications"
    __table_args__ = (UniqueConstraint("decision_id", name="uq_certifications_decision"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("requests.id"), index=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("decisions.id"))
    control_number: Mapped[str] = mapped_column(String(19), index=True)
    outcomes: Mapped[list[str]]
    answers: Mapped[Any] = mapped_column(JSON)
    facts: Mapped[dict[str, Any]]
    issued_at: Mapped[datetime]
    recipient: Mapped[str] = mapped_column(String(320))
    status: Mapped[str] = mapped_column(String(12))  #: current, superseded or revoked
    sha256: Mapped[str] = mapped_column(String(64))
    pdf: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class TrackingSequence(Base):
    """The last tracking number's sequence in a year."""

    __tablename__ = "tracking_sequences"

    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


class ServiceState(Base):
    """What the service must remember over a restart, by name: `paused`, for one."""

    __tablename__ = "service_state"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(200))


class ReconciliationRecord(Base):
    """What the last comparison of a mailbox's server with its rows came to."""

    __tablename__ = "reconciliations"

    mailbox: Mapped[str] = mapped_column(String(100), primary_key=True)
    finished_at: Mapped[datetime]
    unaccounted: Mapped[int]  #: losses: mails on the server without a row, rows without bytes


class Absence(Base):
    """That a member of staff is away, and until when."""

    __tablename__ = "away"

    address: Mapped[str] = mapped_column(String(320), primary_key=True)  #: in lower case
    until: Mapped[date]  #: the first day they are back, where the office is
    since: Mapped[datetime]
    journal_id: Mapped[int | None] = mapped_column(ForeignKey("journal.id"))  #: what said so


class ChoreRecord(Base):
    """When a recurring task is due again."""

    __tablename__ = "chores"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    due_at: Mapped[datetime]


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
        _partial_index(
            "uq_alarms_raised", "code", "about", unique=True, where="cleared_at IS NULL"
        ),
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
        _partial_index("ix_alarm_calls_due", "id", where="ended_at IS NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(400))
    payload: Mapped[dict[str, Any]]
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]  #: it succeeded, or was given up


def table_of(model: type[Base]) -> Table:
    """Return a model's table, for statements that need no mapped objects."""
    table = model.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{model.__name__} is mapped to no table")
    return table
