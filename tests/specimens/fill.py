"""The filled model form as different programs make it.

`fill_ours`             by this project's own filler: values, and appearances that fit
`fill_like_acrobat`     UTF-16 values, carriage returns between lines, numbered on-states with /Opt
`fill_like_a_library`   by pikepdf's form interface, which draws only the characters of WinAnsi
`fill_without_drawing`  values only, with NeedAppearances, as scripts and servers do
`fill_states_only`      buttons whose widgets show the choice and whose field has no value

All take what a specimen typed and return the bytes of a PDF, the same ones for the same input.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from io import BytesIO

import pikepdf
from pikepdf import Array, Name, String
from pikepdf.form import ExtendedAppearanceStreamGenerator, Form

from config.data import read_data
from outbound.forms.filling import fill_form
from parsers.definition import FormDefinition, parse_definition

_RADIO = 1 << 15


@cache
def read_definition() -> FormDefinition:
    """Return the definition of the model form."""
    return parse_definition(read_data("forms/cjs-request-1.toml"))


@cache
def read_blank() -> bytes:
    """Return the blank model form."""
    return read_data(f"forms/{read_definition().blank_form}")


def fill_ours(typed: Mapping[str, object]) -> bytes:
    """Fill the form with the project's own filler."""
    return fill_form(read_definition(), read_blank(), typed)


def fill_like_acrobat(typed: Mapping[str, object]) -> bytes:
    """Fill the form with UTF-16 text and with radio groups whose states are numbers."""
    with pikepdf.open(BytesIO(fill_ours(typed))) as pdf:
        for field in list_fields(pdf):
            if isinstance(field.get("/V"), String):
                text = str(field.V).replace("\n", "\r")
                field.V = String(b"\xfe\xff" + text.encode("utf-16-be"))
            elif "/Kids" in field and int(field.get("/Ff", 0)) & _RADIO:
                _number_states(field)
        return _save(pdf)


def fill_like_a_library(typed: Mapping[str, object]) -> bytes:
    """Fill the form's text boxes again by pikepdf, with its own drawing of the text."""
    with pikepdf.open(BytesIO(fill_ours(typed))) as pdf:
        form = Form(pdf, ExtendedAppearanceStreamGenerator)
        for field in list_fields(pdf):
            if field.get("/FT") == Name.Tx and "/V" in field:
                text = str(field.V)
                drawable = text.encode("cp1252", "replace").decode("cp1252")
                form[str(field.T)].value = drawable
                field.V = String(text)
        return _save(pdf)


def fill_without_drawing(typed: Mapping[str, object]) -> bytes:
    """Fill the form and leave the drawing of its text to whoever shows it."""
    with pikepdf.open(BytesIO(fill_ours(typed))) as pdf:
        for field in list_fields(pdf):
            if field.get("/FT") == Name.Tx and "/AP" in field:
                del field.AP
        pdf.Root.AcroForm.NeedAppearances = True
        return _save(pdf)


def fill_states_only(typed: Mapping[str, object]) -> bytes:
    """Fill the form and take the value of every button away, so that only its widgets tell."""
    with pikepdf.open(BytesIO(fill_ours(typed))) as pdf:
        for field in list_fields(pdf):
            if field.get("/FT") == Name.Btn and "/V" in field:
                del field.V
        return _save(pdf)


def list_fields(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """Yield every terminal field of the model form; the buttons of a radio group are one field."""
    pending = list(pdf.Root.AcroForm.Fields)
    while pending:
        field = pending.pop(0)
        kids = field.get("/Kids")
        if kids is not None and all("/T" in kid for kid in kids):
            pending[:0] = list(kids)
        else:
            yield field


def _number_states(group: pikepdf.Object) -> None:
    """Rename the states of a radio group to 0, 1, ... and put their names into /Opt."""
    names: list[str] = []
    for number, widget in enumerate(group.Kids):
        states = widget.AP.N
        name = next(key for key in states.keys() if key != "/Off")  # noqa: SIM118
        names.append(name[1:])
        new = Name(f"/{number}")
        states[new] = states[name]
        del states[name]
        if widget.get("/AS") == Name(name):
            widget.AS = new
        if group.get("/V") == Name(name):
            group.V = new
    group.Opt = Array([String(name) for name in names])


def _save(pdf: pikepdf.Pdf) -> bytes:
    target = BytesIO()
    pdf.save(target, deterministic_id=True)
    return target.getvalue()
