"""The worker's use cases in one process: no servers, a database in a file, a clock to set.

Mails go straight into the journal and letters come out of the outbox, parsed. The reader of
documents is the real one, shared by a whole session of tests.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import func, inspect, select, text
from sqlalchemy.orm import Session, undefer

from config.data import read_data
from config.settings import Settings, build_settings
from inbox_worker.handling import ingest
from inbox_worker.reading.reader import DocumentReader, load_definitions
from inbox_worker.review import issuing
from inbox_worker.service.wiring import build_services
from inbox_worker.services import Services
from inbox_worker.storage import journal
from inbox_worker.storage.database import Database
from inbox_worker.storage.leases import WorkerLease
from inbox_worker.storage.models import (
    CertificationRecord,
    Decision,
    Event,
    JournalEntry,
    LetterRecord,
    RawLetter,
    Request,
)
from inbox_worker.storage.store import current_fields
from outbound.forms.filling import fill_form
from parsers.extraction import FieldValue

#: A Monday, 15:00 Eastern; half an hour after `FINDINGS` were looked up.
NOW = datetime(2026, 5, 4, 19, 0, tzinfo=UTC)
TODAY = date(2026, 5, 4)

MAILBOX = "ero.outreach@agency.example"
CLERK = "clerk@courts.example"
ORTEGA = "r.ortega@agency.example"  #: approver and certifier
CHEN = "l.chen@agency.example"  #: approver, and no certifier
ALVAREZ = "d.alvarez@agency.example"  #: supervisor and certifier
LINDQVIST = "k.lindqvist@agency.example"  #: reviewer
DUTY = "duty@agency.example"
STAFF = (ORTEGA, CHEN, ALVAREZ, LINDQVIST)

Table = dict[str, Any]


def _staff(name: str, email: str, *roles: str) -> Table:
    return {"name": name, "email": email, "roles": list(roles), "title": "Deportation Officer"}


SETTINGS: Table = {
    "mailbox": [
        {
            "name": "outreach",
            "host": "imap.agency.example",
            "username": "outreach",
            "password": "Gl0cken-spiel",
            "addresses": [MAILBOX, "ero.info@agency.example"],
        }
    ],
    "smtp": {
        "host": "smtp.agency.example",
        "from_address": MAILBOX,
        "from_name": "ERO Outreach",
    },
    "review": {"trusted_authserv_ids": ["mx.agency.example"]},
    "staff": [
        _staff("R. Ortega", ORTEGA, "approver", "certifier"),
        _staff("L. Chen", CHEN, "approver"),
        _staff("D. Alvarez", ALVAREZ, "supervisor", "certifier"),
        _staff("K. Lindqvist", LINDQVIST, "reviewer"),
    ],
    "alerts": {"urgent": [DUTY]},
    "certification": {"verify_address": MAILBOX, "require_signature": False},
    "delivery": {"protection": "none"},
    "general": {"official_domains": ["courts.example", "agency.example"]},
}

#: A clerk's complete form.
FORM: Table = {
    "request_date": "2026-05-04",
    "requester_name": "Dana Whitlock",
    "requester_title": "Deputy Clerk of Court",
    "requester_type": "judge_or_clerk",
    "requester_agency": "Superior Court of Example County",
    "requester_address": "1 Example Plaza",
    "requester_city": "Anytown",
    "requester_state": "GA",
    "requester_zip": "30301",
    "requester_phone": "(202) 555-0141",
    "requester_email": CLERK,
    "subject_family_name": "Ejemplo de la Muestra",
    "subject_given_names": "José Andrés",
    "subject_birth_date": "1988-07-23",
    "subject_birth_country": "Guatemala",
    "subject_a_number": "A000000101",
    "obligation_type": "court_hearing",
    "obligation_dates": "03/10/2026",
    "court_name": "Superior Court of Example County",
    "court_state": "GA",
    "case_numbers": "26-CR-000123",
    "information_requested": ["custody_on_date", "custody_dates", "removal"],
    "purpose": "The defendant missed a hearing; the court decides on the bench warrant.",
    "legal_process_attached": False,
    "delivery": "encrypted_email",
    "password_phone": "(202) 555-0141",
    "attestation": True,
    "attestation_date": "2026-05-04",
}

FINDINGS = (
    "Outcome: detained; removed",
    "Matched on: a-number; name; birth date",
    "Basis: routine use",
    "Custody: 2026-03-02 to 2026-04-17",
    "Facility: Example Processing Center, Anytown, GA",
    "Direct transfer: Example County Jail, 2026-03-02",
    "Removed: 2026-04-17",
    "Country: Guatemala",
    "Records as of: 2026-05-04 14:30",
)
APPROVE = "\n".join(("APPROVE", *FINDINGS))


def findings(**changes: str) -> str:
    """Return an APPROVE with lines changed: `findings(records_as_of="2026-05-01 09:00")`."""
    given = {name.capitalize().replace("_", " "): value for name, value in changes.items()}
    lines = [line for line in FINDINGS if line.partition(":")[0] not in given]
    return "\n".join(("APPROVE", *lines, *(f"{n}: {v}" for n, v in given.items() if v)))


def merge(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> Table:
    """Return `lower` with the keys of `upper` over it, table by table."""
    merged = dict(lower)
    for key, value in upper.items():
        below = merged.get(key)
        both = isinstance(below, dict) and isinstance(value, dict)
        merged[key] = merge(below, value) if both else value
    return merged


def build_test_settings(changes: Mapping[str, Any] | None = None) -> Settings:
    """Return checked settings: the usual ones with `changes` over them."""
    return build_settings(merge(SETTINGS, changes or {}))


def fill(**changes: Any) -> bytes:
    """Return the form as a PDF, filled in as `FORM` with `changes`; None leaves a field blank."""
    values = {**FORM, **changes}
    return _fill(tuple((n, tuple(v) if isinstance(v, list) else v) for n, v in values.items()))


@cache
def _fill(values: tuple[tuple[str, Any], ...]) -> bytes:
    definition = load_definitions()[0]
    blank = read_data(f"forms/{definition.blank_form}")
    unfrozen = {n: list(v) if isinstance(v, tuple) else v for n, v in values if v is not None}
    return fill_form(definition, blank, unfrozen)


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A letter of the outbox, as its reader sees it."""

    id: int
    key: str
    kind: str
    recipient: str
    status: str
    due_at: datetime
    request_id: int | None
    raw: bytes

    @classmethod
    def of(cls, row: LetterRecord, raw: bytes) -> Sent:
        """Return a row of the outbox."""
        return cls(
            id=row.id,
            key=row.key,
            kind=row.kind,
            recipient=row.recipient,
            status=row.status,
            due_at=row.due_at,
            request_id=row.request_id,
            raw=raw,
        )

    @cached_property
    def message(self) -> EmailMessage:
        """Return the letter, parsed."""
        message = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(message, EmailMessage)
        return message

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])

    @property
    def reply_to(self) -> str:
        return str(self.message["Reply-To"])

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        """Return the plain words on one line, so that no test depends on where lines break."""
        body = self.message.get_body(("plain",))
        assert body is not None
        return " ".join(str(body.get_content()).split())

    @property
    def lines(self) -> list[str]:
        """Return the lines of the plain body, without outer space."""
        body = self.message.get_body(("plain",))
        assert body is not None
        return [line.strip() for line in str(body.get_content()).splitlines()]

    @property
    def files(self) -> dict[str, bytes]:
        """Return the attached files by name."""
        return {
            str(part.get_filename()): part.get_payload(decode=True)  # type: ignore[misc]
            for part in self.message.iter_attachments()
        }


