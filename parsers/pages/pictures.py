"""Documents as pictures of their pages: grey, upright as their file says, within limits.

A PDF is drawn at the resolution of the pictures in it; a TIFF gives all its pages, a JPEG or PNG
its one. Outcomes: the pages one by one, or a `ParseError` whose code is `over_page_limit`,
`over_pixel_limit`, `broken_pdf` or `broken_picture`. Sizes are looked at before anything is
decoded, because 1.6 KB can hold 600 MB of pixels.
"""

from __future__ import annotations

import io
import itertools
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pypdfium2
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps
from pypdfium2 import raw

from parsers.errors import ParseError
from parsers.extraction import ReadLimits
from parsers.pdf.traits import SENTENCES

#: A picture of a page: rows and columns of brightness, 0 black to 255 white.
Grey = NDArray[np.uint8]

#: Dots an inch a PDF's page is drawn at: the pictures' own within these, or the usual.
_FEWEST_DPI = 150.0
_MOST_DPI = 300.0
_USUAL_DPI = 200.0
#: Below this no form is legible, and a page of such a size is none.
_LEAST_DPI = 72.0
#: Pictures looked at on a page, pages looked at for whether they are covered, and how far.
_MOST_OBJECTS = 200
_LOOKED_AT = 20
_COVERED = 0.8
#: A picture so large, in square points, tells how finely the page was scanned.
_TELLING = 40_000.0
#: Pixels of a fax are up to twice as high as wide; what says more than that is not believed.
_MOST_STRETCH = 2.6

_PICTURE_FORMATS = ("TIFF", "JPEG", "PNG")
#: What Pillow raises for damaged files.
_DAMAGE = (OSError, ValueError, SyntaxError, TypeError, LookupError, EOFError)


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePicture:
    """One page as it lay on the glass, or before the camera."""

    number: int  #: counted from 1
    grey: Grey
    dpi: float  #: dots an inch; of a picture file, which may not tell, the usual


@dataclass(frozen=True, slots=True, kw_only=True)
class Photograph:
    """What the header of a JPEG file says that any program can show as it is."""

    width: int  #: in pixels, as stored
    height: int
    is_grey: bool
    orientation: int  #: as EXIF says it (tag 274): 1 for upright
    dpi: float  #: dots an inch its page is taken to have


def find_photograph(data: bytes, limits: ReadLimits) -> Photograph | None:
    """Return what a JPEG of grey levels or RGB colours says of itself; None for other pictures.

    Raises `ParseError` when its header is damaged, or it is over the limit of pixels.
    """
    with _naming_damage(), Image.open(io.BytesIO(data), formats=_PICTURE_FORMATS) as picture:
        if picture.width * picture.height > limits.pixels:
            raise _refuse("over_pixel_limit")
        # What holds several photographs shows its first one where it is taken for a JPEG.
        if picture.format not in ("JPEG", "MPO") or picture.mode not in ("L", "RGB"):
            return None
        if _find_stretch(picture) != 1:
            return None
        return Photograph(
            width=picture.width,
            height=picture.height,
            is_grey=picture.mode == "L",
            orientation=picture.getexif().get(ExifTags.Base.Orientation, 1),
            dpi=_USUAL_DPI,
        )


def read_page_pictures(
    data: bytes, *, limits: ReadLimits, password: str = ""
) -> Iterator[PagePicture]:
    """Yield the pages of a PDF or of a picture file, each drawn when it is asked for.

    Raises `ParseError` when the document is damaged or over a limit.
    """
    if b"%PDF-" in data[:1024]:
        yield from _draw_pdf(data, limits, password)
    else:
        yield from _decode_pictures(data, limits)


def is_scan(data: bytes, password: str = "") -> bool:
    """Return whether pictures cover one of a PDF's first pages, whatever text lies over or under.

    Raises nothing: what pdfium cannot open is no scan.
    """
    try:
        document = pypdfium2.PdfDocument(data, password=password or None)
    except pypdfium2.PdfiumError:
        return False
    try:
        return any(_is_covered(document, index) for index in range(min(len(document), _LOOKED_AT)))
    finally:
        document.close()


def _is_covered(document: pypdfium2.PdfDocument, index: int) -> bool:
    try:
        page = document[index]
    except pypdfium2.PdfiumError:
        return False
    covered = sum(_find_shown_area(picture) for picture in _list_pictures(page))
    return bool(covered >= _COVERED * page.get_width() * page.get_height())


def _list_pictures(page: pypdfium2.PdfPage) -> list[pypdfium2.PdfImage]:
    found = page.get_objects(filter=(raw.FPDF_PAGEOBJ_IMAGE,), max_depth=3)
    return list(itertools.islice(found, _MOST_OBJECTS))


