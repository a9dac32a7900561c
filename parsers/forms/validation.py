"""Whether a form is complete and makes sense: the named conditions and rules of its definition.

`validate` says which required fields are missing and what is wrong with those that are there. No
rule looks at a value that could not be read: it has its problem already. A definition that names a
rule or a condition unknown here is refused by `check_definition`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from parsers.definition import FieldType, FormDefinition, FormField, Requiredness
from parsers.errors import ParseError
from parsers.extraction import FieldProblem, FieldValue, Value
from parsers.values.dates import find_days


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """What rules and conditions may look at."""

    fields: Mapping[str, FieldValue]
    today: date
    attachments: int | None  #: beside the form; None when not known

    def value(self, name: str) -> Value | None:
        found = self.fields.get(name)
        return None if found is None or found.value == "" else found.value

    def has(self, name: str, choice: str) -> bool:
        value = self.value(name)
        return value == choice or (isinstance(value, tuple) and choice in value)

    def day(self, name: str) -> date | None:
        value = self.value(name)
        return date.fromisoformat(value) if isinstance(value, str) else None

    def days(self, name: str) -> list[tuple[date, date]]:
        """Return first and last day of every date and period of a date or date list."""
        value = self.value(name)
        texts = value if isinstance(value, tuple) else (value,)
        return [find_days(text) for text in texts if isinstance(text, str)]


#: A problem as a rule reports it: its code and its sentence.
_Finding = tuple[str, str]

_FUTURE_OBLIGATION = (
    "future_obligation",
    (
        "A date lies in the future, and this mailbox answers for past dates only; to have a person "
        "brought to a future hearing, ask the field office."
    ),
)
_BAD_CREDENTIAL = (
    "bad_credential",
    (
        "Give an ORI (two letters and seven letters or digits), or a bar, licence or badge number "
        "of 2 to 20 characters."
    ),
)
_CONSENT_NOT_ATTACHED = (
    "consent_not_attached",
    (
        "The form says that a signed consent is attached, and the mail carries no other "
        "attachment; send it with the form."
    ),
)


def _is_bond(form: _Form) -> bool:
    return (
        form.has("obligation_type", "bond_or_bail")
        or form.has("consequences", "bond_forfeited")
        or form.has("requester_type", "bail_or_surety")
    )


def _is_forfeited(form: _Form) -> bool:
    return form.has("consequences", "bond_forfeited") or "forfeiture_date" in form.fields


#: When a conditional field is required.
CONDITIONS: Mapping[str, Callable[[_Form], bool]] = {
    "unless_postal_delivery": lambda form: not form.has("delivery", "postal_mail"),
    "unless_judge_or_clerk": lambda form: not form.has("requester_type", "judge_or_clerk"),
    # At least one field of the group must be filled; `_find_missing` looks at the group.
    "any_identifier": lambda _: True,
    "court_state_has_counties": lambda form: form.value("court_state") in ("CA", "NY", "TX"),
    "bond": _is_bond,
    "forfeited": _is_forfeited,
    "private_requester": lambda form: (
        form.has("requester_type", "bail_or_surety") or form.has("requester_type", "other")
    ),
    "encrypted_delivery": lambda form: form.has("delivery", "encrypted_email"),
}

#: Conditions that one filled field satisfies for all fields that name them.
_GROUP_CONDITIONS = frozenset({"any_identifier"})


def _two_words(form: _Form, field: FormField) -> _Finding | None:
    value = form.value(field.name)
    words = [w for w in str(value).split() if any(c.isalpha() for c in w)]
    if len(words) >= 2:
        return None
    return "two_words", "Give the first and the last name."


def _not_after_tomorrow(form: _Form, field: FormField) -> _Finding | None:
    if all(last <= form.today + timedelta(days=1) for _, last in form.days(field.name)):
        return None
    if field.type is FieldType.DATE_LIST:
        return _FUTURE_OBLIGATION
    return "future_date", "This date lies in the future; check it."


def _not_future(form: _Form, field: FormField) -> _Finding | None:
    if all(last <= form.today for _, last in form.days(field.name)):
        return None
    return "future_date", "This date lies in the future; check it."


def _age_0_120(form: _Form, field: FormField) -> _Finding | None:
    born = form.day(field.name)
    if born is None or form.today.year - born.year <= 120:
        return None
    return "implausible_age", "The person would be more than 120 years old; check the year."


_ORI = re.compile(r"[A-Za-z]{2}[A-Za-z0-9]{7}")


def _ori_or_credential(form: _Form, field: FormField) -> _Finding | None:
    value = str(form.value(field.name))
    if _ORI.fullmatch(re.sub(r"[\s-]", "", value)) or 2 <= len(value) <= 20:
        return None
    return _BAD_CREDENTIAL


def _has_digit(form: _Form, field: FormField) -> _Finding | None:
    value = form.value(field.name)
    entries = value if isinstance(value, tuple) else (str(value),)
    if all(any(c.isdigit() for c in entry) for entry in entries):
        return None
    return "no_digit", "Each of these numbers has at least one digit; check them."


def _not_after_first_obligation(form: _Form, field: FormField) -> _Finding | None:
    day, obligations = form.day(field.name), form.days("obligation_dates")
    if day is None or not obligations or day <= min(first for first, _ in obligations):
        return None
    return "after_obligation", "This date is later than the first date missed; check both."


def _not_before_forfeiture(form: _Form, field: FormField) -> _Finding | None:
    day, forfeited = form.day(field.name), form.day("forfeiture_date")
    if day is None or forfeited is None or day >= forfeited:
        return None
    return "before_forfeiture", "This date is earlier than the date forfeited; check both."


def _positive(form: _Form, field: FormField) -> _Finding | None:
    if float(str(form.value(field.name))) > 0:
        return None
    return "not_positive", "The amount must be more than zero; check it."


def _bond_number_words(form: _Form, field: FormField) -> _Finding | None:
    if 2 <= len(str(form.value(field.name))) <= 30:
        return None
    return (
        "bad_bond_number",
        "Give the number of 2 to 30 characters, or CASH, PROPERTY, UNSECURED or NONE.",
    )


def _consent_needs_attachment(form: _Form, field: FormField) -> _Finding | None:
    if form.value(field.name) is not True or form.attachments is None or form.attachments > 0:
        return None
    return _CONSENT_NOT_ATTACHED


#: What must hold for a value; applied in the order the definition names them.
RULES: Mapping[str, Callable[[_Form, FormField], _Finding | None]] = {
    "two_words": _two_words,
    "not_after_tomorrow": _not_after_tomorrow,
    "not_future": _not_future,
    "age_0_120": _age_0_120,
    "ori_or_credential": _ori_or_credential,
    "has_digit": _has_digit,
    "not_after_first_obligation": _not_after_first_obligation,
    "not_before_forfeiture": _not_before_forfeiture,
    "positive": _positive,
    "bond_number_words": _bond_number_words,
    "consent_needs_attachment": _consent_needs_attachment,
}

#: Rules that say again what a field's length or form already says.
_RULES_OF_FORM = frozenset({"ori_or_credential", "bond_number_words"})

#: Types that a rule over dates, amounts or entries can look at; the others take any rule of text.
_RULE_TYPES: Mapping[str, frozenset[FieldType]] = {
    "not_after_tomorrow": frozenset({FieldType.DATE, FieldType.DATE_LIST}),
    "not_future": frozenset({FieldType.DATE, FieldType.DATE_LIST}),
    "age_0_120": frozenset({FieldType.DATE}),
    "not_after_first_obligation": frozenset({FieldType.DATE}),
    "not_before_forfeiture": frozenset({FieldType.DATE}),
    "positive": frozenset({FieldType.MONEY}),
    "consent_needs_attachment": frozenset({FieldType.YES_NO, FieldType.TICK}),
}


def check_definition(definition: FormDefinition) -> None:
    """Raise `ParseError` (`bad_definition`) where it names a rule or condition unknown here."""
    for field in definition.fields:
        if field.required_when and field.required_when not in CONDITIONS:
            raise _bad(definition, field, f"unknown condition {field.required_when!r}", CONDITIONS)
        for rule in field.rules:
            if rule not in RULES:
                raise _bad(definition, field, f"unknown rule {rule!r}", RULES)
            if rule in _RULE_TYPES and field.type not in _RULE_TYPES[rule]:
                raise ParseError(
                    "bad_definition",
                    f"{definition.id}: field {field.name}: rule {rule!r} does not fit the type "
                    f"{field.type.value}; remove it or change the type.",
                )


def _bad(
    definition: FormDefinition, field: FormField, what: str, known: Mapping[str, object]
) -> ParseError:
    return ParseError(
        "bad_definition",
        f"{definition.id}: field {field.name}: {what}; use one of {', '.join(sorted(known))}.",
    )


def validate(
    definition: FormDefinition,
    fields: Mapping[str, FieldValue],
    *,
    today: date,
    attachments_beside_form: int | None = None,
) -> tuple[tuple[str, ...], tuple[FieldProblem, ...]]:
    """Return the required fields without a value, and the problems of the others, in form order.

    `today` is the date where the office is. `attachments_beside_form` counts what came with the
    form in the same mail; None, when nobody knows, leaves the rule that asks for it alone. Raises
    `ParseError` (`bad_definition`) for a definition that `check_definition` refuses.
    """
    check_definition(definition)
    form = _Form(fields=fields, today=today, attachments=attachments_beside_form)
    present = [f for f in definition.fields if form.value(f.name) is not None]
    problems = [problem for field in present for problem in _find_problems(form, field)]
    return tuple(_find_missing(definition, form)), flag_doubtful(problems, fields)


def flag_doubtful(
    problems: Iterable[FieldProblem], fields: Mapping[str, FieldValue]
) -> tuple[FieldProblem, ...]:
    """Return the problems with those of doubtful values as flags.

    What may only have been misread is for a person to look at, not for the requester to mend.
    """
    doubtful = {name for name, found in fields.items() if found.is_doubtful}
    return tuple(replace(p, flag_only=True) if p.field in doubtful else p for p in problems)


def _find_missing(definition: FormDefinition, form: _Form) -> Iterator[str]:
    asked: set[str] = set()
    for field in definition.fields:
        condition = field.required_when
        if condition in asked or not _is_required(field, form):
            continue
        group = [field]
        if condition in _GROUP_CONDITIONS:
            # One missing identifier is not four: the first of the group stands for all.
            asked.add(condition)
            group = [f for f in definition.fields if f.required_when == condition]
        if not any(_is_answered(form, member) for member in group):
            yield field.name


def _is_required(field: FormField, form: _Form) -> bool:
    if field.requiredness is Requiredness.CONDITIONAL:
        return CONDITIONS[field.required_when](form)
    return field.requiredness is Requiredness.REQUIRED


def _is_answered(form: _Form, field: FormField) -> bool:
    """Return whether something stands in the field; what cannot be read is a problem, not a gap."""
    found = form.fields.get(field.name)
    if found is None or found.value == ():
        return False
    return found.value is not False or field.type is FieldType.YES_NO


def _find_problems(form: _Form, field: FormField) -> Iterator[FieldProblem]:
    shape = _find_shape_problem(form.value(field.name), field)
    if shape is not None:
        yield FieldProblem(field=field.name, code=shape[0], message=shape[1])
    for rule in field.rules:
        found = None if shape and rule in _RULES_OF_FORM else RULES[rule](form, field)
        if found is not None:
            yield FieldProblem(field=field.name, code=found[0], message=found[1])


def _find_shape_problem(value: Value | None, field: FormField) -> _Finding | None:
    """Check length and pattern; of a list, the number of entries and the pattern of each."""
    if isinstance(value, bool) or value is None or field.type is FieldType.CHOICE:
        return None
    if field.type is FieldType.ID and field.pattern:
        # Identifiers are written with blanks and hyphens that are no part of them.
        value = re.sub(r"[\s.-]", "", str(value))
    unit = "entries" if isinstance(value, tuple) else "characters"
    if field.min_length is not None and len(value) < field.min_length:
        return "too_short", f"This is too short; give at least {field.min_length} {unit}."
    if field.max_length is not None and len(value) > field.max_length:
        return "too_long", f"This is too long; give at most {field.max_length} {unit}."
    entries = value if isinstance(value, tuple) else (value,)
    if field.pattern and not all(re.fullmatch(field.pattern, entry) for entry in entries):
        return "wrong_format", f"This does not have the expected form: {_what_is_expected(field)}"
    return None


def _what_is_expected(field: FormField) -> str:
    """Return the hint of a field as the end of a sentence."""
    hint = field.hint or "check it."
    return hint if hint[:2].isupper() else hint[:1].lower() + hint[1:]
