"""The form filled in with a pen: its ticks in print, its text in the hand of one person."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import pikepdf
from pikepdf import Name
from PIL import Image, ImageDraw, ImageFont

from tests.specimens.fill import fill_ours, list_fields
from tests.specimens.scans import Picture, draw_pages

#: Free handwriting fonts of Debian's packages fonts-breip and fonts-dkg-handwriting.
HANDWRITING_FONTS = (
    Path("/usr/share/fonts/truetype/breip/Breip.ttf"),
    Path("/usr/share/fonts/truetype/fifthhorseman/dkg.ttf"),
)


def write_by_hand(
    typed: Mapping[str, object], chance: np.random.Generator, *, dpi: int
) -> list[Picture]:
    """Draw the form with its ticks printed and its text written in the hand of one person."""
    filled = fill_ours(typed)
    path = HANDWRITING_FONTS[int(chance.integers(len(HANDWRITING_FONTS)))]
    with pikepdf.open(BytesIO(filled)) as pdf:
        numbers = {page.obj.objgen: n for n, page in enumerate(pdf.pages)}
        boxes = []
        for field in list_fields(pdf):
            if field.get("/FT") == Name.Tx and "/V" in field and not int(field.get("/Ff", 0)) & 1:
                boxes.append(
                    (numbers[field.P.objgen], [float(x) for x in field.Rect], str(field.V))
                )
                del field.V
                del field.AP
        heights = [float(page.mediabox[3]) for page in pdf.pages]
        pages = [Image.fromarray(p) for p in draw_pages(_save(pdf), dpi=dpi)]
    for number, box, text in boxes:
        _write_box(pages[number], box, heights[number], text, path, chance, dpi)
    return [np.array(page) for page in pages]


def _write_box(
    page: Image.Image,
    box: Sequence[float],
    height: float,
    text: str,
    path: Path,
    chance: np.random.Generator,
    dpi: int,
) -> None:
    """Write in a box, as large as its lines allow, a little off the straight."""
    plain = _write_with_latin(text)
    room = (box[2] - box[0]) * dpi / 72 * 0.97
    for points in (13, 12, 11, 10, 9, 8, 7, 6, 5):
        font = ImageFont.truetype(path, points * dpi // 72)
        lines = _break_lines(plain, font, room)
        if (
            len(lines) * points * 1.15 <= box[3] - box[1] + 4
            and max(map(font.getlength, lines)) <= room
        ):
            break
    pen = ImageDraw.Draw(page)
    step = points * 1.15
    baseline = height - box[1] - 3 - step * (len(lines) - 1)
    for line in lines:
        place = (box[0] * dpi / 72 + chance.uniform(2, 8), baseline * dpi / 72)
        sway = chance.uniform(-2, 2)
        ink = int(chance.integers(20, 90))
        pen.text((place[0], place[1] + sway), line, font=font, fill=ink, anchor="ls")
        baseline += step


def _break_lines(text: str, font: ImageFont.FreeTypeFont, room: float) -> list[str]:
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}" if line else word
            if line and font.getlength(longer) > room:
                lines.append(line)
                line = word
            else:
                line = longer
        lines.append(line)
    return lines


def _write_with_latin(text: str) -> str:
    """Return `text` in the letters the fonts have: those of Latin-1, the rest without accents."""
    plain = []
    for letter in text:
        if ord(letter) < 256:
            plain.append(letter)
        else:
            base = unicodedata.normalize("NFKD", letter)[0]
            plain.append(base if ord(base) < 256 else {"ı": "i", "ł": "l", "Ł": "L"}.get(base, "-"))
    return "".join(plain)


def _save(pdf: pikepdf.Pdf) -> bytes:
    target = BytesIO()
    pdf.save(target, deterministic_id=True)
    return target.getvalue()
