"""Lines of writing: cut out of their slots, read letter by letter, and judged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from config.data import read_data
from parsers.definition import parse_definition
from parsers.handwriting import find_handwriting
from parsers.ink_lines import InkLine, find_lines
from parsers.labels import DefinitionIndex
from parsers.layout import Slot, build_layout
from parsers.line_reader import LineReader
from parsers.page_alignment import FRAME_DPI, AlignedPage, Frame, build_frames
from parsers.read_lines import read_line
from tests.specimens.handwriting import HANDWRITING_FONTS
from tests.specimens.scans import Damage as How
from tests.specimens.scans import Picture, damage

DEFINITION = parse_definition(
    read_data("forms/cjs-request-1.toml"), blank=read_data("forms/cjs-request-1.pdf")
)
_FONTS = Path(__file__).parents[2] / "templates" / "fonts"
SANS = _FONTS / "PublicSans-Regular.ttf"


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


def _read(reader: LineReader, line: InkLine) -> tuple[str, str, float]:
    found = read_line(reader, line)
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
        pytest.param("$ 1,250.50", id="money"),
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
    first, second = read_line(reader, line).first
    assert slot.box[0] < first.box[0] < first.box[2] < second.box[0] < second.box[2] < slot.box[2]
    assert slot.box[1] - 1 < first.box[1] < first.box[3] < slot.box[3] + 1


def test_blanks_that_the_recogniser_drops_are_seen_in_the_ink(
    frame: Frame, reader: LineReader
) -> None:
    (line,) = _lines(frame, "requester_agency", "12/1/2025 to 12/14/2025; 17 CRS 060527")
    found = reader.read(line.tight)
    blind = replace(
        found,
        text=found.text.replace(" ", ""),
        certainties=tuple(
            c for c, x in zip(found.certainties, found.text, strict=True) if x != " "
        ),
        places=tuple(p for p, x in zip(found.places, found.text, strict=True) if x != " "),
    )

    class Blind:
        def read(self, _grey: object) -> object:
            return blind

    words = read_line(Blind(), line).first  # type: ignore[arg-type]
    assert " ".join(w.text for w in words) == "12/1/2025 to 12/14/2025; 17 CRS 060527"


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


@pytest.mark.parametrize("font", HANDWRITING_FONTS, ids=[f.stem for f in HANDWRITING_FONTS])
def test_a_page_in_a_hand_is_told_from_type(frame: Frame, font: Path) -> None:
    if not font.exists():
        pytest.skip(f"{font.name} is not installed.")
    texts = ("Verónica Itzel Ejemplo", "Sample District Court", "Maria de los Angeles, 1971")
    written = [_lines(frame, "requester_agency", t, font=font, points=13)[0] for t in texts]
    typed = [_lines(frame, "requester_agency", t)[0] for t in texts]
    assert find_handwriting(written) == frozenset(written)
    assert find_handwriting(typed) == frozenset()


def test_a_page_without_writing_has_no_handwriting() -> None:
    assert find_handwriting([]) == frozenset()
