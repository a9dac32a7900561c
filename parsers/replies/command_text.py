"""The free text of DENY, NEED INFO and the like: accepted whole, or refused with the reason.

Outcomes: the text to keep, or `RefusalError`. Refused are: nothing said, too much said, a line
that is an answer by itself, in a guarded argument whatever reads like a second keyword, a
hesitation or a question, and a question of a few words that is no ready one's name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from parsers.replies.command_lines import RefusalError, build_problem
from parsers.replies.findings_reader import FINDING_NAMES
from parsers.replies.keyword_table import ArgumentRule, Keyword, KeywordLine, KeywordTable
from parsers.values.typed_text import fold_name

MAX_ARGUMENT = 2000
#: A question of one's own has this many words; fewer are a ready question's name, misspelt.
_MIN_QUESTION_WORDS = 5
_BETWEEN_NAMES = re.compile(r"[;,\n]| and ", re.IGNORECASE)
_NEED_INFO = "NEED INFO"
_SECOND_THOUGHT = "This reads like a second thought or a question{}; say it otherwise."


def read_free_text(
    found: KeywordLine,
    first: str,
    rest: Sequence[str],
    keywords: KeywordTable,
    ready: Mapping[str, str],
) -> str:
    """Return the argument of a free-text keyword and the lines below it; raise `RefusalError`.

    `first` is the first line as written, of which `found` is the reading; `rest` are the others.
    `ready` are the questions that NEED INFO asks by name, by folded name.
    """
    keyword = found.keyword
    text = "\n".join((found.argument, *rest)).strip()
    if keyword.argument is ArgumentRule.REQUIRED and _says_nothing(text):
        raise _refusal(first, "missing_argument", keyword.missing)
    if len(text) > MAX_ARGUMENT:
        raise _refusal(first, "too_long", f"At most {MAX_ARGUMENT} characters may follow it.")
    _check_no_second_answer(keyword, rest, keywords)
    if keyword.guarded:
        _check_guard(text, {first: found.argument} | {line: line for line in rest}, keywords)
    return _read_question(text, first, ready) if keyword.word == _NEED_INFO else text


def _refusal(line: str, code: str, message: str) -> RefusalError:
    return RefusalError(build_problem(line, code, message))


def is_placeholder(text: str) -> bool:
    """Return whether a text is empty, or stands in parentheses as the hint of a skeleton does."""
    return not text or (text.startswith("(") and text.endswith(")"))


def _says_nothing(text: str) -> bool:
    return is_placeholder(text) or sum(c.isalnum() for c in text) < 2


def _check_no_second_answer(keyword: Keyword, rest: Sequence[str], keywords: KeywordTable) -> None:
    """Refuse lines below a free text that are answers by themselves: a keyword, or a finding."""
    message = f"This line reads like another answer below {keyword.word}; write one answer only."
    stray = [line for line in rest if _is_bare_keyword(line, keywords) or _is_finding(line)]
    if stray:
        raise RefusalError(*(build_problem(line, "second_keyword", message) for line in stray))


def _is_bare_keyword(line: str, keywords: KeywordTable) -> bool:
    found = keywords.find(line)
    return found is not None and not found.argument


def _is_finding(line: str) -> bool:
    label, colon, _ = line.partition(":")
    return bool(colon) and fold_name(label) in FINDING_NAMES


def _check_guard(text: str, parts: Mapping[str, str], keywords: KeywordTable) -> None:
    """Refuse an argument that holds a second keyword, hesitates, or asks.

    `parts` holds, by line of the reply as written, what the line contributes to the argument.
    """
    words = fold_name(text).split()
    begins = bool(words) and words[0] in keywords.guard_beginnings
    if begins or text.startswith(("/", "?", "\u00bf")):
        raise _refusal(next(iter(parts)), "second_keyword", _SECOND_THOUGHT.format(""))
    for line, part in parts.items():
        second = keywords.guard_words.intersection(fold_name(part).split())
        if second:
            found = f" (“{min(second)}”)"
            raise _refusal(line, "second_keyword", _SECOND_THOUGHT.format(found))
        if _ends_with_question(part):
            raise _refusal(line, "second_keyword", _SECOND_THOUGHT.format(""))


def _ends_with_question(line: str) -> bool:
    """Return whether a question mark stands after the line's last word."""
    last = next((i for i in range(len(line), 0, -1) if line[i - 1].isalnum()), 0)
    return "?" in line[last:]


def _read_question(text: str, first: str, ready: Mapping[str, str]) -> str:
    """Return the question to ask: ready ones by their names, or the reviewer's own."""
    names = [name for part in _BETWEEN_NAMES.split(text) if (name := fold_name(part))]
    if names and all(name in ready for name in names):
        return "\n".join(ready[name] for name in dict.fromkeys(names))
    if len(text.split()) < _MIN_QUESTION_WORDS:
        known = ", ".join(ready)
        message = f"Write the question as a whole sentence, or name a ready one: {known}."
        raise _refusal(first, "unknown_question", message)
    return text
