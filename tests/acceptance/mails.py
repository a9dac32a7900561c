"""Mails as people's programs write and read them, with nothing of the worker's own code.

What people send is composed as ordinary clients do: quoted text below the reply, In-Reply-To and
References, an answer to the Reply-To address. What they receive is read by the standard library.
"""

from __future__ import annotations

import html
import imaplib
import io
import re
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr
from pathlib import Path

import pdfplumber


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServers:
    """Where mail goes in and out, for the worker and for people alike."""

    name: str
    host: str
    imap_port: int
    imap_tls: str  #: implicit or none
    smtp_port: int  #: plain, on this machine
    ca_file: Path | None
    password: str  #: of everybody; the user name is the address's local part

    def submit(self, raw: bytes, *, sender: str, recipients: Sequence[str]) -> None:
        """Hand a mail over by SMTP."""
        with smtplib.SMTP(self.host, self.smtp_port, local_hostname="tests") as client:
            client.sendmail(sender, list(recipients), raw)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as somebody finds it in their mailbox."""

    raw: bytes
    message: EmailMessage

    @classmethod
    def of(cls, raw: bytes) -> Mail:
        """Read raw bytes."""
        message = message_from_bytes(raw, policy=policy.default)
        assert isinstance(message, EmailMessage)
        return cls(raw, message)

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"]).strip()

    @property
    def sender(self) -> str:
        return parseaddr(str(self.message["From"]))[1]

    @property
    def text(self) -> str:
        part = self.message.get_body(("plain",))
        return "" if part is None else str(part.get_content())

    @property
    def html(self) -> str:
        part = self.message.get_body(("html",))
        return "" if part is None else str(part.get_content())

    @property
    def words(self) -> str:
        """Return the text on one line, so that a sentence is found wherever it was wrapped."""
        return re.sub(r"\s+", " ", self.text)

    @property
    def files(self) -> dict[str, bytes]:
        """Return the attached files by name."""
        return {
            str(part.get_filename()): part.get_payload(decode=True) or b""  # type: ignore[misc]
            for part in self.message.iter_attachments()
        }

    def tell_everything(self) -> str:
        """Return all a glance at the mail shows: subject, text, HTML and file names."""
        shown = [self.subject, self.text, html.unescape(self.html), *self.files]
        own = ("From", "Reply-To", "Auto-Submitted", "Content-Type", "X-Mailer", "Comments")
        return "\n".join([*shown, *(str(self.message[name]) for name in own)])


@dataclass(slots=True)
class Postbox:
    """Somebody's mailbox, looked into by IMAP."""

    servers: MailServers
    user: str
    _raw: dict[tuple[str, int], bytes] = field(default_factory=dict)
    _mails: dict[bytes, Mail] = field(default_factory=dict)

    def read(self, folder: str = "INBOX") -> list[Mail]:
        """Return the mails of a folder, oldest first, without marking them."""
        raws = self.read_raw(folder)
        self._mails |= {raw: Mail.of(raw) for raw in raws if raw not in self._mails}
        return [self._mails[raw] for raw in raws]

    def read_raw(self, folder: str = "INBOX") -> list[bytes]:
        """Return the bytes of the mails of a folder, oldest first, without marking them."""
        with self.open() as client:
            if client.select(f'"{folder}"', readonly=True)[0] != "OK":
                return []
            uids = [int(uid) for uid in client.uid("SEARCH", "ALL")[1][0].split()]
            for uid in uids:
                if (folder, uid) not in self._raw:
                    answer = client.uid("FETCH", str(uid), "(BODY.PEEK[])")[1]
                    if answer[0] is None:
                        # The worker moved it since the search.
                        continue
                    self._raw[folder, uid] = answer[0][1]
        return [self._raw[folder, uid] for uid in uids if (folder, uid) in self._raw]

    def count(self, folder: str = "INBOX") -> int:
        """Return how many mails lie in a folder."""
        with self.open() as client:
            status, answer = client.select(f'"{folder}"', readonly=True)
            return int(answer[0] or b"0") if status == "OK" else 0

    def append(self, raw: bytes) -> None:
        """Put a mail into the inbox as it is."""
        with self.open() as client:
            status, answer = client.append("INBOX", None, None, raw)
            assert status == "OK", answer

    def open(self) -> imaplib.IMAP4:
        """Return a connection, logged in."""
        servers = self.servers
        client: imaplib.IMAP4
        if servers.imap_tls == "implicit":
            context = ssl.create_default_context(cafile=str(servers.ca_file))
            client = imaplib.IMAP4_SSL(servers.host, servers.imap_port, ssl_context=context)
        else:
            client = imaplib.IMAP4(servers.host, servers.imap_port)
        client.login(self.user, servers.password)
        return client


