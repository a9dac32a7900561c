"""Lines of writing: cut out of their slots, read letter by letter, and judged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from config.data import read_data
from parsers.definition import parse_definition
from parsers.forms.alignment import FRAME_DPI, AlignedPage, Frame, build_frames
from parsers.forms.labels import DefinitionIndex
from parsers.forms.layout import Slot, build_layout
from parsers.pages.line_reader import LineReader, LineText
from parsers.reading.handwriting import find_handwriting
from parsers.reading.ink_lines import InkLine, find_lines
from parsers.reading.read_lines import ReadLine, read_lines
from tests.conftest import require_or_skip
from tests.specimens.handwriting import HANDWRITING_FONTS
from tests.specimens.scans import Damage as How
from tests.specimens.scans import Picture, damage

DEFINITION = parse_definition(
    read_data("forms/cjs-request-1.toml"), blank=read_data("forms/cjs-request-1.pdf")
)
_FONTS = Path(__file__).parents[2] / "templates" / "fonts"
SANS = _FONTS / "PublicSans-Regular.ttf"
_URW = Path("/usr/share/fonts/type1/urw-base35")
#: What other viewers fill in with: like Helvetica, Times and Courier; of Debian's fonts-urw-base35.
OTHER_FONTS = tuple(
    _URW / f"{name}-Regular.t1" for name in ("NimbusSans", "NimbusRoman", "NimbusMonoPS")
)


@pytest.fixture(scope="module")
def reader() -> LineReader:
    return LineReader()


@pytest.fixture(scope="module")
def frame() -> Frame:
    layout = build_layout(DEFINITION, DefinitionIndex(DEFINITION))
    assert layout is not None
    return build_frames(DEFINITION, layout)[0]


def _slot(frame: Frame, field: str) -> Slot:
    return next(s for s in frame.layout.slots if s.field == field)


def _write(
    frame: Frame, slot: Slot, text: str, *, font: Path = SANS, points: float = 10
) -> AlignedPage:
    """Return the blank page with lines of text in a slot, the first one where viewers put it."""
    image = Image.fromarray(frame.blank)
    pen = ImageDraw.Draw(image)
    size = points * FRAME_DPI / 72
    left = (slot.box[0] + 2) * FRAME_DPI / 72
    top = (frame.layout.height - slot.box[3] + (12.5 - points) / 2) * FRAME_DPI / 72
    for number, line in enumerate(text.split("\n")):
        place = (left, top + number * size * 1.2)
        pen.text(place, line, font=ImageFont.truetype(font, size), fill=20)
    grey: Picture = np.array(image)
    return AlignedPage(number=1, frame=frame, grey=grey, matrix=np.eye(3), score=1.0)


def _lines(frame: Frame, field: str, text: str, **how: object) -> tuple[InkLine, ...]:
    slot = _slot(frame, field)
    return find_lines(_write(frame, slot, text, **how), slot)  # type: ignore[arg-type]


def _read_line(reader: LineReader, line: InkLine) -> ReadLine:
    (found,) = read_lines(reader, [line])
    return found


def _read(reader: LineReader, line: InkLine) -> tuple[str, str, float]:
    found = _read_line(reader, line)
    texts = [" ".join(word.text for word in look) for look in (found.first, found.second)]
    return texts[0], texts[1], min((word.confidence for word in found.first), default=0.0)


def test_an_empty_slot_has_no_line(frame: Frame) -> None:
    for slot in frame.layout.slots:
        if not slot.is_mark and slot.field != "form_version":
            assert find_lines(_write(frame, slot, ""), slot) == ()


def test_dust_is_no_writing(frame: Frame) -> None:
    slot = _slot(frame, "requester_name")
    page = _write(frame, slot, "")
    spoilt = damage(page.grey, How(speckle=0.003), np.random.default_rng(3))
    assert find_lines(replace(page, grey=spoilt), slot) == ()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Verónica Itzel Ejemplo Muestra", id="a name with an accent"),
        pytest.param("Ñúñez y Ejemplo", id="letters with marks above"),
        pytest.param("(202) 555-0141 ext. 12", id="a phone number"),
        pytest.param("D-101-CR-2019-00123", id="a case number"),
        pytest.param("m.o@courts.example", id="an address"),
        pytest.param("M", id="one letter"),
        pytest.param("PR", id="two letters"),
        pytest.param("$1,250.50", id="money"),
    ],
)
@pytest.mark.parametrize("points", [8, 10, 12])
def test_print_is_read_by_both_looks(
    frame: Frame, reader: LineReader, text: str, points: int
) -> None:
    (line,) = _lines(frame, "requester_agency", text, points=points)
    first, second, sure = _read(reader, line)
    assert (first, second) == (text, text)
    assert sure > 0.8


def test_lines_are_parted_and_their_accents_stay_with_them(
    frame: Frame, reader: LineReader
) -> None:
    text = "Á É, la señora\nÑandú y Jagüey"
    lines = _lines(frame, "subject_aliases", text)
    assert [_read(reader, line)[0] for line in lines] == text.split("\n")
    assert lines[0].box[1] > lines[1].box[3]


def test_boxes_are_where_the_words_stand(frame: Frame, reader: LineReader) -> None:
    slot = _slot(frame, "requester_agency")
    (line,) = _lines(frame, "requester_agency", "Example Court")
    first, second = _read_line(reader, line).first
    assert slot.box[0] < first.box[0] < first.box[2] < second.box[0] < second.box[2] < slot.box[2]
    assert slot.box[1] - 1 < first.box[1] < first.box[3] < slot.box[3] + 1


class _Blind(LineReader):
    """A recogniser that drops the first blank of some lines."""

    def __init__(self, reader: LineReader, without: str) -> None:
        self._reader = reader
        self._without = without

    def read(self, grey: Picture) -> LineText:
        found = self._reader.read(grey)
        if self._without not in found.text:
            return found
        blank = found.text.index(" ")
        told = [n for n in range(len(found.text)) if n != blank]
        return LineText(
            text="".join(found.text[n] for n in told),
            certainties=tuple(found.certainties[n] for n in told),
            places=tuple(found.places[n] for n in told),
        )


OTHERS = "The clerk of a court, a man of 31 or 32, to be held on 11/11/2025 at 9:15"


@pytest.mark.parametrize(
    "text", ["12/1/2025 to 12/14/2025; 17 CRS 060527", "(602) 555-0121 ext. 1111"]
)
def test_blanks_that_the_recogniser_drops_are_seen_in_the_ink(
    frame: Frame, reader: LineReader, text: str
) -> None:
    typed = [*[OTHERS] * 4, text]
    lines = [_lines(frame, "requester_agency", t)[0] for t in typed]
    found = read_lines(_Blind(reader, text[-6:]), lines)
    assert [" ".join(word.text for word in one.first) for one in found] == typed


@pytest.mark.parametrize("font", OTHER_FONTS, ids=[f.stem for f in OTHER_FONTS])
def test_no_blank_is_seen_where_type_is_wide(frame: Frame, reader: LineReader, font: Path) -> None:
    if not font.exists():
        require_or_skip(str(font))
    typed = [*[OTHERS] * 3, "m.o@courts.example, 901111-1116", "(a.m.) D-101-CR-2019-00123"]
    lines = [_lines(frame, "requester_agency", t, font=font)[0] for t in typed]
    found = read_lines(reader, lines)
    assert [" ".join(word.text for word in one.first) for one in found] == typed


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Nguyễn", id="a letter the recogniser has never seen"),
        pytest.param("Thị Hồng", id="two of them"),
        pytest.param("Țăndărică", id="rare letters it has seen"),
        pytest.param("Łukasiewicz", id="one rare letter"),
    ],
)
def test_rare_letters_are_never_certain(frame: Frame, reader: LineReader, text: str) -> None:
    (line,) = _lines(frame, "requester_agency", text)
    assert _read(reader, line)[2] <= 0.75


class _Misled(LineReader):
    """A recogniser that takes each l for an i, so certainly."""

    def __init__(self, reader: LineReader, certainty: float) -> None:
        self._reader = reader
        self._certainty = certainty

    def read(self, grey: Picture) -> LineText:
        found = self._reader.read(grey)
        text = found.text.replace("l", "i")
        return replace(
            found,
            text=text,
            certainties=tuple(self._certainty if letter == "i" else 1.0 for letter in text),
        )


@pytest.mark.parametrize(
    ("text", "certainty", "sure", "reason"),
    [
        ("Sample Blvd", 0.91, 0.75, "no dot stands over what may be an l"),
        ("Sample Blvd", 0.99, 0.99, "a dot may run into its letter, which is certain then"),
        ("Main Drive", 0.91, 0.91, "each has its dot"),
    ],
)
def test_a_dotted_letter_without_its_dot_is_doubted(
    frame: Frame, reader: LineReader, text: str, certainty: float, sure: float, reason: str
) -> None:
    (line,) = _lines(frame, "requester_agency", text)
    found = _read_line(_Misled(reader, certainty), line)
    assert {word.confidence for word in found.first} == {sure}, reason


@pytest.mark.parametrize("font", HANDWRITING_FONTS, ids=[f.stem for f in HANDWRITING_FONTS])
def test_a_page_in_a_hand_is_told_from_type(frame: Frame, font: Path) -> None:
    if not font.exists():
        require_or_skip(str(font))
    texts = ("Verónica Itzel Ejemplo", "Sample District Court", "Maria de los Angeles, 1971")
    written = [_lines(frame, "requester_agency", t, font=font, points=13)[0] for t in texts]
    typed = [_lines(frame, "requester_agency", t)[0] for t in texts]
    assert find_handwriting(written) == frozenset(written)
    assert find_handwriting(typed) == frozenset()


def test_a_page_without_writing_has_no_handwriting() -> None:
    assert find_handwriting([]) == frozenset()
