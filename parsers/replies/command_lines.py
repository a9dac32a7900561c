"""The lines of a reply as the command grammar sees them: cleaned, numbered, and split into fields.

Outcomes of splitting: fields in order, each with its value on one line, and a problem for every
line that is neither a field nor the obvious rest of a wrapped one. A sign-off under the command
("Thanks,", the writer's own name) is taken off only when nothing in it could have been meant as
part of the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from parsers.replies.command import LineProblem
from parsers.replies.keyword_table import KeywordTable
from parsers.values.typed_text import clean_text, fold_name, fold_words, shorten_line

#: A colon and a space end a label, known or not; the colon of a time does not.
_LABEL = re.compile(r"[^:]{1,60}:(?: |$)")
#: A mail program breaks a line only when it would pass this many columns.
_WRAP_COLUMNS = 60
_SIGN_OFF_LINES = 12
_SIGN_OFF_COLUMNS = 80

_SIGN_OFFS = frozenset(
    {
        *("thanks", "thank you", "many thanks", "thanks again", "thank you very much", "thx", "ty"),
        *(
            "regards",
            "best",
            "best regards",
            "kind regards",
            "warm regards",
            "with kind regards",
            "br",
        ),
        *(
            "sincerely",
            "sincerely yours",
            "yours sincerely",
            "very truly yours",
            "cordially",
            "cheers",
        ),
        *("respectfully", "very respectfully", "v r", "vr", "r", "respectfully submitted"),
        *("gracias", "muchas gracias", "saludos", "saludos cordiales", "un saludo", "atentamente"),
        *("cordialmente", "atte", "quedo a sus ordenes"),
    }
)
#: Words that make a line part of the answer, wherever it stands.
_STOPPERS = frozenset(
    {
        *(
            "not",
            "no",
            "dont",
            "don't",
            "wait",
            "stop",
            "please",
            "pls",
            "if",
            "but",
            "or",
            "unless",
        ),
        *(
            "except",
            "however",
            "until",
            "ignore",
            "disregard",
            "never",
            "nothing",
            "instead",
            "sorry",
        ),
        *("espere", "pero", "si", "nunca", "favor"),
    }
)


class RefusalError(Exception):
    """A reply decides nothing; carries the problems up to where the refusal is built."""

    def __init__(self, *problems: LineProblem) -> None:
        super().__init__()
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldLine:
    """One `Field: value`, its wrapped lines joined."""

    name: str  #: canonical
    value: str  #: as written, without outer spaces; may be empty
    line: str  #: the first line as it stood, for the echo


def split_lines(text: str) -> list[str]:
    """Return the lines of `text`, cleaned, without outer spaces; empty ends are dropped."""
    return [line.strip() for line in clean_text(text).strip().split("\n")]


def build_problem(line: str, code: str, message: str) -> LineProblem:
    """Build a problem whose line is safe to echo."""
    return LineProblem(line=shorten_line(line), code=code, message=message)


def split_fields(
    lines: Sequence[str], names: Mapping[str, str], keywords: KeywordTable
) -> tuple[list[FieldLine], list[LineProblem]]:
    """Split lines into fields; `names` maps a folded name or label to the canonical one."""
    fields: list[FieldLine] = []
    problems: list[LineProblem] = []
    previous = ""
    for line in lines:
        found = _find_field(line, names)
        if found is not None:
            fields.append(found)
        elif previous and fields and _is_wrapped_rest(previous, line, keywords):
            last = fields[-1]
            fields[-1] = FieldLine(name=last.name, value=f"{last.value} {line}", line=last.line)
        elif line:
            problems.append(_describe(line, names.values()))
            previous = ""
            continue
        previous = line
    return fields, problems


def _find_field(line: str, names: Mapping[str, str]) -> FieldLine | None:
    label, colon, value = line.partition(":")
    name = names.get(fold_name(label)) if colon else None
    if name is None or ("?" in label and fold_name(name) == fold_name(label)):
        # "Removed?: 2026-04-17" asks; only a label printed with a question mark may have one.
        return None
    return FieldLine(name=name, value=value.strip(), line=line)


def _is_wrapped_rest(previous: str, line: str, keywords: KeywordTable) -> bool:
    """Return whether a mail program must have broken `previous` before `line`.

    A person who types a new thought on a new line is not continued: the line above must be full or
    end in a comma or semicolon, and nothing in the line may read like a second answer.
    """
    if not line or _LABEL.match(line) or fold_name(line) in _SIGN_OFFS:
        return False
    is_full = len(previous) + 1 + len(line.split(" ", 1)[0]) > _WRAP_COLUMNS
    if not is_full and not previous.endswith((",", ";")):
        return False
    return keywords.find(line) is None and not _may_be_an_answer(line, keywords)


def _may_be_an_answer(line: str, keywords: KeywordTable) -> bool:
    words = fold_words(line).replace("?", " ? ").replace(",", " ").replace(".", " ").split()
    if not words:
        return False
    starts = words[0] in _STOPPERS or words[:2] == ["do", "not"]
    return starts or "?" in words or not keywords.guard_words.isdisjoint(words)


def _describe(line: str, names: Iterable[str]) -> LineProblem:
    label, colon, _ = line.partition(":")
    if colon and label and len(label) <= 60:
        known = ", ".join(dict.fromkeys(names))
        shown = shorten_line(label)
        return build_problem(
            line, "unknown_field", f"There is no field “{shown}” here. Fields are: {known}."
        )
    return build_problem(
        line,
        "not_a_field",
        "This line is not understood. Write one field to a line: its name, a colon, its value.",
    )


def drop_sign_off(
    lines: Sequence[str], keywords: KeywordTable, signature_names: Iterable[str]
) -> list[str]:
    """Return the lines above a closing formula or the writer's own name at the end."""
    own = {fold_name(name) for name in signature_names} - {""}
    for index in range(1, len(lines)):
        if lines[index - 1] or not lines[index]:
            continue
        folded = fold_name(lines[index])
        if (folded in _SIGN_OFFS or folded in own) and _is_sign_off(lines[index:], keywords):
            return list(lines[:index])
    return list(lines)


def _is_sign_off(tail: Sequence[str], keywords: KeywordTable) -> bool:
    filled = [line for line in tail if line]
    if len(filled) > _SIGN_OFF_LINES:
        return False
    return all(_may_stand_in_sign_off(line, keywords) for line in filled)


def _may_stand_in_sign_off(line: str, keywords: KeywordTable) -> bool:
    if len(line) > _SIGN_OFF_COLUMNS or keywords.find(line) is not None:
        return False
    is_sentence = line.endswith((".", "!")) and len(line.split()) > 5
    return not is_sentence and not _may_be_an_answer(line, keywords)
