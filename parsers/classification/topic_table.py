"""The table of what mail may be about: topics, their rules, and how languages are told apart.

Outcomes: a `TopicTable`; or `ParseError` for files that are none. A rule is phrases and what has to
stand, or may not stand, beside them; urgent topics are also heard by the weight of words
(`parsers.classification.weighing`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from parsers.classification.papers import PaperTable, parse_paper_table
from parsers.classification.phrases import Phrase, PhraseIndex, build_index, parse_phrase
from parsers.classification.weighing import WordScale, parse_word_scale
from parsers.errors import ParseError
from parsers.values.typed_text import fold_words

#: A list of words within a phrase.
_NAMED = re.compile(r"@(\w+)")


class Handling(StrEnum):
    """What is done about a topic."""

    URGENT = "urgent"  #: answered with help that is there now, and people are told at once
    DEMAND = "demand"  #: answered by one fixed text, and left to a person
    FORM = "form"  #: answered with the blank form
    REDIRECT = "redirect"  #: answered with where it belongs


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicRule:
    """One reason to say that a mail is about something."""

    name: str
    phrases: frozenset[str]  #: one of these
    beside: tuple[frozenset[str], ...]  #: one of each of these, in the sentence or next to it
    without: frozenset[str]  #: none of these in the sentence
    unless: frozenset[str]  #: none of these anywhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """Something that mail is about."""

    name: str
    title: Mapping[str, str]  #: how an answer calls it, by language
    handling: Handling
    channels: tuple[str, ...]  #: of the contact directory, in the order in which they are named
    displaces: tuple[str, ...]  #: topics that are not named beside this one
    rules: tuple[TopicRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicTable:
    """Every topic, in order, and how languages are told apart."""

    source: bytes  #: the file
    papers: PaperTable  #: what papers are known by
    scale: WordScale  #: by which cries for help are heard that no phrase knows
    bar: float  #: a sentence that weighs more is a cry for help
    phrase: float  #: what a phrase of an urgent rule adds to the sentence in which it stands
    topics: tuple[Topic, ...]
    figures: PhraseIndex  #: of speech, that are passed over
    index: PhraseIndex  #: every phrase of every rule
    languages: Mapping[str, frozenset[str]]  #: the words by which each is known
    phrase_languages: Mapping[str, str]  #: the language of each phrase that has one

    def named(self, name: str) -> Topic:
        """Return the topic with that name; what was found by this table has one."""
        return next(t for t in self.topics if t.name == name)

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how a reader's process gets the table: by its files, parsed there once."""
        return parse_topic_table, self.sources

    @property
    def sources(self) -> tuple[bytes, bytes, bytes]:
        """Return the files, in the order in which `parse_topic_table` takes them."""
        return self.source, self.scale.source, self.papers.source


@cache
def parse_topic_table(data: bytes, weights: bytes, papers: bytes) -> TopicTable:
    """Return the table in a TOML file, with the scale and what papers are known by in two others.

    Raises `ParseError` with the code `bad_topics`, `bad_phrase`, `bad_word_scale` or `bad_papers`
    where they are none.
    """
    try:
        tree = tomllib.loads(data.decode("utf-8"))
        words = {str(name): tuple(map(str, listed)) for name, listed in tree["words"].items()}
        topics = tuple(_parse_topic(row, words) for row in tree["topic"])
        bar, phrase = float(tree["urgency"]["bar"]), float(tree["urgency"]["phrase"])
        figures = [parse_phrase(str(text)) for text in tree["figures"]]
        spoken = {
            phrase: language
            for row in tree["topic"]
            for rule in row["rule"]
            for language in tree["languages"]
            for phrase in _expand(rule.get(language, ()), words)
        }
        languages = {
            str(name): frozenset(fold_words(str(word)) for word in listed)
            for name, listed in tree["languages"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ParseError("bad_topics", f"The topics cannot be read: {error}") from error
    scale = parse_word_scale(weights)
    _check_names(topics, scale)
    return TopicTable(
        source=data,
        papers=parse_paper_table(papers),
        scale=scale,
        bar=bar,
        phrase=phrase,
        topics=topics,
        figures=build_index(figures),
        index=build_index(_list_phrases(topics)),
        languages=languages,
        phrase_languages=spoken,
    )


def _parse_topic(row: Mapping[str, Any], words: Mapping[str, tuple[str, ...]]) -> Topic:
    return Topic(
        name=str(row["name"]),
        title={str(language): str(text) for language, text in row["title"].items()},
        handling=Handling(row.get("handling", Handling.REDIRECT)),
        channels=tuple(map(str, row.get("channels", ()))),
        displaces=tuple(map(str, row.get("displaces", ()))),
        rules=tuple(_parse_rule(rule, words) for rule in row["rule"]),
    )


def _parse_rule(rule: Mapping[str, Any], words: Mapping[str, tuple[str, ...]]) -> TopicRule:
    beside = tuple(frozenset(_expand(rule[key], words)) for key in ("with", "also") if key in rule)
    return TopicRule(
        name=str(rule["name"]),
        phrases=frozenset(_expand((*rule.get("en", ()), *rule.get("es", ())), words)),
        beside=beside,
        without=frozenset(_expand(rule.get("without", ()), words)),
        unless=frozenset(_expand(rule.get("unless", ()), words)),
    )


def _expand(listed: Iterable[str], words: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return phrases with the lists that `@name` stands for put in, whole or as alternatives."""
    found: list[str] = []
    for item in listed:
        if item.startswith("@") and " " not in item:
            found += words[item[1:]]
        else:
            found.append(_NAMED.sub(lambda match: "|".join(words[match[1]]), item))
    return tuple(found)


def _list_phrases(topics: Iterable[Topic]) -> Iterator[Phrase]:
    for topic in topics:
        for rule in topic.rules:
            for text in (
                *rule.phrases,
                *rule.without,
                *rule.unless,
                *(p for group in rule.beside for p in group),
            ):
                yield parse_phrase(text)


def _check_names(topics: Sequence[Topic], scale: WordScale) -> None:
    names = [t.name for t in topics]
    urgent = {t.name for t in topics if t.handling is Handling.URGENT}
    unknown = {d for t in topics for d in t.displaces} - set(names) | (set(scale.topics) - urgent)
    if len(set(names)) < len(names) or unknown or not all(t.rules for t in topics):
        raise ParseError("bad_topics", f"A topic is there twice, or not at all: {sorted(unknown)}")
