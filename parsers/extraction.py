"""What was read from a form: values with their evidence, what is missing and what is wrong.

The outcome of reading a document is always an `Extraction`, whose `kind` names what the document
turned out to be; a document that defeats its reader has an outcome too (`unreadable`), made by
whoever ran it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

#: A value that is less sure than this is doubtful: a person looks at it, and the requester is not
#: asked to mend what may only have been misread.
DOUBTFUL_BELOW = 0.8

#: A field's value: text, yes or no, or several texts. Absent fields have no value at all.
Value = str | bool | tuple[str, ...]


class DocumentKind(StrEnum):
    """What a document turned out to be."""

    ACROFORM = "acroform"  #: a fillable form with values
    XFA = "xfa"  #: an XFA form
    TEXT = "text"  #: a form printed to PDF: text, no form fields
    SCAN = "scan"  #: pictures of pages
    ENCRYPTED = "encrypted"  #: needs a password to open
    UNREADABLE = "unreadable"  #: broken, empty, or over a limit
    NOT_A_FORM = "not_a_form"  #: readable, and no form we know


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldValue:
    """One value with its evidence."""

    value: Value  #: empty text where what stood there is no such value; a problem says why
    raw: str  #: exactly what stood in the field, but for masked Social Security numbers
    source: str  #: the reader's way: `acroform`, `text`, or `correction` for a person's
    confidence: float = 1.0  #: 0 to 1
    page: int | None = None  #: counted from 1
    box: tuple[float, float, float, float] | None = None  #: PDF points, left bottom right top
    alternatives: tuple[str, ...] = ()  #: other values the same text may mean, the likeliest first
    shown: str | None = None  #: what the page shows, where that is not what the data says

    @property
    def is_doubtful(self) -> bool:
        """Whether a person has to look at it before it counts."""
        return self.confidence < DOUBTFUL_BELOW


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldProblem:
    """Something wrong with one field, in a sentence a requester understands."""

    field: str
    code: str  #: stable, for example `ambiguous_date`
    message: str  #: says what is wrong and what to do; never quotes the value
    flag_only: bool = False  #: true: a person should look, and the form is complete all the same


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentWarning:
    """Something about the document as a whole."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Something urgent that a document, or a paper beside it, speaks of."""

    topic: str  #: its name in the table of topics
    rule: str  #: where it was heard, and by which rule: `paper:weighed_words`
    words: tuple[str, ...] = ()  #: of our own table, that weighed most


def _or_null(value: Value) -> Value | None:
    return None if value == "" else value


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLimits:
    """How much one document may cost its reader."""

    seconds: float = 30.0  #: of wall-clock time, and at most as much of processor time
    memory_mb: int = 1024  #: of address space, the libraries' own included
    bytes: int = 50 * 1024 * 1024  #: of the document
    pages: int = 200
    pixels: int = 40_000_000  #: of one picture, or of a page drawn
    inside_files: int = 50  #: papers taken out of others, of one mail
    inside_bytes: int = 25 * 1024 * 1024  #: of all of them, unfolded
    inside_depth: int = 3  #: of papers inside papers


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """Everything that was read from one document."""

    kind: DocumentKind
    definition: str | None = None  #: id of the form definition, None when none fits
    pages: int = 0
    readers: tuple[str, ...] = ()  #: libraries that read it, in order
    fields: Mapping[str, FieldValue] = field(
        default_factory=dict
    )  #: by machine name, blank ones absent
    missing: tuple[str, ...] = ()  #: required fields without a value, in form order
    problems: tuple[FieldProblem, ...] = ()
    warnings: tuple[DocumentWarning, ...] = ()
    further: tuple[Extraction, ...] = ()  #: of the other forms in the same document
    passed_over: tuple[int, ...] = ()  #: pages, from 1, that show something and no form
    #: What was read in pictures of pages that are no form's. It stays where it was read.
    texts: tuple[str, ...] = field(default=(), repr=False)
    heard: tuple[Heard, ...] = ()  #: what it speaks of that is urgent, where that was listened for
    demand: str = ""  #: what it is as a demand, a `Demand`; empty where nobody looked

    @property
    def is_form(self) -> bool:
        """Whether values of a known form were read."""
        return self.definition is not None and bool(self.fields)

    @property
    def needs_pictures(self) -> bool:
        """Whether it consists of pictures that nobody has read yet."""
        return self.kind is DocumentKind.SCAN and any(
            w.code == "scan_not_read" for w in self.warnings
        )

    @property
    def forms(self) -> tuple[Extraction, ...]:
        """Return every form of the document that values were read from, this one first."""
        return tuple(one for one in (self, *self.further) if one.is_form)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing and nothing is wrong that the requester must mend."""
        return self.is_form and not self.missing and all(p.flag_only for p in self.problems)

    def value(self, name: str) -> Value | None:
        """Return the field's value, or None where it was left blank or could not be understood."""
        found = self.fields.get(name)
        return None if found is None or found.value == "" else found.value

    def to_json(self) -> dict[str, Any]:
        """Return the JSON shape `extract --json` prints, but for the file's name."""
        return {
            "form": {
                "definition": self.definition,
                "kind": self.kind.value,
                "pages": self.pages,
                "readers": list(self.readers),
            },
            "fields": {
                name: {
                    # An unreadable value is null, so that no program takes it for an answer.
                    "value": list(v.value) if isinstance(v.value, tuple) else _or_null(v.value),
                    "raw": v.raw,
                    "source": v.source,
                    "confidence": v.confidence,
                    "page": v.page,
                    "box": None if v.box is None else [round(n, 1) for n in v.box],
                    **({"alternatives": list(v.alternatives)} if v.alternatives else {}),
                    **({} if v.shown is None else {"shown": v.shown}),
                }
                for name, v in self.fields.items()
            },
            "missing": list(self.missing),
            "problems": [
                {
                    "field": p.field,
                    "code": p.code,
                    "message": p.message,
                    "flag_only": p.flag_only,
                }
                for p in self.problems
            ],
            "warnings": [{"code": w.code, "message": w.message} for w in self.warnings],
            **({"further": [form.to_json() for form in self.further]} if self.further else {}),
        }
