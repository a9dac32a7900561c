"""What a question to a requester must not say: a person, a number, a date, or that a record exists.

Outcome: the words to mark, in the order in which they stand in the question, none when it may be
asked. The ready questions pass by being ready. It prefers to mark too much: the reviewer words it
anew.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from parsers.errors import ParseError
from parsers.values.typed_text import fold_name

_Span = tuple[int, int]

#: A number of this shape is somebody's, whether or not the file holds it: A-numbers and SSNs.
_PERSONAL_NUMBER = re.compile(
    r"\b[Aa][- ]?[0-9]{2,3}[- ]?[0-9]{3}[- ]?[0-9]{3}\b"
    r"|\b[0-9]{3}[- ][0-9]{2}[- ][0-9]{4}\b|\b[0-9]{7,}\b"
)
_NUMERIC_DATE = re.compile(r"\b([0-9]{1,4})[-/. ]{1,2}([0-9]{1,2})[-/. ]{1,2}([0-9]{2,4})\b")
_WORD = re.compile(r"[^\W_]+")
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_PERIOD = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}/[0-9]{4}-[0-9]{2}-[0-9]{2}")

_MONTHS = (
    ("january", "jan", "enero", "ene"),
    ("february", "feb", "febrero"),
    ("march", "mar", "marzo"),
    ("april", "apr", "abril", "abr"),
    ("may", "mayo"),
    ("june", "jun", "junio"),
    ("july", "jul", "julio"),
    ("august", "aug", "agosto", "ago"),
    ("september", "sept", "sep", "septiembre"),
    ("october", "oct", "octubre"),
    ("november", "nov", "noviembre"),
    ("december", "dec", "diciembre", "dic"),
)
_MONTH_NUMBER = {name: n for n, names in enumerate(_MONTHS, 1) for name in names}

#: Parts of names that are ordinary words, or mean that the name is not known.
_NOT_NAMES = frozenset(
    {
        *("de", "del", "la", "las", "los", "el", "y", "e", "da", "das", "do", "dos", "van", "von"),
        *("der", "den", "the", "of", "and", "viuda", "fnu", "lnu", "nmn", "doe", "unknown"),
        *("jr", "sr", "ii", "iii", "iv", "mr", "mrs", "ms", "dr", "san", "santa"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionVocabulary:
    """The questions that may be asked by name, and the words that none may hold."""

    ready: Mapping[str, str]  #: sentences by folded name
    implies: frozenset[str]  #: folded words and phrases that say or suggest that a record exists


def parse_question_vocabulary(data: bytes) -> QuestionVocabulary:
    """Return the vocabulary in a TOML file; raise `ParseError` (`bad_questions`) otherwise."""
    try:
        tree = tomllib.loads(data.decode("utf-8"))
        ready = {fold_name(name): str(text).strip() for name, text in tree["ready"].items()}
        implies = frozenset(fold_name(str(phrase)) for phrase in tree["implies"]) - {""}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ParseError("bad_questions", f"The questions cannot be read: {error}") from error
    return QuestionVocabulary(ready=ready, implies=implies)


def check_question(
    question: str, *, forbidden: Sequence[str], vocabulary: QuestionVocabulary
) -> tuple[str, ...]:
    """Return the words of a question to mark, each once, as written; none when it may be asked.

    `forbidden` are the names, numbers and dates of the file, dates in ISO 8601. A name is found by
    any of its parts, a number however it is grouped, a date however it is written.
    """
    text = _without_ready(question, vocabulary)
    words = _folded_words(text)
    spans = [m.span() for m in _PERSONAL_NUMBER.finditer(text)]
    spans += _find_phrases(words, vocabulary.implies)
    days = [day for item in forbidden for day in _find_days(item)]
    spans += _find_dates(text, words, days)
    numbers = {n for item in forbidden if not _is_date(item) for n in _number_forms(item)}
    spans += _find_numbers(text, numbers)
    names = {part for item in forbidden if not _is_date(item) for part in _name_parts(item)}
    spans += [span for word, span in words if word in names]
    spans += _find_joined_names(words, forbidden)
    return tuple(dict.fromkeys(text[a:b].strip() for a, b in _merge(spans)))


def _without_ready(question: str, vocabulary: QuestionVocabulary) -> str:
    for sentence in vocabulary.ready.values():
        question = question.replace(sentence, " ")
    return question


def _folded_words(text: str) -> list[tuple[str, _Span]]:
    """Return the words of `text`, folded, with where they stand."""
    return [(fold_name(m[0]), m.span()) for m in _WORD.finditer(text)]


def _find_phrases(words: Sequence[tuple[str, _Span]], phrases: frozenset[str]) -> Iterator[_Span]:
    lengths = sorted({len(phrase.split()) for phrase in phrases})
    for index in range(len(words)):
        for length in lengths:
            part = words[index : index + length]
            if len(part) == length and " ".join(word for word, _ in part) in phrases:
                yield part[0][1][0], part[-1][1][1]


def _is_date(item: str) -> bool:
    return bool(_ISO.fullmatch(item.strip()) or _PERIOD.fullmatch(item.strip()))


def _find_days(item: str) -> Iterator[date]:
    if not _is_date(item):
        return
    for year, month, day in _ISO.findall(item):
        try:
            yield date(int(year), int(month), int(day))
        except ValueError:
            continue


def _find_dates(
    text: str, words: Sequence[tuple[str, _Span]], days: Sequence[date]
) -> Iterator[_Span]:
    for found in _NUMERIC_DATE.finditer(text):
        if any(_is_same_day(found.groups(), day) for day in days):
            yield found.span()
    # A month's name beside the day of the month says the date, with or without its year.
    by_month = {(day.month, str(day.day)) for day in days}
    for (left, left_span), (right, right_span) in _near_pairs(words):
        for name, number in ((left, right), (right, left)):
            month = _MONTH_NUMBER.get(name)
            if month and (month, _day_number(number)) in by_month:
                yield min(left_span[0], right_span[0]), max(left_span[1], right_span[1])


def _near_pairs(
    words: Sequence[tuple[str, _Span]],
) -> Iterator[tuple[tuple[str, _Span], tuple[str, _Span]]]:
    """Yield every word with the next two: "10 March", "10 de marzo"."""
    for index, word in enumerate(words):
        for other in words[index + 1 : index + 3]:
            yield word, other


def _day_number(word: str) -> str:
    for ending in ("st", "nd", "rd", "th"):
        word = word.removesuffix(ending)
    return word.lstrip("0")


def _is_same_day(parts: tuple[str, ...], day: date) -> bool:
    """Return whether three numbers can be read as `day`, in any of the three usual orders."""
    numbers = [int(p) for p in parts]
    year = {day.year, day.year % 100}
    a, b, c = numbers
    ordered = ((a, b, c), (c, a, b), (c, b, a))
    return any(y in year and (m, d) == (day.month, day.day) for y, m, d in ordered)


def _number_forms(item: str) -> Iterator[str]:
    """Yield the forms of an identifier without separators; short ones and names have none."""
    bare = "".join(c for c in item.casefold() if c.isalnum() and c.isascii())
    digits = sum(c.isdigit() for c in bare)
    if digits < 3:
        return
    if len(bare) >= 4:
        yield bare
    national = bare[1:] if len(bare) == 11 and bare.startswith("1") else bare
    for form in (national, bare.lstrip("a"), bare.lstrip("a").lstrip("0")):
        if form.isdigit() and len(form) >= 6:
            yield form


def _find_numbers(text: str, numbers: set[str]) -> Iterator[_Span]:
    """Find identifiers in `text` however spaces, hyphens and dots group them."""
    kept = [(c.casefold(), i) for i, c in enumerate(text) if c.isascii() and c.isalnum()]
    bare = "".join(c for c, _ in kept)
    for number in numbers:
        at = bare.find(number)
        while at >= 0:
            start, end = kept[at][1], kept[at + len(number) - 1][1] + 1
            if _stands_alone(text, start, end):
                yield start, end
            at = bare.find(number, at + 1)


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Return whether no digit or letter touches the span, and it spans no more than separators."""
    before, after = text[max(start - 1, 0) : start], text[end : end + 1]
    return not before.isalnum() and not after.isalnum()


def _name_parts(item: str) -> Iterator[str]:
    if any(c.isdigit() for c in item):
        return
    for part in fold_name(item).split():
        if len(part) >= 3 and part not in _NOT_NAMES:
            yield part


def _find_joined_names(
    words: Sequence[tuple[str, _Span]], forbidden: Sequence[str]
) -> Iterator[_Span]:
    """Find whole names written as one word, and two-letter names beside another part of theirs."""
    for item in forbidden:
        parts = fold_name(item).split()
        if len(parts) < 2 or any(c.isdigit() for c in item):
            continue
        yield from (span for word, span in words if word == "".join(parts))
        yield from _find_phrases(words, frozenset({" ".join(parts)}))


def _merge(spans: Sequence[_Span]) -> Iterator[_Span]:
    """Yield the spans in order, overlapping ones as one."""
    current: _Span | None = None
    for start, end in sorted(spans):
        if current is None or start >= current[1]:
            if current is not None:
                yield current
            current = (start, end)
        else:
            current = (current[0], max(current[1], end))
    if current is not None:
        yield current
