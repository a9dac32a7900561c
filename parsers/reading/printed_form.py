"""Reads a form that was printed to a PDF or flattened: text and lines, no form fields any more.

The outcome is a `PrintedDocument` with each form it holds, in whatever order its pages come, or
with none where no page is a known one. pdfium reads first; pdfplumber reads again wherever a
required field is missing, or a value is invalid or doubtful. Where the two agree the value is
surer; where they do not it is doubtful, and both are kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import pikepdf

from parsers.definition import FieldType, FormDefinition, FormField
from parsers.extraction import DOUBTFUL_BELOW, FieldProblem
from parsers.forms.label_anchors import NOWHERE, LabelledPages
from parsers.forms.labels import is_enough
from parsers.forms.registration import Registration, group_pages, register_pages
from parsers.forms.slot_marks import Uncover, list_marks, read_marks
from parsers.forms.slot_values import PageText, SlotText, read_texts
from parsers.forms.written_values import FormValues
from parsers.pages.pdfium_pages import PdfiumPages
from parsers.pages.plumber_pages import PdfplumberPages
from parsers.pages.text_layer import TextLayer, TextLayerError
from parsers.pages.tick_ink import DOTS_PER_INCH
from parsers.pages.untold_fonts import count_oddities
from parsers.pages.words import PageWords
from parsers.pdf.objects import Box
from parsers.reading.known_forms import KnownForm
from parsers.reading.slot_fields import PageReading, read_fields
from parsers.values.normalised import Normalised

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: How sure a value is that one reader read, that both read alike, and that they read differently.
_ONE, _BOTH, _DIFFERENT = 0.97, 0.99, 0.6
#: The same where labels alone told the place: one reader, and both alike.
_BY_LABEL, _BOTH_BY_LABEL = 0.85, 0.9
#: How sure a value is of which something is not: a letter that a reader guessed, where it ends.
_NOT_QUITE = 0.9
#: What viewers draw for a letter that they cannot: a question mark within a word, a box.
_NOT_DRAWN = re.compile("\\?\\w|[\ufffd\u25a1\u25af\u25fb]")
#: What a name may begin with in small letters.
_PARTICLE = re.compile("(?:de|del|la|las|los|da|das|do|dos|di|van|von|der|den|bin|al|el|ten|y)\\b")
#: A form known by its labels alone is looked for on so many pages.
_MOST_LABELLED = 20
#: The types of fields that are ticked and not written.
_MARKED = frozenset({FieldType.MULTI, FieldType.YES_NO, FieldType.TICK, FieldType.ATTESTATION})

#: Says which required fields of a form are missing and what is wrong with the others.
Check = Callable[[FormDefinition, FormValues], tuple[Sequence[str], Sequence[FieldProblem]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedForm:
    """One form and what stands on its pages."""

    definition: FormDefinition
    values: FormValues
    has_strays: bool  #: something is written beside the form's own fields


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedDocument:
    """The forms a document holds, in the order of their first pages."""

    forms: tuple[PrintedForm, ...]
    readers: tuple[str, ...]  #: the libraries that read it, in order
    words: int  #: how many words stand on its pages
    passed_over: tuple[int, ...] = ()  #: pages that show something else beside a form


def read_printed(
    data: bytes,
    password: str,
    *,
    opened: pikepdf.Pdf,
    numbers: Sequence[int],
    forms: Sequence[KnownForm],
    by_labels: bool,
    today: date,
    check: Check,
) -> PrintedDocument:
    """Read the pages `numbers`, counted from 1, against the forms they may be prints of.

    `opened` is the same document. With `by_labels` also against those whose blank form is not at
    hand. Raises `TextLayerError` where pdfium cannot open the document.
    """
    with PdfiumPages(data, password, opened=opened) as pages:
        words = [pages.words(number) for number in numbers]
        looks = [*_look_by_layout(words, forms, pages)]
        if not looks and by_labels:
            looks = [*_look_by_labels(words, forms, pages)]
        passed_over = _list_passed_over(words, looks, pages)
    found = [_read_form(look, today, check) for look in looks]
    readers: tuple[str, ...] = (PdfiumPages.name,)
    if any(doubts for _, doubts in found):
        readers += (PdfplumberPages.name,)
        again = _read_again(looks, data, password)
        found = [
            (_settle(look, one, doubts, two, today), doubts)
            if doubts and two is not None
            else (one, doubts)
            for look, (one, doubts), two in zip(looks, found, again, strict=True)
        ]
    return PrintedDocument(
        forms=tuple(form for form, _ in found),
        readers=readers,
        words=sum(len(page.words) for page in words),
        passed_over=passed_over,
    )


def _list_passed_over(
    words: Sequence[PageWords], looks: Sequence[_Look], pages: PdfiumPages
) -> tuple[int, ...]:
    """Return the pages that show something and are no part of a form; none without a form.

    Where labels alone told the form, every page may be part of it.
    """
    laid = {number for look in looks for number in look.pages}
    left = [page.number for page in words if page.number not in laid] if laid else []
    return tuple(number for number in left if not pages.is_blank(number))


def _read_form(look: _Look, today: date, check: Check) -> tuple[PrintedForm, frozenset[str]]:
    """Return what one look gave, and the fields that are worth a second reader's time."""
    form = _build_form(look, look.readings, today)
    return form, _find_doubts(look, form.values, check)


