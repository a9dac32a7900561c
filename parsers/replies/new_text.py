"""The new text of a reply: what its author typed on top, and nothing quoted or appended.

Outcomes: some text, or none; beside it, whether anything was cut, and the lines that look newly
written below a quotation, which never count and are only reported so that the answer can ask to
have them on top. The plain body is read; only where there is none, the HTML body as text. Subject,
attachments and attached mails are never read. Where it is unsure it returns less.
"""

from __future__ import annotations

from dataclasses import dataclass

from parsers.mail.message import InboundMessage
from parsers.replies.html import find_html_lines
from parsers.replies.lines import cut_reply
from parsers.values.typed_text import clean_text

#: A body beyond these is not looked at: what a person types on top is far shorter.
MAX_TEXT = 2_000_000
MAX_LINES = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewText:
    """What the author of a reply typed."""

    text: str = (
        ""  #: lines joined by `\n`, without spaces at line ends or empty lines at either end
    )
    below: tuple[
        str, ...
    ] = ()  #: lines that look newly written, below a quotation; they never count
    was_cut: bool = False  #: whether a quotation, signature or disclaimer was dropped
    from_html: bool = False  #: whether there was no plain body


def find_new_text(message: InboundMessage) -> NewText:
    """Return the new text of a reply (RFC 3676 section 4.3 for the signature delimiter)."""
    if message.text is not None and clean_text(message.text[:MAX_TEXT]).strip():
        return find_new_plain_text(message.text)
    if message.html is not None:
        return _divide(find_html_lines(message.html, limit=MAX_LINES), from_html=True)
    return NewText()


def find_new_plain_text(text: str) -> NewText:
    """Return the new text of a plain body."""
    return _divide(clean_text(text[:MAX_TEXT]).split("\n", MAX_LINES)[:MAX_LINES], from_html=False)


def _divide(lines: list[str], *, from_html: bool) -> NewText:
    cleaned = [clean_text(line).replace("\n", " ") for line in lines] if from_html else lines
    cut = cut_reply(cleaned, are_blocks=from_html)
    return NewText(
        text="\n".join(cut.kept),
        below=cut.below,
        was_cut=cut.ended_by is not None,
        from_html=from_html,
    )
