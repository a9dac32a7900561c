"""Signing keys made for one test: an authority, and what it issues, in PKCS#12 files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    pkcs12,
)
from cryptography.x509 import ExtendedKeyUsage
from cryptography.x509.oid import NameOID

PASSWORD = "Siegel-8-Lack"
#: Wide enough for the clocks of the tests and for the machine's own.
STARTS, ENDS = datetime(2020, 1, 1, tzinfo=UTC), datetime(2060, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """Who issues signing certificates in a test."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(*names: str) -> x509.KeyUsage:
    known = [
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    ]
    return x509.KeyUsage(**{name: name in names for name in known})


@cache
def make_authority() -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name("Example Authority"))
        .issuer_name(_name("Example Authority"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(STARTS - timedelta(days=1))
        .not_valid_after(ENDS + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage("key_cert_sign"), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(key=key, certificate=certificate)


def issue_key(
    *,
    name: str = "Example Office",
    usage: tuple[str, ...] = ("digital_signature", "content_commitment"),
    ends: datetime = ENDS,
    extended: ExtendedKeyUsage | None = None,
    is_rsa: bool = False,
) -> tuple[ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, x509.Certificate]:
    """Return a fresh key and the authority's certificate for it."""
    authority = make_authority()
    key = (
        rsa.generate_private_key(public_exponent=65537, key_size=2048)
        if is_rsa
        else ec.generate_private_key(ec.SECP256R1())
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(authority.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(STARTS)
        .not_valid_after(ends)
        .add_extension(_usage(*usage), critical=True)
    )
    if extended is not None:
        builder = builder.add_extension(extended, critical=True)
    return key, builder.sign(authority.key, hashes.SHA256())


def write_key(
    path: Path,
    *,
    name: str = "Example Office",
    usage: tuple[str, ...] = ("digital_signature", "content_commitment"),
    ends: datetime = ENDS,
    password: str = PASSWORD,
    with_certificate: bool = True,
    extended: x509.ObjectIdentifier | None = None,
) -> Path:
    """Write a PKCS#12 file with a fresh key, its certificate and the authority's."""
    key, certificate = issue_key(
        name=name,
        usage=usage,
        ends=ends,
        extended=None if extended is None else ExtendedKeyUsage([extended]),
        # What stamps the time in a test can do RSA alone.
        is_rsa=extended is not None,
    )
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"key",
            key,
            certificate if with_certificate else None,
            [make_authority().certificate],
            BestAvailableEncryption(password.encode()),
        )
    )
    return path


def write_authority(path: Path) -> Path:
    """Write the authority's certificate as PEM."""
    path.write_bytes(make_authority().certificate.public_bytes(Encoding.PEM))
    return path
