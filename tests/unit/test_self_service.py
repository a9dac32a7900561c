"""Keywords by mail: which words are one, and which are for a person to read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from parsers.replies.self_service import Keyword, Wish, find_wish
from tests.unit.reply_builders import build_message

NUMBER = "CJS-2026-000001-7"
WRONG = "CJS-2026-000001-4"

CASES: dict[str, tuple[str, str, Wish | None]] = {
    # Subject, text, wish.
    "the first line": (
        "Hello", f"STATUS {NUMBER}", Wish(keyword=Keyword.STATUS, numbers=(NUMBER,))
    ),
    "in any case, with a full stop": (
        "Hello", f"status {NUMBER.lower()}.", Wish(keyword=Keyword.STATUS, numbers=(NUMBER,))
    ),
    "the subject": (f"Status {NUMBER}", "", Wish(keyword=Keyword.STATUS, numbers=(NUMBER,))),
    "the subject, words below": (
        f"STATUS {NUMBER}", "Thank you.\nDana", Wish(keyword=Keyword.STATUS, numbers=(NUMBER,))
    ),
    "the keyword in the text, the number in the subject": (
        f"Request {NUMBER}", "Status?", Wish(keyword=Keyword.STATUS, numbers=(NUMBER,))
    ),
    "a polite one": (
        "", f"Status of my request {NUMBER}, please",
        Wish(keyword=Keyword.STATUS, numbers=(NUMBER,)),
    ),
    "in Spanish": (
        "", f"Estado de mi solicitud {NUMBER}", Wish(keyword=Keyword.STATUS, numbers=(NUMBER,))
    ),
    "without a number": ("", "STATUS", Wish(keyword=Keyword.STATUS, numbers=())),
    "with a number that cannot be": (
        "", f"STATUS {WRONG}",
        Wish(keyword=Keyword.STATUS, numbers=(), has_miswritten_number=True),
    ),
    "take it back": ("", f"WITHDRAW {NUMBER}", Wish(keyword=Keyword.WITHDRAW, numbers=(NUMBER,))),
    "take it back, politely": (
        "", f"Please withdraw request {NUMBER}.",
        Wish(keyword=Keyword.WITHDRAW, numbers=(NUMBER,)),
    ),
    "take it back, in Spanish": (
        "", f"Retirar solicitud {NUMBER}", Wish(keyword=Keyword.WITHDRAW, numbers=(NUMBER,))
    ),
    "take it back, by the subject": (
        f"Withdraw {NUMBER}", "He was found.\nThanks",
        Wish(keyword=Keyword.WITHDRAW, numbers=(NUMBER,)),
    ),
    # For a person.
    "the subject, and the text says not to": (
        f"Withdraw {NUMBER}", "Please do not withdraw it yet.", None
    ),
    "the subject, and the text asks": (f"Withdraw {NUMBER}", "Can I still do that?", None),
    "an answer to somebody's withdrawal": (f"Re: WITHDRAW {NUMBER}", "Please wait.", None),
    "a question": ("", f"Withdraw {NUMBER}?", None),
    "a sentence": ("", f"What is the status of {NUMBER} and who reviews it", None),
    "a field of something else": (NUMBER, "Status: the hearing was moved", None),
    "a word more": ("", f"withdraw {NUMBER} only if he was released", None),
    "not": ("", f"Do not withdraw {NUMBER}", None),
    "the second line": ("", f"Hello\nSTATUS {NUMBER}", None),
    "what is quoted": ("", f"> STATUS {NUMBER}", None),
    "nothing": ("", "", None),
}  # fmt: skip


@pytest.mark.parametrize(
    ("subject", "text", "wish"), [pytest.param(*case, id=name) for name, case in CASES.items()]
)
def test_a_keyword_stands_alone(subject: str, text: str, wish: Wish | None) -> None:
    assert find_wish(replace(build_message(text), subject=subject)) == wish
