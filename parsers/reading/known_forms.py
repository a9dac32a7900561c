"""The forms a document may be, each with what is worked out of its definition once.

Folding a definition's wordings and measuring its blank form takes longer than reading a form does;
whoever reads many documents against the same definitions does it for the first one alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from parsers.definition import FormDefinition
from parsers.forms.labels import DefinitionIndex
from parsers.forms.validation import check_definition

if TYPE_CHECKING:
    from parsers.forms.layout import FormLayout
    from parsers.reading.scanned_form import ScanReader


class KnownForm:
    """A form that a document may be."""

    def __init__(self, definition: FormDefinition) -> None:
        check_definition(definition)
        self.definition = definition
        self.index = DefinitionIndex(definition)

    @cached_property
    def layout(self) -> FormLayout | None:
        """Where everything stands on the blank form; None where that is not at hand."""
        # What looks at pages is imported for those documents alone that need it.
        from parsers.forms.layout import build_layout  # noqa: PLC0415

        return build_layout(self.definition, self.index)


class KnownForms:
    """All the forms a document may be."""

    def __init__(self, definitions: Sequence[FormDefinition]) -> None:
        self.definitions = tuple(definitions)
        self.forms = tuple(KnownForm(definition) for definition in definitions)

    def find(self, definition: FormDefinition) -> KnownForm:
        """Return the form of a definition that is among them."""
        return next(form for form in self.forms if form.definition is definition)

    @cached_property
    def scanner(self) -> ScanReader:
        """What reads pictures of these forms."""
        from parsers.reading.scanned_form import ScanReader  # noqa: PLC0415  # it is large

        return ScanReader(self.forms)


_KNOWN: dict[tuple[str, ...], KnownForms] = {}


def know(definitions: Sequence[FormDefinition]) -> KnownForms:
    """Return what is known of `definitions`; raise `ParseError` for one that is bad."""
    names = tuple(definition.id for definition in definitions)
    found = _KNOWN.get(names)
    if found is None or any(
        a is not b for a, b in zip(found.definitions, definitions, strict=True)
    ):
        found = _KNOWN[names] = KnownForms(definitions)
    return found
