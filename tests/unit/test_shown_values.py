"""What the page shows against what the form's data says: programs that fill, and pages that lie."""

from __future__ import annotations

import ctypes
import io
import random
import subprocess
import sys
from collections.abc import Mapping
from datetime import date

import pikepdf
import pikepdf.form
import pypdfium2
import pytest
from pikepdf import Array, Dictionary, Name, String
from pypdfium2 import raw

from config.data import read_data
from outbound.forms.filling import fill_form
from parsers.definition import parse_definition
from parsers.extraction import Extraction
from parsers.reading.document import read_document
from tests.specimens.fill import fill_like_acrobat, fill_ours, fill_without_drawing
from tests.specimens.people import build_specimen, build_specimens
from tests.unit.pdf_forms import FormBuilder

TODAY = date(2026, 5, 4)
DEFINITION = parse_definition(read_data("forms/cjs-request-1.toml"))
BLANK = read_data("forms/cjs-request-1.pdf")

#: Texts that shrink, wrap, break and need more than ASCII.
TEXTS = {
    "requester_name": "Dana O’Example",
    "requester_address": "17 Invented Plaza, Building 4, Third Floor, Suite 1200-B, the green door",
    "subject_family_name": "Peña y López-García",
    "subject_birth_date": "03/25/1985",
    "subject_a_number": "A 000-000-123",
    "obligation_dates": "03/10/2026; 03/17/2026 to 03/20/2026",
    "court_name": "Superior Court of Example County",
    "case_numbers": "17CR-001544; 17 CRS 060527",
    "purpose": "The defendant missed a hearing; the court decides on the bench warrant. " * 3,
}
DIFFERS = "value_differs_from_page"


def _read(data: bytes | FormBuilder) -> Extraction:
    return read_document(
        data.save() if isinstance(data, FormBuilder) else data, [DEFINITION], today=TODAY
    )


def _differences(found: Extraction) -> dict[str, tuple[str, str | None]]:
    """Return the code and the shown text of every value that is not shown as it is."""
    codes = (DIFFERS, "letters_not_drawn")
    return {
        p.field: (p.code, found.fields[p.field].shown) for p in found.problems if p.code in codes
    }


def _fill_by_ours(texts: Mapping[str, str]) -> bytes:
    return fill_form(DEFINITION, BLANK, texts)


def _fill_by_pikepdf(texts: Mapping[str, str]) -> bytes:
    with pikepdf.open(io.BytesIO(BLANK)) as pdf:
        form = pikepdf.form.Form(pdf, pikepdf.form.ExtendedAppearanceStreamGenerator)
        for name, text in texts.items():
            form[name].value = text
        return _save(pdf)


def _fill_by_qpdf(texts: Mapping[str, str]) -> bytes:
    with pikepdf.open(io.BytesIO(_fill_without_drawing(texts, needs_appearances=True))) as pdf:
        pdf.generate_appearance_streams()
        return _save(pdf)


def _fill_without_drawing(texts: Mapping[str, str], *, needs_appearances: bool) -> bytes:
    with pikepdf.open(io.BytesIO(BLANK)) as pdf:
        for field in pdf.Root.AcroForm.Fields:
            if str(field.T) in texts:
                field.V = String(texts[str(field.T)])
        if needs_appearances:
            pdf.Root.AcroForm.NeedAppearances = True
        return _save(pdf)


