"""VERIFY by mail: which lines ask, and how a control number may be written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from parsers.replies.verification import MOST_NUMBERS, Question, find_question
from parsers.values.control_numbers import parse_control_number
from tests.unit.reply_builders import build_message

NUMBER = "7K3M-9QXA-52TD-0WZH"
ASKED = Question(numbers=(NUMBER,))
MISWRITTEN = Question(has_miswritten_number=True)

CASES: dict[str, tuple[str, str, Question | None]] = {
    # Subject, text, question.
    "as the code asks": (f"VERIFY {NUMBER}", "", ASKED),
    "as the notice says": ("Hello", f"Dear office,\n\nVERIFY {NUMBER}\n\nDana", ASKED),
    "in lower case, with a full stop": ("", f"verify {NUMBER.lower()}.", ASKED),
    "without hyphens": ("", f"VERIFY {NUMBER.replace('-', '')}", ASKED),
    "with blanks": ("", f"VERIFY: {NUMBER.replace('-', ' ')}", ASKED),
    "with letters for digits": ("", "VERIFY 7K3M-9QXA-52TD-OWZH", ASKED),
    "politely": ("", f"Please verify the control number {NUMBER}, thanks!", ASKED),
    "in Spanish": ("", f"Verificar {NUMBER}", replace(ASKED, language="es")),
    "in Spanish, politely": (
        "",
        f"Por favor, verifique el número de control {NUMBER}",
        replace(ASKED, language="es"),
    ),
    "twice the same": (f"VERIFY {NUMBER}", f"VERIFY {NUMBER}", ASKED),
    "two numbers": (
        "",
        f"VERIFY {NUMBER}\nVERIFY 1111-2222-3333-4444",
        Question(numbers=(NUMBER, "1111-2222-3333-4444")),
    ),
    "the keyword alone, about what is attached": ("VERIFY", "", Question()),
    # What cannot be one.
    "a group is missing": ("", "VERIFY 7K3M-9QXA-52TD", MISWRITTEN),
    "a letter that no number has": ("", "VERIFY 7K3M-9QXA-52TD-0WZU", MISWRITTEN),
    "a tracking number": ("", "VERIFY CJS-2026-000042-7", MISWRITTEN),
    # For a person.
    "a sentence": ("", "Please verify that he was in custody.", None),
    "a number in a sentence": ("", f"Can you verify {NUMBER} for the hearing on Monday?", None),
    "a telephone": ("", "Verify phone 202 555 0141", None),
    "only quoted": ("Re: paper", f"Thanks.\n\n> VERIFY {NUMBER}", None),
    "the number alone": ("", NUMBER, None),
    "another's subject": (f"Re: VERIFY {NUMBER}", "Got it.", None),
}


@pytest.mark.parametrize(("subject", "text", "question"), CASES.values(), ids=CASES)
def test_what_asks(subject: str, text: str, question: Question | None) -> None:
    message = replace(build_message(text), subject=subject)
    assert find_question(message) == question


def test_no_more_numbers_than_a_few_are_asked_about() -> None:
    lines = "\n".join(f"VERIFY 1111-2222-3333-444{n}" for n in range(9))
    found = find_question(build_message(lines))
    assert found is not None
    assert len(found.numbers) == MOST_NUMBERS


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("7k3m9qxa52td0wzh", NUMBER),
        (" 7K3M‐9QXA–52TD—0WZH ", NUMBER),
        ("7K3M_9QXA.52TD 0WZH", NUMBER),
        ("oil0-oIl1-0000-0000", "0110-0111-0000-0000"),
        ("7K3M-9QXA-52TD-0WZ", None),
        ("7K3M-9QXA-52TD-0WZHH", None),
        ("7K3M--9QXA-52TD-0WZH", None),
        ("７K3M-9QXA-52TD-0WZH", None),
    ],
)
def test_a_number_is_known_however_it_is_written(written: str, number: str | None) -> None:
    assert parse_control_number(written) == number
