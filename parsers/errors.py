"""The one error of this package: the bytes could not be read as what they were offered as."""

from __future__ import annotations


class ParseError(Exception):
    """Bytes cannot be read; `code` is a stable identifier, the message a sentence for a person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __reduce__(self) -> tuple[type[ParseError], tuple[str, str]]:
        return (ParseError, (self.code, self.message))
