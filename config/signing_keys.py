"""The keys that certifications are signed with: where each stands, and whether it can be used.

A key is in a PKCS#12 file, or in hardware (`config.hardware_keys`). Outcomes of `read_signing_key`:
a `SigningKey`, or `KeyUnusableError` with what is wrong and what to do: the file is missing, the
password is wrong, it holds no key with its certificate, the certificate is not valid now, or it may
not be used for signatures. Nothing of a password or a key is ever in a message or a representation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from pydantic import SecretStr

from config.hardware_keys import HardwareKey, read_hardware_key
from config.key_certificates import KeyUnusableError, check_certificate
from config.problems import ConfigurationProblem
from config.sections import CertificationSettings, Pkcs11Settings, Settings, StaffMember

__all__ = [
    "HardwareKey",
    "KeyFile",
    "KeyPlace",
    "KeyUnusableError",
    "SigningKey",
    "find_key_place",
    "find_key_problems",
    "find_key_warnings",
    "list_key_places",
    "read_signing_key",
]

#: A key file longer than this is no key file.
_KEY_BYTES = 1_048_576
#: How long before its end `check` warns of a certificate.
WARNING_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPlace:
    """Where a key stands in the configuration."""

    key: str  #: the key of the configuration, `certification.signing_pkcs12`
    path: str = ""  #: of the PKCS#12 file; empty where none is set
    password: SecretStr = field(default=SecretStr(""))
    hardware: Pkcs11Settings | None = None  #: in place of the file


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFile:
    """A key in a PKCS#12 file that can sign now."""

    pkcs12: bytes = field(repr=False)  #: the file
    password: SecretStr
    ends: datetime  #: when its certificate ends, UTC


SigningKey = KeyFile | HardwareKey


def find_key_place(settings: Settings, certifier: StaffMember | None) -> KeyPlace:
    """Return the certifier's own key where they have one, else the office's."""
    if certifier is not None and (certifier.signing_pkcs12 or certifier.signing_pkcs11):
        return _name_place(f"staff[{settings.staff.index(certifier)}]", certifier)
    return _name_place("certification", settings.certification)


def _name_place(table: str, section: CertificationSettings | StaffMember) -> KeyPlace:
    if section.signing_pkcs11 is not None:
        return KeyPlace(key=f"{table}.signing_pkcs11", hardware=section.signing_pkcs11)
    return KeyPlace(
        key=f"{table}.signing_pkcs12",
        path=section.signing_pkcs12,
        password=section.signing_password,
    )


def list_key_places(settings: Settings) -> tuple[KeyPlace, ...]:
    """Return the office's key and each certifier's own, in the order of the file.

    The office's is there even when it is not set, because refusals are signed with it.
    """
    certifiers = (None, *settings.find_staff_with("certifier"))
    places = {p.key: p for p in (find_key_place(settings, person) for person in certifiers)}
    return tuple(places.values())


def find_key_problems(settings: Settings, *, now: datetime) -> Iterator[ConfigurationProblem]:
    """Yield `E046` for every key that cannot be used, where signatures are required."""
    if not settings.certification.is_signed_with_key:
        return
    for place in list_key_places(settings):
        try:
            read_signing_key(place, now=now)
        except KeyUnusableError as error:
            yield ConfigurationProblem(
                id="E046", key=place.key, message=str(error), hint=error.hint
            )


def find_key_warnings(settings: Settings, *, now: datetime) -> Iterator[ConfigurationProblem]:
    """Yield `W007` for every usable key whose certificate ends within 30 days."""
    if not settings.certification.is_signed_with_key:
        return
    for place in list_key_places(settings):
        try:
            ends = read_signing_key(place, now=now).ends
        except KeyUnusableError:
            continue
        if ends - now <= timedelta(days=WARNING_DAYS):
            yield ConfigurationProblem(
                id="W007",
                key=place.key,
                message=f"Its certificate ends on {ends:%Y-%m-%d}; nothing is issued after that.",
                hint="Get a new certificate, and put it in the place of this one.",
            )


def read_signing_key(place: KeyPlace, *, now: datetime) -> SigningKey:
    """Return the key at a place. Raises `KeyUnusableError`."""
    if place.hardware is not None:
        return read_hardware_key(place.hardware, now=now)
    if not place.path:
        raise KeyUnusableError("There is no key to sign with.", f"Set {place.key} to a file.")
    try:
        with Path(place.path).open("rb") as file:
            content = file.read(_KEY_BYTES)
    except OSError as error:
        raise KeyUnusableError(
            "The key's file cannot be read.", "Give a PKCS#12 file that this user can read."
        ) from error
    try:
        password = place.password.get_secret_value().encode()
        private, certificate, _chain = pkcs12.load_key_and_certificates(content, password or None)
    except ValueError as error:
        raise KeyUnusableError(
            "It is no PKCS#12 file, or its password is wrong.",
            "Look at the file, and at the one named by signing_password_file.",
        ) from error
    if certificate is None or not isinstance(
        private, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    ):
        raise KeyUnusableError(
            "The file does not hold an EC or RSA key with the certificate that fits it.",
            "Export the key together with its certificate and their chain.",
        )
    check_certificate(certificate, now)
    return KeyFile(pkcs12=content, password=place.password, ends=certificate.not_valid_after_utc)
