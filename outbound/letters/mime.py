"""The bytes of a mail (RFC 5322, RFC 2045 to 2047), written out by hand.

Written by hand because the bytes must be the same for the same input in every process, because a
letter is built inside a transaction and must be fast, and because every header here comes from a
short list: nothing that arrived from outside gets into one unless it fits a strict pattern. The
result is seven-bit throughout, so that no relay has a reason to change it.

Outcomes: the bytes, or `ValueError` for an address, identifier or moment that cannot stand in a
mail.
"""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import b2a_base64, b2a_qp
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import sha256
from itertools import chain
from struct import Struct

from outbound.letters.compose import Letter, LetterAttachment, LetterPicture

#: The field that marks a mail as ours, so that it is known again when it comes back.
LOOP_MARKER = "X-ERO-Outreach"

#: How many message identifiers a References field keeps: the first, and the last ones.
MAX_REFERENCES = 20
_MAX_ID = 250
_LINE = 76
_ONE_LINE = Struct(f"{_LINE}s")
_MANY_LINES = Struct(f"{_LINE}s" * 100)

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(
    rf"(?=.{{3,254}}\Z)(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*"
)
# Wider than RFC 5322 asks, since real identifiers often are, and still without space or bracket.
_MESSAGE_ID = re.compile(r"<[!-;=?-~]+>")
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,60}")
_PLAIN = re.compile(r"[ -~]*")
_UNSAFE_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_SPECIALS = re.compile(r'(["\\])')


@dataclass(frozen=True, slots=True, kw_only=True)
class MailIdentity:
    """Who a mail is from."""

    name: str  #: shown to people; may be empty
    address: str


def find_mailable_address(address: str) -> str | None:
    """Return `address` in the form a mail can be sent to, or None when there is none.

    An international domain becomes its ASCII form (RFC 5890). A quoted or non-ASCII local part,
    which few relays take (RFC 6531), an address literal and anything with a control character
    give None.
    """
    local, _, domain = address.strip().rpartition("@")
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    found = f"{local}@{domain}"
    return found if _ADDRESS.fullmatch(found) else None


def is_message_id(text: str) -> bool:
    """Whether `text` can stand in a header as a message identifier (RFC 5322 section 3.6.4)."""
    return len(text) <= _MAX_ID and _MESSAGE_ID.fullmatch(text) is not None


def build_mail(
    letter: Letter,
    *,
    sender: MailIdentity,
    recipient: str,
    message_id: str,
    date: datetime,
    reply_to: str | None = None,
    in_reply_to: str | None = None,
    references: Sequence[str] = (),
) -> bytes:
    """Build the mail that carries `letter`, the same bytes each time, with CRLF line ends.

    `in_reply_to` and `references` come from outside: identifiers that are none are left out, and
    long threads are shortened to their first and last. With `in_reply_to` the mail is an
    automatic reply, else automatically generated (RFC 3834 section 5). Raises `ValueError` for a
    sender, recipient, `reply_to` or `message_id` that cannot stand in a header, and for a naive
    `date`.
    """
    fields = _list_fields(
        letter,
        sender=sender,
        recipient=recipient,
        message_id=message_id,
        date=date,
        reply_to=reply_to,
        in_reply_to=in_reply_to,
        references=references,
    )
    head = "\r\n".join(f"{name}: {value}" for name, value in fields)
    return b"".join([f"{head}\r\n".encode("ascii"), *_list_parts(letter, message_id)])


def _list_fields(
    letter: Letter,
    *,
    sender: MailIdentity,
    recipient: str,
    message_id: str,
    date: datetime,
    reply_to: str | None,
    in_reply_to: str | None,
    references: Sequence[str],
) -> Iterator[tuple[str, str]]:
    parent = in_reply_to if in_reply_to is not None and is_message_id(in_reply_to) else None
    yield "From", _format_identity(sender)
    yield "To", _check_address(recipient)
    if reply_to is not None:
        yield "Reply-To", _check_address(reply_to)
    yield "Subject", _format_text(letter.subject, used=len("Subject: "))
    yield "Date", _format_date(date)
    yield "Message-ID", _check_message_id(message_id)
    if parent is not None:
        yield "In-Reply-To", parent
    thread = _bound_references(references, parent)
    if thread:
        yield "References", "\r\n ".join(thread)
    yield "Auto-Submitted", "auto-generated" if in_reply_to is None else "auto-replied"
    # Exchange does not heed Auto-Submitted. "All" would also stop its reports of failed delivery,
    # which must come back; and absence notes of staff are wanted, since they route work to a
    # deputy.
    quiet = "RN, NRN" if letter.kind.is_for_staff else "OOF, AutoReply, RN, NRN"
    yield "X-Auto-Response-Suppress", quiet
    yield LOOP_MARKER, "1"
    yield "Content-Language", "en"
    yield "MIME-Version", "1.0"


def _check_address(address: str) -> str:
    if _ADDRESS.fullmatch(address) is None:
        raise ValueError("The address cannot stand in a mail; see find_mailable_address.")
    return address


def _check_message_id(message_id: str) -> str:
    if not is_message_id(message_id):
        raise ValueError("The message identifier is none (RFC 5322 section 3.6.4).")
    return message_id


def _format_date(date: datetime) -> str:
    if date.tzinfo is None:
        raise ValueError("A mail needs an aware date.")
    return format_datetime(date.astimezone(UTC))


