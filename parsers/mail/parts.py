"""The leaves of a MIME tree, sorted into body, attachments and attached messages.

A walk of our own over a message the standard library has split. Every leaf ends as exactly one of:
the plain body, the HTML body, an attachment, an attached message, or nothing at all when it is
blank text. What lies inside an attached message or an attached container is never body text.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.errors import MessageError
from email.generator import BytesGenerator
from email.message import Message
from email.policy import compat32
from io import BytesIO

from parsers.mail.flowed import join_flowed
from parsers.mail.headers import SLOW_CHARSETS, build_safe_name, decode_bytes
from parsers.mail.message import Attachment

#: Longer bodies are cut: a person writes less, and everything downstream reads all of it.
MAX_TEXT_CHARS = 1_000_000
_MESSAGE_TYPES = frozenset({"message/rfc822", "message/global", "message/news"})
_TEXT_TYPES = frozenset({"text/plain", "text/html"})
#: Base64 in lines of any usual length decodes to at least this share of its wire form.
_LEAST_BASE64_YIELD = 0.6
#: Larger leaves are emptied once they are decoded, so that nobody keeps or decodes them twice.
_LARGE_LEAF_CHARS = 16_384
_UUENCODED = re.compile(
    r"^begin [0-7]{3,4} (?P<name>[^\n]{1,200})\n(?P<lines>(?:[ -`]{1,90}\n)+?)(?:`?\n)?end[ ]*$",
    re.MULTILINE,
)


@dataclass(slots=True, kw_only=True)
class Parts:
    """What a walk found; filled while walking, read once."""

    text: str | None = None
    html: str | None = None
    attachments: list[Attachment] = field(default_factory=list)
    attached_messages: list[bytes] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    names_slow_codec: bool = False  #: a charset whose decoder takes quadratic time is named


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leaf:
    """A part without children of its own, with what its surroundings say about it."""

    part: Message
    content_type: str
    name: str
    attached: bool  #: it or a container around it is meant as a file, not as text to read
    shown: bool  #: it says that it is inline, or neither that nor a name of its own


def find_parts(message: Message, *, max_depth: int) -> Parts:
    """Sort the leaves of a message; `max_depth` bounds the nesting of containers."""
    parts = Parts()
    named_text: Attachment | None = None
    for leaf in _walk(message, parts, max_depth):
        if leaf.content_type in _MESSAGE_TYPES:
            parts.attached_messages.append(_attached_message(leaf.part, parts))
            continue
        data = _decode_leaf(leaf.part, parts)
        if _is_body_text(leaf, data):
            _take_text(leaf, data, parts)
            continue
        attachment = Attachment(
            name=leaf.name,
            declared_type=leaf.content_type,
            data=data,
            content_id=_content_id(leaf.part),
            is_inline=leaf.shown,
        )
        parts.attachments.append(attachment)
        if named_text is None and leaf.content_type == "text/plain" and not leaf.attached:
            named_text = attachment
    if parts.text is None and parts.html is None and named_text is not None:
        # Some senders name the body itself ("body.txt") and mark it inline: better read than lost.
        parts.attachments.remove(named_text)
        parts.text = _decode_text(named_text.data, "utf-8", parts)
    _take_uuencoded(parts)
    return parts


def _walk(message: Message, parts: Parts, max_depth: int) -> Iterator[_Leaf]:
    stack: list[tuple[Message, int, bool]] = [(message, 0, False)]
    while stack:
        part, depth, attached = stack.pop()
        parts.defects.extend(build_defect_code(type(defect).__name__) for defect in part.defects)
        content_type = part.get_content_type()
        children = _children(part)
        disposition = _disposition(part)
        name = _file_name(part, parts)
        attached = attached or disposition not in ("", "inline")
        parts.names_slow_codec |= _charset(part) in SLOW_CHARSETS
        if not content_type.startswith("multipart/") or not children:
            if content_type.startswith("multipart/"):
                content_type = "text/plain"  # No boundary was found: what is there is one text.
            shown = not attached and (disposition == "inline" or not name)
            yield _Leaf(
                part=part, content_type=content_type, name=name, attached=attached, shown=shown
            )
        elif depth >= max_depth:
            parts.defects.append("nested_too_deeply")
        else:
            attached = attached or bool(name)
            stack.extend((child, depth + 1, attached) for child in reversed(children))


def _children(part: Message) -> list[Message]:
    if not part.is_multipart():
        return []
    return [child for child in part.get_payload() if isinstance(child, Message)]


def _disposition(part: Message) -> str:
    try:
        return (part.get_content_disposition() or "").strip()
    except (ValueError, TypeError, LookupError, AttributeError):
        return "attachment"


def _content_id(part: Message) -> str:
    return str(part.get("Content-ID", "")).strip().strip("<>")


def _file_name(part: Message, parts: Parts) -> str:
    try:
        return build_safe_name(part.get_filename() or "")
    except (ValueError, TypeError, LookupError, AttributeError):
        # A parameter in RFC 2231 form may name any codec, and some of them raise.
        parts.defects.append("unreadable_file_name")
        return ""


def build_defect_code(class_name: str) -> str:
    """Return `NoBoundaryInMultipartDefect` as `no_boundary_in_multipart`."""
    stem = class_name.removesuffix("Defect")
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", stem).lower()


def _attached_message(part: Message, parts: Parts) -> bytes:
    """Return the bytes of a message/rfc822 part as near to what arrived as the library allows."""
    children = _children(part)
    if not children:
        return _decode_leaf(part, parts)
    child = children[0]
    if _encoding(part) in {"base64", "quoted-printable"} and not child.keys():
        # RFC 2046 forbids this encoding here, but senders use it; the library then took the encoded
        # text for the message itself.
        child["Content-Transfer-Encoding"] = _encoding(part)
        return _decode_leaf(child, parts)
    return _flatten(child, parts)


def _flatten(message: Message, parts: Parts) -> bytes:
    buffer = BytesIO()
    try:
        BytesGenerator(
            buffer, mangle_from_=False, maxheaderlen=0, policy=compat32.clone(max_line_length=None)
        ).flatten(message)
    except (MessageError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        parts.defects.append("unreadable_attached_message")
    return buffer.getvalue()


def _encoding(part: Message) -> str:
    return str(part.get("Content-Transfer-Encoding", "")).strip().lower()


def _decode_leaf(part: Message, parts: Parts) -> bytes:
    children = _children(part)
    if children:
        # The library splits delivery reports and their kin: put them together again.
        return b"\n".join(_flatten(child, parts) for child in children)
    try:
        # Asked for its text, the library applies the charset; asked for its bytes, it does not.
        wire = part.get_payload() if _is_base64(part) else None
        data = part.get_payload(decode=True) if wire is None else _decode_base64(wire, parts)
    except (ValueError, TypeError, LookupError, AttributeError):
        parts.defects.append("undecodable_part")
        return b""
    if not isinstance(data, bytes):
        return b""
    if len(data) > _LARGE_LEAF_CHARS and part.get_content_type() not in _TEXT_TYPES:
        part.set_payload("")
    return data


def _is_base64(part: Message) -> bool:
    return _encoding(part) == "base64" and _charset(part) not in SLOW_CHARSETS


def _decode_base64(payload: object, parts: Parts) -> bytes:
    """Decode in one copy; what is broken yields what comes before the break, and a defect."""
    if not isinstance(payload, str):
        return b""
    try:
        data = binascii.a2b_base64(payload)
    except ValueError:
        # Not a whole number of groups, or letters outside ASCII: keep every whole group.
        parts.defects.append("broken_base64")
        letters = re.sub(r"[^A-Za-z0-9+/]", "", payload.partition("=")[0])
        return binascii.a2b_base64(letters[: len(letters) // 4 * 4])
    if len(data) + 8 < len(payload) * _LEAST_BASE64_YIELD:
        parts.defects.append("broken_base64")
    return data


def _is_body_text(leaf: _Leaf, data: bytes) -> bool:
    if leaf.content_type not in _TEXT_TYPES or leaf.attached or leaf.name:
        return False
    return not data[:64].lstrip().startswith(b"%PDF-")


def _take_text(leaf: _Leaf, data: bytes, parts: Parts) -> None:
    if not data.strip():
        return
    is_html = leaf.content_type == "text/html"
    if (parts.html if is_html else parts.text) is not None:
        # A second text part is a footer, or what follows an attachment: kept, but not the body.
        parts.attachments.append(Attachment(name="", declared_type=leaf.content_type, data=data))
        return
    text = _decode_text(data, _charset(leaf.part), parts)
    if is_html:
        parts.html = text
    else:
        parts.text = join_flowed(text) if _is_broken_within_words(leaf.part) else text


def _is_broken_within_words(part: Message) -> bool:
    try:
        return [str(part.get_param(name, "")).lower() for name in ("format", "delsp")] == [
            "flowed",
            "yes",
        ]
    except (ValueError, TypeError, LookupError, AttributeError):
        return False


def _charset(part: Message) -> str:
    try:
        return str(part.get_content_charset() or "us-ascii")
    except (ValueError, TypeError, LookupError, AttributeError):
        return "unreadable"


def _decode_text(data: bytes, charset: str, parts: Parts) -> str:
    text, defect = decode_bytes(data[: MAX_TEXT_CHARS * 4], charset)
    if defect is not None and not (charset == "us-ascii" and _is_utf8(data)):
        parts.defects.append(defect)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > MAX_TEXT_CHARS:
        parts.defects.append("text_shortened")
    return text[:MAX_TEXT_CHARS]


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _take_uuencoded(parts: Parts) -> None:
    """Move files that stand uuencoded in the plain body to the attachments."""
    if parts.text is None or "begin " not in parts.text or "\nend" not in parts.text:
        return
    for match in _UUENCODED.finditer(parts.text):
        name = build_safe_name(match["name"])
        data = b"".join(_decode_uu_line(line) for line in match["lines"].splitlines())
        parts.attachments.append(
            Attachment(name=name, declared_type="application/octet-stream", data=data)
        )
    parts.text = _UUENCODED.sub("", parts.text)


def _decode_uu_line(line: str) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except ValueError:
        return b""
