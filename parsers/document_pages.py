"""Reads the pages of a document without form fields: their text, or else their pictures.

Outcomes: the forms that are printed on the pages (`text`) or shown in pictures of them (`scan`),
the first one with the others as its `further`; a `scan` that was not to be read here; or
`not_a_form`.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pikepdf

from parsers.definition import FormDefinition
from parsers.document_reading import Reading, build_extraction, check_values
from parsers.document_traits import has_images
from parsers.errors import ParseError
from parsers.extraction import DocumentKind, Extraction
from parsers.known_forms import find_index, find_layout, find_scanner

#: A scan may carry a few stray letters, a stamp of the fax machine for example.
_FEW_WORDS = 25
#: Pages whose text is looked at when there are no fields.
_MOST_TEXT_PAGES = 100


def read_pages(
    reading: Reading,
    definitions: Sequence[FormDefinition],
    pdf: pikepdf.Pdf,
    *,
    by_labels: bool = True,
) -> Extraction:
    """Read a printed form; tell a scan and any other document by its name.

    Without `by_labels` only a form whose blank is at hand is found.
    """
    # Few documents need what reads pages; those with form fields must not wait for it.
    from parsers.page_pictures import is_scan  # noqa: PLC0415
    from parsers.printed_form import KnownForm, read_printed  # noqa: PLC0415
    from parsers.text_layer import TextLayerError  # noqa: PLC0415

    shows_pictures = has_images(pdf)
    if shows_pictures and is_scan(reading.data, reading.password):
        # What a person sees is the picture; the text behind it may say anything.
        return read_scan(reading, definitions)

    known = [KnownForm(d, find_index(d), find_layout(d)) for d in definitions]
    numbers = range(1, min(reading.pages, _MOST_TEXT_PAGES) + 1)
    read = partial(
        read_printed,
        numbers=numbers,
        forms=known,
        by_labels=by_labels,
        today=reading.today,
        check=lambda definition, values: check_values(reading, definition, values),
    )
    try:
        found = read(reading.data, reading.password)
    except TextLayerError:
        # What qpdf could mend, the other libraries can read once it is written anew.
        found = read(_write_anew(pdf), "")
    reading.readers += (name for name in found.readers if name not in reading.readers)
    forms = [
        build_extraction(
            reading,
            DocumentKind.TEXT,
            form.definition,
            form.values,
            ["text_over_form"] if form.has_strays else [],
        )
        for form in found.forms
    ]
    if forms:
        return replace(forms[0], further=tuple(forms[1:]))
    if shows_pictures and found.words <= _FEW_WORDS:
        return read_scan(reading, definitions)
    return reading.end(DocumentKind.NOT_A_FORM, "no_known_form")


def read_scan(reading: Reading, definitions: Sequence[FormDefinition]) -> Extraction:
    """Read every form that the document's pictures show."""
    if not reading.pictures:
        return reading.end(DocumentKind.SCAN, "scan_not_read")
    scanner = find_scanner(definitions)
    try:
        found = scanner.read(
            reading.data, password=reading.password, limits=reading.limits, today=reading.today
        )
    except ParseError as error:
        return reading.end(DocumentKind.UNREADABLE, error.code)
    reading.pages = found.pages
    reading.readers += (name for name in found.readers if name not in reading.readers)
    forms = [
        build_extraction(reading, DocumentKind.SCAN, form.definition, form.values, [])
        for form in found.forms
    ]
    if not forms:
        return reading.end(DocumentKind.NOT_A_FORM, "no_form_in_pictures")
    return replace(forms[0], further=tuple(forms[1:]))


def _write_anew(pdf: pikepdf.Pdf) -> bytes:
    target = io.BytesIO()
    pdf.save(target)
    return target.getvalue()
