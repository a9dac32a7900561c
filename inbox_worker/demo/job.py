"""The demonstration: the whole job once, on servers of its own, with invented people.

Four stakeholders write; the worker fetches, files and answers; an approver once writes "not
approved", then approves and confirms one request and denies another; both certification forms
leave. Every mail is shown as it goes by, and left with the PDFs in a folder. Exit code 0 when the
job came to its end as told here, 1 when it did not.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path
from typing import Any

from config.data import read_data
from config.settings import Settings, build_settings
from inbox_worker.demo.people import APPROVER, MAILBOX, REVIEWER, Stakeholder, list_stakeholders
from inbox_worker.demo.screen import DemoScreen
from inbox_worker.demo.servers import AcceptedMail, EmbeddedAccount, EmbeddedServers
from inbox_worker.desk.views import list_requests
from inbox_worker.errors import WorkerError
from inbox_worker.fetching.setup import set_up_mailbox
from inbox_worker.mailbox.client import open_mailbox
from inbox_worker.service import bootstrap, opening
from inbox_worker.service.once import run_once
from inbox_worker.service.worker import Worker
from inbox_worker.storage.database import Database
from outbound.forms.filling import fill_form
from parsers.mail.message import InboundMessage
from parsers.mail.parsing import parse_message

#: The findings the approver writes for the clerk's request; the moment is filled in.
_FINDINGS = """APPROVE
Outcome: detained; removed
Matched on: a-number; name; birth date
Basis: routine use
Custody: 2026-03-02 to 2026-04-17
Custody ended: removed
Facility: Example Processing Center, Anytown, GA
Direct transfer: Example County Jail, 2026-03-02
Removed: 2026-04-17
Country: Guatemala
Records as of: {now:%Y-%m-%d %H:%M}
"""


def run_demo(keep: Path | None) -> int:
    """Run the demonstration, leave mails and PDFs in `keep` or a new folder, return 0.

    Raises `WorkerError` when the story did not end as told.
    """
    folder = keep or Path(tempfile.mkdtemp(prefix="ero-outreach-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    stage = _Stage(folder=folder, screen=DemoScreen())
    stage.screen.open_with(
        "The whole job once, on this machine alone: the mail servers are part of the program, and "
        "nobody you will meet here exists."
    )
    with _open_stage(stage) as worker:
        _play(stage, worker)
        with worker.services.database.read() as session:
            statuses = sorted(str(r["status"]) for r in list_requests(session))
    if statuses != ["INCOMPLETE", "ISSUED", "ISSUED"] or len(stage.answers) != 2:
        raise WorkerError("The demonstration did not end as it should; look at the mails above.")
    stage.screen.tell(f"The requests ended as {', '.join(statuses)}.")
    stage.screen.close_with(
        f"{stage.count} mails and {stage.documents} PDFs are in {folder}/ "
        f"({time.monotonic() - started:.0f} seconds). Look at these first:",
        [*stage.highlights.items()],
    )
    return 0


@dataclass(slots=True)
class _Stage:
    """Where the demonstration is shown and what it leaves."""

    folder: Path
    screen: DemoScreen
    servers: EmbeddedServers = field(init=False)
    count: int = 0  #: mails that went by
    documents: int = 0  #: PDFs left
    answers: list[str] = field(default_factory=list)  #: certification forms that arrived
    highlights: dict[str, str] = field(default_factory=dict)  #: files to look at, and what they are
    shown: list[AcceptedMail] = field(default_factory=list)

    def show_new(self) -> None:
        """Show the mails that went by since the last time, and leave them in the folder."""
        while self.shown:
            self._show(self.shown.pop(0))

    def _show(self, mail: AcceptedMail) -> None:
        self.count += 1
        message = parse_message(mail.raw)
        author = message.author.address if message.author else ""
        to = mail.recipients[0].partition("+")[0].partition("@")[0]
        other = f"to-{to}" if author == MAILBOX else f"from-{author.partition('@')[0]}"
        name = f"{self.count:02}-{other}"
        (self.folder / f"{name}.eml").write_bytes(mail.raw)
        files = [self._leave(name, a.name, a.data) for a in message.attachments]
        self._remember(message, author, files)
        if mail.recipients == (REVIEWER,):
            self.screen.mention(f"{REVIEWER}, a reviewer, gets a notice too ({name}.eml).")
        else:
            self.screen.show_mail(message, author, mail.recipients, files)

    def _leave(self, mail: str, name: str, data: bytes) -> str:
        target = self.folder / f"{mail}-{name or 'attachment'}"
        target.write_bytes(data)
        self.documents += data.startswith(b"%PDF-")
        return target.name

    def _remember(self, message: InboundMessage, author: str, files: list[str]) -> None:
        if author != MAILBOX:
            if files and not self.highlights:
                self.highlights[files[0]] = "the clerk's filled Request Form"
        elif message.subject.endswith("Answer to your request"):
            pages = "two pages" if not self.answers else "one page, as every refusal looks"
            self.highlights[files[0]] = f"a Certification Form, as it was sent ({pages})"
            self.answers.append(files[0])
        elif message.subject.endswith("Understood: APPROVE"):
            self.highlights[files[0]] = "what the approver was shown before CONFIRM"


@contextmanager
def _open_stage(stage: _Stage) -> Iterator[Worker]:
    """Start the servers and a worker over them, on a database that is gone afterwards."""
    people = [APPROVER, REVIEWER, *(s.address for s in list_stakeholders(_today()))]
    accounts = [
        EmbeddedAccount(username=address, password="demo", addresses=(address,))  # noqa: S106 - nothing is behind it
        for address in [MAILBOX, *people]
    ]
    with (
        tempfile.TemporaryDirectory(prefix="ero-outreach-") as temporary,
        EmbeddedServers(accounts, on_accepted=stage.shown.append) as servers,
    ):
        stage.servers = servers
        settings = build_demo_settings(servers, f"sqlite:///{Path(temporary) / 'demo.db'}")
        database = Database(settings.database.url.get_secret_value())
        database.migrate()
        with open_mailbox(settings.primary_mailbox) as mailbox:
            mailbox.ensure_folders()
            set_up_mailbox(database, settings.primary_mailbox, mailbox, ignore_backlog=False)
        database.close()
        with bootstrap.open_worker(settings) as worker:
            yield worker


def _play(stage: _Stage, worker: Worker) -> None:
    definition = worker.services.definitions[0]
    blank = read_data(f"forms/{definition.blank_form}")
    for person in list_stakeholders(_today()):
        stage.screen.tell(f"{person.name}, {person.role}, writes.")
        form = None if person.values is None else fill_form(definition, blank, person.values)
        _mail(stage, _write(person, form), person.address)
    _work(stage, worker, "The worker fetches, files, acknowledges and asks for review.")
    clerk, officer = _notices(stage)
    _reply(stage, clerk, "not approved", "R. Ortega, an approver, answers carelessly.")
    _work(
        stage,
        worker,
        "“not approved” is no command: nothing is decided, and R. Ortega is told why.",
    )
    findings = _FINDINGS.format(
        now=datetime.now().astimezone(worker.services.settings.general.zone)
    )
    _reply(stage, clerk, findings, "R. Ortega approves the clerk's request, with findings.")
    _work(stage, worker, "The worker answers with the exact document, marked PREVIEW.")
    _reply(stage, _newest(stage), "CONFIRM", "R. Ortega confirms it.")
    _reply(
        stage,
        officer,
        "DENY the records could not be matched with enough certainty",
        "R. Ortega denies the probation officer's request; the reason stays inside.",
    )
    _work(stage, worker, "Both answers leave. The two letters are alike, whatever is attached.")


def _work(stage: _Stage, worker: Worker, sentence: str) -> None:
    stage.screen.tell(sentence)
    run_once(worker, wait=time.sleep)
    stage.show_new()


def _write(person: Stakeholder, form: bytes | None) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = f"{person.name} <{person.address}>"
    mail["To"] = MAILBOX
    mail["Subject"] = person.subject
    mail["Message-ID"] = make_msgid(domain=person.address.rpartition("@")[2])
    mail["Date"] = opening.now()
    mail.set_content(person.text)
    if form is not None:
        mail.add_attachment(form, maintype="application", subtype="pdf", filename="request.pdf")
    return mail


def _notices(stage: _Stage) -> tuple[InboundMessage, InboundMessage]:
    """Return the approver's two review notices, the clerk's and the officer's."""
    mails = [parse_message(raw) for raw in stage.servers.read_folder(APPROVER)]
    notices = [m for m in mails if m.subject.endswith("Review needed")]
    if len(notices) != 2:
        raise WorkerError(f"The approver has {len(notices)} review notices instead of two.")
    return notices[0], notices[1]


