"""How the parts of a letter look in HTML: paragraphs, lists, tables, words that stand out.

Each part has a namesake in `plain` that says the same in plain text; the templates of the
letters use them as filters and as block tags. Every value is cleaned and escaped here, whoever
hands it in; only what another part made, which is `Markup`, passes as it is. No colour is set for
text or ground: each client's own light or dark ones keep their contrast.

Outcomes: `Markup`, always.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote as quote_url

from markupsafe import Markup, escape

from outbound.letters.words import clean_text, describe_check, describe_picture

if TYPE_CHECKING:
    from outbound.letters.compose import Fact
    from outbound.letters.digest_letters import ShownChart
    from outbound.letters.finding_facts import FindingDifferences
    from outbound.letters.reply_letters import AnswerTable, EchoLine
    from outbound.letters.review_letters import Comparison, FieldRow, FieldToCheck, ReadyReply

_MONOSPACE = "font-family:ui-monospace,Consolas,Menlo,monospace"
_PREFORMATTED = "white-space:pre-wrap;overflow-wrap:anywhere"
_CODE = f'<code style="{_MONOSPACE};font-size:14px;{_PREFORMATTED}">'
_PRE = (
    '<pre style="margin:0 0 14px;padding:10px 14px;border:1px solid #808080;'
    f'{_MONOSPACE};font-size:14px;line-height:1.5;{_PREFORMATTED}">\n'
)
_BUTTON = (
    '<li style="display:inline-block;margin:0 8px 10px 0"><a href="{}" style="display:inline-block;'
    'padding:9px 14px;border:2px solid #4d7fa8;border-radius:6px">{}</a></li>\n\n'
)
_TABLE = (
    '<table style="width:100%;margin:0 0 14px;border-collapse:collapse;text-align:left">\n'
    '<caption style="padding:0 0 4px;text-align:left;font-weight:bold">{}</caption>\n'
    '<thead><tr><th scope="col" style="width:{};padding:4px 8px 4px 0;'
    'border-bottom:2px solid #808080;font-size:14px">{}</th>'
    '<th scope="col" style="padding:4px 0;border-bottom:2px solid #808080;font-size:14px">{}</th>'
    "</tr></thead>\n\n<tbody>\n{}</tbody></table>\n"
)
_ROW = (
    '<tr><th scope="row" style="padding:5px 8px 5px 0;border-bottom:1px solid #808080;'
    'vertical-align:top;font-weight:normal;overflow-wrap:anywhere">'
)
_SIDE_BY_SIDE = (
    '<table style="width:100%;margin:0 0 14px;border-collapse:collapse;text-align:left;'
    'table-layout:fixed">\n'
    '<caption style="padding:0 0 4px;text-align:left;font-weight:bold">{}</caption>\n'
    '<thead><tr><th scope="col" style="width:24%;padding:4px 8px 4px 0;'
    'border-bottom:2px solid #808080;font-size:14px">{}</th>'
    '<th scope="col" style="padding:4px 8px 4px 0;border-bottom:2px solid #808080;font-size:14px">'
    '{}</th><th scope="col" style="padding:4px 0;border-bottom:2px solid #808080;font-size:14px">'
    "{}</th></tr></thead>\n\n<tbody>\n{}</tbody></table>\n"
)
_MIDDLE = (
    '</th><td style="padding:5px 8px 5px 0;border-bottom:1px solid #808080;vertical-align:top;'
    'overflow-wrap:anywhere">'
)
_NEXT = (
    '</td><td style="padding:5px 0;border-bottom:1px solid #808080;vertical-align:top;'
    'overflow-wrap:anywhere">'
)
_CHECK = (
    '<div style="margin:0 0 16px;padding:10px 14px 4px;border:1px solid #808080;'
    'border-left:6px solid #c2571a">\n<table style="width:100%;margin:0 0 6px;'
    'border-collapse:collapse;text-align:left">\n<caption style="padding:0 0 8px;text-align:left;'
    'font-weight:bold">{}</caption>\n<tbody>\n{}{}</tbody></table>\n</div>\n'
)
_CHART = (
    '<p style="margin:0 0 14px"><img src="cid:{}" alt="{}" width="{}" '
    'style="display:block;max-width:100%;height:auto;border:1px solid #808080"></p>\n\n'
)
_PICTURE = (
    '<tr><td colspan="2" style="padding:0 0 8px"><img src="cid:{}" alt="{}" width="{}" '
    'style="display:block;max-width:100%;height:auto;border:1px solid #808080"></td></tr>\n\n'
)
_PAIR = (
    '<tr><th scope="row" style="width:8.5em;padding:2px 8px 2px 0;vertical-align:baseline;'
    'font-weight:normal;font-size:14px">{}</th><td style="padding:2px 0;vertical-align:baseline;'
    'overflow-wrap:anywhere;white-space:pre-line">{}</td></tr>\n'
)
_CELL = (
    '</th><td style="padding:5px 0;border-bottom:1px solid #808080;vertical-align:top;'
    'overflow-wrap:anywhere;white-space:pre-line">'
)


def _show(value: Any) -> Markup:
    return escape(clean_text(value))


def _trust(html: str) -> Markup:
    # Only called with tags written in this module around what `_show` returned.
    return Markup(html)  # noqa: S704


def _set_in(before: str, after: str) -> Callable[..., Markup]:
    """Return a part that puts words between `before` and `after`; it needs no more arguments."""

    def set_words(words: Any, *_: object) -> Markup:
        return _trust(f"{before}{_show(words)}{after}")

    return set_words


def _block(name: str, style: str) -> Callable[..., Markup]:
    return _set_in(f'<{name} style="{style}">', f"</{name}>\n")


def _list(name: str, style: str) -> Callable[..., Markup]:
    return _set_in(f'<{name} style="{style}">\n\n', f"</{name}>\n")


_set_quote = _block(
    "blockquote",
    "margin:0 0 14px;padding:2px 0 2px 14px;border-left:4px solid #808080;white-space:pre-line",
)
_set_buttons = _list("ul", "margin:0 0 14px;padding:0;list-style:none")


def set_quote(words: str) -> Markup:
    """Set words as their writer wrote them, line by line."""
    return _set_quote(words.strip())


def set_lines(texts: Iterable[str]) -> Markup:
    """Set lines to be copied as they stand."""
    return _trust("".join([_PRE, *[f"{_show(text)}\n" for text in texts], "</pre>\n"]))


def set_facts(rows: Iterable[Fact], caption: str, first: str, second: str) -> Markup:
    """Set a table of labels and what stands beside them, with a heading for either column."""
    return _set_table(
        caption, (first, second), [f"{_ROW}{_show(r.label)}{_CELL}{_show(r.value)}" for r in rows]
    )


def set_fields(rows: Iterable[FieldRow], caption: str) -> Markup:
    """Set a table of the form's fields as they were read, with what is doubtful about them."""
    return _set_table(caption, ("Field", "What was read"), [_set_field(row) for row in rows])


