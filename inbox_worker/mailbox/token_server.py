"""Asking a token server: Microsoft's by msal, any other by the standard's refresh-token grant.

Outcomes: what the server answered, token or refusal, for the caller to judge. `UnreachableError`
when it is away or makes no sense, `LoginRefusedError` when our own secret is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import msal
import requests
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from config.sections import OAuth2Settings
from inbox_worker.errors import LoginRefusedError, UnreachableError
from inbox_worker.mailbox.secret_files import read_secret

#: Seconds to connect to the token server, and between two pieces of its answer.
_TIMEOUT = (10, 30)
_MICROSOFT_APPLICATION_SCOPES = ("https://outlook.office365.com/.default",)
_MICROSOFT_USER_SCOPES = (
    "https://outlook.office.com/IMAP.AccessAsUser.All",
    "https://outlook.office.com/SMTP.Send",
)

_Answer: TypeAlias = dict[str, Any]


def ask_for_application(settings: OAuth2Settings) -> _Answer:
    """Ask as the application itself, by its own secret or certificate."""
    scopes = list(settings.scopes or _MICROSOFT_APPLICATION_SCOPES)
    with _telling(settings.authority):
        found: _Answer = _build_application(settings).acquire_token_for_client(scopes)
    return found


def ask_with_refresh_token(settings: OAuth2Settings, refresh_token: str) -> _Answer:
    """Ask by a refresh token."""
    ask = _ask_microsoft if settings.provider == "microsoft" else _ask_standard
    return ask(settings, refresh_token)


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
        return read_secret(Path(settings.client_secret_file), "client_secret_file")
    return settings.client_secret.get_secret_value()


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


def _read_certificate(path: Path) -> str:
    """Return the PEM of an RSA key and its certificate; Microsoft takes assertions of no other."""
    pem = read_secret(path, "certificate_file")
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
