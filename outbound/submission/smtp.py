"""Submission to the relay over one re-used SMTP connection: the program's only asynchronous
island.

`SmtpSubmitter.submit` is synchronous. It returns the relay's reply, by which the relay took
responsibility (RFC 5321 section 4.2.5), or raises one of `outbound.submission.delivery_errors`.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from threading import Lock
from types import TracebackType
from typing import Any, Literal, Protocol, Self, TypeVar

import aiosmtplib

from outbound.letters.mime import find_mailable_address
from outbound.submission.delivery_errors import (
    DeliveryError,
    PermanentDeliveryError,
    RelayLoginError,
    TransientDeliveryError,
    UncertainDeliveryError,
    UnreachableRelayError,
)
from outbound.submission.outbox import QueuedLetter, SmtpReply

_T = TypeVar("_T")
#: The relay will not serve us at all: authentication is missing, too weak or wrong (RFC 4954
#: section 6).
_NOT_LET_IN = frozenset({530, 534, 535, 538})
#: At MAIL, refusals of this letter and not of our sender: syntax, size, parameters (RFC 1870,
#: 5321).
_LETTER_AT_MAIL = frozenset({501, 523, 552, 554, 555})


class TokenGiver(Protocol):
    """Whoever has access tokens for a relay that takes no password."""

    def find_token(self) -> str:
        """Return a token. Raises `UnreachableRelayError`, or `RelayLoginError` for good."""

    def forget_token(self) -> None:
        """Use the token no more, because the relay refused it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpAccount:
    """Where letters are submitted, and how."""

    host: str
    port: int
    tls: Literal["none", "starttls", "implicit"]
    username: str = ""  #: empty: no authentication
    password: str = field(default="", repr=False)
    tokens: TokenGiver | None = field(default=None, repr=False)  #: in the place of a password
    ca_file: str = ""  #: an extra trust anchor beside the system's
    hello_name: str = "localhost"  #: what EHLO says
    timeout_seconds: float = 30.0  #: for each answer but the last
    data_timeout_seconds: float = (
        300.0  #: for the answer to the data, see RFC 5321 section 4.5.3.2.6
    )


