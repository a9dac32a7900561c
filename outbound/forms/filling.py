"""Fills the blank form: values by machine name in, the bytes of a filled PDF out.

Outcomes: the filled form, the same bytes for the same input, with the values and with appearances
that show in any viewer; or a `FormFillingError` that lists everything wrong with the values at
once. What a field holds is written as a person would write it: ISO dates become MM/DD/YYYY (a
period `03/17/2026 to 03/20/2026`), E.164 numbers of North America `202-555-0123 ext. 12`, and
lists are joined by `; `. Readers of the form turn each of these back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from io import BytesIO

import pikepdf

from outbound.forms.appearance import FormFont, build_text_appearance, find_form_fonts
from parsers.definition import FieldType, FormDefinition, FormField, Requiredness

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_PHONE = re.compile(r"\+1(\d{3})(\d{3})(\d{4})(?:;ext=(\d+))?")
_MULTILINE_FLAG = 1 << 12


class FormFillingError(Exception):
    """The values cannot be written on the form; `problems` holds one sentence for each reason."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems

    def __reduce__(self) -> tuple[type[FormFillingError], tuple[tuple[str, ...]]]:
        return (FormFillingError, (self.problems,))


def parse_form_data(data: bytes) -> dict[str, object]:
    """Read field values from JSON: an object of values, or what `extract --json` prints.

    Raises `FormFillingError` when it is neither.
    """
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise FormFillingError((f"The data is not JSON: {error}.",)) from error
    if not isinstance(document, dict):
        raise FormFillingError(('The data must be a JSON object such as {"field": "value"}.',))
    fields = document.get("fields")
    if not isinstance(fields, dict):
        return document
    bare = tuple(
        f"{name}: below `fields`, each field must be an object with a `value`."
        for name, content in fields.items()
        if not (isinstance(content, dict) and "value" in content)
    )
    if bare:
        raise FormFillingError(bare)
    return {name: content["value"] for name, content in fields.items()}


def fill_form(definition: FormDefinition, blank: bytes, values: Mapping[str, object]) -> bytes:
    """Write `values`, by machine name, on the blank form and return the filled PDF.

    Texts are `str`, lists `str` or a list of `str`, choices a machine name, multi choices a list of
    machine names, yes_no, ticks and attestations `bool`; `None` leaves a field blank. The text of a
    signature line goes by that line's own name. Raises `FormFillingError` with all problems.
    """
    written, problems = _write_values(definition, values)
    if problems:
        raise FormFillingError(problems)
    try:
        with pikepdf.open(BytesIO(blank)) as pdf:
            return _fill(pdf, written)
    except pikepdf.PdfError as error:
        raise FormFillingError((f"The blank form is not a readable PDF: {error}.",)) from error


def list_filling_problems(
    definition: FormDefinition, values: Mapping[str, object]
) -> tuple[str, ...]:
    """Return a sentence for each reason why `values` cannot be written on the form."""
    return _write_values(definition, values)[1]


#: What goes into one AcroForm field: text, or the name of a button's state.
_Written = str | pikepdf.Name


def _write_values(
    definition: FormDefinition, values: Mapping[str, object]
) -> tuple[dict[str, _Written], tuple[str, ...]]:
    written: dict[str, _Written] = {}
    problems: list[str] = []
    lines = {f.signature_line: f for f in definition.fields if f.signature_line}
    for name, value in values.items():
        form_field = definition.find_field(name)
        if form_field is None and name not in lines:
            problems.append(f"{name}: the form {definition.id} has no field of that name.")
        elif value is None:
            continue
        elif form_field is None:
            _collect(written, problems, name, _write_line(name, value))
        elif form_field.requiredness is Requiredness.PRINTED:
            problems.extend(_check_printed(form_field, value, definition))
        else:
            _collect(written, problems, name, _WRITERS[form_field.type](form_field, value))
    return written, tuple(problems)


def _collect(
    written: dict[str, _Written], problems: list[str], name: str, result: dict[str, _Written] | str
) -> None:
    if isinstance(result, str):
        problems.append(f"{name}: {result}")
    else:
        written.update(result)


def _check_printed(
    form_field: FormField, value: object, definition: FormDefinition
) -> Iterator[str]:
    if not isinstance(value, str) or value.strip() != definition.version_text:
        yield (
            f"{form_field.name}: it is printed on the form as {definition.version_text!r} and"
            " cannot be changed; leave it out."
        )


def _write_line(name: str, value: object) -> dict[str, _Written] | str:
    return {name: value} if isinstance(value, str) else "the value must be a text."


def _write_text(form_field: FormField, value: object) -> dict[str, _Written] | str:
    return _write_line(form_field.name, value)


def _write_date(form_field: FormField, value: object) -> dict[str, _Written] | str:
    if not isinstance(value, str):
        return "the value must be a date written as a text, such as 2026-03-10."
    return {form_field.name: _printed_date(value)}


def _write_phone(form_field: FormField, value: object) -> dict[str, _Written] | str:
    if not isinstance(value, str):
        return "the value must be a phone number written as a text."
    found = _PHONE.fullmatch(value)
    if found is None:
        return {form_field.name: value}
    area, exchange, line, extension = found.groups()
    suffix = f" ext. {extension}" if extension else ""
    return {form_field.name: f"{area}-{exchange}-{line}{suffix}"}


def _write_money(form_field: FormField, value: object) -> dict[str, _Written] | str:
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return {form_field.name: f"{value:.2f}"}
    return _write_line(form_field.name, value)


