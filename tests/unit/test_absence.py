"""Out-of-office mails: the first day their authors are back, or none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from parsers.replies.absence import find_return_date
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
    "Regreso a la oficina el 12/05/2026.": MAY_12,
    "Volveré el 12/5.": MAY_12,
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
    assert find_return_date(build_message(text), today=TODAY) == first_day_back


def test_the_subject_may_name_it() -> None:
    message = replace(build_message("I will read it then."), subject="Out of office until May 12")
    assert find_return_date(message, today=TODAY) == MAY_12


def test_what_is_quoted_names_nothing() -> None:
    text = "I am out of the office.\n\nOn Mon, ERO wrote:\n> You are away until May 12, 2026.\n"
    assert find_return_date(build_message(text), today=TODAY) is None


@pytest.mark.parametrize(
    "unit", ["from 1 ", "back ", "until ", "1/1/", "until until and including "]
)
def test_no_text_takes_long(unit: str) -> None:
    find_return_date(build_message(f"away {unit * 20_000}"), today=TODAY)
