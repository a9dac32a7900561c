"""One text and one field in, one value or one problem out: the table of how each type is read.

`normalise` is total: every text has an outcome, and none raises.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from parsers.definition import FieldType, FormField
from parsers.values.choices import (
    normalise_attestation,
    normalise_choice,
    normalise_multi,
    normalise_tick,
    normalise_yes_no,
)
from parsers.values.cleaning import clean_text, fold_text
from parsers.values.contacts import normalise_email, normalise_phone, normalise_zip
from parsers.values.date_lists import normalise_dates
from parsers.values.dates import normalise_date
from parsers.values.lists import normalise_list
from parsers.values.money import normalise_money
from parsers.values.names import normalise_name
from parsers.values.normalised import BLANK, Normalised, good, wrong
from parsers.values.numbers import BOND_WORDS, normalise_a_number, normalise_id
from parsers.values.places import normalise_country, normalise_state
from parsers.values.ssn import SSN_MASK, mask_ssn

#: A single field never needs more; what is longer was not typed by a person.
LONGEST_TEXT = 20_000

#: In free text a word may be the answer; only these say that there is none.
_NO_TEXT = frozenset({"", "na", "n a", "none", "not applicable", "no aplica", "ninguno", "ninguna"})


def normalise(text: str, field: FormField, *, today: date) -> Normalised:
    """Read `text` as `field` wants it; Social Security numbers in words and lists are masked."""
    if len(text) > LONGEST_TEXT:
        return wrong("too_long", "This is far too long; shorten it.")
    return _READERS[field.type](text, field, today)


def _read_text(text: str, _field: FormField, _today: date) -> Normalised:
    cleaned = clean_text(text)
    if not cleaned.strip("_-. \n") or fold_text(cleaned[:40]) in _NO_TEXT:
        return BLANK
    return good(mask_ssn(cleaned))


def _read_list(text: str, field: FormField, _today: date) -> Normalised:
    return normalise_list(mask_ssn(text), by_comma="has_digit" in field.rules)


def _read_id(text: str, field: FormField, _today: date) -> Normalised:
    words = BOND_WORDS if "bond_number_words" in field.rules else frozenset()
    masked = mask_ssn(text)
    if SSN_MASK in masked and not masked.replace(SSN_MASK, "").strip(" #:.-"):
        return wrong(
            "looks_like_ssn",
            "This looks like a Social Security number, which must not be sent; give another number "
            "or leave the box blank.",
        )
    return normalise_id(masked, words=words)


def _read_name(text: str, _field: FormField, _today: date) -> Normalised:
    return normalise_name(mask_ssn(text))


def _read_date(text: str, field: FormField, today: date) -> Normalised:
    return normalise_date(text, today=today, birth="age_0_120" in field.rules)


_READERS: dict[FieldType, Callable[[str, FormField, date], Normalised]] = {
    FieldType.TEXT: _read_text,
    FieldType.NAME: _read_name,
    FieldType.DATE: _read_date,
    FieldType.DATE_LIST: lambda text, _, today: normalise_dates(text, today=today),
    FieldType.LIST: _read_list,
    FieldType.CHOICE: lambda text, field, _: normalise_choice(text, field),
    FieldType.MULTI: lambda text, field, _: normalise_multi(text, field),
    FieldType.YES_NO: lambda text, *_: normalise_yes_no(text),
    FieldType.TICK: lambda text, *_: normalise_tick(text),
    FieldType.ATTESTATION: lambda text, *_: normalise_attestation(text),
    FieldType.STATE: lambda text, *_: normalise_state(text),
    FieldType.ZIP: lambda text, *_: normalise_zip(text),
    FieldType.PHONE: lambda text, *_: normalise_phone(text),
    FieldType.EMAIL: lambda text, *_: normalise_email(mask_ssn(text)),
    FieldType.COUNTRY: lambda text, *_: normalise_country(text),
    FieldType.A_NUMBER: lambda text, *_: normalise_a_number(text),
    FieldType.ID: _read_id,
    FieldType.MONEY: lambda text, *_: normalise_money(text),
}