def _find_shown_area(picture: pypdfium2.PdfImage) -> float:
    left, bottom, right, top = picture.get_bounds()
    return float(abs((right - left) * (top - bottom)))


def _refuse(code: str) -> ParseError:
    return ParseError(code, SENTENCES[code])


def _draw_pdf(data: bytes, limits: ReadLimits, password: str) -> Iterator[PagePicture]:
    try:
        document = pypdfium2.PdfDocument(data, password=password or None)
    except pypdfium2.PdfiumError:
        raise _refuse("broken_pdf") from None
    try:
        if len(document) > limits.pages:
            raise _refuse("over_page_limit")
        document.init_forms()
        for index in range(len(document)):
            try:
                page = document[index]
                dpi = _choose_dpi(page, limits)
                grey = _draw_page(page, dpi)
            except pypdfium2.PdfiumError:
                raise _refuse("broken_pdf") from None
            page.close()
            yield PagePicture(number=index + 1, grey=grey, dpi=dpi)
    finally:
        document.close()


def _draw_page(page: pypdfium2.PdfPage, dpi: float) -> Grey:
    """Return a PDF page, upright, with what is filled in and noted on it."""
    bitmap = page.render(scale=dpi / 72, grayscale=True)
    grey = np.array(bitmap.to_numpy()).reshape(bitmap.height, bitmap.width)
    bitmap.close()
    return grey


def _choose_dpi(page: pypdfium2.PdfPage, limits: ReadLimits) -> float:
    """Return the resolution of the page's pictures, as far as the limits let it be drawn."""
    found = 0.0
    for picture in _list_pictures(page):
        width, height = picture.get_px_size()
        if width * height > limits.pixels:
            raise _refuse("over_pixel_limit")
        shown = _find_shown_area(picture)
        # Specks and seals say nothing of how the page was scanned.
        if shown > _TELLING:
            found = max(found, math.sqrt(width * height / shown) * 72)
    wanted = min(max(found or _USUAL_DPI, _FEWEST_DPI), _MOST_DPI)
    area = page.get_width() * page.get_height() / 72**2
    dpi = min(wanted, math.sqrt(limits.pixels / max(area, 1e-6)))
    if dpi < _LEAST_DPI:
        raise _refuse("over_pixel_limit")
    return dpi


def _decode_pictures(data: bytes, limits: ReadLimits) -> Iterator[PagePicture]:
    with _naming_damage():
        picture = Image.open(io.BytesIO(data), formats=_PICTURE_FORMATS)
        pages = getattr(picture, "n_frames", 1)
    with picture:
        if pages > limits.pages:
            raise _refuse("over_page_limit")
        for number in range(1, pages + 1):
            with _naming_damage():
                picture.seek(number - 1)
                if picture.width * picture.height > limits.pixels:
                    raise _refuse("over_pixel_limit")
                grey = _to_grey(picture)
            yield PagePicture(number=number, grey=grey, dpi=_USUAL_DPI)


@contextmanager
def _naming_damage() -> Iterator[None]:
    """Turn what Pillow raises or warns of into the two outcomes there are."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Pillow's own limit is met before ours can be; both end alike.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _refuse("over_pixel_limit") from None
    except _DAMAGE:
        raise _refuse("broken_picture") from None


def _to_grey(picture: Image.Image) -> Grey:
    stretch = _find_stretch(picture)
    shown: Image.Image = ImageOps.exif_transpose(picture)
    if shown.mode.startswith("I;16"):
        shown = Image.fromarray((np.asarray(shown) >> 8).astype(np.uint8))
    elif "A" in shown.getbands() or "transparency" in shown.info:
        shown = shown.convert("RGBA")
        shown = Image.alpha_composite(Image.new("RGBA", shown.size, "white"), shown)
    shown = shown.convert("L")
    if stretch > 1:
        shown = shown.resize((shown.width, round(shown.height * stretch)), Image.Resampling.BICUBIC)
    elif stretch < 1:
        shown = shown.resize((round(shown.width / stretch), shown.height), Image.Resampling.BICUBIC)
    return np.array(shown)


def _find_stretch(picture: Image.Image) -> float:
    """Return how much higher than wide the pixels are; a fax of normal quality has 204 by 98."""
    dpi = picture.info.get("dpi")
    try:
        across, down = (float(n) for n in dpi) if dpi else (1.0, 1.0)
        stretch = across / down
    except (TypeError, ValueError, ZeroDivisionError):
        return 1.0
    sensible = 1 / _MOST_STRETCH < stretch < _MOST_STRETCH
    return stretch if sensible and abs(stretch - 1) > 0.05 else 1.0
