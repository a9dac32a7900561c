"""Mails as they came: their bytes once, where they were seen, and the papers they carry.

Content and place are apart: `JournalEntry` is a mail's bytes, once; `Sighting` is a place on a
server where those bytes were seen.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from inbox_worker.status import Disposition
from inbox_worker.storage.models.base import Base, one_of, partial_index


class JournalEntry(Base):
    """A mail's bytes, recorded once whatever mailboxes they came to, and what became of it."""

    __tablename__ = "journal"
    __table_args__ = (
        UniqueConstraint("sha256", "copy", name="uq_journal_content"),
        CheckConstraint(one_of("disposition", Disposition), name="disposition"),
        partial_index("ix_journal_undisposed", "id", where="disposition IS NULL"),
        partial_index("ix_journal_claimed", "claimed_by", where="claimed_by IS NOT NULL"),
        partial_index("ix_journal_quarantined", "id", where="disposition = 'QUARANTINED'"),
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
        partial_index(
            "ix_sightings_unmoved", "mailbox", "uidvalidity", "uid", where="moved_at IS NULL"
        ),
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


class ReconciliationRecord(Base):
    """What the last comparison of a mailbox's server with its rows came to."""

    __tablename__ = "reconciliations"

    mailbox: Mapped[str] = mapped_column(String(100), primary_key=True)
    finished_at: Mapped[datetime]
    unaccounted: Mapped[int]  #: losses: mails on the server without a row, rows without bytes
