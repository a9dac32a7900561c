"""What a document is: every kind has its name, a sentence, and no exception."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Name, String

from config.data import read_data
from parsers.definition import FieldType, parse_definition
from parsers.errors import ParseError
from parsers.extraction import DocumentKind, Extraction, FieldValue, ReadLimits
from parsers.forms.written_values import FormValues
from parsers.pdf.traits import SENTENCES
from parsers.reading.document import read_document
from parsers.reading.document_reading import without_printed_only
from tests.unit.pdf_forms import FormBuilder

TODAY = date(2026, 5, 4)
DEFINITION = parse_definition(read_data("forms/cjs-request-1.toml"))
BLANK = read_data("forms/cjs-request-1.pdf")


def _read(data: bytes, **options: object) -> Extraction:
    return read_document(data, [DEFINITION], today=TODAY, **options)  # type: ignore[arg-type]


def _codes(found: Extraction) -> list[str]:
    return [w.code for w in found.warnings]


NOT_PDFS = [
    (b"", DocumentKind.UNREADABLE, "empty_file", "nothing"),
    (b"PK\x03\x04 word/document.xml", DocumentKind.NOT_A_FORM, "not_a_pdf", "docx or zip"),
    (b"\x89PNG\r\n\x1a\n", DocumentKind.NOT_A_FORM, "small_picture", "PNG"),
    (b"\xff\xd8\xff\xe0", DocumentKind.NOT_A_FORM, "small_picture", "JPEG"),
    (b"II*\x00", DocumentKind.NOT_A_FORM, "small_picture", "TIFF"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1", DocumentKind.NOT_A_FORM, "not_a_pdf", "old Word"),
    (b"<!DOCTYPE html><p>x", DocumentKind.NOT_A_FORM, "not_a_pdf", "HTML"),
    (b"\xef\xbb\xbf<html>", DocumentKind.NOT_A_FORM, "not_a_pdf", "HTML with a mark"),
    (b"Dear all,\r\nplease", DocumentKind.NOT_A_FORM, "not_a_pdf", "plain text"),
    (bytes(range(256)), DocumentKind.UNREADABLE, "not_a_pdf", "who knows"),
    (b"%PDF-1.7\n", DocumentKind.UNREADABLE, "broken_pdf", "a header and nothing else"),
    (b"%PDF-1.7\n" + b"\xff" * 5000, DocumentKind.UNREADABLE, "broken_pdf", "a header and noise"),
    (BLANK[:2000], DocumentKind.UNREADABLE, "broken_pdf", "cut off early"),
]


@pytest.mark.parametrize(
    ("data", "kind", "code"), [pytest.param(*r[:3], id=r[3]) for r in NOT_PDFS]
)
def test_what_is_no_readable_pdf_has_a_name(data: bytes, kind: DocumentKind, code: str) -> None:
    found = _read(data)
    assert (found.kind, _codes(found), dict(found.fields)) == (kind, [code], {})
    assert found.definition is None


def test_a_form_without_its_cross_references_is_mended_and_read() -> None:
    form = FormBuilder()
    data = re.sub(rb"startxref\s+\d+", b"startxref\n7", form.save())
    assert _read(data).kind is DocumentKind.ACROFORM
    assert _read(b"junk before it\n" + form.save()).kind is DocumentKind.ACROFORM


LOCKS = [
    ({"R": 6}, "AES-256"),
    ({"R": 4, "aes": True}, "AES-128"),
    ({"R": 4, "aes": False, "metadata": False}, "RC4 of 128 bits"),
    ({"R": 2, "aes": False, "metadata": False}, "RC4 of 40 bits"),
]
each_lock = pytest.mark.parametrize("lock", [pytest.param(r[0], id=r[1]) for r in LOCKS])


@each_lock
@pytest.mark.parametrize("password", ["open sesame", "contrase\u00f1a"])
def test_a_user_password_is_asked_for_and_opens_the_form(
    lock: dict[str, object], password: str
) -> None:
    data = FormBuilder().save(encryption={"user": password, "owner": "owner", **lock})
    without, wrong = _read(data), _read(data, password="x")
    assert (without.kind, _codes(without)) == (DocumentKind.ENCRYPTED, ["password_needed"])
    assert (wrong.kind, _codes(wrong)) == (DocumentKind.ENCRYPTED, ["wrong_password"])
    assert _read(data, password=password).value("requester_name") == "Dana Example"
    assert _read(data, password="owner").value("requester_name") == "Dana Example"


@each_lock
def test_an_owner_password_alone_is_no_obstacle(lock: dict[str, object]) -> None:
    forbidden = pikepdf.Permissions(extract=False, modify_form=False, accessibility=False)
    data = FormBuilder().save(encryption={"user": "", "owner": "owner", "allow": forbidden, **lock})
    found = _read(data)
    assert (found.value("requester_name"), _codes(found)) == ("Dana Example", [])


@pytest.mark.parametrize(
    "lock",
    [
        pytest.param(b"/Filter /Adobe.PubSec /V 4 /SubFilter /adbe.pkcs7.s5", id="a certificate"),
        pytest.param(b"/Filter /Standard /V 9 /R 9 /O <00> /U <00> /P 1", id="of a later time"),
    ],
)
def test_a_lock_that_no_password_opens_has_a_name(lock: bytes) -> None:
    data = FormBuilder().save(object_stream_mode=pikepdf.ObjectStreamMode.disable)
    before, trailer, after = data.rpartition(b"trailer <<")
    locked = before + trailer + b" /Encrypt << " + lock + b" >> /ID [<00> <00>]" + after
    assert trailer
    found = _read(locked, password="x")
    assert (found.kind, _codes(found)) == (DocumentKind.ENCRYPTED, ["unknown_protection"])


def test_a_form_printed_to_pdf_is_recognised_by_its_labels() -> None:
    labels = [f.label for f in DEFINITION.fields if f.type is not FieldType.ATTESTATION]
    form = FormBuilder(known=False)
    form.print_text(
        [(40, 760 - 11 * n, re.sub(r"([()\\])", r"\\\1", text)) for n, text in enumerate(labels)]
    )
    found = _read(form.save())
    assert (found.kind, found.definition) == (DocumentKind.TEXT, "cjs-request/1")
    assert (found.fields, found.is_form) == ({}, False)
    assert found.readers == ("pikepdf", "pypdfium2")


def _with_picture(form: FormBuilder, *, nested: bool) -> FormBuilder:
    picture = form.pdf.make_stream(
        b"\x00",
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=1,
        Height=1,
        ColorSpace=Name.DeviceGray,
        BitsPerComponent=8,
    )
    if nested:
        picture = form.pdf.make_stream(
            b"/Im Do",
            Type=Name.XObject,
            Subtype=Name.Form,
            BBox=Array([0, 0, 1, 1]),
            Resources=Dictionary(XObject=Dictionary(Im=picture)),
        )
    page = form.pdf.pages[0].obj
    page.Resources = Dictionary(XObject=Dictionary(Im=picture))
    page.Contents = form.pdf.make_stream(b"612 0 0 792 0 0 cm /Im Do")
    return form


@pytest.mark.parametrize("nested", [False, True])
def test_pictures_without_text_are_a_scan(nested: bool) -> None:
    found = _read(_with_picture(FormBuilder(known=False), nested=nested).save())
    assert (found.kind, _codes(found)) == (DocumentKind.SCAN, ["scan_not_read"])


@pytest.mark.parametrize(
    "build",
    [
        pytest.param(lambda: FormBuilder(known=False), id="a blank page"),
        pytest.param(lambda: _some_fields(4), id="too few of our fields"),
        pytest.param(lambda: _letter(lines=5), id="a letter"),
    ],
)
def test_other_documents_are_not_a_form(build: Callable[[], FormBuilder]) -> None:
    found = _read(build().save())
    assert (found.kind, found.definition) == (DocumentKind.NOT_A_FORM, None)
    assert _codes(found) == ["no_known_form"]


def _some_fields(number: int) -> FormBuilder:
    form = FormBuilder(known=False)
    for field in DEFINITION.fields[:number]:
        form.text(field.name, "x")
    return form


def _letter(*, lines: int) -> FormBuilder:
    form = FormBuilder(known=False)
    words = "Dear Sir or Madam, please find enclosed the file of the case you asked for. " * 2
    form.print_text([(40, 700 - 12 * n, words) for n in range(lines)])
    return form


def test_limits_on_bytes_and_pages_hold() -> None:
    data = FormBuilder(pages=3).save()
    small = _read(data, limits=ReadLimits(bytes=len(data) - 1))
    short = _read(data, limits=ReadLimits(pages=2))
    assert (small.kind, _codes(small)) == (DocumentKind.UNREADABLE, ["over_size_limit"])
    assert (short.kind, _codes(short)) == (DocumentKind.UNREADABLE, ["over_page_limit"])
    assert _read(data, limits=ReadLimits(pages=3)).kind is DocumentKind.ACROFORM


def _script() -> Dictionary:
    return Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))


def _open_script(form: FormBuilder) -> None:
    form.pdf.Root.OpenAction = _script()


def _document_action(form: FormBuilder) -> None:
    form.pdf.Root.AA = Dictionary(WC=_script())


def _named_script(form: FormBuilder) -> None:
    form.pdf.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array([String("x"), _script()])))


def _field_script(form: FormBuilder) -> None:
    form.text("subject_suffix", None, AA=Dictionary(K=_script()))


def _page_script(form: FormBuilder) -> None:
    form.pdf.pages[0].obj.AA = Dictionary(O=_script())


def _launch_link(form: FormBuilder) -> None:
    link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 1, 1]))
    link.A = Dictionary(S=Name.Launch, F=String("cmd.exe"))
    form.pdf.pages[0].obj.Annots.append(link)


def _submit(form: FormBuilder) -> None:
    form.add(
        {"/FT": Name.Btn, "/Ff": 1 << 16, "/T": String("b"), "/A": Dictionary(S=Name.SubmitForm)}
    )


def _attachment(form: FormBuilder) -> None:
    form.pdf.attachments["notes.txt"] = b"notes"


def _program(form: FormBuilder) -> None:
    form.pdf.attachments["notes.exe"] = b"notes"


def _disguised_program(form: FormBuilder) -> None:
    form.pdf.attachments["notes.txt"] = b"MZ\x90\x00"


def _pinned_file(form: FormBuilder) -> None:
    file = form.pdf.make_stream(b"notes", Type=Name.EmbeddedFile)
    holder = Dictionary(Type=Name.Filespec, F=String("notes.txt"), EF=Dictionary(F=file))
    pin = Dictionary(Type=Name.Annot, Subtype=Name.FileAttachment, FS=holder)
    form.pdf.pages[0].obj.Annots.append(form.pdf.make_indirect(pin))


_CARRIES_PROGRAM = "contains_embedded_files contains_executable"


@pytest.mark.parametrize(
    ("add", "code"),
    [
        pytest.param(_open_script, "contains_javascript", id="on opening"),
        pytest.param(_document_action, "contains_javascript", id="on closing"),
        pytest.param(_named_script, "contains_javascript", id="document script"),
        pytest.param(_field_script, "contains_javascript", id="on a field"),
        pytest.param(_page_script, "contains_javascript", id="on a page"),
        pytest.param(_launch_link, "contains_launch_action", id="a link that starts a program"),
        pytest.param(_submit, "contains_submit_action", id="a button that sends data"),
        pytest.param(_attachment, "contains_embedded_files", id="a file inside"),
        pytest.param(_pinned_file, "contains_embedded_files", id="a file pinned to a page"),
        pytest.param(_program, _CARRIES_PROGRAM, id="a program inside, by its name"),
        pytest.param(_disguised_program, _CARRIES_PROGRAM, id="a program by its first bytes"),
    ],
)
def test_active_contents_are_reported_and_the_form_is_read(
    add: Callable[[FormBuilder], None], code: str
) -> None:
    form = FormBuilder()
    add(form)
    found = _read(form.save())
    assert (found.kind, " ".join(_codes(found))) == (DocumentKind.ACROFORM, code)


def test_the_model_form_contains_nothing_to_warn_of() -> None:
    assert _codes(_read(BLANK)) == []


def test_every_warning_is_one_sentence() -> None:
    assert all(re.fullmatch(r"[A-Z][^.]+\.", sentence) for sentence in SENTENCES.values())


def test_a_bad_definition_is_an_error_and_no_outcome() -> None:
    bad = read_data("forms/cjs-request-1.toml").replace(b'"two_words"', b'"three_words"')
    with pytest.raises(ParseError, match="three_words"):
        read_document(BLANK, [parse_definition(bad)], today=TODAY)


@given(st.binary(max_size=300), st.integers(0, 400))
def test_no_bytes_raise(noise: bytes, keep: int) -> None:
    assert isinstance(_read(b"%PDF-1.4\n" + noise).kind, DocumentKind)
    assert isinstance(_read(noise).kind, DocumentKind)
    assert isinstance(_read(_SMALL[:keep] + noise + _SMALL[keep:]).kind, DocumentKind)


_SMALL = FormBuilder().save(object_stream_mode=pikepdf.ObjectStreamMode.disable)


@given(st.lists(st.tuples(st.integers(0, len(_SMALL) - 1), st.integers(0, 255)), max_size=30))
def test_no_flipped_bytes_raise(flips: list[tuple[int, int]]) -> None:
    data = bytearray(_SMALL)
    for place, value in flips:
        data[place] = value
    assert isinstance(_read(bytes(data)).kind, DocumentKind)


def test_decompressed_streams_of_fields_are_read_within_bounds() -> None:
    form = FormBuilder()
    form.text("purpose", V=form.pdf.make_stream(b"x" * 1_000_000))
    found = _read(form.save(compress_streams=True))
    problem = next(p for p in found.problems if p.field == "purpose")
    assert problem.code == "too_long"
    assert len(found.fields["purpose"].raw) <= 20_000


@pytest.mark.parametrize(
    ("sure", "left"),
    [
        pytest.param(
            {"form_version": 1.0, "court_name": 0.5}, {"form_version", "court_name"}, id="both"
        ),
        pytest.param({"form_version": 0.7, "court_name": 0.5}, {"court_name"}, id="doubtful print"),
        pytest.param({"form_version": 1.0}, set(), id="nothing but print"),
    ],
)
def test_what_the_form_prints_is_kept_beside_an_answer_and_without_doubt(
    sure: dict[str, float], left: set[str]
) -> None:
    """Nobody is asked to confirm what no requester wrote."""
    fields = {
        n: FieldValue(value="x", raw="x", source="scan", confidence=c) for n, c in sure.items()
    }
    assert set(without_printed_only(DEFINITION, FormValues(fields=fields))) == left
