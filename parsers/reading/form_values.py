"""From matched AcroForm fields to values: each field of the definition once, with its evidence.

Every field ends as absent (left blank), as a value, as a value with a flag, or as an empty value
with a problem that says why what stood there is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from parsers.definition import FieldType, FormDefinition, FormField
from parsers.extraction import FieldProblem
from parsers.forms.labels import Match, Matching, Target, Way
from parsers.forms.written_values import (
    FormValues,
    Written,
    build_ambiguous,
    read_signature,
    read_ticked,
)
from parsers.pdf.acroform import AcroField, Annotation, FieldKind
from parsers.pdf.objects import Box
from parsers.values.by_type import LONGEST_TEXT, normalise
from parsers.values.normalised import BLANK, Normalised, flagged, good
from parsers.values.numbers import is_a_number_shape
from parsers.values.ssn import has_ssn

_CONFIDENCE = {Way.NAME: 1.0, Way.TOOLTIP: 0.9, Way.PRINTED: 0.85}
#: What people sign with when they do not type: pen strokes, a picture, a text box.
_DRAWN = frozenset({"Ink", "Stamp", "FreeText", "PolyLine"})
_NEAR = 8.0
#: California's numbers for persons look like it: a letter A and eight digits.
_ELSEWHERE = (
    "This has the shape of an A-Number and stood in a box for another number; a person will check "
    "which it is."
)
_NO_LETTERS = re.compile(r"[^A-Za-z]+")
_WORD_START = re.compile("(?<=[a-z])(?=[A-Z])")


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
    others = (*matching.unmatched, *(other for other, _ in matching.ambiguous))
    found.has_ssn = found.has_ssn or any(map(_holds_ssn, others))
    return found


def _holds_ssn(source: AcroField) -> bool:
    """Return whether a field that is nobody's holds one, if only its own label says so."""
    name = _WORD_START.sub(" ", _NO_LETTERS.sub(" ", source.name.rpartition(".")[2]))
    labels = ("", f"{name}: ", f"{source.tooltip}: ")
    texts = [value[0][:LONGEST_TEXT] for value in source.values]
    return any(has_ssn(label + text) for text in texts for label in labels)


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
    filled = [m for m in matches if m.source.values]
    if not filled and form_field.type is not FieldType.ATTESTATION:
        return
    if len(filled) == 1 and filled[0].target.choice is None:
        # Nearly every field stands in a document once, and then there is nothing to compare.
        only = _read_one(form_field, filled[0], today)
        if only.outcome is not BLANK or form_field.type is not FieldType.ATTESTATION:
            found.keep(form_field, (only,))
            return
    ticked = [m for m in filled if m.target.choice is not None and m.source.kind is FieldKind.TICK]
    if ticked:
        written = [_read_ticks(form_field, ticked)]
    else:
        written = [_read_one(form_field, match, today) for match in filled]
    written = [w for w in written if w.outcome is not BLANK]
    if not written and form_field.type is FieldType.ATTESTATION:
        written = list(_drawn_signature(matches, annotations))
    # The same field may stand in a document several times; what shows on a page comes first.
    found.keep(form_field, sorted(written, key=lambda w: w.page is None))


def _write(match: Match, raw: str, outcome: Normalised, *, is_doubtful: bool) -> Written:
    return Written(
        raw=raw,
        outcome=outcome,
        confidence=_CONFIDENCE[match.way],
        page=match.source.page,
        box=match.source.box,
        is_doubtful=is_doubtful,
    )


def _read_one(form_field: FormField, match: Match, today: date) -> Written:
    """Read one AcroForm field; of a chosen entry, whichever of its wordings makes sense."""
    source = match.source
    values = source.values
    raw = values[0][0] if len(values) == 1 else "\n".join(value[0] for value in values)
    if match.target.is_signature_line or form_field.type is FieldType.ATTESTATION:
        is_mark = source.kind in (FieldKind.TICK, FieldKind.SIGNATURE)
        outcome = good(value=True) if is_mark else read_signature(raw)
    elif source.kind is FieldKind.TICK and form_field.type in (FieldType.TICK, FieldType.YES_NO):
        outcome = good(value=True)
    elif len(values) == 1:
        outcome = _first_sensible(form_field, _names(form_field, source), today)
    else:
        outcome = _read_several(form_field, source, today)
    if form_field.name != match.target.field.name and outcome.value is not None:
        outcome = flagged(outcome.value, "number_elsewhere", _ELSEWHERE)
    return _write(match, raw, outcome, is_doubtful=source.is_doubtful)


def _names(form_field: FormField, source: AcroField) -> tuple[str, ...]:
    """Return what may name the value; of a yes and a no, which is 0 and which 1 nobody can know."""
    wordings = source.values[0]
    if source.kind is not FieldKind.GROUP or form_field.type is not FieldType.YES_NO:
        return wordings
    return tuple(w for w in wordings if not w.isdecimal()) or (f"state {wordings[0]}",)


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


def _read_ticks(form_field: FormField, ticked: list[Match]) -> Written:
    """Read tick boxes that each stand for one choice."""
    raw, outcome = read_ticked(
        form_field, [m.target.choice.name for m in ticked if m.target.choice]
    )
    is_doubtful = any(m.source.is_doubtful for m in ticked)
    return _write(ticked[0], raw, outcome, is_doubtful=is_doubtful)


def _drawn_signature(matches: list[Match], annotations: Sequence[Annotation]) -> Iterator[Written]:
    """Find pen strokes, a picture or a text box over the signature line or its tick box."""
    for match in matches:
        for annotation in annotations:
            if annotation.subtype in _DRAWN and _is_over(annotation, match.source):
                yield _write(match, "drawn", good(value=True), is_doubtful=False)
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
            yield build_ambiguous(target.field.name)


def _unread(targets: Iterable[Target], taken: set[str]) -> list[Target]:
    return [t for t in targets if t.field.name not in taken]
