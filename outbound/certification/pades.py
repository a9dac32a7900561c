"""Writing a signature into a PDF, by pyHanko: certified, PAdES B-B or B-T, no changes allowed.

Outcomes as `signing` has them, which is where it is called from.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from io import BytesIO
from typing import Any

from asn1crypto.x509 import Certificate
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import (
    InvisSigSettings,
    MDPPerm,
    SigFieldSpec,
    SigSeedSubFilter,
    append_signature_field,
)
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, Signer, SimpleSigner

from config.hardware_keys import HardwareKey, open_session
from config.signing_keys import KeyFile, SigningKey
from outbound.certification.signature_tag import tag_signature
from outbound.certification.timestamps import TimestampServer

_FIELD = "Certification"


def sign_pdf(
    document: bytes,
    reason: str,
    key: SigningKey,
    *,
    password: str,
    timestamps: TimestampServer | None,
) -> bytes:
    """Return a document with its signature; `password` opens one that is encrypted."""
    metadata = PdfSignatureMetadata(
        field_name=_FIELD,
        md_algorithm="sha256",
        reason=reason,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
        subfilter=SigSeedSubFilter.PADES,
    )
    field = SigFieldSpec(
        sig_field_name=_FIELD,
        readable_field_name="Signature of the issuing office",
        invis_sig_settings=InvisSigSettings(box_out_of_bounds=True),
    )
    writer = IncrementalPdfFileWriter(BytesIO(document))
    if password:
        writer.encrypt(password)  # type: ignore[no-untyped-call]
    append_signature_field(writer, field)
    tag_signature(writer)
    with _open_signer(key) as signer:
        signed = PdfSigner(metadata, signer, timestamper=timestamps).sign_pdf(writer)
    return bytes(signed.getbuffer())


@contextmanager
def _open_signer(key: SigningKey) -> Iterator[Signer]:
    if isinstance(key, KeyFile):
        yield _load_key_file(key)
        return
    with open_session(key.module, key.token, key.pin) as session:
        yield _build_hardware_signer(key, session)


# Opening a PKCS#12 file costs as much as signing does; an office has few keys.
@lru_cache(maxsize=8)
def _load_key_file(key: KeyFile) -> SimpleSigner:
    signer: SimpleSigner = SimpleSigner.load_pkcs12_data(
        key.pkcs12,
        other_certs=(),
        passphrase=key.password.get_secret_value().encode() or None,
    )
    return signer


def _build_hardware_signer(key: HardwareKey, session: Any) -> Signer:
    # Only those who have such a key have what this import needs.
    from pyhanko.sign.pkcs11 import PKCS11Signer  # noqa: PLC0415

    certificate = Certificate.load(key.certificate)
    return PKCS11Signer(
        session,
        key_label=key.label,
        signing_cert=certificate,
        ca_chain=[Certificate.load(one) for one in key.chain],
        # Every token signs a digest with a curve; not every one computes the digest itself.
        use_raw_mechanism=certificate.public_key.algorithm == "ec",
    )
