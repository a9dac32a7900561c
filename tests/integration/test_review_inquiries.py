"""NEED INFO, CORRECT, STATUS and HELP: what reviewers do beside deciding."""

from __future__ import annotations

import pytest

from inbox_worker.storage.models import Event, FieldRecord, Problem
from tests.worker_harness import (
    APPROVE,
    CLERK,
    LINDQVIST,
    ORTEGA,
    Harness,
    compose_reply,
    fill,
)

# NEED INFO.


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        pytest.param("NEED INFO birth date", "the date of birth of the person", id="birth date"),
        pytest.param("NEEDINFO second surname", "a second surname", id="a synonym of the keyword"),
        pytest.param("need info: identifiers", "any of these numbers", id="identifiers"),
        pytest.param("NEED INFO obligation date", "exact date or dates", id="obligation date"),
        pytest.param("NEED INFO consent", "consent or privacy waiver, signed", id="consent"),
        pytest.param("NEED INFO case number", "exactly as the court", id="case number"),
        pytest.param(
            "NEED INFO Which judge hears the case?", "Which judge hears the case?", id="free words"
        ),
    ],
)
def test_a_question_goes_to_the_mails_author(filed: Harness, text: str, asked: str) -> None:
    answer = filed.reply(LINDQVIST, text)
    letter = filed.newest(CLERK, "question")
    assert asked in letter.text
    assert asked in answer.text
    assert filed.status() == "NEEDS_INFORMATION"
    assert letter.reply_to.startswith("ero.outreach+letter-")
    assert filed.request().tracking_number in letter.subject


@pytest.mark.parametrize(
    ("question", "marked"),
    [
        pytest.param("Is Mr. Muestra still on probation?", "Muestra", id="a part of the name"),
        pytest.param(
            "Is A 000-000-101 the number in your papers?",
            "A 000-000-101",
            id="the A-number, grouped",
        ),
        pytest.param("Is 07/23/1988 the date in your papers?", "07/23/1988", id="the birth date"),
        pytest.param("Is 26-CR-000123 the right case?", "26-CR-000123", id="the case number"),
        pytest.param("We found a record; which one is it?", "record", id="that a record exists"),
        pytest.param("Do you know whether he was deported?", "deported", id="what happened"),
    ],
)
def test_a_question_that_discloses_is_refused_with_its_words_marked(
    filed: Harness, question: str, marked: str
) -> None:
    answer = filed.reply(LINDQVIST, f"NEED INFO {question}")
    assert answer.kind == "mistake"
    told = answer.text.partition("Leave out:")[2]
    assert marked in told
    assert filed.status() == "IN_REVIEW"
    assert filed.letters(kind="question") == []


def test_while_a_question_is_out_nobody_decides(filed: Harness) -> None:
    filed.reply(LINDQVIST, "NEED INFO consent")
    answer = filed.reply(ORTEGA, APPROVE, to=filed.notice(ORTEGA))
    assert "A question is with the requester." in answer.text


# CORRECT.


def corrected(harness: Harness, name: str) -> list[tuple[object, str, bool]]:
    """Return every value a field had: value, source, and whether it is in force."""
    rows = [r for r in harness.rows(FieldRecord) if r.field == name]
    return [(r.value, r.source, r.superseded_at is None) for r in rows]


def test_a_correction_keeps_the_old_value(filed: Harness) -> None:
    answer = filed.reply(LINDQVIST, "CORRECT\nSurname(s): Ejemplo Muestra\nTitle: Clerk of Court")
    assert "Ejemplo Muestra (was: Ejemplo de la Muestra)" in answer.text
    assert corrected(filed, "subject_family_name") == [
        ("Ejemplo de la Muestra", "acroform", False),
        ("Ejemplo Muestra", "correction", True),
    ]
    assert corrected(filed, "requester_title")[1][0] == "Clerk of Court"
    request = filed.request()
    assert (request.revision, request.status, request.round) == (2, "IN_REVIEW", 1)
    event = filed.rows(Event)[-1]
    assert (event.code, event.actor) == ("file_corrected", LINDQVIST)
    assert event.detail["fields"] == ["requester_title", "subject_family_name"]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        pytest.param("Title: Clerk\nFavourite colour: blue", "blue", id="an unknown field"),
        pytest.param("Title: Clerk\nDate of birth: 13/32/1988", "1988", id="a date that cannot be"),
        pytest.param(
            "Title: Clerk\nDate of birth: 04/05/1988", "1988", id="a date of two readings"
        ),
        pytest.param("Title: Clerk\nA-Number: 202-555-0141", "202-555-0141", id="no A-number"),
        pytest.param("Title: Clerk\nMailing state: Atlantis", "Atlantis", id="no state"),
        pytest.param("Title: Clerk\nDate or dates missed: 2031-01-01", "2031", id="the future"),
        pytest.param("Title: Clerk\nTitle: Judge", "more than once", id="a field twice"),
        pytest.param("Title: Clerk\nSurname(s):", "Write the right value", id="nothing after it"),
        pytest.param("Title: Clerk\nState: CA", "County", id="what another value now asks for"),
    ],
)
def test_one_wrong_line_corrects_nothing(filed: Harness, lines: str, reason: str) -> None:
    if "State: CA" in lines:
        lines = "Title: Clerk\ncourt_state: CA"
    answer = filed.reply(LINDQVIST, f"CORRECT\n{lines}")
    assert answer.kind == "mistake"
    assert reason in answer.text
    assert filed.request().revision == 1
    assert corrected(filed, "requester_title") == [("Deputy Clerk of Court", "acroform", True)]


