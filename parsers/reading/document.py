"""One document in, one `Extraction` out: what it is and, if it is a form, what stands in it.

Outcomes, as `Extraction.kind`: `acroform`, `xfa`, `text` (a form printed to PDF) and `scan`
(pictures of a form's pages), read and validated, and not read: `encrypted`, `unreadable`,
`not_a_form`, and a `scan` when pictures are not to be read here, because that takes seconds where
all else takes milliseconds. These carry a warning that says so in a sentence. No document raises;
only a bad definition does, and `MemoryError`, which belongs to whoever set the limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from parsers.definition import FormDefinition
from parsers.errors import is_out_of_memory
from parsers.extraction import DocumentKind, Extraction, ReadLimits
from parsers.mail.message import WRAPPING_STARTS
from parsers.pdf.acroform import TooManyFieldsError, find_fields
from parsers.pdf.opening import CannotOpenError, open_pdf
from parsers.pdf.signatures import name_signatures
from parsers.pdf.traits import (
    find_catalog_actions,
    find_files,
    find_other_type,
    name_actions,
    warn,
)
from parsers.picture_files import find_picture_file, is_page_picture
from parsers.reading.document_reading import DocumentReading, Stage
from parsers.reading.entered_form import read_entered_form
from parsers.reading.known_forms import know
from parsers.reading.masking import mask_extraction
from parsers.reading.mending import mend_extraction
from parsers.reading.page_stages import read_few_words, read_pictures, read_print, read_scan

#: The ways to read a PDF, the surest first.
_STAGES: tuple[Stage, ...] = (read_entered_form, read_scan, read_print, read_few_words)


def build_unread(code: str) -> Extraction:
    """Return the outcome of a document that nobody read, or that ended its reader."""
    return Extraction(kind=DocumentKind.UNREADABLE, warnings=(warn(code),))


def build_refused(code: str) -> Extraction:
    """Return the outcome of a document that was not taken out of what it lay in."""
    kind = DocumentKind.ENCRYPTED if code == "inside_locked" else DocumentKind.UNREADABLE
    return Extraction(kind=kind, warnings=(warn(code),))


def read_document(
    data: bytes,
    definitions: Sequence[FormDefinition],
    *,
    today: date,
    limits: ReadLimits | None = None,
    password: str | None = None,
    attachments_beside_form: int | None = None,
    pictures: bool = False,
) -> Extraction:
    """Read one document against the definitions that may fit it.

    `today` is the date where the office is; `password` opens an encrypted file, and an owner
    password alone needs none. With `pictures` a document of pictures is read as well, which takes
    a second a page. Only the limits on bytes, pages and pixels are looked at here: time and memory
    are enforced by the process that reads. Raises `ParseError` for a bad definition.
    """
    reading = DocumentReading(
        data=data,
        known=know(definitions),
        today=today,
        password=password or "",
        attachments=attachments_beside_form,
        limits=limits or ReadLimits(),
        pictures=pictures,
    )
    refused = _refuse_bytes(reading)
    if refused is not None:
        return refused
    is_picture = is_page_picture(data)
    try:
        found = read_pictures(reading) if is_picture else _read_pdf(reading)
        return mask_extraction(mend_extraction(found))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  # a document that defeats the libraries is an outcome
        if is_out_of_memory(error):
            raise MemoryError from None
        code = "broken_picture" if is_picture else "broken_pdf"
        return reading.end(DocumentKind.UNREADABLE, code)


def _refuse_bytes(reading: DocumentReading) -> Extraction | None:
    code = ""
    kind = DocumentKind.UNREADABLE
    picture = find_picture_file(reading.data)
    if not reading.data:
        code = "empty_file"
    elif len(reading.data) > reading.limits.bytes:
        code = "over_size_limit"
    elif picture is not None:
        code = "" if picture.is_page else "small_picture"
        kind = DocumentKind.NOT_A_FORM
    elif b"%PDF-" not in reading.data[:1024] or reading.data.startswith(WRAPPING_STARTS):
        code = "not_a_pdf"
        kind = DocumentKind.NOT_A_FORM if find_other_type(reading.data) else kind
    return reading.end(kind, code) if code else None


def _read_pdf(reading: DocumentReading) -> Extraction:
    reading.add_readers(["pikepdf"])
    try:
        pdf = open_pdf(reading.data, reading.password)
    except CannotOpenError as error:
        broken = error.code == "broken_pdf"
        kind = DocumentKind.UNREADABLE if broken else DocumentKind.ENCRYPTED
        return reading.end(kind, error.code)
    with pdf:
        reading.pages = len(pdf.pages)
        if not reading.pages:
            return reading.end(DocumentKind.UNREADABLE, "broken_pdf")
        if reading.pages > reading.limits.pages:
            return reading.end(DocumentKind.UNREADABLE, "over_page_limit")
        try:
            form = find_fields(pdf)
        except TooManyFieldsError:
            return reading.end(DocumentKind.UNREADABLE, "too_many_fields")
        traits = form.actions | find_catalog_actions(pdf) | find_files(pdf, form.annotations)
        reading.warnings += map(warn, name_actions(traits))
        reading.warnings += map(warn, name_signatures(pdf, reading.data, form.fields))
        for stage in _STAGES:
            found = stage(reading, pdf, form)
            if found is not None:
                return found
        return reading.end(DocumentKind.NOT_A_FORM, "no_known_form")