def _build_form(look: _Look, readings: Sequence[PageReading], today: date) -> PrintedForm:
    return PrintedForm(
        definition=look.definition,
        values=read_fields(look.definition, readings, source="text", today=today, judge=_judge),
        has_strays=any(page.text.strays for page in readings),
    )


def _settle(
    look: _Look,
    one: PrintedForm,
    doubts: frozenset[str],
    again: Sequence[PageReading],
    today: date,
) -> PrintedForm:
    """Return a form with what both readers make of the fields that were in doubt."""
    pairs = zip(look.readings, again, strict=True)
    both = [_compare(first, second, doubts) for first, second in pairs]
    return replace(_build_form(look, both, today), has_strays=one.has_strays)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """A form that was found on the pages, what stands on it, and how to look again."""

    definition: FormDefinition
    readings: Sequence[PageReading]
    read_again: Callable[[TextLayer], Sequence[PageReading]]
    pages: tuple[int, ...] = ()  #: those laid over the blank form


def _look_by_layout(
    words: Sequence[PageWords], forms: Sequence[KnownForm], pages: PdfiumPages
) -> Iterator[_Look]:
    """Lay the pages over the blank forms and read the slots; one look for each form found."""
    layouts = [form.layout for form in forms if form.layout is not None]
    definitions = {form.definition.id: form.definition for form in forms}
    left = list(words)
    while found := register_pages(left, layouts):
        for copy in group_pages(found):
            yield _look_at(copy, definitions[copy[0].layout.definition], pages)
        taken = {one.page.number for one in found}
        left = [page for page in left if page.number not in taken]


def _look_at(copy: Sequence[Registration], definition: FormDefinition, pages: PdfiumPages) -> _Look:
    # In another font words run over each other, and only their runs tell them apart.
    copy = [
        replace(one, page=pages.words(one.page.number, by_run=True)) if one.is_set_anew else one
        for one in copy
    ]

    def read_again(others: TextLayer) -> Sequence[PageReading]:
        # The pages lie as the first reader found; only their words are others.
        laid = (replace(one, page=others.words(one.page.number)) for one in copy)
        return [PageReading(text=read_texts(one)) for one in laid]

    return _Look(
        definition=definition,
        readings=[_read_page(registration, pages) for registration in copy],
        read_again=read_again,
        pages=tuple(registration.page.number for registration in copy),
    )


def _read_page(registration: Registration, pages: PdfiumPages) -> PageReading:
    boxes = [slot.box for slot in list_marks(registration.layout)]
    places = registration.to_layout.inverse().map_all(boxes)
    number = registration.page.number
    drawn = pages.pictures(number, places, dots_per_inch=DOTS_PER_INCH)
    marks = read_marks(
        registration,
        dict(zip(boxes, drawn, strict=True)).__getitem__,
        uncover=Uncover(
            find_runs=lambda marks: pages.runs(number, marks),
            draw=lambda marks, runs: pages.pictures(
                number, marks, dots_per_inch=DOTS_PER_INCH, without=runs
            ),
        ),
    )
    return PageReading(text=_cap(read_texts(registration), _ONE), marks=marks)


