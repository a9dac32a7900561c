"""The filled model form as XFA, as the program that designs such forms writes it.

A *static* form has ordinary form fields that mirror its XFA fields; a *dynamic* one has a single
page that says "Please wait...", and nothing but the XFA part holds the form.

`fill_dynamic`      a dynamic form
`fill_both`         a static form, filled by a program that fills both its parts
`fill_data_alone`   a static form whose ordinary fields were left blank
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

import pikepdf
from pikepdf import Array, Dictionary, Name, String

from parsers.definition import FieldType, FormDefinition, FormField
from tests.specimens.fill import fill_ours, read_blank, read_definition

_DATA = "http://www.xfa.org/schema/xfa-data/1.0/"
_TEMPLATE = "http://www.xfa.org/schema/xfa-template/3.3/"
_PLEASE_WAIT = (
    "Please wait...",
    "If this message is not eventually replaced by the proper contents of the document, your PDF",
    "viewer may not be able to display this type of document.",
)


def fill_dynamic(typed: Mapping[str, object]) -> bytes:
    """Fill a dynamic form."""
    pdf = build_dynamic()
    add_packets(pdf, _build_packets(typed))
    return save(pdf, deterministic_id=True)


def fill_both(typed: Mapping[str, object]) -> bytes:
    """Fill both parts of a static form."""
    return _add_to(fill_ours(typed), typed)


def fill_data_alone(typed: Mapping[str, object]) -> bytes:
    """Fill the XFA part of a static form alone."""
    return _add_to(read_blank(), typed)


def _add_to(form: bytes, typed: Mapping[str, object]) -> bytes:
    with pikepdf.open(io.BytesIO(form)) as pdf:
        add_packets(pdf, _build_packets(typed))
        return save(pdf, deterministic_id=True)


def _build_packets(typed: Mapping[str, object]) -> dict[str, str | bytes]:
    definition = read_definition()
    return {
        "template": build_template(definition),
        "datasets": build_data(definition, write_entries(definition, typed)),
    }


def write_entries(
    definition: FormDefinition, typed: Mapping[str, object]
) -> dict[str, str | Sequence[str]]:
    """Return what was typed, ticked and chosen as the data of `build_template`'s form hold it."""
    found: dict[str, str | Sequence[str]] = {}
    for name, value in typed.items():
        field = definition.find_field(name)
        if field is not None and field.type is FieldType.CHOICE:
            found[name] = str([choice.name for choice in field.choices].index(str(value)))
        elif field is not None and field.type is FieldType.YES_NO:
            found[name] = "1" if value else "2"
        elif isinstance(value, bool):
            found[name] = "1" if value else "0"
        else:
            found[name] = [*value] if isinstance(value, tuple | list) else str(value)
    return found


def build_data(
    definition: FormDefinition, values: Mapping[str, str | Sequence[str]], *, names: str = "machine"
) -> str:
    """Return the packet `datasets`: a group for each section, an element for each field.

    `names` is "machine" for the machine names, "plain" for names that say nothing.
    """
    sections = []
    for section in definition.sections:
        members = [f for f in definition.fields if f.section == section.name]
        entries = "".join(
            _data_entry(f, values.get(f.name), _name(definition, f, names)) for f in members
        )
        lines = {f.signature_line: values.get(f.signature_line) for f in members}
        entries += "".join(f"<{n}>{escape(str(v))}</{n}>" for n, v in lines.items() if n and v)
        sections.append(f"<{section.name}>{entries}</{section.name}>")
    return (
        f'<xfa:datasets xmlns:xfa="{_DATA}"><xfa:data><form1>{"".join(sections)}</form1>'
        "</xfa:data></xfa:datasets>"
    )


def build_template(definition: FormDefinition, *, names: str = "machine") -> str:
    """Return the packet `template`, whose captions are the labels of the definition."""
    sections = []
    for section in definition.sections:
        members = [f for f in definition.fields if f.section == section.name]
        fields = "".join(_template_entry(f, _name(definition, f, names)) for f in members)
        sections.append(f'<subform name="{section.name}"><area>{fields}</area></subform>')
    return (
        f'<template xmlns="{_TEMPLATE}"><subform name="form1"><pageSet/>'
        f"{''.join(sections)}</subform></template>"
    )


