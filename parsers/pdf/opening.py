"""A PDF opened, or a word for why it cannot be: every reader of PDF objects begins here.

Outcomes: an open document; or a `CannotOpenError` whose code is `password_needed`,
`wrong_password`, `unknown_protection` (locked with a certificate or in a way of its own), or
`broken_pdf`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import pikepdf

from parsers.errors import is_out_of_memory


class CannotOpenError(Exception):
    """The document cannot be opened; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def open_pdf(data: bytes, password: str = "") -> pikepdf.Pdf:
    """Open a PDF; a password that only restricts what may be done with it is not asked for."""
    for encoded in _encodings(password):
        try:
            return pikepdf.open(io.BytesIO(data), password=encoded)
        except pikepdf.PasswordError:
            continue
        except pikepdf.PdfError as error:
            if is_out_of_memory(error):
                raise MemoryError from None
            is_locked = "encryption dictionary" in str(error)
            raise CannotOpenError("unknown_protection" if is_locked else "broken_pdf") from error
    raise CannotOpenError("wrong_password" if password else "password_needed")


def _encodings(password: str) -> Iterator[str | bytes]:
    """Yield the forms in which a password may have been used (ISO 32000-2, 7.6.4.3)."""
    yield password
    if not password.isascii():
        # Before AES-256 passwords were written in the encoding of PDF strings.
        yield password.encode("pdfdoc", errors="replace")
