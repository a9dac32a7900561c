"""Certificates: read from a file, and what that of a signing key must be, whatever holds the key.

Outcomes of `check_certificate`: nothing, or `KeyUnusableError` because it is not valid now or may
not be used for signatures; of `read_certificates`: one or more, or the same error.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from cryptography import x509

_FILE_BYTES = 1_048_576


class KeyUnusableError(Exception):
    """A signing key cannot be used; the text is one sentence, and `hint` says what to do."""

    #: The alarm about decisions that wait for it.
    code = "no_signing_key"

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def check_certificate(certificate: x509.Certificate, now: datetime) -> None:
    """Look at validity and key usage. Raises `KeyUnusableError`."""
    starts, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not starts <= now <= ends:
        raise KeyUnusableError(
            f"Its certificate is valid from {starts:%Y-%m-%d} to {ends:%Y-%m-%d} only.",
            "Get a new certificate, and put it in the place of this one.",
        )
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        may_sign = usage.digital_signature or usage.content_commitment
    except (x509.ExtensionNotFound, ValueError):
        may_sign = False
    if not may_sign:
        raise KeyUnusableError(
            "Its certificate may not be used for signatures.",
            "Get one with the key usage digitalSignature or nonRepudiation.",
        )


def read_certificates(path: Path) -> list[x509.Certificate]:
    """Return the certificates of a PEM file, in its order. Raises `KeyUnusableError`."""
    try:
        with path.open("rb") as file:
            return x509.load_pem_x509_certificates(file.read(_FILE_BYTES))
    except (OSError, ValueError) as error:
        raise KeyUnusableError(
            "The file of certificates cannot be read, or holds none.",
            "Give a PEM file: the key's certificate first, then its chain.",
        ) from error
