"""How much a sentence sounds like a cry for help, by its words, whatever its wording.

Phrases know the wordings that somebody thought of; this hears the others. Every word, how it
begins, and every two words in a row have a weight, learned from sentences by
`tools/weigh_urgent_words.py`. The weights of what stands in a sentence are added: words of harm
weigh for a cry, words of courts, offices and things long past against it. A mark is what has a
weight: `bruises`, `brui…`, `his bruises`.

Outcomes: a `Weighed` for each sentence; `ParseError` for a file that is none.
Each word is looked up a few times and never compared with others, so the work grows as the text
does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from parsers.classification.phrases import END, MASK
from parsers.errors import ParseError

#: A sentence without an end is cut into pieces so long, each beginning within the one before.
_PIECE, _STEP = 40, 32
#: No word is longer to us.
_MAX_WORD = 30
#: So many letters at the beginning of a longer word count by themselves: endings differ.
BEGINNINGS = (4, 5, 6)
#: Topics that weigh so little less than the weightiest are named beside it.
_NEARLY = 1.0
#: How many of the marks that decided are told.
_TOLD = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class WordScale:
    """What words weigh."""

    source: bytes  #: the file
    start: float  #: the weight of a sentence in which nothing stands
    weights: Mapping[str, float]  #: by mark
    topics: Mapping[str, Mapping[str, float]]  #: what speaks for each topic, by mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """What one sentence weighs."""

    weight: float
    marks: frozenset[str]  #: what stands in it


def weigh_sentences(words: Sequence[str], scale: WordScale) -> dict[int, Weighed]:
    """Return what each sentence weighs, by its number: of a long one, its heaviest piece."""
    found: dict[int, Weighed] = {}
    weights = scale.weights
    for number, piece in cut_sentences(words):
        marks = find_marks(piece)
        weight = scale.start + sum([weights[mark] for mark in marks if mark in weights])
        if number not in found or weight > found[number].weight:
            found[number] = Weighed(weight=weight, marks=marks)
    return found


def choose_topics(weighed: Weighed, scale: WordScale) -> tuple[str, ...]:
    """Return the topic for which most speaks in a sentence, and those that come near it.

    Who is told of one line too many is helped all the same.
    """
    speaks = {
        topic: weights.get("", 0.0) + sum(weights.get(mark, 0.0) for mark in weighed.marks)
        for topic, weights in scale.topics.items()
    }
    least = max(speaks.values()) - _NEARLY
    return tuple(topic for topic, weight in speaks.items() if weight >= least)


def tell_marks(weighed: Weighed, scale: WordScale) -> tuple[str, ...]:
    """Return what decided, the weightiest first: words of our own table, none else of the author.

    No name is among them, since none is in the table.
    """
    heavy = sorted(
        (mark for mark in weighed.marks if mark in scale.weights),
        key=lambda mark: (-abs(scale.weights[mark]), mark),
    )
    return tuple(f"{scale.weights[mark]:+.1f} “{mark}”" for mark in heavy[:_TOLD])


def cut_sentences(words: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
    """Return the sentences with their numbers, long ones in pieces with the same number."""
    number = begin = 0
    for place in (*(i for i, word in enumerate(words) if word == END), len(words)):
        for first in range(begin, max(begin + 1, place - (_PIECE - _STEP)), _STEP):
            yield number, words[first : min(place, first + _PIECE)]
        number, begin = number + 1, place + 1


def find_marks(sentence: Sequence[str]) -> frozenset[str]:
    """Return what stands in a sentence: words, how they begin, and two in a row."""
    marks: set[str] = set()
    before = ""
    for typed in sentence:
        if typed == MASK:
            before = ""
            continue
        word = typed[:_MAX_WORD]
        marks.add(word)
        for length in BEGINNINGS:
            if len(word) > length:
                marks.add(f"{word[:length]}…")
        if before:
            marks.add(f"{before} {word}")
        before = word
    return frozenset(marks)


@cache
def parse_word_scale(source: bytes) -> WordScale:
    """Return the scale in a file of weights (JSON).

    Raises `ParseError` with the code `bad_word_scale` where it is none.
    """
    try:
        tree = json.loads(source)
        return WordScale(
            source=source,
            start=float(tree["start"]),
            weights=_read_weights(tree["weights"]),
            topics={str(name): _read_weights(row) for name, row in tree["topics"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"The weights of words cannot be read: {error}"
        raise ParseError("bad_word_scale", message) from error


def _read_weights(row: Mapping[str, Any]) -> dict[str, float]:
    return {str(mark): float(weight) for mark, weight in row.items()}
