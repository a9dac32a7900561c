"""Every step of a mail, a letter and a request, found by any of their names, in both directions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest

from inbox_worker.desk.tracing import Trace, is_traceable, trace
from inbox_worker.storage import journal
from inbox_worker.storage.models import CertificationRecord, JournalEntry
from inbox_worker.storage.outbox_store import DatabaseOutbox
from outbound.submission.outbox import SmtpReply
from tests.worker_harness import CLERK, ORTEGA, Harness, Opener, compose, fill, findings


def find(harness: Harness, name: str) -> Trace | None:
    with harness.services.database.read() as session:
        return trace(session, harness.services.settings, name)


def follow(harness: Harness, name: str) -> Trace:
    found = find(harness, name)
    assert found is not None, name
    return found


def codes(found: Trace) -> list[str]:
    return [s.step for s in found.steps]


@pytest.fixture
def issued(open_filed: Opener) -> Harness:
    """Return a worker whose one request was approved and issued, an hour after it came."""
    harness = open_filed(review={"confirm": False})
    harness.clock.advance(hours=1)
    harness.reply(ORTEGA, findings())
    harness.clock.advance(minutes=15)
    harness.issue()
    return harness


def test_a_request_is_traced_to_all_its_mails_letters_and_decisions(issued: Harness) -> None:
    found = follow(issued, issued.request().tracking_number)
    assert found.what == "request"
    assert [m["disposition"] for m in found.mails] == ["FILED", "DECISION_APPLIED"]
    assert {x["id"] for x in found.letters} == {x.id for x in issued.letters()}
    wanted = ["received_by_server", "recorded", "seen", "disposed", "request_in_review"]
    wanted += ["decision_made", "certification_issued"]
    assert [c for c in codes(found) if c in wanted] == [*wanted[:5], *wanted[:4], *wanted[5:]]
    assert [s.at for s in found.steps] == sorted(s.at for s in found.steps)


def test_every_disposition_comes_with_the_rule_that_decided(issued: Harness) -> None:
    found = follow(issued, issued.request().tracking_number)
    judged = [s.detail for s in found.steps if s.step == "disposed"]
    assert [(d["kind"], d["rule"], d["disposition"]) for d in judged] == [
        ("request", "pdf_attached", "FILED"),
        ("staff_reply", "answers_review_notice", "DECISION_APPLIED"),
    ]
    (decided,) = [s for s in found.steps if s.step == "decision_made"]
    assert (decided.by, decided.detail["keyword"]) == (ORTEGA, "APPROVE")
    assert decided.mail == found.mails[1]["id"]


def test_a_mail_is_traced_to_its_request_and_to_what_was_written_because_of_it(
    issued: Harness,
) -> None:
    entry = issued.rows(JournalEntry)[0]
    found = follow(issued, entry.message_id)
    assert found.what == "mail"
    assert [r["tracking_number"] for r in found.requests] == [issued.request().tracking_number]
    kinds = {x["kind"] for x in found.letters}
    assert kinds == {"acknowledgement", "review_notice"}, "nothing of what came later"


NAMES: dict[str, Callable[[Harness], str]] = {
    "mail with brackets": lambda h: str(h.rows(JournalEntry)[0].message_id),
    "mail without": lambda h: str(h.rows(JournalEntry)[0].message_id).strip("<>"),
    "mail by its number": lambda h: str(h.rows(JournalEntry)[0].id),
    "letter": lambda h: h.newest(CLERK).message_id,
    "tracking number": lambda h: str(h.request().tracking_number),
    "as spoken": lambda h: str(h.request().tracking_number).replace("-", "").lower(),
    "control number": lambda h: str(h.rows(CertificationRecord)[0].control_number).lower(),
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_any_name_leads_to_the_request(issued: Harness, name: Callable[[Harness], str]) -> None:
    found = follow(issued, f" {name(issued)} ")
    assert [r["tracking_number"] for r in found.requests] == [issued.request().tracking_number]
    assert is_traceable(name(issued))


def test_a_letter_is_traced_through_its_delivery(issued: Harness) -> None:
    letter = issued.newest(CLERK)
    issued.clock.advance(minutes=5)
    store = DatabaseOutbox(issued.services.database, issued.worker_id)
    store.claim_due(issued.clock(), limit=100)
    store.record_accepted(letter.id, now=issued.clock(), reply=SmtpReply(code=250, text="ok"))
    found = follow(issued, letter.message_id)
    assert (found.what, codes(found)) == ("letter", ["letter_written", "letter_accepted"])
    assert found.steps[-1].detail == {"reply_code": 250, "attempts": 1}
    assert found.letters[0]["status"] == "ACCEPTED"


def test_an_answer_to_no_request_is_traced_with_the_mail_it_answers(harness: Harness) -> None:
    harness.deliver(compose(CLERK, "How do I ask?", message_id="<a1@courts.example>"))
    found = follow(harness, "<a1@courts.example>")
    assert [x["kind"] for x in found.letters] == ["request_form"]
    back = follow(harness, harness.newest(CLERK).message_id)
    assert [m["id"] for m in back.mails] == [found.mails[0]["id"]]
    assert "disposed" in codes(back)


def test_two_mails_of_one_message_id_are_both_told(harness: Harness) -> None:
    for words in ("How do I ask?", "Another's words under the same name."):
        harness.deliver(compose(CLERK, words, message_id="<again@courts.example>"))
    assert len(follow(harness, "<again@courts.example>").mails) == 2


def test_where_a_mail_was_seen_and_moved_is_told(harness: Harness) -> None:
    raw = compose(CLERK, "How do I ask?", message_id="<b2@courts.example>")
    harness.deliver(raw)
    harness.record(raw)
    harness.clock.advance(minutes=1)
    with harness.services.database.unit_of_work() as unit:
        moves = journal.list_pending_moves(unit.session, "outreach", 1, limit=10)
        journal.record_moved(unit.session, [m.sighting_id for m in moves], now=harness.clock())
        unit.commit()
    found = follow(harness, "<b2@courts.example>")
    assert [c for c in codes(found) if c.startswith("seen")] == ["seen", "seen_again"]
    moved = [s.detail["folder"] for s in found.steps if s.step == "moved"]
    assert moved == ["Answered", "Automatic"]


def test_a_trace_holds_nothing_of_what_a_form_says(issued: Harness) -> None:
    form: dict[str, Any] = asdict(follow(issued, issued.request().tracking_number))
    for word in ("Whitlock", "Ejemplo", "A000000101", "26-CR-000123", "Anytown"):
        assert word not in str(form)


@pytest.mark.parametrize(
    "name",
    ["<nobody@courts.example>", "999", "99999999999999999999", "0000-AAAA-0000-AAAA"],
)
def test_what_nothing_is_known_of(issued: Harness, name: str) -> None:
    assert is_traceable(name)
    assert find(issued, name) is None


@pytest.mark.parametrize("name", ["", "foo", "CJS-2026-000001-8", "12345x", "-1"])
def test_what_names_nothing(name: str) -> None:
    assert not is_traceable(name)


def test_a_form_that_failed_is_traced_to_its_quarantine(
    open_harness: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = open_harness(intake={"max_attempts": 1})

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("inbox_worker.handling.filing.route", fail)
    harness.deliver(
        compose(CLERK, "Form.", message_id="<d4@courts.example>", files={"form.pdf": fill()})
    )
    found = follow(harness, "<d4@courts.example>")
    disposed = next(s for s in found.steps if s.step == "disposed")
    assert disposed.detail["reason"] == "gave_up_ZeroDivisionError"
    assert "mail_quarantined" in codes(found)
