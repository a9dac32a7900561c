"""The committed blank form: it agrees with its definition, and anyone can fill and hear it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO

import pdfplumber
import pikepdf
import pytest
from PIL import ImageFile

from config.data import read_data
from parsers.definition import (
    FieldType,
    FormDefinition,
    FormField,
    Requiredness,
    parse_definition,
)

DEFINITION = parse_definition(read_data("forms/cjs-request-1.toml"))
BLANK = read_data(f"forms/{DEFINITION.blank_form}")

OFF, BUTTON, TEXT = pikepdf.Name.Off, pikepdf.Name.Btn, pikepdf.Name.Tx
READ_ONLY, REQUIRED, MULTILINE, RADIO, PUSH_BUTTON = 1, 1 << 1, 1 << 12, 1 << 15, 1 << 16


@pytest.fixture(scope="module")
def blank() -> Iterator[pikepdf.Pdf]:
    with pikepdf.open(BytesIO(BLANK)) as pdf:
        yield pdf


@pytest.fixture(scope="module")
def printed() -> str:
    """Everything the pages say, with single spaces."""
    with pdfplumber.open(BytesIO(BLANK)) as pdf:
        return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pdf.pages))


def terminal_fields(
    nodes: pikepdf.Object, prefix: str = ""
) -> Iterator[tuple[str, pikepdf.Object]]:
    """Yield the fields that hold values, with their full names; radio buttons are one field."""
    for node in nodes:
        name = f"{prefix}{node.T}"
        if "/Kids" in node and all("/T" in kid for kid in node.Kids):
            yield from terminal_fields(node.Kids, f"{name}.")
        else:
            yield name, node


def expected_names(definition: FormDefinition) -> Iterator[str]:
    for field in definition.fields:
        if field.type is FieldType.MULTI:
            yield from (f"{field.name}.{choice.name}" for choice in field.choices)
        else:
            yield field.name
        if field.signature_line:
            yield field.signature_line


def fields_of(*types: FieldType) -> list[FormField]:
    return [field for field in DEFINITION.fields if field.type in types]


def test_fields_are_those_of_the_definition_in_its_order(blank: pikepdf.Pdf) -> None:
    found = [name for name, _ in terminal_fields(blank.Root.AcroForm.Fields)]

    assert found == list(expected_names(DEFINITION))


def test_tab_order_is_the_order_of_the_definition(blank: pikepdf.Pdf) -> None:
    fields = dict(terminal_fields(blank.Root.AcroForm.Fields))
    widgets = [w.objgen for node in fields.values() for w in node.get("/Kids", [node])]
    on_pages = [annotation.objgen for page in blank.pages for annotation in page.obj.Annots]

    assert on_pages == widgets
    assert all(page.obj.Tabs == pikepdf.Name.S for page in blank.pages)


@pytest.mark.parametrize("field", DEFINITION.fields, ids=lambda f: f.name)
def test_tooltip_is_label_and_hint(blank: pikepdf.Pdf, field: FormField) -> None:
    fields = dict(terminal_fields(blank.Root.AcroForm.Fields))
    nodes = [fields.get(field.name)] if field.type is not FieldType.MULTI else []
    nodes += [fields[f"{field.name}.{c.name}"] for c in field.choices if not nodes]

    for node in nodes:
        assert node is not None
        assert str(node.TU).startswith(field.label)
        assert field.hint in str(node.TU)


@pytest.mark.parametrize(
    "field", fields_of(FieldType.CHOICE, FieldType.YES_NO), ids=lambda f: f.name
)
def test_radio_groups_export_machine_names(blank: pikepdf.Pdf, field: FormField) -> None:
    node = dict(terminal_fields(blank.Root.AcroForm.Fields))[field.name]
    states = [next(k[1:] for k in kid.AP.N.keys() if k != "/Off") for kid in node.Kids]  # noqa: SIM118 a PDF dictionary iterates over nothing else

    assert node.FT == BUTTON
    assert int(node.Ff) & (RADIO | PUSH_BUTTON) == RADIO
    assert states == ([choice.name for choice in field.choices] or ["yes", "no"])
    assert all(kid.AS == OFF and "/Off" in kid.AP.N for kid in node.Kids)
    assert all(str(kid.TU).startswith(field.label) for kid in node.Kids)


@pytest.mark.parametrize(
    "name",
    [
        *(f.name for f in fields_of(FieldType.TICK, FieldType.ATTESTATION)),
        *(f"{f.name}.{c.name}" for f in fields_of(FieldType.MULTI) for c in f.choices),
    ],
)
def test_tick_boxes_have_the_state_yes(blank: pikepdf.Pdf, name: str) -> None:
    node = dict(terminal_fields(blank.Root.AcroForm.Fields))[name]

    assert node.FT == BUTTON
    assert int(node.get("/Ff", 0)) & (RADIO | PUSH_BUTTON) == 0
    assert set(node.AP.N.keys()) == {"/Yes", "/Off"}
    assert node.AS == node.V == OFF


def test_everything_else_is_a_text_box_any_program_can_fill(blank: pikepdf.Pdf) -> None:
    others = set(FieldType) - {
        FieldType.CHOICE,
        FieldType.YES_NO,
        FieldType.MULTI,
        FieldType.TICK,
        FieldType.ATTESTATION,
    }
    fields = dict(terminal_fields(blank.Root.AcroForm.Fields))
    for field in fields_of(*others):
        node = fields[field.name]
        font = blank.Root.AcroForm.DR.Font[str(node.DA).split()[0]]
        flags = int(node.get("/Ff", 0))
        assert node.FT == TEXT
        assert (font.Subtype, font.Encoding) == (
            pikepdf.Name.TrueType,
            pikepdf.Name.WinAnsiEncoding,
        )
        assert bool(flags & MULTILINE) is field.multiline
        assert bool(flags & READ_ONLY) is (field.requiredness is Requiredness.PRINTED)


def test_no_field_keeps_a_viewer_from_saving(blank: pikepdf.Pdf) -> None:
    fields = dict(terminal_fields(blank.Root.AcroForm.Fields))

    assert [n for n, node in fields.items() if int(node.get("/Ff", 0)) & REQUIRED] == []
    assert "/NeedAppearances" not in blank.Root.AcroForm
    assert "/OpenAction" not in blank.Root
    assert "/AA" not in blank.Root


def test_form_version_is_filled_in_and_the_rest_is_blank(blank: pikepdf.Pdf) -> None:
    fields = dict(terminal_fields(blank.Root.AcroForm.Fields))
    filled = {name: str(node.V) for name, node in fields.items() if "/V" in node and node.V != OFF}

    assert filled == {"form_version": DEFINITION.version_text}


def test_text_boxes_are_tall_enough_to_write_in(blank: pikepdf.Pdf) -> None:
    for name, node in terminal_fields(blank.Root.AcroForm.Fields):
        for widget in node.get("/Kids", [node]):
            left, bottom, right, top = (float(edge) for edge in widget.Rect)
            wide, high = (45, 12) if node.FT == TEXT else (8, 8)
            assert right - left >= wide, name
            assert top - bottom >= high, name


def test_pages_are_two_of_us_letter(blank: pikepdf.Pdf) -> None:
    assert [[float(n) for n in page.mediabox] for page in blank.pages] == [[0, 0, 612, 792]] * 2


def test_document_says_what_it_is_to_a_screen_reader(blank: pikepdf.Pdf) -> None:
    assert str(blank.Root.Lang) == "en-US"
    assert blank.Root.MarkInfo.Marked
    assert blank.Root.ViewerPreferences.DisplayDocTitle
    assert str(blank.docinfo.Title) == DEFINITION.title
    with blank.open_metadata() as metadata:
        assert metadata["dc:title"] == DEFINITION.title
        assert metadata["pdfuaid:part"] == "1"


def structure(node: pikepdf.Object | int) -> Iterator[pikepdf.Object]:
    if isinstance(node, pikepdf.Array):
        for child in node:
            yield from structure(child)
    elif isinstance(node, pikepdf.Dictionary):
        yield node
        if not isinstance(node.get("/K", 0), int):
            yield from structure(node.K)


def test_every_widget_is_tagged_as_a_form_field_in_reading_order(blank: pikepdf.Pdf) -> None:
    forms = [node for node in structure(blank.Root.StructTreeRoot.K) if node.get("/S") == "/Form"]
    tagged = [kid.Obj.objgen for form in forms for kid in form.K]
    on_pages = [annotation.objgen for page in blank.pages for annotation in page.obj.Annots]
    numbers = list(blank.Root.StructTreeRoot.ParentTree.Nums)
    parents = dict(zip(numbers[::2], numbers[1::2], strict=True))

    assert tagged == on_pages
    for form in forms:
        assert parents[int(form.K[0].Obj.StructParent)].objgen == form.objgen


def test_all_that_is_painted_is_tagged_or_an_artifact(blank: pikepdf.Pdf) -> None:
    nodes = list(structure(blank.Root.StructTreeRoot.K))
    for page in blank.pages:
        held = [
            int(kid)
            for node in nodes
            if node.get("/Pg") == page.obj
            for kid in _kids(node)
            if isinstance(kid, int)
        ]
        assert sorted(held) == list(range(len(held)))
        assert set(_marks_painted_under(page)) <= {*held, "/Artifact"}


def _kids(node: pikepdf.Object) -> list[pikepdf.Object | int]:
    kids = node.get("/K", [])
    return list(kids) if isinstance(kids, pikepdf.Array) else [kids]


def _marks_painted_under(page: pikepdf.Page) -> Iterator[int | str]:
    """Yield, for each thing painted, its number in the structure tree or the outermost mark."""
    marks: list[int | str] = []
    for operands, operator in pikepdf.parse_content_stream(page):
        match str(operator):
            case "BDC" | "BMC":
                properties = operands[1] if len(operands) > 1 else {}
                number = properties.get("/MCID")
                marks.append(str(operands[0]) if number is None else int(number))
            case "EMC":
                marks.pop()
            case "Tj" | "TJ" | "S" | "f" | "f*" | "B" | "Do":
                yield marks[-1] if marks else "unmarked"


def test_headings_are_the_title_and_the_sections(blank: pikepdf.Pdf) -> None:
    kinds = [str(node.get("/S")) for node in structure(blank.Root.StructTreeRoot.K)]

    assert kinds.count("/H1") == 1
    assert kinds.count("/H2") == len(DEFINITION.sections)


def test_pages_draw_with_embedded_fonts_of_our_own(blank: pikepdf.Pdf) -> None:
    names = set()
    for page in blank.pages:
        for font in page.obj.Resources.Font.values():
            inner = font.DescendantFonts[0] if "/DescendantFonts" in font else font
            assert "/FontFile2" in inner.FontDescriptor
            names.add(str(font.BaseFont).partition("+")[2])

    assert names == {"Form", "Form-Bold"}


@pytest.mark.parametrize("name", sorted(DEFINITION.notices))
def test_notices_are_printed(printed: str, name: str) -> None:
    assert DEFINITION.notices[name] in printed


@pytest.mark.parametrize(
    "text",
    [
        "18 U.S.C. 1001",
        "Do not send Social Security numbers",
        "Not for locating a person: use the Online Detainee Locator",
        "Model form of the ero-outreach software. Not an ICE or DHS form; no OMB control number. ",
        "Replace by your agency's form before use.",
    ],
)
def test_what_must_be_printed_is_printed(printed: str, text: str) -> None:
    assert text in printed


@pytest.mark.parametrize("field", DEFINITION.fields, ids=lambda f: f.name)
def test_labels_and_choices_are_printed(read_aloud: str, field: FormField) -> None:
    for text in (field.label, *(choice.label for choice in field.choices)):
        assert text in read_aloud


@pytest.fixture(scope="module")
def read_aloud() -> str:
    """Everything the pages say in reading order, whatever columns it stands in."""
    return " ".join(_read_pages())


def _read_pages() -> Iterator[str]:
    with pdfplumber.open(BytesIO(BLANK)) as plumber:
        for page in plumber.pages:
            by_mark: dict[int, str] = {}
            for char in page.chars:
                mark = char.get("mcid")
                if mark is not None:
                    by_mark[mark] = by_mark.get(mark, "") + char["text"]
            yield re.sub(r"\s+", " ", " ".join(by_mark[mark] for mark in sorted(by_mark)))


def test_it_is_rebuilt_byte_for_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    # WeasyPrint makes Pillow take cut-off pictures for whole ones, everywhere, once it is imported.
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", False)
    try:
        from tools.build_blank_form import build_blank_form
    except (ImportError, OSError) as error:
        pytest.skip(f"the tools of `make forms` are not installed: {error}")

    assert build_blank_form(DEFINITION) == BLANK
