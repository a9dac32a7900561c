"""Reads a form from pictures by its labels alone, where no page lies over a blank form.

Another revision, or a form whose blank is not at hand, is known by nothing but its wordings. Every
word of the first pages is read, which takes seconds a page, and what stands beside the labels is
taken for their values. Nothing read so is sure: all of it is for a person to confirm.

Outcomes: a `LabelledForm`, or None where the labels are no known form's, and every word read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from parsers.definition import FormDefinition
from parsers.forms.label_anchors import LabelledPages
from parsers.forms.labels import DefinitionIndex, is_enough
from parsers.forms.slot_marks import SlotMark
from parsers.forms.slot_values import PageText, SlotText
from parsers.pages.pictures import PagePicture
from parsers.pages.words import PageWords
from parsers.pdf.objects import Box
from parsers.reading.page_reader import PageReader, ReadPage
from parsers.reading.scan_confidence import BY_LABEL
from parsers.reading.slot_fields import PageReading

#: A form has its labels on its first pages; where the first has hardly any, no more is read.
MOST_PAGES = 2
_FEW_LABELS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledForm:
    """A form that was known by its labels, and what stands on it."""

    definition: FormDefinition
    reading: PageReading


def read_by_labels(
    pictures: Sequence[PagePicture],
    reader: PageReader,
    forms: Sequence[tuple[FormDefinition, DefinitionIndex]],
) -> tuple[LabelledForm | None, tuple[PageWords, ...]]:
    """Read pages, and what stands at the labels of the form that most of them belong to."""
    pages: dict[int, ReadPage] = {}
    found = _find_form(pictures, reader, forms, pages)
    return found, tuple(page.words for page in pages.values())


def _find_form(
    pictures: Sequence[PagePicture],
    reader: PageReader,
    forms: Sequence[tuple[FormDefinition, DefinitionIndex]],
    pages: dict[int, ReadPage],
) -> LabelledForm | None:
    labelled: list[tuple[FormDefinition, LabelledPages]] = []
    for picture in pictures:
        pages[picture.number] = reader.read(picture)
        words = [page.words for page in pages.values()]
        labelled = [(definition, LabelledPages(words, index)) for definition, index in forms]
        if all(len(found.fields()) < _FEW_LABELS for _, found in labelled):
            return None
    fitting = [(d, f) for d, f in labelled if is_enough(d, f.fields(), f.sections())]
    if not fitting:
        return None
    definition, found = max(fitting, key=lambda pair: len(pair[1].fields()))

    def cut(number: int, box: Box) -> NDArray[np.uint8]:
        return pages[number].cut(box)

    return LabelledForm(
        definition=definition,
        reading=PageReading(
            text=PageText(texts=tuple(_show(found.texts(), pages)), strays=()),
            marks=tuple(_show_marks(found.marks(cut), pages)),
            ambiguous=found.ambiguous(),
        ),
    )


def _show(texts: Sequence[SlotText], pages: dict[int, ReadPage]) -> Iterator[SlotText]:
    """Yield texts where they stand on the pages as shown, trusted no further than labels allow."""
    for text in texts:
        box = pages[text.page].to_shown.map_box(text.box)
        yield replace(text, box=box, confidence=min(text.confidence, BY_LABEL))


def _show_marks(marks: Sequence[SlotMark], pages: dict[int, ReadPage]) -> Iterator[SlotMark]:
    for mark in marks:
        yield replace(mark, box=pages[mark.page].to_shown.map_box(mark.box))
