"""Paper: scans of faxed, mailed and handed-in forms, filed from disk as mail is.

The files become the attachments of a mail of our own making, which holds them byte for byte and
is the same whenever the same files come again; it is recorded in the journal and disposed of like
any other. Nothing on paper proves who sent it. Outcomes: requests; a corrected form that joined one
by the number written on it; or a mail without a form we can read, which a person looks at; files
that were filed before are named and left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox_worker.handling.ingest import dispose_one
from inbox_worker.intake import PAPER, Channel
from inbox_worker.services import Services
from inbox_worker.storage import cursors, journal
from inbox_worker.storage.models import AttachmentRecord, Event, JournalEntry, Request

#: What a scan may be, by its first bytes.
_TYPES = (
    (b"%PDF-", "application", "pdf"),
    (b"II*\0", "image", "tiff"),
    (b"MM\0*", "image", "tiff"),
    (b"\xff\xd8\xff", "image", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image", "png"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledPaper:
    """What became of the files."""

    tracking_numbers: tuple[str, ...] = ()  #: of the requests they became
    joined: tuple[str, ...] = ()  #: of the requests a corrected form among them joined
    disposition: str | None = None  #: of their journal entry; None: it is tried again later
    journal_id: int | None = None
    known: tuple[tuple[int, tuple[str, ...]], ...] = ()  #: files filed before, and their requests


def is_scan(data: bytes) -> bool:
    """Whether these bytes are a PDF, TIFF, JPEG or PNG."""
    return _find_type(data) is not None


def file_paper(
    services: Services, files: Sequence[bytes], *, channel: Channel, author: str
) -> FiledPaper:
    """File scans; `author` is an e-mail address, or the name of whoever sent them.

    Every file must be a scan as `is_scan` has it.
    """
    with services.database.read() as session:
        known = {
            n: found
            for n, data in enumerate(files)
            if (found := _find_earlier(session, data)) is not None
        }
    told = tuple(known.items())
    new = [data for n, data in enumerate(files) if n not in known]
    if not new:
        return FiledPaper(known=told)
    raw = _build_mail(list(dict.fromkeys(new)), author)
    entry_id = _record(services, raw, channel)
    dispose_one(services, entry_id)
    with services.database.read() as session:
        entry = session.get_one(JournalEntry, entry_id)
        return FiledPaper(
            tracking_numbers=_list_numbers(session, entry_id),
            joined=_list_joined(session, entry_id),
            disposition=entry.disposition,
            journal_id=entry_id,
            known=told,
        )


def _find_earlier(session: Session, data: bytes) -> tuple[str, ...] | None:
    """Return the numbers of the requests an earlier filing of the same file became, or None."""
    entry_id = session.scalar(
        select(AttachmentRecord.journal_id)
        .join(JournalEntry, JournalEntry.id == AttachmentRecord.journal_id)
        .where(
            AttachmentRecord.sha256 == hashlib.sha256(data).hexdigest(),
            JournalEntry.mailbox.startswith(PAPER),
        )
        .order_by(AttachmentRecord.journal_id)
        .limit(1)
    )
    if entry_id is None:
        return None
    return (*_list_joined(session, entry_id), *_list_numbers(session, entry_id))


def _list_numbers(session: Session, entry_id: int) -> tuple[str, ...]:
    query = (
        select(Request.tracking_number).where(Request.journal_id == entry_id).order_by(Request.id)
    )
    return tuple(session.scalars(query))


def _list_joined(session: Session, entry_id: int) -> tuple[str, ...]:
    query = (
        select(Request.tracking_number)
        .join(Event, Event.request_id == Request.id)
        .where(Event.journal_id == entry_id, Event.code == "form_resubmitted")
    )
    return tuple(session.scalars(query))


def _build_mail(files: Sequence[bytes], author: str) -> bytes:
    """Return the files as a mail without a date, an id or anything else that chance makes."""
    mail = EmailMessage(policy=policy.SMTP)
    local, _, domain = author.rpartition("@")
    if local:
        mail["From"] = Address(username=local, domain=domain)
    else:
        mail["Comments"] = author
    mail["Subject"] = "Paper"
    mail.set_content("")
    for number, data in enumerate(files, start=1):
        _, main, sub = _find_type(data) or (b"", "application", "octet-stream")
        mail.add_attachment(data, maintype=main, subtype=sub, filename=f"scan-{number}.{sub}")
    mail.set_boundary(f"scans-{hashlib.sha256(b''.join(files)).hexdigest()}")
    return mail.as_bytes()


def _record(services: Services, raw: bytes, channel: Channel) -> int:
    name, now = f"{PAPER}{channel}", services.clock()
    with services.database.unit_of_work() as unit:
        place = journal.Place(
            mailbox=name,
            uidvalidity=1,
            uid=cursors.find_last_uid(unit.session, name, 1) + 1,
        )
        arrival = journal.Arrival(
            place=place, raw=raw, size=len(raw), is_whole=True, internal_date=now
        )
        journal.record_mails(unit.session, [arrival], now=now)
        unit.commit()
        digest = journal.find_digest(raw)
        return journal.find_entries(unit.session, {digest})[digest]


def _find_type(data: bytes) -> tuple[bytes, str, str] | None:
    return next((found for found in _TYPES if data.startswith(found[0])), None)
