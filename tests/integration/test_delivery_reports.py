"""Reports about letters of ours: what they change, what they only leave behind, and who hears."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from inbox_worker.alarms.facts import find_current_alarms
from inbox_worker.letters import staff_alerts
from inbox_worker.storage.models import Event, LetterRecord
from inbox_worker.storage.outbox_store import DatabaseOutbox, find_envelope_id
from outbound.submission.outbox import SmtpReply
from tests.reports import compose_complaint, compose_dsn, compose_old_bounce
from tests.worker_harness import (
    APPROVE,
    CLERK,
    DUTY,
    LINDQVIST,
    MAILBOX,
    ORTEGA,
    STAFF,
    Harness,
    Opener,
    Sent,
    compose,
    lift_guards,
)


def send_all(harness: Harness) -> None:
    """Let the relay take everything that is due."""
    outbox = DatabaseOutbox(harness.services.database, harness.worker_id)
    while letters := outbox.claim_due(harness.clock(), limit=50):
        for letter in letters:
            outbox.record_accepted(
                letter.id, now=harness.clock(), reply=SmtpReply(code=250, text="")
            )


def row(harness: Harness, letter: Sent) -> LetterRecord:
    return next(r for r in harness.rows(LetterRecord) if r.id == letter.id)


def codes(harness: Harness) -> list[str]:
    return [e.code for e in harness.rows(Event)]


@pytest.fixture
def acknowledged(filed: Harness) -> Harness:
    """Return a worker whose letters about a clerk's request have left."""
    send_all(filed)
    return filed


def letter_of(harness: Harness) -> Sent:
    return harness.newest(CLERK, "acknowledgement")


CAME_BACK = ("FAILED", "letter_came_back")
STAYS = "ACCEPTED"
REPORTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "it failed, and the letter's header is returned": ({}, *CAME_BACK),
    "it failed, and the whole letter is returned": ({"returned": "whole"}, *CAME_BACK),
    "it failed after days of trying": ({"status": "4.4.1"}, *CAME_BACK),
    "it failed where it was passed on to": ({"recipient": "dana@home.example"}, *CAME_BACK),
    "the action has a comment": ({"action": "failed (bad mailbox address)"}, *CAME_BACK),
    "the system goes on trying": ({"action": "delayed"}, STAYS, "letter_delayed"),
    "it arrived": ({"action": "delivered"}, "DELIVERED", "letter_delivered"),
    "it went to a system that reports nothing": ({"action": "relayed"}, STAYS, "letter_relayed"),
}


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [pytest.param(*case, id=name) for name, case in REPORTS.items()],
)
def test_a_report_that_returns_the_letter_settles_its_delivery(
    acknowledged: Harness, changes: dict[str, Any], status: str, code: str
) -> None:
    letter = letter_of(acknowledged)
    assert acknowledged.deliver(compose_dsn(letter, **changes)) == "BOUNCE_RECORDED"
    found = row(acknowledged, letter)
    reason = f"came back {changes.get('status', '5.1.1')}"
    assert (found.status, found.reason) == (status, reason if status == "FAILED" else None)
    (event,) = (e for e in acknowledged.rows(Event) if e.code == code)
    assert event.request_id == acknowledged.request().id, "the request shows it"
    assert event.detail["letter"] == letter.id
    told = {x.recipient for x in acknowledged.letters(kind="staff_alert")}
    assert told == ({DUTY, *STAFF} if status == "FAILED" else set())


def test_nothing_is_answered_or_sent_again(acknowledged: Harness) -> None:
    before = [x.id for x in acknowledged.letters(to=CLERK)]
    acknowledged.deliver(compose_dsn(letter_of(acknowledged)))
    assert [x.id for x in acknowledged.letters(to=CLERK)] == before
    assert not acknowledged.letters(to="MAILER-DAEMON@mx.courts.example")
    send_all(acknowledged)
    assert row(acknowledged, letter_of(acknowledged)).status == "FAILED"


def test_the_same_news_twice_is_told_once(acknowledged: Harness) -> None:
    letter = letter_of(acknowledged)
    acknowledged.deliver(compose_dsn(letter))
    told = len(acknowledged.letters(kind="staff_alert"))
    acknowledged.deliver(compose_dsn(letter, status="5.1.10"))
    staff_alerts.write_failure_alerts(acknowledged.services)
    assert len(acknowledged.letters(kind="staff_alert")) == told


