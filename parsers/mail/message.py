"""One mail as a frozen value, whatever its sender made of it.

Every header is untrusted text. Nothing here raises on hostile mail but `ParseError`, and that only
when the bytes are no mail at all (empty).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from parsers.picture_files import is_page_picture

#: What senders call a PDF; the second is what it was called before RFC 3778.
_PDF_TYPES = frozenset({"application/pdf", "application/x-pdf"})

#: The name under which a certification carries its facts, as PDF writers spell it.
_FACTS_NAMES = (b"certification-facts.json", b"certification\\055facts\\056json")

#: How ZIP archives and `winmail.dat` begin, in which a PDF may stand unpacked near the start.
TNEF_START = b"\x78\x9f\x3e\x22"
WRAPPING_STARTS = (b"PK\x03\x04", b"PK\x05\x06", TNEF_START)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A mailbox as it stands in a header (RFC 5322 section 3.4)."""

    address: str  #: addr-spec with its domain in lower case, free of control characters
    display_name: str = ""  #: decoded, on one line; never to be trusted

    @property
    def domain(self) -> str:
        """Return the part after the last `@`, or an empty string."""
        return self.address.rpartition("@")[2] if "@" in self.address else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A leaf part that is not the body."""

    name: str  #: a safe base name: no path, no control characters; may be empty
    declared_type: str  #: the Content-Type the sender gave
    data: bytes
    found_in: str = ""  #: the names of the files it lay in, outermost first; empty for a mail's own
    holder: int | None = None  #: the position of the paper it lay in, where it lay in one
    refusal: str = ""  #: the code of why its bytes were not taken out; empty when `data` is all
    #: Of pictures bound together, for each page the positions of its picture, which may have come
    #: more than once; empty for everything that came as it is.
    bound_from: tuple[tuple[int, ...], ...] = ()
    content_id: str = ""  #: by which the HTML body may show it, without its brackets
    is_inline: bool = False  #: mail programs show it within the text

    @property
    def is_pdf(self) -> bool:
        """Whether the bytes hold a PDF header in their first kilobyte, whatever the headers say."""
        return b"%PDF-" in self.data[:1024] and not self.data.startswith(WRAPPING_STARTS)

    @property
    def is_certification(self) -> bool:
        """Whether it is a PDF in which the name of a certification's attached facts stands."""
        return self.is_pdf and any(name in self.data for name in _FACTS_NAMES)

    @property
    def claims_pdf(self) -> bool:
        """Whether its name or its declared type says PDF, whatever the bytes are."""
        return self.name.lower().endswith(".pdf") or self.declared_type.lower() in _PDF_TYPES

    @property
    def is_document(self) -> bool:
        """Whether it is to be read: a PDF, what calls itself one, or a picture of a page."""
        return self.is_pdf or self.claims_pdf or is_page_picture(self.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage:
    """A parsed mail."""

    fields: tuple[tuple[str, str], ...]  #: every header field in order, names as written, unfolded
    message_id: str | None  #: with its angle brackets, or None
    authors: tuple[Address, ...]  #: every mailbox of every From field, in order
    reply_to: tuple[Address, ...]
    recipients: tuple[
        Address, ...
    ]  #: To, Cc, Delivered-To, X-Original-To, in order, without repeats
    reverse_path: str | None  #: of Return-Path: an address, "" for `<>`, None when there is none
    subject: str  #: decoded, on one line
    date: datetime | None  #: aware
    in_reply_to: tuple[str, ...]  #: message ids with angle brackets
    references: tuple[str, ...]  #: message ids with angle brackets
    content_type: str  #: of the whole, lower case, without parameters
    report_type: str  #: the report-type parameter, lower case, or empty
    text: str | None  #: the first plain body, line ends `\n`
    html: str | None  #: the first HTML body
    attachments: tuple[Attachment, ...]
    attached_messages: tuple[bytes, ...] = ()  #: message/rfc822 parts, never part of the text
    #: What lay inside attachments and attached messages, and what was bound from pictures.
    inside: tuple[Attachment, ...] = ()
    was_opened: bool = False  #: what may lie inside was looked for
    defects: tuple[str, ...] = ()  #: stable codes of what was wrong with it

    @property
    def author(self) -> Address | None:
        """Return the single author, or None when there is none or more than one (RFC 5322)."""
        return self.authors[0] if len(self.authors) == 1 else None

    @property
    def papers(self) -> tuple[Attachment, ...]:
        """Return everything that came with the mail: its attachments, then what lay in them."""
        return self.attachments + self.inside if self.inside else self.attachments

    @property
    def documents(self) -> tuple[int, ...]:
        """Return the positions of the papers to be read; bound pictures are read together."""
        bound = self._bound
        return tuple(n for n, a in enumerate(self.papers) if a.is_document and n not in bound)

    def count_beside(self, position: int) -> int:
        """Return how many papers came beside the one at `position`.

        Wrappings are not counted, and bound pictures only as what they were bound to.
        """
        left_out = ({paper.holder for paper in self.inside} | self._bound) - {position}
        return sum(n not in left_out for n in range(len(self.papers))) - 1

    @property
    def _bound(self) -> set[int]:
        return {n for paper in self.inside for places in paper.bound_from for n in places}

    def header(self, name: str) -> str | None:
        """Return the first field of that name in any case, or None."""
        wanted = name.lower()
        return next((v for n, v in self.fields if n.lower() == wanted), None)

    def headers(self, name: str) -> tuple[str, ...]:
        """Return every field of that name, topmost first."""
        wanted = name.lower()
        return tuple(v for n, v in self.fields if n.lower() == wanted)