def _write_list(form_field: FormField, value: object) -> dict[str, _Written] | str:
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)) or not all(isinstance(item, str) for item in items):
        return "the value must be a text or a list of texts."
    if len(items) > 1 and any(re.search(r"[;\r\n]", item) for item in items):
        return "an item must not hold a semicolon or a line break, which part the items."
    if form_field.type is FieldType.DATE_LIST:
        items = [_printed_period(item) for item in items]
    return {form_field.name: "; ".join(items)}


def _write_choice(form_field: FormField, value: object) -> dict[str, _Written] | str:
    names = [choice.name for choice in form_field.choices]
    if not isinstance(value, str) or value not in names:
        return f"the value must be one of {', '.join(names)}."
    return {form_field.name: pikepdf.Name(f"/{value}")}


def _write_multi(form_field: FormField, value: object) -> dict[str, _Written] | str:
    names = [choice.name for choice in form_field.choices]
    if not isinstance(value, (list, tuple)) or not all(item in names for item in value):
        return f"the value must be a list of some of {', '.join(names)}."
    return {f"{form_field.name}.{name}": _tick(is_on=name in value) for name in names}


def _write_yes_no(form_field: FormField, value: object) -> dict[str, _Written] | str:
    if not isinstance(value, bool):
        return "the value must be true for yes or false for no."
    return {form_field.name: pikepdf.Name("/yes" if value else "/no")}


def _write_tick(form_field: FormField, value: object) -> dict[str, _Written] | str:
    if not isinstance(value, bool):
        return "the value must be true or false."
    return {form_field.name: _tick(is_on=value)}


def _tick(*, is_on: bool) -> pikepdf.Name:
    return pikepdf.Name("/Yes" if is_on else "/Off")


#: How the value of each type of field is written; a text says what is wrong with it.
_WRITERS: Mapping[FieldType, Callable[[FormField, object], dict[str, _Written] | str]] = {
    **dict.fromkeys(FieldType, _write_text),
    FieldType.DATE: _write_date,
    FieldType.DATE_LIST: _write_list,
    FieldType.LIST: _write_list,
    FieldType.PHONE: _write_phone,
    FieldType.MONEY: _write_money,
    FieldType.CHOICE: _write_choice,
    FieldType.MULTI: _write_multi,
    FieldType.YES_NO: _write_yes_no,
    FieldType.TICK: _write_tick,
    FieldType.ATTESTATION: _write_tick,
}


def _printed_date(text: str) -> str:
    """Return an ISO date as MM/DD/YYYY, and anything else as it is."""
    try:
        return date.fromisoformat(text).strftime("%m/%d/%Y") if _DATE.fullmatch(text) else text
    except ValueError:
        return text


def _printed_period(text: str) -> str:
    return " to ".join(_printed_date(part) for part in text.split("/")) if "-" in text else text


def _fill(pdf: pikepdf.Pdf, written: Mapping[str, _Written]) -> bytes:
    if "/AcroForm" not in pdf.Root:
        raise FormFillingError(("The blank form has no fields to fill in.",))
    fields = dict(walk_fields(pdf.Root.AcroForm.Fields))
    absent = tuple(f"{name}: the blank form has no such field." for name in written.keys() - fields)
    if absent:
        raise FormFillingError(tuple(sorted(absent)))
    fonts = find_form_fonts(pdf)
    is_whole = True
    for name, value in written.items():
        if isinstance(value, pikepdf.Name):
            _set_button(fields[name], value)
        else:
            is_whole &= set_text(pdf, fields[name], value, fonts)
    if not is_whole:
        # A viewer with more fonts than the form has can draw these characters; ours cannot.
        pdf.Root.AcroForm.NeedAppearances = True
    target = BytesIO()
    pdf.save(target, deterministic_id=True)
    return target.getvalue()


def walk_fields(nodes: pikepdf.Object, prefix: str = "") -> Iterator[tuple[str, pikepdf.Object]]:
    """Yield every terminal field with its full name; radio buttons belong to their group."""
    for node in nodes:
        name = f"{prefix}{node.T}"
        kids = node.get("/Kids")
        if kids is not None and all("/T" in kid for kid in kids):
            yield from walk_fields(kids, f"{name}.")
        else:
            yield name, node


def _set_button(form_field: pikepdf.Object, state: pikepdf.Name) -> None:
    form_field.V = state
    for widget in form_field.get("/Kids", [form_field]):
        widget.AS = state if str(state) in widget.AP.N else pikepdf.Name.Off


def set_text(
    pdf: pikepdf.Pdf, form_field: pikepdf.Object, text: str, fonts: tuple[FormFont, ...]
) -> bool:
    """Set a text field's value and draw it; return whether every character could be drawn."""
    # A lone surrogate, which JSON can carry, is no character and has no place in a PDF string.
    clean = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    left, bottom, right, top = (float(edge) for edge in form_field.Rect)
    appearance = build_text_appearance(
        clean,
        width=right - left,
        height=top - bottom,
        fonts=fonts,
        multiline=bool(int(form_field.get("/Ff", 0)) & _MULTILINE_FLAG),
    )
    form_field.V = pikepdf.String(clean)
    form_field.AP.N = pdf.make_stream(
        appearance.content,
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Form,
        BBox=[0, 0, right - left, top - bottom],
        Resources=pikepdf.Dictionary(Font=pdf.Root.AcroForm.DR.Font),
    )
    return appearance.is_whole
