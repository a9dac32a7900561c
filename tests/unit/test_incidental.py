"""Attachments that nobody meant to send: a mail with nothing else is one without any."""

from __future__ import annotations

import struct
from email.message import EmailMessage

import pytest

from parsers.classification.classify import ClassificationContext
from parsers.papers.mail_reading import read_mail
from tests.unit.wrappings import build_winmail
from tests.worker_harness import TODAY

CONTEXT = ClassificationContext(own_addresses=frozenset({"ero.outreach@agency.example"}))
TEXT = "Hello, what do you need from us?"
CID = "image001.png@01DA"


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height)


def jpeg(width: int, height: int) -> bytes:
    return b"\xff\xd8\xff\xc0" + struct.pack(">HBHH", 17, 8, height, width)


def attach(
    data: bytes, name: str, kind: str = "application/octet-stream", text: str = TEXT
) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "clerk@courts.example"
    message.set_content(text)
    maintype, _, subtype = kind.partition("/")
    message.add_attachment(data, maintype=maintype, subtype=subtype, filename=name)
    return message


def show(data: bytes, name: str, *, subtype: str = "png", html: str = "") -> EmailMessage:
    """Return a mail as Outlook writes it, its picture beside the HTML that shows it."""
    message = EmailMessage()
    message["From"] = "clerk@courts.example"
    message.set_content(TEXT)
    message.add_alternative(html or f'<p>{TEXT}</p><img src="cid:{CID}">', subtype="html")
    (_, body) = message.get_payload()  # type: ignore[misc]
    body.add_related(data, "image", subtype, cid=f"<{CID}>", filename=name)  # type: ignore[union-attr]
    return message


def inline(data: bytes, name: str, subtype: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "clerk@courts.example"
    message.set_content(TEXT)
    message.add_attachment(
        data, maintype="image", subtype=subtype, filename=name, disposition="inline"
    )
    return message


def beside_a_document(message: EmailMessage) -> EmailMessage:
    message.add_attachment(b"x", maintype="application", subtype="msword", filename="form.doc")
    return message


LOGO = png(200, 80)

CASES: dict[str, tuple[EmailMessage, str]] = {
    # What programs put there.
    "a logo that the HTML shows": (show(LOGO, "image001.png"), "no_attachment"),
    "a banner, whatever it is called": (show(png(1200, 300), "brand.png"), "no_attachment"),
    "a logo beside a plain text": (attach(LOGO, "image001.png", "image/png"), "no_attachment"),
    "a signature's picture": (attach(LOGO, "Firma.PNG", "image/png"), "no_attachment"),
    "a court's logo": (attach(LOGO, "court-logo.png", "image/png"), "no_attachment"),
    "Outlook's name on a telephone": (attach(LOGO, "Outlook-a1b2c3.png"), "no_attachment"),
    "a GIF in a signature": (attach(b"GIF89a", "image002.gif", "image/gif"), "no_attachment"),
    "an inline picture with any name": (inline(LOGO, "pixel.png", "png"), "no_attachment"),
    "a business card": (attach(b"BEGIN:VCARD", "pat.vcf", "text/vcard"), "no_attachment"),
    "an invitation": (attach(b"BEGIN:VCALENDAR", "invite.ics", "text/calendar"), "no_attachment"),
    "a signature (S/MIME)": (
        attach(b"0\x80", "smime.p7s", "application/pkcs7-signature"), "no_attachment",
    ),
    "a mail sealed as a whole": (
        attach(b"0\x80", "smime.p7m", "application/pkcs7-mime"), "no_attachment",
    ),
    "a signature (PGP)": (attach(b"-----BEGIN", "signature.asc"), "no_attachment"),
    "a winmail.dat with nothing in it": (
        attach(build_winmail({}), "winmail.dat", "application/ms-tnef"), "no_attachment",
    ),
    "a winmail.dat with a logo": (
        attach(build_winmail({"image001.png": LOGO}), "winmail.dat"), "no_attachment",
    ),
    # What somebody sent.
    "a winmail.dat with a form": (
        attach(build_winmail({"form.pdf": b"%PDF-1.7"}), "winmail.dat"), "pdf_attached",
    ),
    "a winmail.dat with a word document": (
        attach(build_winmail({"form.doc": b"x"}), "winmail.dat"), "attachment_but_no_pdf",
    ),
    "a word document": (attach(b"PK\x03\x04x", "form.docx"), "attachment_but_no_pdf"),
    "a small picture by another name": (
        attach(png(300, 390), "form.png", "image/png"), "attachment_but_no_pdf",
    ),
    "a large picture by a logo's name": (
        attach(png(700, 760), "image001.png", "image/png"), "attachment_but_no_pdf",
    ),
    "a logo and no word beside it": (
        attach(LOGO, "image001.png", "image/png", text=""), "attachment_but_no_pdf",
    ),
    "a photograph made smaller, put into the text": (
        inline(jpeg(640, 480), "IMG_0001.jpeg", "jpeg"), "attachment_but_no_pdf",
    ),
    "a photograph this program cannot read, put into the text": (
        inline(b"\x00\x00\x00\x18ftypheic", "IMG_0001.heic", "heic"), "attachment_but_no_pdf",
    ),
    "a picture with a number that no HTML shows": (
        show(png(300, 390), "form.png", html="<p>Hello</p>"), "attachment_but_no_pdf",
    ),
    "a photograph of a page": (
        attach(jpeg(1200, 1600), "IMG_1.jpeg", "image/jpeg"), "page_picture_attached",
    ),
    "a page that the HTML shows": (show(png(1200, 1600), "image001.png"), "page_picture_attached"),
    "a form by a card's name": (attach(b"%PDF-1.7", "form.vcf"), "pdf_attached"),
    "a logo and a word document": (
        beside_a_document(attach(LOGO, "image001.png", "image/png")), "attachment_but_no_pdf",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("message", "rule"), [pytest.param(*case, id=name) for name, case in CASES.items()]
)
def test_only_what_was_meant_is_attached(message: EmailMessage, rule: str) -> None:
    found = read_mail(message.as_bytes(), CONTEXT, (), today=TODAY)
    assert found.verdict.rule == rule


@pytest.mark.timeout(20, func_only=True)
@pytest.mark.parametrize("piece", ["a", "-a", "_1", "(1", "a-logo", " (1)", "x.png"])
def test_a_hostile_name_is_read_as_fast_as_any(piece: str) -> None:
    """What repeats in many ways would be tried in all of them; this takes a moment."""
    for times in (10, 40, 5_000):
        message = attach(LOGO, f"image{piece * times}!.png", "image/png")
        found = read_mail(message.as_bytes(), CONTEXT, (), today=TODAY)
        assert found.verdict.rule == "attachment_but_no_pdf"
