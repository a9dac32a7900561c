"""Signing keys that never leave their hardware: PKCS#11 tokens, asked one session at a time.

Outcomes of `read_hardware_key`: a `HardwareKey` that has just signed a test text, or
`KeyUnusableError` with what is wrong and what to do: python-pkcs11 is not installed, the module
cannot be loaded, there is no such token, the PIN is refused, there is no such key, or its
certificate does not fit. Nothing of a PIN is ever in a message or a representation, and a PIN that
was refused is not tried again by this process, because a token locks itself after a few.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import SecretStr

from config.key_certificates import KeyUnusableError, check_certificate, read_certificates
from config.sections import Pkcs11Settings

_TEST_TEXT = b"ero-outreach: does this certificate fit this key?"
#: A token has one login for the whole process, so there is one session at a time.
_one_session = Lock()
#: Digests of PINs that their tokens refused.
_refused: set[str] = set()
#: Digests of certificates and the keys that they were found to fit.
_fitting: set[str] = set()


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareKey:
    """A key in a token that can sign now, and its certificates (DER)."""

    module: str
    token: str
    label: str
    pin: SecretStr
    certificate: bytes
    chain: tuple[bytes, ...]
    ends: datetime  #: when its certificate ends, UTC


def read_hardware_key(place: Pkcs11Settings, *, now: datetime) -> HardwareKey:
    """Return the key at a place. Raises `KeyUnusableError`."""
    with open_session(place.module, place.token, place.pin) as session:
        private = _find_private_key(session, place.key_label)
        own, others = _find_certificates(session, place)
        check_certificate(own, now)
        _check_fit(private, own, place)
    return HardwareKey(
        module=place.module,
        token=place.token,
        label=place.key_label,
        pin=place.pin,
        certificate=own.public_bytes(Encoding.DER),
        chain=tuple(c.public_bytes(Encoding.DER) for c in others),
        ends=own.not_valid_after_utc,
    )


@contextmanager
def open_session(module: str, token: str, pin: SecretStr) -> Iterator[Any]:
    """Yield a session of python-pkcs11 that is logged in, and close it.

    Raises `KeyUnusableError`, also for what a token says while it is open.
    """
    try:
        import pkcs11  # noqa: PLC0415 - installed only where there is such a key
    except ImportError as error:
        raise KeyUnusableError(
            "Keys in hardware need the package python-pkcs11, which is not installed.",
            "Install it with: make pkcs11",
        ) from error
    with _one_session:
        try:
            with _log_in(pkcs11, module, token, pin) as session:
                yield session
        except pkcs11.PKCS11Error as error:
            raise KeyUnusableError(
                f"The token does not do what it is asked ({type(error).__name__}).",
                "Look whether it is connected, and what its own tools say of it.",
            ) from error


def _log_in(pkcs11: Any, module: str, label: str, pin: SecretStr) -> Any:
    try:
        library = pkcs11.lib(module)
    except pkcs11.PKCS11Error as error:
        raise KeyUnusableError(
            "The PKCS#11 module cannot be loaded.",
            "Give the path of the .so file that came with the token, and let this user read it.",
        ) from error
    found = _find_token(pkcs11, library, label)
    secret = pin.get_secret_value()
    digest = hashlib.sha256(f"{module}\0{label}\0{secret}".encode()).hexdigest()
    if digest in _refused:
        raise _refused_pin()
    try:
        return found.open(user_pin=secret)
    except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange) as error:
        _refused.add(digest)
        raise _refused_pin() from error
    except (pkcs11.PinLocked, pkcs11.PinExpired) as error:
        raise KeyUnusableError(
            "The token is locked, or its PIN has expired.",
            "Unlock it with its own tools, and set a new PIN.",
        ) from error


def _refused_pin() -> KeyUnusableError:
    return KeyUnusableError(
        "The token refuses the PIN; it is not tried again, since a token locks after a few times.",
        "Correct the file that pin_file names, and restart the worker.",
    )


def _find_token(pkcs11: Any, library: Any, label: str) -> Any:
    try:
        return library.get_token(token_label=label)
    except pkcs11.MultipleTokensReturned as error:
        raise KeyUnusableError(
            "Several tokens have this label.", "Leave one of them connected."
        ) from error
    except pkcs11.NoSuchToken:
        # Some modules look for tokens only when they begin.
        library.reinitialize()
    try:
        return library.get_token(token_label=label)
    except pkcs11.NoSuchToken as error:
        raise KeyUnusableError(
            "There is no token with this label.",
            "Look whether it is connected, and at its label.",
        ) from error


def _find_private_key(session: Any, label: str) -> Any:
    from pkcs11 import Attribute, ObjectClass  # noqa: PLC0415

    wanted = {Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.LABEL: label}
    found = list(session.get_objects(wanted))
    if len(found) != 1:
        number = "several private keys" if found else "no private key"
        raise KeyUnusableError(
            f"The token holds {number} with this label.",
            "Give the label of the one key to sign with.",
        )
    return found[0]


def _find_certificates(
    session: Any, place: Pkcs11Settings
) -> tuple[x509.Certificate, list[x509.Certificate]]:
    """Return the key's certificate and those of authorities, from the file or else the token."""
    if place.certificate_file:
        own, *others = read_certificates(Path(place.certificate_file))
        return own, others
    from pkcs11 import Attribute, ObjectClass  # noqa: PLC0415

    own_ones, others = [], []
    for one in session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE}):
        certificate = x509.load_der_x509_certificate(one[Attribute.VALUE])
        if one[Attribute.LABEL] == place.key_label:
            own_ones.append(certificate)
        elif _is_authority(certificate):
            others.append(certificate)
    if len(own_ones) != 1:
        raise KeyUnusableError(
            "The token does not hold one certificate with the label of the key.",
            "Put it there, or name a PEM file as certificate_file.",
        )
    return own_ones[0], others


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


def _check_fit(private: Any, certificate: x509.Certificate, place: Pkcs11Settings) -> None:
    """Let the key sign, once in the life of this process, and hold it against the certificate."""
    public = certificate.public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        raise _misfit()
    of = certificate.fingerprint(hashes.SHA256()).hex()
    proof = f"{place.module}\0{place.token}\0{place.key_label}\0{of}"
    if proof in _fitting:
        return
    try:
        _sign_test(private, public)
    except (InvalidSignature, ValueError) as error:
        raise _misfit() from error
    _fitting.add(proof)


def _sign_test(private: Any, public: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> None:
    from pkcs11 import KeyType, Mechanism  # noqa: PLC0415
    from pkcs11.util.ec import encode_ecdsa_signature  # noqa: PLC0415

    is_curve = isinstance(public, ec.EllipticCurvePublicKey)
    if private.key_type != (KeyType.EC if is_curve else KeyType.RSA):
        raise InvalidSignature
    if isinstance(public, rsa.RSAPublicKey):
        signature = private.sign(_TEST_TEXT, mechanism=Mechanism.SHA256_RSA_PKCS)
        public.verify(signature, _TEST_TEXT, padding.PKCS1v15(), hashes.SHA256())
        return
    digest = hashlib.sha256(_TEST_TEXT).digest()
    signature = encode_ecdsa_signature(private.sign(digest, mechanism=Mechanism.ECDSA))
    public.verify(signature, _TEST_TEXT, ec.ECDSA(hashes.SHA256()))


def _misfit() -> KeyUnusableError:
    return KeyUnusableError(
        "The certificate does not belong to the key, or the key is neither EC nor RSA.",
        "Give the certificate that was issued for this key.",
    )
