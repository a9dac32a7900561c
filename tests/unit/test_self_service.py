"""Keywords by mail: which words are one, and which are for a person to read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from parsers.mail.message import Attachment
from parsers.replies.self_service import Keyword, Wish, find_wish
from tests.unit.reply_builders import build_message

NUMBER = "CJS-2026-000001-7"
WRONG = "CJS-2026-000001-4"
OTHER = "CJS-2026-000002-5"

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
    "take it back, with a reason behind it": ("", f"Please withdraw {NUMBER}. It is over.", None),
    "take it back, with a reason after a dash": ("", f"WITHDRAW {NUMBER} - case dismissed", None),
    "take it back, by a noun": ("", f"Withdrawal of request {NUMBER}", None),
    "take it back, by another word": ("", f"Cancel my request {NUMBER}", None),
    "take it back in Spanish, with a reason": (
        "", f"Retiramos la solicitud, {NUMBER}, porque el caso se cerró.", None
    ),
    "take it back, the number below": ("", f"WITHDRAW\n{NUMBER}", None),
    "take one back, and the text names another": (
        "", f"WITHDRAW {NUMBER}\nand keep {OTHER}", None
    ),
    "take it back, and the text asks": (f"Withdraw {NUMBER}", f"Status of {OTHER} please.", None),
    "the status of two": ("", f"Status of {NUMBER} and {OTHER}, please", None),
    "what answers our letter about the stage": (
        f"Re: [{NUMBER}] Where your request stands", "Thank you!", None
    ),
    "its subject, without the mark of an answer": (
        f"[{NUMBER}] Where your request stands", "Thank you!", None
    ),
    "to change something": ("", f"Please update the file {NUMBER}", None),
    "news, which may be anything": ("", f"Any news about {NUMBER}?", None),
    "another status": ("", f"What is his immigration status? My number is {NUMBER}.", None),
    "no wish for it": ("", f"We do not need the status of {NUMBER}.", None),
    "a sentence": ("", f"What is the status of {NUMBER} and who reviews it", None),
    "a field of something else": (NUMBER, "Status: the hearing was moved", None),
    "a word more": ("", f"withdraw {NUMBER} only if he was released", None),
    "not": ("", f"Do not withdraw {NUMBER}", None),
    "what is quoted": ("", f"> STATUS {NUMBER}", None),
    "nothing": ("", "", None),
}  # fmt: skip


@pytest.mark.parametrize(
    ("subject", "text", "wish"), [pytest.param(*case, id=name) for name, case in CASES.items()]
)
def test_a_keyword_stands_alone(subject: str, text: str, wish: Wish | None) -> None:
    assert find_wish(replace(build_message(text), subject=subject)) == wish


SIGNATURE = """Dana Whitlock
Deputy clerk, Superior Court of Example County
(202) 555-0141
dana@courts.example"""

PLAIN: dict[str, tuple[str, str]] = {
    # Subject, text.
    "the number on the next line": ("", f"STATUS\n{NUMBER}"),
    "asked politely": ("", f"Please send me the status of {NUMBER}."),
    "a question": ("", f"What is the status of {NUMBER}?"),
    "short for it": ("", f"What's the status of {NUMBER}?"),
    "below a greeting": ("", f"Hello\nSTATUS {NUMBER}"),
    "behind a greeting": ("", f"Hello, STATUS {NUMBER}"),
    "with a name greeted": ("", f"Dear Ms. Ortega:\n\nCould you tell me the status of {NUMBER}?"),
    "an update": ("", f"Status update on {NUMBER} please"),
    "an update, in a question": ("", f"Good morning, is there any update on {NUMBER}? Thanks!"),
    "progress": ("", f"Could you please let me know what progress there is on {NUMBER}"),
    "broken over lines": ("", f"Please let me know what\nthe status of our request\n{NUMBER} is."),
    "with an abbreviation": ("", f"Can I have the status of case no. {NUMBER}"),
    "signed, below a closing": (
        "", f"Please send me the status of {NUMBER}.\n\nThank you,\n{SIGNATURE}"
    ),
    "signed, and no closing": (
        "", f"What is the status of {NUMBER}?\n\nDana Whitlock\nDeputy Clerk of Court\n555-0141"
    ),
    "a keyword, signed": ("", f"STATUS {NUMBER}\n\nThank you!\nDana"),
    "the number in the subject": (
        f"Re: [{NUMBER}] Request received", "Hi,\n\nany news? Status please.\n\nDana"
    ),
    "the subject alone": (f"Status update on request {NUMBER}", "Thank you.\nDana"),
    "two numbers, one of them in the text": (
        f"Re: [{OTHER}] Request received", f"Status of {NUMBER}?"
    ),
    "Spanish, in lower case, with thanks": ("", f"ESTADO: {NUMBER.lower()}, gracias"),
    "Spanish, of a trámite": ("", f"Estado del trámite {NUMBER}"),
    "a Spanish question": ("", f"Buenos días: ¿Cuál es el estado de mi caso {NUMBER}? Gracias."),
    "checking in": ("", f"Following up on {NUMBER}. Please update me on it."),
    "behind a name and a colon": ("", f"Dear Ms. Ortega: what is the status of {NUMBER}?"),
    "Spanish, politely": (
        "", f"Estimados señores,\nquisiera saber el estatus de {NUMBER}.\nAtentamente,\nAna Ruiz"
    ),
    "Spanish, with news": ("", f"¿Hay novedades? Quiero saber el estado de {NUMBER}"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("subject", "text"), [pytest.param(*case, id=name) for name, case in PLAIN.items()]
)
def test_a_status_may_be_asked_for_in_plain_words(subject: str, text: str) -> None:
    found = find_wish(replace(build_message(text), subject=subject))
    assert found == Wish(keyword=Keyword.STATUS, numbers=(NUMBER,))


MORE: dict[str, str] = {
    "that it is taken back": f"What is the status of {NUMBER}? If it is open, please withdraw it.",
    "that it is taken back, curtly": f"STATUS {NUMBER}\n\nThank you, withdraw it\nDana",
    "a fact": f"Please send me the status of {NUMBER}. He was born in 1988.",
    "a fact, in few words": f"STATUS {NUMBER}\nhe has been found",
    "a fact below the signature": f"Status of {NUMBER}?\nThanks\nDana\nPS the case was dismissed",
    "news of their own": f"This is an update on {NUMBER}. The hearing was moved to May 9.",
    "another question": f"What is the status of {NUMBER}? Do you have the form?",
    "what they no longer want": f"Estado de {NUMBER}. Ya no quiero la solicitud.",
    "more than anybody reads as a courtesy": f"STATUS {NUMBER}\n" + "Dana.\n" * 60,
}


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in MORE.items()])
def test_what_stands_beside_the_question_is_for_a_person(text: str) -> None:
    wish = Wish(keyword=Keyword.STATUS, numbers=(NUMBER,), says_more=True)
    assert find_wish(build_message(text)) == wish


def test_what_is_attached_beside_the_question_is_too() -> None:
    paper = Attachment(name="order.docx", declared_type="application/msword", data=b"x")
    logo = Attachment(name="pat.vcf", declared_type="text/vcard", data=b"x")
    message = build_message(f"STATUS {NUMBER}")
    found = [find_wish(replace(message, attachments=(file,))) for file in (paper, logo)]
    assert [wish and wish.says_more for wish in found] == [True, False]
