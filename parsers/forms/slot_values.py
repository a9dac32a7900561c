"""What is written in the slots of a page that was laid over its blank form.

The words that the blank form prints itself are left out. What remains in a slot is put together in
reading order: the words of a line with blanks between them, and lines joined again where a viewer
broke them, or kept apart where the writer did. Where a page was set anew in another font, a text
that fitted its slot may run over the edge, and is read to its end.

Outcomes for a slot: nothing, or a `SlotText`, which may be *clipped*: it sticks out of its slot or
is cut at its edge, and is then no value.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from parsers.forms.layout import Slot
from parsers.forms.own_words import find_own_words
from parsers.forms.registration import Registration
from parsers.pages.reading_order import Placed, around, join_lines, split_lines, without_rule
from parsers.pages.words import Word
from parsers.pdf.objects import Box

#: How far a word may reach over the edge of its slot before it sticks out of it.
_OVER_EDGE = 1.0
#: So near to its right edge a text may end because a viewer cut it there.
_NEAR_EDGE = 1.0

#: The breadth of a blank between words beside their height, as a rule and at most.
_BLANK_WIDTH, _WIDEST_BLANK = 0.55, 0.9
#: The breadth of a long word beside its height.
_A_WORD = 8.0
#: How far one text may be stretched by another font more or less than others are, of its width.
_UNEVEN = 0.03
#: How sure a text is that was read beyond its slot.
_RUN_OVER = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotText:
    """What is written in one slot."""

    slot: Slot
    text: str  #: its lines joined where they were broken to fit; empty where nobody could read them
    box: Box  #: around the words, in points of the upright page they stand on
    page: int  #: counted from 1
    confidence: float  #: of the least certain word
    is_clipped: bool = False
    may_go_on: bool = False  #: its last line is full, and there was no room for another
    others: tuple[str, ...] = ()  #: what other readers made of it


@dataclass(frozen=True, slots=True, kw_only=True)
class PageText:
    """Everything written on one page."""

    texts: tuple[SlotText, ...]
    strays: tuple[Word, ...]  #: words that neither the form prints nor a slot holds


def read_texts(registration: Registration) -> PageText:
    """Return what is written on a page, slot by slot, and what is written beside the slots."""
    written = _Written(registration)
    texts = [text for slot in registration.layout.slots for text in written.read(slot)]
    # Of a page that was set anew nobody can tell what was written beside the slots.
    strays = () if registration.is_set_anew else written.strays()
    return PageText(texts=tuple(texts), strays=strays)


class _Written:
    """The words of a page that are not the form's own, laid over the layout page."""

    def __init__(self, registration: Registration) -> None:
        self._page = registration.page.number
        self._width = registration.layout.width
        self._own = find_own_words(registration.layout)
        self._is_set_anew = registration.is_set_anew
        self._slots = [slot.box for slot in registration.layout.slots if not slot.is_mark]
        words = registration.page.words
        places = registration.to_layout.map_all([word.box for word in words])
        printed = self._own.find_among(words, places, is_set_anew=registration.is_set_anew)
        self._stretch = printed.stretch
        self._uneven = _UNEVEN if registration.is_set_anew else 0.0
        kept = [n for n in range(len(words)) if n not in printed.own]
        self._doubtful = [
            Placed(words[n], places[n])
            for n in printed.doubtful
            if not self._is_in_slot(*_centre(places[n]))
        ]
        self._words = [
            placed
            for n in kept
            if not self._own.is_sign(places[n])
            and (n not in printed.doubtful or self._is_in_slot(*_centre(places[n])))
            for placed in without_rule(self._own.cut_off(Placed(words[n], places[n])))
        ]
        self._joined = [
            n > 0 and _is_joined(*self._words[n - 1 : n + 1]) for n in range(len(self._words))
        ]
        self._centres = self._find_centres()
        self._taken: set[int] = set()

    def read(self, slot: Slot) -> Iterator[SlotText]:
        """Yield what is written in a text slot, if anything is."""
        if slot.is_mark:
            return
        left, bottom, right, top = slot.box
        inside = [
            n
            for n, (x, y) in enumerate(self._centres)
            if left <= x <= right and bottom - 1 <= y <= top + 1
        ]
        if not inside:
            return
        self._taken.update(inside)
        lines = split_lines([self._words[n] for n in inside])
        sure = 1.0
        if self._is_set_anew and sum(self._run_over(line) for line in lines):
            sure = _RUN_OVER
        words = [placed for line in lines for placed in line]
        room = self._stretch_room(slot)
        full = room[2] - self._uneven * (room[2] - room[0])
        yield SlotText(
            slot=slot,
            text=join_lines(lines, left=room[0], right=full, multiline=slot.multiline),
            box=around([placed.word.box for placed in words]),
            page=self._page,
            confidence=min(sure, *(placed.word.confidence for placed in words)),
            is_clipped=self._is_clipped(lines, slot),
            may_go_on=slot.multiline and _fills(lines, room),
        )

    def _find_centres(self) -> list[tuple[float, float]]:
        """Return where each word counts as standing: where its run does that began in a slot."""
        centres: list[tuple[float, float]] = []
        for placed, is_joined in zip(self._words, self._joined, strict=True):
            if not is_joined or not self._is_in_slot(*centres[-1]):
                centres.append(_centre(placed.box))
            else:
                centres.append(centres[-1])
        return centres

    def _is_in_slot(self, x: float, y: float) -> bool:
        return any(a <= x <= c and b <= y <= d for a, b, c, d in self._slots)

    def _stretch_room(self, slot: Slot) -> Box:
        """Return the slot as wide as the page's font would need it to be."""
        left, bottom, right, top = slot.box
        return left, bottom, left + (right - left) * self._stretch, top

    def _run_over(self, line: list[Placed]) -> bool:
        """Add the words with which a line goes on beyond its slot; return whether there are any."""
        before = len(line)
        blank = _WIDEST_BLANK * max(placed.box[3] - placed.box[1] for placed in line)
        while True:
            end, middle = line[-1].box[2], line[0].middle
            follows = [
                n
                for n, placed in enumerate(self._words)
                if n not in self._taken
                and placed.box[1] < middle < placed.box[3]
                and -_OVER_EDGE < placed.box[0] - end < blank
                and placed.word.run == line[-1].word.run
                and not self._is_in_slot(*self._centres[n])
            ]
            if len(follows) != 1:
                return len(line) > before
            self._taken.update(follows)
            line.append(self._words[follows[0]])

    def _is_clipped(self, lines: Sequence[Sequence[Placed]], slot: Slot) -> bool:
        """Return whether text sticks out of the slot, is cut at its edge, or goes on beyond it."""
        left, bottom, right, _ = around([placed.box for line in lines for placed in line])
        height = max(placed.box[3] - placed.box[1] for line in lines for placed in line)
        if left < slot.box[0] - _OVER_EDGE or self._is_over_edge(right, slot):
            return True
        if bottom < slot.box[1] - _OVER_EDGE - height / 4:
            return True
        return any(
            self._goes_on(line, slot, height) or _is_overprinted(line) for line in lines
        ) or (slot.multiline and self._goes_on_below(slot, bottom, height))

    def _is_over_edge(self, right: float, slot: Slot) -> bool:
        """Return whether a text that ends at `right` found no room, or was cut where the room ends.

        A viewer breaks the lines of a long text at the edge, and cuts a single line there. Of a
        page that was set anew, the room tells, and nothing is to be seen beyond the page's edge.
        """
        if self._is_set_anew and right > self._width - _OVER_EDGE:
            return True
        room = self._stretch_room(slot)
        uneven = self._uneven * (room[2] - room[0])
        return right > room[2] + (_OVER_EDGE + uneven if slot.multiline else -_NEAR_EDGE - uneven)

    def _goes_on(self, line: Sequence[Placed], slot: Slot, height: float) -> bool:
        """Return whether a line goes on outside the slot, or begins there, a blank's width away."""
        start, end = line[0].box[0], line[-1].box[2]
        middle = line[0].middle
        for n, placed in enumerate(itertools.chain(self._words, self._doubtful)):
            if not placed.box[1] < middle < placed.box[3]:
                continue
            x, y = _centre(placed.box)
            if slot.box[0] <= x <= slot.box[2]:
                continue
            if any(placed is known for known in line) or _lies_over(placed, line):
                continue
            # What stands in a slot of its own is mostly that slot's, even if it is rather close.
            blank = (_BLANK_WIDTH if self._is_in_slot(x, y) else _WIDEST_BLANK) * height
            # Nor does a word go on from two others.
            is_new = n >= len(self._words) or not self._joined[n]
            if is_new and -blank < placed.box[0] - end < blank:
                return True
            if -blank < start - placed.box[2] < blank:
                return True
        return False

    def _goes_on_below(self, slot: Slot, bottom: float, height: float) -> bool:
        """Return whether another line stands just below the slot, where there was no room left."""
        if bottom > slot.box[1] + height:
            return False
        return any(
            n not in self._taken
            and slot.box[1] - 2 * height < placed.middle < slot.box[1]
            and placed.box[0] < slot.box[2]
            and placed.box[2] > slot.box[0]
            for n, placed in enumerate(self._words)
        )

    def strays(self) -> tuple[Word, ...]:
        """Return the words among the form's own that stand in no slot and over no printed word."""
        return tuple(
            placed.word
            for n, placed in enumerate(self._words)
            if n not in self._taken and self._own.is_beside(placed.box)
        )