def _look_by_labels(
    words: Sequence[PageWords], forms: Sequence[KnownForm], pages: PdfiumPages
) -> Iterator[_Look]:
    """Find the labels of the form that most of them belong to, and read beside them."""
    words = words[:_MOST_LABELLED]
    labelled = [(form, LabelledPages(words, form.index)) for form in forms]
    fitting = [(f, found) for f, found in labelled if _is_recognised(f.definition, found)]
    if not fitting:
        return
    form, best = max(fitting, key=lambda pair: len(pair[1].fields()))

    def cut(number: int, box: Box) -> NDArray[np.uint8]:
        return pages.pictures(number, [box], dots_per_inch=DOTS_PER_INCH)[0]

    def read_again(others: TextLayer) -> Sequence[PageReading]:
        again = LabelledPages([others.words(page.number) for page in words], form.index)
        return [PageReading(text=PageText(texts=again.texts(), strays=()))]

    text = _cap(PageText(texts=best.texts(), strays=()), _BY_LABEL)
    yield _Look(
        definition=form.definition,
        readings=[PageReading(text=text, marks=best.marks(cut), ambiguous=best.ambiguous())],
        read_again=read_again,
    )


def _is_recognised(definition: FormDefinition, found: LabelledPages) -> bool:
    return is_enough(definition, found.fields(), found.sections())


def _cap(text: PageText, most: float) -> PageText:
    texts = tuple(replace(t, confidence=min(t.confidence, most)) for t in text.texts)
    return replace(text, texts=texts)


def _judge(field: FormField, text: SlotText, _outcome: Normalised) -> float:
    """Return how sure a value is, by its readers and by what a viewer may have done to it."""
    if field.type is FieldType.ATTESTATION:
        # Whoever signed, it is signed.
        return _BY_LABEL if text.slot.box == NOWHERE else _ONE
    if _NOT_DRAWN.search(text.text) or (field.type is FieldType.NAME and "?" in text.text):
        return min(text.confidence, _DIFFERENT)
    if text.may_go_on or (field.type is FieldType.NAME and _begins_small(text.text)):
        return min(text.confidence, _NOT_QUITE)
    return text.confidence


def _begins_small(text: str) -> bool:
    """Return whether a name may lack its first letter, which a viewer drew as nothing."""
    first = next((letter for letter in text if letter.isalpha()), "")
    return first.islower() and not _PARTICLE.match(text)


def _find_doubts(look: _Look, values: FormValues, check: Check) -> frozenset[str]:
    """Return the fields that are worth a second reader's time; none of a form left blank."""
    if not values.fields:
        return frozenset()
    missing, problems = check(look.definition, values)
    doubtful = (n for n, value in values.fields.items() if value.confidence < DOUBTFUL_BELOW)
    wrong = (problem.field for problem in (*values.problems, *problems) if not problem.flag_only)
    written = {f.name for f in look.definition.fields if f.type not in _MARKED}
    return frozenset({*missing, *doubtful, *wrong} & written)


def _read_again(
    looks: Sequence[_Look], data: bytes, password: str
) -> Sequence[Sequence[PageReading] | None]:
    """Return what pdfplumber reads where each look was, None where it cannot open the document."""
    try:
        with PdfplumberPages(data, password) as pages:
            return [look.read_again(pages) for look in looks]
    except TextLayerError:
        return [None] * len(looks)


def _compare(one: PageReading, two: PageReading, asked: frozenset[str]) -> PageReading:
    """Return the first reading, with what the second makes of the fields that were asked again."""
    again = {text.slot: text for text in two.text.texts if text.slot.field in asked}
    texts = [
        _agree(text, again.pop(text.slot, None)) if text.slot.field in asked else text
        for text in one.text.texts
    ]
    # What the second reader alone saw is better than nothing, and never sure.
    alone = (replace(text, confidence=_DIFFERENT) for text in again.values())
    return replace(one, text=replace(one.text, texts=(*texts, *alone)))


def _agree(one: SlotText, two: SlotText | None) -> SlotText:
    if two is None:
        return replace(one, confidence=_DIFFERENT)
    if one.text == two.text and one.is_clipped == two.is_clipped:
        return replace(one, confidence=_BOTH if one.slot.box != NOWHERE else _BOTH_BY_LABEL)
    if one.text.replace(" ", "") == two.text.replace(" ", ""):
        # Where a word ends is a matter of opinion, and the first reader's is the better one.
        return replace(one, confidence=_NOT_QUITE, others=(two.text,))
    if one.confidence < _ONE:
        # The first reader had to guess letters; the second mostly knows them, but not always.
        odd, odder = count_oddities(one.text), count_oddities(two.text)
        better, worse = (one, two) if odd < odder else (two, one)
        sure = _DIFFERENT if odd == odder else _NOT_QUITE
        return replace(better, confidence=sure, others=(worse.text,))
    return replace(one, confidence=_DIFFERENT, others=(two.text,))
