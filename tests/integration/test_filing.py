"""Filing: where a form goes, what its author and its reviewers are told, and what is no form."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pikepdf
import pytest

from config.data import read_data
from inbox_worker.storage.models import AttachmentRecord, Event, FieldRecord, Problem, Request
from outbound.forms.filling import walk_fields
from parsers.classification.classify import LOOP_MARKER
from tests.specimens.xfa import fill_dynamic
from tests.worker_harness import (
    CLERK,
    DUTY,
    FORM,
    MAILBOX,
    NOW,
    ORTEGA,
    STAFF,
    Harness,
    Opener,
    compose,
    fill,
)

TO_STAFF = ["review_notice"] * len(STAFF)


@pytest.mark.parametrize(
    ("form", "status", "kinds"),
    [
        pytest.param({}, "IN_REVIEW", ["acknowledgement", *TO_STAFF], id="complete"),
        pytest.param(
            {"subject_birth_date": "04/05/1988"},
            "IN_REVIEW",
            ["acknowledgement", *TO_STAFF],
            id="a doubtful value is for the reviewers, not for the requester",
        ),
        pytest.param({"case_numbers": None}, "INCOMPLETE", ["deficiency"], id="a blank field"),
        pytest.param(
            {"obligation_dates": "02/30/2026"},
            "INCOMPLETE",
            ["deficiency"],
            id="an impossible date",
        ),
        pytest.param(
            {"obligation_dates": "01/15/2031"}, "INCOMPLETE", ["deficiency"], id="a future date"
        ),
        pytest.param(
            {"subject_a_number": "202-555-0141"},
            "INCOMPLETE",
            ["deficiency"],
            id="a phone number in the A-number's box",
        ),
        pytest.param(
            {"legal_process_attached": True},
            "LEGAL",
            ["legal_received", *["transcript"] * len(STAFF)],
            id="a demand",
        ),
        pytest.param(
            {"legal_process_attached": True, "case_numbers": None},
            "LEGAL",
            ["legal_received", *["transcript"] * len(STAFF)],
            id="a demand is a demand, complete or not",
        ),
        pytest.param(
            {"subject_birth_country": "Puerto Rico"},
            "LEGAL",
            ["acknowledgement", *["transcript"] * len(STAFF)],
            id="birth in the United States",
        ),
        pytest.param(
            {"subject_citizenship": "United States"},
            "LEGAL",
            ["acknowledgement", *["transcript"] * len(STAFF)],
            id="claimed citizenship",
        ),
    ],
)
def test_a_form_goes_where_its_values_send_it(
    harness: Harness, form: dict[str, Any], status: str, kinds: list[str]
) -> None:
    assert harness.file(**form).status == status
    assert [x.kind for x in harness.letters()] == kinds
    outside = [x for x in harness.letters() if x.recipient == CLERK]
    assert len(outside) == 1, "the author gets one letter"


def test_a_request_is_filed_with_all_its_evidence(harness: Harness) -> None:
    request = harness.file(next_hearing_date="05/20/2026")
    assert request.tracking_number == "CJS-2026-000001-7"
    assert (request.round, request.revision, request.definition) == (1, 1, "cjs-request/1")
    assert (request.author_address, request.author_proven) == (CLERK, True)
    assert (request.received_at, request.perfected_at) == (NOW, NOW)
    assert (request.requester_type, request.priority, request.flags) == ("judge_or_clerk", 4, [])
    row = next(r for r in harness.rows(FieldRecord) if r.field == "obligation_dates")
    assert (row.value, row.raw, row.source, row.page) == (
        ["2026-03-10"],
        "03/10/2026",
        "acroform",
        row.page,
    )
    assert row.page in (1, 2)
    assert len(row.box) == 4
    (attachment,) = harness.rows(AttachmentRecord)
    assert (attachment.name, attachment.document_kind) == ("form.pdf", "acroform")
    assert harness.events() == ["request_filed", "request_in_review"]


def test_the_year_of_a_tracking_number_is_the_offices(harness: Harness) -> None:
    harness.clock.now = NOW.replace(month=1, day=1, hour=2)  # New Year's Eve, Eastern
    harness.file(
        request_date="2025-12-31", attestation_date="2025-12-31", obligation_dates="03/10/2025"
    )
    assert harness.request().tracking_number.startswith("CJS-2025-000001-")


def test_the_deficiency_letter_names_each_field_by_its_label(harness: Harness) -> None:
    harness.file(case_numbers=None, subject_birth_date="31/31/1990", requester_name="Whitlock")
    words = harness.newest(CLERK, "deficiency").text
    for label in ("Case or docket no.", "Date of birth", "Requester name"):
        assert label in words
    assert "31/31/1990" not in words, "it quotes nothing of the form"
    assert "Mailing state" not in words
    problems = {(p.field, p.code) for p in harness.rows(Problem)}
    assert ("case_numbers", "missing") in problems


def test_the_form_goes_back_filled_in_and_marked(harness: Harness) -> None:
    harness.file(case_numbers=None, subject_birth_date="31/31/1990")
    ((name, form),) = harness.newest(CLERK, "deficiency").files.items()
    assert name == "request-form.pdf"
    with pikepdf.open(BytesIO(form)) as pdf:
        fields = dict(walk_fields(pdf.Root.AcroForm.Fields))
    assert str(fields["subject_birth_date"].V) == "31/31/1990"
    assert str(fields["subject_family_name"].V) == "Ejemplo de la Muestra"
    assert str(fields["case_numbers"].TU).startswith("Please mend. This field was left blank.")
    assert not str(fields["requester_name"].TU).startswith("Please mend.")


def test_an_unproven_author_is_told_nothing_of_what_the_form_says(harness: Harness) -> None:
    harness.file(auth=None, case_numbers=None)
    request = harness.request()
    assert "unproven_author" in request.flags
    assert harness.newest(CLERK).files == {}
    words = harness.newest(CLERK).text
    for secret in ("Ejemplo", "José", "1988", "000000101", "Whitlock", "Superior"):
        assert secret not in words


@pytest.mark.parametrize(
    ("form", "mail", "flags"),
    [
        pytest.param({}, {}, [], id="nothing to mind"),
        pytest.param(
            {"requester_email": "other@courts.example"}, {}, ["address_differs"], id="address"
        ),
        pytest.param({}, {"auth": None}, ["unproven_author"], id="nobody vouches for the mail"),
        pytest.param(
            {"subject_a_number": None, "identifiers_unknown": True},
            {},
            ["weak_identity"],
            id="no number is known",
        ),
        pytest.param({"subject_birth_date": "2009-01-01"}, {}, ["minor"], id="a minor"),
        pytest.param(
            {"subject_birth_date": "04/05/1988"},
            {},
            ["doubtful", "ambiguous_birth_date"],
            id="day and month could be swapped",
        ),
        pytest.param(
            {"purpose": "The SSN is 219-09-9999; the court decides on the bench warrant."},
            {},
            ["ssn"],
            id="a Social Security number",
        ),
    ],
)
def test_flags_tell_reviewers_what_to_mind(
    harness: Harness, form: dict[str, Any], mail: dict[str, Any], flags: list[str]
) -> None:
    assert harness.file(**mail, **form).flags == flags


def test_a_social_security_number_is_kept_nowhere(harness: Harness) -> None:
    harness.file(purpose="The SSN is 219-09-9999; the court decides on the bench warrant.")
    for row in harness.rows(FieldRecord):
        assert "219-09-9999" not in f"{row.value} {row.raw}"
    assert "219-09-9999" not in harness.notice(ORTEGA).text


def test_every_form_of_a_mail_is_a_request_of_its_own(harness: Harness) -> None:
    files = {
        "one.pdf": fill(case_numbers="26-CR-000001"),
        "two.pdf": fill(case_numbers="26-CR-000002"),
        "three.pdf": fill(case_numbers=None),
    }
    assert harness.deliver(compose(CLERK, "Three forms.", files=files)) == "FILED"
    requests = harness.rows(Request)
    assert [r.status for r in requests] == ["IN_REVIEW", "IN_REVIEW", "INCOMPLETE"]
    assert [r.document_position for r in requests] == [0, 1, 2]
    assert len({r.tracking_number for r in requests}) == 3


def test_a_paper_beside_the_form_stays_beside_it(harness: Harness) -> None:
    pdf = BytesIO()
    with pikepdf.new() as paper:
        paper.add_blank_page()
        paper.save(pdf)
    files = {"consent.pdf": pdf.getvalue(), "form.pdf": fill()}
    assert harness.deliver(compose(CLERK, "Form and consent.", files=files)) == "FILED"
    assert harness.request().document_position == 1
    words = harness.notice(ORTEGA).text
    assert "consent.pdf" in words
    assert list(harness.notice(ORTEGA).files.values()) == [files["form.pdf"]]


def test_the_same_bytes_again_file_nothing_more(harness: Harness) -> None:
    raw = compose(CLERK, "Form attached.", files={"form.pdf": fill()})
    harness.deliver(raw)
    harness.record(raw)
    assert harness.work().disposed == 0
    assert len(harness.rows(Request)) == 1


def test_a_notice_carries_the_form_and_a_subject_without_a_person(filed: Harness) -> None:
    notice = filed.notice(ORTEGA)
    number = filed.request().tracking_number
    assert number in notice.subject
    assert list(notice.files.values()) == [fill()]
    assert "Ejemplo de la Muestra" in notice.text
    assert notice.message["Auto-Submitted"] == "auto-generated"


def test_the_acknowledgement_joins_the_thread_of_the_request(harness: Harness) -> None:
    raw = compose(CLERK, "Form.", message_id="<theirs@courts.example>", files={"f.pdf": fill()})
    harness.deliver(raw)
    letter = harness.newest(CLERK, "acknowledgement")
    assert letter.message["In-Reply-To"] == "<theirs@courts.example>"
    assert letter.message["From"].addresses[0].addr_spec == MAILBOX  # type: ignore[union-attr]


def test_an_answer_goes_to_the_author_and_never_to_reply_to(harness: Harness) -> None:
    headers = {"Reply-To": "victim@elsewhere.example"}
    harness.deliver(compose(CLERK, "Form.", headers=headers, files={"f.pdf": fill()}))
    harness.deliver(compose(CLERK, "How do I ask?", headers=headers))
    assert {x.recipient for x in harness.letters()} == {CLERK, *STAFF}


def encrypted() -> bytes:
    out = BytesIO()
    with pikepdf.open(BytesIO(fill())) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(user="secret", owner="secret"))
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "disposition", "kind"),
    [
        pytest.param("form.pdf", b"", "FORM_SET_ASIDE", "set_aside", id="an empty PDF"),
        pytest.param("form.pdf", fill()[:4000], "FORM_SET_ASIDE", "set_aside", id="cut short"),
        pytest.param("form.pdf", b"%PDF-1.7 nothing", "FORM_SET_ASIDE", "set_aside", id="no PDF"),
        pytest.param("form.pdf", encrypted(), "FORM_SET_ASIDE", "set_aside", id="a password"),
        pytest.param(
            "form.pdf", b"PK\x03\x04zip", "FORM_SET_ASIDE", "set_aside", id="only named so"
        ),
        pytest.param("form.docx", b"PK\x03\x04docx", "FORM_WANTED", "not_pdf", id="a document"),
    ],
)
def test_what_cannot_be_used_is_answered_and_kept(
    harness: Harness, name: str, data: bytes, disposition: str, kind: str
) -> None:
    raw = compose(CLERK, "Form attached.", files={name: data})
    if not name.endswith(".pdf"):
        raw = raw.replace(b"application/pdf", b"application/msword")
    assert harness.deliver(raw) == disposition
    (letter,) = harness.letters()
    assert (letter.recipient, letter.kind) == (CLERK, kind)
    assert list(letter.files.values()) == [read_data("forms/cjs-request-1.pdf")]


@pytest.mark.parametrize(
    "blank",
    [
        pytest.param(read_data("forms/cjs-request-1.pdf"), id="the model form"),
        pytest.param(fill_dynamic({}), id="a dynamic XFA form"),
    ],
)
def test_a_blank_form_is_not_a_request(harness: Harness, blank: bytes) -> None:
    assert harness.deliver(compose(CLERK, "Form.", files={"f.pdf": blank})) == "FORM_SET_ASIDE"
    assert harness.rows(Request) == []
    assert "but nothing was filled in" in harness.newest(CLERK, "set_aside").text


def test_an_xfa_form_is_filed_like_any_other(harness: Harness) -> None:
    harness.deliver(compose(CLERK, "Form.", files={"f.pdf": fill_dynamic(FORM)}))
    request = harness.request()
    assert (request.status, request.definition) == ("IN_REVIEW", "cjs-request/1")
    assert {row.source for row in harness.rows(FieldRecord)} == {"xfa"}
    (attachment,) = harness.rows(AttachmentRecord)
    assert (attachment.document_kind, attachment.warnings) == ("xfa", ["please_wait_page"])


@pytest.mark.parametrize(
    ("raw", "disposition", "kinds"),
    [
        pytest.param(
            compose(CLERK, "How do I ask?"), "FORM_WANTED", ["request_form"], id="how to ask"
        ),
        pytest.param(
            compose(CLERK, "Good morning.", subject="Hello"),
            "FOR_A_PERSON",
            ["no_form"],
            id="nothing that a topic fits",
        ),
        pytest.param(
            compose(CLERK, "Form.", headers={"Auto-Submitted": "auto-generated"}),
            "IGNORED",
            [],
            id="a program",
        ),
        pytest.param(
            compose(
                CLERK,
                "Scan.",
                headers={"Auto-Submitted": "auto-generated"},
                files={"f.pdf": fill()},
            ),
            "FOR_A_PERSON",
            [],
            id="a program with a document",
        ),
        pytest.param(
            compose(CLERK, "News.", headers={"List-Id": "<news.courts.example>"}),
            "IGNORED",
            [],
            id="a mailing list",
        ),
        pytest.param(
            compose(MAILBOX, "Ours.", headers={LOOP_MARKER: "1"}),
            "IGNORED",
            [],
            id="our own letter coming back",
        ),
        pytest.param(
            compose(MAILBOX, "How do I ask?"),
            "FOR_A_PERSON",
            [],
            id="somebody who writes in our name is not answered",
        ),
        pytest.param(
            compose("MAILER-DAEMON@courts.example", "550 5.1.1 no such user", subject="failure"),
            "BOUNCE_RECORDED",
            [],
            id="a bounce",
        ),
        pytest.param(
            compose("a@courts.example, b@courts.example", "Hello"),
            "FOR_A_PERSON",
            [],
            id="two authors",
        ),
        pytest.param(
            compose("a@courts.example, b@courts.example", "Form.", files={"f.pdf": fill()}),
            "FOR_A_PERSON",
            [],
            id="two authors with a form",
        ),
    ],
)
def test_mail_that_brings_no_request_ends_in_a_named_disposition(
    harness: Harness, raw: bytes, disposition: str, kinds: list[str]
) -> None:
    assert harness.deliver(raw) == disposition
    assert [x.kind for x in harness.letters()] == kinds
    assert harness.rows(Request) == []


def test_a_mail_too_large_to_fetch_is_told_the_limit(harness: Harness) -> None:
    header = compose(CLERK, "").partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    assert harness.deliver(header, is_whole=False) == "OVERSIZE"
    letter = harness.newest(CLERK, "oversize")
    assert "41.9 MB" in letter.text


def test_staff_hear_of_mail_too_large_once_a_day(harness: Harness) -> None:
    for number, days in enumerate((0, 0, 1)):
        harness.clock.advance(days=days)
        raw = compose(f"clerk{number}@courts.example", "").partition(b"\r\n\r\n")[0]
        assert harness.deliver(raw + b"\r\n\r\n", is_whole=False) == "OVERSIZE"
    first, second = harness.letters(to=DUTY)
    assert "over the size limit" in first.text
    assert "clerk" not in first.text
    assert second.due_at - first.due_at == timedelta(days=1)
    assert harness.events().count("mail_oversize") == 3


#: How many answers to mail without a request an address gets in a day.
ANSWERS = 5


def test_answers_to_one_address_are_bounded_by_day(harness: Harness) -> None:
    found = []
    for n in range(ANSWERS + 3):
        author = CLERK.upper() if n % 2 else CLERK
        found.append(harness.deliver(compose(author, f"Hello {n}")))
    assert found == ["FORM_WANTED"] * ANSWERS + ["FOR_A_PERSON"] * 3
    assert len(harness.letters(kind="request_form")) == ANSWERS
    (alarm,) = harness.letters(kind="staff_alert")
    assert "they are no longer answered" in alarm.text
    assert CLERK not in alarm.text
    assert harness.deliver(compose("other@courts.example", "Hello")) == "FORM_WANTED"
    harness.clock.advance(days=1, minutes=1)
    assert harness.deliver(compose(CLERK, "Hello again")) == "FORM_WANTED"


def test_the_bound_holds_for_every_kind_of_such_answer(harness: Harness) -> None:
    for n in range(ANSWERS):
        harness.deliver(compose(CLERK, f"Form {n}", files={"f.pdf": b"%PDF-1.7 nothing"}))
    before = harness.newest(CLERK)
    assert harness.deliver(compose(CLERK, "Hello")) == "FOR_A_PERSON"
    assert harness.deliver(compose(CLERK, "F", files={"f.pdf": b"%PDF-1 x"})) == "FORM_SET_ASIDE"
    assert harness.newest(CLERK).id == before.id


@pytest.mark.parametrize(
    ("domain", "most"),
    [
        pytest.param("courts.example", 6, id="an office's domain"),
        pytest.param("gmail.com", 9, id="a public provider's customers: all together only"),
    ],
)
def test_changing_addresses_do_not_get_around_the_bound(
    open_harness: Opener, domain: str, most: int
) -> None:
    harness = open_harness(intake={"answers_per_domain": 6, "answers_per_day": 9})
    found = [harness.deliver(compose(f"p{n}@{domain}", f"Hello {n}")) for n in range(12)]
    assert found == ["FORM_WANTED"] * most + ["FOR_A_PERSON"] * (12 - most)
    assert len(harness.letters(kind="staff_alert")) == 1, "staff are told once"


def test_a_request_is_acknowledged_however_many_there_were(harness: Harness) -> None:
    for n in range(ANSWERS + 1):
        harness.deliver(compose(CLERK, f"Hello {n}"))
    harness.file()
    assert harness.newest(CLERK).kind == "acknowledgement"


def test_an_address_no_relay_takes_files_the_form_and_stops_nothing(harness: Harness) -> None:
    author = f"{'a' * 60}@{'.'.join(['courts' * 8] * 5)}.example"
    assert len(author) > 254
    assert harness.file(author=author).status == "IN_REVIEW"
    assert harness.letters(to=author) == []
    (event,) = [e for e in harness.rows(Event) if e.code == "letter_not_mailable"]
    assert event.detail == {"kind": "acknowledgement"}
    assert harness.deliver(compose(author, "How do I ask?")) == "FOR_A_PERSON"


def test_a_tracking_number_with_a_wrong_digit_is_never_taken_for_a_request(
    filed: Harness,
) -> None:
    number = filed.request().tracking_number
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    filed.deliver(compose(CLERK, "Any news?", subject=wrong))
    assert "requester_wrote" not in filed.events()


def test_letters_are_due_at_once(filed: Harness) -> None:
    assert {x.due_at for x in filed.letters()} == {NOW}
    assert all(x.recipient != DUTY for x in filed.letters())
