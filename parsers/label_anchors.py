"""What is written beside or below the labels of a page, where no blank form tells its places.

Another revision of a form is known by nothing but the wordings of its labels. A label is such a
wording at the head of a run of words, closed by a colon, a gap or the end of the run; a word in the
middle of a sentence is none. Its value stands right of it, up to the next label, or else below it.
A wording that several fields share counts only within its section, which a heading or the labels
around it tell. Where a field's choices are printed, the one whose box is ticked is its value.

The outcome is what is written at every label, in slots that have no place of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parsers.acroform import FieldKind
from parsers.cleaning import fold_label, fold_text
from parsers.definition import FieldType, FormField
from parsers.labels import DefinitionIndex, Target
from parsers.layout import Slot
from parsers.page_words import PageWords
from parsers.pdf_objects import Box
from parsers.reading_order import Placed, around, join_lines, split_lines
from parsers.slot_values import SlotMark, SlotText
from parsers.tick_ink import MarkReading, find_mark

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Words further apart than this many times their height belong to different runs.
_RUN_GAP = 0.9
_LONGEST_LABEL = 30
#: What stands right behind a label: a colon, or the mark of a field that is required.
_LABEL_ENDS = (":", "*", "†")
#: How many lines of a value are looked for, and how far apart they may be, in heights of a line.
_MOST_LINES, _LINE_STEP = 8, 3.0
#: The box of a slot that no blank form gives a place.
NOWHERE = (0.0, 0.0, 0.0, 0.0)
#: Signs before a choice that tell its state; where there are none, a picture has to.
_ON = frozenset(
    ["x", "X", "☒", "☑", "✓", "✔", "✗", "✘", "■", "●", "◉", "⦿", "[x]", "[X]", "(x)", "(X)"]
)
_OFF = frozenset(["☐", "□", "○", "◯", "[]", "[_]", "()", "(_)", "_", "__", "___"])
_SURE = 0.9

#: Cuts a box out of the picture of a page, both counted as the page's words are.
CutPage = Callable[[int, Box], "NDArray[np.uint8]"]


@dataclass(slots=True)
class _Label:
    """A label where it stands, with all that it may stand for."""

    line: int
    start: int  #: the first of its words in the line
    end: int  #: the word after its last
    targets: tuple[Target, ...]
    unfinished: str = ""  #: how it goes on in the next lines, folded


class LabelledPages:
    """The pages of a document, with the labels of one definition on them."""

    def __init__(self, pages: Sequence[PageWords], index: DefinitionIndex) -> None:
        self._index = index
        self._lines: list[tuple[int, list[Placed]]] = [
            (page.number, line)
            for page in pages
            for line in split_lines([Placed(word, word.box) for word in page.words])
        ]
        self._labels = self._find_labels()
        chosen = [(label, self._choose(n)) for n, label in enumerate(self._labels)]
        self._chosen = [(label, target) for label, target in chosen if target is not None]

    def fields(self) -> frozenset[str]:
        """Return the machine names of the fields whose labels were found."""
        return frozenset(target.field.name for _, target in self._chosen)

    def sections(self) -> frozenset[str]:
        """Return the sections those fields come from."""
        return frozenset(target.field.section for _, target in self._chosen)

    def texts(self) -> tuple[SlotText, ...]:
        """Return the text at every label that has any, in the order of the pages."""
        return tuple(
            text
            for label, target in self._chosen
            if target.field.type is FieldType.ATTESTATION
            or not self._list_choices(label, target.field)
            for text in self._read(label, target)
        )

    def marks(self, cut: CutPage) -> tuple[SlotMark, ...]:
        """Return the state of every box that stands before a choice or the label of a tick."""
        return tuple(
            mark
            for label, target in self._chosen
            for places in [self._list_choices(label, target.field)]
            for place, choice in places
            for mark in self._read_mark(place, choice, target.field, [p for p, _ in places], cut)
        )

    def _find_labels(self) -> list[_Label]:
        found = []
        for number, (_, line) in enumerate(self._lines):
            start = 0
            while start < len(line):
                label = self._match(number, line, start)
                if label is not None:
                    found.append(label)
                start = label.end if label is not None else start + 1
        return found

    def _match(self, number: int, line: Sequence[Placed], start: int) -> _Label | None:
        """Return the longest label that begins at the word `start` of a line."""
        # A box to tick may stand right before its label, as a sign of its own.
        before = start - 1 if start and line[start - 1].word.text in _ON | _OFF else start
        begins = before == 0 or _gap(line[before - 1], line[before]) > _RUN_GAP
        for end in range(min(len(line), start + _LONGEST_LABEL), start, -1):
            text = _spell(line[start:end])
            if not begins and not text.endswith(":"):
                continue
            found = self._find_targets(text)
            rest = line[end : _end_of_run(line, end)]
            closed = text.endswith(_LABEL_ENDS) or not rest
            if found and (closed or any(_is_hint(rest, t.field) for t in found)):
                return _Label(number, start, end, found)
        end = _end_of_run(line, start + 1)
        begun = self._index.find_unfinished(_spell(line[start:end])) if begins else None
        return None if begun is None else _Label(number, start, end, (begun[0],), begun[1])

    def _find_targets(self, text: str) -> tuple[Target, ...]:
        texts = self._index.find_by_wording(text, FieldKind.TEXT, whole=True)
        ticks = self._index.find_by_wording(text, FieldKind.TICK, whole=True)
        return (*texts, *(t for t in ticks if t.field.type is FieldType.TICK and not t.choice))

    def _choose(self, position: int) -> Target | None:
        """Return the one target a label means: the only one, or the only one of its section."""
        targets = self._labels[position].targets
        if len(targets) == 1:
            return targets[0]
        section = self._find_heading(position) or self._find_neighbours(position)
        inside = [target for target in targets if target.field.section == section]
        return inside[0] if len(inside) == 1 else None

    def _find_heading(self, position: int) -> str | None:
        """Return the section whose title stands last above a label."""
        for number in range(self._labels[position].line - 1, -1, -1):
            words = [placed.word.text for placed in self._lines[number][1]]
            # Headings are often numbered, "2. Who is asking".
            for text in (" ".join(words), " ".join(words[1:])):
                section = self._index.find_section([text]) if text else None
                if section is not None:
                    return section
        return None

    def _find_neighbours(self, position: int) -> str | None:
        """Return the section of the certain labels before and after, where they agree."""
        before = (label for label in reversed(self._labels[:position]) if len(label.targets) == 1)
        after = (label for label in self._labels[position + 1 :] if len(label.targets) == 1)
        sections = {
            label.targets[0].field.section
            for label in (next(before, None), next(after, None))
            if label
        }
        return sections.pop() if len(sections) == 1 else None

    def _next_label(self, label: _Label) -> int:
        """Return where the next label of the same line begins, or the line's end."""
        starts = [o.start for o in self._labels if o.line == label.line and o.start >= label.end]
        return min(starts, default=len(self._lines[label.line][1]))

    def _read(self, label: _Label, target: Target) -> Iterator[SlotText]:
        page, line = self._lines[label.line]
        end = self._next_label(label)
        run = line[label.end : min(_end_of_run(line, label.end), end)]
        has_hint = _is_hint(run, target.field)
        if has_hint:
            # The value stands below then, and what follows after a gap belongs to others.
            end = label.end + len(run)
        left = line[label.start].box[0] - 4
        right = line[end].box[0] - 2 if end < len(line) else float("inf")
        beside = [] if has_hint else line[label.end : end]
        if beside:
            # Further lines of a value stand below its first word, and have nothing to their left.
            left = beside[0].box[0] - 2
            lines = [beside, *self._lines_below(label, left, right, alone=True)]
        else:
            lines = self._lines_below(label, left, right, alone=False)
            due = " ".join((label.unfinished, fold_text(target.field.hint))).strip()
            lines = _without_label(lines, fold_text(_spell(run)), due)
        words = [placed for found in lines for placed in found]
        if words:
            box = around([placed.box for placed in words])
            slot = Slot(field=target.field.name, box=NOWHERE, multiline=target.field.multiline)
            yield SlotText(
                slot=slot,
                # The longest line shows how much room there was.
                text=join_lines(lines, left=left, right=box[2], multiline=slot.multiline),
                box=box,
                page=page,
                confidence=min(placed.word.confidence for placed in words),
            )

    def _lines_below(
        self, label: _Label, left: float, right: float, *, alone: bool
    ) -> list[list[Placed]]:
        """Return the lines below a label within its column, down to the next label or a wide gap.

        With `alone` a line counts only where nothing stands to its left.
        """
        page, line = self._lines[label.line]
        foot = min(placed.box[1] for placed in line[label.start : label.end])
        step = _LINE_STEP * max(placed.box[3] - placed.box[1] for placed in line)
        found: list[list[Placed]] = []
        for number in range(label.line + 1, min(label.line + 1 + _MOST_LINES, len(self._lines))):
            other_page, other = self._lines[number]
            inside = [p for p in other if left <= p.box[0] and (p.box[0] + p.box[2]) / 2 < right]
            if other_page != page or self._is_label_line(number, left, right):
                break
            if not inside:
                continue
            if foot - max(p.box[3] for p in inside) > step or (alone and other[0] is not inside[0]):
                break
            if self._index.find_section([_spell(other), _spell(other[1:])]) is not None:
                break
            found.append(inside)
            foot = min(p.box[1] for p in inside)
        return found

    def _is_label_line(self, number: int, left: float, right: float) -> bool:
        """Return whether a label, or the hint behind it, stands on a line within a column."""
        line = self._lines[number][1]
        return any(
            label.line == number
            and line[label.start].box[0] < right
            and line[_end_of_run(line, label.end) - 1].box[2] > left
            for label in self._labels
        )

    def _list_choices(
        self, label: _Label, form_field: FormField
    ) -> list[tuple[tuple[int, int], str]]:
        """Return the places, line and word, of a field's printed choices, or of a tick's label."""
        if form_field.type in (FieldType.TICK, FieldType.ATTESTATION):
            return [((label.line, label.start), "")]
        wordings = _choice_wordings(form_field)
        if not wordings:
            return []
        found: dict[str, tuple[int, int]] = {}
        for number in range(label.line, min(label.line + 1 + _MOST_LINES, len(self._lines))):
            first = label.end if number == label.line else 0
            last = self._next_label(label) if number == label.line else len(self._lines[number][1])
            if number != label.line and any(other.line == number for other in self._labels):
                break
            for start, name in self._find_choices(number, first, last, wordings):
                found.setdefault(name, (number, start))
        # One choice alone is what somebody wrote; two or more are what the form offers.
        return [(place, name) for name, place in found.items()] if len(found) > 1 else []

    def _find_choices(
        self, number: int, first: int, last: int, wordings: dict[str, str]
    ) -> Iterator[tuple[int, str]]:
        line = self._lines[number][1]
        start = first
        while start < last:
            for end in range(last, start, -1):
                name = wordings.get(fold_label(_spell(line[start:end])))
                if name is not None:
                    yield start, name
                    start = end - 1
                    break
            start += 1

    def _read_mark(
        self,
        place: tuple[int, int],
        choice: str,
        form_field: FormField,
        others: Sequence[tuple[int, int]],
        cut: CutPage,
    ) -> Iterator[SlotMark]:
        page, line = self._lines[place[0]]
        first = line[place[1]]
        height = first.box[3] - first.box[1]
        box = (
            first.box[0] - 2.6 * height,
            first.box[1] - 0.4 * height,
            first.box[0] - 0.1 * height,
        )
        spot = (*box, first.box[3] + 0.4 * height)
        # An X may be a cross, or itself one of the choices.
        before = (place[0], place[1] - 1)
        sign = line[before[1]].word.text if before[1] >= 0 and before not in others else ""
        if sign in _ON | _OFF:
            reading: MarkReading | None = MarkReading(is_on=sign in _ON, confidence=_SURE, ink=0.0)
        else:
            reading = find_mark(cut(page, spot))
        if reading is not None:
            slot = Slot(field=form_field.name, box=NOWHERE, is_mark=True, choice=choice)
            yield SlotMark(slot=slot, reading=reading, box=spot, page=page)


