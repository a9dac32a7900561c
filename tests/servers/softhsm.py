"""A hardware token in software: SoftHSM, with its tokens in a folder of the test."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pkcs11
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pkcs11.util.x509 import decode_x509_certificate

PIN = "Klappe-2718"
_MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so")


@dataclass(frozen=True, kw_only=True)
class SoftToken:
    """A token with a label and a PIN."""

    label: str
    module: str
    folder: Path

    def put(self, label: str, key: PrivateKeyTypes, *certificates: x509.Certificate) -> None:
        """Put a private key into the token, and certificates below the same label."""
        file = self.folder / "key.pem"
        file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        number = f"{abs(hash(label)):x}"[:8]
        _run("--import", str(file), "--token", self.label, "--label", label, "--id", number,
             "--pin", PIN)  # fmt: skip
        file.unlink()
        for certificate in certificates:
            self.put_certificate(label, certificate)

    def put_certificate(self, label: str, certificate: x509.Certificate) -> None:
        """Put a certificate into the token."""
        library = pkcs11.lib(self.module)
        library.reinitialize()
        values = decode_x509_certificate(certificate.public_bytes(Encoding.DER))
        values |= {pkcs11.Attribute.LABEL: label, pkcs11.Attribute.TOKEN: True}
        with library.get_token(token_label=self.label).open(rw=True, user_pin=PIN) as session:
            session.create_object(values)

    def change_pin(self, old: str, new: str) -> None:
        """Give the token another PIN."""
        token = pkcs11.lib(self.module).get_token(token_label=self.label)
        with token.open(rw=True, user_pin=old) as session:
            session.set_pin(old, new)

    def table(self, key_label: str, pin: str = PIN, **changes: Any) -> dict[str, Any]:
        """Return the table `signing_pkcs11` for one of its keys."""
        table = {"module": self.module, "token": self.label, "key_label": key_label, "pin": pin}
        return {**table, **changes}


def make_token(folder: Path, label: str = "office") -> SoftToken:
    """Make a token; its library looks for it where this process's environment says from now on."""
    tokens = folder / "tokens"
    tokens.mkdir(parents=True)
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {tokens}\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(settings)
    _run("--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "Klappe-3141")
    module = next(path for path in _MODULES if Path(path).exists())
    return SoftToken(label=label, module=module, folder=folder)


def _run(*arguments: str) -> None:
    subprocess.run(["softhsm2-util", *arguments], check=True, capture_output=True, timeout=30)