def _fills(lines: Sequence[Sequence[Placed]], slot: Box) -> bool:
    """Return whether the last line is full and has no room below it: more may have been cut off."""
    last = lines[-1]
    height = max(placed.box[3] - placed.box[1] for placed in last)
    step = lines[-2][0].middle - last[0].middle if len(lines) > 1 else 2 * height
    return last[0].middle - slot[1] < 1.5 * step and slot[2] - last[-1].box[2] < _A_WORD * height


def _centre(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _is_joined(before: Placed, after: Placed) -> bool:
    """Return whether a word follows another in the same run, on the same line."""
    height = before.box[3] - before.box[1]
    return (
        before.word.run == after.word.run != 0
        and after.box[1] < before.middle < after.box[3]
        and -_OVER_EDGE < after.box[0] - before.box[2] < _WIDEST_BLANK * height
    )


def _lies_over(placed: Placed, line: Sequence[Placed]) -> bool:
    """Return whether a word of a run of its own lies over a line: no writing goes on like that."""
    if not placed.word.run or any(placed.word.run == known.word.run for known in line):
        return False
    left, _, right, _ = placed.box
    return left < line[-1].box[2] - _OVER_EDGE and right > line[0].box[0] + _OVER_EDGE


def _is_overprinted(line: Sequence[Placed]) -> bool:
    """Return whether words of a line lie over each other, as when a neighbour's text runs in."""
    return any(
        after.box[0] < before.box[2] - _OVER_EDGE for before, after in itertools.pairwise(line)
    )
