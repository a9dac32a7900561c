"""What is known while one document is read, and how an outcome is made of it.

Every stage of reading is handed the `DocumentReading` and gives an `Extraction`, built here, or
None where its way leads nowhere: then the next stage has its turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Protocol

import pikepdf

from parsers.definition import FormDefinition, Requiredness
from parsers.extraction import (
    DocumentKind,
    DocumentWarning,
    Extraction,
    FieldProblem,
    FieldValue,
    ReadLimits,
)
from parsers.forms.validation import flag_doubtful, validate
from parsers.forms.written_values import FormValues
from parsers.pdf.acroform import AcroForm
from parsers.pdf.traits import warn
from parsers.reading.known_forms import KnownForms

#: Problems of a field that may be filled in after all: it is not missing until a person has looked.
_PENDING = frozenset({"ambiguous_label", "unclear_mark"})


@dataclass(slots=True, kw_only=True)
class DocumentReading:
    """One document on its way through the stages."""

    data: bytes
    known: KnownForms  #: the forms it may be
    today: date
    password: str
    attachments: int | None  #: how many came beside it, None where nobody knows
    limits: ReadLimits
    pictures: bool  #: pictures of pages are read as well, which takes seconds
    pages: int = 0
    words: int = 0  #: on its pages, once they were read
    passed_over: tuple[int, ...] = ()  #: pages that show something and no form, once known
    readers: list[str] = field(default_factory=list)  #: libraries, in order
    warnings: list[DocumentWarning] = field(default_factory=list)

    def add_readers(self, names: Sequence[str]) -> None:
        """Note which libraries read the document, each once."""
        self.readers += [name for name in names if name not in self.readers]

    def end(self, kind: DocumentKind, *codes: str, definition: str | None = None) -> Extraction:
        """Return the outcome of a document without values."""
        return Extraction(
            kind=kind,
            definition=definition,
            pages=self.pages,
            readers=tuple(self.readers),
            warnings=(*self.warnings, *(warn(code) for code in codes)),
        )

    def build(
        self,
        kind: DocumentKind,
        definition: FormDefinition,
        found: FormValues,
        codes: Sequence[str] = (),
    ) -> Extraction:
        """Return the outcome of a form that was read, with what is missing and what is wrong."""
        missing, problems = self.check(definition, found)
        ssn = ["contains_ssn"] if found.has_ssn else []
        return replace(
            self.end(kind, *ssn, *codes, definition=definition.id),
            fields=without_printed_only(definition, found),
            missing=missing,
            problems=_in_form_order(definition, problems),
            passed_over=self.passed_over,
        )

    def check(
        self, definition: FormDefinition, found: FormValues
    ) -> tuple[tuple[str, ...], tuple[FieldProblem, ...]]:
        """Return the fields that are missing and the problems of the others.

        Nobody is asked to mend what may only have been misread: where a value is doubtful, what is
        wrong with it is for a person to look at.
        """
        fields = without_printed_only(definition, found)
        beside = self.attachments
        if beside is not None:
            # Who puts a form and a paper into one document sends the paper too.
            beside += len(self.passed_over)
        missing, problems = validate(
            definition, fields, today=self.today, attachments_beside_form=beside
        )
        pending = {p.field for p in found.problems if p.code in _PENDING}
        really_missing = tuple(name for name in missing if name not in pending)
        return really_missing, flag_doubtful([*found.problems, *problems], fields)


class Stage(Protocol):
    """One way to read a PDF: its outcome, or None where this way leads nowhere."""

    def __call__(
        self, reading: DocumentReading, pdf: pikepdf.Pdf, form: AcroForm, /
    ) -> Extraction | None: ...


def join_forms(forms: Sequence[Extraction]) -> Extraction | None:
    """Return the first of the forms one document holds, with the others as its `further`."""
    return replace(forms[0], further=tuple(forms[1:])) if forms else None


def without_printed_only(definition: FormDefinition, found: FormValues) -> dict[str, FieldValue]:
    """Return the values; none at all where only what the form itself prints was there.

    What it prints is no answer that anybody could confirm, so that it is left out in doubt.
    """
    printed = {f.name for f in definition.fields if f.requiredness is Requiredness.PRINTED}
    if not found.fields.keys() - printed:
        return {}
    doubted = {n for n in printed & found.fields.keys() if found.fields[n].is_doubtful}
    return {n: value for n, value in found.fields.items() if n not in doubted}


def _in_form_order(
    definition: FormDefinition, problems: Sequence[FieldProblem]
) -> tuple[FieldProblem, ...]:
    order = {f.name: n for n, f in enumerate(definition.fields)}
    return tuple(sorted(problems, key=lambda p: order[p.field]))
