"""One document in, one `Extraction` out: what it is and, if it is a form, what stands in it.

Outcomes, as `Extraction.kind`: `acroform` (read, validated), and recognised but not read: `xfa`,
`text` (a form printed to PDF), `scan`, `encrypted`, `unreadable`, `not_a_form`. All but the first
carry a warning that says so in a sentence. No document raises; only a bad definition does, and
`MemoryError`, which belongs to whoever set the limit.
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import pikepdf

from parsers.acroform import AcroForm, TooManyFieldsError, find_fields
from parsers.cleaning import fold_text
from parsers.definition import FieldType, FormDefinition, Requiredness
from parsers.document_traits import (
    find_catalog_actions,
    find_other_type,
    has_images,
    name_actions,
    warn,
)
from parsers.extraction import (
    DocumentKind,
    DocumentWarning,
    Extraction,
    FieldProblem,
    FieldValue,
    ReadLimits,
)
from parsers.form_values import FormValues, read_values
from parsers.labels import DefinitionIndex, Matching, Way, match_by_name, match_by_wording
from parsers.printed_labels import PrintedWords
from parsers.shown_values import compare_with_page
from parsers.validation import check_definition, flag_doubtful, validate

#: Enough fields recognised by their names make a form. By their labels it takes a part of all that
#: the definition requires, over several sections: every court form has a city, a state and a date.
_ENOUGH_NAMES = 5
_ENOUGH_REQUIRED = 0.45
_ENOUGH_SECTIONS = 3
#: Pages whose text is looked at when there are no fields.
_MOST_TEXT_PAGES = 5
#: A scan may carry a few stray letters, a stamp of the fax machine for example.
_FEW_WORDS = 25


@dataclass(slots=True, kw_only=True)
class _Reading:
    """What is known while one document is read."""

    data: bytes
    today: date
    password: str
    attachments: int | None
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
) -> Extraction:
    """Read one document against the definitions that may fit it.

    `today` is the date where the office is; `password` opens an encrypted file, and an owner
    password alone needs none. Only `limits.bytes` and `limits.pages` are looked at here: time and
    memory are enforced by the process that reads. Raises `ParseError` for a bad definition.
    """
    for definition in definitions:
        check_definition(definition)
    reading = _Reading(
        data=data, today=today, password=password or "", attachments=attachments_beside_form
    )
    bounds = limits or ReadLimits()
    refused = _refuse_bytes(reading, bounds)
    if refused is not None:
        return refused
    try:
        return _open_and_read(reading, definitions, bounds)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  # a document that defeats the libraries is an outcome
        if "bad_alloc" in str(error):
            # So qpdf says that memory ran out, in an error of its own.
            raise MemoryError from None
        return reading.end(DocumentKind.UNREADABLE, "broken_pdf")


def _refuse_bytes(reading: _Reading, limits: ReadLimits) -> Extraction | None:
    code = ""
    kind = DocumentKind.UNREADABLE
    if not reading.data:
        code = "empty_file"
    elif len(reading.data) > limits.bytes:
        code = "over_size_limit"
    elif b"%PDF-" not in reading.data[:1024]:
        code = "not_a_pdf"
        kind = DocumentKind.NOT_A_FORM if find_other_type(reading.data) else kind
    if not code:
        return None
    reading.readers.clear()
    return reading.end(kind, code)


def _open_and_read(
    reading: _Reading, definitions: Sequence[FormDefinition], limits: ReadLimits
) -> Extraction:
    try:
        pdf = _open(reading)
    except pikepdf.PasswordError:
        return reading.end(
            DocumentKind.ENCRYPTED, "wrong_password" if reading.password else "password_needed"
        )
    except pikepdf.PdfError:
        return reading.end(DocumentKind.UNREADABLE, "broken_pdf")
    with pdf:
        reading.pages = len(pdf.pages)
        if not reading.pages:
            return reading.end(DocumentKind.UNREADABLE, "broken_pdf")
        if reading.pages > limits.pages:
            return reading.end(DocumentKind.UNREADABLE, "over_page_limit")
        try:
            form = find_fields(pdf)
        except TooManyFieldsError:
            return reading.end(DocumentKind.UNREADABLE, "too_many_fields")
        reading.warnings += map(warn, name_actions(form.actions | find_catalog_actions(pdf)))
        return _read_form(reading, form, definitions, pdf)


def _open(reading: _Reading) -> pikepdf.Pdf:
    """Open the bytes through a file in memory, which qpdf reads faster than a stream object."""
    if not hasattr(os, "memfd_create"):
        return pikepdf.open(io.BytesIO(reading.data), password=reading.password)
    descriptor = os.memfd_create("document")
    with os.fdopen(descriptor, "wb") as memory:
        memory.write(reading.data)
        memory.flush()
        return pikepdf.open(f"/proc/self/fd/{descriptor}", password=reading.password)


_INDEXES: dict[str, DefinitionIndex] = {}


def _index(definition: FormDefinition) -> DefinitionIndex:
    """Return the folded wordings of a definition, made once for each."""
    found = _INDEXES.get(definition.id)
    if found is None or found.definition is not definition:
        found = _INDEXES[definition.id] = DefinitionIndex(definition)
    return found


def _read_form(
    reading: _Reading, form: AcroForm, definitions: Sequence[FormDefinition], pdf: pikepdf.Pdf
) -> Extraction:
    words = PrintedWords(reading.data, reading.password, form.fields)
    try:
        matching = _match(reading, form, definitions, words) if form.fields else None
        if matching is not None:
            return _build_extraction(reading, form, matching, pdf)
        if form.has_xfa:
            return reading.end(DocumentKind.XFA, "xfa_not_read")
        return _name_without_fields(reading, definitions, words, pdf)
    finally:
        words.close()


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
    fields = matching.definition.fields
    core = {f.name for f in fields if f.requiredness is Requiredness.REQUIRED}
    core = core or {f.name for f in fields}
    met = {m.target.field.name for m in matching.matches} & core
    sections = min(_ENOUGH_SECTIONS, len(matching.definition.sections))
    return len(met) >= _ENOUGH_REQUIRED * len(core) and matching.sections() >= sections


def _has_version(matching: Matching) -> bool:
    """Return whether the printed form version is the definition's."""
    wanted = fold_text(matching.definition.version_text)
    return any(
        match.target.field.requiredness is Requiredness.PRINTED
        and any(fold_text(wording) == wanted for value in match.source.values for wording in value)
        for match in matching.matches
    )


