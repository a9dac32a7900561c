"""Mail that only its words make a machine's: it waits for a person, and people's mail does not."""

from __future__ import annotations

import pytest

from parsers.classification.classify import (
    MACHINE_WORDS_RULE,
    ClassificationContext,
    Verdict,
    classify,
)
from parsers.mail.parsing import parse_message

CONTEXT = ClassificationContext(own_addresses=frozenset({"ero.outreach@agency.example"}))
CLERK = "Cleo Clerk <clerk@courts.example>"
TOKEN = "0123456789abcdefghjkmnpqrs"
LETTER = f"<letter.{TOKEN}@agency.example>"
ASKED = "[CJS-2026-000001-7] A question about your request"


def judge(subject: str, text: str, *fields: str, author: str = CLERK) -> Verdict:
    head = [f"From: {author}", f"Subject: {subject}", "Return-Path: <clerk@courts.example>"]
    head += [*fields, "Content-Type: text/plain; charset=utf-8"]
    return classify(parse_message("\n".join([*head, "", text]).encode()), CONTEXT)


#: Subjects that programs write, each as it is and above an answer to a letter of ours.
SUBJECTS = [
    "AUTO: Cleo Clerk is out of the office (returning 12/07/2026)",
    f"AUTO: Re: {ASKED}",
    f"OOO: Re: {ASKED}",
    f"[External] Automatic reply: {ASKED}",
    f"[EXTERNAL EMAIL] Out of office: {ASKED}",
    f"Auto-reply: {ASKED}",
    "Automatic reply",
    f"Out of Office Re: {ASKED}",
    f"Out of Office - {ASKED}",
    "Out of Office",
    "Out of the Office until December 7",
    "Out of Office AutoReply",
    f"Automatisch antwoord: {ASKED}",
    f"Automatisk svar: {ASKED}",
    f"Automatiskt svar: {ASKED}",
    f"Odpowiedź automatyczna: {ASKED}",
    f"Automatická odpověď: {ASKED}",
    f"Автоответ: {ASKED}",
    f"自動応答: {ASKED}",
    f"自动答复: {ASKED}",
    f"자동 회신: {ASKED}",
    f"Abwesenheitsnotiz: {ASKED}",
    f"Automatische Antwort: {ASKED}",
    f"Réponse automatique : {ASKED}",
    f"Risposta automatica: {ASKED}",
    f"Resposta automática: {ASKED}",
    f"Respuesta automática: {ASKED}",
    f"Fuera de la oficina: {ASKED}",
    "Fuera de la oficina hasta el 7 de diciembre",
    f"Read: {ASKED}",
    f"Not read: {ASKED}",
    f"Leído: {ASKED}",
    f"No leído: {ASKED}",
]


@pytest.mark.parametrize("fields", [(), (f"In-Reply-To: {LETTER}",)], ids=["alone", "bound"])
@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_of_programs_without_their_headers_waits(
    subject: str, fields: tuple[str, ...]
) -> None:
    verdict = judge(subject, "APPROVE", *fields)
    assert (verdict.kind, verdict.rule) == ("other", MACHINE_WORDS_RULE)


#: How programs begin where their subject is that of an answer.
TEXTS = {
    "a line in brackets": "[This is an automatic reply]\n\nI am away until December 7.",
    "a sentence": "This is an automated response. Your message will be read on Monday.",
    "of a generated mail": "This e-mail was automatically generated. Please do not reply.",
    "a label": "Auto-Reply:\nThank you for your e-mail.",
    "below a greeting": "Hello,\n\nThis is an automatic reply to your message.",
    "in Spanish": "Este es un mensaje automático. Estaré ausente hasta el 7 de diciembre.",
    "a Spanish label": "[Respuesta automática]\nGracias por su mensaje.",
    "an absence": "I am out of the office until December 7 and will answer then.",
    "an absence below thanks": (
        "Thank you for your message.\nI am currently out of the office, returning on December 7."
    ),
    "a leave": "Hello, I'm on annual leave through December 4 with limited access to e-mail.",
    "an absence with its label": "Out of office: I'm on bereavement leave until the 20th.",
    "an absence and no more": "Out of office until Monday.",
    "an absence in Spanish": (
        "Gracias por su mensaje. Estoy fuera de la oficina hasta el 7 de diciembre."
    ),
    "a ticket": (
        "Your request (48121) has been received and is being reviewed by our staff.\n\n"
        "Please do not reply to this e-mail."
    ),
    "a ticket to be answered above a line": (
        "##- Please type your reply above this line -##\n\nYour ticket 48121 was created."
    ),
    "a ticket in Spanish": (
        "Hemos recibido su mensaje. Número de caso: 48121.\n\nPor favor, no responda a este correo."
    ),
}