def _format_identity(identity: MailIdentity) -> str:
    address = _check_address(identity.address)
    name = " ".join(identity.name.split())
    if not name:
        return address
    if _PLAIN.fullmatch(name) and len(name) <= 60:
        quoted = _SPECIALS.sub(r"\\\1", name)
        return f'"{quoted}" <{address}>'
    return f"{_encode_words(name, used=len('From: '))}\r\n <{address}>"


def _format_text(text: str, *, used: int) -> str:
    """Return unstructured text folded, or as encoded words when it is not plain ASCII."""
    words = " ".join(text.split())
    if _PLAIN.fullmatch(words) is None or "=?" in words or any(len(w) > 70 for w in words.split()):
        return _encode_words(words, used=used)
    lines, room = [""], _LINE - used
    for word in words.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > room:
            lines.append("")
            room = _LINE - 1
        lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return "\r\n ".join(lines)


def _encode_words(text: str, *, used: int) -> str:
    """Return `text` as base64 encoded words of at most 75 characters (RFC 2047 section 2)."""
    words: list[str] = []
    chunk, room = "", 75 - used
    for character in text:
        if len(_encode_word(chunk + character)) > room:
            words.append(_encode_word(chunk))
            chunk, room = "", 75
        chunk += character
    return "\r\n ".join([*words, _encode_word(chunk)])


def _encode_word(text: str) -> str:
    octets = text.encode("utf-8", "replace")
    return f"=?utf-8?b?{b64encode(octets).decode('ascii')}?="


def _bound_references(references: Sequence[str], parent: str | None) -> list[str]:
    wanted = [*references, *([] if parent is None else [parent])]
    # A repeat keeps its last place, so that the parent stays at the end (RFC 5322 section 3.6.4).
    thread = list(dict.fromkeys(reversed([r for r in wanted if is_message_id(r)])))[::-1]
    return thread if len(thread) <= MAX_REFERENCES else [thread[0], *thread[1 - MAX_REFERENCES :]]


def _list_parts(letter: Letter, message_id: str) -> Iterator[bytes]:
    seed = sha256(message_id.encode("utf-8")).hexdigest()[:32]
    inner, shown, outer = f"=_a{seed}", f"=_r{seed}", f"=_m{seed}"
    if letter.attachments:
        yield _open_multipart("mixed", outer)
        yield _delimit(outer)
    yield _open_multipart("alternative", inner)
    yield _delimit(inner)
    yield from _list_text("plain", letter.text)
    yield _delimit(inner)
    yield from _list_html(letter, shown)
    yield _delimit(inner, "--")
    for attachment in letter.attachments:
        yield _delimit(outer)
        yield from _list_attachment(attachment)
    if letter.attachments:
        yield _delimit(outer, "--")


def _list_html(letter: Letter, boundary: str) -> Iterator[bytes]:
    """Yield the HTML, together with the pictures it shows where there are any (RFC 2387)."""
    if not letter.pictures:
        yield from _list_text("html", letter.html)
        return
    yield _open_multipart("related", boundary, '; type="text/html"')
    yield _delimit(boundary)
    yield from _list_text("html", letter.html)
    for number, picture in enumerate(letter.pictures, 1):
        yield _delimit(boundary)
        yield from _list_picture(picture, number)
    yield _delimit(boundary, "--")


def _open_multipart(subtype: str, boundary: str, more: str = "") -> bytes:
    head = f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"{more}\r\n\r\n'
    return head.encode("ascii")


def _delimit(boundary: str, end: str = "") -> bytes:
    # A boundary that starts with "=_" can occur neither in quoted-printable nor in base64 text
    # (RFC 2045 section 6.7), and no part here has another encoding.
    return f"--{boundary}{end}\r\n".encode("ascii")


def _list_text(subtype: str, text: str) -> Iterator[bytes]:
    yield (
        f"Content-Type: text/{subtype}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    ).encode("ascii")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    octets = b2a_qp(lines.encode("utf-8", "replace") + b"\n", istext=True)
    yield octets.replace(b"\n", b"\r\n")


def _list_picture(picture: LetterPicture, number: int) -> Iterator[bytes]:
    if not is_message_id(f"<{picture.content_id}>"):
        raise ValueError("The identifier of a picture cannot stand in a header (RFC 2392).")
    yield (
        "Content-Type: image/png\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        f"Content-ID: <{picture.content_id}>\r\n"
        f'Content-Disposition: inline; filename="picture-{number}.png"\r\n\r\n'
    ).encode("ascii")
    yield _build_base64(picture.data)
    yield b"\r\n"


def _list_attachment(attachment: LetterAttachment) -> Iterator[bytes]:
    name = _UNSAFE_NAME.sub("_", attachment.name).strip("._")[-100:] or "attachment"
    declared = attachment.media_type.lower()
    media_type = declared if _MEDIA_TYPE.fullmatch(declared) else "application/octet-stream"
    yield (
        f"Content-Type: {media_type}\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: attachment; filename="{name}"\r\n\r\n'
    ).encode("ascii")
    yield _build_base64(attachment.data)
    yield b"\r\n"


def _build_base64(data: bytes) -> bytes:
    encoded = b2a_base64(data, newline=False)
    whole = len(encoded) // _LINE * _LINE
    together = whole // _MANY_LINES.size * _MANY_LINES.size
    view = memoryview(encoded)
    # A form of a hundred kilobytes has 1,900 lines: cut by the hundred they take half the time.
    lines = [*chain.from_iterable(_MANY_LINES.iter_unpack(view[:together]))]
    lines += chain.from_iterable(_ONE_LINE.iter_unpack(view[together:whole]))
    if whole < len(encoded):
        lines.append(encoded[whole:])
    return b"\r\n".join(lines)
