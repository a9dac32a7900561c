"""Reads a form that was printed to a PDF or flattened: text and lines, no form fields any more.

The outcome is a `PrintedForm`, with the definition and the values of the first form in the document
or, where no page is a known form's, without. pdfium reads first; pdfplumber reads again wherever a
required field is missing, or a value is invalid or doubtful. Where the two agree the value is
surer; where they do not it is doubtful, and both are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from parsers.definition import FieldType, FormDefinition, FormField
from parsers.extraction import FieldProblem
from parsers.labels import DefinitionIndex
from parsers.layout import FormLayout
from parsers.normalised import Normalised
from parsers.pdf_objects import Box
from parsers.registration import Registration, group_pages, register_pages
from parsers.slot_fields import PageReading, read_fields
from parsers.slot_values import SlotText, read_marks, read_texts
from parsers.text_layer import PdfiumPages, PdfplumberPages, TextLayerError
from parsers.tick_ink import DOTS_PER_INCH
from parsers.written_values import FormValues

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: How sure a value is that one reader read, that both read alike, and that they read differently.
_ONE, _BOTH, _DIFFERENT = 0.97, 0.99, 0.6
#: How sure a value is whose letters one reader could only guess and the other knew.
_KNOWN_BY_ONE = 0.9
#: The types of fields that are ticked and not written.
_MARKED = frozenset({FieldType.MULTI, FieldType.YES_NO, FieldType.TICK})

#: Says which required fields of a form are missing and what is wrong with the others.
Check = Callable[[FormDefinition, FormValues], tuple[Sequence[str], Sequence[FieldProblem]]]


@dataclass(frozen=True, slots=True)
class KnownForm:
    """A form that a document may be a print of."""

    definition: FormDefinition
    index: DefinitionIndex  #: its names and wordings
    layout: FormLayout | None  #: None where its blank form is not at hand


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedForm:
    """What stands on the pages of a document."""

    definition: FormDefinition | None  #: of the form it is, None where it is no known form
    values: FormValues
    readers: tuple[str, ...]  #: the libraries that read it, in order
    words: int  #: how many words stand on its pages
    forms: int = 0  #: how many forms it holds; the values are the first one's
    has_strays: bool = False  #: something is written beside the form's own fields


def read_printed(
    data: bytes,
    password: str,
    *,
    numbers: Sequence[int],
    forms: Sequence[KnownForm],
    today: date,
    check: Check,
) -> PrintedForm:
    """Read the pages `numbers`, counted from 1, against the forms they may be prints of.

    Raises `TextLayerError` where pdfium cannot open the document.
    """
    layouts = [form.layout for form in forms if form.layout is not None]
    with PdfiumPages(data, password) as pages:
        words = [pages.words(number) for number in numbers]
        copies = group_pages(register_pages(words, layouts))
        first = [_read_page(registration, pages) for registration in copies[0]] if copies else []
    found = PrintedForm(
        definition=None,
        values=FormValues(),
        readers=(PdfiumPages.name,),
        words=sum(len(page.words) for page in words),
        forms=len(copies),
        has_strays=any(page.text.strays for page in first),
    )
    if not copies:
        return found
    name = copies[0][0].layout.definition
    definition = next(form.definition for form in forms if form.definition.id == name)
    values = read_fields(definition, first, source="text", today=today, judge=_judge)
    asked = _find_doubts(definition, values, check)
    if asked:
        second = _read_again(copies[0], data, password)
        both = [_compare(one, two, asked) for one, two in zip(first, second, strict=True)]
        values = read_fields(definition, both, source="text", today=today, judge=_judge)
        found = replace(found, readers=(*found.readers, PdfplumberPages.name))
    return replace(found, definition=definition, values=values)


def _judge(_field: FormField, text: SlotText, _outcome: Normalised) -> float:
    return text.confidence


def _read_page(registration: Registration, pages: PdfiumPages) -> PageReading:
    to_page = registration.to_layout.inverse()

    def cut(box: Box) -> NDArray[np.uint8]:
        return pages.picture(
            registration.page.number, dots_per_inch=DOTS_PER_INCH, box=to_page.map_box(box)
        )

    found = read_texts(registration)
    texts = tuple(replace(t, confidence=min(t.confidence, _ONE)) for t in found.texts)
    return PageReading(text=replace(found, texts=texts), marks=read_marks(registration, cut))


def _find_doubts(definition: FormDefinition, values: FormValues, check: Check) -> frozenset[str]:
    """Return the fields that are worth a second reader's time."""
    missing, problems = check(definition, values)
    doubtful = (name for name, value in values.fields.items() if value.confidence < _ONE)
    wrong = (problem.field for problem in (*values.problems, *problems) if not problem.flag_only)
    written = {f.name for f in definition.fields if f.type not in _MARKED}
    return frozenset({*missing, *doubtful, *wrong} & written)


def _read_again(
    copy: Sequence[Registration], data: bytes, password: str
) -> Sequence[PageReading | None]:
    """Return what pdfplumber reads on the same pages, which lie as the first reader found."""
    try:
        with PdfplumberPages(data, password) as pages:
            return [
                PageReading(text=read_texts(replace(one, page=pages.words(one.page.number))))
                for one in copy
            ]
    except TextLayerError:
        return [None] * len(copy)


def _compare(one: PageReading, two: PageReading | None, asked: frozenset[str]) -> PageReading:
    """Return the first reading, with what the second makes of the fields that were asked again."""
    if two is None:
        return one
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
        return replace(one, confidence=_BOTH)
    if one.confidence < _ONE:
        # The first reader had to guess letters that the second knows.
        return replace(two, confidence=_KNOWN_BY_ONE, others=(one.text,))
    return replace(one, confidence=_DIFFERENT, others=(two.text,))
