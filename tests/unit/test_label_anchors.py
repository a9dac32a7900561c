"""A revision known by nothing but the wordings of its labels is read beside and below them."""

from __future__ import annotations

from datetime import date

import pytest

from config.data import read_data
from parsers.definition import parse_definition
from parsers.extraction import DocumentKind, Extraction
from parsers.reading.document import read_document
from tests.specimens.fill import fill_ours
from tests.specimens.people import TODAY as PEOPLE_TODAY
from tests.specimens.people import build_specimen
from tests.specimens.prints import flatten_by_pikepdf
from tests.unit.pdf_forms import FormBuilder

TODAY = date(2026, 5, 4)
DEFINITION = parse_definition(read_data("forms/cjs-request-1.toml"))

#: Words and where their line begins: x from the left, y from the bottom.
Line = tuple[float, float, str]

BESIDE: list[Line] = [
    (40, 760, "REQUEST FOR CUSTODY INFORMATION, Rev. 3"),
    (40, 740, "Send the court's letter with the request; state the reason for it."),
    (40, 720, "Who is asking"),
    (40, 700, "Requested by: Dana Whitlock"),
    (320, 700, "Position: Deputy Clerk"),
    (40, 684, "Organization:"),
    (120, 684, "Superior Court of Example County,"),
    (120, 672, "Criminal Division"),
    (40, 656, "Street: 1 Example Plaza"),
    (40, 640, "City: Anytown"),
    (200, 640, "State: GA"),
    (320, 640, "ZIP: 30301"),
    (40, 624, "Telephone: (202) 555-0141 ext. 7"),
    (320, 624, "E-mail address: d.whitlock@courts.example"),
    (40, 608, "Date submitted: 05/01/2026"),
    (40, 588, "Who it is about"),
    (40, 568, "Apellidos: Ejemplo de la Muestra"),
    (320, 568, "Nombre: Jose Andres"),
    (40, 552, "DOB: 07/23/1988"),
    (200, 552, "COB: Guatemala"),
    (320, 552, "A#: 000-000-101"),
    (40, 536, "Gender:"),
    (100, 536, "[ ] Male"),
    (160, 536, "[x] Female"),
    (40, 516, "What was missed"),
    (40, 496, "Failure To Appear Date: 03/10/2026; 03/17/2026"),
    (40, 480, "Court: Superior Court of Example County"),
    (320, 480, "Jurisdiction: GA"),
    (40, 464, "Docket no.: 26-CR-000123"),
    (40, 448, "Reason for request:"),
    (150, 448, "The defendant missed a hearing and the court"),
    (150, 436, "decides on the bench warrant."),
    (40, 420, "Signature of requestor: Dana Whitlock"),
    (320, 420, "Date signed: 05/01/2026"),
]

WANTED = {
    "requester_name": "Dana Whitlock",
    "requester_title": "Deputy Clerk",
    "requester_agency": "Superior Court of Example County, Criminal Division",
    "requester_address": "1 Example Plaza",
    "requester_city": "Anytown",
    "requester_state": "GA",
    "requester_zip": "30301",
    "requester_phone": "+12025550141;ext=7",
    "requester_email": "d.whitlock@courts.example",
    "request_date": "2026-05-01",
    "subject_family_name": "Ejemplo de la Muestra",
    "subject_given_names": "Jose Andres",
    "subject_birth_date": "1988-07-23",
    "subject_birth_country": "GT",
    "subject_a_number": "A000000101",
    "subject_sex": "F",
    "obligation_dates": ("2026-03-10", "2026-03-17"),
    "court_name": "Superior Court of Example County",
    "court_state": "GA",
    "case_numbers": ("26-CR-000123",),
    "purpose": "The defendant missed a hearing and the court decides on the bench warrant.",
    "attestation": True,
    "attestation_date": "2026-05-01",
}


def _below(lines: list[Line]) -> list[Line]:
    """Return the same form with each value in a line of its own below its label."""
    found: list[Line] = []
    for x, y, text in lines:
        label, colon, value = text.partition(": ")
        down = 760 - 2 * (760 - y)
        if colon:
            found += [(x, down, f"{label}*"), (x, down - 11, value)]
        else:
            found.append((x, down, text))
    return found


