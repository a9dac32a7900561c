"""Answers out of a closed list: choices, ticks, yes and no.

`normalise_choice`  the machine name; or `unknown_choice`
`normalise_multi`   machine names in the form's order; or `unknown_choice`
`normalise_yes_no`  a bool; or `neither_yes_nor_no`
`normalise_tick`    True, or nothing
`normalise_attestation`  True for any mark or text
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from parsers.definition import Choice, FormField
from parsers.values.cleaning import clean_text, fold_text, is_nothing
from parsers.values.normalised import BLANK, Normalised, good, wrong

_YES = frozenset({"yes", "y", "true", "t", "1", "on", "x", "si", "s", "checked", "attached"})
_PLAIN_YES = frozenset({"yes", "si"})
_NO = frozenset({"no", "n", "false", "f", "0", "off", "not attached", "unchecked"})
_PLACEHOLDER = re.compile(
    r"(?:please )?(?:select|choose|pick)(?: (?:one|an?|from|here|option|item|your|type|the)\b.*)?"
    r"|(?:seleccione|elija)\b.*"
)


def normalise_choice(text: str, field: FormField) -> Normalised:
    """Read a choice by its machine name, its label or a synonym."""
    folded = fold_text(clean_text(text))
    known = _choice_names(field.choices)
    if folded in known:
        return good(known[folded])
    if is_nothing(text) or _PLACEHOLDER.fullmatch(folded):
        return BLANK
    return wrong("unknown_choice", "This is not one of the answers offered; choose one of them.")


def normalise_multi(text: str, field: FormField) -> Normalised:
    """Read several choices divided by `;`, commas or line ends, as a text box gives them."""
    cleaned = clean_text(text)
    if is_nothing(cleaned) and fold_text(cleaned) not in _choice_names(field.choices):
        return BLANK
    known = _choice_names(field.choices)
    parts = [fold_text(p) for p in re.split(r"[;,\n]", cleaned)]
    names = {known.get(part) for part in parts if part}
    if not names:
        return BLANK
    if None in names:
        return wrong("unknown_choice", "One of these is not among the answers offered; tick them.")
    return good(tuple(choice.name for choice in field.choices if choice.name in names))


@lru_cache(maxsize=64)
def _choice_names(choices: tuple[Choice, ...]) -> Mapping[str, str]:
    """Return the machine name of every folded wording; machine names win over other wordings."""
    table: dict[str, str] = {}
    for choice in choices:
        for wording in (choice.label, *choice.synonyms):
            table.setdefault(fold_text(wording), choice.name)
    table.update({fold_text(choice.name): choice.name for choice in choices})
    return table


def normalise_yes_no(text: str) -> Normalised:
    """Read yes or no, in English or Spanish, as a word or as a radio button's state."""
    folded = fold_text(clean_text(text))
    words = folded.split()
    # "Yes/No" with neither struck out says nothing, and so does "yes, no order yet".
    says = {word in _PLAIN_YES for word in words if word in _PLAIN_YES or word == "no"}
    first = words[0] if words and len(says) == 1 else ""
    if folded in _YES or first in _PLAIN_YES:
        return good(value=True)
    if folded in _NO or first == "no":
        return good(value=False)
    if is_nothing(clean_text(text)):
        return BLANK
    return wrong("neither_yes_nor_no", "This is neither yes nor no; choose one of them.")


def normalise_tick(text: str) -> Normalised:
    """Read a tick: any mark counts but a word that says no."""
    folded = fold_text(clean_text(text))
    return BLANK if folded in _NO or not text.strip() else good(value=True)


def normalise_attestation(text: str) -> Normalised:
    """Read a signature: any mark or text counts, typed or drawn."""
    return normalise_tick(text)
