"""STATUS and WITHDRAW by mail: who is told what, and who takes back what."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import update

from inbox_worker.handling.self_service import ANSWERS_PER_REQUEST, STAGES
from inbox_worker.status import RequestStatus
from inbox_worker.storage.models import Event, JournalEntry, Request
from tests.worker_harness import (
    CLERK,
    LINDQVIST,
    STAFF,
    Harness,
    Opener,
    Sent,
    compose,
    compose_reply,
    lift_guards,
)

STRANGER = "nosy@press.example"


def number_of(harness: Harness) -> str:
    return harness.request().tracking_number


def ask(harness: Harness, text: str, *, author: str = CLERK, **mail: Any) -> str | None:
    return harness.deliver(compose(author, text, subject="Question", **mail))


def stage_of(letter: Sent) -> str:
    return letter.text.partition("stands: ")[2].partition(".")[0]


def set_status(harness: Harness, status: RequestStatus) -> None:
    with harness.services.database.unit_of_work() as unit:
        lift_guards(unit.session)
        unit.session.execute(update(Request).values(status=status.value))
        unit.commit()


# STATUS.


def test_a_requester_is_told_the_stage_and_nothing_else(open_filed: Opener) -> None:
    harness = open_filed(general={"turnaround_text": "Ten days as a rule."})
    number = number_of(harness)
    assert ask(harness, f"STATUS {number}") == "STATUS_ANSWERED"
    letter = harness.newest(CLERK, "stage_report")
    assert stage_of(letter) == "in review"
    assert letter.subject == f"[{number}] Where your request stands"
    assert "Ten days as a rule." in letter.text
    for word in ("Ejemplo", "26-CR", "Example County", "Ortega", "IN_REVIEW"):
        assert word not in letter.raw.decode("ascii")


@pytest.mark.parametrize("status", RequestStatus)
def test_there_are_four_stages(filed: Harness, status: RequestStatus) -> None:
    set_status(filed, status)
    assert ask(filed, f"STATUS {number_of(filed)}") == "STATUS_ANSWERED"
    assert stage_of(filed.newest(CLERK, "stage_report")) == STAGES[status].value
    assert filed.status() == status


def test_a_decision_does_not_show_before_its_answer_has_left() -> None:
    alike = {RequestStatus.IN_REVIEW, RequestStatus.APPROVED, RequestStatus.DENIED}
    assert len({STAGES[status] for status in alike}) == 1


def test_a_reply_to_our_letter_needs_no_number(filed: Harness) -> None:
    raw = compose_reply(filed.newest(CLERK, "acknowledgement"), "Status?", auth=None)
    assert filed.deliver(raw) == "STATUS_ANSWERED"
    assert filed.newest(CLERK, "stage_report")


def bare(letter: Sent) -> tuple[str, str]:
    return letter.subject, letter.text


@pytest.mark.parametrize(
    ("author", "auth"),
    [
        pytest.param(STRANGER, "mx.agency.example; dmarc=pass header.from={domain}", id="stranger"),
        pytest.param(CLERK, None, id="unproven"),
        pytest.param(CLERK, "mx.agency.example; dmarc=fail header.from={domain}", id="forged"),
        pytest.param(CLERK, "evil.example; dmarc=pass header.from={domain}", id="own word for it"),
    ],
)
def test_anyone_else_gets_the_answer_of_a_number_that_does_not_exist(
    filed: Harness, author: str, auth: str | None
) -> None:
    real, unused = number_of(filed), "CJS-2026-000777-6"
    answers = []
    for number in (real, unused):
        assert ask(filed, f"STATUS {number}", author=author, auth=auth) == "STATUS_ANSWERED"
        answers.append(filed.newest(author, "nothing_to_tell"))
    assert bare(answers[0]) == bare(answers[1])
    assert answers[0].due_at == answers[1].due_at, "neither takes longer"
    assert real not in answers[0].raw.decode("ascii")
    assert not filed.letters(kind="stage_report")


PLAIN = [
    pytest.param("STATUS\n{number}", id="the number below"),
    pytest.param("Please send me the status of {number}.", id="politely"),
    pytest.param("What is the status of {number}?", id="a question"),
    pytest.param("Hello, STATUS {number}", id="behind a greeting"),
    pytest.param("Status update on {number} please", id="an update"),
    pytest.param("Estado del trámite {number}", id="in Spanish"),
]


@pytest.mark.parametrize("text", PLAIN)
def test_it_is_told_whoever_asks_in_plain_words(filed: Harness, text: str) -> None:
    assert ask(filed, text.format(number=number_of(filed))) == "STATUS_ANSWERED"
    assert stage_of(filed.newest(CLERK, "stage_report")) == "in review"


def test_what_more_is_said_waits_for_a_person(filed: Harness) -> None:
    text = f"What is the status of {number_of(filed)}? If it is open, please withdraw it."
    assert ask(filed, text) == "CORRESPONDENCE_RECORDED"
    assert stage_of(filed.newest(CLERK, "stage_report")) == "in review"
    assert filed.newest(LINDQVIST, "staff_alert").recipient == LINDQVIST
    assert "requester_wrote" in filed.events()


#: What names a request without a keyword that is obeyed.
NAMING = [
    pytest.param("Please withdraw {number}. The case was dismissed.", id="a reason"),
    pytest.param("WITHDRAW {number} - case dismissed", id="a reason behind a dash"),
    pytest.param("WITHDRAW\n{number}", id="the number below"),
    pytest.param("Withdrawal of request {number}", id="a noun"),
    pytest.param("Cancel my request {number}", id="another word"),
    pytest.param("Retiramos la solicitud, {number}, porque terminó.", id="in Spanish"),
    pytest.param("He was found. {number}", id="anything"),
    pytest.param("What is the status of {number}? And who reviews it?", id="a question more"),
]


@pytest.mark.parametrize("text", NAMING)
def test_what_names_a_request_and_is_not_obeyed_reaches_its_reviewers(
    filed: Harness, text: str
) -> None:
    last = filed.last_letter_id()
    assert ask(filed, text.format(number=number_of(filed))) == "CORRESPONDENCE_RECORDED"
    assert filed.status() == "IN_REVIEW"
    (event,) = [e for e in filed.rows(Event) if e.code == "requester_wrote"]
    assert (event.request_id, event.journal_id) == (1, filed.rows(JournalEntry)[-1].id)
    sent = [x for x in filed.letters() if x.id > last and x.kind != "stage_report"]
    assert {x.recipient for x in sent} == set(STAFF), "and its author gets no letter that is false"


def without_tokens(letter: Sent) -> bytes:
    """Return a letter's bytes without what is random in each: its token, and the boundary."""
    boundary = str(letter.message.get_boundary()).encode()
    raw = letter.raw.replace(boundary, b"boundary")
    return re.sub(rb"letter\.[0-9a-z]{26}@", b"letter.token@", raw)


