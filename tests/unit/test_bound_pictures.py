"""Pictures of pages bound into one document: which ones, in what order, and without loss."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import numpy as np
import pikepdf
import pytest
from PIL import Image

from config.data import read_data
from parsers.classification.classify import ClassificationContext
from parsers.definition import parse_definition
from parsers.extraction import ReadLimits
from parsers.mail.message import Attachment
from parsers.mail.parsing import parse_message
from parsers.pages.pictures import read_page_pictures
from parsers.papers.bound_pictures import bind_pictures
from parsers.papers.inside import find_inside
from parsers.papers.mail_reading import read_mail
from tests.specimens.scans import Picture, pack_jpeg, pack_pdf, pack_png, pack_tiff
from tests.unit.wrappings import build_mail, build_zip

LIMITS = ReadLimits()


def _draw(seed: int, size: tuple[int, int] = (1100, 850)) -> Picture:
    """Draw a page of large blocks, which every packing gives back nearly as they were."""
    blocks = np.random.default_rng(seed).integers(0, 2, (size[0] // 50, size[1] // 50))
    return np.kron(blocks * 200 + 30, np.ones((50, 50))).astype(np.uint8)


ONE, TWO = _draw(1), _draw(2)
JPEG, PNG = pack_jpeg(ONE, dpi=100), pack_png(TWO, dpi=100)
TIFF = pack_tiff([TWO], dpi=100)
FAX = pack_tiff([ONE, TWO], dpi=100)
LOGO = pack_png(ONE[:100, :300], dpi=100)
PDF = pack_pdf([ONE], dpi=100)


def _papers(files: Mapping[str, bytes]) -> list[Attachment]:
    return [Attachment(name=n, declared_type="image/jpeg", data=d) for n, d in files.items()]


@pytest.mark.parametrize(
    ("files", "bound"),
    [
        pytest.param({"1.jpg": JPEG, "2.png": PNG}, ((0,), (1,)), id="two pages"),
        pytest.param({"2.tif": TIFF, "1.jpg": JPEG}, ((0,), (1,)), id="in the order they came"),
        pytest.param({"1.jpg": JPEG, "logo.png": LOGO, "2.png": PNG}, ((0,), (2,)), id="a logo"),
        pytest.param({"form.pdf": PDF, "1.jpg": JPEG, "2.png": PNG}, ((1,), (2,)), id="a PDF"),
        pytest.param({"1.jpg": JPEG, "again.jpg": JPEG, "2.png": PNG}, ((0, 1), (2,)), id="twice"),
        pytest.param({"1.jpg": JPEG, "again.jpg": JPEG}, ((0, 1),), id="one page, twice"),
        pytest.param({"1.jpg": JPEG}, None, id="one picture"),
        pytest.param({"1.jpg": JPEG, "logo.png": LOGO}, None, id="one picture and a logo"),
        pytest.param({"form.pdf": PDF, "1.jpg": JPEG}, None, id="one picture beside a PDF"),
        pytest.param({"1.jpg": JPEG, "fax.tif": FAX}, None, id="a TIFF of several pages"),
        pytest.param({"1.jpg": JPEG, "2.png": PNG[:200]}, None, id="a damaged one"),
    ],
)
def test_page_pictures_are_bound_and_nothing_else(
    files: Mapping[str, bytes], bound: tuple[tuple[int, ...], ...] | None
) -> None:
    found = bind_pictures(_papers(files), LIMITS)
    assert [paper.bound_from for paper in found] == ([] if bound is None else [bound])


def test_the_bound_document_shows_every_picture_dot_for_dot() -> None:
    (found,) = bind_pictures(_papers({"1.jpg": JPEG, "2.png": PNG, "3.tif": FAX}), LIMITS)
    drawn = list(read_page_pictures(found.data, limits=LIMITS))
    for page, data in zip(drawn, (JPEG, PNG), strict=True):
        (alone,) = read_page_pictures(data, limits=LIMITS)
        assert (page.grey.shape, page.dpi) == (alone.grey.shape, pytest.approx(alone.dpi))
        assert np.abs(page.grey.astype(int) - alone.grey).max() <= 2
    assert found.is_pdf
    assert found.found_in == "1.jpg + 2.png"


def test_a_photograph_goes_in_byte_for_byte() -> None:
    (found,) = bind_pictures(_papers({"1.jpg": JPEG, "2.png": PNG}), LIMITS)
    with pikepdf.open(io.BytesIO(found.data)) as pdf:
        assert pdf.pages[0].Resources.XObject.Page.read_raw_bytes() == JPEG


def test_the_same_pictures_make_the_same_bytes() -> None:
    papers = _papers({"1.jpg": JPEG, "2.png": PNG})
    first, second = (bind_pictures(papers, LIMITS)[0].data for _ in range(2))
    assert first == second


@pytest.mark.parametrize("mode", ["RGB", "CMYK", "L"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_is_upright_as_its_camera_says(orientation: int, mode: str) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    target = io.BytesIO()
    Image.fromarray(ONE).convert(mode).save(target, "JPEG", exif=exif)
    (found,) = bind_pictures(_papers({"1.jpg": target.getvalue(), "2.png": PNG}), LIMITS)
    shown = next(iter(read_page_pictures(found.data, limits=LIMITS))).grey
    (alone,) = read_page_pictures(target.getvalue(), limits=LIMITS)
    assert shown.shape == alone.grey.shape
    assert np.abs(shown.astype(int) - alone.grey).mean() < 1


def test_pictures_over_the_limit_of_pixels_stay_alone() -> None:
    limits = ReadLimits(pixels=ONE.size - 1)
    assert bind_pictures(_papers({"1.jpg": JPEG, "2.png": PNG}), limits) == ()


def test_pictures_that_are_too_large_together_are_refused_as_one_document() -> None:
    limits = ReadLimits(bytes=len(JPEG) + 10)
    (found,) = bind_pictures(_papers({"1.jpg": JPEG, "2.png": PNG}), limits)
    assert (found.data, found.refusal, found.bound_from) == (b"", "over_size_limit", ((0,), (1,)))
    assert found.is_document


def test_pictures_are_bound_where_they_lie_together() -> None:
    archive = build_zip({"1.jpg": JPEG, "2.png": PNG})
    papers = _papers({"photos.zip": archive, "else.tif": TIFF})
    *_, bound = find_inside(papers, (), LIMITS)
    assert (bound.found_in, bound.bound_from) == ("photos.zip: 1.jpg + 2.png", ((2,), (3,)))


def test_a_mail_of_photographs_is_a_request_with_one_document() -> None:
    mail = build_mail({"1.jpg": JPEG, "2.png": PNG})
    definition = parse_definition(read_data("forms/cjs-request-1.toml"))
    context = ClassificationContext(own_addresses=frozenset({"ero.outreach@agency.example"}))
    found = read_mail(mail, context, [definition], today=date(2026, 5, 4))
    assert found.verdict.rule == "page_picture_attached"
    ((position, extraction),) = found.documents
    assert (found.message.papers[position].name, extraction.pages) == ("pages.pdf", 2)
    assert found.needs_pictures


def test_pages_of_a_document_are_neither_documents_nor_papers_beside_it() -> None:
    message = parse_message(build_mail({"1.jpg": JPEG, "letter.txt": b"Dear all", "2.png": PNG}))
    names = [paper.name for paper in message.papers]
    (bound,) = bind_pictures(message.papers, LIMITS)
    whole = replace(message, inside=(bound,))
    assert message.documents == (names.index("1.jpg"), names.index("2.png"))
    assert whole.documents == (len(names),)
    assert whole.count_beside(len(names)) == 1
