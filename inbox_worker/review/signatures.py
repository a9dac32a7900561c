"""Whether a reply bears a signature of its author's own certificate: `review.require_smime`.

OpenSSL's `cms -verify` judges the signature, the chain up to a configured trust anchor, the time,
the usage and, where the bundle holds revocation lists, those. Ours is what it does not ask: whose
address the certificate was issued to, and when the reply was signed. Outcomes: the mail made of
what was signed, and of nothing else; or the stable code of what is wrong. `WorkerError` where
OpenSSL cannot be asked, which is no mail's fault.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.x509.oid import ExtensionOID, NameOID

from inbox_worker.errors import WorkerError
from parsers.errors import ParseError
from parsers.mail.message import InboundMessage
from parsers.mail.parsing import parse_message
from parsers.mail.signed_mail import SignedMail, find_signed_mail

#: How far a signer's clock may be from ours.
_SKEW = timedelta(minutes=15)
_SECONDS = 30
#: What `cms -verify` exits with when the signature does not hold, and when it is no signature.
_REFUSED = frozenset({2, 3, 4, 5})
_REVOCATION_LIST = b"-----BEGIN X509 CRL-----"

#: What OpenSSL says, in the order in which it is looked for, and our code for it.
_SAYINGS: tuple[tuple[str, str], ...] = (
    ("certificate revoked", "certificate_revoked"),
    ("CRL", "revocation_unknown"),
    ("certificate has expired", "certificate_out_of_date"),
    ("certificate is not yet valid", "certificate_out_of_date"),
    ("certificate purpose", "certificate_not_for_mail"),
    ("certificate signature failure", "certificate_untrusted"),
    ("invalid CA certificate", "certificate_untrusted"),
    ("signed certificate", "certificate_untrusted"),
    ("issuer certificate", "certificate_untrusted"),
    ("verify the first certificate", "certificate_untrusted"),
    ("too weak", "signature_weak"),
    ("too small", "signature_weak"),
    ("digest failure", "content_changed"),
    ("verification failure", "content_changed"),
    ("verify error", "content_changed"),
    ("bad signature", "content_changed"),
)


def read_signed(
    raw: bytes, *, address: str, ca_file: Path, issued_at: datetime, now: datetime
) -> InboundMessage | str:
    """Return the signed part of a mail as a mail of its own, or the code of what is wrong.

    `address` is whose certificate it must be, `issued_at` when the answered letter was written: a
    signature that is older was made for something else.
    """
    signed = find_signed_mail(raw)
    if isinstance(signed, str):
        return signed
    moment = signed.signed_at
    if moment is None or not issued_at - _SKEW <= moment <= now + _SKEW:
        return "signed_at_another_time"
    verified = _ask_openssl(signed, ca_file=ca_file, now=now)
    if isinstance(verified, str):
        return verified
    content, certificates = verified
    if len(certificates) != 1 or address.lower() not in _list_addresses(certificates[0]):
        return "certificate_of_another"
    try:
        return parse_message(content)
    except ParseError:
        return "signature_unreadable"


def _ask_openssl(
    signed: SignedMail, *, ca_file: Path, now: datetime
) -> tuple[bytes, list[x509.Certificate]] | str:
    """Return what was signed and by whose certificate, or the code of why it does not hold."""
    with TemporaryDirectory(prefix="ero-signature-") as folder:
        home = Path(folder)
        (home / "signature").write_bytes(signed.signature)
        if signed.content is not None:
            (home / "content").write_bytes(signed.content)
        found = _run(_build_command(home, signed, ca_file=ca_file, now=now))
        if found.returncode in _REFUSED:
            said = found.stderr.decode("utf-8", "replace")
            return next((code for words, code in _SAYINGS if words in said), "signature_unreadable")
        if found.returncode != 0:
            raise WorkerError(f"openssl cms ended with {found.returncode}: look at smime_ca_file.")
        content = signed.content if signed.content is not None else (home / "out").read_bytes()
        return content, x509.load_pem_x509_certificates((home / "signer").read_bytes())


def _build_command(
    home: Path, signed: SignedMail, *, ca_file: Path, now: datetime
) -> Sequence[str | Path]:
    """Return the question: only the bundle is trusted, at this moment, for signing mail."""
    return (
        *("openssl", "cms", "-verify", "-binary", "-purpose", "smimesign", "-auth_level", "2"),
        *("-inform", "DER", "-in", home / "signature"),
        *("-CAfile", ca_file, "-no-CApath", "-no-CAstore", "-partial_chain"),
        *(("-crl_check",) if _REVOCATION_LIST in ca_file.read_bytes() else ()),
        *("-attime", str(int(now.timestamp()))),
        *(("-content", home / "content") if signed.content is not None else ()),
        *("-signer", home / "signer", "-out", home / "out"),
    )


def _run(command: Sequence[str | Path]) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603  no shell, and every word of it is ours
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise WorkerError(f"openssl cms did not end within {_SECONDS} seconds.") from None


def _list_addresses(certificate: x509.Certificate) -> frozenset[str]:
    """Return whom a certificate was issued to (RFC 8550 section 3), in lower case.

    The addresses of its alternative name; only where there is none, those of its subject.
    """
    try:
        names = certificate.extensions.get_extension_for_oid(
            ExtensionOID.SUBJECT_ALTERNATIVE_NAME
        ).value
        found = (
            names.get_values_for_type(x509.RFC822Name)
            if isinstance(names, x509.SubjectAlternativeName)
            else []
        )
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        found = []
    if not found:
        subject = certificate.subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS)
        found = [str(attribute.value) for attribute in subject]
    return frozenset(text.lower() for text in found)
