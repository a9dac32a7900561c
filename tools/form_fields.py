"""Turns the widgets WeasyPrint left on the pages into the fields of the form.

Outcomes: an AcroForm whose fields carry the machine names, in reading order: text boxes, tick
boxes (on-state `Yes`), radio groups whose states are the machine names, each with its tooltip; or
`ValueError` when the pages and the definition do not name the same fields.

Fields are never marked as required for viewers: some then refuse to save a half-filled form. The
tooltip says it instead, and the reader of the form asks for what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pikepdf
from pikepdf import Array, Dictionary, Name, String

from outbound.forms.appearance import find_form_fonts
from outbound.forms.filling import set_text
from parsers.definition import FieldType, FormDefinition, FormField, Requiredness
from tools.form_fonts import MARKS, WIN_ANSI

_READ_ONLY, _MULTILINE, _RADIO = 1, 1 << 12, 1 << 15
_KEPT = frozenset({"/Type", "/Subtype", "/P", "/F", "/StructParent"})

#: A signature line has no label of its own in the definition.
SIGNATURE_LABEL = "Signature"
SIGNATURE_HINT = "Type your name, or sign by hand."

_TICK = "q 0 G {w:.2f} w 1 J 1 j {x1:.2f} {y1:.2f} m {x2:.2f} {y2:.2f} l {x3:.2f} {y3:.2f} l S Q"
#: Control points of a circle made of four Bézier curves.
_ROUND = 0.5523


def compose_tooltip(field: FormField) -> str:
    """Return what a screen reader says of the field: label, hint, and whether it is required."""
    required = " Required." if field.requiredness is Requiredness.REQUIRED else ""
    return f"{field.label}: {field.hint}{required}"


def add_form(pdf: pikepdf.Pdf, definition: FormDefinition, fonts: Dictionary) -> None:
    """Replace the form of `pdf` by the fields of `definition`, in the places of its widgets."""
    widgets = dict(_take_widgets(pdf))
    _drop_widget_fonts(pdf)
    form = Dictionary(Fields=Array(), DR=Dictionary(Font=fonts), DA=String(f"/{WIN_ANSI} 0 Tf 0 g"))
    pdf.Root.AcroForm = pdf.make_indirect(form)
    for field in definition.fields:
        for node in _build_field(pdf, field, widgets):
            pdf.Root.AcroForm.Fields.append(node)
    if widgets:
        raise ValueError(f"No field of the definition takes these widgets: {sorted(widgets)}")
    _print_version(pdf, definition)


def _take_widgets(pdf: pikepdf.Pdf) -> Iterator[tuple[str, pikepdf.Object]]:
    """Yield each widget with the name its input had, stripped to its place on the page."""
    for page in pdf.pages:
        for widget in page.obj.get("/Annots", ()):
            name = str(widget.T)
            x1, y1, x2, y2 = (round(float(edge), 2) for edge in widget.Rect)
            for key in set(widget.keys()) - _KEPT:
                del widget[key]
            widget.Rect = Array([min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)])
            widget.Border = Array([0, 0, 0])
            yield name, widget


def _drop_widget_fonts(pdf: pikepdf.Pdf) -> None:
    """Remove the fonts of the widgets, embedded whole, from what the pages draw with."""
    drawn = {
        str(instruction.operands[0])
        for page in pdf.pages
        for instruction in pikepdf.parse_content_stream(page, "Tf")
    }
    for page in pdf.pages:
        for name in set(page.obj.Resources.Font.keys()) - drawn:
            del page.obj.Resources.Font[name]


def _build_field(
    pdf: pikepdf.Pdf, field: FormField, widgets: dict[str, pikepdf.Object]
) -> Iterator[pikepdf.Object]:
    tooltip = compose_tooltip(field)
    if field.type in (FieldType.CHOICE, FieldType.YES_NO):
        states = {choice.name: choice.label for choice in field.choices}
        yield _build_radio_group(pdf, field, states or {"yes": "Yes", "no": "No"}, widgets)
    elif field.type is FieldType.MULTI:
        yield _build_tick_group(pdf, field, widgets)
    elif field.type in (FieldType.TICK, FieldType.ATTESTATION):
        yield _build_tick(pdf, widgets.pop(field.name), field.name, tooltip)
    else:
        flags = (_MULTILINE if field.multiline else 0) | (
            _READ_ONLY if field.requiredness is Requiredness.PRINTED else 0
        )
        yield _build_text(pdf, widgets.pop(field.name), field.name, tooltip, flags)
    if field.signature_line:
        widget = widgets.pop(field.signature_line)
        tooltip = f"{SIGNATURE_LABEL}: {SIGNATURE_HINT} A signature counts like the tick."
        yield _build_text(pdf, widget, field.signature_line, tooltip, 0)


def _build_text(
    pdf: pikepdf.Pdf, widget: pikepdf.Object, name: str, tooltip: str, flags: int
) -> pikepdf.Object:
    widget.FT, widget.T, widget.TU = Name.Tx, String(name), String(tooltip)
    widget.DA = String(f"/{WIN_ANSI} 0 Tf 0 g")
    if flags:
        widget.Ff = flags
    widget.AP = Dictionary(N=_drawing(pdf, widget, "/Tx BMC EMC"))
    return widget


def _build_tick(
    pdf: pikepdf.Pdf, widget: pikepdf.Object, name: str, tooltip: str
) -> pikepdf.Object:
    widget.FT, widget.T, widget.TU = Name.Btn, String(name), String(tooltip)
    widget.V = Name.Off
    _set_states(pdf, widget, "Yes", _tick_mark(widget), "4")
    return widget


def _build_tick_group(
    pdf: pikepdf.Pdf, field: FormField, widgets: dict[str, pikepdf.Object]
) -> pikepdf.Object:
    group = pdf.make_indirect(Dictionary(T=String(field.name), Kids=Array()))
    for choice in field.choices:
        widget = widgets.pop(f"{field.name}.{choice.name}")
        tooltip = f"{field.label}: {choice.label}. {field.hint}"
        kid = _build_tick(pdf, widget, choice.name, tooltip)
        kid.Parent = group
        group.Kids.append(kid)
    return group


def _build_radio_group(
    pdf: pikepdf.Pdf, field: FormField, states: dict[str, str], widgets: dict[str, pikepdf.Object]
) -> pikepdf.Object:
    # Without the flag NoToggleToOff, a choice made by mistake can be taken back.
    group = pdf.make_indirect(
        Dictionary(
            FT=Name.Btn,
            Ff=_RADIO,
            T=String(field.name),
            TU=String(compose_tooltip(field)),
            V=Name.Off,
            Kids=Array(),
        )
    )
    for state, label in states.items():
        widget = widgets.pop(f"{field.name}={state}")
        # Screen readers say the tooltip of the button itself; without it they would say its state.
        widget.TU = String(f"{field.label}: {label}")
        _set_states(pdf, widget, state, _disc(widget), "l")
        widget.Parent = group
        group.Kids.append(widget)
    return group


def _set_states(
    pdf: pikepdf.Pdf, widget: pikepdf.Object, state: str, mark: str, symbol: str
) -> None:
    widget.AS = Name.Off
    widget.DA = String(f"/{MARKS} 9 Tf 0 g")
    widget.MK = Dictionary(CA=String(symbol))
    shown = Dictionary()
    shown[f"/{state}"] = _drawing(pdf, widget, mark)
    shown["/Off"] = _drawing(pdf, widget, "")
    widget.AP = Dictionary(N=shown)


def _size(widget: pikepdf.Object) -> tuple[float, float]:
    left, bottom, right, top = (float(edge) for edge in widget.Rect)
    return round(right - left, 2), round(top - bottom, 2)


def _drawing(pdf: pikepdf.Pdf, widget: pikepdf.Object, content: str) -> pikepdf.Object:
    width, height = _size(widget)
    return pdf.make_stream(
        content.encode("ascii"),
        Type=Name.XObject,
        Subtype=Name.Form,
        BBox=[0, 0, width, height],
        Resources=Dictionary(),
    )


def _tick_mark(widget: pikepdf.Object) -> str:
    w, h = _size(widget)
    return _TICK.format(
        w=w * 0.16, x1=w * 0.15, y1=h * 0.5, x2=w * 0.4, y2=h * 0.2, x3=w * 0.87, y3=h * 0.85
    )


def _disc(widget: pikepdf.Object) -> str:
    w, h = _size(widget)
    x, y, r = w / 2, h / 2, min(w, h) * 0.32
    k = r * _ROUND
    points = (
        f"{x + r:.2f} {y:.2f} m",
        f"{x + r:.2f} {y + k:.2f} {x + k:.2f} {y + r:.2f} {x:.2f} {y + r:.2f} c",
        f"{x - k:.2f} {y + r:.2f} {x - r:.2f} {y + k:.2f} {x - r:.2f} {y:.2f} c",
        f"{x - r:.2f} {y - k:.2f} {x - k:.2f} {y - r:.2f} {x:.2f} {y - r:.2f} c",
        f"{x + k:.2f} {y - r:.2f} {x + r:.2f} {y - k:.2f} {x + r:.2f} {y:.2f} c",
    )
    return re.sub(r"\s+", " ", f"q 0 g {' '.join(points)} f Q")


def _print_version(pdf: pikepdf.Pdf, definition: FormDefinition) -> None:
    printed = {f.name for f in definition.fields if f.requiredness is Requiredness.PRINTED}
    for node in pdf.Root.AcroForm.Fields:
        if str(node.T) in printed:
            set_text(pdf, node, definition.version_text, find_form_fonts(pdf))