@lru_cache(maxsize=512)
def _open_field(label: str) -> str:
    """Return a field's row up to its value; labels are the form's own, and the same ever again."""
    return f"{_ROW}{_show(label)}{_CELL}"


def _set_field(row: FieldRow) -> str:
    html = f"{_open_field(row.label)}{_show(row.value)}"
    if row.raw:
        html += f'<br><span style="font-size:14px">As written: {_show(row.raw)}</span>'
    if row.is_flagged and row.note:
        html += f"<br><strong>Check:</strong> {_show(row.note)}"
    elif row.is_flagged:
        html += "<br><strong>Check this value.</strong>"
    elif row.note:
        html += f"<br>{_show(row.note)}"
    return html


def set_checks(fields: Iterable[FieldToCheck]) -> Markup:
    """Set each field that needs a look: its spot on the page, what was read there, and by whom."""
    return _trust("".join([_set_check(found) for found in fields]))


def _set_check(found: FieldToCheck) -> str:
    rows = "".join([_PAIR.format(_show(k), _show(v)) for k, v in describe_check(found)])
    picture = ""
    if found.picture_id:
        picture = _PICTURE.format(
            _show(quote_url(found.picture_id, safe="@")),
            _show(describe_picture(found)),
            found.picture_width,
        )
    return _CHECK.format(_show(found.label), picture, rows)


def set_chart(chart: ShownChart) -> Markup:
    """Set a picture of figures that stand in a table beside it."""
    source = _show(quote_url(chart.picture_id, safe="@"))
    return _trust(_CHART.format(source, _show(chart.alt), chart.width))


