"""How to reach a requester: phone numbers, e-mail addresses, ZIP codes.

`normalise_phone`  E.164, the extension as `;ext=12`; or `area_code_missing`, `foreign_phone`,
                   `more_than_one_phone`, `unreadable_phone`
`normalise_email`  the address as written; or `more_than_one_address`, `unreadable_address`
`normalise_zip`    `12345` or `12345-6789`; or `unreadable_zip`
"""

from __future__ import annotations

import re

import phonenumbers

from parsers.values.cleaning import clean_text, is_nothing, one_line
from parsers.values.normalised import BLANK, Normalised, good, wrong

_PHONE_PROBLEMS = {
    "area_code_missing": "The area code is missing; write ten digits, for example 202-555-0100.",
    "foreign_phone": "This is not a United States or Canadian number; give one with an area code, "
    "for example 202-555-0100.",
    "more_than_one_phone": "Only one phone number belongs here; give the one to call first.",
    "unreadable_phone": "This does not read as a phone number; write the area code and seven "
    "digits, for example 202-555-0100.",
}
#: How nearly everybody writes a number; the library is asked about all others.
_USUAL = re.compile(
    r"(?:\+?1[ .-]?)?(?:\(([2-9]\d{2})\) ?|([2-9]\d{2})[ .-]?)([2-9]\d{2})[ .-]?(\d{4})"
    r"(?:,? ?(?:x|ext\.?|extension) ?(\d{1,7}))?",
    re.IGNORECASE,
)
#: Area code and exchange of the North American Numbering Plan begin with 2 to 9.
_NANP = re.compile(r"[2-9]\d{2}[2-9]\d{6}")
_PHONE_LABEL = re.compile(r"^(?:[^\W\d_]|[\s.:#\-/])*[\s.:#]|^\([a-z]+\)\s*", re.IGNORECASE)
_PHONE_REMARK = re.compile(
    r"\s*[(,\-]?\s*\b(?:cell(?:ular)?|mobile|direct(?: line)?|office|main|work|desk|home|fax|"
    r"celular|oficina|m[oó]vil)\b\s*\)?\s*$",
    re.IGNORECASE,
)
_EXTENSION_WORDS = re.compile(
    r"[,;/(]?\s*(?:\b|(?<=\d))(?:extensi[oó]n|extn?|ex|x|opt(?:ion)?|press|int(?:erno)?|anexo)"
    r"[.:#]?\s*(?=\d)",
    re.IGNORECASE,
)
_LETTER = re.compile(r"[^\W\d_]")
#: Letters in the place of digits: a number that is meant to be spelled, as 1-800-BAIL-NOW. What a
#: scanner or a hasty finger puts for a digit (O for 0, l for 1) is not read through the keypad.
_SPELLED = re.compile(r"[\d\s().+\-]*(?=[A-Z\-]*[ACEFHJKMNPRUVWXY])[A-Z][A-Z\-]{2,}[A-Z]")


def normalise_phone(text: str) -> Normalised:
    """Read a number of the North American Numbering Plan and keep its extension (RFC 3966)."""
    plain = one_line(text)
    if is_nothing(plain):
        return BLANK
    usual = _USUAL.fullmatch(plain)
    if usual:
        in_brackets, bare, exchange, line, extension = usual.groups()
        return _build_phone(f"{in_brackets or bare}{exchange}{line}", extension)
    plain = _PHONE_REMARK.sub("", _PHONE_LABEL.sub("", plain))
    plain = _EXTENSION_WORDS.sub(" ext. ", plain)
    number_part = plain.partition(" ext. ")[0]
    if _LETTER.search(number_part) and not _SPELLED.fullmatch(number_part):
        return _phone_problem(_code_of_unreadable_phone(plain))
    try:
        number = phonenumbers.parse(plain, "US")
    except phonenumbers.NumberParseException:
        return _phone_problem(_code_of_unreadable_phone(plain))
    national = str(number.national_number)
    if number.country_code != 1:
        return _phone_problem("foreign_phone")
    if len(national) == 7:
        return _phone_problem("area_code_missing")
    if not _NANP.fullmatch(national):
        return _phone_problem(_code_of_unreadable_phone(plain))
    return _build_phone(national, number.extension)


def _build_phone(national: str, extension: str | None) -> Normalised:
    return good(f"+1{national};ext={extension}" if extension else f"+1{national}")


def _phone_problem(code: str) -> Normalised:
    return wrong(code, _PHONE_PROBLEMS[code])


def _code_of_unreadable_phone(plain: str) -> str:
    digits = len(re.sub(r"\D", "", plain))
    return "more_than_one_phone" if digits >= 14 else "unreadable_phone"


_ADDRESS = re.compile(
    r"[^\s@<>()\[\],;:\\\"]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][^\W_]{1,62}"
)
_ADDRESS_WRAPPING = re.compile(r"^(?:mailto:|e-?mail:?\s*)|[\s.,;]+$", re.I)
_DISPLAY_NAME = re.compile(r"[^<>@]*<\s*(?P<address>[^<>]+)\s*>")


def normalise_email(text: str) -> Normalised:
    """Read one e-mail address, as written but for outer space, `mailto:` and a display name."""
    plain = one_line(text)
    if is_nothing(plain):
        return BLANK
    named = _DISPLAY_NAME.fullmatch(plain)
    address = _ADDRESS_WRAPPING.sub("", named["address"] if named else plain).strip()
    address = _ADDRESS_WRAPPING.sub("", address)
    if len(address) <= 254 and _ADDRESS.fullmatch(address) and _has_plain_dots(address):
        return good(address)
    if len(_ADDRESS.findall(plain)) > 1:
        return wrong(
            "more_than_one_address",
            "Only one e-mail address belongs here; give the one to write to.",
        )
    return wrong(
        "unreadable_address",
        "This does not read as an e-mail address; write it like name@office.example.",
    )


def _has_plain_dots(address: str) -> bool:
    local = address.partition("@")[0]
    return not (local.startswith(".") or local.endswith(".") or ".." in local)


_ZIP = re.compile(r"(\d{5})(?:[\s-]*(\d{4}))?")


def normalise_zip(text: str) -> Normalised:
    """Read a ZIP code of five or nine digits."""
    plain = clean_text(text).replace("\u2013", "-")
    if is_nothing(plain):
        return BLANK
    match = _ZIP.fullmatch(plain)
    if match is None or match[1] == "00000":
        return wrong(
            "unreadable_zip", "This is not a ZIP code; write five digits, or nine as 12345-6789."
        )
    return good(match[1] + (f"-{match[2]}" if match[2] else ""))