def _fill_by_typing(texts: Mapping[str, str]) -> bytes:
    """Click into each field and type, in the engine that Chrome and Edge show PDFs with."""
    places = {}
    with pikepdf.open(io.BytesIO(BLANK)) as pdf:
        for number, page in enumerate(pdf.pages):
            for widget in page.obj.Annots:
                if "/T" in widget and str(widget.T) in texts:
                    left, bottom, right, top = map(float, widget.Rect)
                    places[str(widget.T)] = (number, (left + right) / 2, (bottom + top) / 2)
    document = pypdfium2.PdfDocument(BLANK)
    document.init_forms()
    for name, text in texts.items():
        number, x, y = places[name]
        page = document[number]
        raw.FORM_OnLButtonDown(page.formenv, page, 0, x, y)
        raw.FORM_OnLButtonUp(page.formenv, page, 0, x, y)
        typed = f"{text}\0".encode("utf-16-le")
        raw.FORM_ReplaceSelection(
            page.formenv, page, (ctypes.c_ushort * (len(typed) // 2)).from_buffer_copy(typed)
        )
        raw.FORM_ForceToKillFocus(page.formenv)
        page.close()
    output = io.BytesIO()
    document.save(output)
    document.close()
    return output.getvalue()


def _save(pdf: pikepdf.Pdf) -> bytes:
    output = io.BytesIO()
    pdf.save(output)
    return output.getvalue()


@pytest.mark.parametrize(
    "fill",
    [_fill_by_ours, _fill_by_pikepdf, _fill_by_typing],
    ids=["this program", "pikepdf", "Chrome's engine"],
)
def test_a_form_filled_by_an_honest_program_is_no_alarm(fill: object) -> None:
    assert callable(fill)
    found = _read(fill(TEXTS))
    assert {name: found.fields[name].raw.strip() for name in TEXTS} == {
        name: text.strip() for name, text in TEXTS.items()
    }
    assert not _differences(found)


def test_a_form_whose_values_viewers_are_to_draw_is_no_alarm() -> None:
    assert not _differences(_read(_fill_without_drawing(TEXTS, needs_appearances=True)))


def test_values_that_no_viewer_draws_are_told_one_by_one() -> None:
    found = _read(_fill_without_drawing(TEXTS, needs_appearances=False))
    assert _differences(found) == dict.fromkeys(TEXTS, (DIFFERS, ""))


def test_a_text_that_a_program_cuts_off_is_told_with_what_is_left_of_it() -> None:
    found = _read(_fill_by_qpdf(TEXTS))
    assert set(_differences(found)) == {"purpose"}
    value = found.fields["purpose"]
    assert value.shown
    assert str(value.value).startswith(value.shown)
    assert "only a part" in next(p.message for p in found.problems if p.field == "purpose")


@pytest.mark.parametrize(
    ("fill", "name", "shown"),
    [
        (_fill_by_pikepdf, "Nguyễn Țîru", "Nguy?n ?îru"),
        (_fill_by_typing, "Nguyễn Țîru", "Nguyn îru"),
        (_fill_by_ours, "Ọlámídé 李", "Ọlámídé ?"),
    ],
    ids=["question marks", "nothing", "one question mark"],
)
def test_letters_that_a_program_cannot_draw_are_no_doubt(
    fill: object, name: str, shown: str
) -> None:
    assert callable(fill)
    found = _read(fill({**TEXTS, "subject_family_name": name}))
    assert _differences(found) == {"subject_family_name": ("letters_not_drawn", shown)}
    value = found.fields["subject_family_name"]
    assert (value.value, value.confidence) == (name, 1.0)


def test_a_simple_form_is_read_without_a_viewer() -> None:
    """Loading a viewer takes longer than reading the form."""
    code = (
        "import sys; from datetime import date; from parsers.definition import parse_definition; "
        "from parsers.reading.document import read_document; from config.data import read_data; "
        "found = read_document(sys.stdin.buffer.read(), "
        "[parse_definition(read_data('forms/cjs-request-1.toml'))], today=date(2026, 5, 4)); "
        "assert len(found.fields) > 8; "
        "print([m for m in ('pypdfium2', 'pdfplumber', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=_fill_by_ours(TEXTS), capture_output=True, check=True
    )
    assert done.stdout.strip() == b"[]"


class _Drawn(FormBuilder):
    """A form whose fields have appearances of the test's own making."""

    def draw(
        self,
        name: str,
        value: str,
        content: str | bytes,
        *,
        matrix: list[float] | None = None,
        **more: object,
    ) -> pikepdf.Dictionary:
        field = self.text(name, value, **more)
        left, bottom, right, top = map(float, field.Rect)
        helvetica = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        written = content.encode("cp1252") if isinstance(content, str) else content
        stream = self.pdf.make_stream(
            written,
            Type=Name.XObject,
            Subtype=Name.Form,
            BBox=Array([0, 0, right - left, top - bottom]),
            Resources=Dictionary(
                Font=Dictionary(
                    Helv=Dictionary({**helvetica, "/Encoding": Name.WinAnsiEncoding}),
                    Named=Dictionary(
                        {
                            **helvetica,
                            "/Encoding": Dictionary(
                                BaseEncoding=Name.WinAnsiEncoding,
                                Differences=Array([65, Name.eacute, Name.Ccedilla, Name.f_f]),
                            ),
                        }
                    ),
                    Own=helvetica,
                )
            ),
        )
        if matrix is not None:
            stream.Matrix = Array(matrix)
        field.AP = Dictionary(N=stream)
        return field


_ACROBAT = "/Tx BMC \nq\n2 2 196 8 re\nW\nn\nBT\n/Helv 9 Tf\n0 g\n2 2.5 Td\n(%s) Tj\nET\nQ\nEMC"


@pytest.mark.parametrize(
    ("value", "content"),
    [
        pytest.param("Dana Example", _ACROBAT % "Dana Example", id="Acrobat"),
        pytest.param(
            "Dana Example",
            "/Tx BMC q BT /Helv 9 Tf 0 g 1 0 0 1 2 3.03 Tm (Dana Example) Tj ET Q EMC",
            id="Firefox",
        ),
        pytest.param(
            "Dana Example",
            "q Q q 0 0 200 12 re W n q 1 0 0 1 0 0 cm BT 0.0001 Tc 9 0 0 9 2 3 Tm /Helv 1 Tf "
            "(Dana Example) Tj ET Q Q",
            id="Preview, with the size in the matrix",
        ),
        pytest.param(
            "12345",
            "/Tx BMC q BT /Helv 9 Tf 0 g 1 0 0 1 2 3 Tm (1) Tj 20 0 Td (2) Tj 20 0 Td (3) Tj "
            "20 0 Td (4) Tj 20 0 Td (5) Tj ET Q EMC",
            id="a comb, letter by letter",
        ),
        pytest.param(
            "Dana Example",
            "/Tx BMC q BT 0 g /Helv 9 Tf 140 3 Td (Dana Example) Tj ET Q EMC",
            id="right-aligned",
        ),
        pytest.param(
            "Dana Example of a very long office name that only fits when the type is small",
            "/Tx BMC q BT 0 g /Helv 4 Tf 2 3 Td (Dana Example of a very long office name that only "
            "fits when the type is small) Tj ET Q EMC",
            id="shrunk",
        ),
        pytest.param(
            "Dana Example",
            "/Tx BMC 0.9 0.95 1 rg 0 0 200 12 re f 0.5 G 1 w 0.5 0.5 199 11 re s q BT 0 0 0.4 rg "
            "/Helv 9 Tf 2 3 Td (Dana Example) Tj ET Q EMC",
            id="a tinted box with a border",
        ),
        pytest.param(
            "Dana Example",
            "BT /Helv 9 Tf 2 3 Td [(Da) 20 (na) -300 (Exam) -10 (ple)] TJ ET",
            id="kerned",
        ),
        pytest.param(
            "Dana\nExample",
            "BT /Helv 5 Tf 5 TL 2 7 Td (Dana) Tj T* (Example) ' ET".replace("T* ", ""),
            id="on two lines",
        ),
        pytest.param("éÇe", "BT /Named 9 Tf 2 3 Td (ABe) Tj ET", id="named glyphs"),
        pytest.param(
            "O\u2019Example", "BT /Own 9 Tf 2 3 Td (O'Example) Tj ET", id="a font's own quote"
        ),
        pytest.param(
            "A (b) \\ c", r"BT /Helv 9 Tf 2 3 Td (A \(b\) \\ \143) Tj ET", id="escaped characters"
        ),
    ],
)
def test_appearances_of_real_programs_agree_without_a_viewer(value: str, content: str) -> None:
    form = _Drawn()
    form.draw("purpose", value, content)
    found = _read(form)
    assert not _differences(found)
    assert found.readers == ("pikepdf",)


@pytest.mark.parametrize(
    ("value", "content"),
    [
        pytest.param(
            "Dana Example",
            "q 0.5 0.5 0 rg BT /Helv 9 Tf 2 Tr 2 3 Td (Dana Example) Tj ET Q",
            id="filled and outlined",
        ),
        pytest.param(
            "Dana Example",
            "/Cs cs 0 sc BT /Helv 9 Tf 2 3 Td (Dana Example) Tj ET",
            id="a colour space",
        ),
        pytest.param(
            "Dana Example",
            "0 g 0 0 200 12 re f 1 g BT /Helv 9 Tf 2 3 Td (Dana Example) Tj ET",
            id="white on black",
        ),
        pytest.param(
            "Dana Example",
            "BT /Helv 9 Tf 80 3 Td (Example) Tj -60 0 Td (Dana) Tj ET",
            id="drawn from the right to the left",
        ),
    ],
)
def test_what_only_a_viewer_can_judge_is_judged_by_one(value: str, content: str) -> None:
    form = _Drawn()
    form.draw("purpose", value, content)
    found = _read(form)
    assert not _differences(found)
    assert "pypdfium2" in found.readers


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("origin", [(0, 0), (50, 30)], ids=["at zero", "moved"])
def test_a_page_may_be_turned_and_need_not_begin_at_zero(
    rotate: int, origin: tuple[float, float]
) -> None:
    form = _Drawn()
    page = form.pdf.pages[0].obj
    page.Rotate, page.MediaBox = rotate, Array([*origin, 612 + origin[0], 792 + origin[1]])
    light = "0 g 0 0 200 12 re f 1 g BT /Helv 9 Tf 2 3 Td (%s) Tj ET"
    form.draw("court_name", "The Court", light % "The Court")
    form.draw("purpose", "To decide the motion", "1 g BT /Helv 9 Tf 2 3 Td (To decide) Tj ET")
    form.draw("subject_a_number", "A000000123", light % "A000000199")
    assert _differences(_read(form)) == {
        "purpose": (DIFFERS, ""),
        "subject_a_number": (DIFFERS, "A000000199"),
    }


def test_letters_that_only_the_second_reader_knows_agree() -> None:
    """pdfium takes a ligature named by its parts for the letter that its code would be."""
    form = _Drawn()
    content = "/Cs cs 0 sc BT /Named 9 Tf 2 3 Td (OCice of the sheriC) Tj ET"
    form.draw("requester_agency", "Office of the sheriff", content)
    found = _read(form)
    assert not _differences(found)
    assert found.readers == ("pikepdf", "pypdfium2", "pdfplumber")


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        pytest.param(_ACROBAT % "A000000199", "A000000199", id="another number"),
        pytest.param(_ACROBAT % "A000000", "A000000", id="a part"),
        pytest.param("/Tx BMC EMC", "", id="nothing"),
        pytest.param("BT 1 g /Helv 9 Tf 2 3 Td (A000000123) Tj ET", "", id="white on white"),
        pytest.param("BT 3 Tr /Helv 9 Tf 2 3 Td (A000000123) Tj ET", "", id="invisible"),
        pytest.param(
            "BT /Helv 9 Tf 165 3 Td (A000000123) Tj ET", "A000000123", id="clipped at the right"
        ),
        pytest.param("BT /Helv 9 Tf 2 30 Td (A000000123) Tj ET", "", id="above its box"),
        pytest.param(
            "BT /Helv 9 Tf 30 3 Td (A000000) Tj -25 0 Td (123) Tj ET",
            "123 A000000",
            id="its parts the other way round",
        ),
        pytest.param(
            "BT /Helv 9 Tf 2 3 Td (A000000199) Tj ET BT 1 g /Helv 9 Tf 90 3 Td (A000000123) Tj ET",
            "A000000199",
            id="the value in white beside another",
        ),
    ],
)
def test_a_page_that_says_something_else_is_told(content: str, shown: str) -> None:
    form = _Drawn()
    form.draw("subject_a_number", "A000000123", content)
    found = _read(form)
    if shown == "A000000123":
        # The box ends before the number does: what is left depends on the letters' widths.
        code, left = _differences(found)["subject_a_number"]
        assert (code, bool(left), str(left) in shown, left != shown) == (DIFFERS, True, True, True)
    else:
        assert _differences(found) == {"subject_a_number": (DIFFERS, shown)}
    value = found.fields["subject_a_number"]
    assert value.value == "A000000123"
    assert value.is_doubtful
    assert all(p.flag_only for p in found.problems if p.field == "subject_a_number")
    assert "subject_a_number" not in found.missing


