"""Doubt, difference and repetition: what a reviewer is shown of them, and how they end."""

from __future__ import annotations

import io
from typing import Any

import pikepdf
import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import make_transient_to_detached

from inbox_worker.casefile.duplicates import NewForm, keep_and_compare
from inbox_worker.storage.models import ComparisonKey, Event, FieldRecord, Request
from parsers.extraction import FieldValue
from tests.worker_harness import (
    APPROVE,
    CLERK,
    LINDQVIST,
    ORTEGA,
    Harness,
    Sent,
    compose,
    compose_reply,
    fill,
    lift_references,
)

OFFICER = "m.bellweather@probation.example"


def _lie(data: dict[str, str], **form: Any) -> bytes:
    """Return a form whose pages show what was filled in, and whose data says something else."""
    output = io.BytesIO()
    with pikepdf.open(io.BytesIO(fill(**form))) as pdf:
        for field in pdf.Root.AcroForm.Fields:
            if str(field.T) in data:
                field.V = pikepdf.String(data[str(field.T)])
        pdf.save(output)
    return output.getvalue()


def _send(harness: Harness, form: bytes, author: str = CLERK) -> str | None:
    return harness.deliver(compose(author, "Form attached.", files={"form.pdf": form}))


def _pictures(letter: Sent) -> list[Image.Image]:
    parts = [p for p in letter.message.walk() if p.get_content_type() == "image/png"]
    return [Image.open(io.BytesIO(part.get_content())) for part in parts]


def _details(harness: Harness, code: str) -> list[dict[str, Any]]:
    return [event.detail for event in harness.rows(Event) if event.code == code]


def test_a_value_that_its_page_does_not_show_goes_to_a_person_with_a_picture(
    harness: Harness,
) -> None:
    _send(harness, _lie({"subject_a_number": "A000000199"}))
    request = harness.request()
    assert (request.status, request.flags) == ("IN_REVIEW", ["doubtful", "value_differs_from_page"])
    notice = harness.notice(ORTEGA)
    (picture,) = _pictures(notice)
    assert picture.width > picture.height > 30
    body = notice.message.get_body(("html",))
    assert body is not None
    assert "cid:" in body.get_content()
    for words in ("Page and data differ.", "The page shows: A000000101", "Read: A000000199"):
        assert words in notice.text
    kept = harness.fields()["subject_a_number"]
    assert (kept.value, kept.shown, kept.confidence) == ("A000000199", "A000000101", 0.5)


def test_a_form_with_a_social_security_number_is_not_pictured(harness: Harness) -> None:
    """Words can be masked, and a picture would show it."""
    _send(harness, _lie({"subject_a_number": "A000000199"}, purpose="His SSN is 123-45-6789, see."))
    assert {"ssn", "value_differs_from_page"} <= set(harness.request().flags)
    notice = harness.notice(ORTEGA)
    assert not _pictures(notice)
    assert "The page shows: A000000101" in notice.text
    assert "6789" not in notice.text


def test_nothing_of_the_doubt_reaches_the_requester(harness: Harness) -> None:
    _send(harness, _lie({"subject_a_number": "A000000199"}))
    letters = harness.letters(to=CLERK)
    assert [x.kind for x in letters] == ["acknowledgement"]
    assert not _pictures(letters[0])
    assert "A0000001" not in letters[0].text


def test_a_certain_form_has_no_picture(filed: Harness) -> None:
    notice = filed.notice(ORTEGA)
    assert not _pictures(notice)
    assert "Fields to check" not in notice.text


def test_a_form_that_lacks_something_still_goes_back_to_its_requester(harness: Harness) -> None:
    _send(harness, _lie({"subject_a_number": "A000000199"}, court_name=None))
    assert harness.request().status == "INCOMPLETE"
    assert "A-Number" not in harness.letters(to=CLERK)[0].text


def test_a_reviewer_confirms_what_was_read_by_sending_it_back(harness: Harness) -> None:
    _send(harness, _lie({"subject_a_number": "A000000199"}, subject_birth_date="03/04/1985"))
    assert harness.request().flags == [
        "doubtful",
        "value_differs_from_page",
        "ambiguous_birth_date",
    ]
    first = harness.reply(LINDQVIST, "CORRECT\nA-Number: A000000199", to=harness.notice(LINDQVIST))
    assert "A-Number: A000000199 (confirmed)" in first.text
    assert harness.request().flags == ["doubtful", "ambiguous_birth_date"]
    harness.reply(LINDQVIST, "CORRECT\nDate of birth: April 3, 1985", to=first)
    assert harness.request().flags == []
    assert harness.request().status == "IN_REVIEW"
    assert [d["flags"] for d in _details(harness, "flags_ended")] == [
        ["value_differs_from_page"],
        ["ambiguous_birth_date", "doubtful"],
    ]
    assert [(d["fields"], d["confirmed"]) for d in _details(harness, "file_corrected")] == [
        (["subject_a_number"], ["subject_a_number"]),
        (["subject_birth_date"], []),
    ]
    now = harness.fields()["subject_a_number"]
    assert (now.value, now.source, now.confidence, now.shown) == (
        "A000000199",
        "correction",
        1.0,
        None,
    )