_DEFAULT_AUTH = "mx.agency.example; dmarc=pass header.from={domain}"


def compose(
    author: str,
    text: str,
    *,
    subject: str = "Request Form",
    to: str = MAILBOX,
    message_id: str | None = None,
    in_reply_to: str | None = None,
    references: str | None = None,
    auth: str | Sequence[str] | None = _DEFAULT_AUTH,
    headers: Mapping[str, str] | None = None,
    files: Mapping[str, bytes] | None = None,
) -> bytes:
    """Return a mail as the gateway hands it over; `auth` are its Authentication-Results fields."""
    message = EmailMessage(policy=policy.SMTP)
    for value in [auth] if isinstance(auth, str) else auth or []:
        message["Authentication-Results"] = value.format(domain=author.rpartition("@")[2])
    message["From"] = author
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = "Mon, 04 May 2026 15:00:00 -0400"
    message["Message-ID"] = message_id or f"<{next(_numbers)}@{author.rpartition('@')[2]}>"
    if in_reply_to is not None:
        message["In-Reply-To"] = in_reply_to
    if references is not None:
        message["References"] = references
    for name, value in (headers or {}).items():
        message[name] = value
    message.set_content(text)
    for name, data in (files or {}).items():
        subtype = "pdf" if name.endswith(".pdf") else "octet-stream"
        message.add_attachment(data, maintype="application", subtype=subtype, filename=name)
    return message.as_bytes()


