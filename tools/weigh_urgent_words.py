"""Learns what words weigh in a cry for help, from sentences, and measures what was learned.

Outcomes: `config/topics/word_weights.json`, and on the terminal what share of the cries is heard at
bars that let few ordinary sentences ring: on five parts each kept from the learning in turn, and on
the sentences by other hands that are never learned from. The weights are those of a logistic
regression with a penalty on their squares (Hastie, Tibshirani and Friedman, The Elements of
Statistical Learning, 4.4), found by Nesterov's accelerated gradient descent. A mark is taken for
worth the more the more unevenly it stands in the two kinds (Wang and Manning, Baselines and
Bigrams, ACL 2012). Small weights are left out.

Of a cry of several sentences it is not known which is the one: it is learned from whole first, and
then from the sentence that weighs most by that, so that what people write around a cry does not
come to sound like one (Andrews, Tsochantaridis and Hofmann, Support Vector Machines for
Multiple-Instance Learning, NIPS 2002).

Run it as `python -m tools.weigh_urgent_words` after a change to the sentences
(`tests/specimens/urgent/`); `--misses` shows what was missed among those that were learned from.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from config.data import read_data
from parsers.classification.phrases import build_index, mask_phrases, parse_phrase, split_words
from parsers.classification.weighing import BEGINNINGS, cut_sentences, find_marks
from parsers.values.typed_text import fold_words
from tests.specimens.urgent_sentences import NOTHING, Sentence, read_sentences
from tests.unit.test_topics import PLAIN, TRAPS
from tests.unit.test_urgent_wordings import COURT_LANGUAGE, CRIES

TARGET = Path(__file__).resolve().parent.parent / "config" / "topics" / "word_weights.json"

#: How much the square of a weight costs.
_PENALTY = 1.0
#: A mark that stands in fewer sentences teaches nothing; a weight below this is left out.
_RARE, _LIGHT = 3, 0.1
#: A topic is told by few marks.
_LIGHT_FOR_TOPIC = 0.3
_STEPS = 400
_PARTS = 5
_SHARES = (0.01, 0.02, 0.03, 0.05)

_TOPICS = ("self_harm", "danger_to_life", "abuse_in_detention", "trafficking")
#: A word with a capital inside a sentence.
_CAPITAL = re.compile(r"(?<=[a-záéíóúñü,;] )[A-ZÁÉÍÓÚÑ][a-záéíóúñü]+")
_SMALL = re.compile(r"\b[a-záéíóúñü]+\b")

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """A text to learn from."""

    text: str
    topic: str
    sentences: tuple[frozenset[str], ...]  #: the marks of each

    @cached_property
    def marks(self) -> frozenset[str]:
        """What stands in any of its sentences."""
        return frozenset().union(*self.sentences)

    @property
    def is_cry(self) -> bool:
        """Whether somebody has to be woken."""
        return self.topic != NOTHING

    @property
    def part(self) -> int:
        """The part of the lessons it is in, the same whatever the others are."""
        return sha256(self.text.encode()).digest()[1] % _PARTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What marks weigh."""

    start: float
    weights: Mapping[str, float]

    def weigh(self, marks: Iterable[str]) -> float:
        """Return what marks weigh together."""
        return self.start + sum(self.weights.get(mark, 0.0) for mark in marks)

    def keep_heaviest(self, lesson: Lesson) -> Lesson:
        """Return a lesson of one sentence, the one that weighs most."""
        return replace(lesson, sentences=(max(lesson.sentences, key=self.weigh),))


