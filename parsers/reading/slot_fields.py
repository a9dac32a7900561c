"""From the slots of a form's pages to its values: printed, scanned or photographed alike.

Each field of the definition ends as `parsers.forms.written_values` says. Three outcomes are of
paper alone: a text that sticks out of its slot or is cut at its edge is the problem `clipped_value`
and no value; writing that nobody could read is `unread_writing` and no value; and a mark that may
be on or off leaves the problem `unclear_mark`. A person settles the last two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from parsers.definition import FieldType, FormDefinition, FormField
from parsers.extraction import FieldProblem
from parsers.forms.slot_marks import SlotMark
from parsers.forms.slot_values import PageText, SlotText
from parsers.forms.written_values import (
    FormValues,
    Written,
    build_ambiguous,
    read_signature,
    read_ticked,
)
from parsers.values.by_type import LONGEST_TEXT, normalise
from parsers.values.normalised import BLANK, Normalised, good, wrong
from parsers.values.ssn import has_ssn

#: How sure a value is, from its field, what was read for it, and what was made of that.
Judge = Callable[[FormField, SlotText, Normalised], float]

#: Below this a mark may be on or off.
_CLEAR = 0.8
#: A mark with so many times the ink of another is the one that was meant.
_MUCH_MORE = 1.3
_LISTS = (FieldType.LIST, FieldType.DATE_LIST)
_CLIPPED = wrong(
    "clipped_value",
    "The text is cut off at the edge of its box, so that part of it is missing; write it shorter, "
    "or write it in the mail.",
)
_UNREAD = wrong(
    "unread_writing",
    "Something is written here that the program could not read; a person will look at it.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageReading:
    """What was read on one page of a form."""

    text: PageText
    marks: tuple[SlotMark, ...] = ()
    ambiguous: frozenset[str] = frozenset()  #: fields that a label with a value may mean


def read_fields(
    definition: FormDefinition,
    pages: Sequence[PageReading],
    *,
    source: str,
    today: date,
    judge: Judge,
) -> FormValues:
    """Return the values of every field that has something in one of its slots, in form order."""
    found = FormValues(source=source)
    all_texts: dict[str, list[SlotText]] = {}
    all_marks: dict[str, list[SlotMark]] = {}
    for page in pages:
        for text in page.text.texts:
            all_texts.setdefault(text.slot.field, []).append(text)
        for mark in page.marks:
            all_marks.setdefault(mark.slot.field, []).append(mark)
    for form_field in definition.fields:
        texts, marks = all_texts.get(form_field.name, []), all_marks.get(form_field.name, [])
        if any(text.slot.is_signature_line for text in texts):
            # Letters are ink as well, and say more than strokes do.
            marks = [mark for mark in marks if mark.slot.is_mark]
        written = [
            *_read_marks(form_field, marks),
            *(_read_text(form_field, text, today, judge) for text in texts),
        ]
        found.keep(form_field, written)
        if form_field.name not in found.fields and _is_unclear(marks):
            found.problems.append(_unclear(form_field))
    for form_field in definition.fields:
        is_meant = any(form_field.name in page.ambiguous for page in pages)
        if is_meant and form_field.name not in found.fields:
            found.problems.append(build_ambiguous(form_field.name))
    beside = " ".join(word.text for page in pages for word in page.text.strays)
    found.has_ssn = found.has_ssn or has_ssn(beside[:LONGEST_TEXT])
    return found


def _read_marks(form_field: FormField, marks: Sequence[SlotMark]) -> Iterator[Written]:
    on: Sequence[SlotMark] = [mark for mark in marks if mark.reading.is_on]
    if not on:
        return
    if form_field.type in (FieldType.CHOICE, FieldType.YES_NO):
        on = _without_overprinted(on)
    raw, outcome = "x", good(value=True)
    if form_field.type not in (FieldType.TICK, FieldType.ATTESTATION):
        raw, outcome = read_ticked(form_field, [mark.slot.choice for mark in on])
    surest = max(on, key=lambda mark: mark.reading.confidence)
    # A tick is as sure as itself; of a choice each mark must be sure, those that are off as well.
    is_alone = form_field.type in (FieldType.TICK, FieldType.ATTESTATION)
    told = (surest,) if is_alone else tuple(marks)
    yield Written(
        raw=raw,
        outcome=outcome,
        confidence=min(mark.reading.confidence for mark in told),
        page=surest.page,
        box=surest.box,
    )


def _without_overprinted(on: Sequence[SlotMark]) -> Sequence[SlotMark]:
    """Return the one mark of several that has clearly the most ink, where some are unclear.

    Something else was printed over them then; the field stays as doubtful as they are.
    """
    by_ink = sorted(on, key=lambda mark: -mark.reading.ink)
    if len(on) < 2 or not _is_unclear(on):
        return on
    return by_ink[:1] if by_ink[0].reading.ink > _MUCH_MORE * by_ink[1].reading.ink else on


def _read_text(form_field: FormField, text: SlotText, today: date, judge: Judge) -> Written:
    if text.is_clipped:
        outcome = _CLIPPED
    elif text.slot.is_signature_line or form_field.type is FieldType.ATTESTATION:
        outcome = read_signature(text.text)
    elif not text.text:
        outcome = _UNREAD
    else:
        outcome = normalise(_as_list(form_field, text.text), form_field, today=today)
    return Written(
        raw=text.text,
        outcome=outcome,
        confidence=0.0 if outcome is BLANK else judge(form_field, text, outcome),
        page=text.page,
        box=text.box,
        others=text.others,
    )


def _as_list(form_field: FormField, text: str) -> str:
    """Return a list's text; where semicolons part its items, no line end does."""
    if form_field.type in _LISTS and ";" in text:
        return text.replace("\n", " ")
    return text


def _is_unclear(marks: Sequence[SlotMark]) -> bool:
    return any(mark.slot.is_mark and mark.reading.confidence < _CLEAR for mark in marks)


def _unclear(form_field: FormField) -> FieldProblem:
    return FieldProblem(
        field=form_field.name,
        code="unclear_mark",
        message="It cannot be told whether something is ticked here; a person will look at it.",
        flag_only=True,
    )
