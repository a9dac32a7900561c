"""The stages that look at pages: their text layer, and pictures of them.

What does the work is imported only when a document gets this far; most never do.

Outcomes: the kind `text` for a printed or flattened form; the kind `scan` for pictures of a form,
read where that is wanted; `not_a_form` or `unreadable` for pictures that show none or cannot be
drawn; None for a document that has no form on its pages.
"""

from __future__ import annotations

import io
from dataclasses import replace
from functools import partial

import pikepdf

from parsers.errors import ParseError
from parsers.extraction import DocumentKind, Extraction
from parsers.pdf.acroform import AcroForm
from parsers.pdf.traits import has_images
from parsers.reading.document_reading import DocumentReading, join_forms

#: Pages whose text is looked at.
_MOST_TEXT_PAGES = 100
#: A scan may carry a few stray letters, a stamp of the fax machine for example.
_FEW_WORDS = 25


def read_scan(reading: DocumentReading, pdf: pikepdf.Pdf, _form: AcroForm) -> Extraction | None:
    """Read a document whose pages are pictures from edge to edge, whatever text lies behind."""
    from parsers.pages.pictures import is_scan  # noqa: PLC0415

    # What a person sees is the picture; the text behind it may say anything.
    if has_images(pdf, reading.data) and is_scan(reading.data, reading.password):
        return read_pictures(reading)
    return None


def read_print(
    reading: DocumentReading, pdf: pikepdf.Pdf, _form: AcroForm, *, by_labels: bool = True
) -> Extraction | None:
    """Read every form that was printed to this document or flattened in it.

    Without `by_labels` only those whose blank form is at hand.
    """
    from parsers.pages.text_layer import TextLayerError  # noqa: PLC0415
    from parsers.reading.printed_form import read_printed  # noqa: PLC0415

    read = partial(
        read_printed,
        opened=pdf,
        numbers=range(1, min(reading.pages, _MOST_TEXT_PAGES) + 1),
        forms=reading.known.forms,
        by_labels=by_labels,
        today=reading.today,
        check=reading.check,
    )
    try:
        found = read(reading.data, reading.password)
    except TextLayerError:
        # What qpdf could mend, the other libraries can read once it is written anew.
        found = read(_write_anew(pdf), "")
    reading.add_readers(found.readers)
    reading.words, reading.passed_over = found.words, found.passed_over
    return join_forms(
        [
            reading.build(
                DocumentKind.TEXT,
                form.definition,
                form.values,
                ["text_over_form"] if form.has_strays else [],
            )
            for form in found.forms
        ]
    )


def read_few_words(
    reading: DocumentReading, pdf: pikepdf.Pdf, _form: AcroForm
) -> Extraction | None:
    """Read the pictures of a document that has hardly any text beside them."""
    is_bare = reading.words <= _FEW_WORDS and has_images(pdf, reading.data)
    return read_pictures(reading) if is_bare else None


def read_pictures(reading: DocumentReading) -> Extraction:
    """Read every form that the document's pictures show, where that is wanted."""
    if not reading.pictures:
        return reading.end(DocumentKind.SCAN, "scan_not_read")
    try:
        found = reading.known.scanner.read(
            reading.data, password=reading.password, limits=reading.limits, today=reading.today
        )
    except ParseError as error:
        return reading.end(DocumentKind.UNREADABLE, error.code)
    reading.pages = found.pages
    reading.add_readers(found.readers)
    reading.passed_over = found.passed_over
    forms = [
        reading.build(
            DocumentKind.SCAN,
            form.definition,
            form.values,
            ["text_over_form"] if form.has_strays else [],
        )
        for form in found.forms
    ]
    no_form = reading.end(DocumentKind.NOT_A_FORM, "no_form_in_pictures")
    return join_forms(forms) or replace(no_form, texts=found.texts)


def _write_anew(pdf: pikepdf.Pdf) -> bytes:
    target = io.BytesIO()
    pdf.save(target)
    return target.getvalue()
