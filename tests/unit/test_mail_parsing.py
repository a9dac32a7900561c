"""What is read of a mail, whatever its sender made of it."""

from __future__ import annotations

import base64
import tracemalloc
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.errors import ParseError
from parsers.mail import parsing
from parsers.mail.headers import (
    build_safe_name,
    clean_line,
    decode_bytes,
    decode_words,
    find_address,
    find_message_id,
    find_reverse_path,
)
from parsers.mail.message import Attachment, InboundMessage
from parsers.mail.parsing import parse_message
from parsers.mail.splitting import MailLimits

MAILS = Path(__file__).parent / "mails"
HEAD = (
    b"From: Clerk Example <clerk@courts.example>\r\nTo: ero.outreach@agency.example\r\n"
    b"Subject: Request form\r\nMessage-ID: <m1@courts.example>\r\n"
    b"Date: Mon, 04 May 2026 10:00:00 -0400\r\n"
)
PDF = b"%PDF-1.4\n%%EOF\n"


def read(name: str) -> InboundMessage:
    return parse_message((MAILS / f"{name}.eml").read_bytes())


def nested(depth: int) -> bytes:
    levels = (
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
        for level in range(depth)
    )
    return HEAD + b"".join(levels) + b"\r\ninnermost\r\n"


# --- the ordinary mail ------------------------------------------------------------------------


def test_an_ordinary_mail_is_read_whole() -> None:
    source = EmailMessage()
    source["Return-Path"] = "<clerk@Courts.Example>"
    source["Authentication-Results"] = "mx.agency.example; dmarc=pass header.from=courts.example"
    source["From"] = "Clerk Example <clerk@Courts.Example>"
    source["Reply-To"] = "office@courts.example"
    source["To"] = "ERO <ero.outreach@agency.example>, ERO.Outreach@agency.example"
    source["Cc"] = "copy@courts.example"
    source["Subject"] = "Solicitud n\u00famero uno"
    source["Message-ID"] = "<m1@courts.example>"
    source["In-Reply-To"] = "<a@agency.example>"
    source["References"] = "<z@agency.example> <a@agency.example>"
    source["Date"] = "Mon, 04 May 2026 10:00:00 -0400"
    source.set_content("Attached.\n")
    source.add_alternative("<p>Attached.</p>", subtype="html")
    source.add_attachment(PDF, maintype="application", subtype="pdf", filename="form.pdf")

    message = parse_message(source.as_bytes())

    assert message.author is not None
    assert (message.author.address, message.author.display_name) == (
        "clerk@courts.example",
        "Clerk Example",
    )
    assert [a.address for a in message.reply_to] == ["office@courts.example"]
    assert [a.address for a in message.recipients] == [
        "ero.outreach@agency.example",
        "copy@courts.example",
    ]
    assert message.reverse_path == "clerk@courts.example"
    assert message.subject == "Solicitud n\u00famero uno"
    assert message.message_id == "<m1@courts.example>"
    assert message.in_reply_to == ("<a@agency.example>",)
    assert message.references == ("<z@agency.example>", "<a@agency.example>")
    assert message.date == datetime(2026, 5, 4, 14, 0, tzinfo=UTC)
    assert message.content_type == "multipart/mixed"
    assert message.text == "Attached.\n"
    assert message.html is not None
    assert message.html.strip() == "<p>Attached.</p>"
    assert [(a.name, a.declared_type, a.data) for a in message.attachments] == [
        ("form.pdf", "application/pdf", PDF)
    ]
    assert message.defects == ()


def test_every_field_is_kept_in_order_unfolded_and_as_written() -> None:
    raw = b"X-One: a\r\n  b\r\nx-ONE: c\r\nSubject: =?utf-8?q?d?=\r\nFrom: a@x.example\r\n\r\ntext"
    assert parse_message(raw).fields == (
        ("X-One", "a b"),
        ("x-ONE", "c"),
        ("Subject", "=?utf-8?q?d?="),
        ("From", "a@x.example"),
    )


def test_the_first_of_several_fields_is_the_topmost() -> None:
    message = parse_message(b"X-A: first\nX-A: second\n\n")
    assert (message.header("x-a"), message.headers("X-a")) == ("first", ("first", "second"))


