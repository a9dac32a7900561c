"""What became of one text: a value, a value with a doubt, a problem, or nothing written at all.

`good`     a value
`flagged`  a value that a person should look at; the form is complete all the same
`wrong`    no value, and a sentence for the requester that says what to write
`BLANK`    the text says that there is nothing to write
"""

from __future__ import annotations

from dataclasses import dataclass

from parsers.extraction import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalised:
    """The outcome of reading one text as one kind of value."""

    value: Value | None = None  #: None when there is none
    code: str = ""  #: of the problem, stable; empty when nothing is wrong
    message: str = ""  #: one sentence that never quotes the value
    alternatives: tuple[str, ...] = ()  #: other values the same text may mean


#: There is nothing in the field.
BLANK = Normalised()


def good(value: Value) -> Normalised:
    """Return the outcome of a text that reads in one way."""
    return Normalised(value=value)


def flagged(
    value: Value, code: str, message: str, *, alternatives: tuple[str, ...] = ()
) -> Normalised:
    """Return the outcome of a text that reads well enough to go on; a person should see it."""
    return Normalised(value=value, code=code, message=message, alternatives=alternatives)


def wrong(code: str, message: str) -> Normalised:
    """Return the outcome of a text that is no such value."""
    return Normalised(code=code, message=message)