def _is_hint(words: Sequence[Placed], form_field: FormField) -> bool:
    """Return whether `words` are the hint behind a label, or its beginning."""
    return bool(words) and fold_text(form_field.hint).startswith(fold_text(_spell(words)))


def _without_label(lines: list[list[Placed]], seen: str, due: str) -> list[list[Placed]]:
    """Return the lines below a label without those that go on with it or with its hint.

    `due` is all that was to follow the label's first words, folded, and `seen` how much of it did.
    """
    while lines and seen != due:
        more = f"{seen} {fold_text(_spell(lines[0]))}".strip()
        if not due.startswith(more):
            break
        seen, lines = more, lines[1:]
    return lines


def _choice_wordings(form_field: FormField) -> dict[str, str]:
    if form_field.type is FieldType.YES_NO:
        return {"yes": "yes", "no": "no", "number": "no", "si": "yes"}
    return {
        fold_label(wording): choice.name
        for choice in reversed(form_field.choices)
        for wording in (*choice.synonyms, choice.label)
    }


def _gap(before: Placed, after: Placed) -> float:
    """Return how far apart two words are, in heights of the taller one."""
    height = max(before.box[3] - before.box[1], after.box[3] - after.box[1], 1.0)
    return (after.box[0] - before.box[2]) / height


def _end_of_run(line: Sequence[Placed], start: int) -> int:
    """Return the place after the last word of the run that holds the word before `start`."""
    end = start
    while end < len(line) and (end == 0 or _gap(line[end - 1], line[end]) <= _RUN_GAP):
        end += 1
    return end


def _spell(words: Sequence[Placed]) -> str:
    return " ".join(placed.word.text for placed in words)