def set_changes(comparison: Comparison) -> Markup:
    """Set a table of what an earlier form said and what this one says."""
    rows = [
        f"{_ROW}{_show(c.label)}{_CELL}{_show(c.new or '(blank)')}"
        f'<br><span style="font-size:14px">Earlier: {_show(c.old or "(blank)")}</span>'
        for c in comparison.changes
    ]
    return _set_table("What changed", ("Field", "Now, and earlier"), rows)


def set_differences(found: FindingDifferences) -> Markup:
    """Set a table of what two people found, side by side where it differs."""
    heads = ("Finding", found.first_person, found.second_person)
    rows = [
        f"{_ROW}{_show(row.label)}{_MIDDLE}{_show(row.first or '(not written)')}"
        f"{_NEXT}{_show(row.second or '(not written)')}</td></tr>\n"
        for row in found.rows
    ]
    return _trust(
        _SIDE_BY_SIDE.format(_show("The findings that differ"), *map(_show, heads), "".join(rows))
    )


def set_answers(table: AnswerTable) -> Markup:
    """Set the computed answers for one obligation."""
    rows = [
        f"{_ROW}{_show(row.question)}{_CELL}<strong>{_show(row.answer)}</strong>"
        + (f"<br>{_show(row.note)}" if row.note else "")
        for row in table.rows
    ]
    return _set_table(table.caption, ("Question", "Answer"), rows, width="62%")


def _set_table(
    caption: str, heads: tuple[str, str], rows: Iterable[str], *, width: str = "40%"
) -> Markup:
    head, tail = (_show(words) for words in heads)
    body = "".join([f"{row}</td></tr>\n" for row in rows])
    return _trust(_TABLE.format(_show(caption), width, head, tail, body))


def set_echo(line: EchoLine) -> Markup:
    """Set a line of a reply with what was not understood in it."""
    colour = "#c2571a" if line.problems else "#808080"
    told = "".join(
        f"<br><strong>Not understood:</strong> {_show(problem)}" for problem in line.problems
    )
    return _trust(
        f'<p style="margin:0 0 10px;padding:2px 0 2px 12px;border-left:4px solid {colour}">'
        f"{_CODE}{_show(line.text)}</code>{told}</p>\n"
    )


def set_buttons(replies: Iterable[ReadyReply]) -> Markup:
    """Set the links that open a reply, as buttons side by side."""
    return _set_buttons(
        _trust("".join([_BUTTON.format(_show(r.href), _show(r.title)) for r in replies if r.href]))
    )


def set_mail(address: str) -> Markup:
    """Set an address as a link to write to it."""
    return _trust(f'<a href="mailto:{_show(quote_url(address))}">{_show(address)}</a>')


def set_phone(number: str) -> Markup:
    """Set a telephone number, which begins with its country, as a link to call it."""
    digits = _show(number.replace("-", ""))
    return _trust(f'<a href="tel:+{digits}" style="white-space:nowrap">{_show(number)}</a>')


#: The parts by the names that templates call them by.
PARTS: Mapping[str, Callable[..., Markup]] = {
    "h2": _block("h2", "margin:28px 0 8px;font-size:19px;line-height:1.3"),
    "h3": _block("h3", "margin:20px 0 6px;font-size:16px;line-height:1.3"),
    "p": _block("p", "margin:0 0 14px"),
    "note": _block(
        "p", "margin:24px 0 0;padding:10px 0 0;border-top:1px solid #808080;font-size:14px"
    ),
    "callout": _block(
        "p",
        "margin:0 0 16px;padding:10px 14px;border:1px solid #808080;border-left:6px solid #c2571a",
    ),
    "bullets": _list("ul", "margin:0 0 14px;padding:0 0 0 22px"),
    "item": _block("li", "margin:0 0 6px"),
    "steps": _list("ol", "margin:0 0 14px;padding:0 0 0 26px"),
    "step": _block("li", "margin:0 0 6px"),
    "quote": set_quote,
    "lines": set_lines,
    "facts": set_facts,
    "fields": set_fields,
    "checks": set_checks,
    "chart": set_chart,
    "changes": set_changes,
    "differences": set_differences,
    "answers": set_answers,
    "echo": set_echo,
    "buttons": set_buttons,
    "html_only": _show,
    "mail": set_mail,
    "phone": set_phone,
    "strong": _set_in("<strong>", "</strong>"),
    "code": _set_in(f'<code style="{_MONOSPACE}">', "</code>"),
}
