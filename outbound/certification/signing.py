"""From a rendered certification to a signed one: PAdES B-B or B-T, certified, no changes allowed.

`sign_certification` appends the signature to the document, whose bytes stay an exact prefix. The
field is invisible and lies outside the page, as PDF/UA asks of what nobody reads; name, title and
date are printed by the template. The reason names the control number and who certified, never the
subject. `sign_copy` signs a copy that was made of a certification, for the same reason. Outcomes:
the signed bytes; `KeyUnusableError` when a key in hardware has gone; `TimestampError`; or an
exception of the library, which is a fault.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from config.signing_keys import SigningKey
from outbound.certification.document import CertificationFacts

if TYPE_CHECKING:
    from outbound.certification.timestamps import TimestampServer


def sign_certification(
    document: bytes,
    facts: CertificationFacts,
    key: SigningKey,
    *,
    timestamps: TimestampServer | None = None,
) -> bytes:
    """Return the document with its signature (ETSI EN 319 142-1, baseline B-B; B-T with a server).

    Raises `KeyUnusableError` and `TimestampError`.
    """
    return sign_copy(document, compose_reason(facts), key, timestamps=timestamps)


def sign_copy(
    document: bytes,
    reason: str,
    key: SigningKey,
    *,
    password: str = "",
    timestamps: TimestampServer | None = None,
) -> bytes:
    """Return a document with its signature; `password` opens one that is encrypted.

    The signature covers the encrypted bytes: whoever encrypts what is signed breaks it. Raises
    `KeyUnusableError` and `TimestampError`.
    """
    # Imported here because only a signature needs pyHanko, which takes long to load.
    from outbound.certification.pades import sign_pdf  # noqa: PLC0415

    return sign_pdf(document, reason, key, password=password, timestamps=timestamps)


def preload() -> None:
    """Load what signs now, so that the first signature is as quick as any other."""
    import_module("outbound.certification.pades")


def compose_reason(facts: CertificationFacts) -> str:
    """Say for whom the signature was applied, and on whose decision."""
    number = f"Control number {facts.control_number}"
    if facts.determination is None:
        return f"{number}. Applied for {facts.office} on a decision of its staff."
    name = facts.determination.certifier.name
    return f"{number}. Applied for {facts.office} on the decision of {name}."
