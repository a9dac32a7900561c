"""A file as staff read it: sections of labelled values, flags with their meaning, who asks.

Pure but for the definition it is given; nothing here is sent outside.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

import phonenumbers

from inbox_worker.casefile.triage import Flag, find_date, find_fields_to_check
from inbox_worker.domains import DomainTrust, judge_domain
from inbox_worker.storage.models import Request
from outbound.certification.disclosure import Disclosure
from outbound.letters.finding_facts import find_country
from outbound.letters.review_letters import (
    AddressTrust,
    FieldRow,
    FieldSection,
    FlagEffect,
    RequesterTrust,
    ReviewFlag,
)
from outbound.letters.words import format_date
from parsers.definition import FieldType, FormDefinition, FormField
from parsers.extraction import FieldProblem, FieldValue, Value

#: The name of each flag and what it means for the reviewer.
FLAG_WORDS: Mapping[Flag, tuple[str, str]] = {
    Flag.PROTECTED: (
        "Protected by law",
        "Only DENY can answer (8 U.S.C. 1367), and nobody outside may learn why.",
    ),
    Flag.DOUBTFUL: ("Doubtful value", "A value needs your eye; see the fields to check."),
    Flag.VALUE_DIFFERS: (
        "Page and data differ",
        "A page of the form shows something else than the form's data says; compare them.",
    ),
    Flag.LETTERS_NOT_DRAWN: (
        "Letters not drawn",
        "A page shows other signs where the form's fonts lack a letter; the values are whole.",
    ),
    Flag.DUPLICATE: ("Probable duplicate", "The same was probably asked before."),
    Flag.WEAK_IDENTITY: ("Weak identity", "The requester knows none of the identifying numbers."),
    Flag.WEBMAIL: ("Public mail provider", "The form's address is at a public mail provider."),
    Flag.ADDRESS_DIFFERS: (
        "Address differs",
        "The form names another address than the one the mail came from.",
    ),
    Flag.UNPROVEN_AUTHOR: ("Unproven author", "Nothing proves who sent the mail."),
    Flag.LEGAL_PROCESS: ("Demand attached", "A subpoena, order or other demand is attached."),
    Flag.DEMAND_FOUND: (
        "Demand found",
        "A paper that came with the form seems to be a subpoena, order or other demand on us.",
    ),
    Flag.CITIZENSHIP: (
        "Possible citizen",
        "The form gives birth in, or citizenship of, the United States.",
    ),
    Flag.MINOR: (
        "Minor",
        "By some reading of the birth date the person is, or was on an obligation date, under 18.",
    ),
    Flag.AMBIGUOUS_BIRTH_DATE: (
        "Ambiguous birth date",
        "Day and month of the birth date could be swapped; compare both readings.",
    ),
    Flag.SSN: ("Social Security number", "One was found on the form; it is masked here."),
}

PRIORITY_WORDS: Mapping[int, str] = {
    1: "Pressing: due within 10 days, or the person is held on the warrant",
    2: "Bond: due within 30 days",
    3: "A warrant is outstanding",
    4: "Ordinary",
}


def build_sections(
    definition: FormDefinition,
    fields: Mapping[str, FieldValue],
    problems: Iterable[FieldProblem] = (),
    *,
    without: Collection[str] = (),
) -> tuple[FieldSection, ...]:
    """Return the filled fields by section, doubtful ones marked, and blank ones with a problem.

    Fields `without` are shown elsewhere.
    """
    found = tuple(problems)
    notes, flagged = list_notes(found), find_fields_to_check(fields, found)
    sections = []
    for section in definition.sections:
        rows = tuple(
            _build_row(
                field,
                fields.get(field.name, BLANK_VALUE),
                notes.get(field.name, ()),
                is_flagged=field.name in flagged,
            )
            for field in definition.fields
            if field.section == section.name
            and field.name not in without
            and (field.name in fields or field.name in notes)
        )
        if rows:
            sections.append(FieldSection(title=section.title, rows=rows))
    return tuple(sections)


#: Stands for a field that was left blank.
BLANK_VALUE = FieldValue(value="", raw="", source="")


def list_notes(problems: Iterable[FieldProblem]) -> dict[str, list[str]]:
    """Return what is said of each field; the same is said once."""
    notes: dict[str, list[str]] = {}
    for problem in problems:
        said = notes.setdefault(problem.field, [])
        if problem.message not in said:
            said.append(problem.message)
    return notes


def _build_row(
    field: FormField, found: FieldValue, notes: Sequence[str], *, is_flagged: bool
) -> FieldRow:
    value = format_value(field, found.value)
    differs = field.type in _REWRITTEN and found.raw.strip().casefold() != value.casefold()
    raw = found.raw if differs or notes else ""
    return FieldRow(
        label=field.label,
        value=value,
        raw=raw,
        note=" ".join(notes),
        is_flagged=is_flagged,
    )


#: Types whose value may say less than what was written; the others only look different.
_REWRITTEN = frozenset(
    {FieldType.A_NUMBER, FieldType.COUNTRY, FieldType.MONEY, FieldType.NAME, FieldType.STATE}
)


def format_value(field: FormField, value: Value) -> str:
    """Return a value as people read it: labels for choices, long dates, yes or no."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return "; ".join(_format_one(field, item) for item in value)
    return _format_one(field, value)


