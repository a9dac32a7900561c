"""The one error of this package, and how libraries say that memory ran out."""

from __future__ import annotations


class ParseError(Exception):
    """Bytes cannot be read; `code` is a stable identifier, the message a sentence for a person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __reduce__(self) -> tuple[type[ParseError], tuple[str, str]]:
        return (ParseError, (self.code, self.message))


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether a library's error, or one that it wraps, says that memory ran out."""
    chain: list[object] = [error, error.__cause__, error.__context__, *error.args]
    # `bad_alloc` is what qpdf says, in an error of its own.
    return any(isinstance(e, MemoryError) or "bad_alloc" in str(e) for e in chain)
