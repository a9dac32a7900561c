"""The embedded servers behave like an agency's gateway and mailbox, and leave nothing behind."""

from __future__ import annotations

import smtplib
import subprocess
import sys
import threading
import time

import pytest

from config.sections import MailboxSettings
from inbox_worker.demo.servers import (
    AcceptedMail,
    EmbeddedServers,
    RefusedRecipientError,
    is_genuine_by_login,
)
from inbox_worker.mailbox.client import open_mailbox
from tests.conftest import ACCOUNTS, PASSWORD

MAIL = b"From: A Clerk <clerk@courts.example>\r\nSubject: hello\r\n\r\nGood day.\r\n.\r\n..\r\n"
OUTREACH = "ero.outreach@agency.example"


def submit(
    servers: EmbeddedServers, raw: bytes, recipients: list[str], *, login: str | None = None
) -> None:
    with smtplib.SMTP(servers.host, servers.smtp_port, local_hostname="tests") as client:
        if login is not None:
            client.login(login, PASSWORD)
        client.sendmail("clerk@courts.example", recipients, raw)


@pytest.mark.parametrize(
    ("recipient", "username"),
    [
        pytest.param(OUTREACH, "outreach", id="its address"),
        pytest.param("ERO.Outreach@AGENCY.example", "outreach", id="in any case"),
        pytest.param("ero.info@agency.example", "outreach", id="its other address"),
        pytest.param("ero.outreach+review-0abc@agency.example", "outreach", id="with a plus-tag"),
        pytest.param("clerk@courts.example", "clerk", id="somebody else"),
    ],
)
def test_a_submitted_mail_lies_in_the_recipients_inbox(
    embedded: EmbeddedServers, recipient: str, username: str
) -> None:
    submit(embedded, MAIL, [recipient])
    (raw,) = embedded.read_folder(username)
    assert raw.endswith(MAIL)
    assert raw.startswith(b"Return-Path: <clerk@courts.example>\r\nAuthentication-Results: ")


def test_one_mailbox_gets_one_copy(embedded: EmbeddedServers) -> None:
    submit(embedded, MAIL, [OUTREACH, "ero.info@agency.example", "agent@bail.example"])
    assert len(embedded.read_folder("outreach")) == len(embedded.read_folder("agent")) == 1


def test_an_unknown_recipient_is_refused(embedded: EmbeddedServers) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
        submit(embedded, MAIL, ["nobody@agency.example"])
    assert caught.value.recipients["nobody@agency.example"][0] == 550
    with pytest.raises(RefusedRecipientError):
        embedded.deliver(MAIL, sender="", recipients=["nobody@agency.example"])


def results_of(raw: bytes) -> list[bytes]:
    return [li for li in raw.split(b"\r\n") if li.lower().startswith(b"authentication-results")]


@pytest.mark.parametrize(
    ("raw", "login", "expected"),
    [
        pytest.param(MAIL, "clerk", b"dmarc=pass header.from=courts.example", id="logged in"),
        pytest.param(MAIL, "agent", b"dmarc=fail header.from=courts.example", id="as another"),
        pytest.param(MAIL, None, b"dmarc=fail header.from=courts.example", id="not at all"),
        pytest.param(
            b"Authentication-Results: mx.agency.example;\r\n dmarc=pass header.from=x.example\r\n"
            + MAIL,
            None,
            b"dmarc=fail header.from=courts.example",
            id="with a result of its own",
        ),
        pytest.param(b"Subject: x\r\n\r\n", None, b"dmarc=permerror", id="without an author"),
        pytest.param(b"From: a@b c.example\r\n\r\n", None, b"dmarc=", id="with a broken author"),
    ],
)
def test_the_gateway_alone_says_who_the_author_is(
    raw: bytes, login: str | None, expected: bytes
) -> None:
    with EmbeddedServers(ACCOUNTS, is_genuine=is_genuine_by_login) as servers:
        submit(servers, raw, [OUTREACH], login=login)
        (delivered,) = servers.read_folder("outreach")
    (result,) = results_of(delivered)
    assert result.startswith(b"Authentication-Results: mx.agency.example; " + expected)


def test_a_wrong_password_is_refused_everywhere(embedded: EmbeddedServers) -> None:
    with (
        smtplib.SMTP(embedded.host, embedded.smtp_port) as client,
        pytest.raises(smtplib.SMTPAuthenticationError),
    ):
        client.login("clerk", "wrong")


def test_accepted_mail_is_told_of() -> None:
    told: list[AcceptedMail] = []
    with EmbeddedServers(ACCOUNTS, on_accepted=told.append) as servers:
        servers.deliver(MAIL, sender="clerk@courts.example", recipients=[OUTREACH])
    assert [(m.sender, m.recipients) for m in told] == [("clerk@courts.example", (OUTREACH,))]
    assert told[0].raw.endswith(MAIL)


def test_what_is_moved_by_imap_is_seen_in_its_folder(embedded: EmbeddedServers) -> None:
    embedded.deliver(MAIL.replace(b"\r\n", b"\n"), sender="", recipients=[OUTREACH])
    settings = MailboxSettings(
        name="outreach",
        host=embedded.host,
        port=embedded.imap_port,
        tls="none",
        username="outreach",
        password=PASSWORD,  # type: ignore[arg-type]  # pydantic makes a secret of it
        addresses=(OUTREACH,),
    )
    with open_mailbox(settings) as mailbox:
        mailbox.ensure_folders()
        found = list(mailbox.fetch_new(0, max_message_bytes=10_000, max_batch_bytes=10_000))
        mailbox.move([message.uid for message in found], "Filed")
        assert list(mailbox.fetch_new(0, max_message_bytes=1000, max_batch_bytes=1000)) == []
    assert embedded.read_folder("outreach") == ()
    assert embedded.read_folder("outreach", "Filed") == (found[0].raw,)


def test_they_start_quickly_and_leave_no_thread() -> None:
    before = set(threading.enumerate())
    start = time.monotonic()
    with EmbeddedServers(ACCOUNTS) as servers:
        assert servers.imap_port != servers.smtp_port
    assert time.monotonic() - start < 20
    # One of somebody else's may end meanwhile.
    assert set(threading.enumerate()) <= before
    with pytest.raises(RuntimeError, match="not running"):
        servers.read_folder("outreach")


def test_they_are_quiet_even_when_clients_are_cut_off() -> None:
    program = """
import smtplib, socket
from inbox_worker.demo.servers import EmbeddedServers
from tests.conftest import ACCOUNTS
with EmbeddedServers(ACCOUNTS) as servers:
    half = smtplib.SMTP(servers.host, servers.smtp_port)
    half.login("clerk", "Gl0cken-spiel")
    half.docmd("MAIL FROM:<clerk@courts.example>")
    idle = socket.create_connection((servers.host, servers.imap_port))
    idle.sendall(b"a LOGIN outreach Gl0cken-spiel\\r\\nb SELECT INBOX\\r\\nc IDLE\\r\\n")
    idle.recv(1000)
half.close()
idle.close()
"""
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", program],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
