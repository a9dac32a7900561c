"""From a rendered certification to a signed one: PAdES B-B, certified, no changes allowed.

`sign_certification` appends the signature to the document, whose bytes stay an exact prefix. The
field is invisible and lies outside the page, as PDF/UA asks of what nobody reads; name, title and
date are printed by the template. The reason names the control number and who certified, never the
subject. `sign_copy` signs a copy that was made of a certification, for the same reason. Outcomes:
the signed bytes, or an exception of the library, which is a fault.
"""

from __future__ import annotations

from io import BytesIO

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import InvisSigSettings, MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner

from config.signing_keys import SigningKey
from outbound.certification.document import CertificationFacts

_FIELD = "Certification"


def sign_certification(document: bytes, facts: CertificationFacts, key: SigningKey) -> bytes:
    """Return the document with its signature (ETSI EN 319 142-1, baseline B-B)."""
    return sign_copy(document, compose_reason(facts), key)


def sign_copy(document: bytes, reason: str, key: SigningKey, *, password: str = "") -> bytes:
    """Return a document with its signature; `password` opens one that is encrypted.

    The signature covers the encrypted bytes: whoever encrypts what is signed breaks it.
    """
    signer = SimpleSigner.load_pkcs12_data(
        key.pkcs12,
        other_certs=(),
        passphrase=key.password.get_secret_value().encode() or None,
    )
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
    signed = PdfSigner(metadata, signer, new_field_spec=field).sign_pdf(writer)
    return bytes(signed.getbuffer())


def compose_reason(facts: CertificationFacts) -> str:
    """Say for whom the signature was applied, and on whose decision."""
    number = f"Control number {facts.control_number}"
    if facts.determination is None:
        return f"{number}. Applied for {facts.office} on a decision of its staff."
    name = facts.determination.certifier.name
    return f"{number}. Applied for {facts.office} on the decision of {name}."