@pytest.mark.parametrize("flag", [1 << 1, 1 << 5], ids=["hidden", "not on screens"])
def test_a_hidden_field_shows_nothing(flag: int) -> None:
    form = _Drawn()
    form.draw("subject_a_number", "A000000123", _ACROBAT % "A000000123", F=flag)
    assert _differences(_read(form)) == {"subject_a_number": (DIFFERS, "")}


def test_a_field_on_no_page_shows_nothing() -> None:
    form = _Drawn()
    form.draw("subject_a_number", "A000000123", _ACROBAT % "A000000123")
    del form.pdf.pages[0].obj.Annots[-1]
    assert _differences(_read(form)) == {"subject_a_number": (DIFFERS, "")}


def test_a_text_box_laid_over_a_field_is_part_of_what_is_seen() -> None:
    form = _Drawn()
    field = form.draw("subject_a_number", "A000000123", _ACROBAT % "A000000123")
    over = form.draw("over", "", _ACROBAT % "A000000199", in_tree=False)
    over.Subtype, over.Rect, over.Contents = Name.FreeText, field.Rect, String("A000000199")
    code, shown = _differences(_read(form))["subject_a_number"]
    assert code == DIFFERS
    # Both are seen, one through the other.
    assert sorted(str(shown)) == sorted("A000000123A000000199")