def test_every_line_of_the_ready_reply_confirms_what_was_read(harness: Harness) -> None:
    """What the notice proposes to send back must be understood as what was read."""
    purpose = "The defendant missed a hearing.\nThe court decides on the warrant."
    lies = {
        "subject_birth_date": "07/23/1989",
        "subject_birth_country": "El Salvador",
        "requester_phone": "202-555-0142 ext. 9",
        "obligation_dates": "03/10/2026; 03/17/2026 to 03/20/2026",
        "case_numbers": "26-CR-000123; 26-CR-000124",
        "court_state": "TRIBAL",
        "purpose": purpose,
    }
    _send(harness, _lie(lies))
    before = harness.fields()
    notice = harness.notice(LINDQVIST)
    lines = notice.lines
    start = lines.index("CORRECT")
    proposed = lines[start : lines.index("", start)]
    assert len(proposed) == 1 + len(lies)
    harness.reply(LINDQVIST, "\n".join(proposed), to=notice)
    (corrected,) = _details(harness, "file_corrected")
    assert corrected["confirmed"] == sorted(lies)
    after = harness.fields()
    assert {n: after[n].value for n in lies} == {n: before[n].value for n in lies}
    assert harness.request().flags == []


@pytest.mark.parametrize("decision", [APPROVE, "DENY no records may be shown"])
def test_what_nobody_can_read_is_written_by_a_person_before_a_decision(
    harness: Harness, decision: str
) -> None:
    _send(harness, _lie({"obligation_dates": "when it rained"}))
    assert harness.request().status == "IN_REVIEW"
    notice = harness.notice(ORTEGA)
    assert "! Date or dates missed Read: (nothing that can be used)" in notice.text
    refused = harness.reply(ORTEGA, decision, to=notice)
    assert "with CORRECT first: Date or dates missed." in refused.text
    assert harness.decisions() == []
    harness.reply(ORTEGA, "CORRECT\nDate or dates missed: 03/10/2026", to=refused)
    harness.reply(ORTEGA, decision)
    assert len(harness.decisions()) == 1


def test_a_new_round_shows_what_is_still_doubtful(harness: Harness) -> None:
    _send(harness, _lie({"subject_a_number": "A000000199"}))
    harness.reply(LINDQVIST, "NEED INFO birth date", to=harness.notice(LINDQVIST))
    harness.deliver(compose_reply(harness.newest(CLERK), "It is July 23."))
    notice = harness.notice(ORTEGA)
    assert "It is July 23." in notice.text
    assert len(_pictures(notice)) == 1


def test_a_corrected_form_is_compared_with_what_was_filed(harness: Harness) -> None:
    harness.file(court_name=None, subject_family_name="Ejemplo")
    corrected = fill(subject_family_name="Ejemplo de la Muestra")
    harness.deliver(
        compose_reply(harness.newest(CLERK), "Here it is.", files={"form.pdf": corrected})
    )
    notice = harness.notice(ORTEGA)
    assert "with the request as it was before" in notice.text
    text = " ".join(notice.text.split())
    assert "Surname(s): Ejemplo de la Muestra earlier: Ejemplo " in text
    assert "Court or supervising agency: Superior Court of Example County earlier: (blank)" in text
    assert harness.request().flags == []


def test_what_is_only_misread_takes_no_values_place(harness: Harness) -> None:
    harness.file(court_name=None)
    form = _lie({"obligation_dates": "when it rained"})
    harness.deliver(compose_reply(harness.newest(CLERK), "Again.", files={"form.pdf": form}))
    assert harness.request().status == "IN_REVIEW"
    assert harness.fields()["obligation_dates"].value == ("2026-03-10",)


def test_doubt_ends_when_the_corrected_form_shows_the_same_value(harness: Harness) -> None:
    _send(harness, _lie({"subject_a_number": "A000000101"}, subject_a_number="A000000199"))
    assert "doubtful" in harness.request().flags
    harness.reply(LINDQVIST, "NEED INFO birth date", to=harness.notice(LINDQVIST))
    harness.deliver(compose_reply(harness.newest(CLERK), "Here it is.", files={"form.pdf": fill()}))
    assert harness.request().flags == []
    assert harness.fields()["subject_a_number"].shown is None
    rows = [r for r in harness.rows(FieldRecord) if r.field == "subject_a_number"]
    assert [(r.value, r.superseded_at is None) for r in rows] == [
        ("A000000101", False),
        ("A000000101", True),
    ]


def test_what_staff_confirmed_stays_confirmed_when_the_same_comes_again(harness: Harness) -> None:
    form = _lie({"subject_a_number": "A000000199"})
    _send(harness, form)
    done = harness.reply(LINDQVIST, "CORRECT\nA-Number: A000000199", to=harness.notice(LINDQVIST))
    harness.reply(LINDQVIST, "NEED INFO birth date", to=done)
    harness.deliver(compose_reply(harness.newest(CLERK), "Again.", files={"form.pdf": form}))
    assert harness.fields()["subject_a_number"].source == "correction"
    assert harness.request().flags == []


