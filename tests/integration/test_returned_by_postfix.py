"""A real relay reports on letters of ours, and the reports find them."""

from __future__ import annotations

from inbox_worker.storage.models import Event, LetterRecord
from inbox_worker.storage.outbox_store import DatabaseOutbox, find_envelope_id
from outbound.submission.dispatcher import Pacer, RetryPolicy, drain
from outbound.submission.smtp import SmtpAccount, SmtpSubmitter
from tests.servers.dovecot import Dovecot
from tests.servers.ports import wait_until
from tests.servers.postfix import Postfix
from tests.worker_harness import APPROVE, MAILBOX, ORTEGA, Harness, Opener

USER = MAILBOX.partition("@")[0]


def send_all(harness: Harness, postfix: Postfix) -> None:
    account = SmtpAccount(host="127.0.0.1", port=postfix.port, tls="none")
    with SmtpSubmitter(account) as submitter:
        report = drain(
            DatabaseOutbox(harness.services.database, harness.worker_id),
            submitter,
            clock=harness.clock,
            pacer=Pacer(max_per_minute=1000),
            policy=RetryPolicy(),
        )
    assert report.accepted == report.submitted > 0, report


def find_reports(dovecot: Dovecot, about: str) -> list[bytes]:
    """Return the reports that name a letter by the name it was submitted under."""
    name = f"Original-Envelope-Id: {about}".encode()
    return [raw for raw in dovecot.read_folder(USER) if name in raw]


def test_a_bounce_finds_its_letter(harness: Harness, dovecot: Dovecot, postfix: Postfix) -> None:
    harness.file(author="x@bounce.example")
    letter = harness.newest("x@bounce.example", "acknowledgement")
    name = find_envelope_id(letter.message_id)
    send_all(harness, postfix)
    assert wait_until(lambda: len(find_reports(dovecot, name)) == 1), postfix.read_log()
    (report,) = find_reports(dovecot, name)
    assert harness.deliver(report) == "BOUNCE_RECORDED"
    row = next(r for r in harness.rows(LetterRecord) if r.id == letter.id)
    assert (row.status, row.reason) == ("FAILED", "came back 5.1.1")


def test_how_far_an_answer_got_is_reported(
    open_harness: Opener, dovecot: Dovecot, postfix: Postfix
) -> None:
    clerk = "arrives@agency.example"
    harness = open_harness(review={"confirm": False})
    harness.file(author=clerk, requester_email=clerk)
    harness.reply(ORTEGA, APPROVE)
    harness.clock.advance(minutes=11)
    harness.issue()
    letter = harness.newest(clerk, "certification")
    name = find_envelope_id(letter.message_id)
    send_all(harness, postfix)
    assert wait_until(lambda: len(find_reports(dovecot, name)) == 1), postfix.read_log()
    (report,) = find_reports(dovecot, name)
    assert harness.deliver(report) == "BOUNCE_RECORDED"
    row = next(r for r in harness.rows(LetterRecord) if r.id == letter.id)
    # Over LMTP this relay hands a letter on to what reports nothing, and says no more than that.
    assert row.status == "ACCEPTED"
    assert "letter_relayed" in [e.code for e in harness.rows(Event)]