def test_a_letter_is_known_by_the_name_it_was_submitted_under(acknowledged: Harness) -> None:
    letter = letter_of(acknowledged)
    name = find_envelope_id(letter.message_id)
    assert name.startswith("letter.")
    raw = compose_dsn(letter, returned="nothing", envelope_id=name)
    acknowledged.deliver(raw)
    assert row(acknowledged, letter).status == "FAILED"


def test_a_report_to_the_address_for_answers_is_about_that_letter(acknowledged: Harness) -> None:
    letter = letter_of(acknowledged)
    acknowledged.deliver(compose_dsn(letter, returned="nothing", to=letter.reply_to))
    assert row(acknowledged, letter).status == "FAILED"


QMAIL = f"""Hi. This is the qmail-send program at mx.courts.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{CLERK}>:
198.51.100.7 does not like recipient.
Remote host said: 550 5.1.1 unknown
"""
EXIM = f"""This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  {CLERK}
    unknown user
"""
OLD = {
    "qmail": (QMAIL, "FAILED"),
    "exim": (EXIM, "FAILED"),
    "nobody knows the format": ("Your message met a gateway that was not amused.\n", "ACCEPTED"),
}


@pytest.mark.parametrize(
    ("words", "status"), [pytest.param(*case, id=name) for name, case in OLD.items()]
)
def test_bounces_older_than_the_standard_are_understood(
    acknowledged: Harness, words: str, status: str
) -> None:
    letter = letter_of(acknowledged)
    assert acknowledged.deliver(compose_old_bounce(letter, words=words)) == "BOUNCE_RECORDED"
    assert row(acknowledged, letter).status == status
    assert ("report_unclear" in codes(acknowledged)) == (status == "ACCEPTED")
    assert acknowledged.letters(to=DUTY, kind="staff_alert"), "a person looks at it either way"


def compose_odd_bounce(letter: Sent, subject: str, text: str, author: str, path: str) -> bytes:
    """Return what a gateway writes in words of its own, some fields of the letter below it."""
    return (
        f"Return-Path: {path}\nFrom: {author}\nTo: {MAILBOX}\nSubject: {subject}\n"
        f"Message-ID: <{id(letter)}.odd@courts.example>\n"
        f"Content-Type: text/plain; charset=utf-8\n\n{text}\n\n"
        f"--- Original message headers ---\nFrom: {MAILBOX}\nTo: {CLERK}\n"
        f"Subject: {letter.subject}\nMessage-ID: {letter.message_id}\n"
    ).encode()


