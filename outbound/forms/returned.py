"""A form on its way back to its requester: as it was read, with a mark where it must be mended.

What was read is written into the blank form, so that nobody types it twice. What must be mended is
marked three ways, for no way reaches everybody: a tint, an arrow in the margin beside it, and the
sentence in the field's tooltip, which is what a screen reader says. The statement at the end is
left open, whatever was ticked before: who signs, signs what the form says now.

Outcomes: the form's bytes, the same for the same input. Nothing that was read is an error here:
what the form has no place for, or a Social Security number was taken out of, is left blank.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import BytesIO

import pikepdf

from outbound.forms.filling import fill_form, list_filling_problems, walk_fields
from parsers.definition import FieldType, FormDefinition, FormField, Requiredness
from parsers.extraction import FieldValue
from parsers.values.ssn import SSN_MASK

#: Fields that are written as they were typed where no value could be made of it.
_TYPED = frozenset(FieldType) - {
    FieldType.CHOICE,
    FieldType.MULTI,
    FieldType.YES_NO,
    FieldType.TICK,
    FieldType.ATTESTATION,
}
#: A light yellow, on which black text keeps a contrast of more than 18 to 1.
_COLOUR = (1.0, 0.95, 0.78)
#: Points: how far the arrow stands from what it points at, how long and half how high it is. A form
#: that is printed and scanned again has nothing but its own print more than 6 beside its fields.
_GAP, _LENGTH, _HALF = 1.7, 4.2, 3.2


def build_returned_form(
    definition: FormDefinition,
    blank: bytes,
    fields: Mapping[str, FieldValue],
    to_mend: Mapping[str, str],
) -> bytes:
    """Fill the blank form with what was read, and mark the fields in `to_mend`.

    `to_mend` gives the sentence for each field by machine name. Raises `FormFillingError` when
    `blank` is not the blank form of `definition`.
    """
    filled = fill_form(definition, blank, dict(_list_writable(definition, fields)))
    with pikepdf.open(BytesIO(filled)) as pdf:
        _mark(pdf, definition, to_mend)
        target = BytesIO()
        pdf.save(target, deterministic_id=True)
    return target.getvalue()


def _list_writable(
    definition: FormDefinition, fields: Mapping[str, FieldValue]
) -> Iterator[tuple[str, object]]:
    for form_field in definition.fields:
        found = fields.get(form_field.name)
        if found is None or not _is_open(form_field, definition):
            continue
        for value in (_as_written(found), found.raw if form_field.type in _TYPED else None):
            if value in (None, "") or SSN_MASK in str(value):
                continue
            if not list_filling_problems(definition, {form_field.name: value}):
                yield form_field.name, value
                break


def _as_written(found: FieldValue) -> object:
    return list(found.value) if isinstance(found.value, tuple) else found.value


def _is_open(form_field: FormField, definition: FormDefinition) -> bool:
    """Whether a field can be filled in for somebody: neither print nor signature."""
    if form_field.requiredness is Requiredness.PRINTED:
        return False
    return form_field.name not in set(list_signed(definition))


def list_signed(definition: FormDefinition) -> tuple[str, ...]:
    """Return the fields by which a person vouches for the form, by machine name."""
    statements = [f.name for f in definition.fields if f.type is FieldType.ATTESTATION]
    return tuple(
        f.name
        for f in definition.fields
        if any(f.name in {name, f"{name}_date"} for name in statements)
    )


def _mark(pdf: pikepdf.Pdf, definition: FormDefinition, to_mend: Mapping[str, str]) -> None:
    arrows: dict[tuple[int, int], list[bytes]] = {}
    pointed_at: set[str] = set()
    for name, node in walk_fields(pdf.Root.AcroForm.Fields):
        form_field = definition.find_field(name.partition(".")[0])
        if form_field is None or form_field.name not in to_mend:
            continue
        words = ("Please mend.", to_mend[form_field.name], str(node.get("/TU", "")))
        node.TU = pikepdf.String(" ".join(word for word in words if word))
        widget = node.get("/Kids", [node])[0]
        if str(node.FT) == "/Tx":
            _tint(pdf, widget)
        if form_field.name not in pointed_at:
            pointed_at.add(form_field.name)
            arrows.setdefault(widget.P.objgen, []).append(_draw_arrow(widget))
    for page in pdf.pages:
        if page.obj.objgen in arrows:
            # Before all else on the page, which may leave its own scale behind.
            page.contents_add(pdf.make_stream(b"".join(arrows[page.obj.objgen])), prepend=True)


def _tint(pdf: pikepdf.Pdf, widget: pikepdf.Object) -> None:
    """Lay a tint below what a text field shows, also after a viewer has drawn it anew."""
    left, bottom, right, top = (float(edge) for edge in widget.Rect)
    shown = widget.AP.N
    widget.MK = pikepdf.Dictionary(BG=_COLOUR)
    below = b"q %.2f %.2f %.2f rg 0 0 %.2f %.2f re f Q\n" % (*_COLOUR, right - left, top - bottom)
    widget.AP.N = pdf.make_stream(
        below + shown.read_bytes(),
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Form,
        BBox=shown.BBox,
        Resources=shown.Resources,
    )


def _draw_arrow(widget: pikepdf.Object) -> bytes:
    """Return a filled triangle in the margin that points at a widget, outside the reading order."""
    left, bottom, _, top = (float(edge) for edge in widget.Rect)
    tip, middle = left - _GAP, (bottom + top) / 2
    corners = (tip, middle, tip - _LENGTH, middle + _HALF, tip - _LENGTH, middle - _HALF)
    return (
        b"/Artifact BMC q 0.62 0.08 0.05 rg %.2f %.2f m %.2f %.2f l %.2f %.2f l f Q EMC\n" % corners
    )
