"""Words that stand somewhere, put together as a person reads them: by line, then joined lines.

A line ends where a viewer had to break it, or where the writer meant it to end. Which of the two,
the room that is left on the line tells: had the next word found room, it would stand there.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from parsers.pages.words import Word
from parsers.pdf.objects import Box

_RULE_START = re.compile("^(?:_+|[.\u2026]{3,}|\u2026)+")
_RULE_END = re.compile("(?:_+|[.\u2026]{3,}|\u2026)+$")
#: Words further apart than this many times their height belong to different runs.
RUN_GAP = 0.9
#: How much room, in points, must be left on a line for its end to be the writer's own.
_ROOM = 4.0
#: The breadth of a blank beside that of an average letter.
_BLANK = 0.55


@dataclass(frozen=True, slots=True)
class Placed:
    """A word with its place on the page it was laid over."""

    word: Word
    box: Box

    @property
    def middle(self) -> float:
        """Return the height of its middle."""
        return (self.box[1] + self.box[3]) / 2


def without_rule(placed: Placed) -> Iterator[Placed]:
    """Yield a word without the rule to write on that is drawn around it in letters, if one is left.

    Forms draw lines of underscores or dots, and what is written on one may run together with it.
    """
    text = placed.word.text
    if "_" not in text and ".." not in text and "\u2026" not in text:
        yield placed
        return
    kept = _RULE_END.sub("", _RULE_START.sub("", text))
    if kept:
        start = text.index(kept)
        left, bottom, right, top = placed.box
        letter = (right - left) / len(text)
        box = (left + start * letter, bottom, left + (start + len(kept)) * letter, top)
        yield Placed(placed.word._replace(text=kept), box)


def around(boxes: Sequence[Box]) -> Box:
    """Return the smallest box that holds all of `boxes`, of which there is one at least."""
    return (
        min(b[0] for b in boxes),
        min(b[1] for b in boxes),
        max(b[2] for b in boxes),
        max(b[3] for b in boxes),
    )


def split_lines(words: Sequence[Placed]) -> list[list[Placed]]:
    """Return the words by line from top to bottom, each line from left to right."""
    lines: list[list[Placed]] = []
    foot = 0.0
    for placed in sorted(words, key=lambda p: -p.middle):
        height = placed.box[3] - placed.box[1]
        if not lines or placed.middle < foot - height / 4:
            lines.append([])
            foot = placed.box[1]
        lines[-1].append(placed)
        foot = min(foot, placed.box[1])
    return [sorted(line, key=lambda p: p.box[0]) for line in lines]


def join_lines(
    lines: Sequence[Sequence[Placed]], *, left: float, right: float, multiline: bool
) -> str:
    """Return the text of several lines, with a line end only where the writer made one.

    `left` and `right` are the edges of the room the lines had; `multiline` says whether the writer
    could end a line at all.
    """
    letter = _letter_width(lines)
    text = _join_words(lines[0])
    for above, below in itertools.pairwise(lines):
        room = right - above[-1].box[2] - _BLANK * letter
        if multiline and room - (below[0].box[2] - below[0].box[0]) >= _ROOM:
            joint = "\n"
        else:
            joint = _find_joint(above, right - left - 2 * letter - _ROOM)
        text += joint + _join_words(below)
    return text


def _join_words(line: Sequence[Placed]) -> str:
    text = line[0].word.text
    for before, after in itertools.pairwise(line):
        touches = after.box[0] - before.box[2] < 0.5 and before.word.text.endswith("-")
        text += ("" if touches else " ") + after.word.text
    return text


def _find_joint(above: Sequence[Placed], full: float) -> str:
    """Return what a line that a viewer broke is joined to the next with: a blank, or nothing."""
    if above[-1].word.text.endswith("-") and len(above[-1].word.text) > 1:
        return ""
    # A word that is wider than its box is broken where the box ends; so only it fills the line.
    return "" if len(above) == 1 and above[0].box[2] - above[0].box[0] > full else " "


def _letter_width(lines: Sequence[Sequence[Placed]]) -> float:
    words = [placed for line in lines for placed in line]
    letters = sum(len(placed.word.text) for placed in words)
    return sum(placed.box[2] - placed.box[0] for placed in words) / max(letters, 1)


def spell(words: Sequence[Placed]) -> str:
    """Return words with blanks between them."""
    return " ".join(placed.word.text for placed in words)


def measure_gap(before: Placed, after: Placed) -> float:
    """Return how far apart two words of a line are, in heights of the taller one."""
    height = max(before.box[3] - before.box[1], after.box[3] - after.box[1], 1.0)
    return (after.box[0] - before.box[2]) / height


def find_run_end(line: Sequence[Placed], start: int) -> int:
    """Return the place after the last word of the run that holds the word before `start`.

    Words further apart than a blank can be belong to different runs, of different columns say.
    """
    end = start
    while end < len(line) and (end == 0 or measure_gap(line[end - 1], line[end]) <= RUN_GAP):
        end += 1
    return end
