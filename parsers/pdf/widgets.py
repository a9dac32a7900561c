"""Every widget of a form where it stands on its page, one for each button of a group.

`parsers.pdf.acroform` reads what a form's fields hold, and of a group of buttons tells the one that
is on. A form's layout needs every place that can be written on or ticked, filled or not. They come
page by page, in the order of the pages' annotations; a widget that cannot be read is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pikepdf

from parsers.pdf.acroform import FieldKind
from parsers.pdf.acroform_buttons import find_on_state
from parsers.pdf.objects import Box, entries, find_box, find_text

_DEEPEST = 40
_PUSH_BUTTON, _RADIO, _MULTILINE, _HIDDEN = 1 << 16, 1 << 15, 1 << 12, 1 << 1
_KINDS = {"Tx": FieldKind.TEXT, "Ch": FieldKind.TEXT, "Sig": FieldKind.SIGNATURE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Widget:
    """One place of a form field on a page."""

    name: str  #: the field's full name, parts joined by dots
    kind: FieldKind
    page: int  #: counted from 1
    box: Box  #: in the page's own space, which a rotation turns
    state: str = ""  #: of a button: what its field's value is when it is on
    tooltip: str = ""
    multiline: bool = False


def find_widgets(pdf: pikepdf.Pdf) -> tuple[Widget, ...]:
    """Return the visible widgets of `pdf` that hold a value, each with what its parents give it."""
    return tuple(
        widget
        for number, page in enumerate(pdf.pages, 1)
        for annotation in entries(page.obj.get("/Annots"))
        if annotation.get("/Subtype") == pikepdf.Name.Widget
        for widget in _read(annotation, number)
    )


def _read(annotation: pikepdf.Dictionary, page: int) -> Iterator[Widget]:
    chain = _chain(annotation)
    type_name = find_text(_inherited(chain, "/FT"))
    bits = _find_bits(_inherited(chain, "/Ff"))
    box = find_box(annotation)
    if box is None or _find_bits(annotation.get("/F")) & _HIDDEN:
        return
    kind = _KINDS.get(type_name or "")
    if type_name == "Btn" and not bits & _PUSH_BUTTON:
        kind = FieldKind.GROUP if bits & _RADIO else FieldKind.TICK
    if kind is None:
        return
    names = [find_text(node["/T"]) or "" for node in reversed(chain) if "/T" in node]
    is_button = kind in (FieldKind.TICK, FieldKind.GROUP)
    yield Widget(
        name=".".join(part for part in names if part),
        kind=kind,
        page=page,
        box=box,
        state=find_on_state(annotation) if is_button else "",
        tooltip=find_text(_inherited(chain, "/TU")) or "",
        multiline=kind is FieldKind.TEXT and bool(bits & _MULTILINE),
    )


def _find_bits(flags: object) -> int:
    return flags if isinstance(flags, int) else 0


def _chain(annotation: pikepdf.Dictionary) -> list[pikepdf.Dictionary]:
    """Return the widget and the fields above it, the nearest first, as far as they are new."""
    chain = [annotation]
    while len(chain) < _DEEPEST:
        parent = chain[-1].get("/Parent")
        if not isinstance(parent, pikepdf.Dictionary) or parent.objgen in {
            node.objgen for node in chain
        }:
            break
        chain.append(parent)
    return chain


def _inherited(chain: list[pikepdf.Dictionary], key: str) -> Any:  # PDF objects have no type
    return next((node[key] for node in chain if key in node), None)
