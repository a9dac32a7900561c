"""Mail of machines: spam, loops, absences; what is never answered and never obeyed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from inbox_worker.handling.filing import REPEATS_ANSWERED
from inbox_worker.review.attendance import end_absences
from inbox_worker.review.reply_answers import MISTAKES_PER_DAY
from inbox_worker.storage.models import Absence, Event, JournalEntry, Request
from tests.worker_harness import (
    ALVAREZ,
    APPROVE,
    CHEN,
    CLERK,
    LINDQVIST,
    MAILBOX,
    ORTEGA,
    SETTINGS,
    Harness,
    Opener,
    Sent,
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


# Staff who are away.

AWAY = {"Auto-Submitted": "auto-replied"}
UNTIL = "I am out of the office until May 12. For urgent matters call the desk."


def with_deputies(**deputies: str) -> list[dict[str, Any]]:
    """Return the staff with deputies, by the beginning of an address: `r_ortega=CHEN`."""
    return [
        {**one, "deputy": deputies.get(one["email"].partition("@")[0].replace(".", "_"), "")}
        for one in SETTINGS["staff"]
    ]


def go_away(
    harness: Harness, text: str = UNTIL, *, person: str = ORTEGA, **mail: Any
) -> str | None:
    """Answer the person's newest notice as their out-of-office program does."""
    mail = {"headers": AWAY, "subject": "Automatic reply: Review needed", **mail}
    return harness.deliver(compose_reply(harness.notice(person), text, author=person, **mail))


def absences(harness: Harness) -> list[tuple[str, date]]:
    with harness.services.database.read() as session:
        return [(a.address, a.until) for a in session.scalars(select(Absence))]


@pytest.fixture
def deputised(open_filed: Opener) -> Harness:
    """Return a worker with a request in review, and Chen as Ortega's deputy."""
    return open_filed(staff=with_deputies(r_ortega=CHEN))


def test_an_out_of_office_that_names_a_day_marks_its_author_away(deputised: Harness) -> None:
    before = len(deputised.letters(to=ORTEGA))
    assert go_away(deputised) == "IGNORED"
    assert absences(deputised) == [(ORTEGA, date(2026, 5, 12))]
    (event,) = (e for e in deputised.rows(Event) if e.code == "staff_away")
    assert event.detail == {
        "address": ORTEGA, "until": "2026-05-12", "deputy": CHEN, "reviews": 1,
    }  # fmt: skip
    assert len(deputised.letters(to=ORTEGA)) == before, "nobody answers a program"


def test_the_deputy_is_sent_every_open_review(deputised: Harness) -> None:
    go_away(deputised)
    notice = deputised.notice(CHEN)
    assert "You stand in for R. Ortega, who is away." in notice.text
    assert list(notice.files.values()) == [fill()]
    news = deputised.newest(CHEN, "staff_alert")
    assert "back on: 2026-05-12" in news.text
    assert deputised.reply(CHEN, "DENY no consent on file", to=notice)
    assert deputised.status() == "DENIED"


def test_new_notices_go_to_the_deputy_too(deputised: Harness) -> None:
    go_away(deputised)
    deputised.file(case_numbers="26-CR-000999")
    assert "You stand in for R. Ortega" in deputised.notice(CHEN).text
    assert "You stand in" not in deputised.notice(ORTEGA).text
    assert "You stand in" not in deputised.notice(LINDQVIST).text


def test_being_away_cancels_no_token(deputised: Harness) -> None:
    notice = deputised.notice(ORTEGA)
    go_away(deputised)
    deputised.reply(ORTEGA, "DENY no consent on file", to=notice)
    assert deputised.status() == "DENIED"


def test_the_same_news_twice_sends_nothing_twice(deputised: Harness) -> None:
    go_away(deputised)
    letters = deputised.last_letter_id()
    go_away(deputised, f"{UNTIL} Thank you.")
    assert deputised.last_letter_id() == letters
    assert codes(deputised).count("staff_away") == 1


def test_other_news_takes_the_place_of_the_old(deputised: Harness) -> None:
    go_away(deputised)
    go_away(deputised, "I am out of the office until May 19.")
    assert absences(deputised) == [(ORTEGA, date(2026, 5, 19))]
    assert codes(deputised).count("staff_away") == 2