# --- the corpus of broken mails ---------------------------------------------------------------


def test_every_broken_mail_is_expected_somewhere() -> None:
    expected = {*WITH_PDF, *DEFECTS, *NAMES, *AUTHORS, *SUBJECTS, *TEXTS, *OTHERS}
    assert {path.stem for path in MAILS.glob("*.eml")} == expected


WITH_PDF = {
    "pdf_without_name_or_disposition": "nothing but its type says that it is a file",
    "pdf_as_octet_stream": "its type and its name say something else",
    "pdf_as_plain_text": "its type says that it is the body",
    "pdf_is_the_whole_mail": "there is no container",
    "pdf_inside_alternative": "it stands beside the two forms of the body",
    "pdf_inside_related": "it stands where pictures stand",
    "pdf_uuencoded_in_text": "it stands inside the text",
    "base64_cut_short": "its last letters are missing",
    "base64_with_rubbish_in_it": "letters that are not base64 stand in it",
    "transfer_encoding_unknown": "its encoding has no meaning",
    "boundary_missing_in_header": "no boundary is declared",
    "boundary_other_than_declared": "another boundary is declared",
    "boundary_never_closed": "the mail breaks off",
    "header_with_stray_line": "a line that is no field stands before Content-Type",
}


@pytest.mark.parametrize("name", WITH_PDF, ids=WITH_PDF.values())
def test_the_pdf_is_found_by_its_bytes(name: str) -> None:
    message = read(name)
    assert [part.is_pdf for part in message.attachments] == [True]
    assert "PDF" not in (message.text or "")


DEFECTS = {
    "subject_twice": "duplicate_subject",
    "from_twice": "duplicate_from",
    "from_missing": "no_from",
    "base64_cut_short": "broken_base64",
    "base64_with_rubbish_in_it": "broken_base64",
    "boundary_missing_in_header": "guessed_boundary",
    "boundary_other_than_declared": "guessed_boundary",
    "boundary_never_closed": "close_boundary_not_found",
    "header_with_stray_line": "stray_header_line",
    "date_is_nonsense": "date_header",
    "name_in_idna_charset": "unreadable_file_name",
    "text_in_unknown_charset": "unknown_charset",
    "text_in_punycode": "unknown_charset",
    "text_in_undefined_codec": "undecodable_text",
    "text_claims_utf8_is_latin1": "undecodable_text",
    "from_with_nul": "ambiguous_from",
    "from_several_at_signs": "ambiguous_from",
    "from_quoted_local_part": "ambiguous_from",
    "no_header_at_all": "missing_header_body_separator",
}


@pytest.mark.parametrize(("name", "code"), DEFECTS.items(), ids=DEFECTS)
def test_what_is_wrong_is_named(name: str, code: str) -> None:
    assert code in read(name).defects


NAMES = {
    "name_with_path": "x.pdf",
    "name_with_windows_path": "x.pdf",
    "name_reversed_by_bidi": "formfdp.exe",
    "name_in_unknown_charset": "form\u00ff.pdf",
    "name_in_idna_charset": "",
    "name_in_encoded_words": "Solicitud n\u00ba.pdf",
}


@pytest.mark.parametrize(("name", "safe"), NAMES.items(), ids=NAMES)
def test_file_names_are_safe_base_names(name: str, safe: str) -> None:
    assert [part.name for part in read(name).attachments] == [safe]


AUTHORS: dict[str, list[str]] = {
    "from_twice": ["clerk@courts.example", "other@elsewhere.example"],
    "from_two_mailboxes": ["a@courts.example", "b@courts.example"],
    "from_missing": [],
    "from_with_nul": [],
    "from_name_looks_like_address": ["someone@elsewhere.example"],
    "from_quoted_local_part": [],
    "from_several_at_signs": [],
    "from_address_in_encoded_word": [],
}


@pytest.mark.parametrize(("name", "authors"), AUTHORS.items(), ids=AUTHORS)
def test_authors_are_all_mailboxes_and_nothing_else(name: str, authors: list[str]) -> None:
    message = read(name)
    assert [author.address for author in message.authors] == authors
    assert (message.author is not None) == (len(authors) == 1)


