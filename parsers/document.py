"""One document in, one `Extraction` out: what it is and, if it is a form, what stands in it.

Outcomes, as `Extraction.kind`: `acroform`, `xfa`, `text` (a form printed to PDF) and `scan`
(pictures of a form's pages), read and validated, and not read: `encrypted`, `unreadable`,
`not_a_form`, and a `scan` when pictures are not to be read here, because that takes seconds where
all else takes milliseconds. These carry a warning that says so in a sentence. No document raises;
only a bad definition does, and `MemoryError`, which belongs to whoever set the limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pikepdf

from parsers.acroform import AcroForm, TooManyFieldsError, find_fields
from parsers.cleaning import fold_text
from parsers.definition import FormDefinition, Requiredness
from parsers.document_pages import read_pages, read_scan
from parsers.document_reading import Reading, build_extraction, list_entered
from parsers.document_traits import (
    find_catalog_actions,
    find_files,
    find_other_type,
    name_actions,
    warn,
)
from parsers.errors import is_out_of_memory
from parsers.extraction import (
    DocumentKind,
    Extraction,
    ReadLimits,
)
from parsers.form_values import read_values
from parsers.known_forms import find_index
from parsers.labels import (
    Matching,
    Way,
    is_enough,
    match_by_name,
    match_by_wording,
)
from parsers.masking import mask_extraction
from parsers.message import WRAPPING_STARTS
from parsers.pdf_opening import CannotOpenError, open_pdf
from parsers.picture_files import find_picture_file, is_page_picture
from parsers.printed_labels import PrintedWords
from parsers.shown_values import compare_with_page
from parsers.signatures import name_signatures
from parsers.validation import check_definition
from parsers.written_values import FormValues
from parsers.xfa import XfaError, find_xfa_fields, is_dynamic
from parsers.xfa_values import find_differences, match_xfa, read_xfa_values

#: Enough fields recognised by their names make a form; by their labels `is_enough` says how many.
_ENOUGH_NAMES = 5


def build_unread(code: str) -> Extraction:
    """Return the outcome of a document that nobody read, or that ended its reader."""
    return Extraction(kind=DocumentKind.UNREADABLE, warnings=(warn(code),))


def build_refused(code: str) -> Extraction:
    """Return the outcome of a document that was not taken out of what it lay in."""
    kind = DocumentKind.ENCRYPTED if code == "inside_locked" else DocumentKind.UNREADABLE
    return Extraction(kind=kind, warnings=(warn(code),))


def prepare(definitions: Sequence[FormDefinition]) -> None:
    """Fold the wordings of `definitions` now, so that the first document does not wait for it."""
    for definition in definitions:
        check_definition(definition)
        find_index(definition)


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
    for definition in definitions:
        check_definition(definition)
    reading = Reading(
        data=data,
        today=today,
        password=password or "",
        attachments=attachments_beside_form,
        limits=limits or ReadLimits(),
        pictures=pictures,
    )
    refused = _refuse_bytes(reading)
    if refused is not None:
        return refused
    try:
        if is_page_picture(data):
            reading.readers.clear()
            return mask_extraction(read_scan(reading, definitions))
        return mask_extraction(_open_and_read(reading, definitions))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  # a document that defeats the libraries is an outcome
        if is_out_of_memory(error):
            raise MemoryError from None
        code = "broken_picture" if is_page_picture(data) else "broken_pdf"
        return reading.end(DocumentKind.UNREADABLE, code)


def _refuse_bytes(reading: Reading) -> Extraction | None:
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
    if not code:
        return None
    reading.readers.clear()
    return reading.end(kind, code)


def _open_and_read(reading: Reading, definitions: Sequence[FormDefinition]) -> Extraction:
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
        return _read_form(reading, form, definitions, pdf)


def _read_form(
    reading: Reading, form: AcroForm, definitions: Sequence[FormDefinition], pdf: pikepdf.Pdf
) -> Extraction:
    words = PrintedWords(reading.data, reading.password, form.fields)
    try:
        matching = _match(reading, form, definitions, words) if form.fields else None
        if form.has_xfa:
            return _read_with_xfa(reading, form, matching, definitions, pdf)
        if matching is not None:
            return _read_fields(reading, form, matching, pdf)
    finally:
        words.close()
    return read_pages(reading, definitions, pdf)


def _read_fields(
    reading: Reading, form: AcroForm, matching: Matching, pdf: pikepdf.Pdf
) -> Extraction:
    """Read the fields of a form; where none is filled in, what was typed over them on the page."""
    definition = matching.definition
    found = _read_entered(reading, form, matching, pdf)
    if not list_entered(definition, found) and not found.problems:
        again = replace(reading, readers=[*reading.readers])
        over = read_pages(again, [definition], pdf, by_labels=False)
        if over.is_form:
            return over
    return build_extraction(reading, DocumentKind.ACROFORM, definition, found, _form_warnings(form))


def _match(
    reading: Reading, form: AcroForm, definitions: Sequence[FormDefinition], words: PrintedWords
) -> Matching | None:
    """Return how the fields fit the definition that fits best, or None where none does."""
    matchings = [match_by_name(find_index(definition), form.fields) for definition in definitions]
    best = _best(matchings)
    if best is not None:
        if any(not source.is_blank for source in best.unmatched):
            match_by_wording(find_index(best.definition), best)
        return best
    for matching in matchings:
        match_by_wording(find_index(matching.definition), matching)
    best = _best(matchings)
    if best is None and any(source.page for m in matchings for source in m.unmatched):
        reading.readers.append("pdfplumber")
        for matching in matchings:
            match_by_wording(find_index(matching.definition), matching, words.labels)
        best = _best(matchings)
    return best


def _best(matchings: Sequence[Matching]) -> Matching | None:
    fitting = [m for m in matchings if _is_recognised(m)]
    ways = tuple(Way)
    return max(fitting, key=lambda m: (_has_version(m), m.count(*ways)), default=None)


def _is_recognised(matching: Matching) -> bool:
    size = len(matching.definition.fields)
    if matching.count(Way.NAME) >= min(_ENOUGH_NAMES, (size + 1) // 2):
        return True
    return is_enough(matching.definition, matching.fields(), matching.sections())


def _has_version(matching: Matching) -> bool:
    """Return whether the printed form version is the definition's."""
    wanted = fold_text(matching.definition.version_text)
    return any(
        match.target.field.requiredness is Requiredness.PRINTED
        and any(fold_text(wording) == wanted for value in match.source.values for wording in value)
        for match in matching.matches
    )


