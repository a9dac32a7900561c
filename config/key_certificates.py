"""What every certificate of a signing key must be, whatever holds the key.

Outcomes of `check_certificate`: nothing, or `KeyUnusableError` because it is not valid now or may
not be used for signatures.
"""

from __future__ import annotations

from datetime import datetime

from cryptography import x509


class KeyUnusableError(Exception):
    """A signing key cannot be used; the text is one sentence, and `hint` says what to do."""

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
