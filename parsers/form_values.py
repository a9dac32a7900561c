"""From matched AcroForm fields to values: each field of the definition once, with its evidence.

Every field ends as absent (left blank), as a value, as a value with a flag, or as an empty value
with a problem that says why what stood there is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from parsers.acroform import AcroField, Annotation, FieldKind
from parsers.cleaning import clean_text
from parsers.definition import FieldType, FormDefinition, FormField
from parsers.extraction import FieldProblem, FieldValue, Value
from parsers.labels import Match, Matching, Target, Way
from parsers.normalised import BLANK, Normalised, good, wrong
from parsers.numbers import is_a_number_shape
from parsers.pdf_objects import Box
from parsers.ssn import has_ssn, mask_ssn
from parsers.values import LONGEST_TEXT, normalise

_CONFIDENCE = {Way.NAME: 1.0, Way.TOOLTIP: 0.9, Way.PRINTED: 0.85}
#: How sure a value is that the page does not show: not at all, until a person has looked.
DIFFERING_CONFIDENCE = 0.5
#: What people sign with when they do not type: pen strokes, a picture, a text box.
_DRAWN = frozenset({"Ink", "Stamp", "FreeText", "PolyLine"})
_NEAR = 8.0


@dataclass(slots=True, kw_only=True)
class FormValues:
    """The values of one document."""

    fields: dict[str, FieldValue] = field(default_factory=dict)
    problems: list[FieldProblem] = field(default_factory=list)
    has_ssn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """What stood in one AcroForm field, and what it was read as."""

    match: Match
    raw: str
    outcome: Normalised


def read_values(
    matching: Matching, annotations: Sequence[Annotation], *, today: date
) -> FormValues:
    """Return the values of every recognised field in form order, and the problems met."""
    found = FormValues()
    definition = matching.definition
    by_field: dict[str, list[Match]] = {}
    for match in matching.matches:
        by_field.setdefault(_owner(match, definition).name, []).append(match)
    for form_field in definition.fields:
        matches = by_field.get(form_field.name)
        if matches:
            _read_field(found, form_field, matches, annotations, today)
    found.problems.extend(_ambiguous_labels(matching))
    others = (*matching.unmatched, *(source for source, _ in matching.ambiguous))
    found.has_ssn = found.has_ssn or any(
        has_ssn(value[0][:LONGEST_TEXT]) for source in others for value in source.values
    )
    return found


def _owner(match: Match, definition: FormDefinition) -> FormField:
    """Return the field a match belongs to; a "File No." with an A-number's A holds an A-number."""
    form_field = match.target.field
    if match.way is Way.NAME or form_field.type is not FieldType.LIST or match.source.is_blank:
        return form_field
    if not is_a_number_shape(match.source.values[0][0]):
        return form_field
    numbers = (f for f in definition.fields if f.type is FieldType.A_NUMBER)
    return next(numbers, form_field)


def _read_field(
    found: FormValues,
    form_field: FormField,
    matches: list[Match],
    annotations: Sequence[Annotation],
    today: date,
) -> None:
    filled = [m for m in matches if not m.source.is_blank]
    ticked = [m for m in filled if m.target.choice is not None and m.source.kind is FieldKind.TICK]
    if ticked:
        written = [_read_ticks(form_field, ticked)]
    else:
        written = [_read_one(form_field, match, today) for match in filled]
    written = [w for w in written if w.outcome is not BLANK]
    if not written and form_field.type is FieldType.ATTESTATION:
        written = list(_drawn_signature(matches, annotations))
    if written:
        _keep(found, form_field, written)


def _keep(found: FormValues, form_field: FormField, written: list[_Written]) -> None:
    # The same field may stand in a document several times; what shows on a page comes first.
    if len(written) > 1:
        written = sorted(written, key=lambda w: w.match.source.page is None)
    first = written[0]
    outcome, source = first.outcome, first.match.source
    raw = first.raw[:LONGEST_TEXT]
    is_doubtful = any(w.match.source.is_doubtful for w in written)
    masked = mask_ssn(raw)
    found.has_ssn = found.has_ssn or masked != raw
    found.fields[form_field.name] = FieldValue(
        value="" if outcome.value is None else outcome.value,
        raw=masked,
        source="acroform",
        confidence=DIFFERING_CONFIDENCE if is_doubtful else _CONFIDENCE[first.match.way],
        page=source.page,
        box=source.box,
        alternatives=outcome.alternatives,
    )
    found.problems.extend(_problems(form_field, written))