SUBJECTS = {
    "subject_twice": "Request form",
    "subject_with_encoded_line_break": "Request Bcc: victim@elsewhere.example",
    "subject_with_bidi_and_controls": "Request\ufffd form",
    "subject_in_raw_octets": "Solicitud n\ufffdmero",
    "subject_in_unknown_charset": "Request form",
    "subject_with_broken_base64": "i\ufffd",
}


@pytest.mark.parametrize(("name", "subject"), SUBJECTS.items(), ids=SUBJECTS)
def test_subjects_stand_on_one_clean_line(name: str, subject: str) -> None:
    assert read(name).subject == subject


TEXTS = {
    "text_in_unknown_charset": "Gr\ufffd\ufffde\n",
    "text_in_undefined_codec": "Gr\u00fc\u00dfe\n",
    "text_in_punycode": "abc-def\n",
    "text_claims_ascii_is_latin1": "Gr\u00fc\u00dfe\n",
    "text_claims_utf8_is_latin1": "Gr\ufffd\ufffde\n",
    "bare_carriage_returns": "First line.\nSecond line.\n",
    "blank_text_before_the_real_one": "Sent from a phone.\n",
    "body_named_as_a_file": "The form is attached.\n",
    "text_file_attached": "The form is attached.\n",
    "disposition_unknown": "The form is attached.\n",
    "no_header_at_all": "Hello, please send me the form.\nA Person\n",
    "forwarded_mail_as_attachment": "The form is attached.\n",
    "forwarded_mail_in_base64": "The form is attached.\n",
}


@pytest.mark.parametrize(("name", "text"), TEXTS.items(), ids=TEXTS)
def test_the_body_is_the_first_text_a_person_wrote(name: str, text: str) -> None:
    assert read(name).text == text


OTHERS = {
    "forwarded_mail_only",
    "message_id_with_script",
    "message_id_without_brackets",
    "header_only",
}


@pytest.mark.parametrize(
    "name", ["forwarded_mail_as_attachment", "forwarded_mail_in_base64", "forwarded_mail_only"]
)
def test_a_forwarded_mail_is_kept_apart_from_the_text(name: str) -> None:
    message = read(name)
    assert [b"The inner text." in inner for inner in message.attached_messages] == [True]
    assert [b"Subject: inner" in inner for inner in message.attached_messages] == [True]
    assert "inner" not in (message.text or "")
    assert message.attachments == ()


def test_message_ids_hold_no_markup() -> None:
    assert read("message_id_with_script").message_id is None
    assert read("message_id_without_brackets").message_id == "<m1@courts.example>"


def test_a_mail_without_body_has_none() -> None:
    message = read("header_only")
    assert (message.text, message.html, message.attachments) == (None, None, ())


def test_text_that_claims_to_be_an_attachment_is_one() -> None:
    assert [a.data for a in read("disposition_unknown").attachments] == [b"Odd.\n"]
    assert [a.name for a in read("text_file_attached").attachments] == ["notes.txt"]


# --- bounds -----------------------------------------------------------------------------------


