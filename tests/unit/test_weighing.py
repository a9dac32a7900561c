"""Cries for help heard by the weight of their words, on sentences that nothing was learned from."""

from __future__ import annotations

import json

import pytest

from config.data import TOPIC_FILES, read_data
from parsers.classification.phrases import split_words
from parsers.classification.topic_table import Handling
from parsers.classification.topics import WEIGHED_WORDS, read_text
from parsers.classification.weighing import (
    cut_sentences,
    find_marks,
    parse_word_scale,
    weigh_sentences,
)
from parsers.errors import ParseError
from tests.specimens.urgent_sentences import Sentence, read_sentences
from tests.unit.test_topics import TABLE
from tools.weigh_urgent_words import find_names, find_sources_digest

SENTENCES = read_sentences()
KEPT = [s for s in SENTENCES if s.is_kept]
WEIGHTS = read_data(TOPIC_FILES[1])
CRY = "please help me the officers beat my brother in his cell every night"
TOPICS = ["self_harm", "danger_to_life", "abuse_in_detention", "trafficking"]


def rings(text: str) -> bool:
    return bool(read_text(text, TABLE).having(Handling.URGENT))


def share(sentences: list[Sentence]) -> float:
    return sum(rings(s.text) for s in sentences) / len(sentences)


def test_of_cries_that_nothing_was_learned_from_most_are_heard() -> None:
    assert share([s for s in KEPT if s.is_cry]) >= 0.9


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("topic", TOPICS)
def test_no_kind_and_no_language_is_left_behind(topic: str, language: str) -> None:
    cries = [s for s in KEPT if (s.topic, s.language) == (topic, language)]
    assert len(cries) >= 50
    assert share(cries) > 0.75


@pytest.mark.parametrize("language", ["en", "es"])
def test_of_ordinary_mail_half_of_it_with_grave_words_little_rings(language: str) -> None:
    assert share([s for s in KEPT if not s.is_cry and s.language == language]) <= 0.05


def test_most_cries_are_answered_for_what_they_are_about() -> None:
    heard = [(s, read_text(s.text, TABLE).having(Handling.URGENT)) for s in KEPT if s.is_cry]
    right = [any(t.name == s.topic for t in topics) for s, topics in heard if topics]
    assert sum(right) / len(right) > 0.8


def test_the_kept_ones_are_enough_to_tell_and_on_one_side_only() -> None:
    assert len([s for s in KEPT if s.is_cry]) >= 500
    assert len([s for s in KEPT if not s.is_cry]) >= 700
    texts = [s.text for s in SENTENCES]
    assert len(set(texts)) == len(texts), "a sentence on both sides would measure nothing"


def test_the_weights_were_learned_from_these_sentences() -> None:
    assert json.loads(WEIGHTS)["made_of"] == find_sources_digest()


def test_a_cry_is_found_within_a_text_that_never_ends_a_sentence() -> None:
    around = "and the form was sent to the clerk with the date of the hearing " * 20
    assert rings(f"{around}{CRY} {around}")


@pytest.mark.parametrize(
    ("sentence", "times", "heard"),
    [
        pytest.param(CRY, 60, True, id="a plain cry is heard in the longest letter"),
        pytest.param("They keep him in here.", 0, True, id="a faint one, alone"),
        pytest.param("They keep him in here.", 60, False, id="among many it is chance"),
    ],
)
def test_in_a_paper_a_sentence_weighs_less_the_more_there_are(
    sentence: str, times: int, heard: bool
) -> None:
    text = "The form was sent to the clerk. " * times + sentence
    assert bool(read_text(text, TABLE, is_paper=True).having(Handling.URGENT)) is heard


def test_what_is_told_is_words_of_our_table_and_no_name() -> None:
    # A kick of somebody unknown "in his bunk" alone is missed: the weights hear nine in ten.
    text = "Xochiquetzal Ejemplo: the men keep kicking Tlaloc, he is black and blue at Example."
    (topic,) = read_text(text, TABLE).having(Handling.URGENT)
    assert topic.words
    assert not any(name in str(topic.words).lower() for name in ("xochi", "tlalo", "ejempl"))


def test_a_name_is_known_by_its_capital_within_sentences_and_has_no_weight() -> None:
    texts = ["they beat Rosa again", "they beat Marisol", "a rosa in the window", "the marina"]
    assert find_names(texts) == {"marisol", "maris…", "mariso…"}


def test_a_wording_no_phrase_knows_says_so() -> None:
    topics = read_text("The captain and his men work us over with hoses.", TABLE).topics
    assert ("abuse_in_detention", WEIGHED_WORDS) in [(t.name, t.rule) for t in topics]


def test_topics_that_are_nearly_as_likely_are_both_named_and_no_others() -> None:
    text = read_text("They keep her in a room without food until she pays.", TABLE)
    named = [t.name for t in text.having(Handling.URGENT)]
    assert "trafficking" in named
    assert "self_harm" not in named


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        pytest.param("He was", {"he", "was", "he was"}, id="words, and two in a row"),
        pytest.param("Mató", {"mato"}, id="without case and accents"),
        pytest.param(
            "handcuffed", {"handcuffed", "hand…", "handc…", "handcu…"}, id="how a long word begins"
        ),
        pytest.param("hands", {"hands", "hand…"}, id="a beginning is never the whole word"),
        pytest.param("x" * 50, {"x" * 30, "xxxx…", "xxxxx…", "xxxxxx…"}, id="an endless word"),
        pytest.param("", set(), id="nothing"),
    ],
)
def test_what_stands_in_a_sentence(text: str, marks: set[str]) -> None:
    assert find_marks(split_words(text)) == marks


@pytest.mark.parametrize("piece", ["kill ", "officer hit my head in the cell ", "x9y. ", "a"])
def test_the_work_grows_no_faster_than_the_text(piece: str) -> None:
    """Count the words looked at, since a time would depend on the machine."""
    looked_at = []
    for size in (20_000, 40_000):
        words = split_words(piece * (size // len(piece)))
        looked_at.append(sum(len(sentence) for _, sentence in cut_sentences(words)))
        assert all(len(sentence) <= 40 for _, sentence in cut_sentences(words))
    assert looked_at[1] <= 2.1 * looked_at[0] + 40


def test_every_sentence_is_weighed_by_its_own_number() -> None:
    weighed = weigh_sentences(split_words(f"Good morning. {CRY}. Thank you."), TABLE.scale)
    assert max(weighed, key=lambda number: weighed[number].weight) == 1


@pytest.mark.parametrize(
    "weights",
    [
        pytest.param(b"[]", id="no weights"),
        pytest.param(b"{", id="no JSON"),
        pytest.param(b"\xff", id="no text"),
        pytest.param(b'{"start": 0, "weights": {}}', id="half the weights"),
        pytest.param(b'{"start": 0, "weights": {"a": "much"}, "topics": {}}', id="no number"),
    ],
)
def test_what_is_no_scale_is_refused(weights: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        parse_word_scale(weights)
    assert caught.value.code == "bad_word_scale"
