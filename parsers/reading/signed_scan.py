"""Which certification a scan is of: the control number at the foot of each page, read by OCR.

Outcome of `read_control_numbers`: for each page the number it shows, folded by
`fold_control_number` so that letters an eye or a scanner confuses are one, or an empty text where
none can be read. Raises `ParseError` for what is damaged or over a limit. Whoever calls this stands
in a process that may be ended: the bytes are hostile.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from parsers.extraction import ReadLimits
from parsers.pages.line_reader import LineReader
from parsers.pages.pictures import PagePicture, read_page_pictures
from parsers.reading.page_reader import PageReader
from parsers.values.control_numbers import fold_control_number

_DASH = r"\s?[-‐-―.~]\s?"
_NUMBER = re.compile(rf"(?<![0-9A-Z])[0-9A-Z]{{4}}(?:{_DASH}[0-9A-Z]{{4}}){{3}}(?![0-9A-Z])")
#: The foot of a page, with its number, is in so much of its height.
_FOOT = 0.15
#: What is lower than so much of its width is enlarged before lines are looked for.
_SHEET = 0.6


def read_control_numbers(data: bytes, *, limits: ReadLimits) -> tuple[str, ...]:
    """Return the number on each page of a PDF or of a picture file."""
    reader = PageReader(LineReader())
    return tuple(_read_page(reader, page) for page in read_page_pictures(data, limits=limits))


def _read_page(reader: PageReader, page: PagePicture) -> str:
    # The whole page takes four times as long, and is needed where it lies another way.
    return _find_number(reader, _cut_foot(page)) or _find_number(reader, page)


def _cut_foot(page: PagePicture) -> PagePicture:
    """Return the foot of a page, on white paper of a shape that the detector does not enlarge."""
    height, width = page.grey.shape
    foot = page.grey[height - round(_FOOT * height) :]
    sheet = np.full((max(len(foot), round(_SHEET * width)), width), 255, dtype=page.grey.dtype)
    sheet[-len(foot) :] = foot
    return replace(page, grey=sheet)


def _find_number(reader: PageReader, page: PagePicture) -> str:
    words = " ".join(word.text for word in reader.read(page).words.words)
    found = _NUMBER.search(words.upper())
    return "" if found is None else fold_control_number(found.group())