@pytest.mark.parametrize("raw", [b"", b" \r\n\r\n"], ids=["no bytes", "line ends only"])
def test_only_nothing_at_all_is_refused(raw: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        parse_message(raw)
    assert caught.value.code == "empty_message"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (nested(40), "nested_too_deeply"),
        (nested(3000), "structure_not_read"),
        (
            HEAD
            + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
            + b"--b\r\n\r\nx\r\n" * 5000,
            "too_many_parts",
        ),
        (HEAD + b"X-A: b\r\n" * 5000 + b"\r\n", "too_many_header_fields"),
        (HEAD + b"\r\n" + b"\n" * 7_000_000, "too_costly_structure"),
        (nested(300) + b"abc\n" * 100_000, "too_costly_structure"),
        (HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 5000, "structure_not_read"),
        (
            HEAD + b'Content-Type: text/plain; x="' + b";" * 300_000 + b'"\r\n\r\nx',
            "header_field_shortened",
        ),
        (
            HEAD + b"Content-Type: text/plain; charset=punycode\r\n\r\n" + b"ab-" * 300_000,
            "slow_codec",
        ),
        (HEAD + b"X-A: =?punycode?q?" + b"a" * 60_000 + b"-b?=\r\n\r\nx", "slow_codec"),
        (HEAD + b"Cc: " + b"((((((((" * 9000 + b"\r\n\r\nx", "address_header"),
        (HEAD + b"From: " + b"a@x.example, " * 50_000 + b"\r\n\r\nx", "ambiguous_from"),
    ],
    ids=[
        "containers in containers",
        "deeper than any stack",
        "five thousand parts",
        "five thousand fields",
        "seven million lines",
        "many lines in many containers",
        "mails in mails",
        "a parameter of semicolons",
        "a body in a quadratic codec",
        "a field in a quadratic codec",
        "comments in comments",
        "fifty thousand authors",
    ],
)
@pytest.mark.timeout(20, func_only=True)
def test_a_costly_mail_ends_in_a_defect_and_in_time(raw: bytes, code: str) -> None:
    assert code in parse_message(raw).defects


def test_what_cannot_be_taken_apart_keeps_its_header_fields() -> None:
    message = parse_message(nested(3000))
    assert message.author is not None
    assert message.author.address == "clerk@courts.example"
    assert message.subject == "Request form"
    assert (message.text, message.attachments) == (None, ())


def test_a_plain_mail_that_passes_a_limit_keeps_its_text() -> None:
    message = parse_message(HEAD + b"X-A: b\r\n\r\nHello\r\n", limits=MailLimits(header_fields=3))
    assert message.text == "Hello\n"
    assert "structure_not_read" in message.defects


def test_a_large_attachment_costs_few_copies() -> None:
    size = 8_000_000
    body = base64.encodebytes(PDF + bytes(size))
    raw = (
        HEAD + b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" + body
    )
    tracemalloc.start()
    message = parse_message(raw)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(message.attachments[0].data) == len(PDF) + size
    assert peak < 6 * size


def test_the_mail_is_read_without_the_library_when_it_raises(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def explode(_: object) -> None:
        raise RuntimeError("as it does on real mail")

    monkeypatch.setattr(parsing.mailparser, "MailParser", explode)
    message = read("pdf_as_octet_stream")
    assert "library_refused" in message.defects
    assert [part.is_pdf for part in message.attachments] == [True]
    assert message.date == datetime(2026, 5, 4, 14, 0, tzinfo=UTC)


def test_the_header_is_read_when_nothing_else_works(monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object, **__: object) -> None:
        raise RuntimeError("whatever it may be")

    monkeypatch.setattr(parsing, "find_parts", explode)
    message = read("pdf_as_octet_stream")
    assert message.defects[:2] == ("structure_not_read", "unreadable_structure")
    assert message.subject == "Request form"


@given(st.binary(min_size=1, max_size=400))
@settings(max_examples=150)
def test_no_bytes_raise_anything_else(noise: bytes) -> None:
    for raw in (noise, HEAD + noise, HEAD + b"Content-Type: multipart/mixed; boundary=b\n" + noise):
        try:
            parse_message(raw)
        except ParseError as error:
            assert error.code == "empty_message"  # noqa: PT017  most bytes raise nothing at all


# --- small readings ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("a@b.example", "a@b.example"),
        ("A.B+tag@B.Example", "A.B+tag@b.example"),
        ("root@localhost", "root@localhost"),
        ("a@b@c.example", None),
        ("a b@c.example", None),
        ('"a b"@c.example', None),
        ("a@c.example\n", None),
        ("a@c.example\r\nBcc: x@y.example", None),
        ("a\x00@c.example", None),
        ("a@[192.0.2.1]", None),
        ("a@-c.example", None),
        ("a@c..example", None),
        (".a@c.example", None),
        ("a@c.example.", None),
        ("a@b\u00fccher.example", None),
        ("a\u212a@c.example", None),
        ("<a@c.example>", None),
        ("x" * 65 + "@c.example", None),
        ("@c.example", None),
        ("a@", None),
    ],
)
def test_addresses_are_dot_strings_at_host_names(written: str, address: str | None) -> None:
    assert find_address(written) == address


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (None, None),
        ("<>", ""),
        ("< >", ""),
        ("<A@B.Example>", "A@b.example"),
        ("a@b.example", "a@b.example"),
        ("", None),
        ("<MAILER-DAEMON>", None),
    ],
)
def test_the_null_reverse_path_differs_from_none(value: str | None, path: str | None) -> None:
    assert find_reverse_path(value) == path


