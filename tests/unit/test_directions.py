"""The contact directory, its hours at a moment, and the letters that say where to turn."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from config.data import TOPIC_FILES, read_data
from inbox_worker.business_time import is_federal_holiday
from outbound.letters.compose import Letter, Letterhead
from outbound.letters.direction_letters import (
    Demand,
    build_directions,
    compose_demand_received,
    compose_redirect,
    compose_request_form,
    compose_urgent_help,
)
from outbound.letters.opening_hours import describe_hours, describe_now
from parsers.classification.directory import Hours, parse_directory
from parsers.classification.topic_table import Handling, parse_topic_table
from parsers.classification.topics import read_text
from parsers.errors import ParseError
from tests.unit.test_letters import OUTSIDE, Page

TABLE = parse_topic_table(*map(read_data, TOPIC_FILES))
DIRECTORY = parse_directory(read_data("contacts/contacts.toml"))
HEAD = Letterhead(agency="Example Immigration Agency (demo)", mailbox="ero@agency.example")
EASTERN = ZoneInfo("America/New_York")
MONDAY = datetime(2026, 5, 4, 15, 0, tzinfo=EASTERN)


def dril() -> Hours:
    channel = DIRECTORY.find("dril")
    assert channel is not None
    assert channel.hours is not None
    return channel.hours


def write(text: str, *, now: datetime = MONDAY, language: str | None = None) -> Letter:
    about = read_text(text, TABLE)
    directions = build_directions(
        about.topics,
        head=HEAD,
        table=TABLE,
        directory=DIRECTORY,
        language=language or about.language,
        now=now,
        is_holiday=is_federal_holiday,
        blank_form=b"%PDF-",
        leave_out=Handling.FORM if about.having(Handling.FORM) else None,
    )
    if about.having(Handling.URGENT):
        return compose_urgent_help(replace(directions, blank_form=None))
    if about.having(Handling.FORM):
        return compose_request_form(directions)
    return compose_redirect(replace(directions, blank_form=None))


def words(letter: Letter) -> str:
    return " ".join(letter.text.split())


@pytest.mark.parametrize(
    ("now", "english", "spanish"),
    [
        pytest.param(
            datetime(2026, 5, 4, 15, 0, tzinfo=EASTERN),
            "Open now, until 8 p.m. Eastern.",
            "Abierto ahora, hasta las 8 p. m., hora del Este.",
            id="on a working day",
        ),
        pytest.param(
            datetime(2026, 5, 4, 12, 0, tzinfo=UTC),
            "Open now, until 8 p.m. Eastern.",
            "Abierto ahora, hasta las 8 p. m., hora del Este.",
            id="on the stroke of eight, told in another zone",
        ),
        pytest.param(
            datetime(2026, 5, 4, 7, 59, 59, tzinfo=EASTERN),
            "Closed now; opens today 8 a.m. Eastern.",
            "Cerrado ahora; abre hoy a las 8 a. m., hora del Este.",
            id="a second before",
        ),
        pytest.param(
            datetime(2026, 5, 4, 20, 0, tzinfo=EASTERN),
            "Closed now; opens Tuesday 8 a.m. Eastern.",
            "Cerrado ahora; abre el martes a las 8 a. m., hora del Este.",
            id="closing time",
        ),
        pytest.param(
            datetime(2026, 5, 8, 21, 0, tzinfo=EASTERN),
            "Closed now; opens Monday 8 a.m. Eastern.",
            "Cerrado ahora; abre el lunes a las 8 a. m., hora del Este.",
            id="a Friday evening",
        ),
        pytest.param(
            datetime(2026, 5, 23, 12, 0, tzinfo=EASTERN),
            "Closed now; opens Tuesday 8 a.m. Eastern.",
            "Cerrado ahora; abre el martes a las 8 a. m., hora del Este.",
            id="before Memorial Day",
        ),
        pytest.param(
            datetime(2026, 7, 3, 12, 0, tzinfo=EASTERN),
            "Closed now; opens Monday 8 a.m. Eastern.",
            "Cerrado ahora; abre el lunes a las 8 a. m., hora del Este.",
            id="Independence Day as it is observed",
        ),
        pytest.param(
            datetime(2026, 12, 31, 23, 0, tzinfo=EASTERN),
            "Closed now; opens Monday 8 a.m. Eastern.",
            "Cerrado ahora; abre el lunes a las 8 a. m., hora del Este.",
            id="over New Year",
        ),
        pytest.param(
            datetime(2026, 11, 1, 13, 30, tzinfo=UTC),
            "Closed now; opens Monday 8 a.m. Eastern.",
            "Cerrado ahora; abre el lunes a las 8 a. m., hora del Este.",
            id="the Sunday on which the clocks go back",
        ),
    ],
)
def test_hours_are_said_for_the_moment(now: datetime, english: str, spanish: str) -> None:
    assert describe_now(dril(), now, is_federal_holiday, "en") == english
    assert describe_now(dril(), now, is_federal_holiday, "es") == spanish


def test_the_usual_week_is_said_as_it_is_published() -> None:
    assert describe_hours(dril(), "en") == (
        "Monday to Friday, 8 a.m. to 8 p.m. Eastern, except federal holidays"
    )
    assert describe_hours(dril(), "es") == (
        "de lunes a viernes, de 8 a. m. a 8 p. m., hora del Este, "
        "excepto los días feriados federales"
    )


def test_what_answers_around_the_clock_says_so_and_never_closes() -> None:
    always = Hours(always=True)
    assert describe_now(always, MONDAY, is_federal_holiday, "en") == "Open around the clock."
    assert describe_hours(always, "en") == ""


@pytest.mark.parametrize(
    ("channel", "phone"),
    [
        ("dril", "1-888-351-4024"),
        ("vesl", "1-833-383-1465"),
        ("tip_line", "1-866-347-2423"),
        ("emergency", "911"),
    ],
)
def test_the_published_numbers_and_no_others(channel: str, phone: str) -> None:
    assert DIRECTORY.channels[channel].phone == phone


def test_nothing_is_made_up_for_a_source_that_gives_none() -> None:
    rows = DIRECTORY.channels.values()
    assert {row.name for row in rows if row.phone} == {"dril", "vesl", "tip_line", "emergency"}
    assert [row.email for row in rows if row.email] == [
        "eroprosecutorialdiscretioninquiries@ice.dhs.gov"
    ]
    assert [row.name for row in rows if row.url] == []
    assert [row.name for row in rows if row.hours] == ["emergency", "dril", "lesc"]
    for row in rows:
        assert row.phone or row.email or (row.where["en"] and row.where["es"]), row.name
        assert all(s == "design" or s.startswith("seed 00") for s in row.source)
        assert row.date >= date(2026, 1, 1)


@pytest.mark.parametrize(
    "row",
    [
        pytest.param("phone='1'\nsource=['design']\ndate=2026-01-01", id="no title"),
        pytest.param("title={en='a',es='a'}\ntext={en='a',es='a'}\nphone='1'", id="no source"),
        pytest.param(
            "title={en='a',es='a'}\ntext={en='a',es='a'}\nsource=['design']\ndate=2026-01-01",
            id="nowhere to turn",
        ),
        pytest.param(
            "title={en='a'}\ntext={en='a',es='a'}\nphone='1'\nsource=['design']\ndate=2026-01-01",
            id="one language only",
        ),
        pytest.param(
            "title={en='a',es='a'}\ntext={en='a',es='a'}\nphone='1'\nsource=['design']\n"
            "date=2026-01-01\nhours={days=['monday'],opens='08:00',closes='08:00',timezone='UTC',"
            "closed_on_federal_holidays=false}",
            id="hours that are never",
        ),
    ],
)
def test_a_row_that_is_none_is_refused(row: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_directory(f"[[channel]]\nname = 'x'\n{row}\n".encode())
    assert caught.value.code == "bad_directory"


def test_a_channel_stands_in_the_directory_once() -> None:
    row = (
        "[[channel]]\nname='x'\ntitle={en='a',es='a'}\ntext={en='a',es='a'}\nphone='1'\n"
        "source=['design']\ndate=2026-01-01\n"
    )
    assert list(parse_directory(row.encode()).channels) == ["x"]
    with pytest.raises(ParseError):
        parse_directory((row + row).encode())


TEXTS = {
    "two topics": "Where is my husband detained? And how do I pay his immigration bond?",
    "hours": "My wife is detained and I cannot reach her.",
    "mail address": "I request prosecutorial discretion.",
    "cyber": "Our network was hit by ransomware.",
    "urgent": "A guard beat my brother in the detention center.",
    "form": "Please send the request form. And where is the detainee now?",
    "dos temas": "¿Dónde está detenido mi hermano? ¿Y cómo se paga la fianza de inmigración?",
    "horario": "Mi esposa está detenida y no puedo hablar con ella.",
    "urgente": "Un guardia golpeó a mi hermano en el centro de detención.",
    "formulario": "Quiero el formulario.",
}
LETTERS = {name: write(text) for name, text in TEXTS.items()}


def test_two_topics_are_two_rows() -> None:
    text = words(LETTERS["two topics"])
    assert text.index("Online Detainee Locator System") < text.index("It is not a criminal bond")


def test_a_channel_that_serves_two_topics_is_named_once() -> None:
    letter = write("I saw a man from the most wanted list. I also report a gang smuggling drugs.")
    assert words(letter).count("1-866-347-2423") == 1


def test_the_urgent_letter_begins_with_911() -> None:
    for name, line in (
        ("urgent", "If anyone is in danger right now, call 911."),
        ("urgente", "Si alguien corre peligro en este momento, llame al 911."),
    ):
        body = LETTERS[name].text.split("=\n\n", 1)[1]
        assert " ".join(body.split()).startswith(line)


def test_hours_stand_beside_the_number() -> None:
    assert "1-888-351-4024. Open now, until 8 p.m. Eastern." in words(LETTERS["hours"])
    assert "as of this message (Monday, 3 p.m. Eastern)" in words(LETTERS["hours"])
    assert "as of this message" not in words(LETTERS["two topics"]), "where no hours are said"


def test_the_letter_with_the_form_does_not_send_for_it_again() -> None:
    letter = LETTERS["form"]
    assert [a.name for a in letter.attachments] == ["request-form.pdf"]
    assert "Request Form for criminal justice professionals" not in letter.text
    assert "Online Detainee Locator System" in letter.text


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_no_letter_says_whether_a_record_exists_or_repeats_the_mail(name: str) -> None:
    letter = LETTERS[name]
    assert ("whether any record exists" in words(letter)) != (
        "no indica si existe algún registro" in words(letter)
    )
    for word in ("husband", "esposa", "brother", "hermano"):
        assert word not in letter.text
    assert len(letter.subject) < 40


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_both_parts_say_the_same_in_the_language_of_the_mail(name: str) -> None:
    letter = LETTERS[name]
    page = Page(letter.html)
    language = "es" if name in {"dos temas", "horario", "urgente", "formulario"} else "en"
    assert page.find("html") == [{"lang": language}]
    marks = {"-", "1.", "2.", "3."}
    text = [w for w in letter.text.split() if w not in marks and set(w) - set("=-")]
    html = [w for w in page.words if w not in marks and set(w) - set("=-")]
    assert "".join(text) == "".join(html)
    assert all(len(line) <= 76 for line in letter.text.splitlines())


def test_a_demand_gets_the_fixed_sentence_and_nothing_else() -> None:
    body = words(compose_demand_received(Demand(head=HEAD))).partition("= ")[2]
    assert body == (
        "This mailbox cannot accept service of a subpoena, order or other demand, and this "
        "automatic message is not acceptance of service or a response. A person has been told."
    )


@pytest.mark.parametrize("name", sorted(OUTSIDE))
def test_a_letter_of_ours_that_is_passed_on_is_no_cry_for_help(name: str) -> None:
    about = read_text(OUTSIDE[name].text, TABLE)
    assert about.having(Handling.URGENT) == ()


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_nor_is_an_answer_of_this_kind(name: str) -> None:
    assert read_text(LETTERS[name].text, TABLE).having(Handling.URGENT) == ()
