"""Whether the page shows what a form's data says, for every text that was filled in.

What a person sees and what a machine reads must agree. Two looks, because this is done for every
form: the field's own appearance stream, where that is simple; else the page as a viewer draws it,
read by pdfium and, where that differs, by pdfplumber too.

Outcomes for a value, the first that holds: the page shows it (or shows the same value in other
words, a formatted date for example); no appearance is stored, and viewers draw the value itself
(ISO 32000-2, 12.7.4.3); other signs stand for letters that the form's fonts lack, noted as
`letters_not_drawn` and no reason to doubt the value; the page shows something else, a part, or
nothing, flagged `value_differs_from_page` with both kept.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pikepdf

from parsers.definition import FormField, Requiredness
from parsers.extraction import FieldProblem, FieldValue
from parsers.forms.labels import Match, Matching
from parsers.forms.written_values import DIFFERING_CONFIDENCE, FormValues
from parsers.pages.flattened_pages import FlattenedPages
from parsers.pdf.acroform import AcroField, AcroForm, Annotation, FieldKind
from parsers.pdf.appearance_text import AppearanceReader, Drawn
from parsers.pdf.objects import Box, find_box, has_middle
from parsers.values.by_type import LONGEST_TEXT, normalise
from parsers.values.cleaning import clean_text, strip_accents
from parsers.values.ssn import mask_ssn

_HIDDEN = 1 << 1 | 1 << 5
_PASSWORD = 1 << 13
_COMBO = 1 << 17
#: The height in points of the rows in which what lies over a field is looked for.
_ROW = 24.0

_FOLDED = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4`", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u2033", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u00ad", "-"),
    }
)
#: What viewers put where they have no letter: a question mark, a box, a dot, or nothing.
_STAND_INS = "[?\ufffd\u25a1\u25a0\u25af\u25ae\u2610\u00b7\u2022.]?"

#: The problem of a value that the page does not show, and the note of one that it shows with
#: other signs for some letters.
VALUE_DIFFERS, LETTERS_NOT_DRAWN = "value_differs_from_page", "letters_not_drawn"
SHOWN_OTHERWISE = frozenset({VALUE_DIFFERS, LETTERS_NOT_DRAWN})

_DIFFERS = FieldProblem(
    field="",
    code=VALUE_DIFFERS,
    message="What the page shows in this field is not what the form's data says.",
    flag_only=True,
)
_PARTLY = replace(_DIFFERS, message="The page shows only a part of this value.")
_NOTHING = replace(
    _DIFFERS, message="The form's data holds this value, and the page does not show it."
)
_NOT_DRAWN = FieldProblem(
    field="",
    code=LETTERS_NOT_DRAWN,
    message="The page shows other signs in place of letters that the form's fonts lack; the value "
    "itself is whole.",
    flag_only=True,
)


@dataclass(frozen=True, slots=True)
class _Look:
    """What is seen of a value, where that is not the value itself."""

    problem: FieldProblem
    shown: str


class ShownValues:
    """The shown text of one document's fields; holds what was read of fonts and pages."""

    def __init__(self, pdf: pikepdf.Pdf, data: bytes, password: str) -> None:
        self._appearances = AppearanceReader(pdf)
        self._pages = FlattenedPages(data, password)
        self.readers: tuple[str, ...] = ()  #: the viewers that had to look

    def close(self) -> None:
        """Give back what the readers hold."""
        self._pages.close()

    def look(self, source: AcroField, *, is_covered: bool = False) -> _Look | None:
        """Return what is seen of a text field's value; None where the page shows that value.

        `is_covered` says that something else lies over the field, so that only a viewer can tell.
        """
        wordings = [value[0] for value in source.values]
        allowed = [w for value in source.values for w in value]
        seen = [(w, page) for w, page in source.widgets if not _is_hidden(w)]
        if not seen:
            return _Look(_NOTHING, "")
        look_at = self._view if is_covered else self._look_at
        looks = [look_at(widget, page, wordings, allowed) for widget, page in seen]
        return next((look for look in looks if look is not None), None)

    def _look_at(
        self, widget: pikepdf.Dictionary, page: int, wordings: list[str], allowed: list[str]
    ) -> _Look | None:
        spelled = self._appearances.spell(widget)
        if spelled is Drawn.BY_VIEWERS or (spelled == "" and self._appearances.are_made_anew):
            return None
        if isinstance(spelled, str):
            look = _compare(spelled, wordings, allowed)
            if look is None or look.problem is _NOT_DRAWN:
                return look
        return self._view(widget, page, wordings, allowed)

    def _view(
        self, widget: pikepdf.Dictionary, page: int, wordings: list[str], allowed: list[str]
    ) -> _Look | None:
        """Compare with the page as a viewer draws it; the second reader has the last word."""
        box = find_box(widget)
        if box is None or _find_flags(widget) & _PASSWORD:
            return None
        self._name("pypdfium2")
        text = self._pages.text(page, box)
        if text is None:
            return None
        look = _compare(text, wordings, allowed)
        if look is None or (not look.shown and self._appearances.are_made_anew):
            return None
        if look.problem is not _DIFFERS:
            return look
        if _is_list(widget) and any(_fold(wording) in _fold(text) for wording in allowed):
            # A list shows all that could have been chosen.
            return None
        self._name("pdfplumber")
        again = self._pages.second_text(page, box)
        second = look if again is None else _compare(again, wordings, allowed)
        return look if second is not None and second.problem is not _NOT_DRAWN else second

    def _name(self, reader: str) -> None:
        if reader not in self.readers:
            self.readers = (*self.readers, reader)


