"""Header fields as safe text: unfolding, decoding, addresses, message ids and file names.

Every function takes what a stranger wrote and returns a value that is safe to keep, compare and
print: on one line, without control or bidirectional formatting characters. None of them raises;
what could not be understood is left out, and the caller records it as a defect.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import parsedate_to_datetime

from mailparser.utils import get_addresses

from parsers.mail.message import Address

#: Subjects and display names longer than this are cut: no person reads further.
MAX_WORDS_CHARS = 1000
#: Longer address fields are cut, and count as not understood.
MAX_ADDRESS_FIELD_CHARS = 20_000
#: At most this many message ids are kept of a References field; the last are the nearest.
MAX_REFERENCES = 100
#: Longer file names are cut in the middle of their stem.
MAX_NAME_CHARS = 120

#: Codecs whose decoders take quadratic time: a hostile charset parameter must not reach them.
SLOW_CHARSETS = frozenset({"punycode", "idna"})

_FOLD = re.compile(r"[\r\n]+[ \t]*")
_SPACES = re.compile(r"\s+")
_RESERVED_IN_NAMES = re.compile(r'[<>:"|?*]')
#: Printable ASCII but for what would break out of the brackets or of a quoted string, with an `@`.
_MESSAGE_ID = re.compile(r"<[!#-;=?A-\[\]-~]{1,120}@[!#-;=?A-\[\]-~]{1,250}>")
_BARE_MESSAGE_ID = re.compile(r"[!#-;=?-\[\]-~]{1,248}")
_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"({_ATEXT}(?:\.{_ATEXT})*)@({_LABEL}(?:\.{_LABEL})*)")


def clean_line(text: str) -> str:
    """Return the text on one line: folds and spaces become one space, unsafe characters go."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    kept = "".join(c if _is_safe(c) else " " if c in "\t\r\n\v\f" else "" for c in text)
    return _SPACES.sub(" ", kept).strip()


def _is_safe(char: str) -> bool:
    # Cc are controls, Cf formatting such as the bidirectional overrides, Cs lone surrogates;
    # Zl and Zp are line breaks to some programs. Joiners stay: words of several scripts need them.
    category = unicodedata.category(char)
    if category == "Cf":
        return char in "\u200c\u200d"
    return category not in {"Cc", "Cs", "Zl", "Zp"}


def decode_octets(text: str) -> str:
    """Return header text whose raw octets were smuggled as surrogates, read as UTF-8."""
    if text.isascii():
        return text
    try:
        octets = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # A codec fabricated surrogates that stand for no octet.
        octets = text.encode("utf-8", "replace")
    return octets.decode("utf-8", "replace")


def unfold(raw_value: str) -> str:
    """Return a field body on one line (RFC 5322 section 2.2.3), still encoded.

    A control character becomes a visible replacement sign, never a space: what it broke stays so.
    """
    value = raw_value
    if "\n" in value or "\r" in value:
        value = _FOLD.sub(" ", value)
    if value.isascii() and value.isprintable():
        return value.strip(" ")
    value = decode_octets(value.replace("\t", " "))
    return "".join("\ufffd" if unicodedata.category(c) == "Cc" else c for c in value).strip(" ")


def decode_words(value: str) -> str:
    """Return unstructured text with its encoded words decoded (RFC 2047), cleaned and bounded."""
    value = value[: MAX_WORDS_CHARS * 4]
    if "=?" not in value:
        return clean_line(value)[:MAX_WORDS_CHARS]
    try:
        chunks = decode_header(value)
    except (HeaderParseError, ValueError):
        return clean_line(value)[:MAX_WORDS_CHARS]
    decoded = "".join(
        chunk if isinstance(chunk, str) else decode_bytes(chunk, charset or "utf-8")[0]
        for chunk, charset in chunks
    )
    return clean_line(decoded)[:MAX_WORDS_CHARS]


def decode_bytes(data: bytes, charset: str) -> tuple[str, str | None]:
    """Decode with the charset a stranger named; return the text and a defect code or None.

    Bytes that do not fit are tried as UTF-8, then replaced, never refused; so is a NUL, which no
    text has and not every store keeps.
    """
    text, defect = _decode(data, charset.strip().lower().partition("*")[0][:40])
    return text.replace("\0", "\ufffd"), defect


