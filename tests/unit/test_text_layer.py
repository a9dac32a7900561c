"""The words of a text layer: where they stand on the page as it is shown, and their spelling."""

from __future__ import annotations

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from parsers.pages.pdfium_pages import PdfiumPages
from parsers.pages.plumber_pages import PdfplumberPages
from parsers.pages.text_layer import TextLayer, TextLayerError, spell_out
from parsers.pages.untold_fonts import find_untold_fonts, guess_word
from parsers.pages.words import Word
from tests.unit.pdf_forms import FormBuilder

READERS = [PdfiumPages, PdfplumberPages]


def _words(data: bytes, reader: type) -> dict[str, Word]:
    with reader(data) as pages:
        return {word.text: word for word in pages.words(1).words}


def _page(lines: list[tuple[float, float, str]], **keys: object) -> bytes:
    form = FormBuilder(known=False)
    form.print_text(lines)
    for key, value in keys.items():
        form.pdf.pages[0].obj[f"/{key}"] = value
    return form.save()


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    ("keys", "left", "bottom"),
    [
        pytest.param({}, 100, 600, id="as it is"),
        pytest.param({"CropBox": Array([50, 40, 600, 780])}, 50, 560, id="cropped"),
    ],
)
def test_a_word_stands_where_it_is_seen(
    reader: type, keys: dict[str, object], left: float, bottom: float
) -> None:
    word = _words(_page([(100, 600, "Anytown")], **keys), reader)["Anytown"]
    assert word.box[0] == pytest.approx(left, abs=9)
    assert word.box[1] == pytest.approx(bottom, abs=4)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    ("matrix", "rotation", "size", "corner"),
    [
        # Text that runs up the page is upright once the page is turned clockwise, and so on.
        pytest.param(b"0 1 -1 0 200 100", 90, (792, 612), (100, 412), id="up the page"),
        pytest.param(b"-1 0 0 -1 200 100", 180, (612, 792), (412, 692), id="upside down"),
        pytest.param(b"0 -1 1 0 200 100", 270, (792, 612), (692, 200), id="down the page"),
    ],
)
def test_a_page_is_turned_upright(
    reader: type,
    matrix: bytes,
    rotation: int,
    size: tuple[int, int],
    corner: tuple[int, int],
) -> None:
    form = FormBuilder(known=False)
    form.print_text([])
    page = form.pdf.pages[0]
    page.obj.Contents = form.pdf.make_stream(b"BT /F1 9 Tf %b Tm (Anytown GA) Tj ET" % matrix)
    page.obj.Rotate = rotation
    with reader(form.save()) as pages:
        found = pages.words(1)
    assert (round(found.width), round(found.height)) == size
    assert [word.text for word in found.words] == ["Anytown", "GA"]
    left, bottom, right, top = found.words[0].box
    assert right - left > 3 * (top - bottom)
    assert (left, bottom) == (pytest.approx(corner[0], abs=2), pytest.approx(corner[1], abs=4))


@pytest.mark.parametrize("reader", READERS)
def test_what_cannot_be_opened_is_an_error_of_its_own(reader: type) -> None:
    with pytest.raises(TextLayerError):
        reader(b"%PDF-1.7 and nothing else")
    with reader(_page([(10, 10, "x")])) as pages:
        assert pages.words(7).words == ()


def test_a_hyphen_at_the_end_of_a_line_stays() -> None:
    lines = [(100, 600, "Ejemplo-"), (100, 588, "Muestra"), (100, 576, "17-CR")]
    assert list(_words(_page(lines), PdfiumPages)) == ["Ejemplo-", "Muestra", "17-CR"]


def test_words_that_stand_apart_are_not_one_word() -> None:
    # One show operator after the other, the next one lower and further right, as forms are drawn.
    form = FormBuilder(known=False)
    form.print_text([])
    form.pdf.pages[0].obj.Contents = form.pdf.make_stream(
        b"BT /F1 10 Tf 406 493 Td (CASH) Tj ET BT /F1 10 Tf 426 448 Td (05/19/2026) Tj ET"
    )
    found = _words(form.save(), PdfiumPages)
    assert list(found) == ["CASH", "05/19/2026"]
    assert found["CASH"].box[1] > 490


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("o\ufb03ce", "office"),
        ("\u6600\u6900rst", "first"),
        ("Peña", "Peña"),
        ("a\x03b", "ab"),
        ("昀一", "昀一"),
    ],
)
def test_words_are_spelled_letter_by_letter(text: str, spelled: str) -> None:
    assert spell_out(text) == spelled


