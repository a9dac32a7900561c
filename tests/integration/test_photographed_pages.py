"""A form photographed page by page: one request, whatever lies beside it and in whatever order."""

from __future__ import annotations

import io
from collections.abc import Mapping

import pikepdf
import pytest
from sqlalchemy import select

from inbox_worker.casefile.dossier import find_original, read_dossier
from inbox_worker.storage import store
from inbox_worker.storage.models import AttachmentRecord, Problem, Request
from parsers.extraction import ReadLimits
from parsers.pages.pictures import PagePicture, read_page_pictures
from tests.specimens.fill import fill_ours
from tests.specimens.scans import draw_cover_sheet, draw_pages, pack_jpeg, pack_png
from tests.unit.wrappings import build_zip
from tests.worker_harness import CLERK, ORTEGA, Harness, compose, compose_reply, fill


def _photograph(form: bytes) -> tuple[bytes, bytes]:
    """Return both pages of a form as pictures, one a JPEG and one a PNG."""
    first, second = draw_pages(form, dpi=150)
    return pack_jpeg(first, dpi=150), pack_png(second, dpi=150)


def _fill(family_name: str, case_number: str) -> bytes:
    """Return a form with little on either page, which is read in a second."""
    values = {
        "subject_family_name": family_name,
        "case_numbers": case_number,
        "consent_attached": True,
    }
    return fill_ours(values)


ONE, TWO = _photograph(_fill("Ejemplo", "26-CR-000123"))
OTHER_ONE, OTHER_TWO = _photograph(_fill("Muestra", "26-CR-000456"))
PAPER = pack_jpeg(draw_cover_sheet(dpi=120), dpi=120)
BLANK = pack_png(draw_cover_sheet(dpi=100) * 0 + 255, dpi=100)
DARK = pack_jpeg(draw_cover_sheet(dpi=100) * 0 + 90, dpi=100)
LOGO = pack_png(draw_cover_sheet(dpi=30)[:90, :200], dpi=96)


def _send(harness: Harness, files: Mapping[str, bytes]) -> str | None:
    return harness.deliver(compose(CLERK, "Our form is attached.", files=files))


def _kinds(harness: Harness) -> dict[str, str | None]:
    return {r.name: r.document_kind for r in harness.rows(AttachmentRecord)}


def _lacks_consent(harness: Harness) -> bool:
    return any(p.code == "consent_not_attached" for p in harness.rows(Problem))


def _draw_original(harness: Harness, request: Request) -> list[PagePicture]:
    with harness.services.database.read() as session:
        original = find_original(session, session.get_one(Request, request.id))
    assert original is not None
    return list(read_page_pictures(original, limits=ReadLimits()))


def _told(harness: Harness) -> list[tuple[str, tuple[str, ...]]]:
    """Return what each request says on its first page and on its second."""
    told = []
    with harness.services.database.read() as session:
        for request in session.scalars(select(Request).order_by(Request.id)):
            fields = store.current_fields(session, request)
            told.append((fields["subject_family_name"].value, fields["case_numbers"].value))
    return told


@pytest.mark.parametrize(
    ("files", "kinds"),
    [
        pytest.param(
            {"page-1.jpg": ONE, "page-2.png": TWO},
            {"page-1.jpg": "page", "page-2.png": "page", "pages.pdf": "scan"},
            id="in order",
        ),
        pytest.param(
            {"a.png": TWO, "logo.png": LOGO, "b.jpg": ONE},
            {"a.png": "page", "logo.png": None, "b.jpg": "page", "pages.pdf": "scan"},
            id="the second first, and a logo between",
        ),
        pytest.param(
            {"photos.zip": build_zip({"a.png": TWO, "b.jpg": ONE})},
            {"photos.zip": "wrapping", "a.png": "page", "b.jpg": "page", "pages.pdf": "scan"},
            id="in an archive",
        ),
    ],
)
def test_pages_photographed_one_by_one_are_one_request(
    harness: Harness, files: Mapping[str, bytes], kinds: Mapping[str, str | None]
) -> None:
    assert _send(harness, files) == "FILED"
    assert _told(harness) == [("Ejemplo", ("26-CR-000123",))]
    assert _kinds(harness) == kinds


def test_the_forms_of_two_people_are_two_requests(harness: Harness) -> None:
    files = {"1.jpg": ONE, "2.png": TWO, "3.jpg": OTHER_ONE, "4.png": OTHER_TWO}
    _send(harness, files)
    assert _told(harness) == [("Ejemplo", ("26-CR-000123",)), ("Muestra", ("26-CR-000456",))]
    assert _kinds(harness)["form 2 in pages.pdf"] == "scan"
    assert _lacks_consent(harness), "no page of a form is a paper beside it"
    for request in harness.rows(Request):
        assert len(_draw_original(harness, request)) == len(files)


def test_a_paper_photographed_with_the_form_supports_it(harness: Harness) -> None:
    _send(harness, {"consent.jpg": PAPER, "1.jpg": ONE, "2.png": TWO})
    assert _told(harness) == [("Ejemplo", ("26-CR-000123",))]
    assert _kinds(harness)["consent.jpg"] == "not_a_form"
    assert not _lacks_consent(harness)
    with harness.services.database.read() as session:
        assert read_dossier(session, harness.request()).has_supporting_attachment


def test_photographs_beside_a_fillable_form_make_no_other_request(harness: Harness) -> None:
    _send(harness, {"form.pdf": fill(), "front.png": BLANK, "back.jpg": DARK})
    assert len(harness.rows(Request)) == 1
    with harness.services.database.read() as session:
        dossier = read_dossier(session, harness.request())
    assert dossier.original == fill()
    assert dossier.has_supporting_attachment


def test_photographs_of_a_corrected_form_join_its_request_and_reach_the_reviewer(
    harness: Harness,
) -> None:
    harness.file(case_numbers=None)
    first, second = _photograph(fill())
    letter = harness.newest(CLERK, "deficiency")
    photographs = {"IMG_1.png": second, "IMG_2.jpg": first}
    harness.deliver(compose_reply(letter, "Here it is.\n", files=photographs))
    (request,) = harness.rows(Request)
    assert (request.status, request.revision) == ("IN_REVIEW", 2)
    assert harness.fields()["case_numbers"].value == ("26-CR-000123",)
    original = harness.newest(ORTEGA, "review_notice").files[
        f"{request.tracking_number}-request.pdf"
    ]
    with pikepdf.open(io.BytesIO(original)) as pdf:
        assert len(pdf.pages) == 2
        assert pdf.pages[1].Resources.XObject.Page.read_raw_bytes() == first


def test_pictures_that_show_no_form_are_set_aside_in_one_letter(harness: Harness) -> None:
    assert _send(harness, {"1.jpg": DARK, "2.png": BLANK}) == "FORM_SET_ASIDE"
    (letter,) = harness.letters()
    assert letter.kind == "set_aside"
