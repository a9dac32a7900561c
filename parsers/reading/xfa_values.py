"""Values of an XFA form, by the same matching and normalising as an AcroForm's.

`match_xfa` finds the definition's fields in the data; `read_xfa_values` gives their values, each
with the place of the AcroForm field that shows it, where there is one; `find_differences` holds
them against the AcroForm's own values, which win.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from parsers.definition import FieldType, Requiredness
from parsers.extraction import FieldProblem
from parsers.forms.labels import DefinitionIndex, Match, Matching, match_by_name, match_by_wording
from parsers.forms.written_values import FormValues
from parsers.pdf.acroform import FieldKind
from parsers.pdf.xfa import XfaForm
from parsers.reading.form_values import read_values
from parsers.values.choices import normalise_tick
from parsers.values.normalised import BLANK

_SEVERAL = frozenset({FieldType.LIST, FieldType.DATE_LIST, FieldType.MULTI})


def match_xfa(index: DefinitionIndex, form: XfaForm) -> Matching:
    """Return how the fields of an XFA form fit a definition: by name, tooltip and caption."""
    matching = match_by_name(index, form.fields)
    match_by_wording(index, matching, form.printed_labels)
    matching.matches = [plain for match in matching.matches for plain in _simplify(match)]
    return matching


def _simplify(match: Match) -> Iterator[Match]:
    """Yield the match as AcroForms have it: ticks that are on or blank, one value in a field."""
    source = match.source
    if match.target.choice is not None and source.kind is FieldKind.TEXT:
        # The data says 1 or 0; that it is a tick box only the definition knows.
        is_on = any(normalise_tick(value[0]) is not BLANK for value in source.values)
        source = replace(source, kind=FieldKind.TICK, values=(("Yes",),) if is_on else ())
    if len(source.values) <= 1 or match.target.field.type in _SEVERAL:
        yield replace(match, source=source)
        return
    for value in source.values:
        yield replace(match, source=replace(source, values=(value,)))


def read_xfa_values(matching: Matching, shown: Matching | None, *, today: date) -> FormValues:
    """Return the values of a matched XFA form; `shown` is how the AcroForm beside it matches."""
    found = read_values(matching, (), today=today)
    places = {} if shown is None else {m.target.field.name: m.source for m in shown.matches}
    for name, value in found.fields.items():
        place = places.get(name)
        found.fields[name] = replace(
            value,
            source="xfa",
            page=None if place is None else place.page,
            box=None if place is None else place.box,
        )
    return found


def find_differences(
    matching: Matching, acroform: FormValues, xfa: FormValues
) -> list[FieldProblem]:
    """Return a problem for each field that the two parts of a document answer differently.

    An XFA part without any entry says nothing: many programs fill in the AcroForm alone.
    """
    fields = matching.definition.fields
    printed = {f.name for f in fields if f.requiredness is Requiredness.PRINTED}
    if not xfa.fields.keys() - printed:
        return []
    known = {match.target.field.name for match in matching.matches}
    names = [f.name for f in fields if f.name in known - printed]
    return [_difference(name) for name in names if _value(acroform, name) != _value(xfa, name)]


def _value(found: FormValues, name: str) -> object:
    value = found.fields.get(name)
    return None if value is None else value.value


def _difference(name: str) -> FieldProblem:
    return FieldProblem(
        field=name,
        code="xfa_differs",
        message="The file holds this answer twice, as an ordinary form field and as XFA data, and "
        "the two differ; a person will compare them.",
        flag_only=True,
    )