def _problems(form_field: FormField, written: list[_Written]) -> Iterator[FieldProblem]:
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
    if any(w.match.source.is_doubtful for w in written):
        yield FieldProblem(
            field=form_field.name,
            code="tick_differs",
            message="What the page shows ticked is not what the form's data says; a person will "
            "look at it.",
            flag_only=True,
        )


def _read_one(form_field: FormField, match: Match, today: date) -> _Written:
    """Read one AcroForm field; of a chosen entry, whichever of its wordings makes sense."""
    source = match.source
    raw = "\n".join(value[0] for value in source.values)
    if match.target.is_signature_line or form_field.type is FieldType.ATTESTATION:
        outcome = good(value=True) if clean_text(raw).strip("_ ") else BLANK
        if source.kind in (FieldKind.TICK, FieldKind.SIGNATURE):
            outcome = good(value=True)
    elif source.kind is FieldKind.TICK and form_field.type in (FieldType.TICK, FieldType.YES_NO):
        outcome = good(value=True)
    elif len(source.values) == 1:
        outcome = _first_sensible(form_field, source.values[0], today)
    else:
        outcome = _read_several(form_field, source, today)
    return _Written(match=match, raw=raw, outcome=outcome)


def _first_sensible(form_field: FormField, wordings: tuple[str, ...], today: date) -> Normalised:
    first = normalise(wordings[0], form_field, today=today)
    if first.value is not None:
        return first
    others = (normalise(wording, form_field, today=today) for wording in wordings[1:])
    return next((o for o in others if o.value is not None), first)


def _read_several(form_field: FormField, source: AcroField, today: date) -> Normalised:
    """Read a list box with several entries chosen."""
    if form_field.type is not FieldType.MULTI:
        text = "\n".join(value[0] for value in source.values)
        return normalise(text, form_field, today=today)
    outcomes = [_first_sensible(form_field, value, today) for value in source.values]
    bad = next((o for o in outcomes if o.code), None)
    chosen = {name for o in outcomes if isinstance(o.value, tuple) for name in o.value}
    return bad or good(tuple(c.name for c in form_field.choices if c.name in chosen))


def _read_ticks(form_field: FormField, ticked: list[Match]) -> _Written:
    """Read tick boxes that each stand for one choice."""
    names = tuple(dict.fromkeys(m.target.choice.name for m in ticked if m.target.choice))
    value: Value = names
    if form_field.type is FieldType.MULTI:
        value = tuple(c.name for c in form_field.choices if c.name in names)
    elif len(names) > 1:
        return _Written(
            match=ticked[0],
            raw="; ".join(names),
            outcome=wrong("more_than_one_choice", "Only one answer is possible here; tick one."),
        )
    else:
        value = names[0] == "yes" if form_field.type is FieldType.YES_NO else names[0]
    return _Written(match=_doubtful_first(ticked), raw="; ".join(names), outcome=good(value))


def _doubtful_first(ticked: list[Match]) -> Match:
    """Return the match that stands for several ticks: a doubtful one, so that its doubt is told."""
    return next((m for m in ticked if m.source.is_doubtful), ticked[0])


def _drawn_signature(matches: list[Match], annotations: Sequence[Annotation]) -> Iterator[_Written]:
    """Find pen strokes, a picture or a text box over the signature line or its tick box."""
    for match in matches:
        for annotation in annotations:
            if annotation.subtype in _DRAWN and _is_over(annotation, match.source):
                yield _Written(match=match, raw="drawn", outcome=good(value=True))
                return


def _is_over(annotation: Annotation, source: AcroField) -> bool:
    if annotation.page != source.page or annotation.box is None or source.box is None:
        return False
    return _overlap(annotation.box, source.box)


def _overlap(one: Box, other: Box) -> bool:
    return (
        one[0] < other[2] + _NEAR
        and other[0] < one[2] + _NEAR
        and one[1] < other[3] + _NEAR
        and other[1] < one[3] + _NEAR
    )


def _ambiguous_labels(matching: Matching) -> Iterator[FieldProblem]:
    """Report filled fields whose label may mean several, once for each field it may mean."""
    read = {m.target.field.name for m in matching.matches if not m.source.is_blank}
    reported: set[str] = set()
    for source, targets in matching.ambiguous:
        for target in _unread(targets, read | reported) if not source.is_blank else ():
            reported.add(target.field.name)
            yield FieldProblem(
                field=target.field.name,
                code="ambiguous_label",
                message="The form has a filled field whose label may mean this or another one; "
                "tell us what to enter here, or use the current form.",
            )


def _unread(targets: Iterable[Target], taken: set[str]) -> list[Target]:
    return [t for t in targets if t.field.name not in taken]
