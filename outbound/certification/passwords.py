"""The password of a sealed copy: words that can be read over the telephone and typed without doubt.

`build_password` returns six words of a list of 2,048, with hyphens between: 66 random bits, where a
guess at a PDF of revision 6 costs at least 64 rounds of SHA-2 (ISO 32000-2, algorithm 2.B). It is
always a password; there is no other outcome.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from config.data import read_data

#: How many words a password has.
WORDS = 6
_LIST = "passwords/words.txt"
_BITS_PER_WORD = 11


def build_password(random_bits: Callable[[int], int]) -> str:
    """Return a fresh password; `random_bits` returns as many random bits as it is asked for."""
    bits, words = random_bits(WORDS * _BITS_PER_WORD), list_words()
    places = (bits >> shift * _BITS_PER_WORD for shift in range(WORDS))
    return "-".join(words[place % len(words)] for place in places)


@cache
def list_words() -> tuple[str, ...]:
    """Return the words, of which there are two to the eleventh."""
    lines = read_data(_LIST).decode("ascii").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))
