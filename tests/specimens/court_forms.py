"""Public court forms, filled in: every text box of a form nobody has described, with what fits it.

`fill_texts` writes into each box a text of its own that its field's type allows and its breadth
holds, and takes the drawing of it away, so that whoever prints the form has to draw it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pikepdf
from pikepdf import Array, Name, String

from parsers.definition import FieldType, FormDefinition

#: What is written into a field of a type that takes no other text, the widest first.
_TYPED = {
    FieldType.DATE: ("03/10/2026", "3/10/26"),
    FieldType.PHONE: ("(202) 555-0141", "202-555-0141"),
    FieldType.ZIP: ("30301",),
    FieldType.STATE: ("GA",),
    FieldType.EMAIL: ("d.whit@courts.example",),
    FieldType.ID: ("GA1234567",),
    FieldType.LIST: ("17CR-001544",),
}
_WORDS = "Ejemplo Peña-Muestra y López, Anytown, GA"
_FONT_SIZE = re.compile(r"([\d.]+)\s+Tf")
#: The breadth of a letter beside its size, on the safe side, and the margin within a box.
_LETTER, _MARGIN = 0.62, 6.0
#: The size viewers take at most where the form leaves it to them.
_AUTOMATIC = 12.0


def fill_texts(form: bytes, definition: FormDefinition) -> tuple[bytes, dict[str, str]]:
    """Return the form with its text boxes filled, and what was written by machine name."""
    typed: dict[str, str] = {}
    with pikepdf.open(BytesIO(form)) as pdf:
        widgets = _list_widgets(pdf)
        # Some forms have widgets that their own field tree does not reach, and nobody draws those.
        owners = [_owner(widget) for found in widgets.values() for widget in found]
        pdf.Root.AcroForm.Fields = Array({owner.objgen: owner for owner in owners}.values())
        for number, field in enumerate(definition.fields, 1):
            places = widgets.get(field.acroform_name, [])
            if not places or _inherited(places[0], "/FT") != Name.Tx:
                continue
            room = min(_count_letters(pdf, place) for place in places)
            text = _choose_text(field.type, number, room)
            if text:
                typed[field.name] = text
                _owner(places[0]).V = String(text)
                for place in places:
                    if "/AP" in place:
                        del place.AP
        pdf.Root.AcroForm.NeedAppearances = True
        target = BytesIO()
        pdf.save(target)
    return target.getvalue(), typed


def _choose_text(kind: FieldType, number: int, room: int) -> str:
    if kind in _TYPED:
        return next((text for text in _TYPED[kind] if len(text) <= room), "")
    return f"{number}x {_WORDS}"[: max(room, 0)].strip(" ,-")


def _count_letters(pdf: pikepdf.Pdf, widget: Any) -> int:
    """Return how many letters a box holds on one line, none where it is too low for any."""
    appearance = str(_inherited(widget, "/DA") or pdf.Root.AcroForm.get("/DA", ""))
    found = _FONT_SIZE.search(appearance)
    left, bottom, right, top = (float(edge) for edge in widget.Rect)
    width, height = abs(right - left), abs(top - bottom)
    size = float(found.group(1)) if found else 10.0
    size = size or min(_AUTOMATIC, 0.75 * height)
    most = _inherited(widget, "/MaxLen")
    room = int((width - _MARGIN) / (size * _LETTER)) if size <= height else 0
    return room if most is None else min(room, int(most))


def _list_widgets(pdf: pikepdf.Pdf) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for page in pdf.pages:
        for widget in page.obj.get("/Annots", []):
            if widget.get("/Subtype") == Name.Widget:
                names = [str(node.T) for node in _chain(widget) if "/T" in node]
                found.setdefault(".".join(reversed(names)), []).append(widget)
    return found


def _owner(widget: Any) -> Any:
    return next((node for node in _chain(widget) if "/T" in node), widget)


def _inherited(widget: Any, key: str) -> Any:
    return next((node[key] for node in _chain(widget) if key in node), None)


def _chain(widget: Any) -> Iterator[Any]:
    node = widget
    for _ in range(20):
        if node is None:
            return
        yield node
        node = node.get("/Parent")