def _read(lines: list[Line], *, pages: int = 1) -> Extraction:
    form = FormBuilder(known=False, pages=pages)
    by_page: dict[int, list[Line]] = {}
    for x, y, text in lines:
        page = 1 + int((760 - y) // 730)
        by_page.setdefault(page, []).append((x, y + 730 * (page - 1), text))
    for page, found in by_page.items():
        form.print_text(
            [(x, y, text.replace("(", r"\(").replace(")", r"\)")) for x, y, text in found],
            page=page,
        )
    return read_document(form.save(), [DEFINITION], today=TODAY)


@pytest.mark.parametrize(
    ("lines", "pages"),
    [pytest.param(BESIDE, 1, id="beside"), pytest.param(_below(BESIDE), 2, id="below")],
)
def test_values_are_found_at_their_labels(lines: list[Line], pages: int) -> None:
    found = _read(lines, pages=pages)
    assert (found.kind, found.definition) == (DocumentKind.TEXT, "cjs-request/1")
    assert found.readers[:2] == ("pikepdf", "pypdfium2")
    assert {n: v.value for n, v in found.fields.items() if n in WANTED} == WANTED
    assert {v.source for v in found.fields.values()} == {"text"}


def test_a_label_alone_is_never_taken_for_certain() -> None:
    found = _read(BESIDE)
    assert all(0.8 <= value.confidence < 0.95 for value in found.fields.values())


def test_a_wording_of_two_fields_counts_within_its_section() -> None:
    lines = [(x, y, text.replace("Jurisdiction: GA", "State: TX")) for x, y, text in BESIDE]
    found = _read(lines)
    assert (found.value("requester_state"), found.value("court_state")) == ("GA", "TX")
    headings = ("Who is asking", "Who it is about", "What was missed")
    found = _read([line for line in lines if line[2] not in headings])
    # Without headings the labels around it tell, where they are certain themselves.
    assert (found.value("requester_state"), found.value("court_state")) == ("GA", "TX")


def test_a_wording_of_two_fields_without_a_section_is_a_problem_of_both() -> None:
    headings = ("Who is asking", "Who it is about", "What was missed")
    lines = [(x, y, t) for x, y, t in BESIDE if t not in headings and "State" not in t]
    # Between the last label of one section and the first of the next it may be either's.
    lines = [(x, y, t.replace("Jurisdiction: GA", "")) for x, y, t in lines]
    found = _read([*lines, (40, 578, "State: GA")])
    assert (found.value("requester_state"), found.value("court_state")) == (None, None)
    codes = {p.field: p.code for p in found.problems if p.field.endswith("_state")}
    assert codes == {"requester_state": "ambiguous_label", "court_state": "ambiguous_label"}
    assert not {"requester_state", "court_state"} & set(found.missing)


def test_the_model_form_is_read_by_its_labels_alone_where_its_blank_is_not_at_hand() -> None:
    specimen = build_specimen(7)
    found = read_document(
        flatten_by_pikepdf(fill_ours(specimen.typed)), [DEFINITION], today=PEOPLE_TODAY
    )
    exact = [n for n, value in specimen.expected.items() if found.value(n) == value]
    assert len(exact) >= 0.95 * len(specimen.expected)
    assert all(value.confidence < 0.95 for value in found.fields.values())


def test_a_blank_print_has_no_values_but_what_is_printed() -> None:
    found = read_document(flatten_by_pikepdf(fill_ours({})), [DEFINITION], today=TODAY)
    assert (found.kind, found.definition) == (DocumentKind.TEXT, "cjs-request/1")
    assert (found.fields, found.is_form) == ({}, False)


def test_prose_that_uses_the_words_of_labels_is_no_form() -> None:
    prose = [
        (40, 760 - 14 * n, f"Court and case status, date of birth and reason {n} are in the file")
        for n in range(30)
    ]
    assert _read(prose).kind is DocumentKind.NOT_A_FORM
