"""What the mailbox benches share: a mail server with a mailbox, mails with a form, settings."""

from __future__ import annotations

import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from config.data import read_data
from config.settings import MailboxSettings, Settings, build_settings
from inbox_worker.demo.people import MAILBOX, list_stakeholders
from inbox_worker.demo.servers import EmbeddedAccount, EmbeddedServers
from inbox_worker.reading.reader import load_definitions
from inbox_worker.service import opening
from outbound.forms.filling import fill_form

# The test servers are not installed with the program; run as a file, this finds them all the same.
sys.path.append(str(Path(__file__).resolve().parents[1]))
from tests.servers.dovecot import Dovecot, start_dovecot

AUTHOR = "d.whitlock@courts.example"


def fill_request(number: int) -> bytes:
    """Return a form about a case of its own: what is asked once more takes another way."""
    definition = load_definitions()[0]
    person = list_stakeholders(opening.now().date())[0]
    assert person.values is not None
    values = {**person.values, "case_numbers": f"26-CR-{number:06}"}
    return fill_form(definition, read_data(f"forms/{definition.blank_form}"), values)


def build_mail(number: int) -> bytes:
    """Return a mail that brings such a form."""
    mail = EmailMessage()
    mail["From"] = "Dana Whitlock <d.whitlock@courts.example>"
    mail["To"] = MAILBOX
    mail["Subject"] = "Request Form"
    mail["Message-ID"] = f"<bench-{number}@courts.example>"
    mail["Date"] = "Mon, 04 May 2026 14:30:00 -0400"
    mail.set_content("Please find our request attached.\n")
    mail.add_attachment(
        fill_request(number), maintype="application", subtype="pdf", filename="request.pdf"
    )
    return mail.as_bytes().replace(b"\n", b"\r\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """A mail server with a mailbox, and the way to put mail into it."""

    name: str
    mailbox: MailboxSettings
    deliver: Callable[[bytes], None]


@contextmanager
def open_server() -> Iterator[MailServer]:
    """Yield Dovecot where it is installed, else the embedded server."""
    with ExitStack() as stack:
        if shutil.which("dovecot"):
            base = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ero-", dir="/tmp")))
            yield use_dovecot(stack.enter_context(start_dovecot(base)))
        else:
            account = EmbeddedAccount(username="bench", password="bench", addresses=(MAILBOX,))
            servers = stack.enter_context(EmbeddedServers([account]))
            yield MailServer(
                name="embedded",
                mailbox=build_mailbox_settings("bench", "bench", servers.imap_port, tls="none"),
                deliver=lambda raw: servers.deliver(raw, sender=AUTHOR, recipients=[MAILBOX]),
            )


def use_dovecot(dovecot: Dovecot) -> MailServer:
    """Return a mailbox on a Dovecot that nobody has used."""
    user = f"bench-{secrets.token_hex(4)}"
    return MailServer(
        name="Dovecot over TLS",
        mailbox=build_mailbox_settings(
            user,
            dovecot.password,
            dovecot.imaps_port,
            tls="implicit",
            ca_file=str(dovecot.ca_file),
        ),
        deliver=lambda raw: dovecot.deliver(raw, [f"{user}@agency.example"], sender=AUTHOR),
    )


def build_mailbox_settings(
    user: str, password: str, port: int, *, tls: str, ca_file: str = ""
) -> MailboxSettings:
    """Return the settings of a mailbox on this machine."""
    return MailboxSettings.model_validate(
        {
            "name": "bench",
            "host": "localhost",
            "port": port,
            "tls": tls,
            "ca_file": ca_file,
            "username": user,
            "password": password,
            "addresses": (MAILBOX,),
        }
    )


def build_bench_settings(
    mailbox: MailboxSettings,
    database: Path,
    *,
    smtp_port: int = 9,
    idle: bool = True,
    poll: int = 60,
) -> Settings:
    """Return settings for a worker over one mailbox; without a port there is no relay."""
    return build_settings(
        {
            "mailbox": [
                {
                    **mailbox.model_dump(),
                    "password": mailbox.password.get_secret_value(),
                    "idle": idle,
                    "poll_seconds": poll,
                }
            ],
            "smtp": {
                "host": "localhost",
                "port": smtp_port,
                "tls": "none",
                "from_address": MAILBOX,
                "from_name": "Bench",
                "max_per_minute": 60_000,
            },
            "database": {"url": f"sqlite:///{database}"},
            "review": {"require_authentication": False},
            "staff": [
                {
                    "name": "R. Ortega",
                    "email": "r.ortega@agency.example",
                    "roles": ["approver", "certifier"],
                    "title": "Deportation Officer",
                }
            ],
            "alerts": {"urgent": ["duty@agency.example"]},
            "certification": {"require_signature": False, "verify_address": MAILBOX},
            "delivery": {"protection": "none"},
        }
    )
