"""What a form is: its sections, fields, rules and synonyms, frozen values read from one data file.

A definition decides everything a form means: blank form, extraction, validation, letters, notices
and JSON all come from it, so that another revision of the form is another data file and no code.

Outcomes of reading one: a `FormDefinition`, or a `ParseError` with the code `bad_definition` whose
message names the key at fault, such as `section[1].field[3].type` (both counted from 1), and says
what it should be.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, TypeVar

from parsers.errors import ParseError


class FieldType(StrEnum):
    """How a field's text is read, and therefore what its value looks like."""

    TEXT = "text"  #: free text, kept as written
    NAME = "name"  #: a person's name, kept as written
    DATE = "date"  #: ISO 8601 date
    DATE_LIST = "date_list"  #: tuple of ISO dates or periods `2026-03-17/2026-03-20`
    LIST = "list"  #: tuple of texts, separated by `;` or line breaks
    CHOICE = "choice"  #: one machine name
    MULTI = "multi"  #: tuple of machine names, one tick box each
    YES_NO = "yes_no"  #: bool, a radio group with states `yes` and `no`
    TICK = "tick"  #: bool, one tick box
    ATTESTATION = "attestation"  #: bool, a tick box beside a typed or drawn signature line
    STATE = "state"  #: USPS code
    ZIP = "zip"  #: ZIP or ZIP+4
    PHONE = "phone"  #: E.164, extension as `;ext=12`
    EMAIL = "email"  #: an address, as written but for outer space
    COUNTRY = "country"  #: ISO 3166 alpha-2, `XK`, or `Unknown`
    A_NUMBER = "a_number"  #: `A` and nine digits
    ID = "id"  #: an identifier, as written but for outer space
    MONEY = "money"  #: decimal text with two decimals


