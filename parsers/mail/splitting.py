"""Raw bytes into a tree of MIME parts, at a cost that is bounded before it is paid.

The standard library's tolerant parser does the work; a policy of ours counts what it is shown and
stops it. Outcomes: a `SplitMail`, where needed with its header or its boundary mended and a defect
saying so; or `TooCostlyError` with the limit that would be passed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.errors import MissingHeaderBodySeparatorDefect
from email.feedparser import BytesFeedParser
from email.message import Message
from email.policy import Compat32, compat32
from typing import Any

#: Long runs of full lines of base64. Possessive and bound to line starts, so linear in any input.
_BASE64_LINES = re.compile(rb"^(?:[A-Za-z0-9+/]{40,200}+\r?\n){32,}+", re.MULTILINE)
_SHELF_MARK = b"\x00shelf-"
_SHELF_NAME = re.compile(r"\x00shelf-([0-9]{1,6})\r?\n?")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailLimits:
    """What a mail may cost before it is kept for a person instead of being taken apart."""

    header_fields: int = 2_000  #: of the message and all its parts
    field_chars: int = 100_000  #: of one field; the rest is cut off
    mime_field_chars: int = 4_000  #: of Content-Type and its kin, which cost quadratic time
    parts: int = 1_000  #: containers included
    depth: int = 30  #: of containers in containers
    line_checks: int = 6_000_000  #: lines times containers open around them, at most


DEFAULT_LIMITS = MailLimits()

_CHUNK = 1 << 16
#: Codecs of quadratic cost; the libraries would run them on whatever a header names.
_SLOW_WORDS = re.compile(r"=\?(?:punycode|idna)[?*]", re.IGNORECASE)
_FIELD = re.compile(rb"^([!-9;-~]{1,100}):(.*(?:\n[ \t].*)*)", re.MULTILINE)
_MULTIPART_FIELD = re.compile(rb"^content-type:\s*multipart/", re.IGNORECASE | re.MULTILINE)
_FIRST_BOUNDARY = re.compile(rb"^--([^\r\n\"\\]{1,70}?)[ \t]*\r?$", re.MULTILINE)
_HEADER_END = re.compile(rb"\r?\n\r?\n|\r\r")
_MAX_HEADER_BYTES = 200_000
_EMPTY_LINE = re.compile(rb"\n\r?\n")


class TooCostlyError(Exception):
    """Taking the mail apart would pass a limit; `code` says which."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True, kw_only=True)
class _Budget:
    """What has been spent on one mail so far."""

    limits: MailLimits
    lines: int
    fields: int = 0
    parts: int = 0
    containers: int = 0
    slow_codec: bool = False
    defects: list[str] = field(default_factory=list)

    def count_part(self, policy: Any = None) -> Message:  # noqa: ARG002  the library passes its own
        self.parts += 1
        if self.parts > self.limits.parts:
            raise TooCostlyError("too_many_parts")
        return Message(policy=compat32)

    def count_field(self, name: str, value: str) -> str:
        self.fields += 1
        if self.fields > self.limits.header_fields:
            raise TooCostlyError("too_many_header_fields")
        lowered = name.lower()
        is_mime = lowered.startswith("content-")
        limit = self.limits.mime_field_chars if is_mime else self.limits.field_chars
        if len(value) > limit:
            self.defects.append("header_field_shortened")
            value = value[:limit]
        if is_mime and "multipart/" in value.lower():
            self._count_container()
        if "=?" in value and _SLOW_WORDS.search(value):
            self.slow_codec = True
        return value

    def _count_container(self) -> None:
        # Every line is held against the boundary of every open container.
        self.containers += 1
        if self.lines * self.containers > self.limits.line_checks:
            raise TooCostlyError("too_costly_structure")


