"""Access tokens for servers that ask for OAuth 2.0, kept until shortly before they expire.

A leaf: it knows settings and the token server, nothing of mail. Two ways to a token: Microsoft's
(by msal: client credentials, or a refresh token), and the standard's refresh-token grant (RFC 6749
section 6), which Gmail and others have. A new refresh token is on the disk before anything is done
with what came with it. Files are read anew each time, so that putting a new secret or token into
its file is enough. Outcomes:

an access token         good for some minutes at least
`LoginRefusedError`     the token server says no; its code, such as `invalid_grant`, is the reason
`UnreachableError`      the token server is away or makes no sense; try later
"""

from __future__ import annotations

import fcntl
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import msal
import requests
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from config.sections import OAuth2Settings
from inbox_worker.errors import LoginRefusedError, UnreachableError, WorkerError

#: How long before its end a token is no longer used, in seconds.
_MARGIN = 120
#: Seconds to connect to the token server, and between two pieces of its answer.
_TIMEOUT = (10, 30)
#: What a token is good for where the answer does not say, in seconds.
_USUAL_LIFE = 300
_MICROSOFT_APPLICATION_SCOPES = ("https://outlook.office365.com/.default",)
_MICROSOFT_USER_SCOPES = (
    "https://outlook.office.com/IMAP.AccessAsUser.All",
    "https://outlook.office.com/SMTP.Send",
)
_CODE = re.compile(r"[a-z_]{1,40}")

_Answer = dict[str, Any]


