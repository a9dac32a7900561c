"""HOLD, RELEASE, LEGAL, CLOSE, DUPLICATE, NOTE and SHOW: what leaves review without an answer."""

from __future__ import annotations

import pytest

from inbox_worker.storage.models import Event
from parsers.values.tracking import format_tracking_number
from tests.worker_harness import (
    APPROVE,
    CHEN,
    CLERK,
    LINDQVIST,
    ORTEGA,
    STAFF,
    Harness,
    Opener,
    compose_reply,
    fill,
)

pytestmark = pytest.mark.on_both


def reply(harness: Harness, text: str, person: str = LINDQVIST) -> str:
    return harness.reply(person, text, to=harness.notice(person)).text


def to_clerk(harness: Harness) -> list[str]:
    return [letter.kind for letter in harness.letters(to=CLERK)]


def test_a_request_is_held_and_taken_up_again(filed: Harness) -> None:
    answer = reply(filed, "HOLD waiting for the court's file")
    assert "on hold" in answer
    assert "waiting for the court's file" in answer
    assert (filed.status(), filed.request().round) == ("ON_HOLD", 1)
    assert filed.reply(ORTEGA, APPROVE, to=filed.notice(ORTEGA)).kind == "not_permitted"
    before = len(filed.letters(kind="review_notice"))
    filed.reply(CHEN, "RELEASE", to=filed.notice(CHEN))
    assert (filed.status(), filed.request().round) == ("IN_REVIEW", 2)
    assert len(filed.letters(kind="review_notice")) == before + len(STAFF)
    assert to_clerk(filed) == ["acknowledgement"], "outsiders see one stage all the while"


def test_holding_ends_a_first_approval(open_filed: Opener) -> None:
    harness = open_filed(review={"approvals": 2, "confirm": False})
    harness.reply(ORTEGA, APPROVE, to=harness.notice(ORTEGA))
    assert harness.status() == "SECOND_REVIEW"
    harness.reply(CHEN, "HOLD the names differ", to=harness.notice(CHEN))
    harness.reply(CHEN, "RELEASE")
    assert harness.status() == "IN_REVIEW"
    assert [state for _, _, state in harness.decisions()] == ["SUPERSEDED"]
    harness.reply(CHEN, APPROVE, to=harness.notice(CHEN))
    assert harness.status() == "SECOND_REVIEW", "it takes two people again"


def test_what_counsel_has_only_release_gives_back(filed: Harness) -> None:
    assert "with counsel" in reply(filed, "LEGAL a subpoena came by post")
    assert filed.status() == "LEGAL"
    assert "A request is with counsel" in filed.newest(ORTEGA).subject
    assert filed.reply(ORTEGA, "DENY no", to=filed.notice(ORTEGA)).kind == "not_permitted"
    filed.reply(LINDQVIST, "RELEASE", to=filed.newest(LINDQVIST))
    assert filed.status() == "IN_REVIEW"
    assert filed.request().legal_cleared_at == filed.clock()


@pytest.mark.parametrize("word", ["APPROVE", "DENY"])
def test_a_citizens_request_is_answered_once_counsel_let_it_go(harness: Harness, word: str) -> None:
    harness.file(subject_citizenship="United States")
    assert harness.status() == "LEGAL"
    notice = harness.newest(ORTEGA)
    assert "A request is with counsel" in notice.subject
    assert "Ejemplo" in harness.reply(ORTEGA, "SHOW", to=notice).text
    harness.change_settings(review={"confirm": False})
    assert harness.reply(ORTEGA, "RELEASE", to=notice).kind == "transcript"
    text = APPROVE if word == "APPROVE" else "DENY ours to refuse"
    harness.reply(ORTEGA, text, to=harness.notice(ORTEGA))
    assert harness.status() in {"APPROVED", "DENIED"}


def test_a_request_that_goes_to_counsel_again_is_not_cleared(filed: Harness) -> None:
    reply(filed, "LEGAL")
    filed.reply(LINDQVIST, "RELEASE")
    filed.reply(LINDQVIST, "LEGAL again", to=filed.notice(LINDQVIST))
    assert filed.request().legal_cleared_at is None


