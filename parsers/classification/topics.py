"""What a mail is about, by an ordered table of topics and rules that is a data file.

A topic is known by its rules. A rule holds where one of its phrases stands in a sentence, with what
it wants beside it in that sentence or the next to it, and without what rules it out there. Figures
of speech are passed over before. Urgent topics are also heard by the weight of the words in a
sentence, without any phrase; and a phrase of theirs counts for little where the words of the
sentence speak against it. Outcomes: a `TopicReading`, with the topics in the order of the table,
the rule that decided each, and the language.

The own words of the mail are read, on top of every quotation, and its subject unless that is the
subject of what it answers. For what is urgent, words below a quotation and in a mail that was
forwarded count as well: whoever passes on a cry for help is to be heard.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log

from parsers.classification.phrases import (
    MAX_CHARACTERS,
    find_phrases,
    mask_phrases,
    split_words,
)
from parsers.classification.topic_table import Handling, Topic, TopicRule, TopicTable
from parsers.classification.weighing import (
    Weighed,
    choose_topics,
    tell_marks,
    weigh_sentences,
)
from parsers.mail.message import InboundMessage
from parsers.replies.new_text import find_new_text

#: The rule by which a topic is heard without any phrase.
WEIGHED_WORDS = "weighed_words"

#: What stands before the subject of a mail that is answered, or passed on.
_ANSWER = re.compile(r"\s*(?:(?:re|aw|sv|rif|r)(?:\[\d+\])?:\s*)", re.IGNORECASE)
_FORWARD = re.compile(r"\s*(?:(?:fw|fwd|rv|reenv|enc|wg|tr)(?:\[\d+\])?:\s*)", re.IGNORECASE)
_QUOTE_MARKS = re.compile(r"^[> ]+", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTopic:
    """A topic that a mail is about."""

    name: str
    rule: str
    handling: Handling
    channels: tuple[str, ...]
    words: tuple[str, ...] = ()  #: what weighed most, where words were weighed


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicReading:
    """What a mail is about, and in which language it is written."""

    topics: tuple[FoundTopic, ...] = ()
    language: str = "en"

    def having(self, *handlings: Handling) -> tuple[FoundTopic, ...]:
        """Return the topics that are handled in one of these ways."""
        return tuple(t for t in self.topics if t.handling in handlings)


def read_topics(message: InboundMessage, table: TopicTable) -> TopicReading:
    """Return what a mail is about and its language, in time linear in its length."""
    own = _find_own_words(message)
    others = _find_others_words(message)
    reading = read_text(own, table)
    if not others:
        return reading
    passed_on = read_text(f"{own}\n\n{others}", table)
    return TopicReading(
        topics=order_topics(
            (*reading.topics, *passed_on.having(Handling.URGENT)),
            table,
        ),
        language=reading.language if own.strip() else passed_on.language,
    )


def read_text(text: str, table: TopicTable, *, is_paper: bool = False) -> TopicReading:
    """Return what a text is about and its language.

    Of a paper, which may be long and about anything, a sentence has to weigh the more the more of
    them there are: in every long one some sentence weighs much by chance.
    """
    words = split_words(text)
    masked = mask_phrases(words, table.figures)
    hits = find_phrases(masked, table.index)
    found = [
        _build_found(topic, rule.name)
        for topic in table.topics
        if topic.handling is not Handling.URGENT
        for rule, _ in _find_rules(topic, hits)
    ]
    found += _hear(masked, hits, table, is_paper=is_paper)
    return TopicReading(
        topics=order_topics(found, table), language=_find_language(words, hits, table)
    )


def _hear(
    masked: Sequence[str],
    hits: Mapping[str, frozenset[int]],
    table: TopicTable,
    *,
    is_paper: bool,
) -> list[FoundTopic]:
    """Return the urgent topics: those of phrases the words do not speak against, else of words."""
    weighed = weigh_sentences(masked, table.scale)
    heard: list[FoundTopic] = []
    for topic in table.topics:
        if topic.handling is Handling.URGENT:
            heard += _hear_phrases(topic, hits, weighed, table)
    if heard or not weighed:
        return heard
    heaviest = max(weighed.values(), key=lambda sentence: sentence.weight)
    if heaviest.weight <= table.bar + (log(len(weighed)) if is_paper else 0.0):
        return []
    words = tell_marks(heaviest, table.scale)
    return [
        _build_found(table.named(name), WEIGHED_WORDS, words)
        for name in choose_topics(heaviest, table.scale)
    ]


def _hear_phrases(
    topic: Topic,
    hits: Mapping[str, frozenset[int]],
    weighed: Mapping[int, Weighed],
    table: TopicTable,
) -> Iterator[FoundTopic]:
    for rule, places in _find_rules(topic, hits):
        heaviest = max((weighed[n] for n in places), key=lambda sentence: sentence.weight)
        if heaviest.weight + table.phrase > table.bar:
            yield _build_found(topic, rule.name, tell_marks(heaviest, table.scale))


def _build_found(topic: Topic, rule: str, words: tuple[str, ...] = ()) -> FoundTopic:
    return FoundTopic(
        name=topic.name, rule=rule, handling=topic.handling, channels=topic.channels, words=words
    )


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


def _find_rules(
    topic: Topic, hits: Mapping[str, frozenset[int]]
) -> Iterator[tuple[TopicRule, set[int]]]:
    """Return the rules that hold, each with the sentences in which it does."""
    for rule in topic.rules:
        places = _find_places(rule, hits)
        if places:
            yield rule, places


def _find_places(rule: TopicRule, hits: Mapping[str, frozenset[int]]) -> set[int]:
    places = _places(rule.phrases, hits)
    if not places or not rule.unless.isdisjoint(hits):
        return set()
    places -= _places(rule.without, hits)
    for group in rule.beside:
        near = _places(group, hits)
        places = {n for n in places if near & {n - 1, n, n + 1}}
    return places


def _places(phrases: frozenset[str], hits: Mapping[str, frozenset[int]]) -> set[int]:
    return {number for phrase in hits.keys() & phrases for number in hits[phrase]}


def order_topics(found: Sequence[FoundTopic], table: TopicTable) -> tuple[FoundTopic, ...]:
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