def _format_one(field: FormField, text: str) -> str:
    if field.type in {FieldType.CHOICE, FieldType.MULTI}:
        return next((c.label for c in field.choices if c.name == text), text)
    if field.type is FieldType.DATE or field.type is FieldType.DATE_LIST:
        first, slash, last = text.partition("/")
        days = [find_date(first), find_date(last) if slash else None]
        return " to ".join(format_date(d) for d in days if d is not None) or text
    if field.type is FieldType.COUNTRY:
        return find_country(text)
    if field.type is FieldType.PHONE:
        return _format_phone(text)
    return text


def _format_phone(text: str) -> str:
    """Return an E.164 number as people here write it, with its extension."""
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return text
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)


#: The titles of rules that stop an approval and have a name of their own.
_STOP_TITLES = {"protected_subject": FLAG_WORDS[Flag.PROTECTED][0]}


def build_flags(request: Request, disclosure: Disclosure) -> tuple[ReviewFlag, ...]:
    """Return the rules that stop or need a second person, then the request's flags."""
    flags = [
        # What stops an approval stands among the rules already.
        _build_flag(Flag(name), request)
        for name in request.flags
        if name != Flag.PROTECTED.value
    ]
    stops = [
        ReviewFlag(
            title=_STOP_TITLES.get(r.code, "Cannot be approved"),
            sentence=r.sentence,
            effect=FlagEffect.BLOCKS,
        )
        for r in disclosure.blocked
    ]
    seconds = [
        ReviewFlag(
            title="Second person needed", sentence=r.sentence, effect=FlagEffect.SECOND_PERSON
        )
        for r in disclosure.second_person
    ]
    return (*stops, *seconds, *flags)


def _build_flag(flag: Flag, request: Request) -> ReviewFlag:
    title, sentence = FLAG_WORDS[flag]
    if flag is Flag.DUPLICATE and request.duplicate_of:
        sentence = f"The same was probably asked before, under {request.duplicate_of}."
    return ReviewFlag(title=title, sentence=sentence)


def build_requester(
    definition: FormDefinition,
    request: Request,
    fields: Mapping[str, FieldValue],
    *,
    detail_text: str,
    official_domains: Sequence[str],
    earlier_requests: int,
) -> RequesterTrust:
    """Return who asks, and how far that is known to be so."""
    values = {name: found.value for name, found in fields.items()}
    type_field = definition.find_field("requester_type")
    type_name = str(values.get("requester_type", ""))
    domain = request.author_address.rpartition("@")[2]
    trust = judge_domain(domain, official_domains)
    return RequesterTrust(
        name=str(values.get("requester_name", "")),
        title=str(values.get("requester_title", "")),
        agency=str(values.get("requester_agency", "")),
        class_label=type_name if type_field is None else _format_one(type_field, type_name),
        detail_text=detail_text,
        author_address=request.author_address,
        form_address=str(values.get("requester_email", "")),
        address_trust=_TRUST[trust],
        is_authenticated=request.author_proven,
        authentication_text=f"the mail gateway vouches for {domain}"
        if request.author_proven
        else "nothing proves who sent it",
        earlier_requests=earlier_requests,
    )


_TRUST: Mapping[DomainTrust, AddressTrust] = {
    DomainTrust.OFFICIAL: AddressTrust.OFFICIAL,
    DomainTrust.WEBMAIL: AddressTrust.WEBMAIL,
    DomainTrust.OTHER: AddressTrust.OTHER,
}


def find_due(values: Mapping[str, Value]) -> tuple[date | None, str]:
    """Return the earlier of the deadline and the next hearing, and which it is."""
    deadline, hearing = (
        find_date(values.get("deadline_date")),
        find_date(values.get("next_hearing_date")),
    )
    due = [
        (d, words) for d, words in ((deadline, "last day to file"), (hearing, "next hearing")) if d
    ]
    return min(due, default=(None, ""), key=lambda pair: pair[0] or date.max)
