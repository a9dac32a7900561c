"""The code on page 1: what it asks, that cameras and scanners read it, and what readers hear."""

from __future__ import annotations

import io
from urllib.parse import parse_qs, unquote, urlsplit

import cv2
import numpy as np
import pikepdf
import pypdfium2
import pytest
from numpy.typing import NDArray

from outbound.certification.document import (
    CertificationFacts,
    Mark,
    build_no_information_facts,
)
from outbound.certification.pdf import render_certification
from outbound.certification.verification_code import build_question
from parsers.certifications.printed_numbers import read_code
from tests.unit.certification_cases import build_case, build_facts, build_findings, issue
from tests.unit.test_certification import find_elements

DETERMINATION = build_facts(build_findings())
REFUSAL = build_no_information_facts(case=build_case(), issue=issue())
SAMPLE = build_facts(build_findings(), details=issue(Mark.SAMPLE))
ALOUD = (
    "Code that opens an e-mail to ero.outreach@agency.example with the subject VERIFY"
    " 7K3M-9QXA-52TD-0WZH."
)
PREVIEW = build_facts(build_findings(), details=issue(Mark.PREVIEW))


def draw(document: bytes, *, dpi: int) -> NDArray[np.uint8]:
    """Return page 1 in shades of grey."""
    with pypdfium2.PdfDocument(document) as pdf:
        drawn = np.asarray(pdf[0].render(scale=dpi / 72, grayscale=True).to_numpy())
    return drawn.squeeze().copy()


@pytest.mark.parametrize(
    ("facts", "number"),
    [
        pytest.param(DETERMINATION, "7K3M-9QXA-52TD-0WZH", id="a determination"),
        pytest.param(REFUSAL, "7K3M-9QXA-52TD-0WZH", id="a refusal has one too"),
        pytest.param(SAMPLE, "0000-0000-0000-0000", id="a sample's is answered as a sample"),
    ],
)
@pytest.mark.parametrize("blur", [0.0, 0.8], ids=["at 150 dpi", "blurred as by a scanner"])
def test_it_asks_about_the_control_number(
    facts: CertificationFacts, number: str, blur: float
) -> None:
    picture = draw(render_certification(facts), dpi=150)
    if blur:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), blur), np.uint8)
    assert read_code(picture) == number


def test_it_opens_a_mail_that_asks() -> None:
    picture = draw(render_certification(DETERMINATION), dpi=150)
    address = urlsplit(cv2.QRCodeDetector().detectAndDecode(picture)[0])
    assert (address.scheme, address.path) == ("mailto", "ero.outreach@agency.example")
    assert parse_qs(address.query) == {"subject": ["VERIFY 7K3M-9QXA-52TD-0WZH"]}


def test_an_address_keeps_its_meaning_in_it() -> None:
    odd = "o'brien+check&verify=1?@agency.example"
    said = urlsplit(build_question(odd, "7K3M-9QXA-52TD-0WZH"))
    assert unquote(said.path) == odd
    assert parse_qs(said.query) == {"subject": ["VERIFY 7K3M-9QXA-52TD-0WZH"]}


@pytest.mark.parametrize(
    ("facts", "pictures"),
    [pytest.param(DETERMINATION, 1, id="issued"), pytest.param(PREVIEW, 0, id="a preview")],
)
def test_who_cannot_see_it_hears_what_it_does(facts: CertificationFacts, pictures: int) -> None:
    with pikepdf.open(io.BytesIO(render_certification(facts))) as pdf:
        found = find_elements(pdf.Root.StructTreeRoot, "Figure")
        aloud = [str(figure.Alt) for figure in found]
    assert aloud == pictures * [ALOUD]
