"""Numbers that name a person: A-numbers and other identifiers.

`normalise_a_number`  `A` and nine digits, or a problem that says what the text looks like instead:
                      `looks_like_phone`, `looks_like_ssn`, `looks_like_date`,
                      `looks_like_case_number`, `more_than_one_number`, `wrong_length`, `all_zeros`,
                      `not_an_a_number`
`normalise_id`        the identifier as written
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from parsers.values.cleaning import is_nothing, one_line
from parsers.values.normalised import BLANK, Normalised, good, wrong
from parsers.values.ssn import has_ssn

_A_NUMBER_HOW = (
    "an A-Number is the letter A and seven to nine digits, found on immigration papers; write it "
    "like that or leave the box blank."
)
_A_NUMBER_PROBLEMS = {
    "looks_like_phone": f"This looks like a phone number; {_A_NUMBER_HOW}",
    "looks_like_ssn": "This looks like a Social Security number, which must not be sent; "
    f"{_A_NUMBER_HOW}",
    "looks_like_date": f"This looks like a date; {_A_NUMBER_HOW}",
    "looks_like_case_number": f"This looks like a case number; {_A_NUMBER_HOW}",
    "more_than_one_number": "Only one A-Number belongs here; give that of the person the request "
    "is about.",
    "wrong_length": f"The number of digits is not right; {_A_NUMBER_HOW}",
    "all_zeros": f"An A-Number cannot be all zeros; {_A_NUMBER_HOW}",
    "not_an_a_number": f"This does not read as an A-Number; {_A_NUMBER_HOW}",
}

_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_NUMBER = r"(?:number|num\.?|no\.?|nbr\.?|id|#)"
_A_LABEL = re.compile(
    rf"^(?:alien\s*(?:reg(?:istration|\.)?\s*)?{_NUMBER}?|(?:uscis|ins)\s*{_NUMBER}?"
    rf"|a\s*-?\s*file\s*{_NUMBER}?|a\s*-?\s*{_NUMBER}|no\.|#)\s*[:.=\-]?\s*",
    re.IGNORECASE,
)
_A_LETTER = re.compile(r"^\(?a\)?\s*[#:.\-]*\s*(?=\d)", re.IGNORECASE)
_WRAPPING = " .,;()[]*"
_DIGIT_GROUPS = re.compile(r"\d+(?:(?:\s*[-.]\s*|\s+)\d+)*")
_PHONE_SHAPE = re.compile(
    r"(?:\+?1[\s.\-]*)?\(?[2-9]\d{2}\)?[\s.\-/]*[2-9]\d{2}[\s.\-]*\d{4}(?:\s*(?:x|ext).*)?",
    re.IGNORECASE,
)
_SHORT_PHONE = re.compile(r"[2-9]\d{2}[\s.\-]\d{4}")
_DATE_SHAPE = re.compile(
    r"\d{1,2}\s?[-/. ]\s?\d{1,2}\s?[-/. ]\s?(?:\d{4}|\d{2})"
    r"|\d{4}\s?[-/. ]\s?\d{1,2}\s?[-/. ]\s?\d{1,2}"
    r"|\d{1,2}[-/. ]?[a-z]{3,9}[-/. ,]*\d{2,4}",
    re.IGNORECASE,
)
#: Without its A, only digits in one run or in threes: "12-3456789" is a taxpayer's number.
_BARE_GROUPS = re.compile(r"\d{7,9}|\d{1,3}(?:\s*[-.]\s*|\s+)\d{3}(?:\s*[-.]\s*|\s+)\d{3}")
_SSN_GROUPS = re.compile(r"\d{3}\D\d{2}\D\d{4}")


def normalise_a_number(text: str) -> Normalised:
    """Read the text of a box labelled A-Number; bare digits are accepted there, and only there.

    Phone numbers, Social Security numbers, dates and case numbers in that box are problems.
    """
    plain = _DASHES.sub("-", unicodedata.normalize("NFKC", one_line(text)))
    if is_nothing(plain):
        return BLANK
    rest = _A_LABEL.sub("", plain.strip("[]* ")) or plain
    has_letter = bool(_A_LETTER.match(rest))
    digits_text = _A_LETTER.sub("", rest).strip(_WRAPPING)
    code = _find_a_number_trap(digits_text, has_letter=has_letter)
    if code:
        return wrong(code, _A_NUMBER_PROBLEMS[code])
    return good("A" + re.sub(r"\D", "", digits_text).zfill(9))


def _find_a_number_trap(text: str, *, has_letter: bool) -> str:
    """Return the code of what the text is instead of an A-number, or nothing."""
    if not _DIGIT_GROUPS.fullmatch(text):
        return _name_other_shape(text)
    digits = re.sub(r"\D", "", text)
    if _SSN_GROUPS.fullmatch(text) and has_ssn(text):
        return "looks_like_ssn"
    if _PHONE_SHAPE.fullmatch(text) or _SHORT_PHONE.fullmatch(text):
        return "looks_like_phone"
    if _DATE_SHAPE.fullmatch(text) and text != digits:
        return "looks_like_date"
    if not has_letter and len(digits) == 8 and _is_bare_date(digits):
        return "looks_like_date"
    if len(digits) >= 14:
        return "more_than_one_number"
    if not 7 <= len(digits) <= 9:
        return "wrong_length"
    if not has_letter and not _BARE_GROUPS.fullmatch(text):
        return "not_an_a_number"
    return "" if digits.strip("0") else "all_zeros"


def _name_other_shape(text: str) -> str:
    if _PHONE_SHAPE.fullmatch(text):
        return "looks_like_phone"
    if _DATE_SHAPE.fullmatch(text):
        return "looks_like_date"
    if has_ssn(text):
        return "looks_like_ssn"
    if len(re.findall(r"(?:\d[\s-]?){7,9}", text)) > 1:
        return "more_than_one_number"
    if re.search(r"\d", text) and re.search(r"[A-Za-z]", text):
        return "looks_like_case_number"
    return "not_an_a_number"


def _is_bare_date(digits: str) -> bool:
    """Return whether eight digits are a day of the last hundred years or so, in either order."""
    orders = ((digits[:4], digits[4:6], digits[6:]), (digits[4:], digits[:2], digits[2:4]))
    for year, month, day in orders:
        if year[:2] in ("19", "20"):
            try:
                date(int(year), int(month), int(day))
            except ValueError:
                continue
            return True
    return False


#: The shape that makes a "File No." an A-number: its letter is there.
_A_SHAPE = re.compile(r"a\s*[-#]?\s*\d(?:[\s-]?\d){6,8}", re.IGNORECASE)


def is_a_number_shape(text: str) -> bool:
    """Return whether `text` is an A-number with its A, as it may stand in a box for any number."""
    return bool(_A_SHAPE.fullmatch(_DASHES.sub("-", one_line(text))))


#: Words that stand in the place of a bond's number.
BOND_WORDS = frozenset({"CASH", "PROPERTY", "UNSECURED", "NONE"})


def normalise_id(text: str, *, words: frozenset[str] = frozenset()) -> Normalised:
    """Read an identifier as written; one of `words` counts as a value, in upper case."""
    cleaned = one_line(text)
    if cleaned.upper() in words:
        return good(cleaned.upper())
    return BLANK if is_nothing(cleaned) else good(cleaned)
