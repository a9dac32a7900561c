"""RESEND and REVOKE: what is done with a certification that has left."""

from __future__ import annotations

from datetime import timedelta

import pytest

from inbox_worker.storage.models import CertificationRecord, Event
from tests.worker_harness import APPROVE, CHEN, CLERK, LINDQVIST, ORTEGA, Harness, Opener

pytestmark = pytest.mark.on_both

ELSEWHERE = "chief.clerk@courts.example"


@pytest.fixture
def issued(open_filed: Opener) -> Harness:
    harness = open_filed(review={"confirm": False})
    harness.reply(ORTEGA, APPROVE, to=harness.notice(ORTEGA))
    harness.clock.advance(minutes=11)
    assert harness.issue() == 1
    return harness


def sent(harness: Harness, address: str) -> list[bytes]:
    letters = harness.letters(to=address, kind="certification")
    return [data for letter in letters for data in letter.files.values()]


def test_the_same_bytes_go_where_they_went_before(issued: Harness) -> None:
    issued.reply(CHEN, "RESEND", to=issued.notice(CHEN))
    first, again = sent(issued, CLERK)
    assert first == again
    assert issued.status() == "ISSUED"


def test_another_address_takes_two_people(issued: Harness) -> None:
    answer = issued.reply(CHEN, f"RESEND {ELSEWHERE}", to=issued.notice(CHEN))
    assert "Nothing is sent yet" in answer.text
    again = issued.reply(CHEN, f"RESEND {ELSEWHERE}", to=answer)
    assert "Nothing is sent yet" in again.text, "nobody is their own second person"
    assert sent(issued, ELSEWHERE) == []
    asked = issued.newest(ORTEGA)
    assert "A second person is needed" in asked.subject
    issued.reply(ORTEGA, f"RESEND {ELSEWHERE.upper()}", to=asked)
    assert sent(issued, ELSEWHERE.upper()) == sent(issued, CLERK)
    (event,) = [e for e in issued.rows(Event) if e.code == "certification_resent"]
    assert event.detail["recipient"] == ELSEWHERE.upper()


@pytest.mark.parametrize(
    ("second", "days"),
    [
        pytest.param("RESEND other@courts.example", 0, id="another address again"),
        pytest.param(f"RESEND {ELSEWHERE}", 8, id="a week later"),
    ],
)
def test_two_people_must_mean_the_same_in_time(issued: Harness, second: str, days: int) -> None:
    issued.reply(CHEN, f"RESEND {ELSEWHERE}", to=issued.notice(CHEN))
    asked = issued.newest(ORTEGA)
    issued.clock.advance(days=days)
    assert "Nothing is sent yet" in issued.reply(ORTEGA, second, to=asked).text
    assert len(issued.letters(kind="certification")) == 1


@pytest.mark.parametrize("argument", ["to the clerk", "clerk@", "a@b.example, c@d.example"])
def test_what_is_no_address_sends_nothing(issued: Harness, argument: str) -> None:
    answer = issued.reply(CHEN, f"RESEND {argument}", to=issued.notice(CHEN))
    assert answer.kind in {"not_permitted", "mistake"}
    assert len(issued.letters(kind="certification")) == 1


def test_a_revocation_reaches_everybody_it_was_sent_to_and_says_nothing(issued: Harness) -> None:
    issued.reply(CHEN, f"RESEND {ELSEWHERE}", to=issued.notice(CHEN))
    issued.reply(ORTEGA, f"RESEND {ELSEWHERE}")
    answer = issued.reply(ORTEGA, "REVOKE the A-number was misread", to=issued.notice(ORTEGA))
    assert "The certification is revoked." in answer.text
    assert issued.status() == "REVOKED"
    (record,) = issued.rows(CertificationRecord)
    assert record.status == "revoked"
    letters = issued.letters(kind="revocation")
    assert [letter.recipient for letter in letters] == [CLERK, ELSEWHERE]
    for letter in letters:
        assert record.control_number in letter.text
        assert "Please do not rely on it any more." in letter.text
        for secret in ("misread", "A-number", "Ejemplo", "custody", "Guatemala"):
            assert secret not in letter.text


@pytest.mark.parametrize("word", ["RESEND", "REVOKE wrong person"])
def test_a_mere_reviewer_touches_nothing_that_left(issued: Harness, word: str) -> None:
    answer = issued.reply(LINDQVIST, word, to=issued.notice(LINDQVIST))
    assert "needs the role of approver" in answer.text
    assert issued.status() == "ISSUED"


def test_what_is_revoked_is_not_sent_again(issued: Harness) -> None:
    issued.reply(ORTEGA, "REVOKE wrong person", to=issued.notice(ORTEGA))
    assert issued.reply(CHEN, "RESEND", to=issued.notice(CHEN)).kind in {
        "not_permitted",
        "already_decided",
    }
    assert len(issued.letters(kind="certification")) == 1


def test_it_is_revoked_once(issued: Harness) -> None:
    notice = issued.notice(ORTEGA)
    issued.reply(ORTEGA, "REVOKE wrong person", to=notice)
    issued.clock.now += timedelta(minutes=1)
    issued.reply(ORTEGA, "REVOKE wrong person", to=notice)
    assert len(issued.letters(kind="revocation")) == 1


def test_a_protection_stops_what_waits_to_be_sent_again(issued: Harness) -> None:
    issued.reply(CHEN, "RESEND", to=issued.notice(CHEN))
    issued.reply(LINDQVIST, "PROTECT", to=issued.notice(LINDQVIST))
    statuses = [letter.status for letter in issued.letters(kind="certification")]
    assert statuses == ["CANCELLED", "CANCELLED"]
