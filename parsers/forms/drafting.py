"""A first definition for a form nobody has described yet, drafted from its fillable PDF.

What the PDF tells for certain, the names, places and kinds of its fields, is taken over. What a
person must look at is a guess and says so in a comment behind it: what each field is called, which
of the known fields it is, what is written in it. The draft loads, names the file as its blank form
and reads the form's fillings as it is; the guesses make it better.

Outcomes of `draft_definition`: the text of a TOML file, or a `DraftError` that says why there is
none: no PDF, locked, or without fields to fill in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

import pikepdf

from parsers.definition import FieldType, FormDefinition, FormField
from parsers.forms.labels import DefinitionIndex, Match, match_by_name, match_by_wording
from parsers.pdf.acroform import AcroField, AcroForm, FieldKind, TooManyFieldsError, find_fields
from parsers.pdf.opening import CannotOpenError, open_pdf
from parsers.pdf.printed_labels import PrintedWords
from parsers.pdf.widgets import Widget, find_widgets
from parsers.values.cleaning import fold_text, one_line

#: What a request cannot do without in any revision; everything else is left optional.
_INDISPENSABLE = frozenset(
    {
        "requester_name",
        "requester_agency",
        "requester_address",
        "subject_family_name",
        "subject_birth_date",
        "obligation_dates",
        "court_name",
        "case_numbers",
        "attestation",
    }
)
#: Words in a label that tell what is written there, the first that fits.
_TYPES = (
    ("e mail", FieldType.EMAIL),
    ("email", FieldType.EMAIL),
    ("phone", FieldType.PHONE),
    ("fax", FieldType.PHONE),
    ("zip", FieldType.ZIP),
    ("date of birth", FieldType.DATE),
    ("dob", FieldType.DATE),
    ("date", FieldType.DATE),
    ("signature", FieldType.ATTESTATION),
)
_LONG = frozenset({FieldType.TEXT, FieldType.LIST, FieldType.DATE_LIST})
_NOT_NAME = re.compile(r"[^A-Za-z0-9]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LONGEST_NAME, _LONGEST_LABEL = 60, 120


class DraftError(Exception):
    """No definition can be drafted from this document."""


@dataclass(slots=True, kw_only=True)
class _Drafted:
    """One field as it will be written down."""

    name: str
    label: str
    type: FieldType
    acroform_name: str
    page: int
    known: FormField | None = None  #: the known field it seems to be
    states: tuple[str, ...] = ()  #: of a group of buttons
    multiline: bool = False
    label_from: str = ""  #: where the label was found


@dataclass(slots=True)
class _Names:
    """Gives each field a machine name of its own."""

    taken: set[str] = field(default_factory=set)

    def take(self, wanted: str) -> str:
        slug = _NOT_NAME.sub("_", _CAMEL.sub("_", wanted)).strip("_").lower()[:_LONGEST_NAME]
        slug = slug if slug[:1].isalpha() else f"field_{slug}".rstrip("_")
        name, number = slug, 1
        while name in self.taken:
            number += 1
            name = f"{slug}_{number}"
        self.taken.add(name)
        return name


def draft_definition(data: bytes, *, file_name: str, known: FormDefinition) -> str:
    """Draft the definition of the fillable PDF `data`, a file called `file_name`.

    Fields that seem to be fields of `known` take over its machine names, so that the rest of the
    program understands them. Raises `DraftError`.
    """
    try:
        pdf = open_pdf(data)
    except CannotOpenError as error:
        raise DraftError(
            "The file is no PDF that can be opened without a password; save it again without one."
        ) from error
    with pdf:
        widgets = find_widgets(pdf)
        try:
            form = find_fields(pdf)
        except TooManyFieldsError as error:
            raise DraftError("The file has more fields than any form has.") from error
        if not widgets:
            raise DraftError(
                "The file has no form fields to fill in; a definition can be drafted from a "
                "fillable form only."
            )
        drafted = _draft_fields(form, widgets, data, known)
        title = _find_title(pdf, file_name)
    return "\n".join(_write(drafted, title=title, file_name=file_name))


def _draft_fields(
    form: AcroForm, widgets: Sequence[Widget], data: bytes, known: FormDefinition
) -> list[_Drafted]:
    """Return every visible field of the form once, in the order of its pages."""
    places: dict[str, list[Widget]] = {}
    for widget in widgets:
        places.setdefault(widget.name, []).append(widget)
    sources = {source.name: source for source in form.fields if source.name in places}
    with PrintedWords(data, "", form.fields) as words:
        guesses = _guess_fields(list(sources.values()), known, words)
        names = _Names({match.target.field.name for match in guesses.values()})
        return [
            _draft_field(sources[name], found, guesses.get(name), words, names)
            for name, found in places.items()
            if name.strip() and name in sources
        ]


def _guess_fields(
    sources: Sequence[AcroField], known: FormDefinition, words: PrintedWords
) -> dict[str, Match]:
    """Return which fields seem to be fields of the known form, by name; each is taken once."""
    index = DefinitionIndex(known)
    matching = match_by_name(index, sources)
    match_by_wording(index, matching, words.labels)
    found: dict[str, Match] = {}
    taken: set[str] = set()
    for match in sorted(matching.matches, key=lambda m: m.way):
        target = match.target
        plain = target.choice is None and not target.is_signature_line
        if plain and _can_be(match.source, target.field) and target.field.name not in taken:
            taken.add(target.field.name)
            found[match.source.name] = match
    return found


def _can_be(source: AcroField, form_field: FormField) -> bool:
    """Return whether a field of that kind can hold what the known field holds."""
    if source.kind is FieldKind.TICK:
        return form_field.type is FieldType.TICK
    if source.kind is FieldKind.TEXT:
        return not form_field.choices and form_field.type is not FieldType.TICK
    return source.kind is FieldKind.SIGNATURE and form_field.type is FieldType.ATTESTATION


def _draft_field(
    source: AcroField,
    places: Sequence[Widget],
    guess: Match | None,
    words: PrintedWords,
    names: _Names,
) -> _Drafted:
    label, label_from = _find_label(source, words)
    known = None if guess is None else guess.target.field
    states = tuple(dict.fromkeys(w.state for w in places if w.state))
    return _Drafted(
        name=names.take(source.name or label) if known is None else known.name,
        label=label,
        type=_guess_type(source, label, states) if known is None else known.type,
        acroform_name=source.name,
        page=places[0].page,
        known=known,
        states=states if source.kind is FieldKind.GROUP else (),
        multiline=any(w.multiline for w in places),
        label_from=label_from,
    )


def _find_label(source: AcroField, words: PrintedWords) -> tuple[str, str]:
    """Return what a field is called, and how that is known."""
    tooltip = one_line(source.tooltip)
    # Programs that make forms often repeat the field's name there.
    if tooltip and tooltip not in (source.name, "undefined"):
        return tooltip[:_LONGEST_LABEL], "its tooltip"
    printed = next((one_line(text) for text in words.labels(source) if one_line(text)), "")
    if printed and any(letter.isalpha() for letter in printed):
        return printed[:_LONGEST_LABEL], "the words printed beside it"
    name = _CAMEL.sub(" ", source.name.rpartition(".")[2]).replace("_", " ")
    return one_line(name)[:_LONGEST_LABEL] or "Field", "its name"


def _guess_type(source: AcroField, label: str, states: Sequence[str]) -> FieldType:
    if source.kind is FieldKind.TICK:
        return FieldType.TICK
    if source.kind is FieldKind.SIGNATURE:
        return FieldType.ATTESTATION
    if source.kind is FieldKind.GROUP:
        answers = {state.casefold() for state in states}
        return FieldType.YES_NO if answers == {"yes", "no"} else FieldType.CHOICE
    spaced = f" {fold_text(label)} "
    return next((kind for word, kind in _TYPES if f" {word} " in spaced), FieldType.TEXT)


def _find_title(pdf: pikepdf.Pdf, file_name: str) -> str:
    title = pdf.docinfo.get("/Title") if "/Info" in pdf.trailer else None
    return one_line(str(title))[:_LONGEST_LABEL] if title else PurePath(file_name).stem


def _write(drafted: Sequence[_Drafted], *, title: str, file_name: str) -> Iterator[str]:
    """Yield the lines of the definition's file."""
    identity = _NOT_NAME.sub("-", PurePath(file_name).stem).strip("-").lower() or "form"
    yield f"# A first definition of {file_name}, drafted from its form fields."
    yield "#"
    yield "# Every line that ends in `# guess` wants a look: is the field called so, is it of that"
    yield "# type, is it the field of that machine name? Machine names that the program knows, such"
    yield "# as subject_birth_date, make it understand the field; any other name is only kept. Say"
    yield '# "required" where a request cannot do without. Then put this file and the PDF into'
    yield "# config/forms."
    yield ""
    yield f"id = {_text(f'{identity}/1')}"
    yield f"title = {_text(title)}  # guess"
    yield f"version_text = {_text(identity)}  # guess: what the form prints as its version"
    yield f"blank_form = {_text(file_name)}"
    for page in sorted({one.page for one in drafted}):
        yield ""
        yield f"# {'-' * 98}"
        yield "[[section]]"
        yield f'name = "page_{page}"'
        yield f'title = "Page {page}"  # guess'
        for one in drafted:
            if one.page == page:
                yield ""
                yield from _write_field(one)
    yield ""


def _write_field(one: _Drafted) -> Iterator[str]:
    yield "[[section.field]]"
    yield f"name = {_text(one.name)}" + ("" if one.known is None else "  # guess")
    yield f"label = {_text(one.label)}  # guess: {one.label_from}"
    yield f"type = {_text(one.type)}  # guess"
    needed = one.known is not None and one.name in _INDISPENSABLE
    yield f"requiredness = {_text('required' if needed else 'optional')}  # guess"
    yield f"acroform_name = {json.dumps(one.acroform_name)}"
    if one.multiline and one.type in _LONG:
        yield "multiline = true"
    if one.type is FieldType.CHOICE:
        yield "choices = ["
        names = _Names()
        for state in one.states or ("on",):
            name = names.take(state)
            more = "" if name == state else f", synonyms = [{_text(state)}]"
            yield f"    {{ name = {_text(name)}, label = {_text(state)}{more} }},  # guess"
        yield "]"


def _text(text: str) -> str:
    """Return a TOML basic string; JSON's escapes are TOML's, but for what neither should hold."""
    clean = "".join(c for c in text if c.isprintable() and not "\ud800" <= c <= "\udfff")
    return json.dumps(clean.strip() or "-", ensure_ascii=False)