class SmtpSubmitter:
    """Submits letters one after another over one connection, opened when there is one.

    It may be used from several threads, one letter at a time, and cut off from any. Close it, or
    use it as a context manager.
    """

    def __init__(self, account: SmtpAccount) -> None:
        self._account = account
        self._lock = Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: aiosmtplib.SMTP | None = None
        self._tls_context: ssl.SSLContext | None = None
        self._is_cut = False
        self._limit: asyncio.Timeout | None = None  #: of what is waited for

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def submit(self, letter: QueuedLetter) -> SmtpReply:
        """Submit one letter and return the relay's acceptance. Raises `DeliveryError`."""
        _check_letter(letter)
        with self._lock:
            return self._run(self._submit(letter))

    def check(self) -> None:
        """Connect and log in, and send nothing. Raises `UnreachableRelayError`."""
        with self._lock:
            self._run(self._check())

    def cut(self) -> None:
        """End whatever waits for the relay, from any thread, for good: nothing is sent anew."""
        self._is_cut = True
        loop = self._loop
        if loop is not None:
            # It may have been closed meanwhile, and nobody waits then.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._end_wait, loop)

    def _end_wait(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._limit is not None:
            self._limit.reschedule(loop.time())

    @asynccontextmanager
    async def _waiting(self, seconds: float) -> AsyncIterator[None]:
        """Raise `TimeoutError` when the block takes longer, or is cut off."""
        async with asyncio.timeout(0 if self._is_cut else seconds) as limit:
            self._limit = limit
            try:
                yield
            finally:
                self._limit = None

    def close(self) -> None:
        """Say goodbye to the relay; a later `submit` connects again."""
        with self._lock:
            if self._loop is None:
                return
            self._run(self._close())
            self._run(self._loop.shutdown_default_executor())
            self._loop.close()
            self._loop = None

    def _run(self, work: Coroutine[Any, Any, _T]) -> _T:
        # The loop runs only while a letter is under way, in the thread of whoever called.
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        return self._loop.run_until_complete(work)

    async def _check(self) -> None:
        await self._drop()
        await self._connect()

    async def _submit(self, letter: QueuedLetter) -> SmtpReply:
        client = await self._find_living()
        if client is not None:
            # A relay may close an idle connection at any moment, and before DATA nothing is lost by
            # opening another; so a failure of the old connection is no failure of the letter.
            with suppress(_StaleConnectionError):
                return await self._transact(client, letter, is_reused=True)
        return await self._transact(await self._connect(), letter, is_reused=False)

    async def _find_living(self) -> aiosmtplib.SMTP | None:
        # The relay's goodbye may lie unread, since the loop stood still; two turns of it deliver
        # that.
        for _ in range(2):
            await asyncio.sleep(0)
        if self._client is not None and not self._client.is_connected:
            await self._drop()
        return self._client

    async def _connect(self) -> aiosmtplib.SMTP:
        await self._drop()
        if self._is_cut:
            raise UnreachableRelayError("the line was cut")
        account = self._account
        client = _Client(
            hostname=account.host,
            port=account.port,
            username=account.username or None,
            password=account.password or None if account.username else None,
            oauth_token_generator=None if account.tokens is None else self._find_token,
            local_hostname=account.hello_name,
            timeout=account.timeout_seconds,
            use_tls=account.tls == "implicit",
            start_tls=account.tls == "starttls",
            tls_context=self._find_tls_context(),
        )
        try:
            async with self._waiting(account.timeout_seconds * 3):
                await client.connect()
                if client.is_ehlo_or_helo_needed:
                    await client.ehlo()
        except aiosmtplib.SMTPResponseException as error:
            await _hang_up(client)
            if account.tokens is not None:
                account.tokens.forget_token()
            phase = "the relay's greeting or login"
            refused = RelayLoginError if error.code in _NOT_LET_IN else UnreachableRelayError
            raise refused(phase, code=error.code, text=_tidy(error.message)) from error
        except UnreachableRelayError:
            await _hang_up(client)
            raise
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            await _hang_up(client)
            raise UnreachableRelayError(_describe_failure(error)) from error
        self._client = client
        return client

    async def _find_token(self) -> str:
        if self._account.tokens is None:
            raise UnreachableRelayError("there is no token")
        return await asyncio.to_thread(self._account.tokens.find_token)

    def _find_tls_context(self) -> ssl.SSLContext | None:
        if self._account.tls != "none" and self._tls_context is None:
            context = ssl.create_default_context()
            if self._account.ca_file:
                _load_anchor(context, self._account.ca_file)
            self._tls_context = context
        return self._tls_context

    async def _transact(
        self, client: aiosmtplib.SMTP, letter: QueuedLetter, *, is_reused: bool
    ) -> SmtpReply:
        try:
            async with self._waiting(self._account.timeout_seconds * 3):
                await self._send_envelope(client, letter)
        except (aiosmtplib.SMTPServerDisconnected, OSError, TimeoutError) as error:
            await self._drop()
            if is_reused:
                raise _StaleConnectionError from error
            raise TransientDeliveryError("connection lost before the letter") from error
        except DeliveryError as error:
            if error.code == 421 and is_reused:
                await self._drop()
                raise _StaleConnectionError from error
            await self._reset(client)
            raise
        except aiosmtplib.SMTPException as error:
            await self._drop()
            raise TransientDeliveryError("the relay's answer made no sense") from error
        return await self._send_data(client, letter.raw)

    async def _send_envelope(self, client: aiosmtplib.SMTP, letter: QueuedLetter) -> None:
        has_dsn = client.supports_extension("dsn")
        mail_options = [f"SIZE={len(letter.raw)}"] if client.supports_extension("size") else []
        if has_dsn:
            mail_options.append("RET=HDRS")
        if has_dsn and letter.envelope_id:
            mail_options.append(f"ENVID={letter.envelope_id}")
        try:
            await client.mail(letter.sender, options=mail_options)
        except aiosmtplib.SMTPSenderRefused as error:
            raise _judge_sender(error.code, error.message) from error
        try:
            wanted = "SUCCESS,FAILURE,DELAY" if letter.wants_receipt else "FAILURE,DELAY"
            options = [f"NOTIFY={wanted}"] if has_dsn else []
            await client.rcpt(letter.recipient, options=options)
        except aiosmtplib.SMTPRecipientRefused as error:
            raise _judge("RCPT", error.code, error.message) from error
        code, text = await client.execute_command(b"DATA")
        if code != 354:
            raise _judge("DATA", code, text)

    async def _send_data(self, client: aiosmtplib.SMTP, raw: bytes) -> SmtpReply:
        # From the first octet on, a lost answer says nothing about what became of the letter.
        try:
            if client.protocol is None:
                raise aiosmtplib.SMTPServerDisconnected("Connection lost")
            client.protocol.write(_stuff_dots(raw))
            async with self._waiting(self._account.data_timeout_seconds):
                code, text = await client.protocol.read_response()
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            await self._drop()
            raise UncertainDeliveryError("answer to the letter's data lost") from error
        if 200 <= code < 300:
            return SmtpReply(code=code, text=_tidy(text))
        if not 400 <= code < 600:
            await self._drop()
            raise UncertainDeliveryError("the letter's data", code=code, text=_tidy(text))
        await self._reset(client)
        raise _judge("the letter's data", code, text)

    async def _reset(self, client: aiosmtplib.SMTP) -> None:
        """Make the connection fit for the next letter, or drop it."""
        try:
            await client.rset()
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            await self._drop()

    async def _close(self) -> None:
        if self._client is not None and self._client.is_connected:
            with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                patience = min(5.0, self._account.timeout_seconds)
                await self._client.execute_command(b"QUIT", timeout=patience)
        await self._drop()

    async def _drop(self) -> None:
        if self._client is not None:
            await _hang_up(self._client)
            self._client = None


class _Client(aiosmtplib.SMTP):
    """A client that hangs up at once, also where the library does so by itself.

    A TLS goodbye waits for the relay's, and the loop stands still between calls.
    """

    def close(self) -> None:
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()
        super().close()


async def _hang_up(client: aiosmtplib.SMTP) -> None:
    client.close()
    # The next turns of the loop close the socket.
    for _ in range(4):
        await asyncio.sleep(0)


class _StaleConnectionError(Exception):
    """A re-used connection turned out to be dead before DATA."""


def _check_letter(letter: QueuedLetter) -> None:
    # A bare CR or LF could make two relays see two different mails (SMTP smuggling).
    raw = letter.raw
    ends = raw.count(b"\r\n")
    if not raw.endswith(b"\r\n") or raw.count(b"\n") != ends or raw.count(b"\r") != ends:
        raise PermanentDeliveryError("the letter's line ends are not CRLF")
    for address in (letter.sender, letter.recipient):
        if find_mailable_address(address) != address:
            raise PermanentDeliveryError("an envelope address cannot be used")


def _judge(phase: str, code: int, text: str) -> DeliveryError:
    """Return the error an answer stands for (RFC 5321 section 4.2.1)."""
    text = _tidy(text)
    if code in _NOT_LET_IN:
        return RelayLoginError(phase, code=code, text=text)
    if 500 <= code < 600:
        return PermanentDeliveryError(phase, code=code, text=text)
    return TransientDeliveryError(phase, code=code, text=text)


def _judge_sender(code: int, text: str) -> DeliveryError:
    # Every letter has the same sender. A refusal of the sender is a fault of the installation that
    # somebody will mend; to give letters up for it would lose every one that is due.
    if code == 421:
        return UnreachableRelayError("MAIL", code=code, text=_tidy(text))
    if 500 <= code < 600 and code not in _LETTER_AT_MAIL | _NOT_LET_IN:
        return TransientDeliveryError("MAIL", code=code, text=_tidy(text))
    return _judge("MAIL", code, text)


def _describe_failure(error: Exception) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return "the relay's TLS could not be trusted"
        cause = cause.__cause__
    if isinstance(error, (TimeoutError, aiosmtplib.SMTPTimeoutError)):
        return "the relay did not answer in time"
    if isinstance(error, (aiosmtplib.SMTPConnectError, aiosmtplib.SMTPServerDisconnected, OSError)):
        return "the relay could not be reached"
    return "the relay offers no STARTTLS or no usable login"


def _load_anchor(context: ssl.SSLContext, ca_file: str) -> None:
    try:
        context.load_verify_locations(cafile=ca_file)
    except OSError as error:
        raise UnreachableRelayError("the file smtp.ca_file names cannot be used") from error


def _tidy(text: str) -> str:
    """Return what the relay said as text that can be stored: valid UTF-8 and not too long."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")[:1000]


def _stuff_dots(raw: bytes) -> bytes:
    """Return the data as it goes over the wire (RFC 5321 section 4.5.2), with its end."""
    stuffed = raw.replace(b"\r\n.", b"\r\n..")
    return (b"." if stuffed.startswith(b".") else b"") + stuffed + b".\r\n"