@pytest.mark.parametrize("fields", [(), (f"In-Reply-To: {LETTER}",)], ids=["alone", "bound"])
@pytest.mark.parametrize("text", [pytest.param(t, id=name) for name, t in TEXTS.items()])
def test_a_text_that_begins_as_programs_do_waits(text: str, fields: tuple[str, ...]) -> None:
    verdict = judge(f"Re: {ASKED}", text, *fields)
    assert (verdict.kind, verdict.rule) == ("other", MACHINE_WORDS_RULE)


def test_a_report_without_technical_detail_waits() -> None:
    text = "Your message to our court could not be delivered because the server was down."
    verdict = judge("Undeliverable", f"{text} Please send it again.\n\nC. Clerk\nc@courts.example")
    assert (verdict.kind, verdict.rule) == ("other", MACHINE_WORDS_RULE)


def test_with_a_header_that_says_so_it_is_automatic_as_ever() -> None:
    verdict = judge(SUBJECTS[0], "I am away.", "Auto-Submitted: auto-replied")
    assert (verdict.kind, verdict.rule) == ("auto_reply", "auto_submitted")


#: Answers of people to a letter of ours, which are answers.
ANSWERS = {
    "the words in the middle": (
        f"Re: {ASKED}",
        "He was born on May 1, 1985. I am out of the office until Friday.",
    ),
    "asks about an automatic reply": (
        f"Re: {ASKED}",
        "I got an automatic reply from you. He was born on May 1, 1985.",
    ),
    "a quotation of one": (
        f"Re: Automatic reply: {ASKED}",
        "He was born on May 1, 1985.\n\n> This is an automatic reply.",
    ),
    "a footer against answers": (
        f"Re: {ASKED}",
        "He was born on May 1, 1985.\n\nThis is an automated disclaimer, do not reply.",
    ),
    "absent on Fridays": (f"Re: {ASKED}", "I am out of the office on Fridays. May 1, 1985."),
    "read as an order": (f"Please read: {ASKED}", "He was born on May 1, 1985."),
    "writes for a mailbox called mail": (f"Re: {ASKED}", "May 1, 1985. Your file was blocked."),
    "a form number and a footer against answers": (
        f"Re: {ASKED}",
        "Case number 26-CR-000123: May 1, 1985.\n\nPlease do not reply to all.",
    ),
    "auto towed": (f"Auto: towed away, {ASKED}", "He was born on May 1, 1985."),
    "auto theft": (f"Auto: theft, {ASKED}", "He was born on May 1, 1985."),
    "auto as a case's name": (f"Auto reply card, {ASKED}", "He was born on May 1, 1985."),
    "out of office coverage": (f"Out of office coverage, {ASKED}", "Who answers?"),
    "could not be delivered to a telefax": (
        f"Re: {ASKED}",
        "Your message could not be delivered to our fax machine. May 1, 1985.",
    ),
}


@pytest.mark.parametrize(
    ("subject", "text"), [pytest.param(*case, id=name) for name, case in ANSWERS.items()]
)
def test_an_answer_of_a_person_is_one(subject: str, text: str) -> None:
    verdict = judge(subject, text, f"In-Reply-To: {LETTER}")
    assert (verdict.kind, verdict.rule) == ("requester_reply", "answers_our_letter")


