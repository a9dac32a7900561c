"""How the parts of a letter look in plain text: paragraphs, lists, tables, words that stand out.

Each part has a namesake in `html` that says the same in HTML; the templates of the letters
use them as filters and as block tags. Every part that is a block cleans what it shows as a whole;
parts within a line leave that to their block. Blocks may stand too far apart: the whole text
loses its spare blank lines at the end.

Outcomes: text with line ends `\n`, always.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from outbound.letters.words import clean_text, describe_check, wrap_lines, wrap_text

if TYPE_CHECKING:
    from outbound.letters.compose import Fact
    from outbound.letters.reply_letters import AnswerTable, EchoLine
    from outbound.letters.review_letters import Comparison, FieldRow, FieldToCheck

_DEEP = " " * 6


def set_heading(words: str) -> str:
    """Set the heading of a section, underlined."""
    return clean_text(f"\n{words}\n{'-' * len(words)}\n\n")


def set_small_heading(words: str) -> str:
    """Set the heading of part of a section."""
    return clean_text(f"\n{words}:\n\n")


def set_paragraph(words: str) -> str:
    """Set a paragraph."""
    return f"{wrap_text(words)}\n\n"


def set_note(words: str) -> str:
    """Set the paragraph at the foot of a letter."""
    return f"\n{wrap_text(words)}\n\n"


def set_list(items: str) -> str:
    """Set a list whose items are set already."""
    return f"\n{items}\n"


def set_item(words: str) -> str:
    """Set an item of a list."""
    return f"{wrap_text(words, '- ', '  ')}\n"


def set_step(words: str, number: int) -> str:
    """Set an item of a list where the order matters."""
    return f"{wrap_text(words, f'{number}. ', '   ')}\n"


def set_quote(words: str) -> str:
    """Set words as their writer wrote them, line by line."""
    return f"{wrap_lines(words, indent='    ')}\n\n"


def set_lines(texts: Iterable[str]) -> str:
    """Set lines to be copied as they stand."""
    return clean_text("".join([*(f"    {text}".rstrip(" ") + "\n" for text in texts), "\n"]))


def set_facts(rows: Iterable[Fact], caption: str, *_heads: str) -> str:
    """Set labels and what stands beside them; the headings of the columns are not shown."""
    lines = [_set_pair(row.label, row.value) for row in rows]
    return "\n".join([clean_text(f"{caption}:"), *lines, "", ""])


def set_fields(rows: Iterable[FieldRow], caption: str) -> str:
    """Set the form's fields as they were read, with what is doubtful about them."""
    lines = [clean_text(f"{caption}:")]
    for row in rows:
        lines.append(_set_pair(row.label, row.value, "! " if row.is_flagged else "  "))
        if row.raw:
            lines.append(wrap_text(f"as written: {row.raw}", _DEEP))
        if row.note:
            lines.append(wrap_text(f"check: {row.note}", _DEEP))
    return "\n".join([*lines, "", ""])


def set_checks(fields: Iterable[FieldToCheck]) -> str:
    """Set each field that needs a look: what was read there, what its page shows, and by whom."""
    lines: list[str] = []
    for found in fields:
        lines.append(clean_text(f"! {found.label}"))
        lines += [_set_pair(label, value) for label, value in describe_check(found)]
        lines.append("")
    return "\n".join([*lines, ""])


def set_changes(comparison: Comparison) -> str:
    """Set what an earlier form said and what this one says."""
    lines = [clean_text("What changed:")]
    for change in comparison.changes:
        lines.append(_set_pair(change.label, change.new or "(blank)"))
        lines.append(wrap_text(f"earlier: {change.old or '(blank)'}", _DEEP))
    return "\n".join([*lines, "", ""])


def _set_pair(label: str, value: str, indent: str = "  ") -> str:
    one_line = value.replace("\n", "; ")
    return wrap_text(f"{label}: {one_line}", indent, _DEEP)


def set_answers(table: AnswerTable) -> str:
    """Set the computed answers for one obligation."""
    lines = [clean_text(table.caption)]
    for row in table.rows:
        lines.append(wrap_text(f"{row.question} {row.answer}", "  ", _DEEP))
        if row.note:
            lines.append(wrap_text(row.note, _DEEP))
    return "\n".join([*lines, "", ""])


def set_echo(line: EchoLine) -> str:
    """Set a line of a reply with what was not understood in it."""
    lines = [wrap_text(f"> {line.text}", "", "> ")]
    lines += [wrap_text(problem, "    ^ ", _DEEP) for problem in line.problems]
    return "\n".join([*lines, ""])


def _set_within(words: str) -> str:
    return words


def _leave_out(_words: object) -> str:
    return "\n"


#: The parts by the names that templates call them by.
PARTS: Mapping[str, Callable[..., str]] = {
    "h2": set_heading,
    "h3": set_small_heading,
    "p": set_paragraph,
    "note": set_note,
    "callout": set_paragraph,
    "bullets": set_list,
    "item": set_item,
    "steps": set_list,
    "step": set_step,
    "quote": set_quote,
    "lines": set_lines,
    "facts": set_facts,
    "fields": set_fields,
    "checks": set_checks,
    "chart": _leave_out,
    "changes": set_changes,
    "answers": set_answers,
    "echo": set_echo,
    "buttons": _leave_out,
    "html_only": _leave_out,
    "mail": _set_within,
    "phone": _set_within,
    "strong": _set_within,
    "code": _set_within,
}
