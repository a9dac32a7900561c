"""From what stood in the places of a form to its values, whichever reader found them.

A reader hands over, for each field of the definition, what it found written for it, the likeliest
first. Every field ends as absent (left blank), as a value, as a value with a flag, or as an empty
value with a problem that says why what stood there is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from parsers.definition import FieldType, FormField
from parsers.extraction import FieldProblem, FieldValue, Value
from parsers.pdf.objects import Box
from parsers.values.by_type import LONGEST_TEXT
from parsers.values.cleaning import clean_text
from parsers.values.normalised import BLANK, Normalised, good, wrong
from parsers.values.ssn import mask_ssn

#: How sure a value is that the page does not show: not at all, until a person has looked.
DIFFERING_CONFIDENCE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What stood in one place, and what it was read as."""

    raw: str
    outcome: Normalised
    confidence: float
    page: int | None = None  #: counted from 1
    box: Box | None = None
    is_doubtful: bool = False  #: what is shown ticked is not what the data says
    others: tuple[str, ...] = ()  #: what other readers made of it


@dataclass(slots=True, kw_only=True)
class FormValues:
    """The values of one document."""

    source: str = "acroform"  #: what they come from, as `FieldValue.source` tells it
    fields: dict[str, FieldValue] = field(default_factory=dict)
    problems: list[FieldProblem] = field(default_factory=list)
    has_ssn: bool = False

    def keep(self, form_field: FormField, written: Sequence[Written]) -> None:
        """Keep what was written for a field, where that is anything, with the problems it has."""
        written = [w for w in written if w.outcome is not BLANK]
        if not written:
            return
        first = written[0]
        is_doubtful = first.is_doubtful or (
            len(written) > 1 and any(w.is_doubtful for w in written)
        )
        raw = first.raw[:LONGEST_TEXT]
        masked = mask_ssn(raw)
        self.has_ssn = self.has_ssn or masked != raw
        self.fields[form_field.name] = FieldValue(
            value="" if first.outcome.value is None else first.outcome.value,
            raw=masked,
            source=self.source,
            confidence=min(first.confidence, DIFFERING_CONFIDENCE)
            if is_doubtful
            else first.confidence,
            page=first.page,
            box=first.box,
            alternatives=(*first.outcome.alternatives, *map(mask_ssn, first.others)),
        )
        if first.outcome.code or first.is_doubtful or len(written) > 1:
            self.problems.extend(_problems(form_field, written))


def _problems(form_field: FormField, written: Sequence[Written]) -> Iterator[FieldProblem]:
    outcome = written[0].outcome
    if outcome.code:
        yield FieldProblem(
            field=form_field.name,
            code=outcome.code,
            message=outcome.message,
            flag_only=outcome.value is not None,
        )
    if any(w.outcome.value != outcome.value for w in written[1:]):
        yield FieldProblem(
            field=form_field.name,
            code="differing_values",
            message="This field stands in the document more than once, with different contents; "
            "a person will compare them.",
            flag_only=True,
        )
    if any(w.is_doubtful for w in written):
        yield FieldProblem(
            field=form_field.name,
            code="tick_differs",
            message="What the page shows ticked is not what the form's data says; a person will "
            "look at it.",
            flag_only=True,
        )


def build_ambiguous(field_name: str) -> FieldProblem:
    """Return the problem of a field that a label may mean, or another one."""
    return FieldProblem(
        field=field_name,
        code="ambiguous_label",
        message="The form has a filled field whose label may mean this or another one; "
        "tell us what to enter here, or use the current form.",
    )


def read_ticked(form_field: FormField, names: Sequence[str]) -> tuple[str, Normalised]:
    """Return the raw text and the outcome of marks that each stand for a choice.

    `names` are the machine names of the choices ticked, `yes` or `no` for a yes_no; one at least.
    """
    ticked = tuple(dict.fromkeys(names))
    raw = "; ".join(ticked)
    if form_field.type is FieldType.MULTI:
        return raw, good(tuple(c.name for c in form_field.choices if c.name in ticked))
    if len(ticked) > 1:
        return raw, wrong("more_than_one_choice", "Only one answer is possible here; tick one.")
    value: Value = ticked[0]
    return raw, good(value == "yes" if form_field.type is FieldType.YES_NO else value)


def read_signature(text: str) -> Normalised:
    """Return the outcome of what stands on a signature line: any writing is a signature."""
    return good(value=True) if clean_text(text).strip("_ ") else BLANK