@pytest.mark.parametrize(
    ("text", "mail"),
    [
        pytest.param("I am out of the office.", {}, id="it names no day"),
        pytest.param("I am out of the office until Monday.", {}, id="a day of the week only"),
        pytest.param("I was out of the office until May 2.", {}, id="a day that is past"),
        pytest.param(UNTIL, {"auth": None}, id="not proven to be theirs"),
        pytest.param(UNTIL, {"auth": "evil.example; dmarc=pass header.from=agency.example"},
                     id="proven by a stranger"),
        pytest.param(UNTIL, {"person": CLERK}, id="no member of staff"),
        pytest.param("Your message was read on May 12.",
                     {"headers": {"Content-Type": "multipart/report; report-type=x; boundary=b"}},
                     id="a receipt"),
    ],
)  # fmt: skip
def test_any_other_automatic_reply_changes_nothing(
    deputised: Harness, text: str, mail: dict[str, Any]
) -> None:
    letters = deputised.last_letter_id()
    if mail.get("person") == CLERK:
        deputised.deliver(compose(CLERK, text, headers=AWAY))
    elif "Content-Type" in mail.get("headers", {}):
        raw = compose(ORTEGA, text).replace(
            b'Content-Type: text/plain; charset="utf-8"', b"Content-Type: multipart/report"
        )
        assert b"multipart/report" in raw
        deputised.deliver(raw)
    else:
        go_away(deputised, text, **mail)
    assert absences(deputised) == []
    assert deputised.last_letter_id() == letters
    assert "staff_away" not in codes(deputised)


def test_a_command_in_an_automatic_reply_is_none(deputised: Harness) -> None:
    go_away(deputised, APPROVE)
    assert deputised.status() == "IN_REVIEW"


def test_whose_deputy_is_away_as_well_is_stood_in_for_by_the_deputys(open_filed: Opener) -> None:
    harness = open_filed(staff=with_deputies(r_ortega=CHEN, l_chen=ALVAREZ, d_alvarez=ORTEGA))
    go_away(harness, person=CHEN)
    go_away(harness)
    assert "You stand in for R. Ortega" in harness.notice(ALVAREZ).text
    harness.file(case_numbers="26-CR-000999")
    assert "R. Ortega and L. Chen, who are away" in harness.notice(ALVAREZ).text
    go_away(harness, person=ALVAREZ)
    assert [e.detail["deputy"] for e in harness.rows(Event) if e.code == "staff_away"] == [
        ALVAREZ, ALVAREZ, "",
    ], "and a circle ends"  # fmt: skip


def test_nobody_is_away_from_the_day_they_are_back(deputised: Harness) -> None:
    go_away(deputised)
    deputised.clock.advance(days=8)
    deputised.file(case_numbers="26-CR-000999")
    assert "You stand in" not in deputised.notice(CHEN).text
    assert end_absences(deputised.services) == 1
    assert absences(deputised) == []
    assert codes(deputised)[-1] == "staff_back"
    assert end_absences(deputised.services) == 0


# Programs that only their words betray.

BY_WORDS: dict[str, dict[str, Any]] = {
    "a subject of programs": {"subject": "AUTO: Dana is out of the office (returning 5/12/2026)"},
    "a subject behind a gateway's mark": {"subject": "[External] Automatic reply: your request"},
    "a text of programs": {"text": "[This is an automatic reply]\n\nI am away until May 12."},
    "the subject of a program, a person's text": {
        "subject": "Out of office: who covers", "text": "Who covers for officer Ortega?",
    },
}  # fmt: skip


@pytest.mark.parametrize("mail", [pytest.param(mail, id=name) for name, mail in BY_WORDS.items()])
def test_what_may_be_a_programs_is_no_answer_and_waits(
    filed: Harness, mail: dict[str, Any]
) -> None:
    filed.reply(ORTEGA, "NEED INFO birth date")
    question = filed.newest(CLERK)
    letters = filed.last_letter_id()
    text = mail.get("text", "I am away.")
    fields = {k: v for k, v in mail.items() if k != "text"}
    assert filed.deliver(compose_reply(question, text, **fields)) == "FOR_A_PERSON"
    assert (filed.status(), filed.last_letter_id()) == ("NEEDS_INFORMATION", letters)
    entry = filed.rows(JournalEntry)[-1]
    assert (entry.kind, entry.rule) == ("other", "machine_by_words_alone")
    assert codes(filed)[-1] == "perhaps_from_a_machine"


def test_what_may_be_a_programs_is_not_obeyed(filed: Harness) -> None:
    letters = filed.last_letter_id()
    raw = compose_reply(filed.notice(ORTEGA), APPROVE, subject="OOO: Re: Review needed")
    assert filed.deliver(raw) == "FOR_A_PERSON"
    assert (filed.status(), filed.last_letter_id()) == ("IN_REVIEW", letters)


def test_a_form_that_may_be_a_programs_waits(harness: Harness) -> None:
    raw = compose(CLERK, "See attached.", subject="Automatic reply: x", files={"f.pdf": fill()})
    assert harness.deliver(raw) == "FOR_A_PERSON"
    assert (harness.letters(), harness.rows(Request)) == ([], [])


def test_an_out_of_office_that_lost_its_header_marks_its_author_away_and_waits(
    deputised: Harness,
) -> None:
    assert go_away(deputised, headers={}) == "FOR_A_PERSON"
    assert absences(deputised) == [(ORTEGA, date(2026, 5, 12))]


