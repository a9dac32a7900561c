"""Papers inside papers: found in every wrapping people use, bounded, and never obeyed."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable, Mapping
from datetime import date
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.data import read_data
from parsers.classification.classify import ClassificationContext, MessageKind
from parsers.definition import parse_definition
from parsers.extraction import DocumentKind, ReadLimits
from parsers.mail.message import Attachment
from parsers.papers.archives import open_tnef
from parsers.papers.inside import find_inside, is_container
from parsers.papers.mail_reading import MailReading, read_mail
from parsers.replies.new_text import find_new_text
from tests.unit.pdf_forms import FormBuilder
from tests.unit.wrappings import (
    build_mail,
    build_portfolio,
    build_winmail,
    build_zip,
    lock_zip,
    pin_to_page,
)

TODAY = date(2026, 5, 4)
DEFINITION = parse_definition(read_data("forms/cjs-request-1.toml"))
FORM = FormBuilder().save()
OTHER = FormBuilder(known=False).save()
CONTEXT = ClassificationContext(own_addresses=frozenset({"ero.outreach@agency.example"}))

Wrap = Callable[[Mapping[str, bytes]], bytes]


def _paper(data: bytes, name: str = "papers", declared: str = "application/zip") -> Attachment:
    return Attachment(name=name, declared_type=declared, data=data)


def _open(data: bytes, name: str = "papers", **limits: int) -> tuple[Attachment, ...]:
    return find_inside([_paper(data, name)], (), ReadLimits(**limits))


WRAPPINGS = [
    (build_zip, "papers.zip", "a ZIP archive"),
    (lambda files: build_zip(files, packing=zipfile.ZIP_STORED), "papers.zip", "a ZIP, unpacked"),
    (build_winmail, "winmail.dat", "what Outlook sends"),
    (build_mail, "forwarded.eml", "a mail saved as a file"),
    (build_portfolio, "portfolio.pdf", "a portfolio"),
    (lambda files: build_portfolio(files, is_portfolio=False), "a.pdf", "a PDF inside a PDF"),
    (lambda files: pin_to_page(*next(iter(files.items()))), "pin.pdf", "a pin on a page"),
]
each_wrapping = pytest.mark.parametrize(
    ("wrap", "name"), [pytest.param(*row[:2], id=row[2]) for row in WRAPPINGS]
)


@each_wrapping
def test_a_form_is_found_in_every_wrapping(wrap: Wrap, name: str) -> None:
    found = _open(wrap({"The request form.pdf": FORM}), name)
    assert [(p.name, p.data, p.found_in, p.holder, p.refusal) for p in found] == [
        ("The request form.pdf", FORM, name, 0, "")
    ]
    assert found[0].is_pdf


@each_wrapping
def test_a_mail_with_such_a_wrapping_is_a_request(wrap: Wrap, name: str) -> None:
    reading = _read(build_mail({name: wrap({"form.pdf": FORM})}))
    assert reading.verdict.kind is MessageKind.REQUEST
    position, extraction = reading.documents[-1]
    assert (extraction.kind, extraction.value("requester_name")) == (
        DocumentKind.ACROFORM,
        "Dana Example",
    )
    assert reading.message.papers[position].found_in == name
    assert [a.name for a in reading.message.attachments] == [name]


def _read(raw: bytes, **limits: int) -> MailReading:
    return read_mail(raw, CONTEXT, [DEFINITION], today=TODAY, limits=ReadLimits(**limits))


def _forward(inner: bytes, text: str = "Please see the attached mail.\n") -> bytes:
    mail = EmailMessage()
    mail["From"] = "clerk@courts.example"
    mail["Subject"] = "Fwd: form"
    mail.set_content(text)
    mail.add_attachment(message_from_bytes(inner, policy=policy.default))
    return mail.as_bytes()


def test_a_form_in_a_forwarded_mail_is_read_and_its_text_is_nobodys_word() -> None:
    inner = build_mail({"form.pdf": FORM}, text="APPROVE\nOutcome: removed\n")
    reading = _read(_forward(inner))
    assert reading.verdict.kind is MessageKind.REQUEST
    assert [p.found_in for p in reading.message.papers] == ["attached mail"]
    assert find_new_text(reading.message).text == "Please see the attached mail."
    alone = find_new_text(_read(_forward(inner, text="\n")).message)
    assert "APPROVE" not in f"{alone.text} {alone.below}"


def test_a_forwarded_mail_without_a_document_stays_what_it_was() -> None:
    reading = _read(_forward(build_mail({}, text="APPROVE\n")))
    assert (reading.verdict.rule, reading.message.papers) == ("attached_mail_only", ())


def test_wrappings_inside_wrappings_are_opened_to_a_depth() -> None:
    one = build_zip({"form.pdf": FORM})
    two = build_mail({"inner.zip": one})
    three = build_zip({"mail.eml": two})
    found = _open(three, "outer.zip")
    assert [(p.name, p.found_in, p.holder) for p in found] == [
        ("mail.eml", "outer.zip", 0),
        ("inner.zip", "outer.zip › mail.eml", 1),
        ("form.pdf", "outer.zip › mail.eml › inner.zip", 2),
    ]
    shallow = _open(three, "outer.zip", inside_depth=2)
    assert [(p.name, p.data, p.refusal) for p in shallow[1:]] == [
        ("inner.zip", b"", "inside_too_deep")
    ]


def test_papers_beside_a_form_are_counted_without_their_wrappings() -> None:
    papers = {"form.pdf": FORM, "consent.jpg": b"\xff\xd8\xff"}
    message = _read(build_mail({"papers.zip": build_zip(papers)})).message
    names = [p.name for p in message.papers]
    assert names == ["papers.zip", "form.pdf", "consent.jpg"]
    assert message.count_beside(names.index("form.pdf")) == 1
    alone = _read(build_mail({"papers.zip": build_zip({"form.pdf": FORM})})).message
    assert alone.count_beside(1) == 0
    plain = _read(build_mail({"form.pdf": FORM, "consent.jpg": b"x"})).message
    assert plain.count_beside(0) == 1


def test_a_form_that_carries_a_paper_is_a_form_and_no_mere_wrapping() -> None:
    form = FormBuilder()
    form.pdf.attachments["consent.pdf"] = OTHER
    message = _read(build_mail({"form.pdf": form.save()})).message
    assert message.count_beside(0) == 1


def test_every_form_inside_is_a_document_of_its_own() -> None:
    other_form = FormBuilder(pages=2).save()
    archive = build_zip({"one.pdf": FORM, "two.pdf": other_form, "letter.pdf": OTHER})
    reading = _read(build_mail({"forms.zip": archive}))
    kinds = [e.kind for _, e in reading.documents]
    assert kinds == [DocumentKind.ACROFORM, DocumentKind.ACROFORM, DocumentKind.NOT_A_FORM]


def _spoil(archive: bytes) -> bytes:
    """Return the archive with a byte of its first file's data changed."""
    data = bytearray(archive)
    data[60] ^= 0xFF
    return bytes(data)


