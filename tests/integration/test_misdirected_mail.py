"""Mail that belongs elsewhere: what becomes of it, and what its author is told."""

from __future__ import annotations

import pytest

from inbox_worker.storage.models import AttachmentRecord, Event, Request
from tests.unit.pdf_forms import FormBuilder
from tests.worker_harness import (
    ALVAREZ,
    CLERK,
    DUTY,
    LINDQVIST,
    MAILBOX,
    Harness,
    Opener,
    compose,
    compose_reply,
    fill,
)

#: What the settings say when nobody changed them.
ANSWERS_PER_DAY = 5

SOMEBODY = "somebody@mail.example"
WHERE = "Where is my husband detained?"
SUBPOENA = "You are hereby served with the attached subpoena duces tecum."


def print_paper() -> bytes:
    """Return a PDF of text that is no form."""
    paper = FormBuilder(known=False)
    lines = [(72, 700 - 20 * n, f"This is line {n} of a paper about something.") for n in range(9)]
    paper.print_text(lines)
    return paper.save()


NO_FORM_PDF = print_paper()


def ask(text: str, **changes: object) -> bytes:
    return compose(SOMEBODY, text, **{"subject": "A question", **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("raw", "disposition", "kinds"),
    [
        pytest.param(ask(WHERE), "REDIRECTED", ["redirect"], id="elsewhere"),
        pytest.param(ask("Please send the form."), "FORM_WANTED", ["request_form"], id="the form"),
        pytest.param(
            ask("Quiero el formulario."), "FORM_WANTED", ["request_form"], id="el formulario"
        ),
        pytest.param(ask("Good day."), "FOR_A_PERSON", ["no_form"], id="nothing that fits"),
        pytest.param(
            ask(WHERE, files={"notes.docx": b"PK\x03\x04x"}),
            "REDIRECTED",
            ["redirect"],
            id="with a file that is no form",
        ),
        pytest.param(
            ask("The request form is attached.", files={"form.docx": b"PK\x03\x04x"}),
            "FORM_WANTED",
            ["not_pdf"],
            id="a form that is no PDF",
        ),
        pytest.param(
            ask("What do you need from us?", files={"card.vcf": b"BEGIN:VCARD"}),
            "FOR_A_PERSON",
            ["no_form"],
            id="a business card is no form that went wrong",
        ),
        pytest.param(
            ask("Please send me the request form.", files={"card.vcf": b"BEGIN:VCARD"}),
            "FORM_WANTED",
            ["request_form"],
            id="the form, from somebody with a business card",
        ),
    ],
)
def test_what_becomes_of_it(
    harness: Harness, raw: bytes, disposition: str, kinds: list[str]
) -> None:
    assert harness.deliver(raw) == disposition
    assert [x.kind for x in harness.letters()] == kinds
    assert harness.rows(Request) == []


def test_the_answer_is_threaded_and_the_choice_is_recorded(harness: Harness) -> None:
    harness.deliver(ask(WHERE, message_id="<q@mail.example>"))
    (letter,) = harness.letters()
    assert letter.message["In-Reply-To"] == "<q@mail.example>"
    assert letter.subject == "Where to turn"
    event = next(e for e in harness.rows(Event) if e.code == "mail_redirected")
    assert event.detail == {
        "rule": "belongs_elsewhere",
        "topics": ["locate_detainee"],
        "topic_rules": {"locate_detainee": "asks_where"},
        "topic_words": {},
        "language": "en",
    }


def test_the_answer_is_in_the_language_of_the_mail_where_that_is_configured(
    open_harness: Opener,
) -> None:
    spanish = ask("¿Dónde está detenido mi esposo?", subject="Ayuda")
    harness = open_harness()
    harness.deliver(spanish)
    assert harness.newest(SOMEBODY).subject == "Adonde dirigirse"
    assert "Localizador de detenidos" in harness.newest(SOMEBODY).text


def test_only_configured_languages_are_written(open_harness: Opener) -> None:
    harness = open_harness(general={"languages": ["en"]})
    harness.deliver(ask("¿Dónde está detenido mi esposo?", subject="Ayuda"))
    assert harness.newest(SOMEBODY).subject == "Where to turn"


def test_who_does_not_speak_english_is_told_in_spanish_how_to_ask(harness: Harness) -> None:
    assert harness.deliver(ask("Buenos días.", subject="Hola")) == "FOR_A_PERSON"
    letter = harness.newest(SOMEBODY)
    assert letter.kind == "no_form"
    assert letter.lines[1] == "Como enviar una solicitud"
    assert list(letter.files) == ["request-form.pdf"]


def test_an_answer_to_an_answer_is_read_anew(harness: Harness) -> None:
    harness.deliver(ask(WHERE))
    first = harness.newest(SOMEBODY)
    thanks = compose_reply(first, "Thank you!", to=MAILBOX)
    assert harness.deliver(thanks) == "FORM_WANTED"
    assert harness.newest(SOMEBODY).kind == "no_form"
    bond = compose_reply(first, "And how do I pay his immigration bond?", to=MAILBOX)
    assert harness.deliver(bond) == "REDIRECTED"
    assert "It is not a criminal bond" in harness.newest(SOMEBODY).text
    form = compose_reply(first, "Please send me the form.", to=MAILBOX)
    assert harness.deliver(form) == "FORM_WANTED"
    assert harness.newest(SOMEBODY).kind == "request_form"


def test_answers_are_bounded_by_day_and_then_a_person_looks(harness: Harness) -> None:
    found = [harness.deliver(ask(f"{WHERE} ({n})")) for n in range(ANSWERS_PER_DAY + 2)]
    assert found == ["REDIRECTED"] * ANSWERS_PER_DAY + ["FOR_A_PERSON"] * 2


def test_staff_who_are_proven_are_answered_more_often(harness: Harness) -> None:
    texts = [f"Please send me the request form. ({n})" for n in range(ANSWERS_PER_DAY + 2)]
    assert {harness.deliver(compose(LINDQVIST, t)) for t in texts} == {"FORM_WANTED"}
    assert len(harness.letters(to=LINDQVIST, kind="request_form")) == len(texts)


def test_who_only_says_that_they_are_staff_is_answered_as_anybody(harness: Harness) -> None:
    for n in range(ANSWERS_PER_DAY + 2):
        raw = compose(LINDQVIST, f"Please send me the request form. ({n})", auth=None)
        harness.deliver(raw)
    assert len(harness.letters(to=LINDQVIST, kind="request_form")) == ANSWERS_PER_DAY


def test_a_demand_gets_the_fixed_answer_and_supervisors_are_told(harness: Harness) -> None:
    assert harness.deliver(ask(SUBPOENA)) == "FOR_A_PERSON"
    told, answer = harness.newest(ALVAREZ), harness.newest(SOMEBODY)
    assert [x.recipient for x in harness.letters()] == [ALVAREZ, SOMEBODY]
    assert told.subject == "Alert: demand received"
    assert answer.text.endswith(
        "This mailbox cannot accept service of a subpoena, order or other demand, and this "
        "automatic message is not acceptance of service or a response. A person has been told."
    )


@pytest.mark.parametrize("extra", ["Where is he detained?", "Please send the form."])
def test_a_demand_is_answered_by_nothing_else(harness: Harness, extra: str) -> None:
    harness.deliver(ask(f"{SUBPOENA} {extra}"))
    assert [x.kind for x in harness.letters(to=SOMEBODY)] == ["demand_received"]


def test_a_demand_that_is_a_pdf_is_no_failed_form(harness: Harness) -> None:
    raw = ask(SUBPOENA, files={"subpoena.pdf": NO_FORM_PDF})
    assert harness.deliver(raw) == "FOR_A_PERSON"
    assert [x.kind for x in harness.letters(to=SOMEBODY)] == ["demand_received"]
    assert len(harness.rows(AttachmentRecord)) == 1


def test_a_demand_beside_a_form_is_told_and_the_form_is_filed(harness: Harness) -> None:
    raw = compose(CLERK, SUBPOENA, files={"form.pdf": fill()})
    assert harness.deliver(raw) == "FILED"
    assert harness.newest(ALVAREZ, "staff_alert").subject == "Alert: demand received"
    assert [x.kind for x in harness.letters(to=CLERK)] == ["acknowledgement"]


def test_papers_about_something_else_are_kept_and_their_author_is_told_where(
    harness: Harness,
) -> None:
    raw = ask("I request prosecutorial discretion.", files={"g28.pdf": NO_FORM_PDF})
    assert harness.deliver(raw) == "FORM_SET_ASIDE"
    assert [x.kind for x in harness.letters()] == ["redirect"]
    assert "eroprosecutorialdiscretioninquiries@ice.dhs.gov" in harness.newest(SOMEBODY).text


def test_what_may_be_a_form_that_nobody_can_read_is_told_so(harness: Harness) -> None:
    raw = ask("The detainer is in the form.", files={"form.pdf": fill()[:4000]})
    assert harness.deliver(raw) == "FORM_SET_ASIDE"
    assert [x.kind for x in harness.letters()] == ["set_aside"]


def test_nobody_on_duty_is_woken_for_it(harness: Harness) -> None:
    harness.deliver(ask(WHERE))
    assert harness.letters(to=DUTY) == []
