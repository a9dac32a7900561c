"""A first definition is drafted from a form's own fields; it loads, and reads what is filled in."""

from __future__ import annotations

from datetime import date

import pikepdf
import pytest

from config.data import read_data
from parsers.definition import FieldType, FormDefinition, Requiredness, parse_definition
from parsers.extraction import DocumentKind
from parsers.forms.drafting import DraftError, draft_definition
from parsers.forms.validation import check_definition
from parsers.reading.document import read_document
from tests.unit.pdf_forms import FormBuilder

TODAY = date(2026, 5, 4)
KNOWN = parse_definition(
    read_data("forms/cjs-request-1.toml"), blank=read_data("forms/cjs-request-1.pdf")
)


def _form(*, filled: bool) -> FormBuilder:
    """Return a form as an agency may have made it: names of its own, few tooltips."""

    def write(text: str) -> str | None:
        return text if filled else None

    form = FormBuilder(known=False, pages=2)
    form.text("txtDOB", write("07/23/1988"), TU="Date of Birth")
    form.text("Case No. ", write("26-CR-000123"))
    form.text("Text7", write("Room 12"), TU="Text7")
    form.text("remarks", write("Two lines\nof text"), Ff=1 << 12, page=2)
    form.text("Text7.1", write("below the other"))
    form.tick("Urgent", value="Yes" if filled else None, shown="Yes" if filled else None)
    form.group("in custody", ("Yes", "No"), value=write("No"), shown=write("No"))
    form.group("level", ("0", "1"), value=write("1"), shown=write("1"))
    form.print_text([(40, 712, "Office room")], page=1)
    return form


def _draft(data: bytes) -> tuple[str, FormDefinition]:
    text = draft_definition(data, file_name="agency form.pdf", known=KNOWN)
    return text, parse_definition(text.encode(), blank=data)


def test_a_draft_loads_and_names_the_file_as_its_blank_form() -> None:
    _, drafted = _draft(_form(filled=False).save())
    check_definition(drafted)
    assert (drafted.id, drafted.blank_form) == ("agency-form/1", "agency form.pdf")
    assert [section.title for section in drafted.sections] == ["Page 1", "Page 2"]


def test_what_the_form_tells_is_taken_over_and_what_is_guessed_is_marked() -> None:
    text, drafted = _draft(_form(filled=False).save())
    by_source = {field.acroform_name: field for field in drafted.fields}
    kinds = {source: field.type for source, field in by_source.items()}
    assert kinds == {
        "txtDOB": FieldType.DATE,
        "Case No. ": FieldType.LIST,
        "Text7": FieldType.TEXT,
        "remarks": FieldType.TEXT,
        "Text7.1": FieldType.TEXT,
        "Urgent": FieldType.TICK,
        "in custody": FieldType.YES_NO,
        "level": FieldType.CHOICE,
    }
    # Fields that the program knows get the names by which it understands them.
    assert by_source["txtDOB"].name == "subject_birth_date"
    assert by_source["txtDOB"].requiredness is Requiredness.REQUIRED
    assert by_source["Case No. "].name == "case_numbers"
    assert by_source["Text7"].label == "Office room", "what is printed beside it"
    assert by_source["remarks"].multiline
    assert [c.label for c in by_source["level"].choices] == ["0", "1"]
    guesses = [line for line in text.splitlines() if "# guess" in line]
    assert len(guesses) > 3 * len(drafted.fields)
    assert not any(line.startswith("acroform_name") for line in guesses)


def test_a_draft_reads_the_fillings_of_its_form() -> None:
    _, drafted = _draft(_form(filled=False).save())
    found = read_document(_form(filled=True).save(), [KNOWN, drafted], today=TODAY)
    assert (found.kind, found.definition) == (DocumentKind.ACROFORM, "agency-form/1")
    names = {field.acroform_name: field.name for field in drafted.fields}
    values = {source: found.value(name) for source, name in names.items()}
    assert values == {
        "txtDOB": "1988-07-23",
        "Case No. ": ("26-CR-000123",),
        "Text7": "Room 12",
        "remarks": "Two lines\nof text",
        "Text7.1": "below the other",
        "Urgent": True,
        "in custody": False,
        "level": "field_1",
    }


def test_the_form_itself_still_belongs_to_its_own_definition() -> None:
    _, drafted = _draft(_form(filled=False).save())
    found = read_document(KNOWN.blank, [drafted, KNOWN], today=TODAY)
    assert found.definition == "cjs-request/1"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        pytest.param(b"", "no PDF", id="nothing"),
        pytest.param(b"%PDF-1.7 noise", "no PDF", id="damaged"),
        pytest.param(FormBuilder(known=False).save(), "no form fields", id="without fields"),
        pytest.param(
            FormBuilder().save(encryption=pikepdf.Encryption(user="x", owner="y")),
            "password",
            id="locked",
        ),
    ],
)
def test_what_has_no_draft_says_why(data: bytes, why: str) -> None:
    with pytest.raises(DraftError, match=why):
        draft_definition(data, file_name="x.pdf", known=KNOWN)


def test_hostile_names_do_no_harm() -> None:
    form = FormBuilder(known=False)
    for name in ('a"\nid = "b', "\u202etxet", "\\", "1", "a", "a", "ünï", "x" * 300):
        form.text(name, TU='"""\n[[section]]')
    _, drafted = _draft(form.save())
    assert len({field.name for field in drafted.fields}) == len(drafted.fields) >= 7
