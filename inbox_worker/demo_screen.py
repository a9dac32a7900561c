"""How the demonstration looks: what happens next, and the mails as they go by.

A terminal gets frames; a pipe or a file gets the same as plain lines. Of each mail only what its
reader would look at first is shown; all of it lies in the folder.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from inbox_worker.demo_people import MAILBOX
from parsers.message import InboundMessage
from parsers.reply_text import find_new_text

_WIDTH = 92

#: How many lines of a mail are shown, by how its subject ends; and of every other.
_LINES = {"Review needed": 26, "Your request is not complete": 24, "Understood: APPROVE": 22}
_FEW = 9


class DemoScreen:
    """Standard output, as the demonstration uses it."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, emoji=False, markup=False)
        self._steps = 0

    def open_with(self, sentence: str) -> None:
        """Say what this is."""
        self._console.print(Text(sentence), width=self._width)

    def tell(self, sentence: str) -> None:
        """Say what happens next."""
        self._steps += 1
        self._console.print()
        self._console.print(Text(f"{self._steps}. {sentence}", style="bold"), width=self._width)

    def mention(self, sentence: str) -> None:
        """Say what is not shown."""
        self._console.print(Text(f"   {sentence}", style="dim"))

    def show_mail(
        self, message: InboundMessage, author: str, recipients: Sequence[str], files: Sequence[str]
    ) -> None:
        """Show one mail: who to whom, the beginning of what it says, the names of its files."""
        to = ", ".join(recipients)
        lines = [f"{author} → {_shorten_tag(to)}", "", *_list_lines(message, author)]
        lines += [f"Attached: {', '.join(files)}"] if files else []
        if not self._console.is_terminal:
            self._console.print(Text(f"   --- {message.subject}"), soft_wrap=True)
            for line in lines:
                self._console.print(Text(f"   | {line}".rstrip()), soft_wrap=True)
            return
        style = "cyan" if author == MAILBOX else "green"
        self._console.print(
            Panel(
                Text("\n".join(lines)),
                title=Text(message.subject, style="bold"),
                title_align="left",
                width=self._width,
                border_style=style,
            )
        )

    def close_with(self, sentence: str, files: Sequence[tuple[str, str]]) -> None:
        """Say where everything is, and what to look at."""
        self._console.print()
        self._console.print(Text(sentence, style="bold"), soft_wrap=True)
        table = Table.grid(padding=(0, 2), pad_edge=False)
        for name, what in files:
            table.add_row(Text(f"  {name}", no_wrap=True), Text(what))
        self._console.print(table, soft_wrap=True)

    @property
    def _width(self) -> int:
        return min(_WIDTH, self._console.width)


def _list_lines(message: InboundMessage, author: str) -> list[str]:
    """Return what is shown of a mail's text."""
    text = message.text or ""
    if author != MAILBOX:
        new = find_new_text(message).text.splitlines()
        quoted = sum(line.startswith(">") for line in text.splitlines())
        return [*new, *([f"(and {quoted} quoted lines)"] if quoted else [])]
    lines = text.strip().splitlines()
    # The agency and the title, underlined, stand above the text of every letter of ours.
    heads = [n for n, line in enumerate(lines[:6]) if line and not line.strip("=")]
    lines = lines[heads[0] + 2 :] if heads else lines
    limit = next((n for end, n in _LINES.items() if message.subject.endswith(end)), _FEW)
    if len(lines) <= limit + 2:
        return lines
    return [*lines[:limit], f"… ({len(lines) - limit} more lines)"]


def _shorten_tag(address: str) -> str:
    """Return an address with its tag shortened: nobody reads 26 characters of chance."""
    local, at, domain = address.partition("@")
    name, plus, tag = local.partition("+")
    return f"{name}{plus}{tag[:9]}…{at}{domain}" if len(tag) > 12 else address