class Requiredness(StrEnum):
    """Whether a field must be filled."""

    REQUIRED = "required"
    CONDITIONAL = "conditional"  #: `required_when` names the condition
    OPTIONAL = "optional"
    PRINTED = "printed"  #: printed on the form, never asked of the requester


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One possible value of a choice or multi field."""

    name: str  #: the machine name, exported by the form
    label: str  #: as printed on the form
    synonyms: tuple[str, ...] = ()  #: other wordings met on other revisions


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One field of a form."""

    name: str  #: machine name, and the AcroForm field name on the model form
    section: str  #: the name of the section it stands in
    label: str  #: as printed on the form and named in letters
    type: FieldType
    requiredness: Requiredness
    #: A named condition of `parsers.forms.validation`, empty unless CONDITIONAL.
    required_when: str = ""
    rules: tuple[str, ...] = ()  #: named rules of `parsers.forms.validation`, applied in order
    min_length: int | None = None  #: characters, or items for lists
    max_length: int | None = None  #: characters, or items for lists
    pattern: str = ""  #: a regular expression the whole value, or each item of a list, must match
    choices: tuple[Choice, ...] = ()
    synonyms: tuple[str, ...] = ()  #: other labels met for this field
    hint: str = ""  #: one sentence for the person filling it in; also the tooltip's second half
    multiline: bool = False
    signature_line: str = ""  #: AcroForm text field whose text counts as this attestation's tick
    acroform_name: str = ""  #: full name of its AcroForm field, where that is not the machine name


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A titled group of fields, in print order."""

    name: str
    title: str
    intro: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormDefinition:
    """A revision of a form."""

    id: str  #: for example `cjs-request/1`
    title: str
    version_text: str  #: what the printed form version field says
    sections: tuple[Section, ...]
    fields: tuple[FormField, ...]  #: in print order
    notices: Mapping[str, str] = field(default_factory=dict)  #: printed texts by name
    blank_form: str = ""  #: file name of the committed blank PDF, beside the definition
    blank: bytes = field(default=b"", repr=False)  #: that PDF itself; empty where it is not at hand

    def find_field(self, name: str) -> FormField | None:
        """Return the field of that machine name, or None."""
        return next((f for f in self.fields if f.name == name), None)


#: Machine names of sections, fields, choices and notices.
_MACHINE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")

_Member = TypeVar("_Member", bound=StrEnum)

#: The types whose values come from a closed list.
_CHOOSING = frozenset({FieldType.CHOICE, FieldType.MULTI})

#: The types whose text may run over several lines.
_LONG = frozenset({FieldType.TEXT, FieldType.LIST, FieldType.DATE_LIST})


def parse_definition(data: bytes, *, blank: bytes = b"") -> FormDefinition:
    """Read a form definition from the bytes of its TOML file; `blank` is its blank form's PDF.

    Raises `ParseError` with the code `bad_definition`, naming the first key that is missing,
    unknown or of the wrong kind.
    """
    try:
        document = tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ParseError("bad_definition", f"The definition is not UTF-8 text: {error}.") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ParseError("bad_definition", f"The definition is not TOML: {error}.") from error
    return replace(_build_definition(_Table("", document)), blank=blank)


def _bad(key: str, message: str) -> ParseError:
    return ParseError("bad_definition", f"{key}: {message}.")


class _Table:
    """A TOML table that is emptied key by key, so that what is left over is known to be unknown."""

    def __init__(self, key: str, content: object) -> None:
        if not isinstance(content, dict):
            raise _bad(key, "must be a table")
        self._key = key
        self._left: dict[str, Any] = dict(content)

    def key(self, name: str) -> str:
        return f"{self._key}.{name}" if self._key else name

    def names(self) -> tuple[str, ...]:
        return tuple(self._left)

    def text(self, name: str, default: str | None = None) -> str:
        value = self._left.pop(name, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise _bad(self.key(name), "must be a text, and not an empty one")
        return value

    def machine_name(self, name: str) -> str:
        value = self.text(name)
        if not _MACHINE_NAME.fullmatch(value):
            raise _bad(self.key(name), "must be letters, digits and underscores, a letter first")
        return value

    def truth(self, name: str) -> bool:
        value = self._left.pop(name, False)
        if not isinstance(value, bool):
            raise _bad(self.key(name), "must be true or false")
        return value

    def length(self, name: str) -> int | None:
        value = self._left.pop(name, None)
        if value is not None and (type(value) is not int or value < 0):
            raise _bad(self.key(name), "must be a whole number, zero or more")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._left.pop(name, [])
        if not isinstance(value, list) or not all(isinstance(v, str) and v.strip() for v in value):
            raise _bad(self.key(name), "must be a list of texts, none of them empty")
        return tuple(value)

    def tables(self, name: str) -> tuple[_Table, ...]:
        value = self._left.pop(name, [])
        if not isinstance(value, list):
            raise _bad(self.key(name), "must be a list of tables")
        return tuple(_Table(f"{self.key(name)}[{n}]", item) for n, item in enumerate(value, 1))

    def table(self, name: str) -> _Table:
        return _Table(self.key(name), self._left.pop(name, {}))

    def finish(self) -> None:
        if self._left:
            raise _bad(self.key(min(self._left)), "is not a key known here; correct or remove it")


def _build_definition(top: _Table) -> FormDefinition:
    sections: list[Section] = []
    fields: list[FormField] = []
    for table in top.tables("section"):
        found = table.tables("field")
        section = Section(
            name=table.machine_name("name"),
            title=table.text("title"),
            intro=table.text("intro", ""),
        )
        table.finish()
        sections.append(section)
        fields.extend(_build_field(item, section.name) for item in found)
    definition = FormDefinition(
        id=top.text("id"),
        title=top.text("title"),
        version_text=top.text("version_text"),
        sections=tuple(sections),
        fields=tuple(fields),
        notices=_build_notices(top.table("notices")),
        blank_form=top.text("blank_form", ""),
    )
    top.finish()
    if not fields:
        raise _bad("section", "must hold at least one field")
    _check_unique("section", [s.name for s in sections])
    _check_unique("section.field", [n for f in fields for n in (f.name, f.signature_line) if n])
    return definition


def _build_notices(table: _Table) -> Mapping[str, str]:
    # A plain dictionary, because a definition travels to the process that reads documents.
    return {name: table.text(name) for name in table.names()}


def _build_field(table: _Table, section: str) -> FormField:
    built = FormField(
        name=table.machine_name("name"),
        section=section,
        label=table.text("label"),
        type=_member(table, "type", FieldType),
        requiredness=_member(table, "requiredness", Requiredness),
        required_when=table.text("required_when", ""),
        rules=table.texts("rules"),
        min_length=table.length("min_length"),
        max_length=table.length("max_length"),
        pattern=table.text("pattern", ""),
        choices=tuple(_build_choice(choice) for choice in table.tables("choices")),
        synonyms=table.texts("synonyms"),
        hint=table.text("hint", ""),
        multiline=table.truth("multiline"),
        signature_line=table.text("signature_line", ""),
        acroform_name=table.text("acroform_name", ""),
    )
    table.finish()
    for is_wrong, name, message in _FIELD_CHECKS:
        if is_wrong(built):
            raise _bad(table.key(name), message)
    _check_unique(table.key("choices"), [choice.name for choice in built.choices])
    return built


def _build_choice(table: _Table) -> Choice:
    choice = Choice(
        name=table.machine_name("name"), label=table.text("label"), synonyms=table.texts("synonyms")
    )
    table.finish()
    return choice


def _member(table: _Table, name: str, kind: type[_Member]) -> _Member:
    value = table.text(name)
    try:
        return kind(value)
    except ValueError:
        raise _bad(table.key(name), f"must be one of {', '.join(kind)}") from None


def _check_unique(key: str, names: list[str]) -> None:
    twice = next((name for n, name in enumerate(names) if name in names[:n]), None)
    if twice is not None:
        raise _bad(key, f"the name {twice!r} is used twice; rename one of them")


def _is_no_pattern(form_field: FormField) -> bool:
    try:
        re.compile(form_field.pattern)
    except (re.error, RecursionError, OverflowError):
        return True
    return False


def _is_range_empty(form_field: FormField) -> bool:
    low, high = form_field.min_length, form_field.max_length
    return low is not None and high is not None and low > high


#: What must hold between the keys of one field: is it wrong, which key to mend, and how.
_FIELD_CHECKS: tuple[tuple[Callable[[FormField], bool], str, str], ...] = (
    (
        lambda f: (f.requiredness is Requiredness.CONDITIONAL) is not bool(f.required_when),
        "required_when",
        "must name a condition when requiredness is conditional, and be absent otherwise",
    ),
    (
        lambda f: (f.type in _CHOOSING) is not bool(f.choices),
        "choices",
        "must list the choices of a choice or multi field, and be absent otherwise",
    ),
    (_is_range_empty, "max_length", "must not be less than min_length"),
    (_is_no_pattern, "pattern", "must be a regular expression"),
    (
        lambda f: bool(f.signature_line) and f.type is not FieldType.ATTESTATION,
        "signature_line",
        "belongs to attestation fields alone",
    ),
    (
        lambda f: f.multiline and f.type not in _LONG,
        "multiline",
        "belongs to text, list and date_list fields alone",
    ),
)
