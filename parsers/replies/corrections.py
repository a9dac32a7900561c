"""Values that a person writes for a field in a reply, read as the form's own are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from parsers.definition import FormDefinition
from parsers.extraction import FieldProblem, FieldValue
from parsers.values.by_type import normalise
from parsers.values.ssn import mask_ssn

#: The source of a value that a member of staff wrote, and vouches for.
CORRECTION = "correction"


def read_corrections(
    definition: FormDefinition, written: Mapping[str, Sequence[str]], *, today: date
) -> tuple[dict[str, FieldValue], list[FieldProblem]]:
    """Return the values written, by machine name, and what is wrong with those that are none.

    Several lines for one field are one list. A value that reads in two ways is wrong here: whoever
    corrects a file can write it so that it reads in one.
    """
    values: dict[str, FieldValue] = {}
    wrong: list[FieldProblem] = []
    for name, lines in written.items():
        field = definition.find_field(name)
        if field is None:
            wrong.append(
                FieldProblem(
                    field=name, code="unknown_field", message="The form has no such field."
                )
            )
            continue
        text = "; ".join(lines)
        read = normalise(text, field, today=today)
        if read.value is None or read.code:
            wrong.append(
                FieldProblem(
                    field=name,
                    code=read.code or "empty_value",
                    message=read.message or "Write the value it should have.",
                )
            )
        else:
            values[name] = FieldValue(value=read.value, raw=mask_ssn(text), source=CORRECTION)
    return values, wrong
