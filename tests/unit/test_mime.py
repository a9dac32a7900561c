"""The bytes of a mail: the same every time, seven-bit, proof against what stands in a header."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outbound.letters.compose import Letter, LetterAttachment, LetterKind, LetterPicture
from outbound.letters.mime import (
    LOOP_MARKER,
    MAX_REFERENCES,
    MailIdentity,
    build_mail,
    find_mailable_address,
    is_message_id,
)

SENDER = MailIdentity(name="ERO Outreach", address="ero.outreach@agency.example")
RECIPIENT = "clerk@courts.example"
MESSAGE_ID = "<letter.0123456789abcdefghjkmnpqrs@agency.example>"
DATE = datetime(2026, 5, 4, 14, 30, tzinfo=timezone(timedelta(hours=-4)))
LETTER = Letter(
    kind=LetterKind.ACKNOWLEDGEMENT,
    subject="[CJS-2026-000001-5] Request received",
    text="Good day.\n\nFrom here on: José, naïve = 100 %.\n.\n--=_a\nTrailing space \n",
    html='<!DOCTYPE html>\n<p class="x">José ' + "long " * 400 + "</p>\n",
)
PDF = LetterAttachment(
    name="CJS-2026-000001-5.pdf", media_type="application/pdf", data=bytes(range(256)) * 9
)


def build(letter: Letter = LETTER, **changes: Any) -> bytes:
    usual = {"sender": SENDER, "recipient": RECIPIENT, "message_id": MESSAGE_ID, "date": DATE}
    return build_mail(letter, **(usual | changes))


def parse(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    for part in message.walk():
        assert part.defects == []
    return message


def check_wire(raw: bytes) -> None:
    assert raw.isascii()
    assert b"\x00" not in raw
    assert raw.count(b"\r\n") == raw.count(b"\n") == raw.count(b"\r")
    assert max(map(len, raw.split(b"\r\n"))) <= 78


def test_a_standard_parser_reads_back_what_went_in() -> None:
    raw = build(replace(LETTER, attachments=(PDF, PDF)))
    check_wire(raw)
    message = parse(raw)
    assert message["From"] == "ERO Outreach <ero.outreach@agency.example>"
    assert message["To"] == RECIPIENT
    assert message["Subject"] == LETTER.subject
    assert message["Date"].datetime == DATE
    assert message["Message-ID"] == MESSAGE_ID
    assert message.get_content_type() == "multipart/mixed"
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().splitlines() == LETTER.text.splitlines()
    assert html.get_content().splitlines() == LETTER.html.splitlines()
    found = list(message.iter_attachments())
    assert [a.get_filename() for a in found] == [PDF.name] * 2
    assert [a.get_payload(decode=True) for a in found] == [PDF.data] * 2


def test_a_letter_without_attachments_is_two_alternatives_plain_first() -> None:
    message = parse(build())
    assert message.get_content_type() == "multipart/alternative"
    kinds = [part.get_content_type() for part in message.iter_parts()]
    assert kinds == ["text/plain", "text/html"]


def test_equal_input_gives_equal_bytes_and_another_id_another_boundary() -> None:
    letter = replace(LETTER, attachments=(PDF,))
    assert build(letter) == build(letter)
    boundaries = [
        set(re.findall(rb'boundary="([^"]+)"', build(letter, message_id=f"<{n}@a.example>")))
        for n in range(2)
    ]
    assert len(boundaries[0] | boundaries[1]) == 4


@pytest.mark.parametrize(
    ("kind", "in_reply_to", "auto_submitted", "suppress"),
    [
        pytest.param(
            LetterKind.ACKNOWLEDGEMENT,
            "<m@courts.example>",
            "auto-replied",
            "OOF, AutoReply, RN, NRN",
            id="an answer to a stranger",
        ),
        pytest.param(
            LetterKind.QUESTION,
            None,
            "auto-generated",
            "OOF, AutoReply, RN, NRN",
            id="a letter that answers nothing",
        ),
        pytest.param(
            LetterKind.REVIEW_NOTICE,
            None,
            "auto-generated",
            "RN, NRN",
            id="absence notes of staff are wanted",
        ),
    ],
)
def test_machines_are_told_what_this_is(
    kind: LetterKind, in_reply_to: str | None, auto_submitted: str, suppress: str
) -> None:
    message = parse(build(replace(LETTER, kind=kind), in_reply_to=in_reply_to))
    assert message["Auto-Submitted"] == auto_submitted
    assert message["X-Auto-Response-Suppress"] == suppress
    assert message[LOOP_MARKER] == "1"
    assert message["Precedence"] is None
    assert "NDR" not in message["X-Auto-Response-Suppress"].split(", "), "bounces must come back"


def test_a_thread_is_kept_with_the_parent_last() -> None:
    message = parse(build(in_reply_to="<b@x.example>", references=["<a@x.example>"]))
    assert message["In-Reply-To"] == "<b@x.example>"
    assert message["References"].split() == ["<a@x.example>", "<b@x.example>"]


def test_a_long_thread_keeps_its_first_and_its_last() -> None:
    ids = [f"<{'x' * 200}{n}@mail.example>" for n in range(500)]
    raw = build(references=ids, in_reply_to=ids[-1])
    references = parse(raw)["References"].split()
    assert references == [ids[0], *ids[1 - MAX_REFERENCES :]]
    assert max(map(len, raw.split(b"\r\n"))) <= 300


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param("<a@b.example>\r\nBcc: <c@d.example>", id="line break"),
        pytest.param("<a b@c.example>", id="space"),
        pytest.param("<<a@b.example>", id="two brackets"),
        pytest.param("a@b.example", id="no brackets"),
        pytest.param("<é@b.example>", id="not ASCII"),
        pytest.param("<" + "a" * 300 + "@b.example>", id="too long"),
        pytest.param("<script>alert(1)</script>", id="markup"),
        pytest.param("", id="empty"),
    ],
)
def test_an_identifier_that_is_none_is_left_out(hostile: str) -> None:
    assert not is_message_id(hostile)
    raw = build(in_reply_to=hostile, references=[hostile, "<good@x.example>", hostile])
    message = parse(raw)
    assert message["In-Reply-To"] is None
    assert message["References"] == "<good@x.example>"
    assert message["Bcc"] is None
    with pytest.raises(ValueError, match="message identifier"):
        build(message_id=hostile)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("a@b.example\r\nBcc: c@d.example", id="line break"),
        pytest.param("a@b.example, c@d.example", id="two addresses"),
        pytest.param("Clerk <a@b.example>", id="with a name"),
        pytest.param('"a b"@c.example', id="quoted local part"),
        pytest.param("a@[127.0.0.1]", id="address literal"),
        pytest.param("josé@courts.example", id="not ASCII"),
        pytest.param("a..b@c.example", id="two dots"),
        pytest.param("a@-b.example", id="bad domain"),
        pytest.param("a" * 65 + "@b.example", id="long local part"),
        pytest.param("a@" + "b." * 130 + "example", id="long domain"),
        pytest.param("no-at-sign", id="no at sign"),
        pytest.param("", id="empty"),
    ],
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    assert find_mailable_address(address) is None
    for changes in (
        {"recipient": address},
        {"reply_to": address},
        {"sender": MailIdentity(name="", address=address)},
    ):
        with pytest.raises(ValueError, match="address"):
            build(**changes)


@pytest.mark.parametrize(
    ("address", "mailable"),
    [
        ("clerk@courts.example", "clerk@courts.example"),
        (" clerk@courts.example ", "clerk@courts.example"),
        ("O'Neil+fta@county.courts.example", "O'Neil+fta@county.courts.example"),
        ("clerk@bücher.example", "clerk@xn--bcher-kva.example"),
        ("ero+review-0123@localhost", "ero+review-0123@localhost"),
    ],
)
def test_an_address_is_brought_into_the_form_relays_take(address: str, mailable: str) -> None:
    assert find_mailable_address(address) == mailable
    assert parse(build(recipient=mailable))["To"] == mailable


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("ERO Outreach", id="plain"),
        pytest.param('The "Outreach" \\ desk, ERO', id="needs quoting"),
        pytest.param("Oficina de alcance: cítas", id="not ASCII"),
        pytest.param("ß" * 60, id="long and not ASCII"),
        pytest.param("A very long name of an office " * 4, id="long"),
    ],
)
def test_the_name_of_the_sender_is_shown_as_configured(name: str) -> None:
    raw = build(sender=MailIdentity(name=name, address=SENDER.address))
    check_wire(raw)
    # The newer parser of the standard library leaves the space between encoded words of a name,
    # against RFC 2047 section 6.2, so the older one is asked.
    header = email.message_from_bytes(raw, policy=email.policy.compat32)["From"]
    encoded, address = parseaddr(header)
    shown = str(make_header(decode_header(encoded)))
    assert (shown, address) == (" ".join(name.split()), SENDER.address)


def test_a_sender_without_a_name_is_an_address() -> None:
    assert parse(build(sender=replace(SENDER, name=" ")))["From"] == SENDER.address


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        build(date=datetime(2026, 5, 4))  # noqa: DTZ001  the very thing that is refused


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        pytest.param("CJS-2026-000001-5.pdf", "CJS-2026-000001-5.pdf", id="ours"),
        pytest.param("../../etc/passwd", "etc_passwd", id="path"),
        pytest.param('a";\r\nX-Bad: 1.pdf', "a_X-Bad_1.pdf", id="injection"),
        pytest.param("José.pdf", "Jos_.pdf", id="not ASCII"),
        pytest.param("", "attachment", id="empty"),
    ],
)
def test_a_file_name_is_plain_ascii(name: str, safe: str) -> None:
    attachment = LetterAttachment(name=name, media_type="text/html\r\nX: 1", data=b"x")
    [found] = parse(build(replace(LETTER, attachments=(attachment,)))).iter_attachments()
    assert found.get_filename() == safe
    assert found.get_content_type() == "application/octet-stream"


@pytest.mark.parametrize("attachments", [(), (PDF,)], ids=["alone", "beside an attachment"])
def test_pictures_go_with_the_html_that_shows_them(
    attachments: tuple[LetterAttachment, ...],
) -> None:
    pictures = tuple(
        LetterPicture(content_id=f"spot{n}.ab@agency.example", data=b"\x89PNG" + bytes([n]) * 999)
        for n in (1, 2)
    )
    raw = build(replace(LETTER, attachments=attachments, pictures=pictures))
    check_wire(raw)
    message = parse(raw)
    kinds = [p.get_content_type() for p in message.walk()]
    assert kinds == [
        *(["multipart/mixed"] if attachments else []),
        "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
        "image/png", *(["application/pdf"] if attachments else []),
    ]  # fmt: skip
    found = [p for p in message.walk() if p.get_content_type() == "image/png"]
    assert [p["Content-ID"] for p in found] == [f"<{p.content_id}>" for p in pictures]
    assert [p.get_content() for p in found] == [p.data for p in pictures]
    assert [p.get_filename() for p in found] == ["picture-1.png", "picture-2.png"]
    assert {p.get_content_disposition() for p in found} == {"inline"}
    body = message.get_body(("html",))
    assert body is not None
    assert body.get_content_type() == "text/html"


@pytest.mark.parametrize("name", ["a b@c.example", "a>\r\nX: 1", "é@c.example", ""])
def test_a_pictures_identifier_that_is_none_is_refused(name: str) -> None:
    picture = LetterPicture(content_id=name, data=b"x")
    with pytest.raises(ValueError, match="picture"):
        build(replace(LETTER, pictures=(picture,)))


def test_the_largest_attachment_line_is_76_characters() -> None:
    raw = build(replace(LETTER, attachments=(replace(PDF, data=b"\xff" * 10_000),)))
    check_wire(raw)


@given(
    subject=st.text(max_size=300),
    name=st.text(max_size=100),
    text=st.text(max_size=300),
    reference=st.text(max_size=80),
    file_name=st.text(max_size=80),
)
def test_no_text_whatever_adds_a_header_or_breaks_the_mail(
    subject: str, name: str, text: str, reference: str, file_name: str
) -> None:
    attachment = LetterAttachment(name=file_name, media_type="application/pdf", data=b"x")
    letter = replace(LETTER, subject=subject, text=text, html=text, attachments=(attachment,))
    raw = build(
        letter,
        sender=MailIdentity(name=name, address=SENDER.address),
        references=[reference],
        in_reply_to=reference,
    )
    assert raw.isascii()
    assert raw.count(b"\r\n") == raw.count(b"\n") == raw.count(b"\r")
    head = raw.partition(b"\r\n\r\n")[0]
    fields = re.findall(rb"^([^\s:]+):", head, re.MULTILINE)
    assert len(fields) == len(set(fields))
    assert set(fields) <= {
        b"From", b"To", b"Subject", b"Date", b"Message-ID", b"In-Reply-To", b"References",
        b"Auto-Submitted", b"X-Auto-Response-Suppress", b"X-ERO-Outreach", b"Content-Language",
        b"MIME-Version", b"Content-Type",
    }  # fmt: skip
    message = email.message_from_bytes(raw, policy=email.policy.compat32)
    assert [p.get_content_type() for p in message.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/pdf",
    ]  # fmt: skip


def test_the_date_is_written_in_utc() -> None:
    assert b"\r\nDate: Mon, 04 May 2026 18:30:00 +0000\r\n" in build()
    assert build(date=DATE.astimezone(UTC)) == build()