def _build_extraction(
    reading: _Reading, form: AcroForm, matching: Matching, pdf: pikepdf.Pdf
) -> Extraction:
    definition = matching.definition
    found = read_values(matching, form.annotations, today=reading.today)
    reading.readers += compare_with_page(
        found, matching, form.annotations, pdf, reading.data, reading.password, today=reading.today
    )
    fields = _without_printed_only(definition, found)
    missing, problems = validate(
        definition,
        fields,
        today=reading.today,
        attachments_beside_form=reading.attachments,
    )
    pending = {p.field for p in found.problems if p.code == "ambiguous_label"}
    codes = _form_warnings(form, found)
    return replace(
        reading.end(DocumentKind.ACROFORM, *codes, definition=definition.id),
        fields=fields,
        missing=tuple(name for name in missing if name not in pending),
        problems=_in_form_order(definition, flag_doubtful([*found.problems, *problems], fields)),
    )


def _without_printed_only(definition: FormDefinition, found: FormValues) -> dict[str, FieldValue]:
    """Return the values; none at all where only what the form itself prints was there."""
    printed = {f.name for f in definition.fields if f.requiredness is Requiredness.PRINTED}
    return found.fields if found.fields.keys() - printed else {}


def _form_warnings(form: AcroForm, found: FormValues) -> list[str]:
    codes = ["contains_ssn"] if found.has_ssn else []
    if form.damaged:
        codes.append("damaged_field")
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


def _name_without_fields(
    reading: _Reading,
    definitions: Sequence[FormDefinition],
    words: PrintedWords,
    pdf: pikepdf.Pdf,
) -> Extraction:
    """Tell a printed form, a scan and any other document apart."""
    pages = range(1, min(reading.pages, _MOST_TEXT_PAGES) + 1)
    text = " ".join(words.text(page) for page in pages)
    if "pdfplumber" not in reading.readers:
        reading.readers.append("pdfplumber")
    best = max(definitions, key=lambda d: _label_share(d, text), default=None)
    if best is not None and _label_share(best, text) >= 0.5:
        return reading.end(DocumentKind.TEXT, "text_not_read", definition=best.id)
    if len(text.split()) <= _FEW_WORDS and has_images(pdf):
        return reading.end(DocumentKind.SCAN, "scan_not_read")
    return reading.end(DocumentKind.NOT_A_FORM, "no_known_form")


def _label_share(definition: FormDefinition, text: str) -> float:
    """Return which part of the definition's printed labels stands in `text`."""
    folded = f" {fold_text(text)} "
    labels = [fold_text(f.label) for f in definition.fields if f.type is not FieldType.ATTESTATION]
    return sum(f" {label} " in folded for label in labels) / max(len(labels), 1)
