"""A time-stamp server: OpenSSL's own (`openssl ts`) behind HTTP, or any answer a test wants."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.signing_keys import issue_key, make_authority

REPLY = "application/timestamp-reply"

_CONFIGURATION = """
[tsa]
default_tsa = t
[t]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
certs = {folder}/ca.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""

#: What a server answers to a query: status, media type, bytes.
Answer = tuple[int, str, bytes]


@dataclass(slots=True, kw_only=True)
class TimestampAuthority:
    """A server at `url`; `answer` may be changed while it runs."""

    url: str
    answer: Callable[[bytes], Answer]
    queries: list[bytes] = field(default_factory=list)


def write_authority_files(folder: Path, *purposes: x509.ObjectIdentifier) -> Path:
    """Write key, certificate and configuration of an authority; return the folder."""
    key, certificate = issue_key(
        name="Example Time",
        usage=("digital_signature",),
        extended=x509.ExtendedKeyUsage(purposes or (ExtendedKeyUsageOID.TIME_STAMPING,)),
    )
    folder.mkdir(parents=True, exist_ok=True)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "tsa.key").write_bytes(pem)
    (folder / "tsa.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "ca.pem").write_bytes(make_authority().certificate.public_bytes(Encoding.PEM))
    (folder / "serial").write_text("01\n")
    (folder / "ts.cnf").write_text(_CONFIGURATION.format(folder=folder))
    return folder


def answer_with_openssl(folder: Path, query: bytes) -> Answer:
    """Answer as `openssl ts` does."""
    (folder / "query.tsq").write_bytes(query)
    done = subprocess.run(
        ["openssl", "ts", "-reply", "-config", folder / "ts.cnf", "-queryfile",
         folder / "query.tsq"],
        check=True, capture_output=True, timeout=30,
    )  # fmt: skip
    return 200, REPLY, done.stdout


@contextmanager
def run_authority(answer: Callable[[bytes], Answer]) -> Iterator[TimestampAuthority]:
    """Yield a running server."""
    served = TimestampAuthority(url="", answer=answer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            served.queries.append(query)
            status, kind, body = served.answer(query)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served.url = f"http://127.0.0.1:{server.server_port}/tsa"
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield served
        finally:
            server.shutdown()