NOT_OPENED = [
    (lock_zip(build_zip({"form.pdf": FORM})), "inside_locked", DocumentKind.ENCRYPTED, "locked"),
    (
        build_zip({"form.pdf": FORM}, packing=zipfile.ZIP_LZMA),
        "inside_damaged",
        DocumentKind.UNREADABLE,
        "packed in a way nobody sends",
    ),
    (
        _spoil(build_zip({"form.pdf": FORM})),
        "inside_damaged",
        DocumentKind.UNREADABLE,
        "damaged in its data",
    ),
    (
        build_zip({"form.pdf": b"%PDF-" + bytes(30 << 20)}),
        "inside_too_large",
        DocumentKind.UNREADABLE,
        "unfolding to more than the limit",
    ),
]


@pytest.mark.parametrize(
    ("archive", "code", "kind"), [pytest.param(*row[:3], id=row[3]) for row in NOT_OPENED]
)
def test_what_is_not_taken_out_has_a_name(archive: bytes, code: str, kind: DocumentKind) -> None:
    reading = _read(build_mail({"papers.zip": archive}))
    assert reading.verdict.kind is MessageKind.REQUEST, "its name says that it is a PDF"
    ((_, extraction),) = reading.documents
    assert (extraction.kind, [w.code for w in extraction.warnings]) == (kind, [code])


def test_bytes_and_count_are_bounded_over_everything_inside() -> None:
    files = {f"{n}.pdf": FORM + b"%" + str(n).encode() for n in range(5)}
    room = len(FORM) * 3 + 10
    by_bytes = _open(build_zip(files), inside_bytes=room)
    assert [p.refusal for p in by_bytes] == ["", "", "", "inside_too_large", "inside_too_large"]
    assert len(_open(build_zip(files), inside_files=2)) == 2
    assert _open(build_zip(files), inside_files=0) == _open(build_zip(files), inside_depth=0) == ()
    junk = {f"{n}.txt": b"x" for n in range(60)}
    assert _open(build_zip({**junk, "form.pdf": FORM}))[0].name == "form.pdf", "PDFs come first"


def test_an_archive_that_lies_about_sizes_is_bounded_too() -> None:
    archive = bytearray(build_zip({"form.pdf": b"%PDF-" + bytes(2_000_000)}))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = archive.index(mark) + offset
        archive[place : place + 4] = (10).to_bytes(4, "little")
    (paper,) = _open(bytes(archive), inside_bytes=1000)
    assert len(paper.data) <= 10


