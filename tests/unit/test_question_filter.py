"""What a question to a requester may not say, and that the ready ones say none of it."""

from __future__ import annotations

import pytest

from parsers.errors import ParseError
from parsers.replies.question_filter import check_question, parse_question_vocabulary
from tests.unit.reply_builders import VOCABULARY

FILE = (
    "María del Carmen",
    "García-López",
    "Li Wu",
    "1980-03-04",
    "2026-03-17/2026-03-20",
    "A000000123",
    "17CR-001544",
    "000555",
    "+15555550142",
)


def marked(question: str) -> tuple[str, ...]:
    return check_question(question, forbidden=FILE, vocabulary=VOCABULARY)


ALLOWED = [
    "Which court set the hearing that your request is about?",
    "Please send the signed consent of your client.",
    "Is the case number complete? It seems to lack its year.",
    "The form is missing its second page; please send it again.",
    "On which day of May 2026 was the hearing, the 4th or the 5th?",
    "¿Cuál es el número completo del caso?",
    "Did your client appear on 2026-04-17?",
]


@pytest.mark.parametrize("question", ALLOWED)
def test_a_question_that_tells_nothing_may_be_asked(question: str) -> None:
    assert marked(question) == ()


MARKED = [
    ("name", "Is it Maria?", ("Maria",)),
    ("name in capitals, possessive", "What is CARMEN's address?", ("CARMEN",)),
    ("one surname of two", "Is Lopez the only surname?", ("Lopez",)),
    ("accents typed", "Es la señora García?", ("García",)),
    ("short names together", "Is it Li Wu?", ("Li Wu",)),
    ("names run together", "Is it garcialopez?", ("garcialopez",)),
    ("A-number", "Is it A000000123?", ("A000000123",)),
    ("A-number, grouped", "Is it A 000-000-123 or not?", ("A 000-000-123",)),
    ("A-number without its A", "Is it 000 000 123?", ("000 000 123",)),
    ("case number", "Is it 17CR-001544?", ("17CR-001544",)),
    ("case number, spaced", "Is it 17 CR 001544?", ("17 CR 001544",)),
    ("booking number", "Is it no. 000555?", ("000555",)),
    ("an A-number of anybody", "Is it A000000150?", ("A000000150",)),
    ("a Social Security number", "Is it 000-00-0000?", ("000-00-0000",)),
    ("telephone number", "Is 555-555-0142 yours?", ("555-555-0142",)),
    ("birth date, ISO", "Born 1980-03-04?", ("1980-03-04",)),
    ("birth date, American", "Born 3/4/80?", ("3/4/80",)),
    ("birth date, day first", "Born 04.03.1980?", ("04.03.1980",)),
    ("birth date, words", "Born March 4, 1980?", ("March 4",)),
    ("birth date, ordinal", "Born on the 4th of March?", ("4th of March",)),
    ("birth date, Spanish", "¿Nacida el 4 de marzo?", ("4 de marzo",)),
    ("end of a period", "Was it March 20?", ("March 20",)),
    ("a record", "Our records need it.", ("records",)),
    ("custody", "Was the person in ICE custody then?", ("custody",)),
    ("removal", "Was your client removed or Deported?", ("removed", "Deported")),
    ("a match", "Two people match; which one?", ("match",)),
    ("having something", "We have someone of that name; when born?", ("We have",)),
    ("Spanish", "¿Estaba detenido ese día?", ("detenido",)),
    ("accented Spanish", "¿Por qué la detención?", ("detención",)),
    ("split over lines", "Is he on\nfile?", ("on\nfile",)),
    ("each once, in order", "Maria, custody, Maria", ("Maria", "custody")),
]


@pytest.mark.parametrize(
    ("question", "words"), [(q, w) for _, q, w in MARKED], ids=[i for i, _, _ in MARKED]
)
def test_the_words_that_tell_something_are_marked(question: str, words: tuple[str, ...]) -> None:
    assert marked(question) == words


@pytest.mark.parametrize("code", sorted(VOCABULARY.ready))
def test_ready_questions_say_nothing_of_the_kind_even_word_by_word(code: str) -> None:
    sentence = VOCABULARY.ready[code]
    assert marked(sentence) == ()
    assert marked(f"Hello: {sentence.swapcase()}") == ()
    assert sentence.startswith("Please ")
    assert sentence.endswith(".")


def test_every_ready_question_of_the_contract_is_there() -> None:
    assert set(VOCABULARY.ready) == {
        *(
            "birth date",
            "second surname",
            "identifiers",
            "obligation date",
            "consent",
            "case number",
        )
    }


def test_a_ready_question_passes_whatever_the_person_is_called() -> None:
    sentence = VOCABULARY.ready["birth date"]
    assert check_question(sentence, forbidden=("Birth", "Date"), vocabulary=VOCABULARY) == ()
    both = f"{sentence} Ask Birth."
    assert check_question(both, forbidden=("Birth",), vocabulary=VOCABULARY) == ("Birth",)


def test_unknown_names_and_particles_mark_nothing() -> None:
    found = check_question(
        "Of the two of them, whose case is unknown?",
        forbidden=("FNU LNU", "de la O", "Unknown", "", "-", "de"),
        vocabulary=VOCABULARY,
    )
    assert found == ()


@pytest.mark.parametrize(
    "data", [b"\xff", b"x", b"implies = []", b"implies = 1\n[ready]", b"ready = 1\nimplies = []"]
)
def test_a_vocabulary_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        parse_question_vocabulary(data)
    assert caught.value.code == "bad_questions"


def test_a_long_question_takes_little_time() -> None:
    assert marked("1 " * 50_000 + "Maria") == ("Maria",)
