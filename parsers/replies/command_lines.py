"""The lines of a reply as the command grammar sees them: cleaned, numbered, and split into fields.

Outcomes of splitting: fields in order, each with its value on one line, and a problem for every
line that is neither a field nor the obvious rest of a wrapped one. A sign-off under the command
("Thanks,", the writer's own name and title) is taken off only when nothing in it could have been
meant as part of the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from parsers.replies import phrases
from parsers.replies.command import LineProblem
from parsers.replies.keyword_table import KeywordTable, LinesRule
from parsers.replies.signing_lines import SignatureLine, Signer, read_signature_line
from parsers.values.typed_text import clean_text, fold_name, fold_words, shorten_line

#: A colon and a space end a label, known or not; the colon of a time does not.
_LABEL = re.compile(r"[^:]{1,60}:(?: |$)")
#: A mail program breaks a line only when it would pass this many columns.
_WRAP_COLUMNS = 60
_SIGN_OFF_LINES = 12
_SIGN_OFF_COLUMNS = 80
#: Words without the addresses, numbers and the like that stand between them.
_WORDS = re.compile(r"(?<![\w@.])[^\W\d_]+(?:['\u2019][^\W\d_]+)?(?![\w@]|\.\w)")
_TELEPHONE = re.compile(
    r"(?:\bno\.?:? )?(?<![\w-])(?:\(\d{3}\)\s?|\d{3}[ .-])?\d{3}[ .-]\d{4}(?![\w-])", re.IGNORECASE
)
#: A number that may be a request's, a person's or a day: no house, room or ZIP code is written so.
_NUMBER = re.compile(r"\d{6}|\d[/.]\d|[^\W\d]\d|\d[^\W\d]|\d{3}-\d{3}")
_IN_BRACKETS = re.compile(r"\([^()]{0,40}\)")
_SMALL_WORDS = frozenset(
    {"of", "and", "the", "for", "at", "in", "de", "del", "la", "las", "los", "y", "e", "ext", "tel"}
    | {"cell", "office", "desk", "phone", "fax", "mobile", "direct", "email", "e-mail", "mail", "x"}
)
_SURE_BELOW_FINDINGS = frozenset({SignatureLine.NAME, SignatureLine.MARK})
_SURE_ALONE = _SURE_BELOW_FINDINGS | {
    SignatureLine.FAMILY_NAME,
    SignatureLine.INITIALS,
}

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


def drop_sign_off(lines: Sequence[str], keywords: KeywordTable, signer: Signer) -> list[str]:
    """Return the lines above a closing formula, or the writer's own signature, at the end."""
    own = {fold_name(name) for name in signer.names} - {""}
    for index in range(1, len(lines)):
        if not lines[index] or len(lines) - index > 2 * _SIGN_OFF_LINES:
            continue
        is_set_off = not lines[index - 1]
        folded = fold_name(lines[index])
        opens = is_set_off and (folded in _SIGN_OFFS or folded in own)
        if opens and _is_sign_off(lines[index:], keywords, signer):
            return list(lines[:index])
        if _is_signature(
            lines[index:], _list_sure(lines, keywords, is_set_off=is_set_off), keywords, signer
        ):
            return list(lines[:index])
    return list(lines)


def _list_sure(
    lines: Sequence[str], keywords: KeywordTable, *, is_set_off: bool
) -> frozenset[SignatureLine]:
    """Return what a signature may begin with, below this reply's keyword.

    Below a keyword that stands alone nothing else may follow. Among findings a family name alone
    and two capitals could be part of one; a free text and corrections keep every line.
    """
    found = keywords.find(next((line for line in lines if line), ""))
    rule = None if found is None else found.keyword.lines
    if rule is LinesRule.NONE:
        return _SURE_ALONE
    return _SURE_BELOW_FINDINGS if rule is LinesRule.FINDINGS and is_set_off else frozenset()


def _is_signature(
    tail: Sequence[str], sure: frozenset[SignatureLine], keywords: KeywordTable, signer: Signer
) -> bool:
    """Return whether every line is plainly of the writer's signature, the first one surely."""
    filled = [line for line in tail if line]
    if not sure or len(filled) > _SIGN_OFF_LINES:
        return False
    kinds = [read_signature_line(line, signer) for line in filled]
    if None in kinds or kinds[0] not in sure:
        return False
    return not any(keywords.find(x) or _may_be_an_answer(x, keywords) for x in filled)


def _is_sign_off(tail: Sequence[str], keywords: KeywordTable, signer: Signer) -> bool:
    filled = [line for line in tail if line]
    if len(filled) > _SIGN_OFF_LINES:
        return False
    return all(_may_stand_in_sign_off(line, keywords, signer) for line in filled)


def _may_stand_in_sign_off(line: str, keywords: KeywordTable, signer: Signer) -> bool:
    if len(line) > _SIGN_OFF_COLUMNS or keywords.find(line) is not None:
        return False
    if fold_name(line) in _SIGN_OFFS or read_signature_line(line, signer) is not None:
        return not _may_be_an_answer(line, keywords)
    is_sentence = line.endswith((".", "!")) and len(line.split()) > 5
    return (
        not is_sentence
        and not _may_be_an_answer(line, keywords)
        and _reads_like_a_name(line, signer)
    )


def _reads_like_a_name(line: str, signer: Signer) -> bool:
    """Return whether a line has no word of a sentence: names, titles and places are capitals.

    Only what is in brackets and a few small words between are not. A number has to be a telephone's
    or short, an address the writer's own.
    """
    for word in signer.words:
        line = line.replace(word, " ") if "@" in word else line
    rest = _TELEPHONE.sub(" ", line)
    if "@" in rest or _NUMBER.search(rest) is not None:
        return False
    if phrases.OBJECTIONS.intersection(map(fold_name, _WORDS.findall(rest))):
        return False
    words = _WORDS.findall(_IN_BRACKETS.sub(" ", rest))
    return all(word[0].isupper() or word.casefold() in _SMALL_WORDS for word in words)