def _is_hidden(widget: pikepdf.Dictionary) -> bool:
    flags = widget["/F"] if "/F" in widget else 0  # noqa: SIM401  # get is slower in vain
    return isinstance(flags, int) and bool(flags & _HIDDEN)


def _find_flags(widget: pikepdf.Dictionary) -> int:
    for holder in (widget, widget.get("/Parent")):
        flags: Any = holder.get("/Ff") if isinstance(holder, pikepdf.Dictionary) else None
        if isinstance(flags, int):
            return flags
    return 0


def _is_list(widget: pikepdf.Dictionary) -> bool:
    """Return whether the field is a list whose entries all show (ISO 32000-2, 12.7.5.4)."""
    for holder in (widget, widget.get("/Parent")):
        if isinstance(holder, pikepdf.Dictionary) and "/FT" in holder:
            return holder["/FT"] == pikepdf.Name.Ch and not _find_flags(widget) & _COMBO
    return False


def _fold(text: str) -> str:
    """Return text as it is compared: without space, quotes and hyphens of one kind."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", clean_text(text).translate(_FOLDED))
    return "".join(text.split())


def _compare(shown: str, wordings: list[str], allowed: list[str]) -> _Look | None:
    """Return how what is shown differs from a value's wordings, None where it does not."""
    seen = _fold(shown)
    wanted = _fold("".join(wordings))
    if seen == wanted or any(seen == _fold(w) for w in allowed):
        return None
    if len(seen) <= LONGEST_TEXT and _stands_for(seen, wanted):
        return _Look(_NOT_DRAWN, shown)
    if not seen:
        return _Look(_NOTHING, "")
    return _Look(_PARTLY if seen in wanted else _DIFFERS, shown)


def _stands_for(seen: str, wanted: str) -> bool:
    """Return whether all that differs is signs in place of letters beyond the plain alphabet."""
    if wanted.isascii() or not seen:
        return False
    parts = []
    for letter in wanted:
        plain = re.escape(letter)
        if not letter.isascii():
            base = re.escape(_fold(strip_accents(letter)))
            plain = f"(?:{plain}|{base}{_STAND_INS}|{_STAND_INS})"
        parts.append(plain)
    return re.fullmatch("".join(parts), seen) is not None


def compare_with_page(
    found: FormValues,
    matching: Matching,
    form: AcroForm,
    pdf: pikepdf.Pdf,
    data: bytes,
    password: str,
    *,
    today: date,
) -> tuple[str, ...]:
    """Compare every value that was filled in as text with its page; note in `found` what differs.

    Returns the names of the readers that were needed beside pikepdf.
    """
    shown = ShownValues(pdf, data, password)
    covers = _Covers(form)
    try:
        for match in matching.matches:
            if match.source.kind is FieldKind.TEXT and match.source.values:
                is_covered = covers.lie_over(match.source)
                _compare_match(found, match, shown, today, is_covered=is_covered)
    finally:
        shown.close()
    return shown.readers


class _Covers:
    """What may lie over a field: annotations, and other fields; found by where its middle is."""

    def __init__(self, form: AcroForm) -> None:
        self._rows: dict[tuple[int, int], list[tuple[object, Box]]] = {}
        marks: list[Annotation | AcroField] = [*form.annotations, *form.fields]
        for one in marks:
            if one.box is not None and one.page is not None:
                row = (one.page, int((one.box[1] + one.box[3]) / 2 / _ROW))
                self._rows.setdefault(row, []).append((one, one.box))
        self._large = [a.box for a in form.annotations if a.box and a.box[3] - a.box[1] > _ROW]

    def lie_over(self, source: AcroField) -> bool:
        """Return whether the middle of something else lies in a field, or the other way round."""
        if source.box is None or source.page is None:
            return False
        box, page = source.box, source.page
        first, last = (int(edge / _ROW) for edge in (box[1], box[3]))
        near = (o for row in range(first, last + 1) for o in self._rows.get((page, row), ()))
        if any(one is not source and has_middle(box, other) for one, other in near):
            return True
        return any(has_middle(other, box) for other in self._large)


def _compare_match(
    found: FormValues, match: Match, shown: ShownValues, today: date, *, is_covered: bool
) -> None:
    form_field = match.target.field
    value = found.fields.get(form_field.name)
    # A field that stands in the document several times is noted once, and what the form itself
    # prints is nobody's answer.
    is_answer = form_field.requiredness is not Requiredness.PRINTED
    if value is None or value.shown is not None or not is_answer:
        return
    look = shown.look(match.source, is_covered=is_covered)
    if look is not None and not _reads_alike(look, value, form_field, today):
        _note(found, form_field.name, value, look)


def _reads_alike(look: _Look, value: FieldValue, form_field: FormField, today: date) -> bool:
    """Return whether the page shows the same value in other words, as a formatted date is."""
    if look.problem is _NOT_DRAWN or not look.shown or len(look.shown) > LONGEST_TEXT:
        return False
    read = normalise(look.shown, form_field, today=today)
    return read.value is not None and not read.code and read.value == value.value


def _note(found: FormValues, name: str, value: FieldValue, look: _Look) -> None:
    found.problems.append(replace(look.problem, field=name))
    shown = clean_text(look.shown)[:LONGEST_TEXT]
    masked = mask_ssn(shown)
    found.has_ssn = found.has_ssn or masked != shown
    confidence = value.confidence
    if look.problem is not _NOT_DRAWN:
        confidence = min(confidence, DIFFERING_CONFIDENCE)
    found.fields[name] = replace(value, shown=masked, confidence=confidence)