def test_a_short_name_in_the_senders_code_page_is_read() -> None:
    (paper,) = _open(build_winmail({"f\u00f3rmula.pdf": FORM}, long_names=False))
    assert (paper.name, paper.data) == ("f\u00f3rmula.~1.PDF", FORM)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        pytest.param("Petici\u00f3n.pdf".encode(), "Petici\u00f3n.pdf", id="UTF-8, unsaid"),
        pytest.param("Petici\u00f3n.pdf".encode("cp437"), "Petici\u00f3n.pdf", id="of old DOS"),
    ],
)
def test_a_name_in_an_archive_is_read_in_what_it_was_written_in(written: bytes, name: str) -> None:
    archive = build_zip({"x" * len(written): FORM}).replace(b"x" * len(written), written)
    assert [p.name for p in _open(archive)] == [name]


def test_the_same_bytes_twice_in_one_mail_are_one_paper() -> None:
    archive = build_zip({"form.pdf": FORM, "copy.pdf": FORM})
    assert [p.name for p in _open(archive)] == ["form.pdf"]
    reading = _read(build_mail({"form.pdf": FORM, "forms.zip": archive}))
    assert [p.name for p in reading.message.papers] == ["form.pdf", "forms.zip"]


def test_no_path_is_kept_and_leftovers_of_programs_are_no_papers() -> None:
    names = ["../../etc/form.pdf", "C:\\forms\\x.pdf", "__MACOSX/._form.pdf", "a/.DS_Store", "b/"]
    found = _open(build_zip({name: FORM + name.encode() for name in names}))
    assert [p.name for p in found] == ["form.pdf", "x.pdf"]


NO_WRAPPINGS = [
    (build_zip({"[Content_Types].xml": b"<x/>", "word/media/a.pdf": FORM}), "a.docx", "Word"),
    (build_zip({"mimetype": b"x", "a.pdf": FORM}), "a.odt", "OpenDocument"),
    (build_zip({"form.pdf": FORM})[:200], "a.zip", "an archive cut off"),
    (b"PK\x05\x06" + bytes(18), "a.zip", "an empty archive"),
    (build_winmail({"form.pdf": FORM})[:40], "winmail.dat", "a winmail.dat cut off"),
    (b"\x78\x9f\x3e\x22" + b"\xff" * 400, "winmail.dat", "a winmail.dat of noise"),
    (b"%PDF-1.7 /EmbeddedFile", "a.pdf", "a broken PDF that speaks of files"),
    (b"", "a.eml", "an empty mail"),
    (FORM, "form.pdf", "a form that carries nothing"),
]


@pytest.mark.parametrize(
    ("data", "name"), [pytest.param(*row[:2], id=row[2]) for row in NO_WRAPPINGS]
)
def test_what_is_no_wrapping_holds_nothing(data: bytes, name: str) -> None:
    assert _open(data, name) == ()


def test_ordinary_papers_are_not_even_looked_into() -> None:
    plain = [
        _paper(FORM, "form.pdf"),
        _paper(b"\xff\xd8\xff", "consent.jpg"),
        _paper(b"x", "a.doc"),
    ]
    assert not any(map(is_container, plain))


def test_machine_mail_is_not_opened() -> None:
    mail = message_from_bytes(_forward(build_mail({"form.pdf": FORM})), policy=policy.default)
    mail["Auto-Submitted"] = "auto-replied"
    reading = _read(mail.as_bytes())
    assert (reading.verdict.kind, reading.message.inside) == (MessageKind.AUTO_REPLY, ())


@pytest.mark.timeout(20, func_only=True)
def test_a_winmail_that_announces_billions_of_properties_is_left_at_the_first() -> None:
    attribute = struct.pack("<BHHI", 1, 0x9003, 0x0006, 4) + b"\xff\xff\xff\xff\x00\x00"
    assert list(open_tnef(struct.pack("<IH", 0x223E9F78, 1) + attribute, 1_000)) == []


@given(st.sampled_from([build_zip, build_winmail, build_portfolio]), st.data())
def test_no_damage_raises(wrap: Wrap, draw: st.DataObject) -> None:
    data = bytearray(wrap({"form.pdf": OTHER}))
    for place in draw.draw(st.lists(st.integers(0, len(data) - 1), max_size=8)):
        data[place] = draw.draw(st.integers(0, 255))
    cut = draw.draw(st.integers(0, len(data)))
    for candidate in (bytes(data), bytes(data[:cut])):
        assert isinstance(_open(candidate), tuple)
