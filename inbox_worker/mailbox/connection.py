"""The connection to an IMAP server: opened, logged in, and its errors told in our words.

The outcomes of everything done in a `telling` block: it worked; `UnreachableError` (with
`LoginRefusedError` where the server does not let us in), to be tried later over a new connection;
`MailboxRefusedError`, the server's no; `WorkerError` for a trust anchor that is none.
"""

from __future__ import annotations

import errno
import imaplib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import imapclient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from config.sections import MailboxSettings, OAuth2Settings
from inbox_worker.errors import LoginRefusedError, UnreachableError, WorkerError
from inbox_worker.mailbox.line import Line
from inbox_worker.mailbox.sign_in import find_token_source


class MailboxRefusedError(WorkerError):
    """The server was reached and refused; the message says what."""


#: How long a line may be, and how much is taken from the socket at a time.
_LONGEST_LINE = 1_000_000
_MOST_AT_ONCE = 65_536


class _Session(imaplib.IMAP4):
    """An IMAP session over a line that can be cut while the connection is being made, too.

    It keeps what has come of a line when it runs out of time before the line's end, as a file of
    Python's over a socket does not; whoever reads again gets the whole line.
    """

    def __init__(
        self, host: str, port: int, context: ssl.SSLContext | None, seconds: float, line: Line
    ) -> None:
        self._context, self._seconds, self._line = context, seconds, line
        self._received = bytearray()
        self._source: socket.socket | None = None  #: what that came from
        super().__init__(host, port)

    def read(self, size: int) -> bytes:
        """Return so many bytes, or fewer where the server hung up."""
        self._begin()
        while len(self._received) < size and self._receive(size - len(self._received)):
            pass
        return self._take(size)

    def readline(self) -> bytes:
        """Return a line with its end, or what there is of it where the server hung up."""
        self._begin()
        looked = 0
        while not (end := self._received.find(b"\n", looked) + 1):
            looked = len(self._received)
            if looked > _LONGEST_LINE:
                raise self.error(f"got more than {_LONGEST_LINE} bytes")
            if not self._receive(_MOST_AT_ONCE):
                return self._take(looked)
        return self._take(end)

    def _begin(self) -> None:
        """Forget what was said before TLS began, since anybody may have said it."""
        if self._source is not self.sock:
            self._received, self._source = bytearray(), self.sock

    def _receive(self, most: int) -> bool:
        """Wait for more; return False when there will be none."""
        piece: bytes = self.sock.recv(min(most, _MOST_AT_ONCE))
        self._received += piece
        return bool(piece)

    def _take(self, size: int) -> bytes:
        with memoryview(self._received) as whole:
            taken = bytes(whole[:size])
        del self._received[:size]
        return taken

    def _create_socket(self, timeout: float | None = None) -> socket.socket:
        del timeout
        sock = socket.create_connection((self.host, self.port), self._seconds)
        self._line.take(sock)
        if self._context is None:
            return sock
        return self._context.wrap_socket(sock, server_hostname=self.host)


class _Client(imapclient.IMAPClient):  # type: ignore[misc]
    """The client library's own, over a session of ours."""

    def __init__(self, line: Line, host: str, **options: Any) -> None:
        self._line = line
        super().__init__(host, **options)

    def _create_IMAP4(self) -> _Session:  # noqa: N802 - its name there
        context = self.ssl_context if self.ssl else None
        return _Session(self.host, self.port, context, self._timeout.connect, self._line)


def connect(settings: MailboxSettings, timeout: imapclient.SocketTimeout, line: Line) -> Any:
    """Return a client with an encrypted connection where the settings ask for one; not logged in.

    To be called in a `telling` block.
    """
    context = _build_tls_context(settings)
    client = _Client(
        line,
        settings.host,
        port=settings.port,
        ssl=settings.tls == "implicit",
        ssl_context=context,
        timeout=timeout,
    )
    # imapclient asks imaplib for its most talkative level, which formats every literal twice and
    # would put whole mails into a debug log.
    client._imap.debug = 0
    # A peer that is gone without a word is found out also while nobody asks it for anything.
    client.socket().setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    # Without this, times come back in the machine's own zone and without saying so.
    client.normalise_times = False
    if settings.tls == "starttls":
        try:
            client.starttls(context)
        except BaseException:
            client.shutdown()
            raise
    return client


def _build_tls_context(settings: MailboxSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca_file or None)
    except OSError as error:
        if error.errno in {errno.EMFILE, errno.ENFILE, errno.ENOMEM}:
            # The machine is in trouble, and the file may be as it should.
            raise
        raise WorkerError(
            f"The file {settings.ca_file} holds no certificate: check mailbox.ca_file."
        ) from error


def log_in(client: Any, settings: MailboxSettings) -> None:
    """Log in. Raises `LoginRefusedError` when the server does not let us in."""
    if settings.oauth2 is None:
        ways = [lambda: client.login(settings.username, settings.password.get_secret_value())]
        keys = "mailbox.username and mailbox.password_file"
    else:
        # A token that was good a moment ago may have been revoked: a fresh one is tried once.
        ways = [partial(_log_in_by_token, client, settings, settings.oauth2)] * 2
        keys = "mailbox.username and the table mailbox.oauth2"
    if not any(_is_let_in(way, settings) for way in ways):
        raise LoginRefusedError(f"The IMAP server {settings.host} refused the login: check {keys}.")


def _is_let_in(way: Callable[[], object], settings: MailboxSettings) -> bool:
    with telling(settings):
        try:
            way()
        except imapclient.exceptions.LoginError:
            return False
    return True


def _log_in_by_token(client: Any, settings: MailboxSettings, oauth2: OAuth2Settings) -> None:
    source = find_token_source(oauth2)
    token = source.find_token()
    try:
        if oauth2.mechanism == "OAUTHBEARER":
            client.oauthbearer_login(settings.username, token)
        else:
            client.oauth2_login(settings.username, token)
    except imapclient.exceptions.LoginError:
        source.forget_token()
        raise


def log_out(client: Any) -> None:
    """Take leave of the server, or close the connection where there is nobody to take leave of."""
    try:
        client.logout()
    except (OSError, IMAPClientError):
        with suppress(OSError, IMAPClientError):
            client.shutdown()


@contextmanager
def telling(settings: MailboxSettings) -> Iterator[None]:
    """Turn what the network and the server throw into a sentence with the host and no secret."""
    where = f"The IMAP server {settings.host}, port {settings.port},"
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        why = f"has a certificate that cannot be verified ({error.verify_message})"
        raise UnreachableError(f"{where} {why}: check mailbox.ca_file and mailbox.host.") from error
    except ssl.SSLError as error:
        why = "does not speak TLS as configured"
        raise UnreachableError(f"{where} {why}: check mailbox.tls and mailbox.port.") from error
    except TimeoutError as error:
        raise UnreachableError(f"{where} did not answer in time: try again later.") from error
    except socket.gaierror as error:
        raise UnreachableError(f"{where} cannot be found by name: check mailbox.host.") from error
    except (OSError, IMAPClientAbortError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "cut off"
        why = f"cannot be reached ({reason.lower()})"
        raise UnreachableError(f"{where} {why}: try again later.") from error
    except IMAPClientError as error:
        # The server's own words, such as a quota; imaplib puts no argument of ours into them.
        said = "".join(c for c in str(error) if c.isprintable())[:200]
        raise MailboxRefusedError(f"{where} refused a command: {said}") from error
