"""Two forms side by side: what changed from one to the other, and whether they ask the same.

`compare_forms`      the fields whose values differ, with both values
`find_case_keys`     digests under which a form about the same subject and case is found again
`is_same_question`   whether two forms are about one subject and come from one requester

Pure. Names are compared as domain notes section 3 says: without accents, case and particles, in
either order, by either surname. The digests are plain, since the values they are made of stand in
the same database; they only make what is looked up short and of one length.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from parsers.definition import FormDefinition
from parsers.extraction import FieldValue, Value
from parsers.values.cleaning import fold_text

_PARTICLES = frozenset(
    {"de", "del", "la", "las", "los", "y", "e", "viuda", "vda", "da", "do", "dos"}
)
#: What is written for a name that is not known; it is nobody's.
_NOBODY = frozenset({"fnu", "lnu", "nmn", "nfn", "nln", "doe", "unknown", "unk"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field that differs between two forms."""

    field: str
    old: Value | None  #: None: left blank
    new: Value | None


def compare_forms(
    definition: FormDefinition,
    before: Mapping[str, FieldValue],
    after: Mapping[str, FieldValue],
) -> tuple[FieldChange, ...]:
    """Return every field that differs, in the form's order; a list may be in any order."""
    return tuple(
        FieldChange(field=f.name, old=_value(before, f.name), new=_value(after, f.name))
        for f in definition.fields
        if _comparable(_value(before, f.name)) != _comparable(_value(after, f.name))
    )


def find_case_keys(fields: Mapping[str, FieldValue]) -> frozenset[str]:
    """Return a digest for each pair of a surname and a case number; none where one is missing."""
    cases = {_fold_number(text) for text in _texts(fields, "case_numbers")}
    return frozenset(
        hashlib.sha256(f"{surname}|{case}".encode()).hexdigest()
        for surname in _surnames(fields)
        for case in cases
        if case
    )


def is_same_question(
    one: Mapping[str, FieldValue],
    other: Mapping[str, FieldValue],
    *,
    authors: tuple[str, str],
) -> bool:
    """Return whether two forms with a case in common name one subject and one requester.

    `authors` are the addresses the two were mailed from.
    """
    return _is_same_subject(one, other) and (
        authors[0].casefold() == authors[1].casefold() or _is_same_requester(one, other)
    )


def _is_same_subject(one: Mapping[str, FieldValue], other: Mapping[str, FieldValue]) -> bool:
    """Return whether a surname agrees, and with it the first given name or the birth date.

    Relatives are often charged in one case, so that a surname alone says little.
    """
    if not _surnames(one) & _surnames(other):
        return False
    given = [" ".join(_texts(f, "subject_given_names")) for f in (one, other)]
    firsts = [fold_text(names).split()[:1] for names in given]
    if firsts[0] and firsts[0] == firsts[1]:
        return True
    return bool(_birth_dates(one) & _birth_dates(other))


def _is_same_requester(one: Mapping[str, FieldValue], other: Mapping[str, FieldValue]) -> bool:
    """Return whether the forms name the same address, or the same person at the same agency."""
    emails = [{text.casefold() for text in _texts(f, "requester_email")} for f in (one, other)]
    if emails[0] & emails[1]:
        return True
    people = [
        {tuple(sorted(fold_text(text).split())) for text in _texts(f, "requester_name")}
        for f in (one, other)
    ]
    agencies = [{fold_text(text) for text in _texts(f, "requester_agency")} for f in (one, other)]
    return bool(people[0] & people[1]) and bool(agencies[0] & agencies[1])


def _surnames(fields: Mapping[str, FieldValue]) -> frozenset[str]:
    words = (w for text in _texts(fields, "subject_family_name") for w in fold_text(text).split())
    return frozenset(words) - _PARTICLES - _NOBODY


def _birth_dates(fields: Mapping[str, FieldValue]) -> frozenset[str]:
    found = fields.get("subject_birth_date")
    alternatives = () if found is None else found.alternatives
    return frozenset((*_texts(fields, "subject_birth_date"), *alternatives))


def _fold_number(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _texts(fields: Mapping[str, FieldValue], name: str) -> Iterator[str]:
    value = _value(fields, name)
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        yield from value


def _value(fields: Mapping[str, FieldValue], name: str) -> Value | None:
    """Return a field's value, what stood there where that could not be read, or None."""
    found = fields.get(name)
    if found is None:
        return None
    return found.raw if found.value == "" else found.value


def _comparable(value: Value | None) -> object:
    if isinstance(value, tuple):
        return sorted(" ".join(item.split()) for item in value)
    return " ".join(value.split()) if isinstance(value, str) else value
