"""Out-of-office mails: the first day their authors are back, or none."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date

import pytest

from parsers.replies.absence import NamedAbsence, find_absence, read_until
from parsers.replies.absence_words import read_tokens
from tests.unit.reply_builders import build_message

#: A Monday.
TODAY = date(2026, 5, 4)
MAY_12 = date(2026, 5, 12)
MAY_13 = date(2026, 5, 13)

CASES: dict[str, tuple[str, date | None]] = {
    # The day named is the first day back.
    "I am out of the office until May 12.": (MAY_12),
    "I'm out of office until Tuesday, May 12th, 2026, with no access to mail.": MAY_12,
    "I will be back on 5/12/2026.": MAY_12,
    "I will be back in the office on Tuesday, May 12.": MAY_12,
    "Back 12 May 2026": MAY_12,
    "I am away on leave, returning 5/12.": MAY_12,
    "I will return to the office on May 12 at 9:00 a.m.": MAY_12,
    "On vacation till 2026-05-12": MAY_12,
    "I am away until May 9, and back at work on May 12.": MAY_12,
    "I return on the 12th of May.": MAY_12,
    "Estaré fuera de la oficina hasta el 12 de mayo.": MAY_12,
    "Estoy de vacaciones hasta el martes 12 de mayo de 2026.": MAY_12,
    "Regreso a la oficina el 12 de mayo de 2026.": MAY_12,
    "Volveré el martes 12/5.": MAY_12,
    "Estaré de vuelta el 12 de mayo": MAY_12,
    "Me reincorporo el día 12 de mayo.": MAY_12,
    # The day named is the last day away.
    "I am on leave through May 12.": MAY_13,
    "I am out of the office from May 5 to May 12.": MAY_13,
    "Out of office 5/5/2026 through 5/12/2026": MAY_13,
    "I am away until May 12, inclusive.": MAY_13,
    "Ausente del 5 de mayo al 12 de mayo.": MAY_13,
    "Ausente hasta el 12 de mayo inclusive": MAY_13,
    # Over the year's end and far ahead.
    "I am on leave until January 4.": date(2027, 1, 4),
    "I am on leave until 12/31/2026.": date(2026, 12, 31),
    # No day, or none that counts.
    "I am out of the office.": None,
    "I am out of the office until Monday.": None,
    "I will be back next week.": None,
    "I am out of the office until further notice.": None,
    "Out of office Fridays": None,
    "I was away until May 2.": None,
    "I am back on 5/4/2026.": None,
    "I am on leave until 5/12/2029.": None,
    "The door is open until 5:00 p.m. on May 12.": None,
    "Your message was received on May 12, 2026.": None,
    "I am away. The hearing is on May 12.": None,
    "I am away until 31/31/2026.": None,
    "": None,
}


@pytest.mark.parametrize(("text", "first_day_back"), CASES.items())
def test_the_first_day_back_is_found(text: str, first_day_back: date | None) -> None:
    found = find_absence(build_message(text), today=TODAY)
    assert (found and found.until) == first_day_back


def test_the_subject_may_name_it() -> None:
    message = replace(build_message("I will read it then."), subject="Out of office until May 12")
    assert find_absence(message, today=TODAY) == NamedAbsence(until=MAY_12)


def test_what_is_quoted_names_nothing() -> None:
    text = "I am out of the office.\n\nOn Mon, ERO wrote:\n> You are away until May 12, 2026.\n"
    assert find_absence(build_message(text), today=TODAY) is None


#: A Wednesday, on which a holiday and the year's end are near.
IN_NOVEMBER = date(2026, 11, 25)
DEC_4, DEC_5, DEC_7, DEC_8 = (date(2026, 12, day) for day in (4, 5, 7, 8))
JAN_4 = date(2027, 1, 4)


def back(until: date, begins: date | None = None) -> NamedAbsence:
    return NamedAbsence(until=until, begins=begins)


def nov(day: int) -> date:
    return date(2026, 11, day)


def dec(day: int) -> date:
    return date(2026, 12, day)


#: Why, what was written, and what it names.
WORDINGS: list[tuple[str, str, NamedAbsence | None]] = [
    # The day of the return.
    ("not back until", "I will not be back until December 7.", back(DEC_7)),
    ("won't be back", "I won't be back in the office until Dec 7.", back(DEC_7)),
    ("not returning", "I'm not returning until Monday, December 7th.", back(DEC_7)),
    ("a curved apostrophe", "I\u2019m away until December 7.", back(DEC_7)),
    ("on or about", "I should be back on or about January 4, 2027.", back(JAN_4)),
    ("a subject of its own", "back on or about January 4, 2027", back(JAN_4)),
    ("the seventh of", "gone till the 7th of December", back(DEC_7)),
    ("return date", "My return date is 12/7/2026", back(DEC_7)),
    ("return date, as a label", "Out of office. Return date: 12/7/2026", back(DEC_7)),
    ("the morning of", "Back in the office on the morning of Monday, December 7", back(DEC_7)),
    ("after a leave", "I will be back from annual leave on December 7.", back(DEC_7)),
    ("a time of day is no day", "I return on December 7 at 8:30 a.m.", back(DEC_7)),
    ("before I return", "If you need help before I return on Dec. 7, call the desk.", back(DEC_7)),
    ("every message", "I will answer every message when I return on December 7.", back(DEC_7)),
    ("upon my return", "I will answer upon my return on 12/7.", back(DEC_7)),
    ("wrapped", "I am out of the office and will\nreturn on\nDecember 7, 2026.", back(DEC_7)),
    ("day, month, year", "I will be back on 7-Dec-2026.", back(DEC_7)),
    ("ISO", "Returning 2026-12-07", back(DEC_7)),
    ("month and year differ from today's", "On leave, returning January 4.", back(JAN_4)),
    ("capitals", "I WILL RETURN ON DECEMBER 7", back(DEC_7)),
    ("day first as no month is thirteen", "I am away until 13/12/2026.", back(dec(13))),
    ("the surer of two", "I am away until December 4 and back at work on December 7.", back(DEC_7)),
    ("twice the same", "Away until December 7. I am back on 12/7/2026.", back(DEC_7)),
    ("through, and back the day after", "Out through 12/6, back 12/7.", back(DEC_7)),
    ("next before its day", "I am back next Monday, December 7.", back(DEC_7)),
    # The last day away, and from when.
    ("numbers", "I am on leave 11/26-12/6.", back(DEC_7, nov(26))),
    ("ordinals", "Away Nov 26th - Dec 4th.", back(DEC_5, nov(26))),
    ("a dash of its own", "I am away Nov 26th \u2013 Dec 4th.", back(DEC_5, nov(26))),
    ("short years", "OOO 12/1/26 to 12/4/26", back(DEC_5, dec(1))),
    ("short years without a space", "OOO 12/1/26-12/4/26", back(DEC_5, dec(1))),
    ("day before month", "Out of office: 26 Nov - 6 Dec", back(DEC_7, nov(26))),
    ("two days of a month", "I will be on vacation December 1-4.", back(DEC_5, dec(1))),
    ("and a year", "Out of office Nov 23 - 27, 2026", back(nov(28), nov(23))),
    ("it began", "I am on leave from November 23 through December 4.", back(DEC_5, nov(23))),
    ("said first", "From November 23 to December 4 I am out of the office.", back(DEC_5, nov(23))),
    ("until first", "Until December 7 I am away.", back(DEC_7)),
    (
        "until in a line of its own",
        "I am out of the office. Until Dec 7 call 555-0100.",
        back(DEC_7),
    ),
    ("over the year's end", "I am away 12/21 - 1/3.", back(JAN_4, dec(21))),
    ("a label", "Out of office\nDates: 11/24/2026 to 12/4/2026", back(DEC_5, nov(24))),
    ("like a quoted header", "Out of office\nFrom: 11/24/2026\nTo: 12/4/2026", None),
    ("our office", "Our office is closed until January 4.", back(JAN_4)),
    ("day first by its other end", "On leave 26/11/2026 - 4/12/2026", back(DEC_5, nov(26))),
    (
        "since",
        "I have been on sick leave since November 16, until December 7.",
        back(DEC_7, nov(16)),
    ),
    # It begins later: the caller leaves whoever wrote it where they are.
    (
        "beginning",
        "I will be out of the office beginning December 21, 2026 and returning January 4, 2027.",
        back(JAN_4, dec(21)),
    ),
    (
        "until then",
        "I am out from December 14 to December 18, 2026. Until then I am in the office.",
        back(dec(19), dec(14)),
    ),
    (
        "in the office until",
        "I am in the office until December 4. I will be back on January 4.",
        back(JAN_4, DEC_4),
    ),
    (
        "starting",
        "Starting December 21 I am on leave until January 4.",
        back(JAN_4, dec(21)),
    ),
    (
        "the day of going",
        "I will be out of the office on December 21 and return January 4.",
        back(JAN_4, dec(21)),
    ),
    ("desde", "Estaré fuera desde el 21 de diciembre hasta el 4 de enero.", back(JAN_4, dec(21))),
    # Spanish.
    ("a labores", "regreso a labores el 7 de diciembre", back(DEC_7)),
    ("the day of the week and the month", "estaré de vuelta el lunes 7", back(DEC_7)),
    ("mi regreso", "Mi regreso es el lunes 7 de diciembre de 2026.", back(DEC_7)),
    ("no vuelvo hasta", "No vuelvo hasta el 7 de diciembre.", back(DEC_7)),
    ("no estaré", "No estaré disponible hasta el 7 de diciembre.", back(DEC_7)),
    ("del al", "Ausente del 26 de noviembre al 6 de diciembre.", back(DEC_7, nov(26))),
    ("two days of a month", "Estoy de vacaciones del 1 al 4 de diciembre.", back(DEC_5, dec(1))),
    ("me reincorporo", "Me reincorporaré a mis labores el 7 de diciembre.", back(DEC_7)),
    ("próximo", "Volveré a la oficina el próximo lunes 7 de diciembre.", back(DEC_7)),
    ("accents left out", "Estare fuera de la oficina hasta el 7 de dic.", back(DEC_7)),
    ("the order is plain", "Regreso el 13/12/2026.", back(dec(13))),
    ("both orders say one", "Regreso el 12/12/2026.", back(dec(12))),
    ("the day of the week decides", "Vuelvo el viernes 4/12/2026.", back(DEC_4)),
    # No day is named.
    ("no day", "I am out of the office.", None),
    ("soon", "I will be back soon.", None),
    ("every Friday", "Out of office Fridays", None),
    ("every Friday until", "Out of office Fridays until December 18.", None),
    ("afternoons", "I am out of the office afternoons until December 18.", None),
    ("each Monday, in Spanish", "Ausente todos los lunes hasta el 18 de diciembre.", None),
    ("a day of the week", "I am away until Monday.", None),
    ("a day of the month", "I am away until the 7th.", None),
    ("tomorrow", "I am out today and back tomorrow.", None),
    ("a month", "I am on leave until January.", None),
    ("further notice", "I am on leave until further notice.", None),
    ("a feast", "I am away until after Thanksgiving.", None),
    ("hours", "I am out until 12:30 p.m.", None),
    ("soon, in Spanish", "Estaré de vuelta pronto.", None),
    ("within a week", "Regreso en una semana.", None),
    # Which day is not plain.
    ("either order outside English", "Regreso el 12/7/2026.", None),
    ("either order, no year", "Ausente hasta el 7/12.", None),
    ("points are no order here", "I am back on 7.12.2026.", None),
    ("two returns", "I am back on December 7. I will return on December 14.", None),
    ("or", "I will be back on December 7 or 8.", None),
    ("or another day", "I am away until December 7 or December 14.", None),
    ("o", "Regreso el 7 o el 8 de diciembre.", None),
    ("between two", "I am back December 7-8.", None),
    ("two absences", "Out of office 11/25-11/27 and 12/21-1/4.", None),
    ("back before it ends", "I am away until December 18 and back on December 7.", None),
    ("another day of the week", "I am back on Tuesday, December 7, 2026.", None),
    ("not that day of the week", "Vuelvo el martes 7.", None),
    ("perhaps", "I may be out until December 7.", None),
    ("perhaps longer", "I am out until December 7, possibly until December 14.", None),
    ("a question", "Will I be back on December 7?", None),
    ("if", "If I am not back on December 7, call the desk.", None),
    ("from a day not named", "I am away from next Monday until January 4.", None),
    ("next week", "I am on vacation next week, returning December 7.", None),
    ("by the end", "I will be back by December 7.", None),
    ("no such day", "I am away until November 31.", None),
    ("it ends before it begins", "I am away from 12/18/2026 to 12/4/2026.", None),
    # Not a day to come within a year.
    ("past", "I was out until November 20.", None),
    ("past and stale", "I am away until August 31.", None),
    ("today", "I am back on November 25.", None),
    ("years away", "I am on leave until December 7, 2029.", None),
    ("a year too many", "I am on leave until 12/7/2028.", None),
    # Not about this person's absence.
    ("a hearing", "I am out of the office. The hearing is on December 7, 2026.", None),
    ("a hearing until", "I am away. The hearing was adjourned until December 7.", None),
    ("what we do until", "I am away. We will hold interviews through December 7.", None),
    ("a number until", "I am away. My extension until December 7 is 5550.", None),
    ("whom to ask through", "I am away. Contact L. Chen through December 7.", None),
    ("dates of a trial", "I am out of the office. Trial: 12/1/2026 - 12/4/2026.", None),
    ("a colleague", "I am away. My colleague is out until December 7.", None),
    ("a colleague returns", "I am away. L. Chen will be back on December 7.", None),
    ("her return", "I am away. Call Ms. Chen; her return date is not known.", None),
    ("the office that helps", "I am away. The clerk's office is closed until December 7.", None),
    ("to be there until", "I am available until December 4.", None),
    ("not away", "I am not out of the office until December 7.", None),
    ("what is to come back", "I am away. Please send the form back December 7.", None),
    ("calls", "I am away. I will call back on December 7.", None),
    ("a telephone number", "I am away until noon. Call 555-0107 or 12-7-0100.", None),
    ("a docket", "I am away. Re: 1:26-cr-00127, 12/7/2026", None),
    ("a deadline", "I am on leave. Filings are accepted through December 7.", None),
    ("in Spanish, a hearing", "Estoy ausente. La audiencia es el 7 de diciembre.", None),
    ("in Spanish, somebody else", "Estoy ausente. Mi jefa regresa el 7 de diciembre.", None),
    ("in the signature", "I am out of the office.\n\n-- \nR. Ortega\nAway until December 7", None),
    (
        "in a signature without its mark",
        "I am out of the office.\n\nR. Ortega\nDeportation Officer\nOrder of December 7, 2026",
        None,
    ),
    (
        "in a quoted mail",
        "I am out of the office.\n\n-----Original Message-----\nI am back on December 7.",
        None,
    ),
    ("nothing", "", None),
]


@pytest.mark.parametrize(
    ("text", "named"),
    [w[1:] for w in WORDINGS],
    ids=[f"{i}-{w[0]}" for i, w in enumerate(WORDINGS)],
)
def test_an_absence_is_read_whole_or_not_at_all(text: str, named: NamedAbsence | None) -> None:
    assert find_absence(build_message(text), today=IN_NOVEMBER) == named


def test_there_are_wordings_enough() -> None:
    assert len(WORDINGS) >= 80
    assert sum(named is None for _, _, named in WORDINGS) >= 30


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("until 2026-12-07", DEC_7),
        ("Monday, December 7", DEC_7),
        ("till 7 Dec.", DEC_7),
        ("12/7", DEC_7),
        ("12/7/26", DEC_7),
        ("until the 7th", None),
        ("until 2026-12-07 or so", None),
        ("December 1-7", None),
        ("", None),
    ],
)
def test_the_day_of_a_command_stands_alone(text: str, day: date | None) -> None:
    assert read_until(text, today=IN_NOVEMBER) == day


@pytest.mark.parametrize(
    "unit",
    [
        *("from 1 ", "back ", "until ", "1/1/", "until until and including ", "on a ", "12/1-"),
        *(
            "december 1 to ",
            "back in the office ",
            "on the ",
            "monday, ",
            "from vacation ",
            "(",
            "\n",
        ),
    ],
)
def test_no_text_takes_long(unit: str) -> None:
    begun = time.process_time()
    find_absence(build_message(f"away {unit * 20_000}"), today=TODAY)
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    "unit", ["back on december 7 ", "on leave 12/1-12/4, ", "until the ", "(", "- "]
)
def test_dividing_a_text_takes_time_linear_in_its_length(unit: str) -> None:
    def measure(times: int) -> float:
        text = unit * times
        begun = time.process_time()
        read_tokens(text)
        return time.process_time() - begun

    short = min(measure(400) for _ in range(3))
    assert min(measure(3_200) for _ in range(3)) < 8 * short * 3
