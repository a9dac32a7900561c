"""Authorities, certificates and S/MIME signatures of test people, made as mail programs make them.

Everything that can be wrong with a signature can be asked for; nothing here judges any.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from asn1crypto import algos, cms, core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.worker_harness import NOW

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
MAIL = (ExtendedKeyUsageOID.EMAIL_PROTECTION,)
_HASHES = {"sha1": hashes.SHA1, "sha256": hashes.SHA256, "sha512": hashes.SHA512}


@dataclass(frozen=True, kw_only=True)
class Holder:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


def issue(
    name: str,
    *,
    issuer: Holder | None = None,
    emails: Sequence[str] = (),
    subject_email: str | None = None,
    is_authority: bool = False,
    usages: Sequence[x509.ObjectIdentifier] | None = MAIL,
    signs: bool = True,
    key: Key | None = None,
    start: datetime = NOW - timedelta(days=100),
    end: datetime = NOW + timedelta(days=100),
) -> Holder:
    """Return a new certificate; without an issuer it is signed by itself."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if subject_email is not None:
        attributes.append(x509.NameAttribute(NameOID.EMAIL_ADDRESS, subject_email))
    subject = x509.Name(attributes)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(_build_usage(is_authority=is_authority, signs=signs), critical=True)
    )
    if emails:
        names = x509.SubjectAlternativeName([x509.RFC822Name(email) for email in emails])
        builder = builder.add_extension(names, critical=False)
    if usages is not None and not is_authority:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    signer = key if issuer is None else issuer.key
    return Holder(certificate=builder.sign(signer, hashes.SHA256()), key=key)


def _build_usage(*, is_authority: bool, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs and not is_authority,
        content_commitment=False,
        key_encipherment=not signs,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )


def build_revocation_list(
    authority: Holder, revoked: Sequence[Holder] = (), *, until: datetime = NOW + timedelta(days=7)
) -> bytes:
    """Return the authority's list of revoked certificates, as PEM."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(NOW - timedelta(days=30))
        .next_update(until)
    )
    for holder in revoked:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder()
            .serial_number(holder.certificate.serial_number)
            .revocation_date(NOW - timedelta(days=20))
            .build()
        )
    return builder.sign(authority.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def sign(
    content: bytes,
    signers: Holder | Sequence[Holder],
    *,
    opaque: bool = False,
    chain: Sequence[Holder] = (),
    digest: str = "sha256",
    signed_at: datetime | None = NOW,
) -> bytes:
    """Return a SignedData over a MIME part, DER (RFC 5652)."""
    holders = [signers] if isinstance(signers, Holder) else list(signers)
    signed = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [{"algorithm": digest}],
            "encap_content_info": {
                "content_type": "data",
                **({"content": content} if opaque else {}),
            },
            "certificates": [_load(holder) for holder in (*holders, *chain)],
            "signer_infos": [
                _sign_as(holder, content, digest=digest, signed_at=signed_at) for holder in holders
            ],
        }
    )
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump())


def _load(holder: Holder) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(holder.certificate.public_bytes(serialization.Encoding.DER))


def _sign_as(
    holder: Holder, content: bytes, *, digest: str, signed_at: datetime | None
) -> cms.SignerInfo:
    loaded = _load(holder)
    attributes = cms.CMSAttributes(
        [
            {"type": "content_type", "values": ["data"]},
            {"type": "message_digest", "values": [hashlib.new(digest, content).digest()]},
        ]
    )
    if signed_at is not None:
        time = core.UTCTime(signed_at.astimezone(UTC))
        attributes.append(
            {"type": "signing_time", "values": [cms.Time(name="utc_time", value=time)]}
        )
    to_sign = attributes.dump()
    if isinstance(holder.key, rsa.RSAPrivateKey):
        algorithm = "rsassa_pkcs1v15"
        value = holder.key.sign(to_sign, padding.PKCS1v15(), _HASHES[digest]())
    else:
        algorithm = f"{digest}_ecdsa"
        value = holder.key.sign(to_sign, ec.ECDSA(_HASHES[digest]()))
    return cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                name="issuer_and_serial_number",
                value={"issuer": loaded.issuer, "serial_number": loaded.serial_number},
            ),
            "digest_algorithm": algos.DigestAlgorithm({"algorithm": digest}),
            "signed_attrs": attributes,
            "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": algorithm}),
            "signature": value,
        }
    )


def build_text(text: str) -> bytes:
    """Return a MIME part of plain text as it is signed, its line ends CRLF."""
    lines = ("Content-Type: text/plain; charset=utf-8", "", *text.split("\n"), "")
    return "\r\n".join(lines).encode()


def wrap(header: Sequence[str], content: bytes, signature: bytes, *, after: bytes = b"") -> bytes:
    """Return a mail whose text stands beside its signature (RFC 8551 section 3.5.3)."""
    head = [
        *header,
        "MIME-Version: 1.0",
        (
            'Content-Type: multipart/signed; protocol="application/pkcs7-signature";'
            ' micalg=sha-256; boundary="=_signed"'
        ),
        "",
        "This is an S/MIME signed message",
        "--=_signed",
        "",
    ]
    tail = [
        "",
        "--=_signed",
        'Content-Type: application/pkcs7-signature; name="smime.p7s"',
        "Content-Transfer-Encoding: base64",
        "",
        base64.encodebytes(signature).decode("ascii").replace("\n", "\r\n"),
        "--=_signed--",
        "",
    ]
    return "\r\n".join(head).encode() + content + "\r\n".join(tail).encode() + after


def wrap_opaque(header: Sequence[str], signature: bytes, *, kind: str = "signed-data") -> bytes:
    """Return a mail whose text lies inside its signature (RFC 8551 section 3.5.2)."""
    head = [
        *header,
        "MIME-Version: 1.0",
        f"Content-Type: application/pkcs7-mime; smime-type={kind}; name=smime.p7m",
        "Content-Transfer-Encoding: base64",
        "",
        base64.encodebytes(signature).decode("ascii").replace("\n", "\r\n"),
    ]
    return "\r\n".join(head).encode()
