"""The words of a page, whoever read them: a text layer's readers and a picture's give this shape.

What is made of the words, labels, values and ticks, is decided by others, from a form definition.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from parsers.pdf.objects import Box


class Word(NamedTuple):
    """One word where it stands; a tuple, as a page has a thousand and a tuple is made soonest."""

    text: str
    box: Box  #: in points of the upright page, origin at its lower left corner
    confidence: float = 1.0  #: the reader's own opinion, 0 to 1
    run: int = 0  #: the same for words that the page draws in one go; 0 where it is not known


@dataclass(frozen=True, slots=True, kw_only=True)
class PageWords:
    """One upright page with its words, in the order the reader gave them."""

    number: int  #: counted from 1
    width: float  #: in points
    height: float  #: in points
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRun:
    """Letters that a page draws in one go."""

    text: str
    box: Box  #: in points of the upright page, around all of them
    place: int  #: among all that the page draws, counted from 0
