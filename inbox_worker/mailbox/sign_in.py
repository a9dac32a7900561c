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
from typing import Any, TypeAlias

from cryptography import x509

from config.sections import OAuth2Settings
from inbox_worker.errors import LoginRefusedError, UnreachableError, WorkerError
from inbox_worker.mailbox.secret_files import read_secret

#: How long before its end a token is no longer used, in seconds.
_MARGIN = 120
#: What a token is good for where the answer does not say, in seconds.
_USUAL_LIFE = 300
_CODE = re.compile(r"[a-z_]{1,40}")

Answer: TypeAlias = dict[str, Any]


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

    def _ask(self) -> Answer:
        # Imported here because most servers are content with a password, and what speaks to a
        # token server takes long to load.
        from inbox_worker.mailbox import token_server  # noqa: PLC0415

        if not self.settings.refresh_token_file:
            return _judge(token_server.ask_for_application(self.settings))
        path = Path(self.settings.refresh_token_file)
        with _holding(path):
            refresh_token = read_secret(path, "refresh_token_file")
            answer = _judge(token_server.ask_with_refresh_token(self.settings, refresh_token))
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


def _judge(answer: Answer | None) -> Answer:
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
