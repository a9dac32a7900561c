"""The control number on a page: of a print by its text, of a picture by its code or its letters.

What is found proves nothing: it says what the paper would have to be compared with. Outcomes: the
number in canonical form, and the way it was read; or None.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import cv2
import numpy as np

from parsers.certifications.values import NumberSource
from parsers.extraction import ReadLimits
from parsers.pages.line_reader import LineReader
from parsers.pages.pdfium_pages import PdfiumPages
from parsers.pages.pictures import Grey, PagePicture, is_scan, read_page_pictures
from parsers.pages.text_layer import TextLayerError
from parsers.reading.page_reader import PageReader
from parsers.values.control_numbers import WRITTEN_NUMBER, parse_control_number

#: The number stands on every page of the form.
_MOST_PAGES = 2
#: A page of pictures may have a few words beside them, a stamp's or a scanner's.
_FEW_WORDS = 40
_LABELLED = re.compile(
    rf"(?:control\s{{0,3}}n(?:umber|o\.?)|verify)\s{{0,3}}:?\s{{0,3}}({WRITTEN_NUMBER.pattern})",
    re.IGNORECASE,
)
#: A picture larger than this is made smaller before the code is looked for, which takes long else.
_LONGEST_SIDE = 2600


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedNumber:
    """A control number on a page."""

    number: str
    source: NumberSource


def find_labelled_number(text: str) -> str | None:
    """Return the first control number in a text that stands behind its label or keyword."""
    found = _LABELLED.search(text)
    return None if found is None else parse_control_number(found[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class PageText:
    """What the text of a PDF's first pages tells."""

    printed: PrintedNumber | None = None
    is_legible: bool = False  #: there is so much text that no picture has to be looked at


def read_page_text(data: bytes, password: str = "") -> PageText:
    """Return the number that the text of a PDF's first pages shows, if any."""
    words = 0
    try:
        with PdfiumPages(data, password) as pages:
            for number in range(1, min(pages.count(), _MOST_PAGES) + 1):
                found = [word.text for word in pages.words(number).words]
                words += len(found)
                shown = find_labelled_number(" ".join(found))
                if shown is not None:
                    printed = PrintedNumber(number=shown, source=NumberSource.TEXT)
                    return PageText(printed=printed, is_legible=True)
    except TextLayerError:
        return PageText()
    return PageText(is_legible=words > _FEW_WORDS and not is_scan(data, password))


def find_number_in_pictures(
    data: bytes, *, limits: ReadLimits, password: str = "", letters: bool = True
) -> PrintedNumber | None:
    """Return the number that a document's first pages show to whoever looks at them.

    Without `letters` only their code is looked for, which is sooner done.

    Raises `ParseError` when the document is damaged or over a limit.
    """
    pictures = []
    for picture in read_page_pictures(data, limits=limits, password=password):
        found = read_code(picture.grey)
        if found is not None:
            return PrintedNumber(number=found, source=NumberSource.CODE)
        pictures.append(picture)
        if len(pictures) == _MOST_PAGES:
            break
    return _read_letters(pictures) if letters else None


def read_code(grey: Grey) -> str | None:
    """Return the control number that a code in a picture asks about."""
    detector = cv2.QRCodeDetector()
    for prepared in _prepare(grey):
        said = _decode(detector, prepared)
        number = _parse_question(said)
        if number is not None:
            return number
    return None


def _prepare(grey: Grey) -> Iterator[Grey]:
    """Yield the picture as it is, sharpened, and sharpened at twice the size."""
    longest = max(grey.shape)
    if longest > _LONGEST_SIDE:
        scale = _LONGEST_SIDE / longest
        grey = _resize(grey, scale)
    yield grey
    yield _sharpen(grey, 1.0)
    if max(grey.shape) <= _LONGEST_SIDE / 1.4:
        double = _resize(grey, 2.0)
        yield double
        yield _sharpen(double, 2.0)


def _resize(grey: Grey, scale: float) -> Grey:
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=way), np.uint8)


def _sharpen(grey: Grey, radius: float) -> Grey:
    soft = cv2.GaussianBlur(grey, (0, 0), 2 * radius)
    return np.asarray(cv2.addWeighted(grey, 2.5, soft, -1.5, 0), np.uint8)


def _decode(detector: cv2.QRCodeDetector, picture: Grey) -> str:
    try:
        return str(detector.detectAndDecode(picture)[0])
    except (cv2.error, UnicodeDecodeError):
        # The library stumbles over some pictures without any code.
        return ""


def _parse_question(said: str) -> str | None:
    """Return the number in the address of a mail that asks (RFC 6068); None for anything else."""
    if not said.lower().startswith("mailto:"):
        return None
    try:
        subjects = parse_qs(urlsplit(said).query).get("subject", [])
    except ValueError:
        return None
    return next((n for s in subjects if (n := find_labelled_number(s)) is not None), None)


def _read_letters(pictures: list[PagePicture]) -> PrintedNumber | None:
    reader = PageReader(LineReader())
    for picture in pictures[:1]:
        words = reader.read(picture).words.words
        found = find_labelled_number(" ".join(word.text for word in words))
        if found is not None:
            return PrintedNumber(number=found, source=NumberSource.LETTERS)
    return None
