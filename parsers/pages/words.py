"""The words of a page, whoever read them: a text layer's readers and a picture's give this shape.

What is made of the words, labels, values and ticks, is decided by others, from a form definition.
"""

from __future__ import annotations

from dataclasses import dataclass

from parsers.pdf.objects import Box


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word where it stands."""

    text: str
    box: Box  #: in points of the upright page, origin at its lower left corner
    confidence: float = 1.0  #: the reader's own opinion, 0 to 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PageWords:
    """One upright page with its words, in the order the reader gave them."""

    number: int  #: counted from 1
    width: float  #: in points
    height: float  #: in points
    words: tuple[Word, ...] = ()