def _read_entered(
    reading: Reading, form: AcroForm, matching: Matching, pdf: pikepdf.Pdf
) -> FormValues:
    """Return what was entered into the fields, held against what the page shows of it."""
    found = read_values(matching, form.annotations, today=reading.today)
    reading.readers += compare_with_page(
        found, matching, form, pdf, reading.data, reading.password, today=reading.today
    )
    return found


def _read_with_xfa(
    reading: Reading,
    form: AcroForm,
    shown: Matching | None,
    definitions: Sequence[FormDefinition],
    pdf: pikepdf.Pdf,
) -> Extraction:
    """Read a document that holds an XFA form; where ordinary fields are filled in, they win.

    `shown` is how those ordinary fields fit a definition, None where they fit none.
    """
    reading.readers.append("lxml")
    data = _match_xfa(reading, pdf, definitions if shown is None else [shown.definition])
    entered = None if data is None else read_xfa_values(data, shown, today=reading.today)
    if shown is not None:
        found = _read_entered(reading, form, shown, pdf)
        if data is None or entered is None or list_entered(shown.definition, found):
            if data is not None and entered is not None:
                found.problems += find_differences(data, found, entered)
            return build_extraction(
                reading, DocumentKind.ACROFORM, shown.definition, found, _form_warnings(form)
            )
    codes = ["please_wait_page"] if is_dynamic(pdf, has_fields=bool(form.fields)) else []
    if data is None or entered is None:
        is_damaged = any(w.code == "damaged_xfa" for w in reading.warnings)
        return reading.end(DocumentKind.XFA, *codes, *([] if is_damaged else ["no_known_form"]))
    return build_extraction(reading, DocumentKind.XFA, data.definition, entered, codes)


def _match_xfa(
    reading: Reading, pdf: pikepdf.Pdf, definitions: Sequence[FormDefinition]
) -> Matching | None:
    """Return how the XFA data fit the definition that fits best, None where they fit none."""
    try:
        form = find_xfa_fields(pdf)
    except XfaError:
        reading.warnings.append(warn("damaged_xfa"))
        return None
    return _best([match_xfa(find_index(definition), form) for definition in definitions])


def _form_warnings(form: AcroForm) -> list[str]:
    codes = ["damaged_field"] if form.damaged else []
    if form.has_xfa:
        codes.append("contains_xfa")
    if any(a.subtype == "FreeText" and a.has_text for a in form.annotations):
        codes.append("text_over_form")
    return codes
