"""The header of a mail as it stands in its bytes, for when the mail is not to be taken apart.

Nothing here interprets what a stranger wrote beyond finding where fields begin; nothing raises, and
the cost is linear in a bounded part of the mail. Outcomes: the one id of its Message-ID field or
None; the fields in their order, as printable ASCII.
"""

from __future__ import annotations

import re

from parsers.mail.headers import find_message_id, unfold

#: What is looked at; a longer header has the rest of it passed over.
_HEADER_BYTES = 200_000
_HEADER_END = re.compile(rb"\r?\n\r?\n|\r\r")
_MESSAGE_ID = re.compile(
    rb"(?:^|(?<=[\r\n]))message-id[ \t]*:((?:[^\r\n]|\r?\n[ \t])*)", re.IGNORECASE
)
_FIELD = re.compile(rb"([!-9;-~]{1,100})[ \t]*:[ \t]*(.*)", re.DOTALL)
_LINE_END = re.compile(rb"\r?\n(?![ \t])|\r(?![\n \t])")


def find_raw_message_id(raw: bytes) -> str | None:
    """Return the id of the first Message-ID field (RFC 5322 section 3.6.4), or None."""
    found = _MESSAGE_ID.search(_cut_header(raw))
    return None if found is None else find_message_id(unfold(found[1].decode("latin-1")))


def list_raw_fields(raw: bytes, *, most: int, longest: int) -> tuple[tuple[str, str], ...]:
    """Return up to `most` fields, name and body, each body of at most `longest` octets.

    Every octet that is not printable ASCII stands as an escape, encoded words are left as they are,
    and a line that is no field has an empty name.
    """
    lines = [line for line in _LINE_END.split(_cut_header(raw)) if line.strip()]
    return tuple(_describe(line, longest) for line in lines[:most])


def _cut_header(raw: bytes) -> bytes:
    head = raw[:_HEADER_BYTES].lstrip(b"\r\n")
    end = _HEADER_END.search(head)
    return head if end is None else head[: end.start()]


def _describe(line: bytes, longest: int) -> tuple[str, str]:
    field = _FIELD.fullmatch(line)
    name, body = ("", line) if field is None else (field[1].decode("ascii"), field[2])
    body = re.sub(rb"[\r\n]+[ \t]*", b" ", body).strip(b" \t")
    shown = "".join(chr(b) if 32 <= b < 127 else f"\\x{b:02x}" for b in body[:longest])
    return name, shown if len(body) <= longest else f"{shown}…"
