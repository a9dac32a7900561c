"""Invented requests: what a person writes in each field of the model form, and what is meant.

`build_specimen` makes one from a seed, the same one for the same seed on every machine. Each is a
complete and valid request on `TODAY`; `attachments_beside_form` has to be 1 where a consent is said
to be attached. People write dates, phones, places, numbers and lists in many ways; each person
keeps to one way of their own for dates and phones, as people do.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from parsers.extraction import Value
from tests.specimens import spellings, wordings

TODAY = date(2026, 5, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """One invented request."""

    seed: int
    #: By machine name, as `fill_form` takes it: texts exactly as they are typed.
    typed: dict[str, object] = field(default_factory=dict)
    #: By machine name, the normalised values; a field left blank is absent.
    expected: dict[str, Value] = field(default_factory=dict)


def build_specimen(seed: int) -> Specimen:
    """Return the invented request that belongs to `seed`."""
    writer = _Writer(seed)
    for write in (_write_requester, _write_subject, _write_obligation, _write_bond, _write_asked):
        write(writer)
    return writer.specimen


def build_specimens(count: int, *, first: int = 0) -> list[Specimen]:
    """Return `count` invented requests of consecutive seeds."""
    return [build_specimen(seed) for seed in range(first, first + count)]


class _Writer:
    """One person at the form: their habits, and what they have written so far."""

    def __init__(self, seed: int) -> None:
        self.specimen = Specimen(seed=seed)
        self.chance = random.Random(f"specimen {seed}")
        self.date_style = self.chance.choice(spellings.DATE_STYLES)
        self.phone_style = self.chance.choice(spellings.PHONE_STYLES)

    def put(self, name: str, typed: object, expected: Value | None = None) -> None:
        """Write a field; without `expected` the value is what was typed."""
        self.specimen.typed[name] = typed
        if expected is None:
            assert isinstance(typed, str | bool | tuple)
            expected = typed
        self.specimen.expected[name] = expected

    def is_so(self, share: float) -> bool:
        return self.chance.random() < share

    def put_date(self, name: str, day: date) -> None:
        self.put(name, self.date_style(day), day.isoformat())

    def put_phone(self, name: str) -> None:
        area = self.chance.choice(("202", "404", "602", "713", "305", "919"))
        line = f"01{self.chance.randrange(100):02d}"
        typed, value = self.phone_style.format(area, "555", line), f"+1{area}555{line}"
        if self.is_so(0.3):
            extension = str(self.chance.randrange(1, 9999))
            typed += self.chance.choice(spellings.EXTENSIONS).format(extension)
            value += f";ext={extension}"
        self.put(name, typed, value)

    def put_one_of(self, name: str, table: dict[str, tuple[str, ...]]) -> str:
        """Write one of the wordings of a code, and return the code."""
        code = self.chance.choice(list(table))
        self.put(name, self.chance.choice(table[code]), code)
        return code

    def put_list(self, name: str, items: Sequence[str], joins: Sequence[str]) -> None:
        """Write items with one of `joins` between them; the boxes have room for two lines."""
        fitting = [join for join in joins if join != "\n" or len(items) <= 2]
        self.put(name, self.chance.choice(fitting).join(items), tuple(dict.fromkeys(items)))

    def some_days(self, low: int, high: int) -> timedelta:
        return timedelta(days=self.chance.randint(low, high))


def _write_requester(writer: _Writer) -> None:
    chance = writer.chance
    writer.put_date("request_date", TODAY - writer.some_days(0, 20))
    kind = chance.choice(list(wordings.AGENCIES))
    given, family = _choose_name(chance)
    writer.put("requester_name", f"{given} {family}")
    writer.put("requester_title", chance.choice(wordings.TITLES[kind]))
    writer.put("requester_type", kind)
    writer.put("requester_agency", chance.choice(wordings.AGENCIES[kind]))
    writer.put("requester_address", chance.choice(wordings.STREETS))
    writer.put("requester_city", chance.choice(wordings.TOWNS))
    _write_state(writer, "requester_state")
    digits = f"{chance.randrange(10000, 99999)}"
    writer.put("requester_zip", digits if writer.is_so(0.7) else f"{digits}-{digits[:4]}")
    writer.put_phone("requester_phone")
    if writer.is_so(0.3):
        writer.put_phone("requester_fax")
    local = chance.choice(("d.whitlock", "clerk-2", "pd_intake", "m.o", "records+fta"))
    host = chance.choice(("courts.example", "da.co.example", "bail-bonds.example", "pd.example"))
    writer.put("requester_email", f"{local}@{host}")
    if kind != "judge_or_clerk" or writer.is_so(0.2):
        writer.put("requester_credential", chance.choice(wordings.CREDENTIALS))


def _write_subject(writer: _Writer) -> None:
    chance = writer.chance
    given, family = _choose_name(chance)
    shout = writer.is_so(0.2)
    writer.put("subject_family_name", family.upper() if shout else family)
    writer.put("subject_given_names", given.upper() if shout else given)
    if writer.is_so(0.15):
        writer.put("subject_suffix", chance.choice(wordings.SUFFIXES))
    if writer.is_so(0.4):
        aliases = chance.sample(wordings.ALIASES, chance.choice((1, 1, 2, 3, 4)))
        writer.put_list("subject_aliases", aliases, ("; ", "\n", " ; ", ";"))
    born = date(1946, 1, 1) + writer.some_days(0, 21_000)
    writer.put_date("subject_birth_date", born)
    writer.put_one_of("subject_birth_country", wordings.COUNTRIES)
    if writer.is_so(0.4):
        writer.put_one_of("subject_citizenship", wordings.COUNTRIES)
    if writer.is_so(0.8):
        writer.put("subject_sex", chance.choice("MMMFFXU"))
    _write_identifiers(writer)


def _write_identifiers(writer: _Writer) -> None:
    chance = writer.chance
    if writer.is_so(0.08):
        writer.put("identifiers_unknown", True)
        return
    serial = f"000000{chance.randrange(101, 200)}"
    typed = chance.choice(spellings.A_NUMBER_STYLES).format(serial[:3], serial[3:6], serial[6:])
    writer.put("subject_a_number", typed, f"A{serial}")
    if writer.is_so(0.3):
        writer.put(
            "subject_fbi_number", f"{chance.randrange(100000, 999999)}{chance.choice('ABX')}B1"
        )
    if writer.is_so(0.3):
        writer.put("subject_state_id", f"GA{chance.randrange(1000000, 9999999)}")
    if writer.is_so(0.4):
        writer.put("subject_inmate_number", f"B-2026-{chance.randrange(10000):04d}")


_OBLIGATIONS = (
    "court_hearing",
    "court_hearing",
    "bond_or_bail",
    "probation_report",
    "parole_report",
    "sentence_surrender",
    "program_attendance",
    "payment",
    "other",
)
_CONSEQUENCES = (
    "warrant",
    "in_custody_on_warrant",
    "bond_forfeited",
    "violation_filed",
    "revocation",
)


def _write_obligation(writer: _Writer) -> None:
    chance = writer.chance
    writer.put("obligation_type", chance.choice(_OBLIGATIONS))
    _write_days(writer)
    if writer.is_so(0.5):
        writer.put("obligation_time", chance.choice(wordings.TIMES))
    writer.put("court_name", chance.choice(wordings.COURTS))
    state = _write_state(writer, "court_state")
    if state in ("CA", "NY", "TX") or writer.is_so(0.3):
        writer.put("court_county", chance.choice(wordings.COUNTIES))
    style = chance.choice(spellings.CASE_STYLES)
    numbers = [
        style.format(chance.randrange(99999)) for _ in range(chance.choice((1, 1, 1, 2, 3, 5)))
    ]
    writer.put_list("case_numbers", numbers, ("; ", "\n", ", ", " and ", " & "))
    if writer.is_so(0.6):
        writer.put("charge_level", chance.choice(("felony", "misdemeanor", "other")))
    chosen = chance.sample(_CONSEQUENCES, chance.choice((0, 1, 1, 2, 3)))
    kept = tuple(c for c in _CONSEQUENCES if c in chosen)
    if kept or writer.is_so(0.5):
        writer.put("consequences", kept or ("none",))


def _write_days(writer: _Writer) -> None:
    chance = writer.chance
    day = date(2025, 9, 1) + writer.some_days(0, 120)
    typed: list[str] = []
    values: list[str] = []
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        if writer.is_so(0.2):
            last = day + writer.some_days(1, 9)
            typed.append(f"{writer.date_style(day)} to {writer.date_style(last)}")
            values.append(f"{day.isoformat()}/{last.isoformat()}")
            day = last
        else:
            typed.append(writer.date_style(day))
            values.append(day.isoformat())
        day += writer.some_days(7, 40)
    joins = ("; ", "\n", "; and ") if len(typed) <= 2 else ("; ", "; and ")
    writer.put("obligation_dates", chance.choice(joins).join(typed), tuple(values))


def _write_bond(writer: _Writer) -> None:
    chance, expected = writer.chance, writer.specimen.expected
    missed = date.fromisoformat(str(expected["obligation_dates"][0])[:10])  # type: ignore[index]
    forfeited = "bond_forfeited" in expected.get("consequences", ())  # type: ignore[operator]
    if writer.is_so(0.4):
        writer.put_date("release_date", missed - writer.some_days(1, 300))
    is_bond = (
        forfeited or "bond_or_bail" in expected.values() or "bail_or_surety" in expected.values()
    )
    if is_bond:
        dollars = chance.choice((500, 2_500, 10_000, 25_000, 150_000, 1_250_000))
        writer.put("bond_amount", chance.choice(spellings.MONEY_STYLES)(dollars), f"{dollars}.00")
        number = f"XP-{chance.randrange(1000):03d}-{chance.randrange(10000):04d}"
        writer.put("bond_number", chance.choice((number, number, "CASH", "PROPERTY")))
    if forfeited:
        day = missed + writer.some_days(1, 40)
        writer.put_date("forfeiture_date", day)
        writer.put_date("deadline_date", day + writer.some_days(60, 270))
    if writer.is_so(0.4):
        writer.put_date("next_hearing_date", TODAY + writer.some_days(1, 120))
    if writer.is_so(0.3):
        writer.put("transferred_from", chance.choice(wordings.JAILS))


_INFORMATION = ("custody_on_date", "custody_dates", "removal", "release")


def _write_asked(writer: _Writer) -> None:
    chance = writer.chance
    chosen = chance.sample(_INFORMATION, chance.randint(1, 4))
    writer.put("information_requested", tuple(i for i in _INFORMATION if i in chosen))
    more = chance.sample(wordings.MORE_PURPOSES, chance.choice((0, 0, 1, 2, 4)))
    join = chance.choice((" ", " ", "\n"))
    writer.put("purpose", join.join([chance.choice(wordings.PURPOSES), *more]))
    kind = writer.specimen.expected["requester_type"]
    if kind in ("bail_or_surety", "other") or writer.is_so(0.3):
        writer.put("consent_attached", writer.is_so(0.5))
    writer.put("legal_process_attached", writer.is_so(0.1))
    delivery = chance.choice(("encrypted_email", "encrypted_email", "postal_mail"))
    writer.put("delivery", delivery)
    if delivery == "encrypted_email":
        writer.put_phone("password_phone")
    is_ticked = writer.is_so(0.7)
    if is_ticked:
        writer.put("attestation", True)
    if not is_ticked or writer.is_so(0.5):
        writer.specimen.typed["attestation_signature"] = (
            f"/s/ {writer.specimen.expected['requester_name']}"
        )
        writer.specimen.expected["attestation"] = True
    writer.put_date("attestation_date", TODAY - writer.some_days(0, 5))


def _write_state(writer: _Writer, name: str) -> str:
    code = writer.chance.choice(list(wordings.STATES))
    typed = code if writer.is_so(0.6) else writer.chance.choice(wordings.STATES[code])
    writer.put(name, typed, code)
    return code


def _choose_name(chance: random.Random) -> tuple[str, str]:
    """Return given names and surnames in one language."""
    language = chance.choices(list(wordings.NAMES), wordings.NAME_WEIGHTS)[0]
    given, family = wordings.NAMES[language]
    return chance.choice(given), chance.choice(family)
