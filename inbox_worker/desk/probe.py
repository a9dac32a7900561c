"""Send a mail the whole way round: by the relay, through the gateway, into our own mailbox.

It goes to a tagged address, as every answer of staff does, so that it also shows whether those are
delivered here. The mail is marked as one of ours: a worker that finds it files it as automatic.
Outcomes: the seconds it took; `UnreachableError` or `DeliveryError` when a server is away or
refuses; `WorkerError` when the mail was taken and did not come back in time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from config.settings import MailboxSettings, Settings
from inbox_worker.errors import WorkerError
from inbox_worker.mailbox.client import Mailbox, open_mailbox
from inbox_worker.service.relays import build_account
from inbox_worker.storage.tokens import RandomBits, build_token
from outbound.letters.mime import LOOP_MARKER
from outbound.submission.outbox import QueuedLetter
from outbound.submission.smtp import SmtpSubmitter

#: How long to wait for the mail, and between two looks, in seconds.
_PATIENCE = 60.0
_LOOK = 0.5
#: Of a mail larger than this the header is enough: ours is small.
_SMALL = 16_384


def send_probe(
    settings: Settings,
    mailbox_settings: MailboxSettings,
    *,
    random_bits: RandomBits,
    clock: Callable[[], datetime],
    wait: Callable[[float], object],
) -> float:
    """Send a mail round to one mailbox and return how many seconds it took to arrive.

    `wait` sleeps for a number of seconds. Raises `UnreachableError`, `DeliveryError` or
    `WorkerError`.
    """
    token = build_token(random_bits)
    with open_mailbox(mailbox_settings) as mailbox:
        last_uid = mailbox.uidnext - 1
        started = clock()
        letter = _build_letter(settings, mailbox_settings, token, started)
        with SmtpSubmitter(build_account(settings.smtp)) as submitter:
            submitter.submit(letter)
        while (elapsed := (clock() - started).total_seconds()) < _PATIENCE:
            if _has_arrived(mailbox, last_uid, token):
                return elapsed
            wait(_LOOK)
    raise WorkerError(
        f"The relay took a mail to {letter.recipient}, and it was not in "
        f"{mailbox_settings.folder} after {_PATIENCE:.0f} seconds: see that mail to this "
        "address, with the +tag, is delivered to this mailbox."
    )


def _build_letter(
    settings: Settings, mailbox: MailboxSettings, token: str, now: datetime
) -> QueuedLetter:
    local, _, domain = mailbox.addresses[0].rpartition("@")
    mail = EmailMessage()
    mail["From"] = settings.smtp.from_address
    mail["To"] = recipient = f"{local}+probe-{token}@{domain}"
    mail["Subject"] = "Probe: nothing to do"
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<probe.{token}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail[LOOP_MARKER] = "probe"
    mail.set_content("This mail was sent to see whether mail goes round. Nothing has to be done.\n")
    raw = mail.as_bytes().replace(b"\n", b"\r\n")
    return QueuedLetter(
        id=0, attempts=0, sender=settings.smtp.from_address, recipient=recipient, raw=raw
    )


def _has_arrived(mailbox: Mailbox, last_uid: int, token: str) -> bool:
    sign = f"<probe.{token}@".encode()
    found = mailbox.fetch_new(last_uid, max_message_bytes=_SMALL, max_batch_bytes=1_000_000)
    return any(sign in (message.raw or message.header) for message in found)
