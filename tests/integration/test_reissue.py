"""REISSUE: another certification takes the place of one that left, decided as the first one was."""

from __future__ import annotations

from io import BytesIO

import pdfplumber
import pytest

from inbox_worker.storage.models import CertificationRecord
from tests.worker_harness import (
    ALVAREZ,
    APPROVE,
    CHEN,
    CLERK,
    LINDQVIST,
    ORTEGA,
    Harness,
    Opener,
    Sent,
    findings,
)

pytestmark = pytest.mark.on_both


def otherwise(day: str) -> str:
    """Return a REISSUE with another day of removal."""
    text = findings(removed=day, custody=f"2026-03-02 to {day}")
    return text.replace("APPROVE", "REISSUE", 1)


OTHERWISE = otherwise("2026-04-18")


def issue(harness: Harness) -> Harness:
    harness.reply(ORTEGA, APPROVE, to=harness.notice(ORTEGA))
    if harness.status() == "IN_REVIEW":
        harness.reply(ORTEGA, "CONFIRM")
    if harness.status() == "SECOND_REVIEW":
        harness.reply(ALVAREZ, "APPROVE", to=harness.notice(ALVAREZ))
    harness.clock.advance(minutes=11)
    assert harness.issue() == 1
    return harness


def reissue(harness: Harness, person: str = ORTEGA, text: str = OTHERWISE) -> Sent:
    return harness.reply(person, text, to=harness.notice(person))


def statuses(harness: Harness) -> list[str]:
    return [record.status for record in harness.rows(CertificationRecord)]


def words_of(harness: Harness, number: int) -> str:
    letter = harness.letters(to=CLERK, kind="certification")[number]
    (data,) = letter.files.values()
    with pdfplumber.open(BytesIO(data)) as pdf:
        return " ".join(" ".join(page.extract_text().split()) for page in pdf.pages)


def test_it_is_shown_confirmed_and_waits_as_the_first_one_did(open_filed: Opener) -> None:
    harness = issue(open_filed())
    shown = reissue(harness)
    assert "reply CONFIRM" in shown.text
    assert statuses(harness) == ["current"]
    harness.reply(ORTEGA, "CONFIRM")
    assert (harness.status(), harness.issue()) == ("ISSUED", 0), "the undo window first"
    harness.clock.advance(minutes=11)
    assert (harness.issue(), harness.issue()) == (1, 0)
    assert (harness.status(), statuses(harness)) == ("ISSUED", ["superseded", "current"])
    assert "April 17, 2026" in words_of(harness, 0)
    assert "April 18, 2026" in words_of(harness, 1)
    assert "Supersedes" in words_of(harness, 1)


def test_whoever_has_the_old_one_and_not_the_new_is_told(open_filed: Opener) -> None:
    elsewhere = "chief.clerk@courts.example"
    harness = issue(open_filed(review={"confirm": False}))
    harness.reply(CHEN, f"RESEND {elsewhere}", to=harness.notice(CHEN))
    harness.reply(ORTEGA, f"RESEND {elsewhere}")
    reissue(harness)
    harness.clock.advance(minutes=11)
    harness.issue()
    (told,) = harness.letters(kind="revocation")
    assert told.recipient == elsewhere
    assert "is replaced by one with the control number" in told.text
    assert "Please do not rely on it any more." in told.text


def test_it_is_taken_back_and_the_earlier_answer_stands(open_filed: Opener) -> None:
    harness = issue(open_filed(review={"confirm": False}))
    notices = len(harness.letters(kind="review_notice"))
    reissue(harness)
    answer = harness.reply(ORTEGA, "CANCEL")
    assert "The earlier answer stands." in answer.text
    harness.clock.advance(minutes=60)
    assert harness.issue() == 0
    assert (harness.status(), statuses(harness)) == ("ISSUED", ["current"])
    assert len(harness.letters(kind="review_notice")) == notices, "nobody is asked anew"
    assert harness.reply(ORTEGA, OTHERWISE, to=answer).kind == "transcript", "it can be tried again"


def test_what_has_left_is_not_taken_back(open_filed: Opener) -> None:
    harness = issue(open_filed(review={"confirm": False}))
    reissue(harness)
    harness.clock.advance(minutes=11)
    harness.issue()
    harness.reply(ORTEGA, "CANCEL")
    assert (harness.status(), statuses(harness)) == ("ISSUED", ["superseded", "current"])


