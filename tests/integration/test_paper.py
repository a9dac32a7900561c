"""Scanned paper: filed as mail is, known when it comes again, answered on paper if need be."""

from __future__ import annotations

import io
from email import policy
from email.parser import BytesParser
from typing import Any

import pdfplumber
import pytest
from PIL import Image
from sqlalchemy import select

from inbox_worker.handling.paper import FiledPaper, _build_mail, _record, file_paper, is_scan
from inbox_worker.intake import Channel
from inbox_worker.storage.models import JournalEntry, RawMail, Request
from tests.worker_harness import CLERK, DUTY, ORTEGA, STAFF, Harness, fill

NAME = "Dana Whitlock"
COURT = "Superior Court of Example County"


def file(
    harness: Harness, *files: bytes, author: str = NAME, channel: Channel = "fax"
) -> FiledPaper:
    return file_paper(harness.services, files, channel=channel, author=author)


def read_page(data: bytes) -> str:
    with pdfplumber.open(io.BytesIO(data)) as pdf:
        return " ".join(" ".join(page.extract_text() for page in pdf.pages).split())


@pytest.mark.parametrize("channel", ["fax", "mail", "hand"])
def test_a_scan_becomes_a_request_of_its_channel(harness: Harness, channel: Channel) -> None:
    form = fill()
    filed = file(harness, form, channel=channel)
    request = harness.request()
    assert filed.tracking_numbers == (request.tracking_number,)
    assert (request.channel, request.status) == (channel, "IN_REVIEW")
    assert request.author_proven is False
    with harness.services.database.read() as session:
        raw = session.scalars(select(RawMail.raw)).one()
    mail = BytesParser(policy=policy.default).parsebytes(raw)
    (part,) = mail.iter_attachments()
    assert part.get_content() == form


def test_paper_proves_nobody_also_where_no_proof_is_asked_of_mail(harness: Harness) -> None:
    harness.change_settings(review={"require_authentication": False})
    file(harness, fill(), author=CLERK)
    assert harness.request().author_proven is False


def test_the_same_scan_again_is_named_with_its_number(harness: Harness) -> None:
    form = fill()
    first = file(harness, form)
    again = file(harness, form, author=CLERK, channel="mail")
    assert again.tracking_numbers == ()
    assert again.known == ((0, first.tracking_numbers),)
    assert len(harness.rows(Request)) == len(harness.rows(JournalEntry)) == 1


def test_a_known_file_among_new_ones_is_left_out(harness: Harness) -> None:
    form = fill()
    first = file(harness, form)
    both = file(harness, form, fill(case_numbers="26-CR-000777"))
    assert both.known == ((0, first.tracking_numbers),)
    assert len(both.tracking_numbers) == 1


def test_several_forms_are_several_requests(harness: Harness) -> None:
    filed = file(harness, fill(), fill(case_numbers="26-CR-000777"))
    assert len(filed.tracking_numbers) == 2


def test_what_is_no_form_waits_for_a_person(harness: Harness) -> None:
    picture = io.BytesIO()
    Image.new("L", (850, 1100), 255).save(picture, "PNG")
    filed = file(harness, picture.getvalue())
    assert (filed.tracking_numbers, filed.disposition) == ((), "FORM_SET_ASIDE")
    assert [x for x in harness.letters() if x.recipient not in (*STAFF, DUTY)] == []


@pytest.mark.parametrize(
    ("author", "email", "recipient"),
    [
        pytest.param("clerk@elsewhere.example", CLERK, "clerk@elsewhere.example", id="as told"),
        pytest.param(NAME, CLERK, CLERK, id="as the form says"),
    ],
)
def test_an_answer_goes_by_mail_where_an_address_is_known(
    harness: Harness, author: str, email: str, recipient: str
) -> None:
    file(harness, fill(requester_email=email), author=author)
    (letter,) = [x for x in harness.letters() if x.kind == "acknowledgement"]
    assert letter.recipient == recipient


#: Forms whose requester has no e-mail address.
_BY_POST: dict[str, Any] = {"requester_email": None, "delivery": "postal_mail"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({}, "Your Request Form has arrived. Its tracking number is", id="received"),
        pytest.param({"purpose": None}, "Purpose and relevance", id="incomplete"),
        pytest.param(
            {"legal_process_attached": True}, "cannot accept service of a subpoena", id="a demand"
        ),
    ],
)
def test_else_it_is_a_page_for_staff_to_print(
    harness: Harness, changes: dict[str, Any], words: str
) -> None:
    file(harness, fill(**(_BY_POST | changes)))
    tracking = harness.request().tracking_number
    (letter,) = [x for x in harness.letters() if x.kind == "print_letter"]
    assert letter.recipient == ORTEGA
    assert tracking in letter.subject
    page = read_page(letter.files[f"{tracking}.pdf"])
    assert words in page
    assert tracking in page
    assert f"{NAME} {COURT} 1 Example Plaza Anytown, GA 30301" in page
    assert "Ejemplo" not in page
    assert {x.recipient for x in harness.letters()} <= {*STAFF, DUTY}


