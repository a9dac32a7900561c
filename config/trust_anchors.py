"""Whose signatures count as ours: certificates in a PEM file, of authorities or of the office.

Outcomes of `read_trust_anchors`: the certificates, or `TrustAnchorsError` with a sentence. An
authority that issues to others as well vouches for their signatures too, so it has to be one of
the agency's own, or the office's certificate itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from config.problems import ConfigurationProblem
from config.sections import Settings

_FILE_BYTES = 4_194_304


class TrustAnchorsError(Exception):
    """The file cannot be used; the text is one sentence."""


def read_trust_anchors(path: str) -> tuple[bytes, ...]:
    """Return the certificates (DER) of a PEM file, none for no path. Raises `TrustAnchorsError`."""
    if not path:
        return ()
    try:
        with Path(path).open("rb") as file:
            found = x509.load_pem_x509_certificates(file.read(_FILE_BYTES))
    except OSError as error:
        raise TrustAnchorsError("The file of trust anchors cannot be read.") from error
    except ValueError as error:
        raise TrustAnchorsError("The file of trust anchors holds no certificate (PEM).") from error
    return tuple(certificate.public_bytes(Encoding.DER) for certificate in found)


def find_anchor_problems(settings: Settings) -> Iterator[ConfigurationProblem]:
    """Yield `E049` where the file of trust anchors cannot be used."""
    try:
        read_trust_anchors(settings.certification.trust_anchors)
    except TrustAnchorsError as error:
        yield ConfigurationProblem(
            id="E049",
            key="certification.trust_anchors",
            message=str(error),
            hint="Give a PEM file with your authority's certificate, or the office's; or nothing.",
        )
