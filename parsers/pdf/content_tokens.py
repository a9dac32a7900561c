"""A content stream as tokens (ISO 32000-2, 7.8.2), for streams that hold nothing but plain text.

Nested brackets, dictionaries, comments and pictures within the stream come out as single characters
that are no operator, so that whoever follows the stream gives it up.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    rb"\((?:[^()\\]|\\.)*\)|<[0-9A-Fa-f\s]*>|/[^\s()<>\[\]{}/%]*|[-+.0-9]+|[A-Za-z'\"][A-Za-z0-9*]*"
    rb"|[\[\]]|[^\s]",
    re.DOTALL,
)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|\r\n|.)", re.DOTALL)
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_LINE_ENDS = (b"\n", b"\r", b"\r\n")

#: The first bytes of tokens that are operands; every other token is an operator.
OPERAND_STARTS = frozenset(b"(</[]-+.0123456789")


def list_tokens(content: bytes) -> list[bytes]:
    """Return the tokens of a content stream."""
    return _TOKEN.findall(content)


def decode_string(token: bytes) -> bytes:
    """Return the bytes of a literal or hexadecimal string (ISO 32000-2, 7.3.4).

    Raises `ValueError` for any other token.
    """
    inner = token[1:-1]
    if token[:1] == b"<":
        digits = b"".join(inner.split())
        return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))
    if token[:1] != b"(":
        raise ValueError
    return _ESCAPE.sub(_unescape, inner) if b"\\" in inner else inner


def _unescape(found: re.Match[bytes]) -> bytes:
    escaped = found.group(1)
    if escaped.isdigit():
        return bytes([int(escaped, 8) & 0xFF]) if escaped[0] < ord("8") else escaped
    return b"" if escaped in _LINE_ENDS else _ESCAPED.get(escaped, escaped)
