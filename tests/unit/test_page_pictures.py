"""Documents as pictures of their pages: resolution, turning, colours, limits and damage."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import numpy as np
import pikepdf
import pytest
from PIL import Image, ImageDraw

from parsers.errors import ParseError
from parsers.extraction import ReadLimits
from parsers.pages.pictures import PagePicture, is_scan, read_page_pictures
from parsers.pdf.traits import has_images

WIDE = ReadLimits()


def _read(data: bytes, limits: ReadLimits = WIDE, password: str = "") -> list[PagePicture]:
    return list(read_page_pictures(data, limits=limits, password=password))


def _code(data: bytes, limits: ReadLimits = WIDE) -> str:
    with pytest.raises(ParseError) as caught:
        _read(data, limits)
    return caught.value.code


def _save(picture: Image.Image, kind: str, **options: object) -> bytes:
    target = BytesIO()
    picture.save(target, kind, **options)
    return target.getvalue()


def _draw_corner(size: tuple[int, int] = (600, 800)) -> Image.Image:
    """Draw a white page whose upper left corner is black."""
    picture = Image.new("L", size, 255)
    ImageDraw.Draw(picture).rectangle((0, 0, size[0] // 4, size[1] // 4), fill=0)
    return picture


def _pdf(*, dpi: int | None, pages: int = 1, rotate: int = 0, part: float = 1.0) -> bytes:
    """Return letter pages, each covered to `part` of its height by a picture of that resolution."""
    pdf = pikepdf.new()
    for _ in range(pages):
        pdf.add_blank_page(page_size=(612, 792))
        page = pdf.pages[-1]
        if rotate:
            page.Rotate = rotate
        if dpi is not None:
            width, height = round(8.5 * dpi), round(11 * dpi * part)
            pixels = np.asarray(_draw_corner((width, height))).tobytes()
            picture = pdf.make_stream(
                pixels,
                Type=pikepdf.Name.XObject,
                Subtype=pikepdf.Name.Image,
                Width=width,
                Height=height,
                ColorSpace=pikepdf.Name.DeviceGray,
                BitsPerComponent=8,
            )
            page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im=picture))
            shown = f"q 612 0 0 {792 * part} 0 {792 * (1 - part)} cm /Im Do Q"
            page.Contents = pdf.make_stream(shown.encode())
    target = BytesIO()
    pdf.save(target)
    return target.getvalue()


@pytest.mark.parametrize(
    ("dpi", "drawn"),
    [
        pytest.param(None, 200, id="a page without pictures: the usual"),
        pytest.param(100, 150, id="coarse: never below this"),
        pytest.param(200, 200, id="the picture's own"),
        pytest.param(400, 300, id="fine: never above this"),
    ],
)
def test_a_pdf_is_drawn_as_finely_as_it_was_scanned(dpi: int | None, drawn: int) -> None:
    (page,) = _read(_pdf(dpi=dpi))
    assert page.dpi == pytest.approx(drawn, abs=1)
    assert page.grey.shape == pytest.approx((11 * drawn, 8.5 * drawn), abs=3)
    assert page.grey.dtype == np.uint8


def test_a_pdf_is_drawn_upright_as_it_says() -> None:
    (page,) = _read(_pdf(dpi=150, rotate=90))
    assert page.grey.shape == pytest.approx((1275, 1650), abs=3)
    assert page.grey[20, -20] == 0
    assert page.grey[20, 20] == page.grey[-20, -20] == 255


def test_a_locked_pdf_is_drawn_with_its_password() -> None:
    target = BytesIO()
    with pikepdf.open(BytesIO(_pdf(dpi=150))) as pdf:
        pdf.save(target, encryption=pikepdf.Encryption(user="open sesame", owner="owner"))
    assert len(_read(target.getvalue(), password="open sesame")) == 1
    assert _code(target.getvalue()) == "broken_pdf"


def test_a_tiff_gives_all_its_pages_in_order() -> None:
    pages = [Image.new("1", (850, 1100), n % 2) for n in range(3)]
    data = _save(pages[0], "TIFF", compression="group4", save_all=True, append_images=pages[1:])
    found = _read(data)
    assert [(p.number, int(p.grey[5, 5])) for p in found] == [(1, 0), (2, 255), (3, 0)]


@pytest.mark.parametrize(
    ("dpi", "shape"),
    [
        pytest.param((204, 98), (1145, 864), id="a fax of normal quality"),
        pytest.param((98, 204), (550, 1799), id="the same, turned"),
        pytest.param((204, 196), (550, 864), id="a fine fax, nearly square"),
        pytest.param((72, 72), (550, 864), id="square"),
        pytest.param((300, 1), (550, 864), id="nonsense"),
        pytest.param(None, (550, 864), id="nothing said"),
    ],
)
def test_pixels_become_square(dpi: tuple[int, int] | None, shape: tuple[int, int]) -> None:
    options = {} if dpi is None else {"dpi": dpi}
    (page,) = _read(_save(Image.new("L", (864, 550), 255), "TIFF", **options))
    assert page.grey.shape == pytest.approx(shape, abs=2)


def test_a_photograph_is_turned_as_its_camera_was_held() -> None:
    held = Image.Exif()
    held[0x0112] = 6  # turned by a quarter, Exif 2.3 section 4.6.4
    (page,) = _read(_save(_draw_corner(), "JPEG", exif=held))
    assert page.grey.shape == (600, 800)
    assert page.grey[10, -10] < 10
    assert page.grey[10, 10] > 245


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(_draw_corner().convert("1"), id="black and white"),
        pytest.param(_draw_corner().convert("RGB"), id="colours"),
        pytest.param(_draw_corner().convert("P"), id="a palette"),
        pytest.param(_draw_corner().convert("CMYK"), id="printing colours"),
        pytest.param(
            Image.fromarray(np.asarray(_draw_corner()).astype(np.uint16) * 257), id="16 bits"
        ),
    ],
)
def test_every_way_to_store_pixels_becomes_grey(picture: Image.Image) -> None:
    (page,) = _read(_save(picture, "TIFF"))
    assert (page.grey[10, 10], page.grey[-10, -10]) == (0, 255)


def test_what_shows_through_is_white() -> None:
    clear = Image.new("RGBA", (600, 800), (0, 0, 0, 0))
    (page,) = _read(_save(clear, "PNG"))
    assert page.grey.min() == 255


def _png_bomb(side: int) -> bytes:
    """Return a PNG of white pixels that is a thousand times smaller than what it unfolds to."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    row = b"\x00" + b"\xff" * (side // 8)
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    body = zlib.compress(row * side, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "limits", "code"),
    [
        pytest.param(_png_bomb(20_000), WIDE, "over_pixel_limit", id="20,000 pixels square"),
        pytest.param(_png_bomb(10_000), WIDE, "over_pixel_limit", id="below the library's limit"),
        pytest.param(
            _pdf(dpi=150), ReadLimits(pixels=1_000_000), "over_pixel_limit", id="in a PDF"
        ),
        pytest.param(_pdf(dpi=None, pages=3), ReadLimits(pages=2), "over_page_limit", id="a PDF"),
        pytest.param(
            _save(_draw_corner(), "TIFF", save_all=True, append_images=[_draw_corner()] * 2),
            ReadLimits(pages=2),
            "over_page_limit",
            id="a TIFF",
        ),
        pytest.param(_save(_draw_corner(), "JPEG")[:900], WIDE, "broken_picture", id="cut JPEG"),
        pytest.param(_save(_draw_corner(), "PNG")[:200], WIDE, "broken_picture", id="cut PNG"),
        pytest.param(_save(_draw_corner(), "TIFF")[:200], WIDE, "broken_picture", id="cut TIFF"),
        pytest.param(b"II*\x00" + b"\xff" * 40, WIDE, "broken_picture", id="no TIFF at all"),
        pytest.param(b"%PDF-1.7 nothing", WIDE, "broken_pdf", id="no PDF at all"),
    ],
)
def test_limits_and_damage_are_named(data: bytes, limits: ReadLimits, code: str) -> None:
    assert _code(data, limits) == code