#: Who returns our letter, then subject and text; all but the last two lines of it name the letter.
RETURNED = f"\n\n--- Original message headers ---\nFrom: us\nMessage-ID: {LETTER}\n"
NULL = "Return-Path: <>"
BOUNCES = {
    "Spanish, of a postmaster": (
        "postmaster@courts.example", "Devolución de correo",
        f"No se pudo entregar su mensaje: buzón lleno.{RETURNED}",
    ),
    "Spanish, of any system": (
        "sistema@courts.example", "Correo no entregado",
        f"El mensaje no se pudo entregar a: clerk@courts.example{RETURNED}",
    ),
    "a filter's": (
        "security@courts.example", "Message blocked",
        f"It was stopped by our filter: 554 5.7.1 encrypted attachment not allowed.{RETURNED}",
    ),
    "a full mailbox": (
        "postmaster@courts.example", "Mailbox full",
        f"The mailbox is full. Your message was not delivered. 552 5.2.2{RETURNED}",
    ),
    "a code alone": ("gateway@courts.example", "Notice", f"SMTP error 554{RETURNED}"),
    "it names the letter in a sentence": (
        "gateway@courts.example", "Notice", f"The message {LETTER} could not be delivered.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("author", "subject", "text"), [pytest.param(*case, id=name) for name, case in BOUNCES.items()]
)
def test_what_a_mail_system_returns_is_a_delivery_report(
    author: str, subject: str, text: str
) -> None:
    raw = f"{NULL}\nFrom: {author}\nSubject: {subject}\n"
    raw += f"Content-Type: text/plain; charset=utf-8\n\n{text}"
    assert classify(parse_message(raw.encode()), CONTEXT).kind == "bounce"


EXIM = (
    "This message was created automatically by mail delivery software.\n\nA message that you sent"
    " could not be delivered to one or more of its\nrecipients. This is a permanent error. The"
    " following address(es) failed:\n\n  clerk@courts.example\n    unknown user\n"
)


def test_a_report_in_no_standard_from_any_address_is_known_by_the_field_it_quotes() -> None:
    text = f"Sorry, we were unable to deliver your message:\n\n  c@courts.example{RETURNED}"
    assert judge("Undeliverable", text, author="gw2@courts.example").kind == "bounce"
    answer = (f"In-Reply-To: {LETTER}",)
    text = text.replace(RETURNED, "")
    assert judge("Undeliverable", text, *answer, author="gw2@courts.example").kind == "other"


@pytest.mark.parametrize("named", [True, False], ids=["it names the letter", "it names none"])
def test_exim_is_known_from_an_address_that_takes_no_answers(*, named: bool) -> None:
    subject = "Mail delivery failed: returning message to sender"
    text = EXIM + (RETURNED if named else "")
    assert judge(subject, text, author="noreply@courts.example").kind == "bounce"


QUOTED_FAILURE = """I am away until May 12.

On May 4, 2026 ERO Outreach wrote:
> The letter was not delivered: 550 5.1.1
"""
#: What names our letter and is no report about it: author, subject, text, and fields.
NO_REPORTS = {
    "an out-of-office program quotes it": (
        "Automatic reply: x", "I am away; mail may not be delivered to my deputy.",
        (NULL, f"In-Reply-To: {LETTER}", "Auto-Submitted: auto-replied"), "auto_reply",
    ),
    "an out-of-office program without a word of failing": (
        "Re: x", "I am away until May 12.", (NULL, f"In-Reply-To: {LETTER}"), "auto_reply",
    ),
    "what failed stands in the quotation": (
        "Re: x", QUOTED_FAILURE,
        (NULL, f"In-Reply-To: {LETTER}"), "auto_reply",
    ),
    "an out-of-office program of somebody in a street with a number": (
        "Re: x", "I am away. Write to me with your email address and full name.\n555 Main Street",
        (NULL, f"In-Reply-To: {LETTER}"), "auto_reply",
    ),
    "a clerk tells it": (
        f"Re: {ASKED}", "The judge says your mail was not delivered: 552 5.2.2.",
        (f"In-Reply-To: {LETTER}",), "requester_reply",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("subject", "text", "fields", "kind"),
    [pytest.param(*case, id=name) for name, case in NO_REPORTS.items()],
)
def test_what_only_answers_our_letter_reports_nothing(
    subject: str, text: str, fields: tuple[str, ...], kind: str
) -> None:
    head = "\n".join([f"From: {CLERK}", f"Subject: {subject}", *fields])
    assert classify(parse_message(f"{head}\n\n{text}".encode()), CONTEXT).kind == kind
