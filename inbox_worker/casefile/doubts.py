"""What is doubtful in a file, and what changed in it, as reviewers are shown it.

Pure but for the definition it is given; nothing here is sent outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from inbox_worker.casefile.presentation import BLANK_VALUE, format_value, list_notes
from inbox_worker.casefile.triage import find_fields_to_check
from outbound.letters.review_letters import ChangedField, Comparison, FieldToCheck
from parsers.definition import FieldType, FormDefinition, FormField
from parsers.extraction import FieldProblem, FieldValue
from parsers.forms.comparison import FieldChange
from parsers.replies.corrections import CORRECTION

#: Who read a value, by its source, in words for staff.
_READERS: Mapping[str, str] = {
    "acroform": "the form's own data",
    "xfa": "the form's XFA data",
    "text": "the text printed on the page",
    "scan": "text recognition, from a picture of the page",
    CORRECTION: "a member of staff",
}


def build_checks(
    definition: FormDefinition,
    fields: Mapping[str, FieldValue],
    problems: Sequence[FieldProblem],
    pictures: Mapping[str, bytes],
) -> tuple[FieldToCheck, ...]:
    """Return the fields that a person has to look at, in the form's order."""
    names, notes = find_fields_to_check(fields, problems), list_notes(problems)
    return tuple(
        _build_check(
            field,
            fields.get(field.name, BLANK_VALUE),
            " ".join(notes.get(field.name, ())),
            pictures.get(field.name),
        )
        for field in definition.fields
        if field.name in names
    )


def _build_check(
    field: FormField, found: FieldValue, note: str, picture: bytes | None
) -> FieldToCheck:
    value = format_value(field, found.value)
    reader = _READERS.get(found.source, found.source)
    return FieldToCheck(
        label=field.label,
        value=value,
        # The name of a country and its code together read as a place within it.
        answer=str(found.value) if field.type is FieldType.COUNTRY else value,
        raw="" if found.raw.strip().casefold() in ("", value.casefold()) else found.raw,
        shown=found.shown,
        others=tuple(format_value(field, other) for other in found.alternatives),
        read_by=reader if found.confidence == 1 else f"{reader}, {found.confidence:.0%} sure",
        note=note or "The reader is not sure of it.",
        page=found.page,
        picture=picture,
    )


def build_comparison(
    definition: FormDefinition, changes: Iterable[FieldChange], earlier: str
) -> Comparison:
    """Return what changed since an earlier form, as people read it."""
    labelled = ((definition.find_field(change.field), change) for change in changes)
    return Comparison(
        earlier=earlier,
        changes=tuple(
            ChangedField(
                label=field.label,
                old="" if change.old is None else format_value(field, change.old),
                new="" if change.new is None else format_value(field, change.new),
            )
            for field, change in labelled
            if field is not None
        ),
    )
