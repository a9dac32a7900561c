"""Phrases looked for in what people write, without case, accents and punctuation.

A phrase is words in a row. In each place there may be alternatives (`jail|prison`), the beginning
of a word (`detain*`), or a word that may be missing (`own?`); `..` stands for up to four words of
any kind. A phrase never runs over the end of a sentence. `find_phrases` reads a text once, whatever
it holds: at each word only the phrases are tried that begin with it.

Outcomes: the sentences, counted from 0, in which each phrase stands; `ParseError` for a phrase that
is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from parsers.errors import ParseError
from parsers.values.typed_text import fold_words

#: How many words `..` stands for at most.
_GAP = 4
#: No more of a text is read: what a person writes is far shorter.
MAX_CHARACTERS = 100_000

#: A word, or the end of a sentence; a point within a number or a name of letters ends none, nor
#: does a colon, behind which a label's value stands.
_TOKEN = re.compile(r"[^\W_]+|[.!?;](?=\s|$)")
_PARAGRAPH_END = re.compile(r"\n[ \t>*-]*\n")
_SLOT_WORD = re.compile(r"[a-z0-9]+\*?")
#: What stands for the end of a sentence, and for a word that is passed over; no word is like them.
END = "."
MASK = "_"


@dataclass(frozen=True, slots=True)
class _Slot:
    """One place of a phrase."""

    words: frozenset[str] = frozenset()
    stems: tuple[str, ...] = ()
    is_optional: bool = False
    is_gap: bool = False

    def fits(self, word: str) -> bool:
        return word in self.words or (bool(self.stems) and word.startswith(self.stems))


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words in a row."""

    text: str  #: as it was written in its table
    slots: tuple[_Slot, ...]

    def find_end(self, words: Sequence[str], start: int) -> int | None:
        """Return where the phrase ends that begins at word `start`, or None."""
        return self._match(words, start, 0)

    def may_stand(self, known: AbstractSet[str]) -> bool:
        """Whether every place has a word among `known`; beginnings of words are let pass."""
        return not any(
            slot.words.isdisjoint(known)
            for slot in self.slots
            if not (slot.stems or slot.is_optional or slot.is_gap)
        )

    def _match(self, words: Sequence[str], at: int, place: int) -> int | None:
        if place == len(self.slots):
            return at
        slot = self.slots[place]
        if slot.is_gap:
            return self._match_after_gap(words, at, place + 1)
        if at < len(words) and slot.fits(words[at]):
            end = self._match(words, at + 1, place + 1)
            if end is not None:
                return end
        return self._match(words, at, place + 1) if slot.is_optional else None

    def _match_after_gap(self, words: Sequence[str], at: int, place: int) -> int | None:
        for passed in range(_GAP + 1):
            if END in words[at : at + passed]:
                return None
            end = self._match(words, at + passed, place)
            if end is not None:
                return end
        return None


@dataclass(frozen=True, slots=True)
class PhraseIndex:
    """Phrases by what they begin with."""

    by_word: Mapping[str, tuple[Phrase, ...]]
    by_stem: Mapping[str, tuple[Phrase, ...]]  #: by the first `_STEM` letters of a stem

    def list_candidates(self, word: str) -> tuple[Phrase, ...]:
        """Return the phrases that may begin with a word."""
        return self.by_word.get(word, ()) + self.by_stem.get(word[:_STEM], ())


#: By how many letters stems are looked up; no stem at the beginning of a phrase is shorter.
_STEM = 3


def parse_phrase(text: str) -> Phrase:
    """Return the phrase that a table writes so; raise `ParseError` (`bad_phrase`) for none."""
    slots = tuple(_parse_slot(part, text) for part in text.split())
    if not slots or slots[0].is_gap or slots[0].is_optional or slots[-1].is_gap:
        raise ParseError("bad_phrase", f"A phrase begins and ends with words: {text!r}")
    if any(len(stem) < _STEM for stem in slots[0].stems):
        raise ParseError("bad_phrase", f"The first word is too short a beginning: {text!r}")
    return Phrase(text, slots)


def _parse_slot(part: str, text: str) -> _Slot:
    if part == "..":
        return _Slot(is_gap=True)
    is_optional = part.endswith("?")
    alternatives = [_fold(a) for a in part.removesuffix("?").split("|")]
    if not all(_SLOT_WORD.fullmatch(a) for a in alternatives):
        raise ParseError("bad_phrase", f"Not words of letters and digits: {text!r}")
    return _Slot(
        words=frozenset(a for a in alternatives if not a.endswith("*")),
        stems=tuple(a.removesuffix("*") for a in alternatives if a.endswith("*")),
        is_optional=is_optional,
    )


def build_index(phrases: Iterable[Phrase]) -> PhraseIndex:
    """Return the phrases by what they begin with, each once."""
    by_word: dict[str, list[Phrase]] = {}
    by_stem: dict[str, list[Phrase]] = {}
    for phrase in dict.fromkeys(phrases):
        for word in phrase.slots[0].words:
            by_word.setdefault(word, []).append(phrase)
        for head in {stem[:_STEM] for stem in phrase.slots[0].stems}:
            by_stem.setdefault(head, []).append(phrase)
    return PhraseIndex(
        by_word={word: tuple(found) for word, found in by_word.items()},
        by_stem={head: tuple(found) for head, found in by_stem.items()},
    )


def split_words(text: str) -> list[str]:
    """Return the folded words of a text in order, with a mark where a sentence ends."""
    marked = _PARAGRAPH_END.sub(" . ", text[:MAX_CHARACTERS])
    return [END if word in ".!?;" else word for word in _TOKEN.findall(_fold(marked))]


def mask_phrases(words: Sequence[str], index: PhraseIndex) -> list[str]:
    """Return the words with those of the phrases in `index` passed over: figures of speech, say."""
    masked = list(words)
    for _, start, end in _find(words, index):
        masked[start:end] = [MASK] * (end - start)
    return masked


def find_phrases(words: Sequence[str], index: PhraseIndex) -> dict[str, frozenset[int]]:
    """Return the sentences in which each phrase of `index` stands, by the phrase's text."""
    sentences = _number_sentences(words)
    found: dict[str, set[int]] = {}
    for phrase, start, _ in _find(words, index):
        found.setdefault(phrase.text, set()).add(sentences[start])
    return {text: frozenset(numbers) for text, numbers in found.items()}


def find_starts(words: Sequence[str], index: PhraseIndex) -> dict[str, list[int]]:
    """Return the places, counted in words from 0, where each phrase of `index` begins."""
    found: dict[str, list[int]] = {}
    for phrase, start, _ in _find(words, index):
        found.setdefault(phrase.text, []).append(start)
    return found


def _find(words: Sequence[str], index: PhraseIndex) -> Iterator[tuple[Phrase, int, int]]:
    known = set(words)
    # Of the phrases that begin with a word, few have all their other words in the same text.
    likely = {
        word: tuple(p for p in index.list_candidates(word) if p.may_stand(known)) for word in known
    }
    for start, word in enumerate(words):
        for phrase in likely[word]:
            end = phrase.find_end(words, start)
            if end is not None:
                yield phrase, start, end


def _number_sentences(words: Sequence[str]) -> list[int]:
    number, numbers = 0, []
    for word in words:
        numbers.append(number)
        number += word == END
    return numbers


def _fold(text: str) -> str:
    # "don't" is one word, and so is the possessive of "guard".
    return fold_words(text).replace("'", "")
