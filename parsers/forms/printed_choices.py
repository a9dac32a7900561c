"""The choices that a form prints, and which of them is ticked, where no blank form tells.

A choice is its wording on the page. Whether it is ticked, the sign before it tells, or else the
picture of the box that stands there. Outcomes for a choice: a `MarkReading`, never sure enough to
count without a look; or None where nothing that could be ticked stands before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from parsers.definition import FieldType, FormField
from parsers.pages.reading_order import Placed, spell
from parsers.pages.tick_ink import MarkReading, find_mark
from parsers.pdf.objects import Box
from parsers.values.cleaning import fold_label

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Signs before a choice that tell its state; where there are none, a picture has to.
_ON = frozenset({*"xX☒☑✓✔✗✘■●◉⦿", "[x]", "[X]", "(x)", "(X)"})
_OFF = frozenset({*"☐□○◯_", "[]", "[_]", "()", "(_)", "__", "___"})
SIGNS = _ON | _OFF
_SURE = 0.9

#: Cuts a box out of the picture of a page, both counted as the page's words are.
CutPage = Callable[[int, Box], "NDArray[np.uint8]"]


def list_wordings(form_field: FormField) -> Mapping[str, str]:
    """Return the machine name of every choice of a field by its folded wordings, if it has any."""
    if form_field.type is FieldType.YES_NO:
        # "No" folds as the abbreviation of "number" does.
        return {"yes": "yes", "no": "no", "number": "no", "si": "yes"}
    return {
        fold_label(wording): choice.name
        for choice in reversed(form_field.choices)
        for wording in (*choice.synonyms, choice.label)
    }


def find_choices(words: Sequence[Placed], wordings: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """Yield the place and the machine name of every choice among the words of a line."""
    start = 0
    while start < len(words):
        end = len(words)
        while end > start and fold_label(spell(words[start:end])) not in wordings:
            end -= 1
        if end > start:
            yield start, wordings[fold_label(spell(words[start:end]))]
        start = max(end, start + 1)


def find_spot(first: Placed) -> Box:
    """Return where the box to tick stands before a choice whose first word is `first`."""
    left, bottom, _, top = first.box
    height = top - bottom
    return (
        left - 2.6 * height,
        bottom - 0.4 * height,
        left - 0.1 * height,
        top + 0.4 * height,
    )


def read_choice(sign: str, spot: Box, page: int, cut: CutPage) -> MarkReading | None:
    """Return whether a choice is ticked, by the word before it, or by the picture of its spot."""
    if sign in SIGNS:
        return MarkReading(is_on=sign in _ON, confidence=_SURE, ink=0.0)
    return find_mark(cut(page, spot))