POSTMASTER, NOBODY = "postmaster@courts.example", "<>"
ODD: dict[str, tuple[tuple[str, str, str, str], str]] = {
    "in Spanish, without a code": (
        ("Devolución de correo", "No se pudo entregar: buzón lleno.", POSTMASTER, NOBODY),
        "ACCEPTED",
    ),
    "in Spanish, of a system with a name of its own": (
        ("Correo no entregado", "El mensaje no se pudo entregar.", "sistema@x.example", NOBODY),
        "ACCEPTED",
    ),
    "a filter that takes nothing encrypted": (
        ("Message blocked", "554 5.7.1 encrypted attachment not allowed", "av@x.example", NOBODY),
        "FAILED",
    ),
    "a code without its enhanced status": (
        ("Aviso", "Rechazado. El servidor dijo: 521", "sistema@x.example", NOBODY),
        "FAILED",
    ),
    "a postmaster with a path": (
        ("Mailbox full", "Your message was not delivered. 552 5.2.2", POSTMASTER,
         f"<{POSTMASTER}>"),
        "FAILED",
    ),
    "a code that may pass": (
        ("Mailbox full", "Your message was not delivered. 452 4.2.2", POSTMASTER, NOBODY),
        "ACCEPTED",
    ),
    "exim, from an address that takes no answers": (
        ("Mail delivery failed: returning message to sender", EXIM, "noreply@x.example",
         "<noreply@x.example>"),
        "FAILED",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("mail", "status"), [pytest.param(*case, id=name) for name, case in ODD.items()]
)
def test_bounces_of_odd_wording_that_name_the_letter_are_tied_to_it(
    acknowledged: Harness, mail: tuple[str, str, str, str], status: str
) -> None:
    letter = letter_of(acknowledged)
    assert acknowledged.deliver(compose_odd_bounce(letter, *mail)) == "BOUNCE_RECORDED"
    assert row(acknowledged, letter).status == status
    assert acknowledged.letters(to=DUTY, kind="staff_alert"), "a person looks at it either way"


# Reports that prove nothing.


@pytest.mark.parametrize(
    ("author", "path", "changed"),
    [
        pytest.param("x@evil.example", "<x@evil.example>", False, id="of no mail system"),
        pytest.param(POSTMASTER, NOBODY, True, id="with a guessed identifier"),
    ],
)
def test_who_only_writes_like_a_gateway_moves_nothing(
    acknowledged: Harness, author: str, path: str, *, changed: bool
) -> None:
    letter = letter_of(acknowledged)
    raw = compose_odd_bounce(letter, "Message blocked", "554 5.7.1 not allowed", author, path)
    if changed:
        guess = f"<letter.{'0' * 26}@agency.example>"
        raw = raw.replace(letter.message_id.encode(), guess.encode())
    acknowledged.deliver(raw)
    assert row(acknowledged, letter).status == "ACCEPTED"


def test_a_forged_report_moves_nothing_and_a_person_hears(acknowledged: Harness) -> None:
    letter = letter_of(acknowledged)
    forged = compose_dsn(letter, returned="nothing")
    assert acknowledged.deliver(forged) == "BOUNCE_RECORDED"
    assert row(acknowledged, letter).status == "ACCEPTED"
    (event,) = (e for e in acknowledged.rows(Event) if e.code == "report_unproven")
    assert event.detail["evidence"] == "recipient"
    (alert,) = acknowledged.letters(kind="staff_alert")
    assert "Nothing was changed." in alert.text


def test_a_guessed_identifier_is_no_proof(acknowledged: Harness) -> None:
    letter = letter_of(acknowledged)
    guess = f"<letter.{'0' * 26}@agency.example>"
    forged = compose_dsn(letter).replace(letter.message_id.encode(), guess.encode())
    acknowledged.deliver(forged.replace(CLERK.encode(), b"nobody@courts.example"))
    assert row(acknowledged, letter).status == "ACCEPTED"
    assert "report_received" in codes(acknowledged)
    assert not acknowledged.letters(kind="staff_alert")


def test_a_report_that_may_mean_several_letters_means_none(acknowledged: Harness) -> None:
    acknowledged.file(case_numbers="26-CR-000999")
    send_all(acknowledged)
    acknowledged.deliver(compose_dsn(letter_of(acknowledged), returned="nothing"))
    assert "report_unproven" not in codes(acknowledged)
    assert "report_received" in codes(acknowledged)


def test_a_report_about_an_old_letter_means_none(acknowledged: Harness) -> None:
    acknowledged.clock.advance(days=6)
    acknowledged.deliver(compose_dsn(letter_of(acknowledged), returned="nothing"))
    assert "report_unproven" not in codes(acknowledged)


def test_a_clerk_who_forwards_a_bounce_moves_nothing(acknowledged: Harness) -> None:
    letter = letter_of(acknowledged)
    words = f"FYI, we got this:\n\n> Final-Recipient: rfc822; {CLERK}\n> Action: failed\n"
    acknowledged.deliver(compose(CLERK, words, subject="Fwd: Undelivered Mail"))
    assert row(acknowledged, letter).status == "ACCEPTED"


# Whose letter it was.


def issue_answer(harness: Harness) -> Sent:
    harness.reply(ORTEGA, APPROVE)
    harness.clock.advance(minutes=11)
    harness.issue()
    send_all(harness)
    return harness.newest(CLERK, "certification")


def test_an_answer_that_came_back_raises_an_alarm(open_filed: Opener) -> None:
    harness = open_filed(
        review={"confirm": False}, alerts={"urgent": [DUTY], "alarms": ["it@agency.example"]}
    )
    letter = issue_answer(harness)
    harness.deliver(compose_dsn(letter))
    (alarm,) = harness.letters(to="it@agency.example", kind="staff_alert")
    assert "The answer to a request did not arrive" in alarm.text
    assert CLERK not in alarm.text, "an alarm names nobody"
    assert harness.letters(to=LINDQVIST, kind="staff_alert")
    assert harness.status() == "ISSUED"
    assert alarms(harness) == ["letter_failed", "answer_undelivered"]
    harness.clock.advance(days=2)
    assert alarms(harness) == ["answer_undelivered"], "until somebody sends it again"
    with harness.services.database.unit_of_work() as unit:
        unit.session.execute(
            update(LetterRecord).where(LetterRecord.id == letter.id).values(status="QUEUED")
        )
        unit.commit()
    assert "answer_undelivered" not in alarms(harness)


def test_an_answer_that_a_filter_refuses_in_its_own_words_raises_the_same_alarm(
    open_filed: Opener,
) -> None:
    harness = open_filed(review={"confirm": False})
    letter = issue_answer(harness)
    text = "It was blocked by our content filter: 554 5.7.1 encrypted attachment not allowed."
    raw = compose_odd_bounce(letter, "Message blocked", text, "security@courts.example", NOBODY)
    assert harness.deliver(raw) == "BOUNCE_RECORDED"
    assert row(harness, letter).status == "FAILED"
    assert alarms(harness) == ["letter_failed", "answer_undelivered"]


def alarms(harness: Harness) -> list[str]:
    with harness.services.database.read() as session:
        found = find_current_alarms(session, harness.services.settings, harness.clock())
    return [a.code for a in found if a.code in {"letter_failed", "answer_undelivered"}]


def test_a_receipt_is_wanted_of_answers_alone(open_filed: Opener) -> None:
    harness = open_filed(review={"confirm": False})
    outbox = DatabaseOutbox(harness.services.database, harness.worker_id)
    harness.reply(ORTEGA, APPROVE)
    harness.clock.advance(minutes=11)
    harness.issue()
    claimed = outbox.claim_due(harness.clock(), limit=50)
    kinds = {x.id: x.kind for x in harness.letters()}
    wanted = {kinds[letter.id] for letter in claimed if letter.wants_receipt}
    assert wanted == {"certification"}
    assert all(letter.envelope_id for letter in claimed)


def test_a_notice_that_came_back_is_an_alarm_and_no_news_for_reviewers(
    acknowledged: Harness,
) -> None:
    acknowledged.deliver(compose_dsn(acknowledged.notice(ORTEGA)))
    (alarm,) = acknowledged.letters(kind="staff_alert")
    assert alarm.recipient == DUTY


def test_an_alarm_that_came_back_raises_no_other(acknowledged: Harness) -> None:
    acknowledged.deliver(compose_dsn(letter_of(acknowledged)))
    send_all(acknowledged)
    alarms = acknowledged.letters(kind="staff_alert")
    for alarm in alarms:
        acknowledged.deliver(compose_dsn(alarm))
    staff_alerts.write_failure_alerts(acknowledged.services)
    assert len(acknowledged.letters(kind="staff_alert")) == len(alarms)


@pytest.mark.parametrize("status", ["QUEUED", "SENDING", "CANCELLED", "DELIVERED", "FAILED"])
def test_only_what_has_left_is_moved(acknowledged: Harness, status: str) -> None:
    letter = letter_of(acknowledged)
    with acknowledged.services.database.unit_of_work() as unit:
        lift_guards(unit.session)
        unit.session.execute(
            update(LetterRecord).where(LetterRecord.id == letter.id).values(status=status)
        )
        unit.commit()
    acknowledged.deliver(compose_dsn(letter))
    assert row(acknowledged, letter).status == status
    assert "letter_came_back" in codes(acknowledged), "and the request shows it all the same"


# Complaints.


def test_a_complaint_is_recorded_and_told_and_not_answered(acknowledged: Harness) -> None:
    letter = letter_of(acknowledged)
    assert acknowledged.deliver(compose_complaint(letter)) == "BOUNCE_RECORDED"
    (event,) = (e for e in acknowledged.rows(Event) if e.code == "abuse_report_received")
    assert (event.request_id, event.detail["letter"]) == (acknowledged.request().id, letter.id)
    (alarm,) = acknowledged.letters(kind="staff_alert")
    assert alarm.recipient == DUTY
    assert not acknowledged.letters(to="abuse@mail.example")
    assert row(acknowledged, letter).status == "ACCEPTED"