def _decode(data: bytes, name: str) -> tuple[str, str | None]:
    if name in SLOW_CHARSETS:
        return data.decode("utf-8", "replace"), "unknown_charset"
    try:
        text = data.decode(name or "utf-8")
        text.encode("utf-8")  # Some codecs fabricate lone surrogates, which no store accepts.
    except UnicodeError:
        return _decode_doubtful(data, name), "undecodable_text"
    except (LookupError, ValueError):
        return data.decode("utf-8", "replace"), "unknown_charset"
    return text, None


def _decode_doubtful(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        # Eight-bit text that claims to be ASCII is Windows text far more often than anything else.
        fallback = "windows-1252" if name in {"", "us-ascii", "ascii"} else "utf-8"
        return data.decode(fallback, "replace")


def find_address(text: str) -> str | None:
    """Return an addr-spec (RFC 5321 section 4.1.2, dot-strings and host names only) or None.

    Quoted local parts, address literals, comments and anything outside ASCII are refused: what is
    left can be compared, printed and put into an SMTP command as it stands. The domain is lowered.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None or len(match[1]) > 64 or len(match[2]) > 253:
        return None
    return f"{match[1]}@{match[2].lower()}"


def find_addresses(value: str) -> tuple[tuple[Address, ...], bool]:
    """Return the mailboxes of an address field (unfolded) and whether all of it was understood."""
    defects: list[dict[str, object]] = []
    understood = len(value) <= MAX_ADDRESS_FIELD_CHARS
    try:
        # Bounded, because display names may name a codec that takes quadratic time.
        value = value[:MAX_ADDRESS_FIELD_CHARS]
        pairs: Iterable[tuple[str, str]] = get_addresses(value, defects=defects, decode_names=True)
    except (ValueError, TypeError, LookupError, HeaderParseError, RecursionError):
        return (), False
    found: list[Address] = []
    understood = understood and all(defect.get("recovered") for defect in defects)
    for name, spec in pairs:
        address = find_address(spec)
        if address is not None:
            found.append(Address(address=address, display_name=_clean_display_name(name, spec)))
        elif spec or name:
            understood = False
    return tuple(found), understood


def _clean_display_name(name: str, spec: str) -> str:
    cleaned = clean_line(decode_octets(name))[:MAX_WORDS_CHARS]
    return "" if cleaned == spec else cleaned


def find_message_ids(value: str) -> tuple[str, ...]:
    """Return the message ids of a field, with angle brackets, in order (RFC 5322, 3.6.4)."""
    return tuple(_MESSAGE_ID.findall(value))


def find_message_id(value: str) -> str | None:
    """Return the one id of a Message-ID field, brackets added where the sender forgot them."""
    ids = _MESSAGE_ID.findall(value)
    if ids:
        return str(ids[0])
    bare = value.strip()
    return f"<{bare}>" if "@" in bare and _BARE_MESSAGE_ID.fullmatch(bare) else None


def find_reverse_path(value: str | None) -> str | None:
    """Return the address of a Return-Path field, "" for the null path, None when it has none."""
    if value is None:
        return None
    inner = value.strip()
    if inner.startswith("<") and inner.endswith(">"):
        inner = inner[1:-1].strip()
        if not inner:
            return ""
    return find_address(inner)


def find_date(value: str | None) -> datetime | None:
    """Return the aware date of a Date field, or None."""
    if value is None:
        return None
    try:
        date = parsedate_to_datetime(value[:200])
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def build_safe_name(name: str) -> str:
    """Return a base name without path, control characters or reserved signs; may be empty."""
    base = clean_line(decode_words(decode_octets(name)).replace("\\", "/")).rpartition("/")[2]
    base = unicodedata.normalize("NFC", _RESERVED_IN_NAMES.sub("_", base)).strip(" .")
    if len(base) <= MAX_NAME_CHARS:
        return base
    stem, dot, extension = base.rpartition(".")
    if not dot or len(extension) > 10:
        return base[:MAX_NAME_CHARS]
    return f"{stem[: MAX_NAME_CHARS - len(extension) - 1]}.{extension}"
