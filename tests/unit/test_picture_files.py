"""Picture files by their first bytes: which kind, how large, and whether they can be a page."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from parsers.mail.message import Attachment
from parsers.picture_files import PictureFile, find_picture_file, is_page_picture


def _save(kind: str, size: tuple[int, int], mode: str = "L", **options: object) -> bytes:
    target = BytesIO()
    Image.new(mode, size, 255 if mode in "1L" else "white").save(target, kind, **options)
    return target.getvalue()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        pytest.param(_save("PNG", (850, 1100)), "png", id="PNG"),
        pytest.param(_save("JPEG", (850, 1100)), "jpeg", id="JPEG"),
        pytest.param(
            _save("JPEG", (850, 1100), progressive=True), "jpeg", id="JPEG that grows finer"
        ),
        pytest.param(
            _save("JPEG", (850, 1100), comment=b"\xff\xc0" * 200), "jpeg", id="JPEG with a comment"
        ),
        pytest.param(_save("TIFF", (850, 1100)), "tiff", id="TIFF"),
        pytest.param(
            _save("TIFF", (850, 1100), "1", compression="group4"), "tiff", id="TIFF of a fax"
        ),
        pytest.param(_save("TIFF", (850, 1100), "I;16B"), "tiff", id="TIFF of the other order"),
    ],
)
def test_the_header_tells_kind_and_size(data: bytes, kind: str) -> None:
    assert find_picture_file(data) == PictureFile(kind=kind, width=850, height=1100)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"%PDF-1.7", id="a PDF"),
        pytest.param(b"GIF89a\x00\x04\x00\x04", id="a GIF, which no scanner makes"),
        pytest.param(b"\x89PNX\r\n\x1a\n", id="almost a PNG"),
    ],
)
def test_other_files_are_no_pictures(data: bytes) -> None:
    assert find_picture_file(data) is None


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_a_file_that_ends_in_its_header_has_no_size_and_is_no_page(kind: str) -> None:
    data = _save(kind, (850, 1100))
    for length in range(3, 200, 7):
        found = find_picture_file(data[:length])
        assert found is None or found.width in (0, 850)
    assert not is_page_picture(data[:12])


@pytest.mark.parametrize(
    ("width", "height", "is_page"),
    [
        pytest.param(1700, 2200, True, id="a letter page with 200 dots an inch"),
        pytest.param(2200, 1700, True, id="the same, turned"),
        pytest.param(1728, 1100, True, id="a fax of normal quality"),
        pytest.param(850, 1100, True, id="a letter page with 100 dots an inch"),
        pytest.param(4032, 3024, True, id="a photograph"),
        pytest.param(3840, 2160, True, id="a photograph as broad as a film"),
        pytest.param(600, 800, False, id="too coarse to be read"),
        pytest.param(320, 90, False, id="a logo"),
        pytest.param(1200, 628, False, id="a banner"),
        pytest.param(2400, 800, False, id="a long banner"),
        pytest.param(512, 512, False, id="an emblem"),
        pytest.param(0, 0, False, id="without a size"),
    ],
)
def test_a_page_is_told_from_a_logo(width: int, height: int, is_page: bool) -> None:
    assert PictureFile(kind="png", width=width, height=height).is_page is is_page


def test_an_attached_picture_of_a_page_is_a_document() -> None:
    page, logo = _save("PNG", (1700, 2200)), _save("PNG", (320, 90))
    for data, is_document in ((page, True), (logo, False), (b"text", False)):
        found = Attachment(name="a", declared_type="application/octet-stream", data=data)
        assert found.is_document is is_document