def test_another_field_laid_over_a_field_is_part_of_what_is_seen() -> None:
    form = _Drawn()
    field = form.draw("subject_a_number", "A000000123", _ACROBAT % "A000000123")
    form.draw("nobody_knows", "A000000199", _ACROBAT % "A000000199").Rect = field.Rect
    code, shown = _differences(_read(form))["subject_a_number"]
    assert code == DIFFERS
    assert sorted(str(shown)) == sorted("A000000123A000000199")


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("subject_birth_date", "1985-03-25", "March 25, 1985"),
        ("bond_amount", "25000", "$25,000.00"),
        ("requester_phone", "2025550101", "(202) 555-0101"),
    ],
)
def test_a_value_that_its_form_shows_in_other_words_agrees(
    name: str, value: str, shown: str
) -> None:
    form = _Drawn()
    form.draw(name, value, _ACROBAT % shown.replace("(", r"\(").replace(")", r"\)"))
    assert not _differences(_read(form))


def test_a_choice_may_show_its_wording_and_a_list_all_of_its_entries() -> None:
    form = _Drawn()
    options = Array(
        [Array([String("GT"), String("Guatemala")]), Array([String("HN"), String("H")])]
    )
    chosen = form.draw(
        "subject_birth_country", "GT", _ACROBAT % "Guatemala", Opt=options, Ff=1 << 17
    )
    listed = form.draw(
        "subject_citizenship",
        "GT",
        "BT /Helv 5 Tf 5 TL 2 7 Td (Guatemala) Tj T* (H) Tj ET",
        Opt=options,
    )
    chosen.FT = listed.FT = Name.Ch
    found = _read(form)
    assert not _differences(found)
    assert (found.value("subject_birth_country"), found.value("subject_citizenship")) == (
        "GT",
        "GT",
    )