def _name(definition: FormDefinition, field: FormField, names: str) -> str:
    return field.name if names == "machine" else f"Field{definition.fields.index(field)}"


def _data_entry(field: FormField, value: str | Sequence[str] | None, name: str) -> str:
    if field.type is FieldType.MULTI:
        ticks = (
            f"<{choice.name}>{int(choice.name in (value or ()))}</{choice.name}>"
            for choice in field.choices
        )
        return f"<{name}>{''.join(ticks)}</{name}>"
    if value is None:
        return f"<{name}/>"
    values = [value] if isinstance(value, str) else value
    return "".join(f"<{name}>{escape(text)}</{name}>" for text in values)


def _template_entry(field: FormField, name: str) -> str:
    caption = f"<caption><value><text>{escape(field.label)}</text></value></caption>"
    if field.type is FieldType.MULTI:
        ticks = "".join(_tick(choice.name, choice.label, "1", "0") for choice in field.choices)
        return f'<subform name="{name}">{ticks}</subform>'
    if field.type is FieldType.YES_NO:
        members = _tick("a", "Yes", "1") + _tick("b", "No", "2")
        return f'<exclGroup name="{name}">{caption}{members}</exclGroup>'
    if field.type is FieldType.CHOICE:
        shown = "".join(f"<text>{escape(c.label)}</text>" for c in field.choices)
        saved = "".join(f"<text>{n}</text>" for n in range(len(field.choices)))
        return (
            f'<field name="{name}"><ui><choiceList/></ui>{caption}'
            f'<items>{shown}</items><items save="1" presence="hidden">{saved}</items></field>'
        )
    if field.type in (FieldType.TICK, FieldType.ATTESTATION):
        return _tick(name, field.label, "1", "0")
    tip = f"<assist><toolTip>{escape(field.label)}</toolTip></assist>"
    return f'<field name="{name}"><ui><textEdit/></ui>{caption}{tip}</field>'


def _tick(name: str, label: str, *items: str) -> str:
    entries = "".join(f"<text>{item}</text>" for item in items)
    return (
        f'<field name="{name}"><ui><checkButton/></ui><items>{entries}</items>'
        f"<caption><value><text>{escape(label)}</text></value></caption></field>"
    )


def add_packets(pdf: pikepdf.Pdf, packets: Mapping[str, str | bytes]) -> None:
    """Give a PDF an XFA part made of packets, between its preamble and postamble."""
    whole = {"preamble": '<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/">', **packets}
    whole["postamble"] = "</xdp:xdp>"
    parts: list[object] = []
    for name, text in whole.items():
        content = text.encode() if isinstance(text, str) else text
        parts += [String(name), pdf.make_stream(content)]
    pdf.Root.AcroForm.XFA = Array(parts)


def add_whole(pdf: pikepdf.Pdf, packets: Mapping[str, str]) -> None:
    """Give a PDF an XFA part that is one stream."""
    text = f'<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/">{"".join(packets.values())}</xdp:xdp>'
    pdf.Root.AcroForm.XFA = pdf.make_stream(text.encode())


def build_dynamic() -> pikepdf.Pdf:
    """Return a PDF whose only page asks to wait, ready for the packets of its form."""
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(612, 792))
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    pdf.pages[0].obj.Resources = Dictionary(Font=Dictionary(F1=font))
    shows = [
        f"BT /F1 11 Tf 72 {700 - 20 * n} Td ({text}) Tj ET" for n, text in enumerate(_PLEASE_WAIT)
    ]
    pdf.pages[0].obj.Contents = pdf.make_stream("\n".join(shows).encode())
    pdf.Root.AcroForm = Dictionary(Fields=Array([]))
    pdf.Root.NeedsRendering = True
    return pdf


def save(pdf: pikepdf.Pdf, **options: Any) -> bytes:
    """Return the PDF's bytes."""
    output = io.BytesIO()
    pdf.save(output, **options)
    return output.getvalue()
