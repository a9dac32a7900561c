"""Where everything stands on a form's pages, taken from its blank form and nothing else.

A `FormLayout` is built once from a definition and its blank form: for each page the words that are
printed on it, and a slot for each place that is written on or ticked. Reading a printed or scanned
page then means to find which layout page it is, to lay it over that page, and to look into the
slots. No coordinate of any form stands in code or in a definition.

Outcomes of `build_layout`: a `FormLayout`, or None where the definition has no blank form, or one
without any printed word or known field.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import pikepdf

from parsers.definition import FieldType, FormDefinition
from parsers.forms.labels import DefinitionIndex, Target, match_by_name, match_by_wording
from parsers.pages.pdfium_pages import PdfiumPages
from parsers.pages.text_layer import TextLayerError
from parsers.pages.tick_ink import DOTS_PER_INCH, measure_ink
from parsers.pages.words import Word
from parsers.pdf.acroform import FieldKind, TooManyFieldsError, find_fields
from parsers.pdf.objects import Box
from parsers.pdf.widgets import Widget, find_widgets
from parsers.values.choices import normalise_choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One place of a page that is written on or ticked."""

    field: str  #: machine name of the field of the definition
    box: Box  #: in points of the upright page, origin at its lower left corner
    is_mark: bool = False  #: a tick box or a radio button; else text is written in it
    choice: str = ""  #: of a mark, the choice it stands for: a machine name, `yes` or `no`
    ink: float = 0.0  #: of a mark or signature line, how dark it is on the blank form, 0 to 1
    multiline: bool = False
    is_signature_line: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LayoutPage:
    """One page of a blank form, equal to itself alone: what is worked out from it can be kept."""

    definition: str  #: id of the form's definition
    number: int  #: counted from 1
    width: float  #: in points, upright
    height: float
    words: tuple[Word, ...]  #: what is printed on it
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FormLayout:
    """All pages of a blank form."""

    definition: str  #: id of the form's definition
    version_text: str  #: what the form prints as its version
    pages: tuple[LayoutPage, ...]


def build_layout(definition: FormDefinition, index: DefinitionIndex) -> FormLayout | None:
    """Build the layout of `definition` from its blank form; `index` holds its wordings."""
    if not definition.blank:
        return None
    try:
        with (
            pikepdf.open(io.BytesIO(definition.blank)) as pdf,
            PdfiumPages(definition.blank) as pages,
        ):
            targets = _find_targets(index, pdf)
            widgets = find_widgets(pdf)
            found = tuple(
                _build_page(definition, number, pages, widgets, targets)
                for number in range(1, pages.count() + 1)
            )
    except (pikepdf.PdfError, TextLayerError, TooManyFieldsError):
        return None
    if not any(page.words for page in found) or not any(page.slots for page in found):
        return None
    return FormLayout(definition=definition.id, version_text=definition.version_text, pages=found)


def _find_targets(index: DefinitionIndex, pdf: pikepdf.Pdf) -> Mapping[str, Target]:
    """Return what each field of the blank form stands for, by the field's full name."""
    matching = match_by_name(index, find_fields(pdf).fields)
    match_by_wording(index, matching)
    return {match.source.name: match.target for match in matching.matches}


def _build_page(
    definition: FormDefinition,
    number: int,
    pages: PdfiumPages,
    widgets: tuple[Widget, ...],
    targets: Mapping[str, Target],
) -> LayoutPage:
    printed, upright = pages.words(number), pages.upright(number)
    slots = (
        replace(slot, box=upright.turn(slot.box))
        for widget in widgets
        if widget.page == number and widget.name in targets
        for slot in _build_slot(widget, targets[widget.name])
    )
    return LayoutPage(
        definition=definition.id,
        number=number,
        width=printed.width,
        height=printed.height,
        words=printed.words,
        slots=tuple(_with_ink(slot, number, pages) for slot in slots),
    )


def _build_slot(widget: Widget, target: Target) -> Iterator[Slot]:
    """Yield the slot of a widget; none for a button whose meaning the definition does not tell."""
    is_mark = widget.kind in (FieldKind.TICK, FieldKind.GROUP)
    choice = _find_choice(widget, target) if is_mark else ""
    if choice is not None:
        yield Slot(
            field=target.field.name,
            box=widget.box,
            is_mark=is_mark,
            choice=choice,
            multiline=widget.multiline,
            is_signature_line=target.is_signature_line or widget.kind is FieldKind.SIGNATURE,
        )


def _find_choice(widget: Widget, target: Target) -> str | None:
    """Return the choice a button stands for, nothing for a plain tick, None where it is unknown."""
    if target.choice is not None:
        return target.choice.name
    if target.field.type is FieldType.YES_NO:
        folded = widget.state.casefold()
        return folded if folded in ("yes", "no") else None
    if target.field.type not in (FieldType.CHOICE, FieldType.MULTI):
        return ""
    for wording in (widget.state, widget.tooltip):
        value = normalise_choice(wording, target.field).value if wording else None
        if isinstance(value, str):
            return value
    return None


def _with_ink(slot: Slot, number: int, pages: PdfiumPages) -> Slot:
    if not slot.is_mark and not slot.is_signature_line:
        return slot
    (picture,) = pages.pictures(number, [slot.box], dots_per_inch=DOTS_PER_INCH)
    return replace(slot, ink=measure_ink(picture))
