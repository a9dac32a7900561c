"""Raw bytes in, one `InboundMessage` out, whatever the sender made of them.

Outcomes: a message as the libraries and our own walk read it; the same without the library's help,
with the defect `library_refused`; a message of header fields only, with the defect
`structure_not_read`, when its structure is broken or costs more than the limits allow; or
`ParseError` with the code `empty_message` when there are no bytes at all. Nothing else is raised,
and no input takes more than time in proportion to its size.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from email.message import Message
from itertools import chain

import mailparser

from parsers.errors import ParseError
from parsers.mail.headers import (
    MAX_REFERENCES,
    decode_bytes,
    decode_octets,
    decode_words,
    find_addresses,
    find_date,
    find_message_id,
    find_message_ids,
    find_reverse_path,
    unfold,
)
from parsers.mail.message import Address, InboundMessage
from parsers.mail.parts import MAX_TEXT_CHARS, Parts, build_defect_code, find_parts
from parsers.mail.splitting import (
    DEFAULT_LIMITS,
    MailLimits,
    SplitMail,
    TooCostlyError,
    find_fields,
    split_header,
    split_mail,
)

# The library writes header values and file names into its log, and those are personal data.
logging.getLogger("mailparser").addHandler(logging.NullHandler())
logging.getLogger("mailparser").propagate = False


_MINIMAL_FIELDS = 500
_RECIPIENTS = ("to", "cc", "delivered-to", "x-original-to")
#: RFC 5322 section 3.6 allows one of each: the first counts, the rest is a defect.
_ONCE = {
    "from": "duplicate_from",
    "subject": "duplicate_subject",
    "message-id": "duplicate_message_id",
    "date": "duplicate_date",
    "content-type": "duplicate_content_type",
}
_WANTED = {"from": "no_from", "message-id": "no_message_id", "date": "no_date"}

Fields = tuple[tuple[str, str], ...]


def parse_message(raw: bytes, *, limits: MailLimits = DEFAULT_LIMITS) -> InboundMessage:
    """Read a mail (RFC 5322, 2045-2049); raise `ParseError` `empty_message` only for no bytes."""
    if not raw.strip():
        raise ParseError("empty_message", "The message is empty: there is nothing to read.")
    try:
        split = split_mail(raw, limits)
        parts = find_parts(split.message, max_depth=limits.depth)
        return _build(split, parts)
    except TooCostlyError as costly:
        return _parse_minimal(raw, costly.code)
    except Exception:  # noqa: BLE001  whatever a stranger's bytes do to three libraries
        return _parse_minimal(raw, "unreadable_structure")


def _build(split: SplitMail, parts: Parts) -> InboundMessage:
    message = split.message
    fields = tuple((decode_octets(name), unfold(str(raw))) for name, raw in message.raw_items())
    report_type = message.get_param("report-type")
    slow = split.names_slow_codec or parts.names_slow_codec
    date, library_defects = (None, ["slow_codec"]) if slow else _ask_library(message)
    return _build_from_fields(
        fields,
        parts,
        date=date,
        defects=[*split.defects, *parts.defects, *library_defects],
        content_type=message.get_content_type(),
        report_type=report_type.lower() if isinstance(report_type, str) else "",
    )


def _ask_library(message: Message) -> tuple[datetime | None, list[str]]:
    """Return the date and the defects mail-parser finds, or that it gave up on the message."""
    try:
        parsed = mailparser.MailParser(message)
        date = parsed.date
        if not isinstance(date, datetime) or date.tzinfo is None:
            date = None
        return date, sorted(build_defect_code(name) for name in parsed.defects_categories)
    except Exception:  # noqa: BLE001  it raises anything on real mail; what we need is ours already
        return None, ["library_refused"]


def _build_from_fields(
    fields: Fields,
    parts: Parts,
    *,
    date: datetime | None,
    defects: list[str],
    content_type: str,
    report_type: str,
) -> InboundMessage:
    by_name: dict[str, list[str]] = {}
    for name, value in fields:
        by_name.setdefault(name.lower(), []).append(value)
    authors, understood = _all_addresses(by_name.get("from", []))
    defects.extend(_field_defects(by_name))
    if not understood:
        defects.append("ambiguous_from")
    recipients = [find_addresses(v)[0] for name in _RECIPIENTS for v in by_name.get(name, [])]
    first = {name: values[0] for name, values in by_name.items()}
    return InboundMessage(
        fields=fields,
        message_id=find_message_id(first.get("message-id", "")),
        authors=authors,
        reply_to=_all_addresses(by_name.get("reply-to", []))[0],
        recipients=_without_repeats(chain.from_iterable(recipients)),
        reverse_path=find_reverse_path(first.get("return-path")),
        subject=decode_words(first.get("subject", "")),
        date=date or find_date(first.get("date")),
        in_reply_to=find_message_ids(first.get("in-reply-to", "")),
        references=find_message_ids(first.get("references", ""))[-MAX_REFERENCES:],
        content_type=content_type,
        report_type=report_type,
        text=parts.text,
        html=parts.html,
        attachments=tuple(parts.attachments),
        attached_messages=tuple(parts.attached_messages),
        defects=tuple(dict.fromkeys(defects)),
    )


def _all_addresses(values: Sequence[str]) -> tuple[tuple[Address, ...], bool]:
    """Return the mailboxes of every field, repeats kept, and whether all were understood."""
    read = [find_addresses(value) for value in values]
    return tuple(a for found, _ in read for a in found), all(understood for _, understood in read)


def _without_repeats(addresses: Iterable[Address]) -> tuple[Address, ...]:
    return tuple({a.address.lower(): a for a in reversed([*addresses])}.values())[::-1]


def _field_defects(by_name: dict[str, list[str]]) -> list[str]:
    repeated = [code for name, code in _ONCE.items() if len(by_name.get(name, [])) > 1]
    return repeated + [code for name, code in _WANTED.items() if name not in by_name]


def _parse_minimal(raw: bytes, code: str) -> InboundMessage:
    """Return what the header says, and a body only where it is plain text and nothing else."""
    fields = tuple((name, unfold(value)) for name, value in find_fields(raw)[:_MINIMAL_FIELDS])
    declared = next((v for n, v in fields if n.lower() == "content-type"), "text/plain")
    content_type = declared.partition(";")[0].strip().lower()
    parts = Parts()
    if content_type == "text/plain":
        parts.text = decode_bytes(split_header(raw)[1][:MAX_TEXT_CHARS], "utf-8")[0].replace(
            "\r\n", "\n"
        )
    return _build_from_fields(
        fields,
        parts,
        date=None,
        defects=["structure_not_read", code],
        content_type=content_type,
        report_type="",
    )