def compose(
    author: str,
    recipient: str,
    text: str,
    *,
    name: str = "",
    subject: str = "Request Form",
    files: Sequence[tuple[str, str, bytes]] = (),
) -> EmailMessage:
    """Compose a mail; `files` are (name, media type, bytes), the name empty for none."""
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"] = f"{name} <{author}>" if name else author
    mail["To"] = recipient
    mail["Subject"] = subject
    mail["Message-ID"] = make_msgid(domain=author.rpartition("@")[2])
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["User-Agent"] = "Mozilla Thunderbird"
    mail.set_content(text)
    for file_name, media_type, data in files:
        main, _, sub = media_type.partition("/")
        mail.add_attachment(data, maintype=main, subtype=sub, filename=file_name or None)
        if not file_name:
            del mail.get_payload()[-1]["Content-Disposition"]  # type: ignore[union-attr, index]
    return mail


def compose_reply(
    author: str, answered: Mail, text: str, *, name: str = "", files: Sequence[bytes] = ()
) -> EmailMessage:
    """Compose an answer as desktop clients do: new text on top, the rest quoted below."""
    to = str(answered.message["Reply-To"] or answered.message["From"])
    quoted = "".join(f"> {line}".rstrip() + "\n" for line in answered.text.splitlines())
    attribution = f"On {answered.message['Date']}, {answered.message['From']} wrote:"
    mail = compose(
        author,
        to,
        f"{text}\n\n{attribution}\n\n{quoted}\n",
        name=name,
        subject=_answer_subject(answered),
        files=[("request.pdf", "application/pdf", data) for data in files],
    )
    _thread(mail, answered)
    return mail


def compose_html_reply(
    author: str, answered: Mail, lines: Sequence[str], *, name: str = ""
) -> EmailMessage:
    """Compose an answer as webmail does: HTML alone, the answered mail in a block quote."""
    to = str(answered.message["Reply-To"] or answered.message["From"])
    mail = compose(author, to, "", name=name, subject=_answer_subject(answered))
    typed = "".join(f"<div>{html.escape(line)}</div>" for line in lines)
    mail.set_content(
        f'<html><body><div dir="ltr">{typed}</div><br><div class="gmail_quote">'
        f'<div dir="ltr" class="gmail_attr">On {answered.message["Date"]},'
        f" {html.escape(str(answered.message['From']))} wrote:<br></div>"
        f'<blockquote class="gmail_quote">{answered.html}</blockquote></div></body></html>',
        subtype="html",
    )
    _thread(mail, answered)
    return mail


def _answer_subject(answered: Mail) -> str:
    subject = answered.subject
    return subject if subject.lower().startswith("re:") else f"Re: {subject}"


def _thread(mail: EmailMessage, answered: Mail) -> None:
    mail["In-Reply-To"] = answered.message_id
    earlier = str(answered.message["References"] or "").split()
    mail["References"] = " ".join([*earlier, answered.message_id])


def read_pages(document: bytes, password: str = "") -> list[str]:
    """Return the text of every page of a PDF, each on one line."""
    with pdfplumber.open(io.BytesIO(document), password=password) as pdf:
        return [re.sub(r"\s+", " ", page.extract_text()) for page in pdf.pages]


def read_answers(document: bytes) -> dict[str, str]:
    """Return the answers printed on the first page of a certification by their questions."""
    with pdfplumber.open(io.BytesIO(document)) as pdf:
        rows = [row for table in pdf.pages[0].extract_tables() for row in table]
    cells = [[re.sub(r"\s+", " ", cell or "").strip() for cell in row] for row in rows]
    return {row[0]: row[1] for row in cells if len(row) == 2 and row[0] != "Question"}