def test_a_closed_request_is_told_of_and_never_why(filed: Harness) -> None:
    assert "closed" in reply(filed, "CLOSE asked by telephone, no bond in this case")
    assert filed.status() == "CLOSED"
    letter = filed.newest(CLERK)
    assert letter.kind == "closed"
    assert "No answer will be sent under this number." in letter.text
    assert "telephone" not in letter.text
    late = filed.reply(ORTEGA, APPROVE, to=filed.notice(ORTEGA))
    assert late.kind == "already_decided"
    assert "already decided (closed) by K. Lindqvist" in late.text


def test_the_requester_opens_it_again_with_a_form(filed: Harness) -> None:
    reply(filed, "CLOSE no bond")
    files = {"form.pdf": fill(bond_number="B-1")}
    assert filed.deliver(compose_reply(filed.newest(CLERK), "", files=files)) == "FORM_RECEIVED"
    assert filed.status() == "IN_REVIEW"
    assert filed.reply(ORTEGA, APPROVE, to=filed.notice(ORTEGA)).kind == "transcript"


def test_a_duplicate_is_closed_in_favour_of_the_other(filed: Harness) -> None:
    other = filed.request().tracking_number
    filed.file(case_numbers="26-CR-9")
    reply(filed, f"DUPLICATE {other.lower()}")
    assert (filed.status(), filed.request().duplicate_of) == ("CLOSED", other)
    assert filed.request(0).status == "IN_REVIEW"
    assert f"the same as your request {other}, which goes on" in filed.newest(CLERK).text


def test_a_duplicate_of_somebody_elses_request_tells_nothing_of_it(filed: Harness) -> None:
    other = filed.request().tracking_number
    filed.file(author="officer@probation.example", case_numbers="26-CR-9")
    reply(filed, f"DUPLICATE {other}")
    letter = filed.newest("officer@probation.example")
    assert letter.kind == "closed"
    assert other not in letter.text


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        pytest.param(format_tracking_number(2026, 9), "There is no request", id="no such request"),
        pytest.param("CJS-2026-000001-1", "its last digit does not fit", id="misspelled"),
        pytest.param("the other one", "takes the tracking number", id="no number"),
        pytest.param("{own}", "takes the tracking number", id="itself"),
    ],
)
def test_a_number_that_cannot_be_closes_nothing(filed: Harness, argument: str, words: str) -> None:
    written = argument.format(own=filed.request().tracking_number)
    assert words in reply(filed, f"DUPLICATE {written}")
    assert filed.status() == "IN_REVIEW"


@pytest.mark.parametrize(
    "text",
    ["HOLD or release", "CLOSE if denied?", "LEGAL hold", "CLOSE", "DUPLICATE", "RELEASE please"],
)
def test_what_is_not_plain_sets_nothing_aside(filed: Harness, text: str) -> None:
    assert filed.reply(LINDQVIST, text, to=filed.notice(LINDQVIST)).kind == "mistake"
    assert filed.status() == "IN_REVIEW"


def test_a_note_is_kept_inside_and_shown_with_the_file(filed: Harness) -> None:
    reply(filed, "NOTE called the court:\nthe hearing was moved")
    assert filed.status() == "IN_REVIEW"
    (event,) = [e for e in filed.rows(Event) if e.code == "note_added"]
    assert event.detail == {"text": "called the court:\nthe hearing was moved"}
    shown = filed.reply(ORTEGA, "SHOW", to=filed.notice(ORTEGA))
    assert "called the court:" in shown.text
    assert "K. Lindqvist" in shown.text
    assert list(shown.files.values()) == [fill()], "the form as it was mailed"
    assert "Ejemplo de la Muestra" in shown.text
    assert to_clerk(filed) == ["acknowledgement"]


def test_the_next_notices_hold_what_colleagues_noted(filed: Harness) -> None:
    reply(filed, "NOTE called the court")
    filed.reply(LINDQVIST, "HOLD until they call back", to=filed.notice(LINDQVIST))
    filed.reply(LINDQVIST, "RELEASE")
    words = filed.notice(ORTEGA).text
    assert "What colleagues noted" in words
    assert "K. Lindqvist, May 4, 2026" in words
    assert "called the court" in words


def test_a_note_takes_no_decision_from_anybody(filed: Harness) -> None:
    late = filed.notice(LINDQVIST)
    filed.reply(ORTEGA, "DENY no match", to=filed.notice(ORTEGA))
    assert filed.reply(LINDQVIST, "NOTE I agree", to=late).kind == "transcript"
    assert filed.status() == "DENIED"