@pytest.mark.parametrize(
    ("read", "meant", "why"),
    [
        ("PeÒa", "Peña", "a capital within a word is none"),
        ("LÛpez-GarcÌa", "López-García", "in both halves"),
        ("JosÈ", "José", "nor at its end"),
        ("£ngel", "Ángel", "a sign before a letter"),
        ("OíExample", "O’Example", "an apostrophe that was read as a letter"),
        ("Peña", "Peña", "it was Mac OS Roman after all"),
        ("García", "García", "likewise"),
        ("PEÑA", "PEÑA", "capitals likewise"),
    ],
)
def test_letters_of_a_font_that_says_nothing_are_guessed(read: str, meant: str, why: str) -> None:
    untold = [n for n, letter in enumerate(read) if not letter.isascii()]
    assert guess_word(read, untold) == meant, why
    assert guess_word(read, []) == read


def test_a_font_without_encoding_and_map_tells_nothing() -> None:
    form = FormBuilder(known=False)
    form.print_text([(10, 10, "x")])
    fonts = form.pdf.pages[0].obj.Resources.Font
    fonts.F2 = Dictionary(Type=Name.Font, Subtype=Name.TrueType, BaseFont=Name("/ABCDEF+Odd"))
    fonts.F1.Encoding = Name.WinAnsiEncoding
    assert find_untold_fonts(form.pdf) == {"Odd"}


def test_small_boxes_of_a_page_are_drawn() -> None:
    form = FormBuilder(known=False)
    form.print_text([])
    form.pdf.pages[0].obj.Contents = form.pdf.make_stream(b"0 g 100 600 20 10 re f")
    with PdfiumPages(form.save()) as pages:
        black, white, outside = pages.pictures(
            1, [(100, 600, 120, 610), (200, 600, 240, 610), (900, 900, 910, 910)], dots_per_inch=72
        )
    assert black.shape == (10, 20)
    assert black.max() < 10
    assert white.min() == 255
    assert outside.min() == 255


#: A line of print that runs over a square, and a text that begins before the line has ended.
_OVER_EACH_OTHER = (
    b"0 g 100 600 8 8 re f BT /F1 10 Tf 60 600 Td (dates missed) Tj ET"
    b" BT /F1 10 Tf 112 600 Td (County seat) Tj ET BT /F1 10 Tf 60 500 Td (Anytown) Tj ET"
)


def _draw(content: bytes) -> bytes:
    form = FormBuilder(known=False)
    form.print_text([])
    form.pdf.pages[0].obj.Contents = form.pdf.make_stream(content)
    return form.save()


def test_words_that_lie_over_each_other_are_told_apart_by_their_runs() -> None:
    with PdfiumPages(_draw(_OVER_EACH_OTHER)) as pages:
        words = pages.words(1, by_run=True).words
        assert all(word.run == 0 for word in pages.words(1).words)
    assert [word.text for word in words] == ["dates", "missed", "County", "seat", "Anytown"]
    runs = [word.run for word in words]
    assert runs[0] == runs[1] != runs[2] == runs[3] != runs[4]


def test_a_page_is_drawn_without_some_of_its_runs() -> None:
    square = (100.0, 600.0, 108.0, 608.0)
    letters = (70.0, 598.0, 90.0, 608.0)
    with PdfiumPages(_draw(_OVER_EACH_OTHER)) as pages:
        runs = pages.runs(1, [square])
        drawn = pages.pictures(1, [letters, square], dots_per_inch=72)
        left = pages.pictures(1, [letters, square], dots_per_inch=72, without=runs)
    assert [run.text for run in runs] == ["dates missed"]
    assert drawn[0].min() < 128
    assert left[0].min() == 255
    assert left[1].max() < 128


def test_both_readers_keep_one_contract() -> None:
    for reader in READERS:
        layer: TextLayer = reader(_page([(100, 600, "Anytown GA")]))
        assert layer.count() == 1
        assert [word.text for word in layer.words(1).words] == ["Anytown", "GA"]


def test_a_document_with_a_password_is_opened_with_it() -> None:
    form = FormBuilder(known=False)
    form.print_text([(100, 600, "Anytown")])
    data = form.save(encryption=pikepdf.Encryption(user="open sesame", owner="owner"))
    for reader in READERS:
        with reader(data, "open sesame") as pages:
            assert [word.text for word in pages.words(1).words] == ["Anytown"]
