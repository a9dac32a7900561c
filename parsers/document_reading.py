"""What every way of reading a document has in common: what is known meanwhile, and how it ends.

A form that was read ends in an `Extraction` with its values, what is missing and what is wrong;
anything else in one that says by its kind and a warning what the document is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from parsers.definition import FormDefinition, Requiredness
from parsers.document_traits import warn
from parsers.extraction import (
    DocumentKind,
    DocumentWarning,
    Extraction,
    FieldProblem,
    FieldValue,
    ReadLimits,
)
from parsers.validation import flag_doubtful, validate
from parsers.written_values import FormValues

#: Problems of a field that may be filled in after all: it is not missing until a person has looked.
_PENDING = frozenset({"ambiguous_label", "unclear_mark"})


@dataclass(slots=True, kw_only=True)
class Reading:
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


def build_extraction(
    reading: Reading,
    kind: DocumentKind,
    definition: FormDefinition,
    found: FormValues,
    codes: Sequence[str],
) -> Extraction:
    """Return the outcome of a form that was read, with what is missing and what is wrong."""
    missing, problems = check_values(reading, definition, found)
    ssn = ["contains_ssn"] if found.has_ssn else []
    return replace(
        reading.end(kind, *ssn, *codes, definition=definition.id),
        fields=list_entered(definition, found),
        missing=missing,
        problems=_in_form_order(definition, problems),
    )


def check_values(
    reading: Reading, definition: FormDefinition, found: FormValues
) -> tuple[tuple[str, ...], tuple[FieldProblem, ...]]:
    """Return the fields that are missing and the problems of the others.

    Nobody is asked to mend what may only have been misread: where a value is doubtful, what is
    wrong with it is for a person to look at.
    """
    fields = list_entered(definition, found)
    missing, problems = validate(
        definition, fields, today=reading.today, attachments_beside_form=reading.attachments
    )
    pending = {p.field for p in found.problems if p.code in _PENDING}
    found_missing = tuple(name for name in missing if name not in pending)
    return found_missing, flag_doubtful([*found.problems, *problems], fields)


def list_entered(definition: FormDefinition, found: FormValues) -> dict[str, FieldValue]:
    """Return the values; none at all where only what the form itself prints was there."""
    printed = {f.name for f in definition.fields if f.requiredness is Requiredness.PRINTED}
    return found.fields if found.fields.keys() - printed else {}


def _in_form_order(
    definition: FormDefinition, problems: Sequence[FieldProblem]
) -> tuple[FieldProblem, ...]:
    order = {f.name: n for n, f in enumerate(definition.fields)}
    return tuple(sorted(problems, key=lambda p: order[p.field]))