_numbers = iter(range(1, 1_000_000))


def lift_guards(session: Session) -> None:
    """Let the test's own database take any status, for tests that begin in the middle."""
    named = session.get_bind().dialect.name == "postgresql"
    for table in ("requests", "letters"):
        on = f" ON {table}" if named else ""
        session.execute(text(f"DROP TRIGGER IF EXISTS {table}_transition{on}"))


def lift_references(session: Session) -> None:
    """Let rows refer to what is not there until this transaction ends, which has to roll back."""
    is_server = session.get_bind().dialect.name == "postgresql"
    words = "SET LOCAL session_replication_role = replica"
    session.execute(text(words if is_server else "PRAGMA defer_foreign_keys = ON"))


def compose_reply(letter: Sent, text: str, *, author: str | None = None, **changes: Any) -> bytes:
    """Return a mail that answers a letter as mail programs do, the letter quoted below."""
    usual: Table = {
        "subject": f"Re: {letter.subject}",
        "to": letter.reply_to,
        "in_reply_to": letter.message_id,
    }
    quoted = "\n".join(f"> {line}" for line in letter.lines[:20])
    body = f"{text}\n\nOn Mon, May 4, 2026 at 3:00 PM ERO Outreach <{MAILBOX}> wrote:\n{quoted}\n"
    return compose(author or letter.recipient, body, **{**usual, **changes})


@dataclass(slots=True)
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **delta: float) -> None:
        """Let time go by: `advance(minutes=10)`."""
        self.now += timedelta(**delta)