def _newest(stage: _Stage) -> InboundMessage:
    return parse_message(stage.servers.read_folder(APPROVER)[-1])


def _reply(stage: _Stage, notice: InboundMessage, text: str, sentence: str) -> None:
    stage.screen.tell(sentence)
    mail = EmailMessage()
    mail["From"] = f"R. Ortega <{APPROVER}>"
    mail["To"] = notice.reply_to[0].address
    mail["Subject"] = f"Re: {notice.subject}"
    mail["Message-ID"] = make_msgid(domain="agency.example")
    mail["Date"] = opening.now()
    mail["In-Reply-To"] = notice.message_id or ""
    quoted = "\n".join(f"> {line}" for line in (notice.text or "").splitlines())
    day = f"{opening.now():%a, %b %d, %Y at %I:%M %p}"
    mail.set_content(f"{text}\n\nOn {day}, {MAILBOX} wrote:\n{quoted}\n")
    _mail(stage, mail, APPROVER)


def _mail(stage: _Stage, mail: EmailMessage, sender: str) -> None:
    stage.servers.deliver(bytes(mail), sender=sender, recipients=[MAILBOX])
    stage.show_new()


def _today() -> Any:
    return opening.now().date()


def build_demo_settings(servers: EmbeddedServers, database_url: str) -> Settings:
    """Return the configuration of an invented site that stands on these servers."""
    return build_settings(
        {
            "mailbox": [
                {
                    "name": "outreach",
                    "host": servers.host,
                    "port": servers.imap_port,
                    "tls": "none",
                    "username": MAILBOX,
                    "password": "demo",
                    "addresses": [MAILBOX],
                }
            ],
            "smtp": {
                "host": servers.host,
                "port": servers.smtp_port,
                "tls": "none",
                "from_address": MAILBOX,
                "from_name": "ERO Outreach (demo)",
                "max_per_minute": 600,
            },
            "database": {"url": database_url},
            "review": {
                "undo_minutes": 0,
                "refusal_min_business_days": 0,
                "refusal_times": [],
                "digest_times": [],
                "trusted_authserv_ids": ["mx.agency.example"],
            },
            "staff": [
                {
                    "name": "R. Ortega",
                    "email": APPROVER,
                    "roles": ["approver", "certifier"],
                    "title": "Deportation Officer",
                },
                {"name": "K. Lindqvist", "email": REVIEWER, "roles": ["reviewer"]},
            ],
            "alerts": {"urgent": [REVIEWER], "alarms": [REVIEWER]},
            "certification": {"require_signature": False, "verify_address": MAILBOX},
            # Whoever looks at what the demonstration leaves has nobody to read a password to them.
            "delivery": {"protection": "none"},
            "general": {
                "agency": "Example Immigration Agency (demo)",
                "official_domains": ["courts.example", "probation.example", "agency.example"],
            },
        }
    )