@dataclass(frozen=True)
class Standing:
    """Which marks stand in which lessons."""

    lessons: Sequence[Lesson]
    marks: Sequence[str]
    wanted: NDArray[np.bool_]  #: of each lesson

    @cached_property
    def _places(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        column = {mark: i for i, mark in enumerate(self.marks)}
        pairs = [
            (row, column[mark])
            for row, lesson in enumerate(self.lessons)
            for mark in lesson.marks
            if mark in column
        ]
        rows, columns = np.array(pairs, dtype=np.intp).T
        return rows, columns

    @cached_property
    def worth(self) -> Floats:
        """How unevenly each mark stands in lessons that are wanted and others, as a logarithm."""
        rows, columns = self._places
        among = [
            (np.bincount(columns, kind[rows], len(self.marks)) + 1.0) / kind.sum()
            for kind in (self.wanted, ~self.wanted)
        ]
        return np.abs(np.log(among[0] / among[1]))

    def add_up(self, weights: Floats) -> Floats:
        """Return what each lesson weighs."""
        rows, columns = self._places
        return np.bincount(rows, (weights * self.worth)[columns], len(self.lessons))

    def gather(self, values: Floats) -> Floats:
        """Return for each mark the sum of its lessons' values, by its worth."""
        rows, columns = self._places
        return np.bincount(columns, values[rows], len(self.marks)) * self.worth


def learn_cries(lessons: Sequence[Lesson]) -> Learned:
    """Return the weights that tell sentences that cry for help from all others."""
    wanted = [lesson.is_cry for lesson in lessons]
    whole = learn(lessons, wanted)
    return learn([whole.keep_heaviest(lesson) for lesson in lessons], wanted)


def learn(lessons: Sequence[Lesson], wanted: Sequence[bool], *, light: float = _LIGHT) -> Learned:
    """Return the weights that tell the lessons that are `wanted` from the others."""
    counts = Counter(mark for lesson in lessons for mark in lesson.marks)
    marks = sorted(mark for mark, count in counts.items() if count >= _RARE)
    standing = Standing(lessons, marks, np.array(wanted))
    weights, start = _descend(standing)
    heavy = zip(marks, weights * standing.worth, strict=True)
    kept = {m: round(float(w), 2) for m, w in heavy if abs(w) >= light}
    return Learned(start=round(start, 2), weights=kept)


def _descend(standing: Standing) -> tuple[Floats, float]:
    """Return the weights of least loss, and the start, which costs nothing."""
    wanted = standing.wanted.astype(np.float64)
    steepness = 0.25 * (_find_norm(standing) * 1.1 + 0.2 * len(wanted)) + _PENALTY
    now, ahead = np.zeros(len(standing.marks)), np.zeros(len(standing.marks))
    start = start_ahead = 0.0
    pace = 1.0
    for _ in range(_STEPS):
        off = 1.0 / (1.0 + np.exp(-(standing.add_up(ahead) + start_ahead))) - wanted
        then = ahead - (standing.gather(off) + _PENALTY * ahead) / steepness
        start_then = start_ahead - float(off.sum()) / steepness
        next_pace = (1 + (1 + 4 * pace * pace) ** 0.5) / 2
        push = (pace - 1) / next_pace
        ahead, start_ahead = then + push * (then - now), start_then + push * (start_then - start)
        now, start, pace = then, start_then, next_pace
    return now, start


def _find_norm(standing: Standing) -> float:
    """Return the greatest eigenvalue of what the marks have in common (power iteration)."""
    vector = np.ones(len(standing.marks))
    size = 1.0
    for _ in range(20):
        vector = standing.gather(standing.add_up(vector))
        size = float(np.linalg.norm(vector)) or 1.0
        vector /= size
    return size


def read_lessons(
    sentences: Iterable[tuple[str, str]], names: frozenset[str] = frozenset()
) -> list[Lesson]:
    """Return topics and texts with what stands in them, as the mail of people is read.

    An ordinary text of several sentences is as many lessons, a cry is one. No name is a mark.
    """
    tree = tomllib.loads(read_data("topics/topics.toml").decode())
    figures = build_index([parse_phrase(text) for text in tree["figures"]])
    found = []
    for topic, text in sentences:
        words = mask_phrases(split_words(text), figures)
        pieces = [drop_names(find_marks(piece), names) for _, piece in cut_sentences(words)]
        known = tuple(marks for marks in pieces if marks)
        parted = [(marks,) for marks in known] if topic == NOTHING else [known]
        found += [Lesson(text=text, topic=topic, sentences=part) for part in parted if part]
    return found


def drop_names(marks: frozenset[str], names: frozenset[str]) -> frozenset[str]:
    """Return marks without those that hold a name, or how one begins."""
    return frozenset(m for m in marks if names.isdisjoint(m.split(" ")))


def find_names(texts: Iterable[str]) -> frozenset[str]:
    """Return the words that, inside sentences, have a capital more often than not.

    With them go the beginnings that no other word has.
    """
    joined = "\n".join(texts)
    capital = Counter(fold_words(word) for word in _CAPITAL.findall(joined))
    small = Counter(fold_words(word) for word in _SMALL.findall(joined))
    names = {word for word, count in capital.items() if count > small[word]}
    beginnings = {f"{word[:n]}…" for word in small.keys() - names for n in BEGINNINGS}
    heads = {f"{name[:n]}…" for name in names for n in BEGINNINGS if len(name) > n}
    return frozenset(names | (heads - beginnings))


def list_known_sentences() -> list[tuple[str, str]]:
    """Return topic and text of all that may be learned from: the sentences, and older tables."""
    cries = [(topic, text) for text, topic in CRIES]
    traps = [(_find_urgent(topics), text) for text, topics in (*TRAPS, *PLAIN)]
    courts = [(NOTHING, text) for text in COURT_LANGUAGE.strip().splitlines()]
    own = [(s.topic, s.text) for s in read_sentences() if not s.is_kept]
    return [*own, *cries, *courts, *traps]


def _find_urgent(topics: str) -> str:
    named = [t.removesuffix("_in_detention") if "traff" in t else t for t in topics.split()]
    return next((topic for topic in named if topic in _TOPICS), NOTHING)


def measure(pairs: Iterable[tuple[Lesson, float]]) -> str:
    """Return what share is heard at bars that let a few in a hundred ordinary ones ring."""
    rows = list(pairs)
    cries = np.array([w for s, w in rows if s.is_cry])
    others = np.sort([w for s, w in rows if not s.is_cry])[::-1]
    told = []
    for share in _SHARES:
        bar = others[int(share * len(others))]
        told.append(f"{np.mean(cries > bar):.1%} at {share:.0%} (bar {bar:.2f})")
    return f"{len(cries)} cries, {len(others)} ordinary: heard " + ", ".join(told)


def _try_parts(lessons: Sequence[Lesson]) -> list[tuple[Lesson, float]]:
    found = []
    for part in range(_PARTS):
        others = [s for s in lessons if s.part != part]
        learned = learn_cries(others)
        found += [(s, max(map(learned.weigh, s.sentences))) for s in lessons if s.part == part]
    return found


def _learn_topics(lessons: Sequence[Lesson]) -> dict[str, dict[str, float]]:
    """Return what speaks for each topic among cries."""
    cries = [s for s in lessons if s.is_cry]
    found = {}
    for topic in _TOPICS:
        learned = learn(cries, [s.topic == topic for s in cries], light=_LIGHT_FOR_TOPIC)
        found[topic] = {"": learned.start, **learned.weights}
    return found


def _measure_kept(sentences: Iterable[Sentence], learned: Learned) -> str:
    """Measure texts as they are read: by the heaviest of their sentences."""
    found = []
    for kept in sentences:
        lessons = read_lessons([(kept.topic, kept.text)])
        pieces = [marks for lesson in lessons for marks in lesson.sentences]
        found.append((lessons[0], max(map(learned.weigh, pieces))))
    return measure(found)


def main(arguments: Sequence[str]) -> None:
    """Learn, write the weights, and say what they are worth."""
    known = list_known_sentences()
    lessons = read_lessons(known, find_names(text for _, text in known))
    tried = _try_parts(lessons)
    print("parts kept in turn:", measure(tried))
    if "--misses" in arguments:
        for lesson, weight in sorted(tried, key=lambda row: row[1]):
            if lesson.is_cry != (weight > 0):
                print(f"{weight:6.2f} {lesson.topic[:6]} {lesson.text}")
    learned = learn_cries(lessons)
    print("by other hands:", _measure_kept((s for s in read_sentences() if s.is_kept), learned))
    tree = {
        "made_of": find_sources_digest(),
        "start": learned.start,
        "weights": learned.weights,
        "topics": _learn_topics(lessons),
    }
    TARGET.write_text(json.dumps(tree, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{len(learned.weights)} weights in {TARGET.name}")


def find_sources_digest() -> str:
    """Return a digest of all that the weights are learned from."""
    return sha256(json.dumps(list_known_sentences()).encode()).hexdigest()


if __name__ == "__main__":
    main(sys.argv[1:])
