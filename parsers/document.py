"""One document in, one `Extraction` out: what it is and, if it is a form, what stands in it.

Outcomes, as `Extraction.kind`: `acroform`, `xfa`, `text` (a form printed to PDF) and `scan`
(pictures of a form's pages), read and validated, and not read: `encrypted`, `unreadable`,
`not_a_form`, and a `scan` when pictures are not to be read here, because that takes seconds where
all else takes milliseconds. These carry a warning that says so in a sentence. No document raises;
only a bad definition does, and `MemoryError`, which belongs to whoever set the limit.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

import pikepdf

from parsers.acroform import AcroForm, TooManyFieldsError, find_fields
from parsers.cleaning import fold_text
from parsers.definition import FormDefinition, Requiredness
from parsers.document_traits import (
    find_catalog_actions,
    find_files,
    find_other_type,
    has_images,
    name_actions,
    warn,
)
from parsers.errors import ParseError, is_out_of_memory
from parsers.extraction import (
    DocumentKind,
    DocumentWarning,
    Extraction,
    FieldProblem,
    FieldValue,
    ReadLimits,
)
from parsers.form_values import read_values
from parsers.labels import (
    DefinitionIndex,
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
from parsers.validation import check_definition, flag_doubtful, validate
from parsers.written_values import FormValues
from parsers.xfa import XfaError, find_xfa_fields, is_dynamic
from parsers.xfa_values import find_differences, match_xfa, read_xfa_values

if TYPE_CHECKING:
    from parsers.layout import FormLayout
    from parsers.scanned_form import ScanReader

#: Enough fields recognised by their names make a form; by their labels `is_enough` says how many.
_ENOUGH_NAMES = 5
#: Problems of a field that may be filled in after all: it is not missing until a person has looked.
_PENDING = frozenset({"ambiguous_label", "unclear_mark"})
#: A scan may carry a few stray letters, a stamp of the fax machine for example.
_FEW_WORDS = 25
#: Pages whose text is looked at when there are no fields.
_MOST_TEXT_PAGES = 100


@dataclass(slots=True, kw_only=True)
class _Reading:
    """What is known while one document is read."""

    data: bytes
    today: date
    password: str
    attachments: int | None
    limits: ReadLimits
    pictures: bool
    pages: int = 0
    readers: list[str] = field(default_factory=lambda: ["pikepdf"])
    warnings: list[DocumentWarning] = field(default_factory=list)

    def end(self, kind: DocumentKind, *codes: str, definition: str | None = None) -> Extraction:
        """Return the outcome of a document without values."""
        return Extraction(
            kind=kind,
            definition=definition,
            pages=self.pages,
            readers=tuple(self.readers),
            warnings=(*self.warnings, *(warn(code) for code in codes)),
        )


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
        _index(definition)


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
    reading = _Reading(
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
            return mask_extraction(_read_scan(reading, definitions))
        return mask_extraction(_open_and_read(reading, definitions))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  # a document that defeats the libraries is an outcome
        if is_out_of_memory(error):
            raise MemoryError from None
        code = "broken_picture" if is_page_picture(data) else "broken_pdf"
        return reading.end(DocumentKind.UNREADABLE, code)


def _refuse_bytes(reading: _Reading) -> Extraction | None:
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


def _open_and_read(reading: _Reading, definitions: Sequence[FormDefinition]) -> Extraction:
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


_INDEXES: dict[str, DefinitionIndex] = {}


def _index(definition: FormDefinition) -> DefinitionIndex:
    """Return the folded wordings of a definition, made once for each."""
    found = _INDEXES.get(definition.id)
    if found is None or found.definition is not definition:
        found = _INDEXES[definition.id] = DefinitionIndex(definition)
    return found


_LAYOUTS: dict[str, tuple[FormDefinition, FormLayout | None]] = {}


def _layout(definition: FormDefinition) -> FormLayout | None:
    """Return where everything stands on the blank form of a definition, worked out once."""
    from parsers.layout import build_layout  # noqa: PLC0415

    found = _LAYOUTS.get(definition.id)
    if found is None or found[0] is not definition:
        layout = build_layout(definition, _index(definition))
        found = _LAYOUTS[definition.id] = (definition, layout)
    return found[1]


def _read_form(
    reading: _Reading, form: AcroForm, definitions: Sequence[FormDefinition], pdf: pikepdf.Pdf
) -> Extraction:
    words = PrintedWords(reading.data, reading.password, form.fields)
    try:
        matching = _match(reading, form, definitions, words) if form.fields else None
        if form.has_xfa:
            return _read_with_xfa(reading, form, matching, definitions, pdf)
        if matching is not None:
            found = _read_entered(reading, form, matching, pdf)
            return _build_extraction(
                reading, DocumentKind.ACROFORM, matching.definition, found, _form_warnings(form)
            )
    finally:
        words.close()
    return _read_pages(reading, definitions, pdf)


def _match(
    reading: _Reading, form: AcroForm, definitions: Sequence[FormDefinition], words: PrintedWords
) -> Matching | None:
    """Return how the fields fit the definition that fits best, or None where none does."""
    matchings = [match_by_name(_index(definition), form.fields) for definition in definitions]
    best = _best(matchings)
    if best is not None:
        if any(not source.is_blank for source in best.unmatched):
            match_by_wording(_index(best.definition), best)
        return best
    for matching in matchings:
        match_by_wording(_index(matching.definition), matching)
    best = _best(matchings)
    if best is None and any(source.page for m in matchings for source in m.unmatched):
        reading.readers.append("pdfplumber")
        for matching in matchings:
            match_by_wording(_index(matching.definition), matching, words.labels)
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
    reading: _Reading, form: AcroForm, matching: Matching, pdf: pikepdf.Pdf
) -> FormValues:
    """Return what was entered into the fields, held against what the page shows of it."""
    found = read_values(matching, form.annotations, today=reading.today)
    reading.readers += compare_with_page(
        found, matching, form, pdf, reading.data, reading.password, today=reading.today
    )
    return found


def _read_with_xfa(
    reading: _Reading,
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
        if data is None or entered is None or _without_printed_only(shown.definition, found):
            if data is not None and entered is not None:
                found.problems += find_differences(data, found, entered)
            return _build_extraction(
                reading, DocumentKind.ACROFORM, shown.definition, found, _form_warnings(form)
            )
    codes = ["please_wait_page"] if is_dynamic(pdf, has_fields=bool(form.fields)) else []
    if data is None or entered is None:
        is_damaged = any(w.code == "damaged_xfa" for w in reading.warnings)
        return reading.end(DocumentKind.XFA, *codes, *([] if is_damaged else ["no_known_form"]))
    return _build_extraction(reading, DocumentKind.XFA, data.definition, entered, codes)


def _match_xfa(
    reading: _Reading, pdf: pikepdf.Pdf, definitions: Sequence[FormDefinition]
) -> Matching | None:
    """Return how the XFA data fit the definition that fits best, None where they fit none."""
    try:
        form = find_xfa_fields(pdf)
    except XfaError:
        reading.warnings.append(warn("damaged_xfa"))
        return None
    return _best([match_xfa(_index(definition), form) for definition in definitions])


def _build_extraction(
    reading: _Reading,
    kind: DocumentKind,
    definition: FormDefinition,
    found: FormValues,
    codes: Sequence[str],
) -> Extraction:
    """Return the outcome of a form that was read, with what is missing and what is wrong."""
    missing, problems = _check(reading, definition, found)
    ssn = ["contains_ssn"] if found.has_ssn else []
    return replace(
        reading.end(kind, *ssn, *codes, definition=definition.id),
        fields=_without_printed_only(definition, found),
        missing=missing,
        problems=_in_form_order(definition, problems),
    )


def _check(
    reading: _Reading, definition: FormDefinition, found: FormValues
) -> tuple[tuple[str, ...], tuple[FieldProblem, ...]]:
    """Return the fields that are missing and the problems of the others.

    Nobody is asked to mend what may only have been misread: where a value is doubtful, what is
    wrong with it is for a person to look at.
    """
    fields = _without_printed_only(definition, found)
    missing, problems = validate(
        definition, fields, today=reading.today, attachments_beside_form=reading.attachments
    )
    pending = {p.field for p in found.problems if p.code in _PENDING}
    found_missing = tuple(name for name in missing if name not in pending)
    return found_missing, flag_doubtful([*found.problems, *problems], fields)


def _without_printed_only(definition: FormDefinition, found: FormValues) -> dict[str, FieldValue]:
    """Return the values; none at all where only what the form itself prints was there."""
    printed = {f.name for f in definition.fields if f.requiredness is Requiredness.PRINTED}
    return found.fields if found.fields.keys() - printed else {}


def _form_warnings(form: AcroForm) -> list[str]:
    codes = ["damaged_field"] if form.damaged else []
    if form.has_xfa:
        codes.append("contains_xfa")
    if any(a.subtype == "FreeText" and a.has_text for a in form.annotations):
        codes.append("text_over_form")
    return codes


def _in_form_order(
    definition: FormDefinition, problems: Sequence[FieldProblem]
) -> tuple[FieldProblem, ...]:
    order = {f.name: n for n, f in enumerate(definition.fields)}
    return tuple(sorted(problems, key=lambda p: order[p.field]))


def _read_pages(
    reading: _Reading, definitions: Sequence[FormDefinition], pdf: pikepdf.Pdf
) -> Extraction:
    """Read a printed form; tell a scan and any other document by its name."""
    # Few documents need what reads pages; those with form fields must not wait for it.
    from parsers.page_pictures import is_scan  # noqa: PLC0415
    from parsers.printed_form import KnownForm, read_printed  # noqa: PLC0415
    from parsers.text_layer import TextLayerError  # noqa: PLC0415

    shows_pictures = has_images(pdf)
    if shows_pictures and is_scan(reading.data, reading.password):
        # What a person sees is the picture; the text behind it may say anything.
        return _read_scan(reading, definitions)

    known = [KnownForm(d, _index(d), _layout(d)) for d in definitions]
    numbers = range(1, min(reading.pages, _MOST_TEXT_PAGES) + 1)
    read = partial(
        read_printed,
        numbers=numbers,
        forms=known,
        today=reading.today,
        check=lambda definition, values: _check(reading, definition, values),
    )
    try:
        found = read(reading.data, reading.password)
    except TextLayerError:
        # What qpdf could mend, the other libraries can read once it is written anew.
        found = read(_write_anew(pdf), "")
    reading.readers += (name for name in found.readers if name not in reading.readers)
    forms = [
        _build_extraction(
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
        return _read_scan(reading, definitions)
    return reading.end(DocumentKind.NOT_A_FORM, "no_known_form")


_SCANNERS: dict[tuple[str, ...], tuple[Sequence[FormDefinition], ScanReader]] = {}


def _scanner(definitions: Sequence[FormDefinition]) -> ScanReader:
    """Return what reads pictures of these forms, loaded once."""
    from parsers.printed_form import KnownForm  # noqa: PLC0415
    from parsers.scanned_form import ScanReader  # noqa: PLC0415  # it is large

    names = tuple(definition.id for definition in definitions)
    found = _SCANNERS.get(names)
    if found is None or list(found[0]) != list(definitions):
        reader = ScanReader([KnownForm(d, _index(d), _layout(d)) for d in definitions])
        found = _SCANNERS[names] = (definitions, reader)
    return found[1]


def _read_scan(reading: _Reading, definitions: Sequence[FormDefinition]) -> Extraction:
    """Read every form that the document's pictures show."""
    if not reading.pictures:
        return reading.end(DocumentKind.SCAN, "scan_not_read")
    scanner = _scanner(definitions)
    try:
        found = scanner.read(
            reading.data, password=reading.password, limits=reading.limits, today=reading.today
        )
    except ParseError as error:
        return reading.end(DocumentKind.UNREADABLE, error.code)
    reading.pages = found.pages
    reading.readers += (name for name in found.readers if name not in reading.readers)
    forms = [
        _build_extraction(reading, DocumentKind.SCAN, form.definition, form.values, [])
        for form in found.forms
    ]
    if not forms:
        return reading.end(DocumentKind.NOT_A_FORM, "no_form_in_pictures")
    return replace(forms[0], further=tuple(forms[1:]))


def _write_anew(pdf: pikepdf.Pdf) -> bytes:
    target = io.BytesIO()
    pdf.save(target)
    return target.getvalue()