@pytest.mark.parametrize(
    "mail",
    [
        pytest.param({"subject": "Re: Review needed"}, id="by its text alone"),
        pytest.param({"subject": "Read: Review needed"}, id="a receipt"),
        pytest.param({"auth": None}, id="not proven to be theirs"),
    ],
)
def test_other_words_of_programs_mark_nobody_away(deputised: Harness, mail: dict[str, Any]) -> None:
    assert go_away(deputised, headers={}, **mail) == "FOR_A_PERSON"
    assert absences(deputised) == []


# Two programs that answer each other.


def answer_as_program(letter: Sent, turn: int, author: str, *, keep: bool) -> bytes:
    """Return what an autoresponder sends that takes every mark off, and the files back on."""
    thread = {"in_reply_to": letter.message_id} if keep else {"in_reply_to": None}
    return compose_reply(
        letter,
        f"Thank you for your message number {turn}.",
        author=author,
        to=letter.reply_to if keep and letter.message["Reply-To"] else MAILBOX,
        files=letter.files,
        subject=f"Re: {letter.subject}" if keep else f"We got your mail ({turn})",
        **thread,
    )


LOOPS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a mail without a form": (CLERK, lambda: compose(CLERK, "Hello")),
    "a form": (CLERK, lambda: compose(CLERK, "Form.", files={"form.pdf": fill()})),
    "an incomplete form": (
        CLERK, lambda: compose(CLERK, "Form.", files={"form.pdf": fill(case_numbers=None)}),
    ),
    "a file that is no form": (
        CLERK, lambda: compose(CLERK, "Form.", files={"form.pdf": b"%PDF-1.7 nothing"}),
    ),
    "a keyword": (CLERK, lambda: compose(CLERK, "STATUS CJS-2026-000777-6")),
    "a member of staff": (ORTEGA, lambda: compose(ORTEGA, "Hello")),
}  # fmt: skip


@pytest.mark.parametrize("keep", [True, False], ids=["it keeps the thread", "it keeps nothing"])
@pytest.mark.parametrize(
    ("author", "begin"), [pytest.param(*case, id=name) for name, case in LOOPS.items()]
)
def test_two_programs_do_not_answer_each_other_for_ever(
    harness: Harness, author: str, begin: Callable[[], bytes], *, keep: bool
) -> None:
    harness.deliver(begin())
    turn = 0
    while len(letters := [x for x in harness.letters(to=author) if x.kind != "staff_alert"]) > turn:
        assert turn < 30, "it goes on"
        harness.deliver(answer_as_program(letters[turn], turn, author, keep=keep))
        turn += 1


@pytest.mark.parametrize("form", [fill(), fill(case_numbers=None)], ids=["whole", "incomplete"])
def test_a_program_that_sends_the_form_again_and_again_is_not_answered_for_ever(
    harness: Harness, form: bytes
) -> None:
    for turn in range(REPEATS_ANSWERED + 6):
        raw = compose(CLERK, f"Ticket {turn}", files={"form.pdf": form})
        assert harness.deliver(raw) == "FILED", "nothing is lost"
    assert len(harness.letters(to=CLERK)) == REPEATS_ANSWERED + 1
    assert codes(harness).count("repeat_not_answered") == 5


def test_a_program_in_a_reviewers_name_is_answered_so_often_and_no_more(filed: Harness) -> None:
    letter = filed.notice(ORTEGA)
    for turn in range(MISTAKES_PER_DAY + 5):
        filed.deliver(answer_as_program(letter, turn, ORTEGA, keep=True))
        letter = filed.newest(ORTEGA)
    assert len(filed.letters(to=ORTEGA, kind="mistake")) == MISTAKES_PER_DAY
    assert filed.status() == "IN_REVIEW"


# Real mail of machines.

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "machine-mail"


@pytest.mark.corpus
def test_no_machine_is_answered_or_obeyed(filed: Harness) -> None:
    if not SAMPLES.is_dir():
        pytest.skip("the public collection machine-mail is not at hand")
    letters, status = filed.last_letter_id(), filed.status()
    expected = json.loads((SAMPLES / "expected.json").read_text("utf-8"))
    machines = [e["file"] for e in expected if e["label"] != "not_bounce"]
    for name in machines:
        filed.record((SAMPLES / name).read_bytes())
    filed.work()
    found = Counter(e.disposition for e in filed.rows(JournalEntry)[1:])
    assert set(found) <= {"BOUNCE_RECORDED", "IGNORED"}
    assert found.total() == len(machines)
    assert {x.kind for x in filed.letters() if x.id > letters} <= {"staff_alert"}, "complaints"
    assert (filed.status(), len(filed.rows(Request))) == (status, 1)