def test_a_page_of_a_wall_is_drawn_as_finely_as_the_limit_allows() -> None:
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(36 * 72, 48 * 72))
    target = BytesIO()
    pdf.save(target)
    (page,) = _read(target.getvalue())
    assert page.grey.size == pytest.approx(WIDE.pixels, rel=0.001)
    assert page.dpi == pytest.approx(152, abs=1)


@pytest.mark.parametrize(
    ("data", "is_one"),
    [
        pytest.param(_pdf(dpi=100), True, id="a page covered by a picture"),
        pytest.param(_pdf(dpi=100, part=0.4), False, id="a picture on less than half of it"),
        pytest.param(_pdf(dpi=None), False, id="no picture"),
        pytest.param(b"%PDF-1.7 nothing", False, id="no PDF at all"),
    ],
)
def test_a_scan_is_a_page_that_a_picture_covers(data: bytes, is_one: bool) -> None:
    assert is_scan(data) is is_one


@pytest.mark.parametrize(
    ("subtype", "is_picture"),
    [
        pytest.param(b"/Image", True, id="as it is mostly written"),
        pytest.param(b"/Im#61ge", True, id="a letter by its number"),
        pytest.param(b" 9 0 R", True, id="its name stands elsewhere"),
        pytest.param(b"%/Form\n/Image", True, id="a comment between"),
        pytest.param(b"/ImageMask", False, id="another name that begins so"),
        pytest.param(b"/Form", False, id="a drawing"),
    ],
)
def test_a_picture_is_seen_however_its_dictionary_is_written(
    subtype: bytes, is_picture: bool
) -> None:
    data = (
        b"%PDF-1.4\n1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj\n"
        b"2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj\n"
        b"3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] "
        b"/Resources <</XObject <</A 4 0 R>>>>>> endobj\n"
        b"4 0 obj <</Sub#74ype" + subtype + b" /Length 0>> stream\n\nendstream endobj\n"
        b"9 0 obj /I#6dage endobj\ntrailer <</Root 1 0 R>>"
    )
    for written in (data, data.replace(b"Sub#74ype", b"Subtype")):
        with pikepdf.open(BytesIO(written)) as pdf:
            assert has_images(pdf, written) == is_picture