@pytest.mark.parametrize("subject", ["Question", "{number}"])
@pytest.mark.parametrize("text", [*PLAIN, *NAMING, pytest.param("STATUS {number}", id="keyword")])
def test_strangers_are_told_the_same_byte_for_byte_whether_there_is_such_a_request(
    filed: Harness, subject: str, text: str
) -> None:
    found = []
    for number in (number_of(filed), "CJS-2026-000777-6"):
        letters, events = filed.last_letter_id(), len(filed.events())
        raw = compose(
            STRANGER,
            text.format(number=number),
            subject=subject.format(number=number),
            message_id="<one@press.example>",
        )
        disposition = filed.deliver(raw)
        (letter,) = [x for x in filed.letters() if x.id > letters]
        happened = [(e.code, e.request_id, e.detail) for e in filed.rows(Event)[events:]]
        found.append((disposition, letter.recipient, letter.due_at, happened))
        found.append(without_tokens(letter))
    assert found[:2] == found[2:]
    assert filed.newest(STRANGER).kind == "nothing_to_tell"


def test_a_number_that_cannot_be_is_said_so(harness: Harness) -> None:
    assert ask(harness, "STATUS CJS-2026-000777-1") == "STATUS_ANSWERED"
    assert "its last digit does not fit" in harness.newest(CLERK, "nothing_to_tell").text


def test_a_keyword_without_a_number_is_no_more_than_a_mail(harness: Harness) -> None:
    assert ask(harness, "STATUS") == "FOR_A_PERSON"
    assert harness.newest(CLERK).kind == "no_form"


def test_strangers_keywords_are_answered_so_often_and_no_more(filed: Harness) -> None:
    number = number_of(filed)
    found = [ask(filed, f"STATUS {number}", author=STRANGER) for _ in range(7)]
    assert found == ["STATUS_ANSWERED"] * 5 + ["FOR_A_PERSON"] * 2


def test_a_requesters_keywords_too(filed: Harness) -> None:
    number = number_of(filed)
    found = [ask(filed, f"STATUS {number}") for _ in range(ANSWERS_PER_REQUEST + 1)]
    assert found == ["STATUS_ANSWERED"] * ANSWERS_PER_REQUEST + ["FOR_A_PERSON"]


# WITHDRAW.


def test_a_requester_takes_a_request_back(filed: Harness) -> None:
    number = number_of(filed)
    assert ask(filed, f"WITHDRAW {number}\nHe was found.") == "WITHDRAWAL_APPLIED"
    assert filed.status() == "WITHDRAWN"
    event = next(e for e in filed.rows(Event) if e.code == "request_withdrawn")
    assert (event.status_from, event.status_to) == ("IN_REVIEW", "WITHDRAWN")
    assert number in filed.newest(CLERK, "withdrawal").subject
    told = {x.recipient for x in filed.letters(kind="staff_alert")}
    assert told == set(STAFF)
    assert stage_after(filed) == "answered"


