"""Requests that wait for their requester: reminded, closed with notice, opened by an answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from inbox_worker.handling.unanswered import see_to_unanswered
from tests.worker_harness import CLERK, LINDQVIST, Harness, compose_reply, fill

pytestmark = pytest.mark.on_both


def wait(harness: Harness, days: float) -> int:
    """Let days pass, and see to what waits, as the chore does every hour."""
    harness.clock.advance(days=days)
    return sum(see_to_unanswered(harness.services))


def ask(harness: Harness) -> None:
    harness.file()
    harness.reply(LINDQVIST, "NEED INFO birth date", to=harness.notice(LINDQVIST))


def leave_incomplete(harness: Harness) -> None:
    harness.file(case_numbers=None)


def kinds(harness: Harness) -> list[str]:
    return [letter.kind for letter in harness.letters(to=CLERK)]


@pytest.mark.parametrize(
    ("owe", "first", "words"),
    [
        pytest.param(
            leave_incomplete, ["deficiency"], "with the corrected form attached", id="a form"
        ),
        pytest.param(
            ask, ["acknowledgement", "question"], "with your answer at the top", id="an answer"
        ),
    ],
)
def test_who_owes_something_is_reminded_once_and_then_the_request_is_closed(
    harness: Harness, owe: Any, first: list[str], words: str
) -> None:
    owe(harness)
    assert wait(harness, 13.9) == 0
    assert wait(harness, 0.2) == 1
    assert wait(harness, 20) == 0, "one reminder is enough"
    assert kinds(harness) == [*first, "reminder"]
    reminder = harness.newest(CLERK, "reminder").text
    assert words in reminder
    assert "Without an answer the request is closed on" in reminder
    assert wait(harness, 10.1) == 1
    assert harness.status() == "CLOSED"
    assert words in harness.newest(CLERK, "closed_unanswered").text
    assert wait(harness, 400) == 0
    assert kinds(harness) == [*first, "reminder", "closed_unanswered"]
    assert harness.events()[-2:] == ["requester_reminded", "request_closed_unanswered"]


def test_a_service_that_was_off_for_long_reminds_before_it_closes(harness: Harness) -> None:
    leave_incomplete(harness)
    assert wait(harness, 300) == 1
    assert harness.status() == "INCOMPLETE"
    assert wait(harness, 29.9) == 0
    assert wait(harness, 0.2) == 1
    assert harness.status() == "CLOSED"


def test_who_tries_again_and_fails_has_all_the_time_again(harness: Harness) -> None:
    leave_incomplete(harness)
    wait(harness, 14.1)
    reply_with_form(harness, case_numbers=None)
    assert wait(harness, 13) == 0
    assert wait(harness, 1.1) == 1
    assert kinds(harness) == ["deficiency", "reminder", "deficiency", "reminder"]
    assert harness.status() == "INCOMPLETE"


def reply_with_form(harness: Harness, **form: Any) -> str | None:
    files = {"form.pdf": fill(**form)}
    return harness.deliver(compose_reply(harness.newest(CLERK), "Again.", files=files))


def close(harness: Harness) -> None:
    wait(harness, 14.1)
    wait(harness, 30.1)
    assert harness.status() == "CLOSED"


def test_the_corrected_form_opens_it_again(harness: Harness) -> None:
    leave_incomplete(harness)
    close(harness)
    assert reply_with_form(harness) == "FORM_RECEIVED"
    assert harness.status() == "IN_REVIEW"
    assert harness.newest(LINDQVIST).kind == "review_notice"


def test_a_form_that_still_lacks_something_is_asked_for_and_opens_nothing(harness: Harness) -> None:
    leave_incomplete(harness)
    close(harness)
    assert reply_with_form(harness, case_numbers=None) == "FORM_RECEIVED"
    assert (harness.status(), kinds(harness)[-1]) == ("CLOSED", "deficiency")
    assert reply_with_form(harness) == "FORM_RECEIVED"
    assert harness.status() == "IN_REVIEW"


def test_a_form_may_open_it_on_its_way_to_counsel(harness: Harness) -> None:
    leave_incomplete(harness)
    close(harness)
    reply_with_form(harness, legal_process_attached=True)
    assert harness.status() == "LEGAL"


@pytest.mark.parametrize(
    ("owe", "disposition", "status"),
    [
        pytest.param(ask, "ANSWER_RECORDED", "IN_REVIEW", id="words were asked for"),
        pytest.param(
            leave_incomplete, "CORRESPONDENCE_RECORDED", "CLOSED", id="a form was asked for"
        ),
    ],
)
def test_an_answer_in_words_opens_what_waited_for_words(
    harness: Harness, owe: Any, disposition: str, status: str
) -> None:
    owe(harness)
    close(harness)
    said = harness.deliver(compose_reply(harness.newest(CLERK), "He was born on 5 May 1988."))
    assert (said, harness.status()) == (disposition, status)


def test_only_its_requester_opens_it(harness: Harness) -> None:
    leave_incomplete(harness)
    close(harness)
    letter = harness.newest(CLERK)
    files = {"form.pdf": fill()}
    harness.deliver(compose_reply(letter, "", author="other@courts.example", files=files))
    assert harness.request(0).status == "CLOSED"


@pytest.mark.parametrize(
    ("settings", "left"),
    [
        pytest.param({"remind_requester_days": 0}, ["deficiency"], id="nobody is reminded"),
        pytest.param(
            {"close_unanswered_days": 0}, ["deficiency", "reminder"], id="nothing is closed"
        ),
    ],
)
def test_a_site_may_do_without(harness: Harness, settings: Any, left: list[str]) -> None:
    harness.change_settings(review=settings)
    leave_incomplete(harness)
    for _ in range(3):
        wait(harness, 100)
    assert (harness.status(), kinds(harness)) == ("INCOMPLETE", left)
    assert not any("is closed on" in letter.text for letter in harness.letters(to=CLERK))


def test_paper_is_reminded_on_paper(harness: Harness) -> None:
    leave_incomplete(harness)
    request = harness.request()
    with harness.services.database.unit_of_work() as unit:
        row = unit.session.get_one(type(request), request.id)
        row.channel, row.author_address = "mail", ""
        unit.commit()
    assert wait(harness, 14.1) == 1
    assert harness.letters()[-1].kind == "print_letter"
    harness.clock.advance(days=30.1)
    assert sum(see_to_unanswered(harness.services)) == 1
    assert harness.status() == "CLOSED"
    assert [letter.kind for letter in harness.letters()][-2:] == ["print_letter"] * 2


def test_it_goes_by_the_newest_letter_that_asked(harness: Harness) -> None:
    ask(harness)
    assert wait(harness, 14.1) == 1
    due = harness.clock() + timedelta(days=30)
    assert f"{due:%B} {due.day}, {due.year}" in harness.newest(CLERK, "reminder").text
