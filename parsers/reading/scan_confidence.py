"""How sure a value is that was read in a picture: calibrated, so that the figure means something.

Each look gives a text the certainty of its least certain letter, lowered where letters may have
been overlooked and where a pen wrote. `settle` weighs two looks and the text that a scanner laid
behind the picture, where there is any; `judge_scan` says how many of such values are right, as that
was counted on invented forms.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from parsers.definition import FieldType, FormField
from parsers.forms.slot_values import SlotText
from parsers.values.by_type import normalise
from parsers.values.normalised import Normalised

#: How far a text can be trusted at most that a pen wrote; that stands beside a label, in no known
#: place; that two looks read differently; that the text behind the picture denies, or settles.
BY_HAND, BY_LABEL, _DIFFERENT, _DENIED, _SETTLED = 0.55, 0.55, 0.7, 0.7, 0.85

#: From which certainty of its letters on a text is so sure. Set on seeds 100 to 115 of
#: tests/specimens, as scans, faxes and photographs. Of the values of seeds 400 to 415, on which
#: nothing was set, 99.9 % were right at 0.98, 98 % at 0.94, 92 % at 0.85, 73 % at 0.7 and 13 % at
#: 0.4; bench/forms.py counts on yet others.
_STEPS = ((0.90, 0.98), (0.80, 0.94), (0.60, 0.85), (0.50, 0.7), (0.0, 0.4))

#: An O or I beside a digit, or a 0 or 1 beside a letter, may be the other.
_LOOK_ALIKES = re.compile(r"[A-Za-z][01]|[01][A-Za-z]|\d[OIl]|[OIl]\d")
#: What is read as a fraction may be one sign, and be misread.
_FRACTION = re.compile(r"[½¼¾]|\d/[24](?![\d/])")
#: Straight or curled, at no usual resolution the one is told from the other.
_APOSTROPHE = re.compile("['‘’]")
_CODES = frozenset({FieldType.ID, FieldType.LIST, FieldType.A_NUMBER, FieldType.ZIP})
#: Quotes come in pairs, both curled or both straight: the smaller one is misread the sooner.
_HALF_CURLED = re.compile('“([^“”"\n]*)"|"([^“”"\n]*)”')
#: No word begins small and goes on in capitals: a thin capital I is taken for it.
_THIN_CAPITAL = re.compile(r"\b[il](?=[A-Z]{2})")
_STRAIGHT = str.maketrans("‘’“”", "''\"\"")
_AND = re.compile(r"[ \t]*&[ \t]*")
#: A blank on one side of a hyphen alone is none within a number.
_ONE_SIDED = re.compile(r"(?<=\w)(?: -|- )(?=\w)")
_NUMBERS = frozenset({FieldType.ID, FieldType.LIST, FieldType.A_NUMBER})
_WITHOUT_BLANKS = frozenset({FieldType.EMAIL, FieldType.ZIP})
_TEXTS = frozenset({FieldType.TEXT, FieldType.NAME})


def settle(
    first: SlotText,
    second: SlotText | None,
    behind: SlotText | None,
    field: FormField | None,
    *,
    today: date,
) -> SlotText:
    """Return what to believe of two looks at a slot, and how far; the other readings are kept."""
    looks = [_mend(look, field) for look in (first, second) if look is not None]
    differ = len({look.text for look in looks}) > 1 or second is None
    told = None if behind is None else next((x for x in looks if x.text == behind.text), None)
    if differ:
        looks = sorted(
            looks,
            key=lambda look: (
                look is not told,
                not _makes_sense(look, field, today),
                _count_straight(look, looks),
                -look.confidence,
            ),
        )
    believed = looks[0]
    trust = min(believed.confidence, _find_limit(differ=differ, told=told, behind=behind))
    others = [look.text for look in (*looks[1:], behind) if look and look.text != believed.text]
    return replace(believed, confidence=trust, others=tuple(dict.fromkeys(others)))


def _mend(look: SlotText, field: FormField | None) -> SlotText:
    """Return a look without blanks where there can be none, and with those there must be.

    Quotes of which one was read curled and the other straight are both curled, and a thin letter
    before capitals is one.
    """
    text = _HALF_CURLED.sub(lambda m: f"“{m[1] or m[2] or ''}”", look.text)
    if field is not None and field.type in _WITHOUT_BLANKS:
        text = "".join(text.split())
    elif field is not None and field.type in _NUMBERS:
        text = _ONE_SIDED.sub("-", text)
        if field.type is FieldType.LIST:
            text = _AND.sub(" & ", text)
    elif field is not None and field.type in _TEXTS:
        text = _THIN_CAPITAL.sub("I", text)
    return replace(look, text=text)


def _count_straight(look: SlotText, looks: Sequence[SlotText]) -> int:
    """Return how many straight quotes a look has, where the looks differ in nothing else.

    The recogniser takes a curled one for a straight one, the usual one, and hardly ever the other
    way round.
    """
    if len({other.text.translate(_STRAIGHT) for other in looks}) > 1:
        return 0
    return look.text.count("'") + look.text.count('"')


def _find_limit(*, differ: bool, told: SlotText | None, behind: SlotText | None) -> float:
    if told is not None:
        return _SETTLED if differ else 1.0
    if differ:
        return _DIFFERENT
    return 1.0 if behind is None else _DENIED


def _makes_sense(text: SlotText, field: FormField | None, today: date) -> bool:
    if field is None:
        return True
    outcome = normalise(text.text, field, today=today)
    return outcome.value is not None and not outcome.code


def judge_scan(field: FormField, text: SlotText, outcome: Normalised) -> float:
    """Return how sure the value is that was made of a text."""
    sure = next(sure for certainty, sure in _STEPS if text.confidence >= certainty)
    return min([sure, *(most for holds, most in _LIMITS if holds(field, text, outcome))])


def _is_odd(_field: FormField, _text: SlotText, outcome: Normalised) -> bool:
    return bool(outcome.code) or outcome.value is None


def _may_be_another(field: FormField, text: SlotText, _outcome: Normalised) -> bool:
    if field.type in _CODES and _LOOK_ALIKES.search(text.text):
        return True
    if field.type in _TEXTS:
        return bool(_FRACTION.search(text.text) or _APOSTROPHE.search(text.text))
    return False


#: What limits how sure a value can be, and to how much.
_LIMITS: tuple[tuple[Callable[[FormField, SlotText, Normalised], bool], float], ...] = (
    (_is_odd, 0.7),
    (_may_be_another, 0.9),
)