@pytest.mark.parametrize(
    ("changes", "author", "words"),
    [
        pytest.param({}, CLERK, "whose form is the same file", id="the same file"),
        pytest.param({}, OFFICER, "whose form is the same file", id="the same file of another"),
        pytest.param(
            {"subject_family_name": "EJEMPLO MUESTRA", "purpose": "The court asks once more."},
            CLERK,
            "Surname(s): EJEMPLO MUESTRA earlier: Ejemplo de la Muestra",
            id="the same case",
        ),
    ],
)
def test_a_probable_duplicate_is_told_to_reviewers_alone(
    harness: Harness, changes: dict[str, Any], author: str, words: str
) -> None:
    first = harness.file()
    _send(harness, fill(**changes), author)
    second = harness.request()
    assert second.tracking_number != first.tracking_number
    assert second.duplicate_of == first.tracking_number
    assert "duplicate" in second.flags
    text = " ".join(harness.notice(ORTEGA).text.split())
    assert f"The same was probably asked before, under {first.tracking_number}." in text
    assert words in text
    outside = harness.newest(author)
    assert outside.kind == "acknowledgement"
    assert first.tracking_number not in outside.text


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"case_numbers": "26-CR-000999"}, id="another case"),
        pytest.param(
            {"subject_given_names": "María", "subject_birth_date": "1990-01-02"}, id="a relative"
        ),
    ],
)
def test_another_question_is_no_duplicate(harness: Harness, changes: dict[str, Any]) -> None:
    harness.file()
    _send(harness, fill(**changes))
    assert harness.request().duplicate_of is None
    assert "duplicate" not in harness.request().flags


def test_requests_that_share_a_commit_find_each_other(harness: Harness) -> None:
    for _ in range(3):
        harness.record(compose(CLERK, "Form attached.", files={"form.pdf": fill()}))
    harness.work()
    numbers = [harness.request(n).tracking_number for n in range(3)]
    assert [harness.request(n).duplicate_of for n in range(3)] == [None, numbers[0], numbers[0]]


def test_a_duplicate_stays_one_when_its_file_is_corrected(harness: Harness) -> None:
    harness.file()
    harness.file()
    harness.reply(LINDQVIST, "CORRECT\nSuffix: Jr.", to=harness.notice(LINDQVIST))
    assert harness.request().flags == ["duplicate"]


def test_a_corrected_form_is_found_again_under_its_new_case(harness: Harness) -> None:
    harness.file(court_name=None, case_numbers="26-CR-000777")
    first = harness.request()
    harness.deliver(
        compose_reply(
            harness.newest(CLERK),
            "Here it is.",
            files={"form.pdf": fill(case_numbers="26-CR-000778")},
        )
    )
    _send(harness, fill(case_numbers="26-CR-000778", purpose="The court asks this once more."))
    assert harness.request().duplicate_of == first.tracking_number
    with harness.services.database.read() as session:
        keys = session.scalars(select(ComparisonKey.key)).all()
    assert all(len(key) == 64 for key in keys)


def test_several_forms_of_one_document_are_told_apart(harness: Harness) -> None:
    """Their bytes are the same; each repeats the form about its own subject, and no neighbour."""
    forms = []
    for number, (mail, surname) in enumerate(
        [(77, "Ejemplo"), (77, "Muestra"), (78, "Ejemplo"), (78, "Muestra"), (79, "Larga")]
    ):
        request = Request(
            id=900 + number, journal_id=mail, author_address=CLERK, tracking_number=f"#{number}"
        )
        make_transient_to_detached(request)
        values = {
            "subject_family_name": surname,
            "subject_given_names": f"Ana {surname}",
            "case_numbers": ("26-CR-000123",),
        }
        fields = {n: FieldValue(value=v, raw="", source="scan") for n, v in values.items()}
        forms.append(NewForm(request=request, digest="one scan", fields=fields))
    with harness.services.database.unit_of_work() as unit:
        lift_references(unit.session)
        unit.session.add_all([form.request for form in forms])
        found = keep_and_compare(unit.session, forms)
    told = {request_id: duplicate.tracking_number for request_id, duplicate in found.items()}
    assert told == {902: "#0", 903: "#1", 904: "#0"}


def test_what_repeats_a_case_adds_nothing_by_which_the_case_is_found(harness: Harness) -> None:
    for number in range(4):
        _send(harness, fill(purpose=f"The court asks for the answer, letter {number}."))
    first = harness.request(0).tracking_number
    assert [harness.request(n).duplicate_of for n in range(1, 4)] == [first] * 3
    with harness.services.database.read() as session:
        owners = session.scalars(select(ComparisonKey.request_id)).all()
    # Two surnames and a file; then a file each.
    assert sorted(owners) == [1, 1, 1, 2, 3, 4]