def stage_after(harness: Harness) -> str:
    ask(harness, f"STATUS {number_of(harness)}")
    return stage_of(harness.newest(CLERK, "stage_report"))


@pytest.mark.parametrize("status", ["APPROVED", "DENIED", "ISSUED", "CLOSED"])
def test_what_is_decided_stays_so_and_the_letter_does_not_tell(
    filed: Harness, open_filed: Opener, status: str
) -> None:
    ask(filed, f"WITHDRAW {number_of(filed)}")
    before = filed.newest(CLERK, "withdrawal").text
    other = open_filed()
    set_status(other, RequestStatus(status))
    assert ask(other, f"WITHDRAW {number_of(other)}") == "CORRESPONDENCE_RECORDED"
    assert other.status() == status
    assert other.newest(CLERK, "withdrawal").text == before
    assert "already decided" in other.newest(LINDQVIST, "staff_alert").text


def test_a_withdrawal_that_is_not_proven_is_for_a_person(filed: Harness) -> None:
    raw = compose_reply(filed.newest(CLERK, "acknowledgement"), "WITHDRAW", auth=None)
    assert filed.deliver(raw) == "CORRESPONDENCE_RECORDED"
    assert filed.status() == "IN_REVIEW"
    assert not filed.letters(kind="withdrawal")
    assert filed.newest(LINDQVIST, "staff_alert")


def test_an_answer_to_a_question_of_ours_needs_no_other_proof(filed: Harness) -> None:
    filed.reply(LINDQVIST, "NEED INFO birth date")
    raw = compose_reply(filed.newest(CLERK, "question"), "Withdraw.", auth=None)
    assert filed.deliver(raw) == "WITHDRAWAL_APPLIED"
    assert filed.status() == "WITHDRAWN"


def test_an_answer_from_another_address_is_none(filed: Harness) -> None:
    filed.reply(LINDQVIST, "NEED INFO birth date")
    raw = compose_reply(filed.newest(CLERK, "question"), "Withdraw.", author=STRANGER)
    filed.deliver(raw)
    assert filed.status() == "NEEDS_INFORMATION"
    assert not filed.letters(kind="withdrawal")


def test_a_stranger_takes_nothing_back_and_is_told_nothing(filed: Harness) -> None:
    assert ask(filed, f"WITHDRAW {number_of(filed)}", author=STRANGER) == "STATUS_ANSWERED"
    assert filed.status() == "IN_REVIEW"
    assert filed.newest(STRANGER).kind == "nothing_to_tell"


def test_a_number_beside_the_keyword_means_more_than_the_letter_answered(filed: Harness) -> None:
    filed.file(case_numbers="26-CR-000999")
    first, second = filed.rows(Request)
    raw = compose_reply(filed.newest(CLERK), f"WITHDRAW {first.tracking_number}", subject="Hello")
    assert filed.deliver(raw) == "WITHDRAWAL_APPLIED"
    statuses = {r.id: r.status for r in filed.rows(Request)}
    assert statuses == {first.id: "WITHDRAWN", second.id: "IN_REVIEW"}


def test_the_number_beside_the_keyword_means_more_than_the_subject(filed: Harness) -> None:
    filed.file(case_numbers="26-CR-000999")
    first, second = filed.rows(Request)
    raw = compose_reply(filed.newest(CLERK), f"WITHDRAW {first.tracking_number}")
    assert second.tracking_number in filed.newest(CLERK).subject
    assert filed.deliver(raw) == "WITHDRAWAL_APPLIED"
    statuses = {r.id: r.status for r in filed.rows(Request)}
    assert statuses == {first.id: "WITHDRAWN", second.id: "IN_REVIEW"}


def test_of_two_that_are_taken_back_at_once_the_second_waits_for_a_person(filed: Harness) -> None:
    filed.file(case_numbers="26-CR-000999")
    first, second = (r.tracking_number for r in filed.rows(Request))
    assert ask(filed, f"WITHDRAW {first}, {second}") == "CORRESPONDENCE_RECORDED"
    assert [r.status for r in filed.rows(Request)] == ["WITHDRAWN", "IN_REVIEW"]
    assert [e.request_id for e in filed.rows(Event) if e.code == "requester_wrote"] == [2]


def test_a_program_withdraws_nothing(filed: Harness) -> None:
    raw = compose(CLERK, f"WITHDRAW {number_of(filed)}", headers={"Auto-Submitted": "auto-replied"})
    assert filed.deliver(raw) == "IGNORED"
    assert filed.status() == "IN_REVIEW"
