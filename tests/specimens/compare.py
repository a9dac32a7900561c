"""What was read from a document, beside what the person meant.

A page does not tell a line's end from a blank, so values read from pages are compared with every
run of white space as one blank; values of form fields are compared exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from parsers.extraction import DOUBTFUL_BELOW, DocumentKind, Extraction, FieldValue, Value
from tests.specimens.people import Specimen

#: The form prints it and nobody types it.
_PRINTED = "form_version"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One field that was written, read or both."""

    field: str
    expected: Value | None  #: None: left blank
    found: FieldValue | None  #: None: nothing was read
    is_exact: bool  #: what was read is what was meant; also where both are nothing
    is_told: bool  #: the reading itself says that something is not right or not sure here

    @property
    def value(self) -> Value | None:
        """The value that was read, or None."""
        return None if self.found is None or self.found.value == "" else self.found.value


def compare(specimen: Specimen, extraction: Extraction) -> Iterator[Reading]:
    """Yield every field that the person wrote or the program read, in the order of the form."""
    is_page = extraction.kind not in (DocumentKind.ACROFORM, DocumentKind.XFA)
    told = {*extraction.missing, *(problem.field for problem in extraction.problems)}
    names = dict.fromkeys((*specimen.expected, *extraction.fields))
    for name in names:
        if name == _PRINTED:
            continue
        expected, found = specimen.expected.get(name), extraction.fields.get(name)
        value = None if found is None or found.value == "" else found.value
        is_exact = _even_out(expected) == _even_out(value) if is_page else expected == value
        is_doubtful = found is not None and found.confidence < DOUBTFUL_BELOW
        yield Reading(
            field=name,
            expected=expected,
            found=found,
            is_exact=is_exact,
            is_told=is_doubtful or name in told,
        )


def _even_out(value: Value | None) -> Value | None:
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, tuple):
        return tuple(" ".join(item.split()) for item in value)
    return value
