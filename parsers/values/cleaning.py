"""Text as people and programs leave it in a form, made fit to read and to compare.

`clean_text`  what was written, without characters that cannot be seen or that turn the line around
`fold_text`   a form for comparing labels and words: no case, no accents, no punctuation
`fold_label`  the same for field labels, where `#`, `no.` and `number` say one thing
`is_nothing`  whether the text only says that there is nothing to write
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

#: Controls, zero-width characters and the marks that override the direction of text: they are never
#: part of what a person wrote, and they make one value look like another.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
_LINE_ENDS = re.compile("\r\n?|\u2028|\u2029|\x85|\x0b|\x0c")
_ODD_SPACES = re.compile("[\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_NOT_WORD = re.compile(r"[^\w]+")
_APOSTROPHES = re.compile("['\u2019\u2018`\u00b4.]")
_BLANK_FILL = re.compile(r"[\s_.\-–—*/\\]*")

_NUMBER_WORDS = frozenset({"no", "nos", "num", "number", "numbers", "nbr", "numero"})

_NOTHING = frozenset(
    {
        "na",
        "n a",
        "none",
        "nil",
        "null",
        "unknown",
        "unk",
        "not known",
        "not applicable",
        "not available",
        "not given",
        "not provided",
        "not assigned",
        "tbd",
        "pending",
        "no aplica",
        "ninguno",
        "ninguna",
        "desconocido",
        "desconocida",
        "se desconoce",
        "no se sabe",
    }
)


def clean_text(text: str) -> str:
    """Return `text` with plain spaces and line ends, no invisible characters, no outer space."""
    if text.isascii() and text.isprintable():
        return text.strip()
    plain = _ODD_SPACES.sub(" ", _LINE_ENDS.sub("\n", text))
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", plain)).strip()


def drop_invisible(text: str) -> str:
    """Return `text` without the characters that show nothing."""
    return text if text.isascii() and text.isprintable() else _INVISIBLE.sub("", text)


def one_line(text: str) -> str:
    """Return `text` cleaned and on one line, its inner space kept to single blanks."""
    return " ".join(clean_text(text).split())


def strip_accents(text: str) -> str:
    """Return `text` without accents and other combining marks."""
    if text.isascii():
        return text
    return "".join(
        c for c in unicodedata.normalize("NFKD", text) if unicodedata.category(c) != "Mn"
    )


@lru_cache(maxsize=4096)
def fold_text(text: str) -> str:
    """Return lower-case words without accents and punctuation, one blank between them."""
    plain = _APOSTROPHES.sub("", strip_accents(text).casefold())
    return _NOT_WORD.sub(" ", plain).replace("_", " ").strip()


@lru_cache(maxsize=4096)
def fold_label(text: str) -> str:
    """Return a label's words for comparing: `A#`, `A No.` and `A-Number` are one label."""
    words = fold_text(text.replace("#", " number ").replace("№", " number ")).split()
    return " ".join("number" if w in _NUMBER_WORDS else w for w in words)


def is_nothing(text: str) -> bool:
    """Return whether cleaned `text` is blank, a line to write on, or a word such as "N/A"."""
    if len(text) > 40:
        return not text.strip(" _.-\n")
    return bool(_BLANK_FILL.fullmatch(text)) or fold_text(text) in _NOTHING
