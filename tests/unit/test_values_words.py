"""Phones, addresses, states, countries, names, choices and ticks, as people write them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.definition import Choice, FieldType, FormField, Requiredness
from parsers.values.by_type import LONGEST_TEXT, normalise
from parsers.values.choices import (
    normalise_choice,
    normalise_multi,
    normalise_tick,
    normalise_yes_no,
)
from parsers.values.cleaning import clean_text, fold_label
from parsers.values.contacts import normalise_email, normalise_phone, normalise_zip
from parsers.values.names import normalise_name
from parsers.values.places import normalise_country, normalise_state
from parsers.values.ssn import mask_ssn

TODAY = date(2026, 5, 4)


def _rows(table: Sequence[tuple[object, ...]]) -> list[object]:
    return [pytest.param(*row[:-1], id=str(row[-1])) for row in table]


PHONES = [
    ("(202) 555-0100", "+12025550100", "brackets"),
    ("202-555-0100", "+12025550100", "hyphens"),
    ("202.555.0100", "+12025550100", "points"),
    ("2025550100", "+12025550100", "bare"),
    ("+1 202 555 0100", "+12025550100", "international"),
    ("1-202-555-0100", "+12025550100", "with the 1"),
    ("202\u2013555\u20130100", "+12025550100", "en dashes"),
    ("Tel: 202-555-0100", "+12025550100", "label before"),
    ("202-555-0100 x12", "+12025550100;ext=12", "x"),
    ("202-555-0100 ext. 12", "+12025550100;ext=12", "ext."),
    ("202 555 0100, extension 7", "+12025550100;ext=7", "the whole word"),
    ("2025550100x5", "+12025550100;ext=5", "no blank"),
    ("202-555-0100 ext12", "+12025550100;ext=12", "no blank behind the word"),
    ("202-555-0100 / x12", "+12025550100;ext=12", "a slash before it"),
    ("202-555-0100 (Ext: 12)", "+12025550100;ext=12", "in brackets"),
    ("202-555-0100 extensi\u00f3n 12", "+12025550100;ext=12", "Spanish"),
    ("202-555-0100 int. 12", "+12025550100;ext=12", "Spanish, abbreviated"),
    ("202-555-0100 #12", "+12025550100;ext=12", "number sign"),
    ("202-555-0100, press 2", "+12025550100;ext=2", "a menu"),
    ("(o) 202-555-0100", "+12025550100", "office, in one letter"),
    ("202-555-0100 (cell)", "+12025550100", "a word behind it"),
    ("Tel\u00e9fono: 202/555-0100", "+12025550100", "Spanish label"),
    ("1-800-FLOWERS", "+18003569377", "spelled on the keypad"),
]
NOT_PHONES = [
    ("555-0100", "area_code_missing", "seven digits"),
    ("+52 55 1234 5678", "foreign_phone", "Mexico"),
    ("+44 20 7946 0958", "foreign_phone", "United Kingdom"),
    ("202-555-0100 or 202-555-0101", "more_than_one_phone", "two"),
    ("202-555-0100 / 202-555-0101", "more_than_one_phone", "two with a slash"),
    ("123-456-7890", "unreadable_phone", "no area code begins with 1"),
    ("202-555-01001", "unreadable_phone", "eleven digits"),
    ("call my office", "unreadable_phone", "words"),
    ("202-555-O100", "unreadable_phone", "a letter O is not silently a zero"),
    ("202-555-OlOO", "unreadable_phone", "and is not looked up on the keypad"),
    ("2O2-555-0l00", "unreadable_phone", "wherever it stands"),
    ("202-555-0100 ask for Dana", "unreadable_phone", "words behind it"),
]


@pytest.mark.parametrize(("text", "value"), _rows(PHONES))
def test_phone_becomes_e164(text: str, value: str) -> None:
    assert normalise_phone(text).value == value


@pytest.mark.parametrize(("text", "code"), _rows(NOT_PHONES))
def test_what_is_no_phone_is_a_problem(text: str, code: str) -> None:
    assert (normalise_phone(text).value, normalise_phone(text).code) == (None, code)


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        pytest.param("a.b@courts.example", "a.b@courts.example", "", id="plain"),
        pytest.param(" A.B@Courts.Example ", "A.B@Courts.Example", "", id="as written"),
        pytest.param("mailto:a@b.example", "a@b.example", "", id="mailto"),
        pytest.param("A B <a@b.example>", "a@b.example", "", id="display name"),
        pytest.param("a@b.example.", "a@b.example", "", id="full stop behind"),
        pytest.param("a@b.example; c@b.example", None, "more_than_one_address", id="two"),
        pytest.param("a@b", None, "unreadable_address", id="no domain"),
        pytest.param("a b@c.example", None, "unreadable_address", id="blank"),
        pytest.param("a@@c.example", None, "unreadable_address", id="two at signs"),
        pytest.param("a..b@c.example", None, "unreadable_address", id="two points"),
        pytest.param(
            "a@c.example\nBcc: x@y.example", None, "more_than_one_address", id="injection"
        ),
        pytest.param("n/a", None, "", id="nothing"),
    ],
)
def test_email(text: str, value: str | None, code: str) -> None:
    assert (normalise_email(text).value, normalise_email(text).code) == (value, code)


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        pytest.param("30301", "30301", "", id="five"),
        pytest.param("30301-1234", "30301-1234", "", id="nine"),
        pytest.param("303011234", "30301-1234", "", id="nine bare"),
        pytest.param("30301 1234", "30301-1234", "", id="nine with a blank"),
        pytest.param("2134", None, "unreadable_zip", id="the leading zero is lost"),
        pytest.param("K1A 0B1", None, "unreadable_zip", id="Canadian"),
    ],
)
def test_zip(text: str, value: str | None, code: str) -> None:
    assert (normalise_zip(text).value, normalise_zip(text).code) == (value, code)


STATES = [
    ("GA", "GA", "code"),
    ("ga", "GA", "lower case"),
    ("Georgia", "GA", "name"),
    ("N. Carolina", "NC", "abbreviated direction"),
    ("N.C.", "NC", "points"),
    ("N. C.", "NC", "points and blank"),
    ("Calif.", "CA", "old abbreviation"),
    ("Penn.", "PA", "old abbreviation"),
    ("State of Texas", "TX", "state of"),
    ("Commonwealth of Virginia", "VA", "commonwealth of"),
    ("Wash. D.C.", "DC", "the capital"),
    ("Washington", "WA", "not the capital"),
    ("P.R.", "PR", "territory"),
    ("U.S. Virgin Islands", "VI", "territory with a prefix"),
    ("Nuevo M\u00e9xico", "NM", "Spanish"),
    ("W.Va.", "WV", "points and no blanks"),
    ("N.Mex.", "NM", "the same"),
    ("NewYork", "NY", "no blank at all"),
    ("No. Carolina", "NC", "another abbreviated direction"),
    ("Dist. of Col.", "DC", "old abbreviation of the capital"),
    ("Hawai\u02bbi", "HI", "with its okina"),
    ("GA - Georgia", "GA", "twice the same"),
    ("New York (NY)", "NY", "twice, in brackets"),
    ("Texas, USA", "TX", "with the country"),
    ("TX 75001", "TX", "with the ZIP code"),
    ("TRIBAL", "TRIBAL", "tribal"),
    ("Example Nation", "TRIBAL", "a nation"),
    ("Example Nation Tribal Court", "TRIBAL", "a tribal court"),
]


@pytest.mark.parametrize(("text", "value"), _rows(STATES))
def test_state_becomes_its_postal_code(text: str, value: str) -> None:
    assert normalise_state(text).value == value


@pytest.mark.parametrize(
    ("text", "value"), [("Missisipi", "MS"), ("Pensylvania", "PA"), ("Massachusets", "MA")]
)
def test_a_state_with_a_slip_in_its_spelling_is_flagged(text: str, value: str) -> None:
    outcome = normalise_state(text)
    assert (outcome.value, outcome.code) == (value, "unusual_spelling")


@pytest.mark.parametrize(
    "text", ["Ontario", "XX", "USA", "12", "FL/GA", "Florida or Georgia", "Federal", "AE"]
)
def test_what_is_no_state_is_a_problem(text: str) -> None:
    assert (normalise_state(text).value, normalise_state(text).code) == (None, "unknown_state")


COUNTRIES = [
    ("Guatemala", "GT", "name"),
    ("GT", "GT", "code"),
    ("GTM", "GT", "three letters"),
    ("M\u00e9x.", "MX", "abbreviated with its accent"),
    ("Mejico", "MX", "the other spelling"),
    ("El Salv.", "SV", "abbreviated"),
    ("Rep. Dom.", "DO", "Spanish abbreviation"),
    ("Rep\u00fablica Dominicana", "DO", "Spanish"),
    ("EE.UU.", "US", "Spanish abbreviation of the United States"),
    ("U.S.A.", "US", "points"),
    ("Alemania", "DE", "Spanish name"),
    ("Corea del Sur", "KR", "Spanish name of two words"),
    ("C\u00f4te d\u2019Ivoire", "CI", "typographic apostrophe"),
    ("Viet Nam", "VN", "ISO's own name"),
    ("Kingdom of Spain", "ES", "official name"),
    ("Honduras, C.A.", "HN", "Centro Am\u00e9rica, which is not California"),
    ("Colombia, South America", "CO", "the part of the world"),
    ("Guatemala C. A.", "GT", "the same without a comma"),
    ("R.D.", "DO", "Spanish initials"),
    ("the Philippines", "PH", "with its article"),
    ("Honduran national", "HN", "what somebody is"),
    ("Congo, DR", "CD", "turned round"),
    ("P.R. China", "CN", "with its form of state"),
    ("W. Germany", "DE", "a part that is no state any more"),
    ("Holanda", "NL", "a part for the whole"),
    ("Burma", "MM", "former name"),
    ("Ceylon", "LK", "former name"),
    ("USSR", "SU", "former state"),
    ("Yugoslavia", "YU", "former state"),
    ("Kosovo", "XK", "not in ISO 3166"),
    ("XK", "XK", "its code"),
    ("Unknown", "Unknown", "the word the form offers"),
    ("desconocido", "Unknown", "the same in Spanish"),
]


@pytest.mark.parametrize(("text", "value"), _rows(COUNTRIES))
def test_country_becomes_its_iso_code(text: str, value: str) -> None:
    outcome = normalise_country(text)
    assert (outcome.value, outcome.code) == (value, "")


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        pytest.param("CA", "CA", "ambiguous_country", id="Canada, or California"),
        pytest.param(
            "ES", "ES", "ambiguous_country", id="Spain, or the police code of El Salvador"
        ),
        pytest.param("Georgia", "GE", "ambiguous_country", id="the country, or the state"),
        pytest.param("Corea", "KR", "ambiguous_country", id="nearly always the South"),
        pytest.param("Michoac\u00e1n", "MX", "country_of_place", id="a state of Mexico alone"),
        pytest.param("M\u00e9xico, D.F.", "MX", "country_of_place", id="its old capital district"),
        pytest.param("Guatamala", "GT", "unusual_spelling", id="a slip in the spelling"),
        pytest.param("Nigera", None, "unknown_country", id="like Niger and like Nigeria"),
        pytest.param("Tegucigalpa, Honduras", "HN", "country_of_place", id="a town before it"),
        pytest.param("Mexico City (Mexico)", "MX", "country_of_place", id="brackets"),
        pytest.param("Texas", "US", "country_of_place", id="a state is a birth in the US"),
        pytest.param("Los Angeles, CA", "US", "country_of_place", id="behind a town, the state"),
        pytest.param("Atlantis", None, "unknown_country", id="nowhere"),
        pytest.param("N/A", None, "", id="nothing"),
    ],
)
def test_doubtful_country(text: str, value: str | None, code: str) -> None:
    assert (normalise_country(text).value, normalise_country(text).code) == (value, code)


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        pytest.param(" Pe\u00f1a  Garc\u00eda ", "Pe\u00f1a Garc\u00eda", "", id="accents kept"),
        pytest.param("de la Cruz-L\u00f3pez", "de la Cruz-L\u00f3pez", "", id="particles, hyphen"),
        pytest.param("Garci\u0301a", "Garc\u00eda", "", id="combining accent"),
        pytest.param("O\u2019Neil", "O\u2019Neil", "", id="apostrophe"),
        pytest.param("Nguy\u1ec5n", "Nguy\u1ec5n", "", id="beyond Latin-1"),
        pytest.param("Pe\u00f1a\nGarc\u00eda", "Pe\u00f1a Garc\u00eda", "", id="two lines"),
        pytest.param("Pe\u202ena", "Pena", "", id="no mark that turns the line around"),
        pytest.param("Muestra y Ejemplo", "Muestra y Ejemplo", "", id="two surnames joined"),
        pytest.param("Ejemplo de Muestra", "Ejemplo de Muestra", "", id="a married name"),
        pytest.param("Ejemplo Vda. de Muestra", "Ejemplo Vda. de Muestra", "", id="a widow's"),
        pytest.param("Muestra (n\u00e9e Ejemplo)", "Muestra (n\u00e9e Ejemplo)", "", id="n\u00e9e"),
        pytest.param("MUESTRA PE\u00d1A", "MUESTRA PE\u00d1A", "", id="capitals kept"),
        pytest.param("M\u00aa Jos\u00e9", "M\u00aa Jos\u00e9", "", id="abbreviated with its sign"),
        pytest.param("De Los Modelos", "De Los Modelos", "", id="particles as written"),
        pytest.param("N", "N", "", id="one letter is a name, and no word for nothing"),
        pytest.param("Nguy\u1ec5n-O\u2019Sample", "Nguy\u1ec5n-O\u2019Sample", "", id="joined"),
        pytest.param("F.N.U.", "F.N.U.", "name_unknown", id="with points"),
        pytest.param("LNU", "LNU", "name_unknown", id="last name unknown"),
        pytest.param("FNU LNU", "FNU LNU", "name_unknown", id="both unknown"),
        pytest.param("Doe", "Doe", "name_unknown", id="Doe"),
        pytest.param("Doe Smith", "Doe Smith", "", id="a real second surname"),
        pytest.param("___", None, "", id="a line to write on"),
    ],
)
def test_name_is_kept_as_written(text: str, value: str | None, code: str) -> None:
    assert (normalise_name(text).value, normalise_name(text).code) == (value, code)


def _field(kind: FieldType, **more: object) -> FormField:
    return FormField(
        name="f",
        section="s",
        label="F",
        type=kind,
        requiredness=Requiredness.OPTIONAL,
        choices=(
            Choice(name="judge_or_clerk", label="Judge or clerk", synonyms=("Court clerk",)),
            Choice(name="other", label="Other"),
            Choice(name="none", label="None so far"),
        ),
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        pytest.param("judge_or_clerk", "judge_or_clerk", "", id="machine name"),
        pytest.param("Judge or Clerk", "judge_or_clerk", "", id="label"),
        pytest.param("COURT CLERK", "judge_or_clerk", "", id="synonym"),
        pytest.param("none", "none", "", id="a choice that is called none"),
        pytest.param("Select one", None, "", id="what a list shows before a choice"),
        pytest.param("", None, "", id="nothing"),
        pytest.param("Janitor", None, "unknown_choice", id="not offered"),
    ],
)
def test_choice(text: str, value: str | None, code: str) -> None:
    outcome = normalise_choice(text, _field(FieldType.CHOICE))
    assert (outcome.value, outcome.code) == (value, code)


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        pytest.param("other; Court clerk", ("judge_or_clerk", "other"), "", id="the form's order"),
        pytest.param("other, other", ("other",), "", id="each once"),
        pytest.param("none", ("none",), "", id="none is a choice here"),
        pytest.param("other; Janitor", None, "unknown_choice", id="one is not offered"),
        pytest.param(" ", None, "", id="nothing"),
        pytest.param("; ,", None, "", id="separators and nothing else"),
    ],
)
def test_multi(text: str, value: tuple[str, ...] | None, code: str) -> None:
    outcome = normalise_multi(text, _field(FieldType.MULTI))
    assert (outcome.value, outcome.code) == (value, code)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True),
        ("Y", True),
        ("S\u00ed", True),
        ("Yes, attached", True),
        ("X", True),
        ("no", False),
        ("No - to follow", False),
        ("Yes/No", None),
        ("yes, no order yet", None),
        ("off", False),
        ("", None),
        ("maybe", None),
    ],
)
def test_yes_and_no(text: str, value: bool | None) -> None:
    assert normalise_yes_no(text).value is value


@pytest.mark.parametrize(
    ("text", "value"), [("x", True), ("\u2713", True), ("Yes", True), ("Off", None), ("no", None)]
)
def test_any_mark_is_a_tick_but_a_word_that_says_no(text: str, value: bool | None) -> None:
    assert normalise_tick(text).value is value


@pytest.mark.parametrize(
    "label", ["A#", "A #", "A-No.", "A Number", "a number", "A-NUMBER", "A\u2013Number"]
)
def test_labels_that_say_one_thing_fold_to_one(label: str) -> None:
    assert fold_label(label) == "a number"


def test_free_text_keeps_its_lines_and_masks_social_security_numbers() -> None:
    text = "first line\r\nSSN 123-45-6789\u200b "
    assert normalise(text, _field(FieldType.TEXT), today=TODAY).value == (
        "first line\nSSN ***-**-****"
    )


def test_text_longer_than_any_answer_is_a_problem() -> None:
    outcome = normalise("x" * (LONGEST_TEXT + 1), _field(FieldType.TEXT), today=TODAY)
    assert (outcome.value, outcome.code) == (None, "too_long")


HOSTILE = [
    pytest.param("x", id="one letter"),
    pytest.param("1", id="one digit"),
    pytest.param(" ", id="blanks"),
    pytest.param("1 ", id="digits apart"),
    pytest.param("ssn (", id="labels without numbers"),
    pytest.param("123-45-", id="numbers without ends"),
    pytest.param("Guatemala ", id="a name again and again"),
    pytest.param("1,", id="commas"),
    pytest.param("03/10/2026 to ", id="dates"),
    pytest.param("a@", id="addresses"),
    pytest.param("\u200b1", id="characters that show nothing"),
]


@pytest.mark.timeout(20, func_only=True)
@pytest.mark.parametrize("piece", HOSTILE)
def test_no_text_takes_long(piece: str) -> None:
    text = (piece * LONGEST_TEXT)[:LONGEST_TEXT]
    for kind in FieldType:
        for whole in (text, f"A{text}A", f"123456789{text}ssn", f"ssn{text}"[:LONGEST_TEXT]):
            normalise(whole[:LONGEST_TEXT], _field(kind), today=TODAY)
            mask_ssn(whole)


@given(text=st.text(max_size=80), kind=st.sampled_from(list(FieldType)))
def test_every_text_has_an_outcome_for_every_type(text: str, kind: FieldType) -> None:
    outcome = normalise(text, _field(kind), today=TODAY)
    assert bool(outcome.code) == bool(outcome.message)


@given(st.text(max_size=80))
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean_text(clean_text(text)) == clean_text(text)