def test_a_number_among_foreign_letters_must_be_shown_as_it_is() -> None:
    form = _Drawn()
    form.draw("requester_address", "12 Țara Street", _ACROBAT % "13 ?ara Street")
    assert _differences(_read(form)) == {"requester_address": (DIFFERS, "13 ?ara Street")}


def test_a_social_security_number_on_the_page_is_masked_and_reported() -> None:
    form = _Drawn()
    form.draw("purpose", "See the attached order of the court", _ACROBAT % "SSN 123-45-6789")
    found = _read(form)
    assert found.fields["purpose"].shown == "SSN ***-**-****"
    assert "contains_ssn" in {w.code for w in found.warnings}


@pytest.mark.parametrize(
    "content",
    [
        b"BT /Helv 9 Tf 2 3 Td (unclosed Tj ET",
        b"BT /Nowhere 9 Tf 2 3 Td (x) Tj ET",
        b"Tj Tj Tj",
        b"\x00\xff\xfe" * 50,
        b"q " * 5_000,
        b"BT /Helv 9 Tf 1e999 3 Td (x) Tj ET",
        b"BT /Helv nan Tf 2 3 Td <3> Tj ET",
    ],
    ids=["unclosed", "no font", "no operands", "no text", "deep", "far away", "no number"],
)
def test_a_broken_appearance_raises_nothing(content: bytes) -> None:
    form = _Drawn()
    form.draw("purpose", "x" * 30, content)
    found = _read(form)
    assert found.value("purpose") == "x" * 30
    assert _differences(found)["purpose"][0] == DIFFERS


