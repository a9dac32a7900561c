"""The filled form as pictures: scanned, faxed, photographed.

`draw_pages` gives clean pictures of a PDF's pages, `draw_cover_sheet` one that is no form. `damage`
spoils a picture as a device would, in the same way for the same `numpy` generator. `pack_pdf`,
`pack_tiff`, `pack_fax`, `pack_jpeg` and `pack_png` make files of them; `add_text_layer` puts a
scanner's invisible text, right or wrong, over a PDF of pictures.

A picture is an array of 8-bit grey levels, rows first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pdfplumber
import pikepdf
import pypdfium2
from pikepdf import Dictionary, Name
from PIL import Image, ImageDraw, ImageFont

Picture = npt.NDArray[np.uint8]

_PRINTED_FONT = Path(__file__).parents[2] / "templates" / "fonts" / "PublicSans-Regular.ttf"
#: A fax in its fine mode: dots an inch across and down (ITU-T T.4).
FAX_DPI = (204, 196)


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """What a device does to a page, in the order of the fields."""

    perspective: float = 0.0  #: how far corners move, as a part of the page's width
    skew: float = 0.0  #: degrees, to one side or the other
    shade: float = 0.0  #: how dark the darkest side of an uneven light is, 0 to 1
    blur: float = 0.0  #: standard deviation in pixels
    noise: float = 0.0  #: standard deviation in grey levels
    speckle: float = 0.0  #: the part of all pixels that turn black, and as many white
    jpeg: int = 0  #: quality to compress with; 0 for none
    quarter_turns: int = 0  #: counter-clockwise


def draw_pages(pdf: bytes, *, dpi: int) -> list[Picture]:
    """Draw the pages of a PDF, with what stands in its form fields."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        document.init_forms()
        drawn = (page.render(scale=dpi / 72, grayscale=True) for page in document)
        return [np.array(np.atleast_3d(bitmap.to_numpy())[:, :, 0]) for bitmap in drawn]
    finally:
        document.close()


def damage(picture: Picture, how: Damage, chance: np.random.Generator) -> Picture:
    """Return the picture as a device with these faults would give it."""
    spoilt = picture
    if how.perspective:
        spoilt = _tilt(spoilt, how.perspective, chance)
    if how.skew:
        spoilt = _turn(spoilt, how.skew * chance.choice([-1.0, 1.0]))
    if how.shade:
        spoilt = _shade(spoilt, how.shade, chance)
    if how.blur:
        spoilt = cv2.GaussianBlur(spoilt, (0, 0), how.blur)
    if how.noise:
        spoilt = _clip(spoilt + chance.normal(0, how.noise, spoilt.shape))
    if how.speckle:
        spoilt = _speckle(spoilt, how.speckle, chance)
    if how.jpeg:
        spoilt = cv2.imdecode(_encode_jpeg(spoilt, how.jpeg), cv2.IMREAD_GRAYSCALE)
    return np.ascontiguousarray(np.rot90(spoilt, how.quarter_turns))


def _tilt(picture: Picture, share: float, chance: np.random.Generator) -> Picture:
    """Look at the page from a slant, on a dark desk that shows at its edges."""
    height, width = picture.shape
    margin = 0.04
    inner = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * (1 - 2 * margin) + margin
    moved = inner + chance.uniform(-share, share, inner.shape)
    size = np.array([width, height])
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * size
    matrix = cv2.getPerspectiveTransform(
        corners.astype(np.float32), (moved * size).astype(np.float32)
    )
    return cv2.warpPerspective(
        picture, matrix, (width, height), flags=cv2.INTER_AREA, borderValue=(70.0,)
    )


def _turn(picture: Picture, degrees: float) -> Picture:
    height, width = picture.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return cv2.warpAffine(
        picture, matrix, (width, height), flags=cv2.INTER_CUBIC, borderValue=(255.0,)
    )


def _shade(picture: Picture, depth: float, chance: np.random.Generator) -> Picture:
    height, width = picture.shape
    angle = chance.uniform(0, 2 * np.pi)
    across = np.linspace(-1, 1, width)[None, :] * np.cos(angle)
    down = np.linspace(-1, 1, height)[:, None] * np.sin(angle)
    light = 1 - depth * (across + down + 1.42) / 2.84
    return _clip(picture * light)


def _speckle(picture: Picture, share: float, chance: np.random.Generator) -> Picture:
    spoilt = picture.copy()
    for level in (0, 255):
        count = int(share * picture.size)
        rows = chance.integers(0, picture.shape[0], count)
        columns = chance.integers(0, picture.shape[1], count)
        spoilt[rows, columns] = level
    return spoilt


def _clip(levels: npt.NDArray[Any]) -> Picture:
    return np.clip(levels, 0, 255).astype(np.uint8)


def _encode_jpeg(picture: Picture, quality: int) -> npt.NDArray[np.uint8]:
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    return data


def pack_jpeg(picture: Picture, *, dpi: int, quality: int = 85) -> bytes:
    """Return one page as a JPEG file."""
    target = BytesIO()
    Image.fromarray(picture).save(target, "JPEG", quality=quality, dpi=(dpi, dpi))
    return target.getvalue()


def pack_png(picture: Picture, *, dpi: int) -> bytes:
    """Return one page as a PNG file."""
    target = BytesIO()
    Image.fromarray(picture).save(target, "PNG", dpi=(dpi, dpi))
    return target.getvalue()


def pack_tiff(pictures: Sequence[Picture], *, dpi: int) -> bytes:
    """Return the pages as one TIFF of grey pictures, packed with Deflate."""
    return _pack_tiff([Image.fromarray(p) for p in pictures], "tiff_adobe_deflate", (dpi, dpi))


