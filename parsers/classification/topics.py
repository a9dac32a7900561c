"""What a mail is about, by an ordered table of topics and rules that is a data file.

A topic is known by its rules. A rule holds where one of its phrases stands in a sentence, with what
it wants beside it in that sentence or the next to it, and without what rules it out there. Figures
of speech are passed over before. Outcomes: a `TopicReading`, with the topics in the order of the
table, the rule that decided each, and the language; or `ParseError` for a file that is no table.

The own words of the mail are read, on top of every quotation, and its subject unless that is the
subject of what it answers. For what is urgent, words below a quotation and in a mail that was
forwarded count as well: whoever passes on a cry for help is to be heard.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from parsers.classification.phrases import (
    MAX_CHARACTERS,
    Phrase,
    PhraseIndex,
    build_index,
    find_phrases,
    mask_phrases,
    parse_phrase,
    split_words,
)
from parsers.errors import ParseError
from parsers.mail.message import InboundMessage
from parsers.replies.new_text import find_new_text
from parsers.values.typed_text import fold_words

#: What stands before the subject of a mail that is answered, or passed on.
_ANSWER = re.compile(r"\s*(?:(?:re|aw|sv|rif|r)(?:\[\d+\])?:\s*)", re.IGNORECASE)
_FORWARD = re.compile(r"\s*(?:(?:fw|fwd|rv|reenv|enc|wg|tr)(?:\[\d+\])?:\s*)", re.IGNORECASE)
_QUOTE_MARKS = re.compile(r"^[> ]+", re.MULTILINE)
#: A list of words within a phrase.
_NAMED = re.compile(r"@(\w+)")
#: How many of the mails attached to one are read.
_ATTACHED = 3


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
class FoundTopic:
    """A topic that a mail is about."""

    name: str
    rule: str
    handling: Handling
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicReading:
    """What a mail is about, and in which language it is written."""

    topics: tuple[FoundTopic, ...] = ()
    language: str = "en"

    def having(self, *handlings: Handling) -> tuple[FoundTopic, ...]:
        """Return the topics that are handled in one of these ways."""
        return tuple(t for t in self.topics if t.handling in handlings)


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicTable:
    """Every topic, in order, and how languages are told apart."""

    source: bytes  #: the file
    topics: tuple[Topic, ...]
    figures: PhraseIndex  #: of speech, that are passed over
    index: PhraseIndex  #: every phrase of every rule
    languages: Mapping[str, frozenset[str]]  #: the words by which each is known
    phrase_languages: Mapping[str, str]  #: the language of each phrase that has one

    def named(self, name: str) -> Topic:
        """Return the topic with that name; what was found by this table has one."""
        return next(t for t in self.topics if t.name == name)

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how a reader's process gets the table: by its file, parsed there once."""
        return parse_topic_table, (self.source,)


def read_topics(message: InboundMessage, table: TopicTable) -> TopicReading:
    """Return what a mail is about and its language, in time linear in its length."""
    own = _find_own_words(message)
    others = _find_others_words(message)
    reading = read_text(own, table)
    if not others:
        return reading
    passed_on = read_text(f"{own}\n\n{others}", table)
    return TopicReading(
        topics=_order(
            (*reading.topics, *passed_on.having(Handling.URGENT)),
            table,
        ),
        language=reading.language if own.strip() else passed_on.language,
    )


def read_text(text: str, table: TopicTable) -> TopicReading:
    """Return what a text is about and its language."""
    words = split_words(text)
    hits = find_phrases(mask_phrases(words, table.figures), table.index)
    found = [
        FoundTopic(name=t.name, rule=rule, handling=t.handling, channels=t.channels)
        for t in table.topics
        for rule in _find_rule(t, hits)
    ]
    return TopicReading(topics=_order(found, table), language=_find_language(words, hits, table))


def _find_own_words(message: InboundMessage) -> str:
    subject = "" if _is_passed_on(message.subject) else message.subject
    new = find_new_text(message)
    return f"{subject}\n\n{new.text or chr(10).join(new.below)}"


def _is_passed_on(subject: str) -> bool:
    return bool(_ANSWER.match(subject) or _FORWARD.match(subject))


def _find_others_words(message: InboundMessage) -> str:
    """Return what counts only where it is urgent."""
    parts = [message.subject] if _is_passed_on(message.subject) else []
    parts += find_new_text(message).below
    if _FORWARD.match(message.subject):
        parts.append(_QUOTE_MARKS.sub("", (message.text or "")[:MAX_CHARACTERS]))
    return "\n".join(parts)


def _find_rule(topic: Topic, hits: Mapping[str, frozenset[int]]) -> Iterator[str]:
    rule = next((rule for rule in topic.rules if _holds(rule, hits)), None)
    if rule is not None:
        yield rule.name


def _holds(rule: TopicRule, hits: Mapping[str, frozenset[int]]) -> bool:
    places = _places(rule.phrases, hits)
    if not places or not rule.unless.isdisjoint(hits):
        return False
    places -= _places(rule.without, hits)
    for group in rule.beside:
        near = _places(group, hits)
        places = {n for n in places if near & {n - 1, n, n + 1}}
    return bool(places)


def _places(phrases: frozenset[str], hits: Mapping[str, frozenset[int]]) -> set[int]:
    return {number for phrase in hits.keys() & phrases for number in hits[phrase]}


def _order(found: Sequence[FoundTopic], table: TopicTable) -> tuple[FoundTopic, ...]:
    """Return topics each once, in the table's order, without those that others displace."""
    by_name = {topic.name: topic for topic in reversed(found)}
    displaced = {d for t in table.topics if t.name in by_name for d in t.displaces}
    names = (t.name for t in table.topics)
    return tuple(by_name[n] for n in names if n in by_name and n not in displaced)


def _find_language(
    words: Sequence[str], hits: Mapping[str, frozenset[int]], table: TopicTable
) -> str:
    """Return the language most of whose words stand in the text; the table's first where none."""
    scores = dict.fromkeys(table.languages, 0)
    for language, known in table.languages.items():
        scores[language] = sum(word in known for word in words)
    for phrase in hits:
        language = table.phrase_languages.get(phrase, "")
        if language in scores:
            scores[language] += 1
    return max(scores, key=lambda language: scores[language], default="en")


@cache
def parse_topic_table(data: bytes) -> TopicTable:
    """Return the table in a TOML file.

    Raises `ParseError` with the code `bad_topics` or `bad_phrase` where it is none.
    """
    try:
        tree = tomllib.loads(data.decode("utf-8"))
        words = {str(name): tuple(map(str, listed)) for name, listed in tree["words"].items()}
        topics = tuple(_parse_topic(row, words) for row in tree["topic"])
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
    _check_names(topics)
    return TopicTable(
        source=data,
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


def _check_names(topics: Sequence[Topic]) -> None:
    names = [t.name for t in topics]
    unknown = {d for t in topics for d in t.displaces} - set(names)
    if len(set(names)) < len(names) or unknown or not all(t.rules for t in topics):
        raise ParseError("bad_topics", f"A topic is there twice, or not at all: {sorted(unknown)}")
