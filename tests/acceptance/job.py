"""The job as it runs for real: a configuration file, the installed command, people with mailboxes.

The worker is always the console script in a process of its own. Everything asked of it is asked by
its commands, by IMAP, or by reading its database with nothing but SQL.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from inbox_worker.cli.app import run_command
from tests.acceptance.mails import Mail, MailServers, Postbox, compose, compose_reply
from tests.servers.ports import wait_until

COMMAND = Path(sys.executable).with_name("ero-outreach")
EASTERN = ZoneInfo("America/New_York")
AGENCY = "Example Immigration Agency"
OFFICE = "Example Outreach Office"

#: Folders the worker moves mail to, by the default configuration.
FOLDERS = ("Filed", "Decided", "Answered", "Automatic", "Quarantine", "For a person")

#: The journal with the bytes of its mails.
JOURNAL = "journal JOIN raw_mails ON raw_mails.journal_id = journal.id"

_TRACKING = re.compile(r"CJS-\d{4}-\d{6}-\d")

Table = dict[str, Any]

#: What jobs have started in this test; see `end_started`.
_STARTED: list[subprocess.Popen[str]] = []


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an address and a name."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Done:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        """Return everything it said on one line."""
        return " ".join((self.out + self.err).split())


@dataclass(slots=True)
class Job:
    """One installation of the worker, and everybody who writes to it."""

    servers: MailServers
    folder: Path  #: configuration and database live here
    tag: str  #: keeps this job's mailboxes apart from those of others on the same servers
    settings: Table = field(default_factory=dict)  #: laid over the usual configuration
    url: str = ""  #: of a PostgreSQL database; empty for a file in the folder
    _boxes: dict[str, Postbox] = field(default_factory=dict, init=False)
    _arriving: list[bytes] = field(default_factory=list, init=False)  #: sent to the mailbox
    logs: list[str] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        secret = self.folder / "imap-password"
        secret.touch(mode=0o600)
        secret.write_text(self.servers.password)
        self.configure(self.settings)

    def configure(self, settings: Table) -> None:
        """Write the configuration: the usual one with these settings over it."""
        self.config.write_text(to_toml(merge(self._usual_settings(), settings)))

    def add_mailbox(self, **changes: object) -> None:
        """Watch another mailbox as well, like the first one but for the changes."""
        (first,) = self._usual_settings()["mailbox"]
        self.configure({**self.settings, "mailbox": [first, first | changes]})

    def member(self, person: Person) -> Table:
        """Return a member of the staff as the configuration names them."""
        roles, title = {
            self.approver: (["approver", "certifier"], "Deportation Officer"),
            self.chief: (["supervisor", "certifier"], "Supervisory Officer"),
            self.reviewer: (["reviewer"], "Assistant"),
            self.unproven: (["approver"], "Officer"),
        }[person]
        return {"name": person.name, "email": person.address, "roles": roles, "title": title}

    # Who there is.

    @property
    def mailbox(self) -> str:
        return self.address_of("ero.outreach@agency.example")

    @property
    def approver(self) -> Person:
        return Person("R. Ortega", self.address_of("r.ortega@agency.example"))

    @property
    def chief(self) -> Person:
        return Person("A. Example Chief", self.address_of("chief@agency.example"))

    @property
    def reviewer(self) -> Person:
        return Person("K. Lindqvist", self.address_of("k.lindqvist@agency.example"))

    @property
    def unproven(self) -> Person:
        """Return an approver for whose domain the gateway never vouches."""
        return Person("F. Elsewhere", self.address_of("f.elsewhere@forged.example"))

    @property
    def duty(self) -> str:
        return self.address_of("duty@agency.example")

    @property
    def alarms(self) -> str:
        return self.address_of("it@agency.example")

    def address_of(self, address: str) -> str:
        """Return a person's address in this job."""
        return tag_address(address, self.tag)

    def box(self, address: str) -> Postbox:
        """Return somebody's mailbox."""
        user = address.partition("@")[0].lower()
        return self._boxes.setdefault(user, Postbox(self.servers, user))

    # The worker.

    @property
    def config(self) -> Path:
        return self.folder / "worker.toml"

    @property
    def database(self) -> Path:
        return self.folder / "worker.db"

    def environ(self, **more: str) -> dict[str, str]:
        """Return the environment the command runs in; nothing of ours gets into it by accident."""
        return {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "PYTHONWARNINGS": "error::DeprecationWarning:inbox_worker",
            **more,
        }

    def start(self, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        """Start the command and return its process, which ends with the test; it logs to a file."""
        with (self.folder / "started.log").open("ab") as log:
            process = subprocess.Popen(
                [str(COMMAND), "--config", str(self.config), *arguments],
                cwd=self.folder,
                env=self.environ(**environ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                text=True,
            )
        _STARTED.append(process)
        return process

    def run(
        self, *arguments: str, timeout: float = 240, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Run the command and return what became of it."""
        done = subprocess.run(
            [str(COMMAND), "--config", str(self.config), *arguments],
            check=False,
            cwd=self.folder,
            env=self.environ(**environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        self.logs += done.stderr.splitlines()
        return done

    def do(self, *arguments: str, **environ: str) -> str:
        """Run a command that has to succeed and return its standard output."""
        done = self.run(*arguments, **environ)
        assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def call(self, *arguments: str) -> Done:
        """Run the command in this process, which is faster, and return what it came to."""
        out, err = io.StringIO(), io.StringIO()
        with (
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = run_command(["--config", str(self.config), *arguments], self.environ())
        return Done(code, out.getvalue(), err.getvalue())

    def ask(self, *arguments: str, code: int = 0) -> Any:
        """Return the answer of a command that only looks."""
        done = self.call(*arguments, "--json")
        assert done.code == code, f"{arguments}: {done}"
        return json.loads(done.out)

    def work(self, **environ: str) -> None:
        """Run `once` over everything that was sent, and wait until its letters have arrived."""
        self.await_arrivals()
        self.do("once", **environ)
        self._arriving.clear()
        self.await_letters()

    def let_a_minute_pass(self) -> None:
        """Let what is looked into each minute be due, as it is for whoever works slowly."""
        self.change("UPDATE chores SET due_at = '2026-01-01 00:00:00' WHERE name = 'alarms'")

    # Mail.

    def send(self, mail: EmailMessage | bytes, sender: str, recipient: str | None = None) -> None:
        """Send a mail to the worker's mailbox, or to the tagged address it is written to."""
        raw = mail if isinstance(mail, bytes) else bytes(mail)
        to = recipient or self.mailbox
        self.servers.submit(raw, sender=sender, recipients=[to])
        if re.split("[+@]", parseaddr(to)[1])[0] == self.mailbox.partition("@")[0]:
            self._arriving.append(raw)

    def append(self, raw: bytes) -> None:
        """Put a mail into the worker's inbox, byte for byte."""
        self.box(self.mailbox).append(raw)
        self._arriving.append(raw)

    def write(
        self,
        author: Person,
        text: str,
        *forms: bytes,
        subject: str = "Request Form",
        files: Sequence[tuple[str, str, bytes]] = (),
        to: str | None = None,
    ) -> Mail:
        """Let somebody write to the mailbox (or `to`) with PDFs attached; return the mail."""
        attached = [(f"form {n}.pdf", "application/pdf", form) for n, form in enumerate(forms, 1)]
        mail = compose(
            author.address,
            to or self.mailbox,
            text,
            name=author.name,
            subject=subject,
            files=[*attached, *files],
        )
        self.send(mail, author.address, to)
        return Mail.of(bytes(mail))

    def reply(self, author: Person, answered: Mail, text: str, *files: bytes) -> Mail:
        """Let somebody answer a mail; return the answer."""
        mail = compose_reply(author.address, answered, text, name=author.name, files=files)
        self.send(mail, author.address, str(mail["To"]))
        return Mail.of(bytes(mail))

    def letters_to(self, address: str, wanted: str = "") -> list[Mail]:
        """Return the letters somebody got whose subject holds `wanted`, oldest first."""
        return [mail for mail in self.box(address).read() if wanted in mail.subject]

    def newest_to(self, address: str, wanted: str = "") -> Mail:
        """Return the newest of those letters."""
        found = self.letters_to(address, wanted)
        assert found, f"{address} has no letter about {wanted}: {self.box(address).read()}"
        return found[-1]

    def await_arrivals(self) -> None:
        """Wait until every mail that was sent lies in the worker's inbox.

        What the relay reports comes there too, when it likes: mails are told apart by their names.
        """
        assert wait_until(lambda: not self._find_missing()), self._find_missing()

    def _find_missing(self) -> list[str]:
        """Return the names of sent mails that are not there yet, or how many have no name."""
        there = self.box(self.mailbox).read_raw()
        wanted, found = (Counter(filter(None, map(_name_of, m))) for m in (self._arriving, there))
        nameless = len(self._arriving) - wanted.total()
        others = len(there) - (found & wanted).total()
        return [*(wanted - found), *(["without a name"] * (nameless - others))]

    def await_letters(self) -> None:
        """Wait until every letter the relay accepted lies in its recipient's mailbox.

        A relay that was asked for receipts of answers has sent them, too.
        """
        rows = self.query("SELECT recipient, message_id FROM letters WHERE status = 'ACCEPTED'")
        wanted: dict[str, set[str]] = {}
        for recipient, message_id in rows:
            if not recipient.endswith("@bounce.example"):
                wanted.setdefault(recipient, set()).add(message_id)

        def find_absent() -> list[str]:
            return [
                f"{address}: {ids - {m.message_id for m in self.box(address).read()}}"
                for address, ids in wanted.items()
                if not ids <= {m.message_id for m in self.box(address).read()}
            ]

        assert wait_until(lambda: not find_absent()), find_absent()
        if self.servers.name != "embedded":
            assert wait_until(self._has_receipts), "no receipt came of an answer"

    def _has_receipts(self) -> bool:
        answers = self.query(
            "SELECT message_id FROM letters WHERE kind IN ('certification', 'refusal')"
            " AND status = 'ACCEPTED'"
        )
        box = self.box(self.mailbox)
        reports = [
            mail.raw
            for folder in ("INBOX", "Automatic")
            for mail in (box.read(folder) if answers else ())
            if mail.message.get_content_type() == "multipart/report"
        ]
        return all(any(id_.encode() in raw for raw in reports) for (id_,) in answers)

    # What the worker knows.

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Return rows of the worker's database, which is not changed."""
        if self.url:
            address = self.url.replace("+psycopg", "")
            with psycopg.connect(address, autocommit=True) as server:
                return server.execute(sql.replace("?", "%s"), values).fetchall()  # type: ignore[call-overload,no-any-return]
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            return connection.execute(sql, values).fetchall()

    def list_tables(self) -> list[str]:
        """Return the names of the tables of the worker's database."""
        if self.url:
            where = "information_schema.tables WHERE table_schema = 'public'"
            return [name for (name,) in self.query(f"SELECT table_name FROM {where}")]
        found = self.query("SELECT name FROM sqlite_master WHERE type = 'table'")
        return [name for (name,) in found]

    def change(self, sql: str, *values: object) -> None:
        """Change the worker's database behind its back."""
        if self.url:
            with psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True) as server:
                server.execute(sql.replace("?", "%s"), values)  # type: ignore[call-overload]
            return
        with closing(sqlite3.connect(self.database, isolation_level=None)) as connection:
            connection.execute(sql, values)

    def dispositions_of(self, mail: Mail) -> list[str]:
        """Return what became of the mails that have this Message-ID."""
        wanted = mail.message_id.encode()
        return [
            str(disposition)
            for raw, disposition in self.query(f"SELECT raw, disposition FROM {JOURNAL}")
            if wanted in _header_value(raw, b"message-id")
        ]

    def folders_of(self, mail: Mail) -> list[str]:
        """Return every folder of the worker's mailbox that holds a mail of this Message-ID."""
        box = self.box(self.mailbox)
        return [
            name
            for name in ("INBOX", *FOLDERS)
            for found in box.read(name)
            if found.message_id == mail.message_id
        ]

    def tracking_of(self, address: str, wanted: str = "") -> str:
        """Return the tracking number in the subject of somebody's newest letter."""
        return tracking_in(self.newest_to(address, wanted or "CJS-"))

    def show(self, tracking: str) -> Any:
        """Return the whole file of a request."""
        return self.ask("show", tracking)

    def status_of(self, tracking: str) -> str:
        """Return a request's status."""
        ((found,),) = self.query("SELECT status FROM requests WHERE tracking_number = ?", tracking)
        return str(found)

    def _usual_settings(self) -> Table:
        servers = self.servers
        own = {"addresses": [self.mailbox, self.address_of("ero.info@agency.example")]}
        return {
            "mailbox": [
                {
                    "name": "outreach",
                    "host": servers.host,
                    "port": servers.imap_port,
                    "tls": servers.imap_tls,
                    "ca_file": str(servers.ca_file or ""),
                    "username": self.mailbox.partition("@")[0],
                    "password_file": str(self.folder / "imap-password"),
                    "poll_seconds": 1,
                    **own,
                }
            ],
            "smtp": {
                "host": servers.host,
                "port": servers.smtp_port,
                "tls": "none",
                "from_address": self.mailbox,
                "from_name": "ERO Outreach",
                "max_per_minute": 6000,
            },
            "database": {"url": self.url or f"sqlite:///{self.database}"},
            "review": {
                "undo_minutes": 0,
                "refusal_min_business_days": 0,
                "refusal_times": [],
                "digest_times": [],
                "trusted_authserv_ids": ["mx.agency.example"],
            },
            "staff": [
                self.member(person)
                for person in (self.approver, self.chief, self.reviewer, self.unproven)
            ],
            "alerts": {"urgent": [self.duty], "alarms": [self.alarms]},
            "certification": {
                "office": OFFICE,
                "require_signature": False,
                "verify_address": self.mailbox,
            },
            "delivery": {"protection": "none"},
            "general": {
                "agency": AGENCY,
                "official_domains": ["courts.example", "probation.example", "agency.example"],
            },
        }


#: Everybody inside the agency, as addresses before they are tagged.
INSIDE = (
    "ero.outreach@agency.example",
    "ero.info@agency.example",
    "r.ortega@agency.example",
    "chief@agency.example",
    "k.lindqvist@agency.example",
    "f.elsewhere@forged.example",
    "duty@agency.example",
    "it@agency.example",
)


def tag_address(address: str, tag: str) -> str:
    """Return an address whose local part ends in a tag."""
    local, _, domain = address.partition("@")
    return f"{local}.{tag}@{domain}"


def tracking_in(mail: Mail) -> str:
    """Return the tracking number in a mail's subject."""
    found = _TRACKING.search(mail.subject)
    assert found is not None, mail.subject
    return found.group()


def now() -> datetime:
    """Return the present moment as staff read it off the wall."""
    return datetime.now(EASTERN)


#: A story is told step by step; between two steps the worker works.
Story = Callable[[Job], Iterator[None]]


def play(job: Job, stories: Sequence[Story]) -> Mapping[str, Exception | None]:
    """Play stories side by side and return how each ended; what one does wrong stops no other."""
    under_way = {story.__name__: story(job) for story in stories}
    ended: dict[str, Exception | None] = {}
    while under_way:
        for name, story in tuple(under_way.items()):
            try:
                next(story)
            except StopIteration:
                ended[name] = None
            except Exception as error:  # noqa: BLE001 - raised again by the story's own test
                ended[name] = error
            else:
                continue
            del under_way[name]
        if under_way:
            job.work()
    return ended


def end_started() -> None:
    """End every process that a job has started, also one that stands still, and wait for it.

    A test that fails leaves nothing behind that another would trip over.
    """
    while _STARTED:
        process = _STARTED.pop()
        process.kill()
        process.wait()


def merge(lower: Table, upper: Table) -> Table:
    """Return `lower` with the keys of `upper` above it, table by table."""
    merged = dict(lower)
    for key, value in upper.items():
        below = merged.get(key)
        both = isinstance(below, dict) and isinstance(value, dict)
        merged[key] = merge(below, value) if both else value  # type: ignore[arg-type]
    return merged


def to_toml(settings: Table) -> str:
    """Return a configuration as TOML; its strings and lists are written as JSON writes them."""
    lines = []
    for section, content in settings.items():
        for table in content if isinstance(content, list) else [content]:
            lines.append(f"[[{section}]]" if isinstance(content, list) else f"[{section}]")
            lines += [f"{key} = {json.dumps(value)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"


def _name_of(raw: bytes) -> str:
    """Return the Message-ID in a mail's header, empty where it has none."""
    return str(BytesHeaderParser().parsebytes(raw)["Message-ID"] or "").strip()


def _header_value(raw: bytes, name: bytes) -> bytes:
    found = re.search(rb"(?im)^" + name + rb":[ \t]*(.*(?:\r?\n[ \t].*)*)", raw)
    return b"" if found is None else found.group(1)
