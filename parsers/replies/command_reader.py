"""The new text of a staff reply as one command, or as the reasons why it decides nothing.

Outcomes: a `Command` that parsed completely, or a `CommandRefusal` with a problem for every line
that is wrong. Nothing is guessed: the first line that is not empty is one keyword with what the
table allows beside it, every other line is what the table allows below it, and anything else
decides nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo

from parsers.definition import FormDefinition, Requiredness
from parsers.replies.command import Command, CommandRefusal, LineProblem
from parsers.replies.command_lines import (
    FieldLine,
    RefusalError,
    build_problem,
    drop_sign_off,
    split_fields,
    split_lines,
)
from parsers.replies.command_text import is_placeholder, read_free_text
from parsers.replies.findings import Findings
from parsers.replies.findings_reader import FINDING_NAMES, drop_unfilled, parse_findings
from parsers.replies.keyword_table import (
    ArgumentRule,
    Keyword,
    KeywordLine,
    KeywordTable,
    LinesRule,
)
from parsers.replies.signing_lines import Signer
from parsers.values.typed_text import fold_name, fold_words, has_hidden_character, shorten_line

#: Nobody types more than this; what is longer is a mail of which the quotation was not recognised.
MAX_CHARACTERS = 20_000
MAX_LINES = 300
MAX_ECHOED_LINES = 60

_EMPTY_MESSAGE = (
    "There is no new text on top. Write the keyword on the first line, above the quoted mail."
)
_BELOW_MESSAGE = "Text was also found below or between the quoted lines; write everything on top."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Context:
    """What a command is read against."""

    keywords: KeywordTable
    bases: Collection[str]
    field_names: Mapping[str, str]
    timezone: tzinfo
    ready_questions: Mapping[str, str] = field(default_factory=dict)


def parse_command(
    new_text: str,
    *,
    keywords: KeywordTable,
    bases: Collection[str],
    field_names: Mapping[str, str],
    timezone: tzinfo,
    ready_questions: Mapping[str, str] | None = None,
    signer: Signer | None = None,
    below_quote: Sequence[str] = (),
) -> Command | CommandRefusal:
    """Return the one command in the new text of a reply, or why it decides nothing.

    `bases` are the configured legal bases; `field_names` maps folded names and labels of the form
    to machine names (`build_field_names`); `ready_questions` are the questions that NEED INFO asks
    by name; `signer` is what the writer may sign with;
    `below_quote` the lines that `find_new_text` found below a quotation.
    """
    context = _Context(
        keywords=keywords,
        bases=bases,
        field_names=field_names,
        timezone=timezone,
        ready_questions=ready_questions or {},
    )
    lines = split_lines(new_text[: MAX_CHARACTERS + 1])
    try:
        _check_size(new_text, lines)
        body = drop_sign_off(lines, keywords, signer or Signer())
        _check_characters(body)
        _check_below(body, below_quote, keywords)
        return _read(body, context)
    except RefusalError as refused:
        return CommandRefusal(
            problems=refused.problems,
            keyword=_find_meant(lines, keywords),
            lines=tuple(shorten_line(line) for line in lines if line)[:MAX_ECHOED_LINES],
        )


def build_field_names(definition: FormDefinition) -> dict[str, str]:
    """Build the map from folded names and labels to machine names, without labels borne twice."""
    named = [f for f in definition.fields if f.requiredness is not Requiredness.PRINTED]
    labels = [fold_name(f.label) for f in named]
    found = {fold_name(f.label): f.name for f in named if labels.count(fold_name(f.label)) == 1}
    return found | {fold_name(f.name): f.name for f in named}


def _check_size(new_text: str, lines: Sequence[str]) -> None:
    if len(new_text) > MAX_CHARACTERS or len(lines) > MAX_LINES:
        message = "This is too long for an answer: delete the quoted mail."
        raise RefusalError(build_problem("", "too_long", message))


def _check_characters(lines: Sequence[str]) -> None:
    problems = [
        build_problem(
            line, "hidden_character", "It holds characters that do not show; type it anew."
        )
        for line in lines
        if has_hidden_character(line)
    ]
    if problems:
        raise RefusalError(*problems[:MAX_ECHOED_LINES])


def _check_below(lines: Sequence[str], below: Sequence[str], keywords: KeywordTable) -> None:
    """Refuse where nothing stands on top, or where a line below might take back what does."""
    if not any(lines):
        message = f"{_EMPTY_MESSAGE} {_BELOW_MESSAGE}" if below else _EMPTY_MESSAGE
        raise RefusalError(build_problem("", "answer_below" if below else "empty", message))
    doubtful = [line for line in below if _may_take_back(line, keywords)]
    if doubtful:
        raise RefusalError(
            *(build_problem(line, "answer_below", _BELOW_MESSAGE) for line in doubtful)
        )


_TAKING_BACK = frozenset(
    {"not", "no", "dont", "don't", "wait", "stop", "sorry", "please", "ignore"}
)


def _may_take_back(line: str, keywords: KeywordTable) -> bool:
    words = fold_words(line).replace(",", " ").split()
    return keywords.find(line) is not None or (bool(words) and words[0] in _TAKING_BACK)


def _read(lines: Sequence[str], context: _Context) -> Command:
    start = next(i for i, line in enumerate(lines) if line)
    first, rest = lines[start], lines[start + 1 :]
    found = context.keywords.find(first)
    if found is None:
        raise RefusalError(_unknown_keyword(first, context.keywords))
    if _is_stray(found):
        raise RefusalError(_stray_argument(first, found.keyword))
    return _READERS[found.keyword.lines](found, first, rest, context)


def _is_stray(found: KeywordLine) -> bool:
    return bool(found.argument) and found.keyword.argument is ArgumentRule.NONE


def _unknown_keyword(line: str, keywords: KeywordTable) -> LineProblem:
    known = ", ".join(k.word for k in keywords.keywords)
    message = f"The first line must be one keyword and nothing around it. Keywords are: {known}."
    return build_problem(line, "unknown_keyword", message)


def _stray_argument(line: str, keyword: Keyword) -> LineProblem:
    message = f"{keyword.word} stands alone on its line; write it without anything after it."
    return build_problem(line, "stray_argument", message)


def _read_alone(found: KeywordLine, first: str, rest: Sequence[str], _context: _Context) -> Command:
    message = (
        f"Nothing may follow {found.keyword.word}; if you mean something else, write that alone."
    )
    stray = [build_problem(line, "stray_line", message) for line in rest if line]
    if stray:
        raise RefusalError(*stray[:MAX_ECHOED_LINES])
    if not found.argument and found.keyword.argument is ArgumentRule.REQUIRED:
        raise RefusalError(build_problem(first, "missing_argument", found.keyword.missing))
    return Command(keyword=found.keyword.word, argument=found.argument)


def _read_findings(
    found: KeywordLine, _first: str, rest: Sequence[str], context: _Context
) -> Command:
    fields = _read_fields(rest, FINDING_NAMES, context)
    grouped = _group(fields)
    if not grouped:
        return Command(keyword=found.keyword.word)
    findings = parse_findings(grouped, bases=context.bases, timezone=context.timezone)
    if not isinstance(findings, Findings):
        raise RefusalError(*_with_lines_as_written(findings, fields))
    said = drop_unfilled(grouped)
    return Command(keyword=found.keyword.word, fields=said, findings=findings)


def _with_lines_as_written(
    problems: Sequence[LineProblem], fields: Sequence[FieldLine]
) -> list[LineProblem]:
    """Return the problems with the lines of the reply in place of `Name: value`."""
    written = {shorten_line(f"{f.name}: {f.value}"): shorten_line(f.line) for f in fields}
    return [replace(p, line=written.get(p.line, p.line)) for p in problems]


def _read_corrections(
    found: KeywordLine, first: str, rest: Sequence[str], context: _Context
) -> Command:
    fields = _read_fields(rest, context.field_names, context)
    if not fields:
        raise RefusalError(build_problem(first, "missing_lines", found.keyword.missing))
    grouped = _group(fields)
    problems = [_empty_correction(f) for f in fields if is_placeholder(f.value)]
    problems += [_repeated(f) for f in fields if len(grouped[f.name]) > 1]
    if problems:
        raise RefusalError(*problems)
    return Command(keyword=found.keyword.word, fields=grouped)


def _read_fields(
    lines: Sequence[str], names: Mapping[str, str], context: _Context
) -> list[FieldLine]:
    fields, problems = split_fields(lines, names, context.keywords)
    if problems:
        raise RefusalError(*problems[:MAX_ECHOED_LINES])
    return fields


def _group(fields: Sequence[FieldLine]) -> dict[str, tuple[str, ...]]:
    grouped: dict[str, tuple[str, ...]] = {}
    for item in fields:
        grouped[item.name] = (*grouped.get(item.name, ()), item.value)
    return grouped


def _empty_correction(item: FieldLine) -> LineProblem:
    return build_problem(item.line, "empty_value", "Write the right value after the colon.")


def _repeated(item: FieldLine) -> LineProblem:
    message = (
        "This field is given more than once; give it once, with semicolons between its values."
    )
    return build_problem(item.line, "repeated_field", message)


def _read_text(found: KeywordLine, first: str, rest: Sequence[str], context: _Context) -> Command:
    text = read_free_text(found, first, rest, context.keywords, context.ready_questions)
    return Command(keyword=found.keyword.word, argument=text)


def _find_meant(lines: Sequence[str], keywords: KeywordTable) -> str | None:
    """Return the one keyword that the first line seems to mean, for the skeleton only."""
    first = next((line for line in lines if line), "")
    found = keywords.find(first)
    if found is not None and not _is_stray(found):
        return found.keyword.word
    if _TAKING_BACK.intersection(fold_name(first).split()):
        return None
    padded = f" {fold_name(first)} "
    meant = {
        k.word
        for k in keywords.keywords
        for spelling in (k.word, *k.synonyms)
        if f" {spelling.lower()} " in padded
    }
    return meant.pop() if len(meant) == 1 else None


_READERS = {
    LinesRule.NONE: _read_alone,
    LinesRule.FINDINGS: _read_findings,
    LinesRule.CORRECTIONS: _read_corrections,
    LinesRule.TEXT: _read_text,
}
