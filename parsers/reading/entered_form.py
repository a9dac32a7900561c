"""Reads what was typed into a form's fields: an AcroForm, and the XFA data beside it or alone.

Outcomes: the kind `acroform` where ordinary fields are filled in or there is nothing else; the kind
`text` where they are empty and something was written on the page over them; the kind
`xfa` where only the XFA data say something, or nothing that is known; None for a document whose
fields are no known form's.
"""

from __future__ import annotations

import pikepdf

from parsers.extraction import DocumentKind, Extraction
from parsers.forms.labels import Matching
from parsers.forms.written_values import FormValues
from parsers.pdf.acroform import AcroForm
from parsers.pdf.objects import items
from parsers.pdf.streams import read_start
from parsers.pdf.traits import warn
from parsers.pdf.xfa import XfaError, find_xfa_fields, is_dynamic
from parsers.reading.document_reading import DocumentReading, without_printed_only
from parsers.reading.form_values import read_values
from parsers.reading.known_forms import KnownForm
from parsers.reading.page_stages import read_print
from parsers.reading.recognition import find_best, match_fields
from parsers.reading.shown_values import compare_with_page
from parsers.reading.xfa_values import find_differences, match_xfa, read_xfa_values


def read_entered_form(
    reading: DocumentReading, pdf: pikepdf.Pdf, form: AcroForm
) -> Extraction | None:
    """Read the form's fields; where ordinary fields are filled in, they win over XFA data."""
    shown = match_fields(reading, form) if form.fields else None
    if form.has_xfa:
        return _read_with_xfa(reading, pdf, form, shown)
    if shown is None:
        return None
    found = _read_fields(reading, pdf, form, shown)
    if not without_printed_only(shown.definition, found) and not found.problems:
        # Some programs write on the page and leave the fields below as they were.
        readers = [*reading.readers]
        over = read_print(reading, pdf, form, by_labels=False)
        if over is not None and over.is_form:
            return over
        reading.readers[:] = readers
    return _build(reading, pdf, form, shown, found)


def _read_fields(
    reading: DocumentReading, pdf: pikepdf.Pdf, form: AcroForm, shown: Matching
) -> FormValues:
    """Return what was entered into the fields, held against what the page shows of it."""
    found = read_values(shown, form.annotations, today=reading.today)
    readers = compare_with_page(
        found, shown, form, pdf, reading.data, reading.password, today=reading.today
    )
    reading.add_readers(readers)
    return found


def _build(
    reading: DocumentReading,
    pdf: pikepdf.Pdf,
    form: AcroForm,
    shown: Matching,
    found: FormValues,
) -> Extraction:
    reading.passed_over = _list_passed_over(reading, pdf, form, shown)
    codes = ["damaged_field"] if form.damaged else []
    if form.has_xfa:
        codes.append("contains_xfa")
    if any(a.subtype == "FreeText" and a.has_text for a in form.annotations):
        codes.append("text_over_form")
    return reading.build(DocumentKind.ACROFORM, shown.definition, found, codes)


def _list_passed_over(
    reading: DocumentReading, pdf: pikepdf.Pdf, form: AcroForm, shown: Matching
) -> tuple[int, ...]:
    """Return the pages that were put to the form: more than its blank has, and without a field.

    Where the blank is not at hand nobody knows which pages are its own.
    """
    fielded = {field.page for field in form.fields}
    others = [n for n in range(1, reading.pages + 1) if n not in fielded]
    layout = reading.known.find(shown.definition).layout if others else None
    if layout is None or reading.pages <= len(layout.pages):
        return ()
    return tuple(number for number in others if _shows_something(pdf.pages[number - 1].obj))


def _shows_something(page: pikepdf.Dictionary) -> bool:
    streams = items(page.get("/Contents"), single=True)
    return any(isinstance(s, pikepdf.Stream) and read_start(s, 1_000).strip() for s in streams)


def _read_with_xfa(
    reading: DocumentReading, pdf: pikepdf.Pdf, form: AcroForm, shown: Matching | None
) -> Extraction:
    """Read a document that holds an XFA form.

    `shown` is how its ordinary fields fit a definition, None where they fit none.
    """
    reading.add_readers(["lxml"])
    known = reading.known
    forms = known.forms if shown is None else (known.find(shown.definition),)
    data = _match_xfa(reading, pdf, forms)
    entered = None if data is None else read_xfa_values(data, shown, today=reading.today)
    if shown is not None:
        found = _read_fields(reading, pdf, form, shown)
        if data is None or entered is None or without_printed_only(shown.definition, found):
            if data is not None and entered is not None:
                found.problems += find_differences(data, found, entered)
            return _build(reading, pdf, form, shown, found)
    codes = ["please_wait_page"] if is_dynamic(pdf, has_fields=bool(form.fields)) else []
    if data is None or entered is None:
        is_damaged = any(w.code == "damaged_xfa" for w in reading.warnings)
        return reading.end(DocumentKind.XFA, *codes, *([] if is_damaged else ["no_known_form"]))
    return reading.build(DocumentKind.XFA, data.definition, entered, codes)


def _match_xfa(
    reading: DocumentReading, pdf: pikepdf.Pdf, forms: tuple[KnownForm, ...]
) -> Matching | None:
    """Return how the XFA data fit the definition that fits best, None where they fit none."""
    try:
        found = find_xfa_fields(pdf)
    except XfaError:
        reading.warnings.append(warn("damaged_xfa"))
        return None
    return find_best([match_xfa(known.index, found) for known in forms])
