"""A token server of the tests' own, over HTTPS, and the JSON Web Tokens it gives out.

It speaks the refresh-token grant (RFC 6749 section 6) at `/token`, and enough of Microsoft's
authority, below `/TENANT`, for msal: its description and the grants msal asks for. Refresh tokens
are used up: each answer brings another. Whoever asks proves that they are the client by its secret,
or by an assertion that the key of its certificate has signed (RFC 7523), which is checked here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.servers.tls import write_certificate

KEY = b"a key that only the token server and the mail server know"
CLIENT_ID = "ero-outreach"
CLIENT_SECRET = "Schl0ssgarten"
TENANT = "agency.example"


def build_token(user: str, *, seconds: float = 3600) -> str:
    """Return an access token for a user (RFC 7519), signed with HS256."""
    now = int(time.time())
    claims = {"sub": user, "iat": now - 10, "exp": int(now + seconds), "scope": "imap"}
    signed = b".".join(_encode(part) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    signature = hmac.new(KEY, signed, hashlib.sha256).digest()
    return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


def is_signed_by(certificate: x509.Certificate, assertion: str, *, audience: object) -> bool:
    """Whether this is the client's own word for this audience, signed by the certificate's key.

    As Microsoft documents it: a JWT with PS256 and the certificate's SHA-256 thumbprint.
    """
    signed, _, signature = assertion.rpartition(".")
    header, claims = (json.loads(_decode(part)) for part in signed.split("."))
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=hashes.SHA256.digest_size)
    try:
        key.verify(_decode(signature), signed.encode(), pss, hashes.SHA256())
    except InvalidSignature:
        return False
    now = time.time()
    return (
        header["alg"] == "PS256"
        and _decode(header["x5t#S256"]) == certificate.fingerprint(hashes.SHA256())
        and claims["iss"] == claims["sub"] == CLIENT_ID
        and claims["aud"] == audience
        and claims["iat"] <= now + 5
        and now < claims["exp"] <= now + 3600
        and certificate.not_valid_before_utc.timestamp() <= now
        and now < certificate.not_valid_after_utc.timestamp()
    )


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part.rstrip("=") + "=" * (-len(part.rstrip("=")) % 4))


def _encode(part: dict[str, object]) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")


@dataclass(slots=True)
class TokenServer:
    """A running token server, and what it was asked."""

    url: str = ""
    ca_file: Path = Path()
    user: str = ""  #: whom its tokens are for
    refresh_token: str = "first"  #: the only one that is good
    seconds: float = 3600  #: how long an access token is said to be good
    certificate: x509.Certificate | None = None  #: that is registered for the client
    really: float | None = None  #: how long it is, where that differs
    status: int = 200
    asked: list[dict[str, str]] = field(default_factory=list)

    def answer(self, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        """Return the answer to a grant."""
        self.asked.append(form)
        if self.status != 200:
            return self.status, {}
        if not self._is_the_client(form):
            return 401, {"error": "invalid_client"}
        answer: dict[str, object] = {
            "access_token": build_token(self.user, seconds=self.really or self.seconds),
            "token_type": "Bearer",
            "expires_in": self.seconds,
        }
        if form["grant_type"] == "refresh_token":
            if form["refresh_token"] != self.refresh_token:
                return 400, {"error": "invalid_grant", "error_description": "revoked"}
            self.refresh_token = f"another-{len(self.asked)}"
            answer["refresh_token"] = self.refresh_token
        return 200, answer

    def _is_the_client(self, form: dict[str, str]) -> bool:
        if self.certificate is None:
            return form.get("client_secret") == CLIENT_SECRET
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        assertion = form.get("client_assertion", "")
        if form.get("client_assertion_type") != kind or self._has_come_before(assertion):
            return False
        return is_signed_by(self.certificate, assertion, audience=self.describe()["token_endpoint"])

    def _has_come_before(self, assertion: str) -> bool:
        return any(form.get("client_assertion") == assertion for form in self.asked[:-1])

    def describe(self) -> dict[str, object]:
        """Return the description of the authority (OpenID Connect Discovery 1.0)."""
        base = f"{self.url}/{TENANT}"
        return {
            "issuer": f"{base}/v2.0",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        }


@contextmanager
def start_token_server(base: Path) -> Iterator[TokenServer]:
    """Yield a token server whose certificate lies in `base`, an empty folder."""
    write_certificate(base)
    server = TokenServer(ca_file=base / "ca.pem")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(200, server.describe())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._send(*server.answer({k: v[0] for k, v in parse_qs(body).items()}))

        def _send(self, status: int, answer: dict[str, object]) -> None:
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(base / "server.pem", base / "server.key")
    httpd.socket = context.wrap_socket(httpd.socket, server_side=True)
    server.url = f"https://localhost:{httpd.server_address[1]}"
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()
