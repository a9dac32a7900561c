"""The texts under which one person is found again, whatever form names them.

`find_subject_keys`  each identifying number, and each form of the name with the birth date

Pure, and none of the texts is for the eye: whoever keeps them keeps digests. Two forms are about
the same person where what is kept of one and what is sought for the other have a text in common.

A name is compared by its words, without accents, case and particles: a word of the surnames and a
word of the given names, in either order, with the birth date. So the full name is found by its
first surname only, its second only, with the surnames or with surname and given name swapped, with
particles or without; and an alias by any of its words with one of the name's. Where surname or
given name is not known, the other with the birth date is enough. Every reading of a doubtful or
ambiguous value counts, and so does what the page shows where the form's data says otherwise. To
take two people for one is the lesser harm here: a request is refused that need not be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import product

from parsers.extraction import FieldValue
from parsers.values.cleaning import fold_text
from parsers.values.dates import normalise_date
from parsers.values.names import find_name_words

#: The fields the keys are made of.
SUBJECT_FIELDS = (
    "subject_family_name",
    "subject_given_names",
    "subject_aliases",
    "subject_birth_date",
    "subject_a_number",
    "subject_fbi_number",
    "subject_state_id",
)
_NUMBERS = ("subject_a_number", "subject_fbi_number", "subject_state_id")
_A_NUMBER_DIGITS = 9
#: Of each name no more words count: what is longer is nobody's name.
_MOST_WORDS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectKeys:
    """What is kept of a person, and what is sought for one; the two are not the same."""

    kept: frozenset[str]  #: where the person is known to be protected
    sought: frozenset[str]  #: to learn whether the person is


def find_subject_keys(fields: Mapping[str, FieldValue], *, today: date) -> SubjectKeys:
    """Return the keys of the person whom a form's values name; none where they name nobody.

    `today` is the date where the office is, for birth dates with a year of two digits.
    """
    numbers = {
        f"{name}|{number}"
        for name in _NUMBERS
        for text in _readings(fields, name)
        if (number := _fold_number(name, text))
    }
    births = set(_birth_dates(fields, today))
    family = _words(fields, "subject_family_name")
    given = _words(fields, "subject_given_names")
    aliases = [_split(text) for text in _readings(fields, "subject_aliases")]
    lone = frozenset().union(family, given, *aliases)
    names = set(_pair(family, given))
    for alias in aliases:
        names.update(_pair(alias, lone))
    pairs = {f"name|{name}|{born}" for name, born in product(names, births)}
    # Kept of everybody, sought where half of the name is not known; and the other way round.
    whole = {f"half|{word}|{born}" for word, born in product(lone, births)}
    half = {f"only|{word}|{born}" for word, born in product(lone, births)}
    is_half_known = not (family and given)
    return SubjectKeys(
        kept=frozenset(numbers | pairs | whole | (half if is_half_known else set())),
        sought=frozenset(numbers | pairs | half | (whole if is_half_known else set())),
    )


def _fold_number(name: str, text: str) -> str:
    """Return a number without separators and case; an A-number as its nine digits."""
    if name != "subject_a_number":
        return "".join(c for c in text.casefold() if c.isalnum())
    digits = "".join(c for c in text if c.isascii() and c.isdigit())
    return digits.zfill(_A_NUMBER_DIGITS) if digits.strip("0") else ""


def _birth_dates(fields: Mapping[str, FieldValue], today: date) -> Iterator[str]:
    for text in _readings(fields, "subject_birth_date"):
        found = normalise_date(text, today=today, birth=True)
        if found.value and isinstance(found.value, str):
            yield from (found.value, *found.alternatives)


def _words(fields: Mapping[str, FieldValue], name: str) -> frozenset[str]:
    return frozenset().union(*(_split(text) for text in _readings(fields, name)))


def _split(text: str) -> frozenset[str]:
    """Return a name's words, and the whole of it as one word: "De la Cruz" is also "Delacruz"."""
    words = find_name_words(text)[:_MOST_WORDS]
    if not words:
        return frozenset()
    return frozenset((*words, "".join(words), "".join(fold_text(text).split()[:_MOST_WORDS])))


def _pair(one: frozenset[str], other: frozenset[str]) -> Iterator[str]:
    """Yield each word of one with each of the other, in an order of their own."""
    return (" ".join(sorted(pair)) for pair in product(one, other))


def _readings(fields: Mapping[str, FieldValue], name: str) -> Iterator[str]:
    """Yield every text a field may mean: its value, others it may mean, what its page shows."""
    found = fields.get(name)
    if found is None:
        return
    value = found.raw if found.value == "" else found.value
    if not isinstance(value, bool):
        yield from (value,) if isinstance(value, str) else value
    yield from found.alternatives
    if found.shown:
        yield found.shown
