"""A certificate for this machine, for the length of a test run."""

from __future__ import annotations

from pathlib import Path

import trustme


def write_certificate(base: Path) -> None:
    """Write `ca.pem`, and a certificate for localhost by it as `server.pem` and `server.key`."""
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    authority.cert_pem.write_to_path(str(base / "ca.pem"))
    certificate.private_key_pem.write_to_path(str(base / "server.key"))
    certificate.cert_chain_pems[0].write_to_path(str(base / "server.pem"))