def test_nothing_is_revoked_while_another_waits_to_leave(open_filed: Opener) -> None:
    harness = issue(open_filed(review={"confirm": False}))
    reissue(harness)
    answer = harness.reply(ORTEGA, "REVOKE wrong person")
    assert "Take that back with CANCEL" in " ".join(answer.text.split())
    assert (harness.status(), statuses(harness)) == ("ISSUED", ["current"])
    harness.reply(ORTEGA, "CANCEL")
    harness.reply(ORTEGA, "REVOKE wrong person")
    harness.clock.advance(minutes=60)
    assert harness.issue() == 0
    assert (harness.status(), statuses(harness)) == ("REVOKED", ["revoked"])


def test_what_was_revoked_is_issued_again(open_filed: Opener) -> None:
    harness = issue(open_filed(review={"confirm": False}))
    harness.reply(ORTEGA, "REVOKE wrong day", to=harness.notice(ORTEGA))
    reissue(harness)
    assert harness.status() == "REVOKED"
    harness.clock.advance(minutes=11)
    harness.issue()
    assert (harness.status(), statuses(harness)) == ("ISSUED", ["revoked", "current"])


def test_what_was_revoked_everywhere_is_issued_again_and_told_of_everywhere(
    open_filed: Opener,
) -> None:
    elsewhere = "chief.clerk@courts.example"
    harness = issue(open_filed(review={"confirm": False}))
    harness.reply(CHEN, f"RESEND {elsewhere}", to=harness.notice(CHEN))
    harness.reply(ORTEGA, f"RESEND {elsewhere}")
    harness.reply(ORTEGA, "REVOKE wrong day", to=harness.notice(ORTEGA))
    told = len(harness.letters(kind="revocation"))
    reissue(harness)
    harness.clock.advance(minutes=11)
    assert harness.issue() == 1
    assert (harness.status(), statuses(harness)) == ("ISSUED", ["revoked", "current"])
    (last,) = harness.letters(kind="revocation")[told:]
    assert last.recipient == elsewhere
    assert "is replaced by one with the control number" in last.text


@pytest.mark.parametrize("second", ["REISSUE", OTHERWISE], ids=["adopted", "written again"])
def test_it_takes_two_people_where_the_first_did(open_filed: Opener, second: str) -> None:
    harness = issue(open_filed(review={"approvals": 2, "confirm": False}))
    reissue(harness)
    harness.clock.advance(minutes=11)
    assert harness.issue() == 0
    asked = harness.newest(ALVAREZ, "second_review_notice")
    assert "REISSUE alone adopts these findings." in asked.text
    harness.reply(ALVAREZ, second, to=asked)
    harness.clock.advance(minutes=11)
    assert harness.issue() == 1
    assert statuses(harness) == ["superseded", "current"]


def test_findings_that_differ_issue_nothing_and_change_nothing(open_filed: Opener) -> None:
    harness = issue(open_filed(review={"approvals": 2, "confirm": False}))
    reissue(harness)
    asked = harness.newest(ALVAREZ, "second_review_notice")
    harness.reply(ALVAREZ, otherwise("2026-04-19"), to=asked)
    assert "Two approvals differ" in harness.newest(ORTEGA).subject
    harness.clock.advance(minutes=11)
    assert harness.issue() == 0
    assert (harness.status(), statuses(harness)) == ("ISSUED", ["current"])


def test_nobody_is_their_own_second_person_and_may_begin_anew(open_filed: Opener) -> None:
    harness = issue(open_filed(review={"approvals": 2, "confirm": False}))
    first = reissue(harness)
    harness.reply(ORTEGA, OTHERWISE, to=first)
    harness.clock.advance(minutes=11)
    assert harness.issue() == 0
    states = [state for keyword, _, state in harness.decisions() if keyword == "REISSUE"]
    assert states == ["SUPERSEDED", "FIRST"]


@pytest.mark.parametrize(
    ("person", "text", "words"),
    [
        pytest.param(LINDQVIST, OTHERWISE, "needs the role of approver", id="a mere reviewer"),
        pytest.param(ORTEGA, "REISSUE", "needs your findings", id="no findings"),
        pytest.param(ORTEGA, APPROVE, "already decided", id="the word for a first answer"),
    ],
)
def test_what_cannot_be_reissued_is_said(
    open_filed: Opener, person: str, text: str, words: str
) -> None:
    harness = issue(open_filed(review={"confirm": False}))
    assert words in reissue(harness, person, text).text
    assert statuses(harness) == ["current"]


def test_a_password_is_asked_for_in_vain(open_filed: Opener) -> None:
    harness = issue(open_filed(review={"confirm": False}))
    assert "left without a password" in reissue(harness, LINDQVIST, "PASSWORD").text