def test_a_correction_may_not_contradict_a_value_that_stays(harness: Harness) -> None:
    harness.file(release_date="03/01/2026")
    answer = harness.reply(LINDQVIST, "CORRECT\nDate or dates missed: 2026-02-01")
    assert answer.kind == "mistake"
    assert "later than the first date missed" in answer.text
    assert harness.fields()["obligation_dates"].value == ("2026-03-10",)


def test_a_correction_leaves_the_doubts_about_other_values(harness: Harness) -> None:
    request = harness.file(subject_birth_date="04/05/1988")
    assert set(request.flags) == {"doubtful", "ambiguous_birth_date"}
    harness.reply(LINDQVIST, "CORRECT\nTitle: Clerk of Court")
    assert set(harness.request().flags) == {"doubtful", "ambiguous_birth_date"}
    current = [p for p in harness.rows(Problem) if p.revision == 2]
    assert [(p.field, p.code) for p in current] == [("subject_birth_date", "ambiguous_date")]
    harness.reply(LINDQVIST, "CORRECT\nDate of birth: 1988-05-04")
    assert harness.request().flags == []
    assert [p for p in harness.rows(Problem) if p.revision == 3] == []


def test_a_correction_judges_flags_and_priority_anew(harness: Harness) -> None:
    harness.file(requester_email="records@courts.example", next_hearing_date="05/08/2026")
    assert (harness.request().flags, harness.request().priority) == (["address_differs"], 1)
    text = "CORRECT\nOfficial e-mail: clerk@courts.example\nNext hearing: 2026-12-01"
    harness.reply(LINDQVIST, text)
    assert (harness.request().flags, harness.request().priority) == ([], 4)


def test_what_was_wrong_before_does_not_forbid_another_correction(harness: Harness) -> None:
    """A file whose corrected form lacks something is in review, and can be mended bit by bit."""
    harness.file()
    harness.reply(LINDQVIST, "NEED INFO case number")
    form = fill(requester_type="prosecutor")  # who has to give a credential
    raw = compose_reply(harness.newest(CLERK, "question"), "Here.", files={"form.pdf": form})
    assert harness.deliver(raw) == "FORM_RECEIVED"
    assert (harness.status(), harness.request().flags) == ("IN_REVIEW", ["doubtful"])
    harness.reply(LINDQVIST, "CORRECT\nTitle: Attorney", to=harness.notice(LINDQVIST))
    assert harness.fields()["requester_title"].value == "Attorney"
    assert harness.request().flags == ["doubtful"]
    harness.reply(LINDQVIST, "CORRECT\nrequester_credential: EX-12345")
    assert harness.request().flags == []


def test_the_notice_of_a_corrected_file_is_answered_as_before(filed: Harness) -> None:
    notice = filed.notice(ORTEGA)
    filed.reply(LINDQVIST, "CORRECT\nTitle: Clerk of Court")
    answer = filed.reply(ORTEGA, APPROVE, to=notice)
    assert "Nothing is decided yet" in answer.text
    filed.reply(ORTEGA, "CONFIRM")
    assert filed.status() == "APPROVED"


# STATUS and HELP.


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param("Rosa Ortega\nDeportation Officer", id="the configured title"),
        pytest.param("R. Ortega | Deportation Officer | ERO | 555-555-0100", id="on one line"),
        pytest.param("RO\nERO Atlanta Field Office", id="initials and a field office"),
    ],
)
def test_a_signature_below_a_keyword_is_read_as_one(filed: Harness, signature: str) -> None:
    before = len(filed.letters(kind="request_status"))
    filed.reply(ORTEGA, f"STATUS\n\n{signature}", to=filed.notice(ORTEGA))
    assert len(filed.letters(kind="request_status")) == before + 1


def test_status_tells_where_the_request_stands_and_how_it_came_there(filed: Harness) -> None:
    filed.reply(LINDQVIST, "NEED INFO consent")
    words = filed.reply(LINDQVIST, "STATUS").text
    assert "A question is with the requester." in words
    assert "Question asked, by K. Lindqvist." in words
    assert "Ejemplo de la Muestra" in words


@pytest.mark.parametrize(
    ("text", "offered", "withheld"),
    [
        pytest.param("DENY no consent", "CANCEL:", "APPROVE,", id="after a denial: take it back"),
        pytest.param("NEED INFO consent", "STATUS:", "DENY reason", id="while a question is out"),
    ],
)
def test_help_tells_what_can_be_done_now(
    filed: Harness, text: str, offered: str, withheld: str
) -> None:
    filed.reply(ORTEGA, text)
    words = filed.reply(ORTEGA, "HELP").text
    assert offered in words
    assert withheld not in words


@pytest.mark.parametrize("text", [APPROVE, "CORRECT\nTitle: Clerk", "STATUS", "HELP", "what?"])
def test_every_transcript_can_be_answered_itself(filed: Harness, text: str) -> None:
    answer = filed.reply(ORTEGA, text)
    filed.reply(ORTEGA, "DENY no consent", to=answer)
    assert filed.status() == "DENIED"