@pytest.mark.parametrize(
    ("value", "message_id"),
    [
        ("<a@b>", "<a@b>"),
        (" <a@b> (comment)", "<a@b>"),
        ("a@b", "<a@b>"),
        ("a b@c", None),
        ("<a>", None),
        ("", None),
        ("<" + "a" * 5000 + "@b>", None),
        ('<"x"@b>', None),
    ],
)
def test_message_ids_are_plain_or_none(value: str, message_id: str | None) -> None:
    assert find_message_id(value) == message_id


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("form.pdf", "form.pdf"),
        ("../../form.pdf", "form.pdf"),
        ("..", ""),
        ("/etc/passwd", "passwd"),
        ("C:\\forms\\form.pdf", "form.pdf"),
        ("a\r\nb.pdf", "a b.pdf"),
        ("a\x00.pdf", "a.pdf"),
        ('a<b>"c|d?e*f:.pdf', "a_b__c_d_e_f_.pdf"),
        (".hidden.pdf", "hidden.pdf"),
        ("n" * 300 + ".pdf", "n" * 116 + ".pdf"),
        ("n" * 300, "n" * 120),
        ("form.pdf ", "form.pdf"),
    ],
)
def test_safe_names_have_no_path_and_no_surprises(written: str, name: str) -> None:
    assert build_safe_name(written) == name


@given(st.text(max_size=200))
def test_a_clean_line_has_no_controls_and_stays_as_it_is(text: str) -> None:
    line = clean_line(text)
    assert not any(c in line for c in "\r\n\t\x00\x7f\u202e\u2066\u2028")
    assert clean_line(line) == line


@given(st.text(max_size=300))
def test_decoding_words_never_raises_nor_breaks_the_line(text: str) -> None:
    assert "\n" not in decode_words(text)
    assert "\n" not in decode_words(f"=?{text}?b?{text}?=")


@given(st.binary(max_size=100), st.text(max_size=20))
def test_decoding_bytes_never_raises(data: bytes, charset: str) -> None:
    text, _ = decode_bytes(data, charset)
    text.encode("utf-8")


@pytest.mark.parametrize(
    ("attachment", "is_pdf", "claims_pdf"),
    [
        (Attachment(name="", declared_type="application/octet-stream", data=PDF), True, False),
        (Attachment(name="A.PDF", declared_type="application/zip", data=b"PK"), False, True),
        (Attachment(name="a", declared_type="application/PDF", data=b""), False, True),
        (Attachment(name="a", declared_type="application/x-pdf", data=b""), False, True),
        (Attachment(name="a.pdf.exe", declared_type="x/y", data=b"MZ"), False, False),
        (Attachment(name="a", declared_type="x/y", data=bytes(1000) + PDF), True, False),
        (Attachment(name="a", declared_type="x/y", data=bytes(1024) + PDF), False, False),
    ],
    ids=[
        "bytes only",
        "name only",
        "type only",
        "old type",
        "double extension",
        "rubbish before the header",
        "too much rubbish before the header",
    ],
)
def test_being_a_pdf_and_claiming_to_be_one_are_two_things(
    attachment: Attachment, is_pdf: bool, claims_pdf: bool
) -> None:
    assert (attachment.is_pdf, attachment.claims_pdf) == (is_pdf, claims_pdf)


def test_references_are_bounded_to_the_nearest() -> None:
    ids = b" ".join(b"<%d@x.example>" % number for number in range(500))
    message = parse_message(HEAD + b"References: " + ids + b"\r\n\r\n")
    assert len(message.references) == 100
    assert message.references[-1] == "<499@x.example>"