def pack_fax(pictures: Sequence[Picture], chance: np.random.Generator, *, dpi: int) -> bytes:
    """Return the pages as a fax gives them: black and white, 204 by 196 dots an inch, Group 4."""
    pages = []
    for picture in pictures:
        height, width = picture.shape
        size = (round(width * FAX_DPI[0] / dpi), round(height * FAX_DPI[1] / dpi))
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        black = small < 150 + chance.normal(0, 12, small.shape)
        pages.append(Image.fromarray(np.where(black, 0, 255).astype(np.uint8)).convert("1"))
    return _pack_tiff(pages, "group4", FAX_DPI)


def _pack_tiff(pages: list[Image.Image], compression: str, dpi: tuple[int, int]) -> bytes:
    target = BytesIO()
    pages[0].save(
        target,
        "TIFF",
        compression=compression,
        dpi=dpi,
        save_all=True,
        append_images=pages[1:],
    )
    return target.getvalue()


def pack_pdf(pictures: Sequence[Picture], *, dpi: int, quality: int = 80) -> bytes:
    """Return a PDF whose pages are JPEG pictures and nothing else."""
    pdf = pikepdf.new()
    for picture in pictures:
        height, width = picture.shape
        size = (width * 72 / dpi, height * 72 / dpi)
        pdf.add_blank_page(page_size=size)
        image = pdf.make_stream(
            _encode_jpeg(picture, quality).tobytes(),
            Type=Name.XObject,
            Subtype=Name.Image,
            Width=width,
            Height=height,
            ColorSpace=Name.DeviceGray,
            BitsPerComponent=8,
            Filter=Name.DCTDecode,
        )
        page = pdf.pages[-1].obj
        page.Resources = Dictionary(XObject=Dictionary(Im0=image))
        page.Contents = pdf.make_stream(b"q %.3f 0 0 %.3f 0 0 cm /Im0 Do Q" % size)
    return _save(pdf)


def add_text_layer(scan: bytes, form: bytes, chance: np.random.Generator, *, wrong: float) -> bytes:
    """Put the words of `form` invisibly over the pages of `scan`; misread a share `wrong` of them.

    The layer holds the characters of WinAnsi only, as those of many scanners do.
    """
    with pdfplumber.open(BytesIO(form)) as source, pikepdf.open(BytesIO(scan)) as pdf:
        for printed, page in zip(source.pages, pdf.pages, strict=True):
            shows = [
                _show_word(word, float(printed.height), wrong, chance)
                for word in printed.extract_words(keep_blank_chars=False)
            ]
            font = Dictionary(
                Type=Name.Font,
                Subtype=Name.Type1,
                BaseFont=Name.Helvetica,
                Encoding=Name.WinAnsiEncoding,
            )
            page.obj.Resources.Font = Dictionary(F0=font)
            layer = b"BT 3 Tr\n" + b"\n".join(shows) + b"\nET"
            page.contents_add(pdf.make_stream(layer))
        return _save(pdf)


def _show_word(
    word: Mapping[str, Any], height: float, wrong: float, chance: np.random.Generator
) -> bytes:
    text = word["text"]
    if chance.random() < wrong:
        text = _misread(text, chance)
    size = word["bottom"] - word["top"]
    # Helvetica's characters are about half as wide as high; the scale makes the word fit its box.
    scale = 100 * (word["x1"] - word["x0"]) / max(0.5 * size * len(text), 1)
    codes = text.encode("cp1252", "replace").hex().encode()
    place = (size, scale, word["x0"], height - word["bottom"] + 0.2 * size, codes)
    return b"/F0 %.2f Tf %.1f Tz 1 0 0 1 %.2f %.2f Tm <%b> Tj" % place


_LOOK_ALIKES = {
    "0": "O",
    "O": "0",
    "1": "l",
    "l": "1",
    "5": "S",
    "8": "B",
    "m": "rn",
    "e": "c",
    "3": "8",
    "6": "5",
    "7": "1",
    "9": "4",
    "2": "7",
    "4": "9",
}


def _misread(text: str, chance: np.random.Generator) -> str:
    places = [n for n, c in enumerate(text) if c in _LOOK_ALIKES]
    if not places:
        return text
    n = int(chance.choice(places))
    return text[:n] + _LOOK_ALIKES[text[n]] + text[n + 1 :]


def draw_cover_sheet(*, dpi: int) -> Picture:
    """Draw the first page of a fax that says who sends it."""
    image = Image.new("L", (round(8.5 * dpi), 11 * dpi), 255)
    pen = ImageDraw.Draw(image)
    lines = (
        (40, "FAX COVER SHEET"),
        (16, "To: ERO Outreach"),
        (16, "From: Clerk of the Sample District Court"),
        (16, "Phone: 202-555-0141     Date: 05/04/2026"),
        (16, "Pages, with this one: 3"),
        (16, "Re: Request Form attached. Please confirm receipt."),
        (10, "CONFIDENTIAL: if you are not the addressee, destroy this message and call us."),
    )
    top = dpi
    for size, text in lines:
        font = ImageFont.truetype(_PRINTED_FONT, size * dpi // 72)
        pen.text((dpi, top), text, font=font, fill=0)
        top += round(size * dpi / 72 * 2.2)
    return np.array(image)


def _save(pdf: pikepdf.Pdf) -> bytes:
    target = BytesIO()
    pdf.save(target, deterministic_id=True)
    return target.getvalue()
