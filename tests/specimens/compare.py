"""What was read from a document, beside what the person meant.

A page does not tell a line's end from a blank, so values read from pages are compared with every
run of white space as one blank; values of form fields are compared exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from parsers.extraction import DocumentKind, Extraction, FieldValue, Value
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

    @property
    def value(self) -> Value | None:
        """The value that was read, or None."""
        return None if self.found is None or self.found.value == "" else self.found.value


def compare(specimen: Specimen, extraction: Extraction) -> Iterator[Reading]:
    """Yield every field that the person wrote or the program read, in the order of the form."""
    is_page = extraction.kind not in (DocumentKind.ACROFORM, DocumentKind.XFA)
    names = dict.fromkeys((*specimen.expected, *extraction.fields))
    for name in names:
        if name == _PRINTED:
            continue
        expected, found = specimen.expected.get(name), extraction.fields.get(name)
        value = None if found is None or found.value == "" else found.value
        is_exact = _even_out(expected) == _even_out(value) if is_page else expected == value
        yield Reading(field=name, expected=expected, found=found, is_exact=is_exact)


def _even_out(value: Value | None) -> Value | None:
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, tuple):
        return tuple(" ".join(item.split()) for item in value)
    return value
