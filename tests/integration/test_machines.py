"""Mail of machines: spam, loops, absences; what is never answered and never obeyed."""

from __future__ import annotations

from typing import Any

from inbox_worker.models import Event, JournalEntry, Request
from tests.worker_harness import (
    APPROVE,
    CLERK,
    ORTEGA,
    Harness,
    Opener,
    compose,
    compose_reply,
    fill,
)

SPAM: dict[str, Any] = {"spam": [{"header": "X-Spam-Flag", "value": "YES"}]}
MARK = {"X-Spam-Flag": "YES"}


def codes(harness: Harness) -> list[str]:
    return [e.code for e in harness.rows(Event)]


# The verdict of the site's filter.


def test_spam_is_not_answered(open_harness: Opener) -> None:
    harness = open_harness(intake=SPAM)
    assert harness.deliver(compose("x@spam.example", "Buy now", headers=MARK)) == "IGNORED"
    assert harness.letters() == []
    (entry,) = harness.rows(JournalEntry)
    assert (entry.kind, entry.rule) == ("other", "site_filter_says_spam")
    assert codes(harness) == ["spam_not_answered"]


def test_a_form_that_the_filter_calls_spam_waits_for_a_person(open_harness: Opener) -> None:
    harness = open_harness(intake=SPAM)
    raw = compose(CLERK, "Form attached.", headers=MARK, files={"form.pdf": fill()})
    assert harness.deliver(raw) == "FOR_A_PERSON"
    assert (harness.letters(), harness.rows(Request)) == ([], [])


def test_a_command_that_the_filter_calls_spam_is_not_obeyed(open_filed: Opener) -> None:
    harness = open_filed(intake=SPAM)
    letters = harness.last_letter_id()
    raw = compose_reply(harness.notice(ORTEGA), APPROVE, headers=MARK)
    assert harness.deliver(raw) == "FOR_A_PERSON"
    assert (harness.status(), harness.last_letter_id()) == ("IN_REVIEW", letters)