@dataclass(slots=True)
class TokenSource:
    """One account's tokens; may be used from several threads."""

    settings: OAuth2Settings = field(repr=False)
    clock: Callable[[], float] = time.time
    _token: str = field(default="", init=False, repr=False)
    _good_until: float = field(default=0.0, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def find_token(self) -> str:
        """Return an access token. Raises `LoginRefusedError` or `UnreachableError`."""
        with self._lock:
            if not self._token or self.clock() >= self._good_until - _MARGIN:
                answer = self._ask()
                self._token = str(answer["access_token"])
                life = answer.get("expires_in", _USUAL_LIFE)
                self._good_until = self.clock() + float(life)
            return self._token

    def forget_token(self) -> None:
        """Use the token no more, because a server refused it."""
        with self._lock:
            self._token = ""

    def _ask(self) -> _Answer:
        if not self.settings.refresh_token_file:
            return _judge(_ask_for_application(self.settings))
        path = Path(self.settings.refresh_token_file)
        with _holding(path):
            refresh_token = _read_secret(path, "refresh_token_file")
            ask = _ask_microsoft if self.settings.provider == "microsoft" else _ask_standard
            answer = _judge(ask(self.settings, refresh_token))
            renewed = answer.get("refresh_token")
            if isinstance(renewed, str) and renewed and renewed != refresh_token:
                _save(path, renewed)
        return answer


@cache
def find_token_source(settings: OAuth2Settings) -> TokenSource:
    """Return the one source of tokens of an account, so that all its connections share them."""
    return TokenSource(settings)


def find_expiry(settings: OAuth2Settings) -> date | None:
    """Return when the secret or the certificate that logs us in ends, where that is known."""
    known = [] if settings.expires_on is None else [settings.expires_on]
    if settings.certificate_file:
        try:
            pem = Path(settings.certificate_file).read_bytes()
            known.append(x509.load_pem_x509_certificate(pem).not_valid_after_utc.date())
        except (OSError, ValueError):
            # Whether it can be used is found out, and told, by using it.
            pass
    return min(known, default=None)


def _ask_standard(settings: OAuth2Settings, refresh_token: str) -> _Answer:
    form = {
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
        "client_id": settings.client_id,
    }
    secret = _find_client_secret(settings)
    if secret:
        form["client_secret"] = secret
    if settings.scopes:
        form["scope"] = " ".join(settings.scopes)
    with _telling(settings.token_url):
        client = _HttpClient(ca_file=settings.ca_file)
        headers = {"Accept": "application/json"}
        found = client.post(settings.token_url, data=form, headers=headers).json()
    return found if isinstance(found, dict) else {}


def _ask_microsoft(settings: OAuth2Settings, refresh_token: str) -> _Answer:
    scopes = list(settings.scopes or _MICROSOFT_USER_SCOPES)
    with _telling(settings.authority):
        application = _build_application(settings)
        found: _Answer = application.acquire_token_by_refresh_token(refresh_token, scopes)
    return found


def _ask_for_application(settings: OAuth2Settings) -> _Answer:
    scopes = list(settings.scopes or _MICROSOFT_APPLICATION_SCOPES)
    with _telling(settings.authority):
        found: _Answer = _build_application(settings).acquire_token_for_client(scopes)
    return found


def _build_application(settings: OAuth2Settings) -> Any:
    """Return msal's client, a new one each time: what it would remember is remembered here."""
    credential: str | dict[str, str] | None = _find_client_secret(settings) or None
    if settings.certificate_file:
        pem = _read_certificate(Path(settings.certificate_file))
        credential = {"private_key": pem, "public_certificate": pem}
    usual = {
        "authority": f"{settings.authority.rstrip('/')}/{settings.tenant}",
        "http_client": _HttpClient(ca_file=settings.ca_file),
        # The authority is the site's own setting: nobody else is asked whether it is genuine.
        "instance_discovery": False,
    }
    if credential is None:
        return msal.PublicClientApplication(settings.client_id, **usual)
    return msal.ConfidentialClientApplication(
        settings.client_id, client_credential=credential, **usual
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _HttpClient:
    """The web as msal is to see it: with time limits, and our trust anchor above any variable."""

    ca_file: str

    def get(self, url: str, **options: Any) -> requests.Response:
        """Fetch a document."""
        return self._send("GET", url, options)

    def post(self, url: str, **options: Any) -> requests.Response:
        """Send a form."""
        return self._send("POST", url, options)

    def close(self) -> None:
        """Let go of nothing: every answer is read whole."""

    def _send(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        usual = {"timeout": _TIMEOUT, "verify": self.ca_file or True, "allow_redirects": False}
        answer = requests.request(method, url, **{**options, **usual})  # noqa: S113 - it is there
        if answer.status_code >= 500:
            raise UnreachableError(_describe(url, f"answered {answer.status_code}"))
        return answer


def _find_client_secret(settings: OAuth2Settings) -> str:
    if settings.client_secret_file:
        return _read_secret(Path(settings.client_secret_file), "client_secret_file")
    return settings.client_secret.get_secret_value()


def _judge(answer: _Answer | None) -> _Answer:
    """Return an answer that holds a token. The server's words stay out of it: they may quote."""
    if answer and isinstance(answer.get("access_token"), str):
        return answer
    code = str((answer or {}).get("error", ""))
    if code in {"temporarily_unavailable", "server_error"} or not _CODE.fullmatch(code):
        raise UnreachableError("The token server gave no token and no reason: try again later.")
    raise LoginRefusedError(
        f"The token server gave no token ({code}): check the table oauth2, and put a new secret "
        "or refresh token into its file.",
        reason=code,
    )


@contextmanager
def _telling(url: str) -> Iterator[None]:
    """Turn what the network throws into a sentence that holds no secret."""
    try:
        yield
    except requests.exceptions.SSLError as error:
        why = "has a certificate that cannot be verified, check oauth2.ca_file"
        raise UnreachableError(_describe(url, why)) from error
    except requests.exceptions.RequestException as error:
        raise UnreachableError(_describe(url, "cannot be reached")) from error
    except ValueError as error:
        # msal's word for an authority whose description cannot be read.
        raise UnreachableError(_describe(url, "does not answer as one")) from error


def _describe(url: str, why: str) -> str:
    host = url.partition("://")[2].partition("/")[0]
    return f"The token server {host} {why}: try again later."


def _read_secret(path: Path, key: str) -> str:
    try:
        secret = path.read_text("utf-8").strip()
    except (OSError, ValueError):
        secret = ""
    if not secret:
        raise LoginRefusedError(
            f"The file that oauth2.{key} names is empty or cannot be read.", reason="no_secret"
        )
    return secret


def _read_certificate(path: Path) -> str:
    """Return the PEM of an RSA key and its certificate; Microsoft takes assertions of no other."""
    pem = _read_secret(path, "certificate_file")
    if not _is_key_with_certificate(pem.encode()):
        raise LoginRefusedError(
            "The file that oauth2.certificate_file names must hold an RSA key without a password, "
            "and the certificate of that key, both as PEM.",
            reason="no_certificate",
        )
    return pem


def _is_key_with_certificate(pem: bytes) -> bool:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
        certificate = x509.load_pem_x509_certificate(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # There is none, it is damaged, or it needs a password.
        return False
    return isinstance(key, RSAPrivateKey) and key.public_key() == certificate.public_key()


@contextmanager
def _holding(path: Path) -> Iterator[None]:
    """Keep other workers from using up the same refresh token meanwhile."""
    lock = path.with_name(f".{path.name}.lock")
    try:
        file = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise WorkerError(
            "The folder of oauth2.refresh_token_file cannot be written, where new tokens are saved."
        ) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def _save(path: Path, refresh_token: str) -> None:
    """Put a new refresh token in the place of the old one, durably and all at once."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(file, "w", encoding="utf-8") as stream:
        stream.write(refresh_token + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
