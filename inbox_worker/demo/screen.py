"""How the demonstration looks: what happens next, and the mails as they go by.

A terminal gets frames; a pipe or a file gets the same as plain lines. Of each mail only what its
reader would look at first is shown; all of it lies in the folder.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from inbox_worker.demo.people import MAILBOX
from parsers.mail.message import InboundMessage
from parsers.replies.new_text import find_new_text

_WIDTH = 92

#: How many lines of a letter are shown, by what it is; of every other; and of one seen before.
_LINES = {"Review needed": 19, "Your request is not complete": 22, "Understood: APPROVE": 32}
_SOME = 9
_FEW = 3


class DemoScreen:
    """Standard output, as the demonstration uses it."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, emoji=False, markup=False)
        self._steps = 0
        self._seen: set[str] = set()

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
        self._console.print(Text(f"   {sentence}", style="dim"), soft_wrap=True)

    def show_mail(
        self, message: InboundMessage, author: str, recipients: Sequence[str], files: Sequence[str]
    ) -> None:
        """Show one mail: who to whom, the beginning of what it says, the names of its files."""
        to = ", ".join(recipients)
        lines = [f"{author} → {_shorten_tag(to)}", "", *self._list_lines(message, author)]
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
        for name, what in files:
            self._console.print(Text(f"  {name}"), soft_wrap=True)
            self._console.print(Text(f"      {what}", style="dim"), soft_wrap=True)

    @property
    def _width(self) -> int:
        return min(_WIDTH, self._console.width)

    def _list_lines(self, message: InboundMessage, author: str) -> list[str]:
        """Return what is shown of a mail's text."""
        text = message.text or ""
        if author != MAILBOX:
            quoted = sum(line.startswith(">") for line in text.splitlines())
            more = [f"(and {quoted} quoted lines)"] if quoted else []
            return [*find_new_text(message).text.splitlines(), *more]
        lines = _drop_heading(text.strip().splitlines())
        title = message.subject.rpartition("] ")[2]
        limit = _FEW if title in self._seen else _LINES.get(title, _SOME)
        self._seen.add(title)
        if len(lines) <= limit + 2:
            return lines
        return [*lines[:limit], f"… ({len(lines) - limit} more lines)"]


def _drop_heading(lines: list[str]) -> list[str]:
    """Return the lines below the agency and the underlined title that begin a letter of ours."""
    heads = [n for n, line in enumerate(lines[:6]) if line and not line.strip("=")]
    return lines[heads[0] + 2 :] if heads else lines


def _shorten_tag(address: str) -> str:
    """Return an address with its tag shortened: nobody reads 26 characters of chance."""
    local, at, domain = address.partition("@")
    name, plus, tag = local.partition("+")
    return f"{name}{plus}{tag[:9]}…{at}{domain}" if len(tag) > 12 else address