@pytest.mark.parametrize(
    "fill", [fill_ours, fill_like_acrobat, fill_without_drawing, _fill_by_typing]
)
def test_varied_requests_filled_by_honest_programs_are_no_alarm(fill: object) -> None:
    assert callable(fill)
    for specimen in build_specimens(6, first=4_000):
        typed = specimen.typed if fill is not _fill_by_typing else _only_texts(specimen.typed)
        found = _read(fill(typed))
        assert not [n for n, (code, _) in _differences(found).items() if code == DIFFERS]


@pytest.mark.parametrize("seed", range(4_100, 4_110))
def test_one_changed_character_is_noticed(seed: int) -> None:
    chance = random.Random(seed)
    texts = _only_texts(build_specimen(seed).typed)
    # Whatever stands on it, a signature line is signed.
    texts.pop("attestation_signature", None)
    name = chance.choice(sorted(n for n, text in texts.items() if any(map(str.isdigit, text))))
    text = texts[name]
    place = chance.choice([n for n, letter in enumerate(text) if letter.isdigit()])
    other = str((int(text[place]) + chance.randint(1, 9)) % 10)
    with pikepdf.open(io.BytesIO(fill_ours(build_specimen(seed).typed))) as pdf:
        for field in pdf.Root.AcroForm.Fields:
            if str(field.T) == name:
                field.V = String(f"{text[:place]}{other}{text[place + 1 :]}")
        found = _read(_save(pdf))
    assert _differences(found)[name][0] == DIFFERS


def _only_texts(typed: Mapping[str, object]) -> dict[str, str]:
    """Return what was typed into the fields whose text stands in them as it was typed."""
    with pikepdf.open(io.BytesIO(fill_ours(typed))) as pdf:
        return {
            str(field.T): str(field.V)
            for field in pdf.Root.AcroForm.Fields
            if isinstance(field.get("/V"), String) and str(field.T) != "form_version"
        }
