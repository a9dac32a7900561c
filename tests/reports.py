"""Delivery reports as mail systems write them, about a letter of ours."""

from __future__ import annotations

from collections.abc import Mapping
from email import message_from_bytes, policy
from email.generator import BytesGenerator
from io import BytesIO

from tests.worker_harness import MAILBOX, Sent

DAEMON = "MAILER-DAEMON@mx.courts.example"


def compose_dsn(
    letter: Sent,
    *,
    action: str = "failed",
    status: str = "5.1.1",
    recipient: str | None = None,
    returned: str = "headers",
    envelope_id: str = "",
    headers: Mapping[str, str] | None = None,
    to: str = MAILBOX,
) -> bytes:
    """Return a report of RFC 3464; `returned` is what it gives back: headers, whole or nothing."""
    address = recipient or letter.recipient
    envelope = f"Original-Envelope-Id: {envelope_id}\n" if envelope_id else ""
    more = "".join(f"{name}: {value}\n" for name, value in (headers or {}).items())
    parts = [
        "Content-Type: text/plain\n\nI am sorry to inform you about your message.\n",
        (
            "Content-Type: message/delivery-status\n\n"
            f"Reporting-MTA: dns; mx.courts.example\n{envelope}\n"
            f"Final-Recipient: rfc822; {address}\nAction: {action}\nStatus: {status}\n"
        ),
    ]
    if returned != "nothing":
        kind = "text/rfc822-headers" if returned == "headers" else "message/rfc822"
        parts.append(f"Content-Type: {kind}\n\n{_give_back(letter, whole=returned == 'whole')}\n")
    body = "".join(f"--b\n{part}\n" for part in parts)
    return (
        f"Return-Path: <>\nFrom: Mail Delivery System <{DAEMON}>\nTo: {to}\n"
        f"Subject: Undelivered Mail Returned to Sender\nMessage-ID: <{id(letter)}.{action}"
        f".{status}@mx.courts.example>\n{more}"
        "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status;"
        f' boundary="b"\n\n{body}--b--\n'
    ).encode()


def compose_old_bounce(letter: Sent, *, words: str) -> bytes:
    """Return a bounce as systems wrote them before there was a standard, the letter below it."""
    return (
        f"Return-Path: <>\nFrom: {DAEMON}\nTo: {MAILBOX}\nSubject: failure notice\n"
        f"Message-ID: <{id(letter)}.old@mx.courts.example>\n\n"
        f"{words}\n\n--- Below this line is a copy of the message.\n\n"
        f"{_give_back(letter, whole=True)}"
    ).encode()


def compose_complaint(letter: Sent) -> bytes:
    """Return a feedback report (RFC 5965) about a letter."""
    return (
        f"From: abuse@mail.example\nTo: {MAILBOX}\nSubject: FW: complaint\n"
        f"Message-ID: <{id(letter)}.arf@mail.example>\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nThis is an abuse report.\n\n"
        "--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n"
        "User-Agent: Example/1.0\nVersion: 1\n\n"
        f"--b\nContent-Type: message/rfc822\n\n{_give_back(letter, whole=True)}\n--b--\n"
    ).encode()


def _give_back(letter: Sent, *, whole: bool) -> str:
    out = BytesIO()
    original = message_from_bytes(letter.raw, policy=policy.compat32)
    if not whole:
        original.set_payload("")
    BytesGenerator(out, mangle_from_=False).flatten(original)
    return out.getvalue().decode("ascii")
