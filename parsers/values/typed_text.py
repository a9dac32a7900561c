"""What people type in mail programs, made comparable without changing what it says.

`clean_text` maps the invisible and look-alike *spacing and width* characters that phones and mail
programs put in by themselves; letters are never mapped onto other letters, so that a look-alike
letter stays foreign. `fold_words` gives the form in which words are compared. `shorten_line` makes
a line safe to show.
"""

from __future__ import annotations

import re
import unicodedata

#: Characters that show nothing and that mail programs insert by themselves.
_INVISIBLE = "\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\ufe0e\ufe0f"
_SPACES = "\t\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_LINE_ENDS = "\v\f\u0085\u2028\u2029"

_CLEAN: dict[int, str | None] = {
    **dict.fromkeys(map(ord, _INVISIBLE)),
    **dict.fromkeys(map(ord, _SPACES), " "),
    **dict.fromkeys(map(ord, _LINE_ENDS), "\n"),
    # The full-width forms of ASCII are the same characters on another keyboard.
    **{0xFF01 + i: chr(0x21 + i) for i in range(94)},
}

#: Typographic quotation marks and hyphens, which stand for the plain ones in what is compared.
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4`", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2212", "-"),
    }
)

_BLANKS = re.compile(r"\s+")

#: How much of a line is echoed.
MAX_ECHO = 200


def clean_text(text: str) -> str:
    """Return `text` with `\\n` line ends, plain spaces, and no characters that show nothing."""
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_CLEAN)


def plain_punctuation(text: str) -> str:
    """Return `text` with typographic quotation marks and hyphens as the plain ones."""
    return text.translate(_PLAIN)


def has_hidden_character(line: str) -> bool:
    """Return whether a cleaned line still holds control, format or unassigned characters."""
    return any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn"} for c in line)


def fold_words(text: str) -> str:
    """Return `text` as words are compared: plain, single spaces, no case, no accents."""
    decomposed = unicodedata.normalize("NFKD", plain_punctuation(clean_text(text)))
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return _BLANKS.sub(" ", bare).strip().casefold()


def fold_name(text: str) -> str:
    """Return a field's name or label as it is looked up: words only, joined by single spaces."""
    words = "".join(c if c.isalnum() else " " for c in fold_words(text).replace("'", ""))
    return " ".join(words.split())


def shorten_line(line: str) -> str:
    """Return a line safe to echo: one line, no control characters, at most 200 characters."""
    head = clean_text(line[: MAX_ECHO * 8])
    shown = "".join(
        " " if c == "\n" else c for c in head if c == "\n" or not has_hidden_character(c)
    )
    flat = _BLANKS.sub(" ", shown).strip()
    whole = len(flat) <= MAX_ECHO and len(line) <= MAX_ECHO * 8
    return flat[:MAX_ECHO] if whole else flat[: MAX_ECHO - 1].rstrip() + "…"