class _CountingPolicy(Compat32):
    """The tolerant standard policy, which counts every field and part it is shown."""

    budget: _Budget | None = None

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value if self.budget is None else self.budget.count_field(name, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitMail:
    """A mail taken apart."""

    message: Message
    defects: tuple[str, ...]  #: what was mended or cut
    names_slow_codec: bool  #: its header names a charset whose decoder takes quadratic time


def split_mail(raw: bytes, limits: MailLimits) -> SplitMail:
    """Split a mail into its parts; raise `TooCostlyError` where a limit would be passed."""
    budget = _Budget(limits=limits, lines=max(raw.count(b"\n"), raw.count(b"\r")))
    if budget.lines > limits.line_checks:
        raise TooCostlyError("too_costly_structure")
    if _has_bare_break(raw):
        budget.defects.append("bare_line_break")
    message = _feed(raw, budget)
    if any(isinstance(defect, MissingHeaderBodySeparatorDefect) for defect in message.defects):
        message = _split_without_stray_lines(raw, budget) or message
    if message.get_content_maintype() == "multipart" and not message.is_multipart():
        _split_by_guess(message, raw, budget)
    return SplitMail(
        message=message, defects=tuple(budget.defects), names_slow_codec=budget.slow_codec
    )


def _has_bare_break(raw: bytes) -> bool:
    """Whether a line of the header ends as only some programs take for an end.

    A lone CR, or a lone LF among CRLFs, hides what follows it from a program that looks for CRLF.
    """
    end = _EMPTY_LINE.search(raw, 0, _MAX_HEADER_BYTES)
    header = raw[: _MAX_HEADER_BYTES if end is None else end.start() + 1]
    whole = header.count(b"\r\n")
    return header.count(b"\r") != whole or (whole > 0 and header.count(b"\n") != whole)


def find_fields(raw: bytes) -> list[tuple[str, str]]:
    """Return the fields of a header block, still folded, octets outside ASCII as surrogates."""
    return [
        (match[1].decode("ascii"), match[2].decode("ascii", "surrogateescape"))
        for match in _FIELD.finditer(split_header(raw)[0])
    ]


def split_header(raw: bytes) -> tuple[bytes, bytes]:
    """Return header block and body, divided at the first empty line."""
    end = _HEADER_END.search(raw, 0, _MAX_HEADER_BYTES)
    if end is None:
        return raw[:_MAX_HEADER_BYTES], b""
    return raw[: end.start()], raw[end.end() :]


def _split_without_stray_lines(raw: bytes, budget: _Budget) -> Message | None:
    """Split again without the line that ended the header early, if containers come after it."""
    header, body = split_header(raw)
    if not _MULTIPART_FIELD.search(header):
        return None
    budget.defects.append("stray_header_line")
    fields = b"".join(match[0].rstrip(b"\r") + b"\r\n" for match in _FIELD.finditer(header))
    return _feed(fields + b"\r\n" + body, budget)


def _split_by_guess(message: Message, raw: bytes, budget: _Budget) -> None:
    """Split a container whose header names no boundary, or a wrong one, at the first it shows."""
    body = split_header(raw)[1]
    boundary = _FIRST_BOUNDARY.search(body, 0, _CHUNK)
    if boundary is None:
        return
    header = b'Content-Type: multipart/mixed; boundary="%s"\r\n\r\n' % boundary[1]
    guessed = _feed(header + body, budget)
    if guessed.is_multipart():
        budget.defects.append("guessed_boundary")
        message.set_payload(guessed.get_payload())


def _feed(raw: bytes, budget: _Budget) -> Message:
    policy = _CountingPolicy(
        message_factory=budget.count_part,
        budget=budget,  # type: ignore[call-arg]  # Policies take their class attributes by keyword.
    )
    thin, shelf = _shelve(raw)
    parser: BytesFeedParser[Message] = BytesFeedParser(policy=policy)
    for start in range(0, len(thin), _CHUNK):
        parser.feed(thin[start : start + _CHUNK])
    message = parser.close()
    if shelf:
        _unshelve(message, shelf)
    return message


def _shelve(raw: bytes) -> tuple[bytes, list[str]]:
    """Put long runs of base64 lines aside, each replaced by one line that names its place.

    Nothing but base64 stands in them, so no boundary and no field can; the library would look for
    both in every line, which costs more than all the rest of reading a mail with a document.
    """
    if _SHELF_MARK in raw:
        return raw, []
    shelf: list[str] = []

    def put(match: re.Match[bytes]) -> bytes:
        shelf.append(match[0].decode("ascii"))
        return b"%s%d\n" % (_SHELF_MARK, len(shelf) - 1)

    return _BASE64_LINES.sub(put, raw), shelf


def _unshelve(message: Message, shelf: list[str]) -> None:
    """Put the runs back where they stood."""
    for part in message.walk():
        payload = part.get_payload()
        if isinstance(payload, str) and _SHELF_NAME.search(payload):
            part.set_payload(_SHELF_NAME.sub(lambda match: shelf[int(match[1])], payload))
