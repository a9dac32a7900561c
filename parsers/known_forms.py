"""What is worked out of a form's definition once and kept: its wordings, its layout, its scanner.

Each is made when it is first asked for, and again for another definition of the same name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from parsers.definition import FormDefinition
from parsers.labels import DefinitionIndex

if TYPE_CHECKING:
    from parsers.layout import FormLayout
    from parsers.scanned_form import ScanReader

_INDEXES: dict[str, DefinitionIndex] = {}


def find_index(definition: FormDefinition) -> DefinitionIndex:
    """Return the folded wordings of a definition, made once for each."""
    found = _INDEXES.get(definition.id)
    if found is None or found.definition is not definition:
        found = _INDEXES[definition.id] = DefinitionIndex(definition)
    return found


_LAYOUTS: dict[str, tuple[FormDefinition, FormLayout | None]] = {}


def find_layout(definition: FormDefinition) -> FormLayout | None:
    """Return where everything stands on the blank form of a definition, worked out once."""
    from parsers.layout import build_layout  # noqa: PLC0415

    found = _LAYOUTS.get(definition.id)
    if found is None or found[0] is not definition:
        layout = build_layout(definition, find_index(definition))
        found = _LAYOUTS[definition.id] = (definition, layout)
    return found[1]


_SCANNERS: dict[tuple[str, ...], tuple[Sequence[FormDefinition], ScanReader]] = {}


def find_scanner(definitions: Sequence[FormDefinition]) -> ScanReader:
    """Return what reads pictures of these forms, loaded once."""
    from parsers.scanned_form import ScanReader  # noqa: PLC0415  # it is large

    names = tuple(definition.id for definition in definitions)
    found = _SCANNERS.get(names)
    if found is None or list(found[0]) != list(definitions):
        layouts = ((d, find_layout(d)) for d in definitions)
        reader = ScanReader([(d, layout) for d, layout in layouts if layout is not None])
        found = _SCANNERS[names] = (definitions, reader)
    return found[1]
