"""What is written beside or below the labels of a page, where no blank form tells its places.

Another revision of a form is known by nothing but the wordings of its labels. A label is such a
wording at the head of a run of words, closed by a colon, a gap or the end of the run; a word in the
middle of a sentence is none. Its value stands right of it, up to the next label, or else below it.
A wording that several fields share counts only within its section, which a heading or the labels
around it tell. Where a field's choices are printed, the one whose box is ticked is its value.

The outcome is what is written at every label, in slots that have no place of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from parsers.definition import FieldType, FormField
from parsers.forms.labels import DefinitionIndex, Target
from parsers.forms.layout import Slot
from parsers.forms.printed_choices import (
    SIGNS,
    CutPage,
    find_choices,
    find_spot,
    list_wordings,
    read_choice,
)
from parsers.forms.slot_marks import SlotMark
from parsers.forms.slot_values import SlotText
from parsers.pages.reading_order import (
    RUN_GAP,
    Placed,
    around,
    find_run_end,
    join_lines,
    measure_gap,
    spell,
    split_lines,
)
from parsers.pages.words import PageWords
from parsers.pdf.acroform import FieldKind
from parsers.values.cleaning import fold_text

_LONGEST_LABEL = 30
#: What stands right behind a label: a colon, or the mark of a field that is required.
_LABEL_ENDS = (":", "*", "†")
#: How many lines of a value are looked for, and how far apart they may be, in heights of a line.
_MOST_LINES, _LINE_STEP = 8, 3.0
#: The box of a slot that no blank form gives a place.
NOWHERE = (0.0, 0.0, 0.0, 0.0)

#: A word on the page: its line and its place in it.
_Place = tuple[int, int]


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

    def ambiguous(self) -> frozenset[str]:
        """Return the fields that a label with a value may mean, where it may mean several."""
        chosen = {id(label) for label, _ in self._chosen}
        return frozenset(
            target.field.name
            for label in self._labels
            if id(label) not in chosen and any(self._read(label, label.targets[0]))
            for target in label.targets
        )

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
            for mark in self._read_marks(target.field, self._list_choices(label, target.field), cut)
        )

    def _find_labels(self) -> list[_Label]:
        found = []
        for number, (_, line) in enumerate(self._lines):
            start = 0
            while start < len(line):
                label = self._match(number, line, start)
                start += 1
                if label is not None:
                    found.append(label)
                    start = label.end
                    run = line[start : find_run_end(line, start)]
                    # A hint may well name other labels.
                    start += len(run) if any(_is_hint(run, t.field) for t in label.targets) else 0
        return found

    def _match(self, number: int, line: Sequence[Placed], start: int) -> _Label | None:
        """Return the longest label that begins at the word `start` of a line."""
        # A box to tick may stand right before its label, as a sign of its own.
        before = start - 1 if start and line[start - 1].word.text in SIGNS else start
        begins = before == 0 or measure_gap(line[before - 1], line[before]) > RUN_GAP
        for end in range(min(len(line), start + _LONGEST_LABEL), start, -1):
            if not begins and not line[end - 1].word.text.endswith(":"):
                continue
            text = spell(line[start:end])
            found = self._find_targets(text)
            rest = line[end : find_run_end(line, end)]
            closed = text.endswith(_LABEL_ENDS) or not rest
            if found and (closed or any(_is_hint(rest, t.field) for t in found)):
                return _Label(number, start, end, found)
        end = find_run_end(line, start + 1)
        begun = self._index.find_unfinished(spell(line[start:end])) if begins else None
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
        run = line[label.end : min(find_run_end(line, label.end), end)]
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
            lines = _without_label(lines, fold_text(spell(run)), due)
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
            if self._index.find_section([spell(other), spell(other[1:])]) is not None:
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
            and line[find_run_end(line, label.end) - 1].box[2] > left
            for label in self._labels
        )

    def _list_choices(self, label: _Label, form_field: FormField) -> list[tuple[_Place, str]]:
        """Return the places of a field's printed choices, or of the label of a tick."""
        if form_field.type in (FieldType.TICK, FieldType.ATTESTATION):
            return [((label.line, label.start), "")]
        wordings = list_wordings(form_field)
        found: dict[str, _Place] = {}
        last = min(label.line + 1 + _MOST_LINES, len(self._lines)) if wordings else label.line
        for number in range(label.line, last):
            line, first = self._lines[number][1], 0
            if number == label.line:
                line, first = line[: self._next_label(label)], label.end
                run = line[first : find_run_end(line, first)]
                first += len(run) if _is_hint(run, form_field) else 0
            elif any(other.line == number for other in self._labels):
                break
            for start, name in find_choices(line[first:], wordings):
                found.setdefault(name, (number, first + start))
        # One choice alone is what somebody wrote; two or more are what the form offers.
        return [(place, name) for name, place in found.items()] if len(found) > 1 else []

    def _read_marks(
        self, form_field: FormField, places: Sequence[tuple[_Place, str]], cut: CutPage
    ) -> Iterator[SlotMark]:
        taken = {place for place, _ in places}
        for (number, start), choice in places:
            page, line = self._lines[number]
            # An X before a choice may be a cross, or itself one of the choices.
            is_sign = start > 0 and (number, start - 1) not in taken
            spot = find_spot(line[start])
            reading = read_choice(line[start - 1].word.text if is_sign else "", spot, page, cut)
            if reading is not None:
                slot = Slot(field=form_field.name, box=NOWHERE, is_mark=True, choice=choice)
                yield SlotMark(slot=slot, reading=reading, box=spot, page=page)


def _is_hint(words: Sequence[Placed], form_field: FormField) -> bool:
    """Return whether `words` are the hint behind a label, or its beginning."""
    return bool(words) and fold_text(form_field.hint).startswith(fold_text(spell(words)))


def _without_label(lines: list[list[Placed]], seen: str, due: str) -> list[list[Placed]]:
    """Return the lines below a label without those that go on with it or with its hint.

    `due` is all that was to follow the label's first words, folded, and `seen` how much of it did.
    """
    while lines and seen != due:
        more = f"{seen} {fold_text(spell(lines[0]))}".strip()
        if not due.startswith(more):
            break
        seen, lines = more, lines[1:]
    return lines
