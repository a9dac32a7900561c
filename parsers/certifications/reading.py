"""One document in, one `CertificationReading` out: what it is, for whoever asks if it is genuine.

Outcomes, as `kind`: `signed` (one signature speaks for every byte), `added_to` (something stands
behind what was signed), `changed` (a signature that its bytes do not fit), `saved_anew` (a
signature that lies in another file now), `unsigned` (facts are attached and nobody signed), `print`
and `picture` (no more than a control number that can be read), `other` (nothing of a certification)
and `unread`. No document raises; only `MemoryError` does, which belongs to whoever set the limit.

Whether a control number was ever issued, and what became of it, is the register's to say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pikepdf

from parsers.certifications.attached_facts import AttachedFacts, find_attached_facts
from parsers.certifications.byte_ranges import PlacedSignature, find_signatures
from parsers.certifications.printed_numbers import (
    PrintedNumber,
    find_labelled_number,
    find_number_in_pictures,
    read_page_text,
)
from parsers.certifications.signatures import check_signature
from parsers.certifications.values import (
    CertificationReading,
    FileKind,
    NumberSource,
    SignatureReading,
)
from parsers.errors import ParseError, is_out_of_memory
from parsers.extraction import ReadLimits
from parsers.pdf.acroform import TooManyFieldsError, find_fields
from parsers.pdf.opening import CannotOpenError, open_pdf
from parsers.pdf.signatures import name_signatures
from parsers.picture_files import find_picture_file


def read_certification(
    data: bytes,
    *,
    anchors: Sequence[bytes] = (),
    limits: ReadLimits | None = None,
    password: str = "",
    pictures: bool = False,
    letters: bool = True,
) -> CertificationReading:
    """Read one document; `anchors` are certificates (DER) whose signers are trusted.

    With `pictures`, pictures of pages are looked at as well, for their code and, with `letters`,
    for what stands on them, which takes seconds.
    """
    bounds = limits or ReadLimits()
    nothing = CertificationReading(kind=FileKind.UNREAD, sha256=hashlib.sha256(data).hexdigest())
    if len(data) > bounds.bytes:
        return nothing
    try:
        if find_picture_file(data) is not None:
            return _look(nothing, data, bounds, pictures=pictures, letters=letters)
        if b"%PDF-" not in data[:1024]:
            return replace(nothing, kind=FileKind.OTHER)
        found, is_over = _read_pdf(nothing, data, anchors, bounds, password)
        if is_over:
            return found
        return _look(found, data, bounds, pictures=pictures, letters=letters, password=password)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  # a document that defeats the libraries is an outcome
        if is_out_of_memory(error):
            raise MemoryError from None
        return nothing


def _read_pdf(
    nothing: CertificationReading,
    data: bytes,
    anchors: Sequence[bytes],
    limits: ReadLimits,
    password: str,
) -> tuple[CertificationReading, bool]:
    """Return what a PDF tells by its objects and its text, and whether that is all of it."""
    found = _judge_signatures(nothing, data, anchors)
    inside = _look_inside(data, password)
    found = replace(found, is_locked=inside.is_locked, pages=inside.pages)
    if found.kind is FileKind.UNREAD and inside.has_signature:
        found = replace(found, kind=FileKind.SAVED_ANEW)
    found = _number(found, inside)
    if found.kind is FileKind.ADDED_TO:
        pages = _look_inside(data[: len(data) - found.bytes_after], password).pages
        found = replace(found, pages_signed=pages)
    if found.control_number is not None or inside.is_locked or inside.pages > limits.pages:
        kind = inside.kind if found.kind is FileKind.UNREAD else found.kind
        return replace(found, kind=kind), True
    text = read_page_text(data, password)
    if text.printed is not None:
        return _take_print(found, text.printed), True
    if text.is_legible and found.kind is FileKind.UNREAD:
        return replace(found, kind=FileKind.OTHER), True
    return found, found.kind is not FileKind.UNREAD


def _judge_signatures(
    nothing: CertificationReading, data: bytes, anchors: Sequence[bytes]
) -> CertificationReading:
    """Say what the signatures in the bytes are worth; still unread where there is none."""
    found = find_signatures(data)
    checked = [(one, check_signature(one, data, anchors)) for one in found.placed]
    # What came first is what was issued: whatever stands behind it was added.
    fitting = [pair for pair in sorted(checked, key=lambda p: p[0].end) if pair[1].valid]
    if fitting:
        first, signature = fitting[0]
        after = len(data) - first.end
        kind = FileKind.ADDED_TO if after else FileKind.SIGNED
        return _with_reason(replace(nothing, kind=kind, bytes_after=after), first, signature)
    if checked:
        last, signature = max(checked, key=lambda p: p[0].end)
        return _with_reason(replace(nothing, kind=FileKind.CHANGED), last, signature)
    return replace(nothing, kind=FileKind.SAVED_ANEW) if found.unplaced else nothing


def _with_reason(
    found: CertificationReading, placed: PlacedSignature, signature: SignatureReading
) -> CertificationReading:
    number = find_labelled_number(placed.reason)
    source = None if number is None else NumberSource.REASON
    return replace(found, signature=signature, control_number=number, number_source=source)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Inside:
    """What the objects of a PDF tell."""

    kind: FileKind = FileKind.UNREAD  #: of the document where nothing else says what it is
    pages: int = 0
    is_locked: bool = False
    has_signature: bool = False
    facts: AttachedFacts | None = None


def _look_inside(data: bytes, password: str) -> _Inside:
    try:
        pdf = open_pdf(data, password)
    except CannotOpenError as error:
        return _Inside(is_locked=error.code != "broken_pdf")
    with pdf:
        try:
            facts = find_attached_facts(pdf)
        except pikepdf.PdfError:
            facts = None
        try:
            has_signature = bool(name_signatures(pdf, data, find_fields(pdf).fields))
        except (TooManyFieldsError, pikepdf.PdfError):
            has_signature = False
        return _Inside(
            kind=FileKind.OTHER,
            pages=len(pdf.pages),
            has_signature=has_signature,
            facts=facts,
        )


def _number(found: CertificationReading, inside: _Inside) -> CertificationReading:
    """Take over what the attached facts say, where there are any."""
    facts = inside.facts
    if facts is None:
        return found
    by_reason = found.control_number
    return replace(
        found,
        kind=FileKind.UNSIGNED if found.kind is FileKind.UNREAD else found.kind,
        control_number=facts.control_number,
        number_source=NumberSource.FACTS,
        facts_sha256=facts.sha256,
        issued_on=facts.issued_on,
        mark=facts.mark,
        agrees=by_reason in (None, facts.control_number),
    )


def _take_print(found: CertificationReading, printed: PrintedNumber) -> CertificationReading:
    kind = FileKind.PRINT if found.kind is FileKind.UNREAD else found.kind
    return replace(found, kind=kind, control_number=printed.number, number_source=printed.source)


def _look(
    found: CertificationReading,
    data: bytes,
    limits: ReadLimits,
    *,
    pictures: bool,
    letters: bool,
    password: str = "",
) -> CertificationReading:
    """Look at the pages, or say that somebody has to."""
    if not pictures:
        return replace(found, kind=FileKind.PICTURE, needs_pictures=True)
    try:
        printed = find_number_in_pictures(data, limits=limits, password=password, letters=letters)
    except ParseError:
        return found
    if printed is None:
        return replace(found, kind=FileKind.OTHER)
    return replace(
        found,
        kind=FileKind.PICTURE,
        control_number=printed.number,
        number_source=printed.source,
    )