def test_a_question_is_a_page_too_and_goes_to_the_paper_desk(harness: Harness) -> None:
    harness.change_settings(review={"paper_to": "desk@agency.example"})
    file(harness, fill(**_BY_POST))
    harness.reply(ORTEGA, "NEED INFO case number")
    letter = harness.newest("desk@agency.example", "print_letter")
    (page,) = letter.files.values()
    assert "the person who reviews it has a question" in read_page(page)


#: Of a form that was incomplete: the number of its request, written where there was room.
NUMBERED = "Corrected form for {}: whether ICE enforcement caused the absence from court."


@pytest.mark.parametrize("author", [NAME, "clerk@elsewhere.example"])
def test_a_corrected_form_that_names_its_number_joins_its_request(
    harness: Harness, author: str
) -> None:
    changes = _BY_POST if author == NAME else {}
    (number,) = file(harness, fill(**changes, purpose=None), author=author).tracking_numbers
    assert harness.status() == "INCOMPLETE"
    scan = fill(**changes, purpose=NUMBERED.format(number))
    filed = file(harness, scan, author=author, channel="mail")
    assert (filed.joined, filed.tracking_numbers) == ((number,), ())
    assert filed.disposition == "FORM_RECEIVED"
    (request,) = harness.rows(Request)
    assert (request.status, request.revision) == ("IN_REVIEW", 2)
    assert "the request as it was before" in harness.notice(ORTEGA).text
    assert file(harness, scan, author=author).known == ((0, (number,)),)


@pytest.mark.parametrize(
    ("author", "changes", "flags"),
    [
        pytest.param("other@courts.example", {}, True, id="another address"),
        pytest.param(CLERK, {"purpose": None}, True, id="no number"),
        pytest.param(
            CLERK,
            {
                "subject_family_name": "Otro",
                "subject_a_number": "A000000199",
                "subject_fbi_number": None,
                "case_numbers": "26-CR-000777",
            },
            False,
            id="another person and case",
        ),
    ],
)
def test_a_corrected_form_joins_no_request_but_its_own(
    harness: Harness, author: str, changes: dict[str, Any], *, flags: bool
) -> None:
    (number,) = file(harness, fill(purpose=None), author=CLERK).tracking_numbers
    given = {"purpose": NUMBERED.format(number), "requester_title": "Clerk"} | changes
    filed = file(harness, fill(**given), author=author)
    assert (filed.joined, len(filed.tracking_numbers)) == ((), 1)
    first, second = harness.rows(Request)
    assert (first.status, first.revision) == ("INCOMPLETE", 1)
    assert second.duplicate_of == (number if flags else None)


def test_paper_changes_no_request_of_a_proven_author(harness: Harness) -> None:
    first = harness.file(purpose=None)
    assert (first.author_proven, first.status) == (True, "INCOMPLETE")
    scan = fill(purpose=NUMBERED.format(first.tracking_number))
    filed = file(harness, scan, author=CLERK)
    assert (filed.joined, len(filed.tracking_numbers)) == ((), 1)
    assert harness.request(0).status == "INCOMPLETE"
    assert harness.request().duplicate_of == first.tracking_number


def test_the_same_scan_by_two_channels_at_once_is_filed_once(harness: Harness) -> None:
    raw = _build_mail([fill()], NAME)
    ids = {_record(harness.services, raw, channel) for channel in ("fax", "hand")}
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"%PDF-1.7\n", True, id="PDF"),
        pytest.param(b"II*\0rest", True, id="TIFF, little-endian"),
        pytest.param(b"MM\0*rest", True, id="TIFF, big-endian"),
        pytest.param(b"\xff\xd8\xff\xe0", True, id="JPEG"),
        pytest.param(b"\x89PNG\r\n\x1a\n", True, id="PNG"),
        pytest.param(b"PK\x03\x04", False, id="an archive"),
        pytest.param(b"", False, id="nothing"),
    ],
)
def test_a_scan_is_known_by_its_bytes(data: bytes, expected: bool) -> None:
    assert is_scan(data) is expected
