"""What a delivery report says: which letter came back or arrived, for whom, and why.

The standard form first (RFC 3464), then a field and formats that are older than it, which a library
knows. Outcomes: a `ReturnedLetter` with what could be read of it, which may be nothing at all. It
is only what a stranger wrote: whether a letter of ours is meant, the caller knows.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes
from enum import StrEnum

from flufl.bounce import all_failures

from parsers.mail.headers import find_address, find_message_ids, unfold
from parsers.mail.message import InboundMessage
from parsers.mail.splitting import find_fields

# The library writes what it stumbles over into its log.
logging.getLogger("flufl.bounce").addHandler(logging.NullHandler())
logging.getLogger("flufl.bounce").propagate = False

_STATUS_PARTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_HEADER_PARTS = frozenset(
    {
        "text/rfc822-headers",
        "text/rfc822-header",
        "message/rfc822-headers",
        "message/global-headers",
    }
)
#: More is no delivery report of one letter.
_MOST_RECIPIENTS = 100
_MOST_IDS = 20
#: What the library is given of a mail: reports begin with what matters.
_LIBRARY_BYTES = 65_536
_TEXT_CHARS = 100_000
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_ADDRESS = re.compile(r"[^\s<>;,:\"()\[\]]{1,64}@[^\s<>;,:\"()\[\]]{1,255}")
_BLANK_LINES = re.compile(rb"\r?\n[ \t]*\r?\n")
#: A returned field as it stands in a text, quoted or indented.
_ID_LINE = re.compile(
    r"^[>|\s]{0,20}(?:X-Original-)?Message-?ID[ \t]{0,9}:\s{0,80}(<[^<>\s]{3,370}>)",
    re.IGNORECASE | re.MULTILINE,
)
#: A permanent reply code (RFC 5321 section 4.2.1) as systems quote it.
_REFUSED = re.compile(
    r"(?<![\d.:-])55\d[ -][^\s\d]|(?<![\d.])55\d[ -]5\.\d{1,3}\.\d{1,3}"
    r"|\b(?:smtp|error|code|c[oó]digo|said|dijo)\b[^\d\n]{0,20}(?<!\d)5[0-7]\d(?!\d)",
    re.IGNORECASE,
)
_STILL_TRYING = re.compile(
    r"\bdelay|\bwarning\b|will (?:continue|retry|be retried|keep)|still trying|try again"
    r"|temporar|\bdeferred\b|not (?:yet )?(?:been )?delivered (?:yet|after)",
    re.IGNORECASE,
)
_XTEXT = re.compile(r"\+([0-9A-F]{2})")


class ReportedAction(StrEnum):
    """What a mail system says it did (RFC 3464 section 2.3.3)."""

    FAILED = "failed"  #: it gave the letter up
    DELAYED = "delayed"  #: it goes on trying
    DELIVERED = "delivered"  #: it lies in the recipient's mailbox
    RELAYED = "relayed"  #: handed to a system that reports nothing
    EXPANDED = "expanded"  #: handed to several addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """What became of a letter for one recipient."""

    action: ReportedAction
    status: str  #: of RFC 3463, such as `5.1.1`; empty when none is given
    final_recipient: str  #: an address, its domain in lower case; empty when none is given
    original_recipient: str = ""  #: to whom it was submitted, where that is given

    def is_about(self, address: str) -> bool:
        """Whether it names this address."""
        return address.lower() in {self.final_recipient.lower(), self.original_recipient.lower()}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedLetter:
    """A letter about whose delivery a mail reports."""

    message_ids: tuple[str, ...]  #: that it may have had, the surest first
    envelope_id: str  #: that it was submitted with (RFC 3461 section 4.4), or empty
    reports: tuple[DeliveryReport, ...]


def find_returned_letter(message: InboundMessage, raw: bytes | None = None) -> ReturnedLetter:
    """Return what a delivery report says; the library is only asked where `raw` is given.

    Its patterns take their time on hostile mail: call it with `raw` only where that is bounded.
    """
    blocks = list(_status_blocks(message))
    reports = tuple(r for block in blocks if (r := _find_report(block)) is not None)
    return ReturnedLetter(
        message_ids=tuple(dict.fromkeys(_message_ids(message, blocks)))[:_MOST_IDS],
        envelope_id=_find_envelope_id(blocks),
        reports=reports or _find_old_reports(message, raw) or _find_plain_refusal(message),
    )


def find_quoted_ids(message: InboundMessage) -> tuple[str, ...]:
    """Return the identifiers that a mail quotes as those of the letter it may report on."""
    blocks = list(_status_blocks(message))
    return tuple(dict.fromkeys(_returned_ids(message, blocks)))[:_MOST_IDS]


def find_named_ids(message: InboundMessage) -> tuple[str, ...]:
    """Return those it quotes, those it answers, and those it names in a sentence."""
    return tuple(dict.fromkeys(_message_ids(message, list(_status_blocks(message)))))[:_MOST_IDS]


def _status_blocks(message: InboundMessage) -> Iterator[Mapping[str, str]]:
    """Yield the groups of fields of every delivery-status part (RFC 3464 section 2.1)."""
    for part in message.attachments:
        if part.declared_type in _STATUS_PARTS:
            for block in _BLANK_LINES.split(part.data[:_LIBRARY_BYTES])[:_MOST_RECIPIENTS]:
                if block.strip():
                    yield _read_fields(block)


def _read_fields(data: bytes) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name, value in find_fields(data.lstrip(b"\r\n") + b"\r\n\r\n"):
        fields.setdefault(name.lower(), unfold(value))
    return fields


def _find_report(fields: Mapping[str, str]) -> DeliveryReport | None:
    named = fields.get("final-recipient") or fields.get("original-recipient")
    if named is None and "action" not in fields:
        return None
    status = _find_status(fields.get("status", ""))
    action = _find_action(fields.get("action", ""), status)
    if action is None:
        return None
    return DeliveryReport(
        action=action,
        status=status,
        final_recipient=_find_recipient(fields.get("final-recipient", "")),
        original_recipient=_find_recipient(fields.get("original-recipient", "")),
    )


def _find_action(written: str, status: str) -> ReportedAction | None:
    """Return the action; some systems add a comment, misname it, or give the status alone."""
    word = written.strip().lower()
    for action in ReportedAction:
        if word.startswith(action.value):
            return action
    if word.startswith(("fail", "error")):
        return ReportedAction.FAILED
    if word:
        return None
    classes = {
        "5": ReportedAction.FAILED,
        "4": ReportedAction.DELAYED,
        "2": ReportedAction.DELIVERED,
    }
    return classes.get(status[:1])


def _find_status(text: str) -> str:
    found = _STATUS.search(text)
    return "" if found is None else found[0]


def _find_recipient(value: str) -> str:
    """Return the address of `rfc822; <name@host>`, however it is dressed."""
    found = _ADDRESS.search(value.rpartition(";")[2])
    return "" if found is None else find_address(found[0].rstrip(".")) or ""


def _find_envelope_id(blocks: Iterable[Mapping[str, str]]) -> str:
    """Return the envelope identifier, with its xtext undone (RFC 3461 section 4)."""
    written = next((b["original-envelope-id"] for b in blocks if "original-envelope-id" in b), "")
    return _XTEXT.sub(lambda match: chr(int(match[1], 16)), written.strip()[:200])


def _message_ids(message: InboundMessage, blocks: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """Yield the identifiers the letter may have had: as returned, as answered, as mentioned."""
    yield from _returned_ids(message, blocks)
    yield from message.in_reply_to
    yield from reversed(message.references)
    for text in _list_texts(message):
        yield from find_message_ids(text)


def _returned_ids(message: InboundMessage, blocks: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """Yield the identifiers in what a report gives back: header, report fields, lines of text."""
    for attached in message.attached_messages:
        yield from _ids_of_header(attached)
    for part in message.attachments:
        if part.declared_type in _HEADER_PARTS:
            yield from _ids_of_header(part.data)
    for fields in blocks:
        yield from find_message_ids(fields.get("x-original-message-id", ""))
    for text in _list_texts(message):
        for match in _ID_LINE.finditer(text):
            yield from find_message_ids(match[1])


def _list_texts(message: InboundMessage) -> list[str]:
    texts = [message.text or "", message.html or ""]
    texts += [
        part.data[:_TEXT_CHARS].decode("utf-8", "replace")
        for part in message.attachments
        if part.declared_type.startswith("text/") and part.declared_type not in _HEADER_PARTS
    ]
    return [text[:_TEXT_CHARS].replace("&lt;", "<").replace("&gt;", ">") for text in texts]


def _ids_of_header(data: bytes) -> Iterator[str]:
    fields = _read_fields(data[:_LIBRARY_BYTES])
    yield from find_message_ids(fields.get("message-id", ""))


def _find_old_reports(message: InboundMessage, raw: bytes | None) -> tuple[DeliveryReport, ...]:
    """Return what the field `X-Failed-Recipients`, or else the library, finds."""
    status = _find_only_status(message)
    named = _ADDRESS.findall(message.header("X-Failed-Recipients") or "")
    if named:
        return tuple(_build_old(ReportedAction.FAILED, status, named))
    if raw is None:
        return ()
    try:
        delayed, failed = all_failures(message_from_bytes(raw[:_LIBRARY_BYTES]))
    except Exception:  # noqa: BLE001  it raises anything on mail it was not made for
        return ()
    return (
        *_build_old(ReportedAction.FAILED, status, sorted(a.decode("ascii") for a in failed)),
        *_build_old(ReportedAction.DELAYED, status, sorted(a.decode("ascii") for a in delayed)),
    )


def _find_plain_refusal(message: InboundMessage) -> tuple[DeliveryReport, ...]:
    """Return a failure where the words name a permanent reply code, and nothing says it waits."""
    text = f"{message.subject}\n{(message.text or '')[:_TEXT_CHARS]}"
    status = _find_only_status(message)
    is_refused = status.startswith("5") or _REFUSED.search(text) is not None
    if not is_refused or _STILL_TRYING.search(text) is not None:
        return ()
    return tuple(_build_old(ReportedAction.FAILED, status, [""]))


def _build_old(
    action: ReportedAction, status: str, addresses: Iterable[str]
) -> Iterator[DeliveryReport]:
    classes = "4" if action is ReportedAction.DELAYED else "5"
    for address in list(addresses)[:_MOST_RECIPIENTS]:
        yield DeliveryReport(
            action=action,
            status=status if status.startswith(classes) else "",
            final_recipient=find_address(address.strip("<>. ")) or "",
        )


def _find_only_status(message: InboundMessage) -> str:
    """Return the enhanced status code of the text, where it names one and no other."""
    found = {m[0] for m in _STATUS.finditer((message.text or "")[:_TEXT_CHARS])}
    return found.pop() if len(found) == 1 else ""
