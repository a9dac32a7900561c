"""Work that does not stall: whose it is, who is reminded, who is away, and the digest."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from inbox_worker.review.attendance import end_absences
from inbox_worker.review.digest import send_digest
from inbox_worker.review.reminders import see_to_open_reviews
from inbox_worker.storage.models import Absence, Event, LetterRecord
from tests.worker_harness import ALVAREZ, APPROVE, CHEN, CLERK, LINDQVIST, ORTEGA, STAFF, Harness

pytestmark = pytest.mark.on_both

#: Monday, May 4, 2026, 3 p.m. in the office; the holiday nearest by is May 25.
MONDAY = datetime(2026, 5, 4, 19, 0, tzinfo=UTC)


@pytest.fixture
def office(harness: Harness) -> Harness:
    harness.clock.now = MONDAY
    return harness


def remind(harness: Harness) -> int:
    return sum(see_to_open_reviews(harness.services))


def asked(harness: Harness, kind: str = "review_notice") -> list[str]:
    """Return who has had a notice, in the order of the letters."""
    return [letter.recipient for letter in harness.letters(kind=kind)]


def with_deputy(harness: Harness, who: str, deputy: str) -> None:
    staff = [m.model_dump() for m in harness.services.settings.staff]
    for member in staff:
        member["deputy"] = deputy if member["email"] == who else member["deputy"]
    harness.change_settings(staff=staff)


# Whose it is.


def test_every_reviewer_is_asked_until_it_is_somebodys(office: Harness) -> None:
    office.file()
    assert asked(office) == list(STAFF)
    assert office.request().assigned_to is None


def test_approvers_take_turns(office: Harness) -> None:
    office.change_settings(review={"assignment": "round_robin"})
    for number in range(4):
        office.file(case_numbers=f"26-CR-{number}")
    assert asked(office) == [ORTEGA, CHEN, ALVAREZ, ORTEGA], "a mere reviewer could not decide"


def test_who_is_away_misses_their_turn_while_others_are_there(office: Harness) -> None:
    office.change_settings(review={"assignment": "round_robin"})
    office.file()
    office.reply(ORTEGA, "AWAY until 2026-05-18")
    for number in range(3):
        office.file(case_numbers=f"26-CR-{number}")
    assert asked(office) == [ORTEGA, CHEN, ALVAREZ, CHEN]


@pytest.mark.parametrize(
    ("court", "whom"),
    [
        pytest.param({"court_state": "GA"}, [CHEN], id="whose office it is"),
        pytest.param({"court_state": "MD"}, [ORTEGA], id="another's"),
        pytest.param({"court_state": "OH"}, list(STAFF), id="an office nobody here belongs to"),
        pytest.param(
            {"court_state": "TX", "court_county": "Harris"}, list(STAFF), id="no office is known"
        ),
    ],
)
def test_requests_go_to_the_office_of_the_court(
    office: Harness, court: dict[str, str], whom: list[str]
) -> None:
    staff = [m.model_dump() for m in office.services.settings.staff]
    offices = {CHEN: ["Atlanta", "Miami"], ORTEGA: ["Baltimore"]}
    for member in staff:
        member["offices"] = offices.get(member["email"], [])
    office.change_settings(staff=staff, review={"assignment": "field_office"})
    office.file(**court)
    assert asked(office) == whom


def test_a_colleague_is_given_a_request_and_asked(office: Harness) -> None:
    office.file()
    office.reply(LINDQVIST, f"ASSIGN {CHEN}", to=office.notice(LINDQVIST))
    assert "The request is L. Chen's now." in office.newest(LINDQVIST).text
    assert office.request().assigned_to == CHEN
    assert asked(office) == [*STAFF, CHEN]
    assert (office.status(), office.request().round) == ("IN_REVIEW", 1), "nothing is decided"
    office.reply(CHEN, APPROVE, to=office.newest(CHEN, "review_notice"))
    assert office.newest(CHEN).kind == "transcript"


@pytest.mark.parametrize(
    "argument",
    [
        "nobody@agency.example",
        "Chen",
        CLERK,
        f"{CHEN} {ORTEGA}",
        f"{CHEN} or deny",
    ],
    ids=["no colleague", "no address", "an outsider", "two", "and a word more"],
)
def test_nobody_else_can_be_given_one(office: Harness, argument: str) -> None:
    office.file()
    answer = office.reply(LINDQVIST, f"ASSIGN {argument}", to=office.notice(LINDQVIST))
    assert answer.kind in {"not_permitted", "mistake"}
    assert office.request().assigned_to is None


def test_later_rounds_ask_whom_it_was_given_to(office: Harness) -> None:
    office.file()
    office.reply(LINDQVIST, f"ASSIGN {CHEN}", to=office.notice(LINDQVIST))
    office.reply(CHEN, APPROVE, to=office.newest(CHEN, "review_notice"))
    office.reply(CHEN, "CONFIRM")
    before = len(asked(office))
    office.reply(CHEN, "CANCEL")
    assert asked(office)[before:] == [CHEN]


# Reminders, in business time.


def at(day: int, hour: int = 19, minute: int = 1) -> datetime:
    return datetime(2026, 5, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("form", "moments"),
    [
        pytest.param({}, [at(11), at(18)], id="ordinary: five business days, and five more"),
        pytest.param({"consequences": ["warrant"]}, [at(7), at(12)], id="a warrant: three"),
        pytest.param(
            {"consequences": ["in_custody_on_warrant"]}, [at(5), at(6)], id="held on it: one"
        ),
        pytest.param({"next_hearing_date": "2026-05-12"}, [at(5), at(6)], id="a hearing is near"),
    ],
)
def test_reviewers_are_reminded_by_how_pressing_it_is(
    office: Harness, form: dict[str, Any], moments: list[datetime]
) -> None:
    office.file(**form)
    first = len(asked(office))
    for number, moment in enumerate(moments, 1):
        office.clock.now = moment.replace(minute=0, hour=18)
        assert not any(e.code == "review_reminded" for e in office.rows(Event)) or number == 2
        remind(office)
        assert len(asked(office)) == first * number, "not an hour too early"
        office.clock.now = moment
        remind(office)
        assert len(asked(office)) == first * (number + 1)
        assert "Reminder: review needed" in office.newest(ORTEGA, "review_notice").subject
    alerts = office.letters(kind="staff_alert", to=ALVAREZ)
    assert any("waited too long" in letter.text for letter in alerts)
    office.clock.now = at(29)
    remind(office)
    assert len(asked(office)) == first * 3, "then it is the supervisors'"


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(at(9), id="a Saturday"),
        pytest.param(at(25), id="a holiday"),
        pytest.param(at(12, hour=2), id="ten at night"),
    ],
)
def test_nobody_is_reminded_when_the_office_is_closed(office: Harness, moment: datetime) -> None:
    office.file(consequences=["in_custody_on_warrant"])
    office.clock.now = moment
    assert remind(office) == 0


def test_a_reminder_can_be_answered_and_goes_to_everybody(office: Harness) -> None:
    office.change_settings(review={"assignment": "round_robin"})
    office.file(consequences=["in_custody_on_warrant"])
    office.clock.now = at(5)
    remind(office)
    assert asked(office) == [ORTEGA, *STAFF]
    office.reply(CHEN, APPROVE, to=office.newest(CHEN, "review_notice"))
    assert office.newest(CHEN).kind == "transcript"


def test_a_deadline_that_comes_near_makes_it_pressing(office: Harness) -> None:
    office.file(deadline_date="2026-06-01")
    assert office.request().priority == 2
    office.clock.now = at(27)
    remind(office)
    assert office.request().priority == 1
    office.clock.now = at(28)
    remind(office)
    remind(office)
    near = [a for a in office.letters(kind="staff_alert", to=ALVAREZ) if "day is near" in a.subject]
    assert len(near) == 1


def test_who_is_away_is_reminded_of_nothing_and_their_deputy_is(office: Harness) -> None:
    with_deputy(office, ORTEGA, CHEN)
    office.file(consequences=["in_custody_on_warrant"])
    office.reply(ORTEGA, "AWAY until 2026-05-18", to=office.notice(ORTEGA))
    before = len(asked(office))
    office.clock.now = at(5)
    remind(office)
    assert sorted(asked(office)[before:]) == sorted([CHEN, ALVAREZ, LINDQVIST])


def test_a_second_person_is_reminded_too(office: Harness) -> None:
    office.change_settings(review={"approvals": 2, "confirm": False})
    office.file(consequences=["in_custody_on_warrant"])
    office.reply(ORTEGA, APPROVE, to=office.notice(ORTEGA))
    assert office.status() == "SECOND_REVIEW"
    office.clock.now = at(5)
    remind(office)
    reminders = [
        letter
        for letter in office.letters(kind="second_review_notice")
        if "Reminder" in letter.subject
    ]
    assert [letter.recipient for letter in reminders] == [CHEN, ALVAREZ]
    office.reply(ALVAREZ, "APPROVE", to=reminders[-1])
    assert office.status() == "APPROVED"


# Going away and coming back.


@pytest.mark.parametrize(
    ("written", "until"),
    [
        pytest.param("AWAY until 2026-05-18", "2026-05-18", id="as the help says"),
        pytest.param("away May 18, 2026", "2026-05-18", id="a date alone"),
        pytest.param("Away till 5/18/2026.", "2026-05-18", id="a US date"),
        pytest.param("AWAY until 18 May", "2026-05-18", id="without a year"),
    ],
)
def test_a_reply_marks_its_writer_away(office: Harness, written: str, until: str) -> None:
    office.file()
    answer = office.reply(CHEN, written, to=office.notice(CHEN))
    assert "You are marked away." in answer.text
    (absence,) = office.rows(Absence)
    assert (absence.address, absence.until.isoformat()) == (CHEN, until)
    assert office.status() == "IN_REVIEW"


@pytest.mark.parametrize(
    "written",
    [
        "AWAY until 2026-05-04",
        "AWAY until 2126-05-04",
        "AWAY until further notice",
        "AWAY until",
        "AWAY until 2026-05-18 or so",
    ],
    ids=["today", "a century", "no day", "nothing", "a day and words"],
)
def test_a_day_that_cannot_be_marks_nobody_away(office: Harness, written: str) -> None:
    office.file()
    assert office.reply(CHEN, written, to=office.notice(CHEN)).kind in {"not_permitted", "mistake"}
    assert office.rows(Absence) == []


def test_who_comes_back_is_back(office: Harness) -> None:
    office.file()
    office.reply(CHEN, "AWAY until 2026-05-18", to=office.notice(CHEN))
    assert "You are marked back." in office.reply(CHEN, "BACK").text
    assert office.rows(Absence) == []
    assert "You were not marked away." in office.reply(CHEN, "BACK").text
    assert [e.code for e in office.rows(Event) if e.code.startswith("staff_")] == [
        "staff_away",
        "staff_back",
    ]


def test_every_letter_about_a_request_has_its_event_there(office: Harness) -> None:
    office.file()
    office.clock.advance(minutes=1)
    office.reply(CHEN, "AWAY until 2026-05-18", to=office.notice(CHEN))
    office.clock.advance(minutes=1)
    office.reply(CHEN, "AWAY until 2026-05-18", to=office.notice(CHEN))
    office.clock.advance(minutes=1)
    office.reply(CHEN, "BACK")
    events = {(e.request_id, e.at) for e in office.rows(Event)}
    letters = [x for x in office.rows(LetterRecord) if x.request_id is not None]
    assert len({x.created_at for x in letters}) == 4, "at each of these moments"
    assert all((x.request_id, x.created_at) in events for x in letters)


def test_being_away_ends_by_itself_and_cancels_no_token(office: Harness) -> None:
    office.file()
    notice = office.notice(ORTEGA)
    office.reply(ORTEGA, "AWAY until 2026-05-06", to=notice)
    assert office.reply(ORTEGA, APPROVE, to=notice).kind == "transcript"
    office.clock.now = at(6)
    assert end_absences(office.services) == 1


# The digest.


def test_supervisors_get_a_digest_each_business_day(office: Harness) -> None:
    office.file()
    office.file(case_numbers="26-CR-9", consequences=["in_custody_on_warrant"])
    office.file(case_numbers=None)
    office.clock.now = at(13, hour=11, minute=59)
    assert send_digest(office.services) == 0, "before eight in the morning"
    office.clock.now = at(13, hour=12)
    assert send_digest(office.services) == 1
    assert send_digest(office.services) == 0, "once a day"
    letter = office.newest(ALVAREZ, "digest")
    for words in (
        "Digest of open reviews",
        "In review: 2",
        "Waiting for a corrected form: 1",
        "6 to 10 days: 2",
        f"{office.request(0).tracking_number}: In review, 7 business days",
    ):
        assert words in (letter.text + letter.subject)
    assert "Ejemplo" not in letter.text
    assert "Whitlock" not in letter.text


def test_the_digest_shows_its_figures_as_a_picture_with_words_for_it(office: Harness) -> None:
    office.file()
    office.clock.now = at(5)
    send_digest(office.services)
    message = office.newest(ALVAREZ, "digest").message
    (picture,) = [part for part in message.walk() if part.get_content_type() == "image/png"]
    with Image.open(BytesIO(picture.get_payload(decode=True))) as image:  # type: ignore[arg-type]
        assert image.size == (1040, 348)
    html = message.get_body(("html",))
    assert html is not None
    assert 'alt="Open reviews by how long they have waited, as bars. 0 to 1 day: 1' in (
        html.get_content()
    )


@pytest.mark.parametrize("day", [9, 25], ids=["a Saturday", "a holiday"])
def test_no_digest_comes_on_a_day_off(office: Harness, day: int) -> None:
    office.clock.now = at(day)
    assert send_digest(office.services) == 0


def test_a_deputy_reads_the_digest_of_who_is_away(office: Harness) -> None:
    with_deputy(office, ALVAREZ, CHEN)
    office.file()
    office.reply(ALVAREZ, "AWAY until 2026-05-18", to=office.notice(ALVAREZ))
    office.clock.now = at(5)
    assert send_digest(office.services) == 1
    digest = office.newest(CHEN, "digest").text
    assert "D. Alvarez: May 18, 2026; L. Chen stands in" in digest