@dataclass
class Harness:
    """A worker without servers."""

    services: Services
    clock: Clock
    _uid: int = field(default_factory=lambda: 1000 * next(_numbers), init=False)

    @classmethod
    def open(
        cls, database: Where, reader: DocumentReader, changes: Mapping[str, Any] | None = None
    ) -> Harness:
        """Return a worker over a database whose schema is current."""
        clock = Clock()
        services = build_services(
            build_test_settings({**(changes or {}), "database": {"url": url_of(database)}}),
            Database(url_of(database)),
            reader,
            clock=clock,
            # Seeded, and never alike in two workers, of which one may go on where another ended.
            random_bits=random.Random(next(_numbers)).getrandbits,
        )
        return cls(services=services, clock=clock)

    @cached_property
    def worker_id(self) -> str:
        """Return the id of this worker, which is at work from the first time it is asked for."""
        return sign_on(self.services.database)

    def change_settings(self, **changes: Any) -> None:
        """Give the worker other settings from now on, as a restart would."""
        url = self.services.settings.database.url
        settings = build_test_settings({**changes, "database": {"url": url}})
        self.services = replace(self.services, settings=settings)

    # Mail in.

    def record(self, raw: bytes, *, is_whole: bool = True) -> int:
        """Put a mail into the journal and return its entry's id."""
        self._uid += 1
        with self.services.database.unit_of_work() as unit:
            arrival = journal.Arrival(
                place=journal.Place(mailbox="outreach", uidvalidity=1, uid=self._uid),
                raw=raw,
                size=len(raw),
                is_whole=is_whole,
                internal_date=self.clock(),
            )
            journal.record_mails(unit.session, [arrival], now=self.clock())
            unit.commit()
        with self.services.database.read() as session:
            return session.scalars(
                select(JournalEntry.id).order_by(JournalEntry.id.desc()).limit(1)
            ).one()

    def work(self) -> ingest.DisposalReport:
        """Dispose of what is recorded."""
        return ingest.dispose_pending(self.services, self.worker_id, should_stop=lambda: False)

    def issue(self) -> int:
        """Issue what is due."""
        return issuing.issue_due(self.services, should_stop=lambda: False)

    def deliver(self, raw: bytes, **options: Any) -> str | None:
        """Record a mail, work on it and return its disposition."""
        entry_id = self.record(raw, **options)
        self.work()
        return self.entry(entry_id).disposition

    def file(self, *, author: str = CLERK, auth: Any = _DEFAULT_AUTH, **form: Any) -> Request:
        """Mail a form in and return the request it became."""
        self.deliver(compose(author, "Form attached.", auth=auth, files={"form.pdf": fill(**form)}))
        return self.request()

    def reply(self, person: str, text: str, *, to: Sent | None = None, **changes: Any) -> Sent:
        """Answer the newest letter to a person (or `to`) and return the letter that answers."""
        before = self.last_letter_id()
        self.deliver(compose_reply(to or self.newest(person), text, author=person, **changes))
        answers = [
            x for x in self.letters(to=person) if x.id > before and x.kind != "review_notice"
        ]
        assert answers, f"nothing answered: {text!r}"
        return answers[0]

    # What came of it.

    def letters(self, *, to: str | None = None, kind: str | None = None) -> list[Sent]:
        """Return the letters of the outbox, oldest first."""
        query = (
            select(LetterRecord, RawLetter.raw)
            .join(RawLetter, RawLetter.letter_id == LetterRecord.id)
            .order_by(LetterRecord.id)
        )
        with self.services.database.read() as session:
            rows = [Sent.of(row, raw) for row, raw in session.execute(query)]
        return [x for x in rows if to in (None, x.recipient) and kind in (None, x.kind)]

    def newest(self, person: str, kind: str | None = None) -> Sent:
        """Return the newest letter to somebody."""
        return self.letters(to=person, kind=kind)[-1]

    def notice(self, person: str) -> Sent:
        """Return somebody's newest letter that asks for a decision."""
        return [x for x in self.letters(to=person) if x.kind.endswith("review_notice")][-1]

    def last_letter_id(self) -> int:
        """Return the id of the newest letter, 0 when there is none."""
        with self.services.database.read() as session:
            return session.scalar(select(func.max(LetterRecord.id))) or 0

    def request(self, number: int = -1) -> Request:
        """Return a request by its place, the newest unless told."""
        return self.rows(Request)[number]

    def status(self) -> str:
        """Return where the newest request stands."""
        return self.request().status

    def fields(self) -> dict[str, FieldValue]:
        """Return the newest request's values in force."""
        with self.services.database.read() as session:
            return current_fields(session, self.request())

    def entry(self, entry_id: int) -> JournalEntry:
        """Return a journal entry."""
        return next(e for e in self.rows(JournalEntry) if e.id == entry_id)

    def decisions(self) -> list[tuple[str, str, str]]:
        """Return keyword, actor and state of each decision, oldest first."""
        return [(d.keyword, d.actor, d.state) for d in self.rows(Decision)]

    def events(self) -> list[str]:
        """Return the codes of what happened, oldest first."""
        return [e.code for e in self.rows(Event)]

    def certification(self) -> CertificationRecord:
        """Return the only certification there is, its document with it."""
        query = select(CertificationRecord).options(undefer(CertificationRecord.pdf))
        with self.services.database.read() as session:
            found = session.scalars(query).one()
            session.expunge_all()
            return found

    def rows(self, model: type[Any]) -> list[Any]:
        """Return every row of a table in order of its key."""
        with self.services.database.read() as session:
            found = list(session.scalars(select(model).order_by(*inspect(model).primary_key)))
            session.expunge_all()
            return found


def sign_on(database: Database, *, now: datetime = NOW) -> str:
    """Let a worker be at work that never ends, and return its id."""
    lease = WorkerLease(
        database=database,
        url="sqlite://",
        clock=lambda: now,
        duration=timedelta(days=3650),
        random_bits=lambda bits: next(_numbers),
    )
    lease.sign_on()
    return lease.id


#: Where a database is: an SQLite file, or the address of a PostgreSQL database.
Where = Path | str


def url_of(database: Where) -> str:
    """Return the address of a database."""
    return database if isinstance(database, str) else f"sqlite:///{database}"


def make_template(database: Where) -> Where:
    """Give a new database the current schema; return it, to be copied."""
    opened = Database(url_of(database))
    opened.migrate()
    opened.close()
    return database


def make_filed_template(database: Where, reader: DocumentReader) -> Where:
    """Put one complete request in review into an empty database; return it, to be copied."""
    harness = Harness.open(database, reader)
    assert harness.file().status == "IN_REVIEW"
    # Closing the last connection brings what is in the write-ahead log into the file.
    harness.services.database.close()
    return database


#: Makes a fresh copy of a database, which goes when the test ends.
Copier = Callable[[Where], Where]


def copy_template(template: Path, folder: Path) -> Path:
    """Return a fresh copy of an SQLite file."""
    path = folder / "worker.db"
    shutil.copy(template, path)
    return path


Opener = Callable[..., Harness]
