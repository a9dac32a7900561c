"""Mail servers inside this program, for the demonstration and for tests: IMAP and SMTP on loopback.

One thread runs both. What is submitted by SMTP passes a gateway as an agency's mail would: whatever
Authentication-Results it carries is stripped, the gateway's own is put on top, and it lies in the
recipients' INBOX at once, plus-tags ignored. Everything is kept in memory and gone at the end.

Not for real mail: there is no TLS, and passwords are kept as they are. Outcomes of a submission:
every recipient has it (250), a recipient is unknown here (550), or the mail is too large (552).
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from argparse import Namespace
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from email.utils import format_datetime, getaddresses
from types import TracebackType
from typing import Any, Self, TypeVar

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import Config, Identity, Login
from pymap.concurrent import Subsystem
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.parsing.specials import FetchRequirement
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext

HOST = "127.0.0.1"
AUTHSERV_ID = "mx.agency.example"

#: The largest mail the gateway takes, well above what the worker does.
_DATA_BYTES = 100_000_000
_ANSWER_SECONDS = 60.0

#: Fields that only the gateway may write.
_GATEWAY_FIELDS = (b"authentication-results", b"return-path")
_DOMAIN = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedAccount:
    """Somebody with a mailbox."""

    username: str
    password: str
    addresses: tuple[str, ...]  #: every address that is delivered here, plus-tags aside


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedMail:
    """A mail the gateway took and delivered."""

    sender: str  #: envelope sender, empty for `<>`
    recipients: tuple[str, ...]  #: envelope recipients, tags included
    raw: bytes  #: as it lies in the mailboxes


class RefusedRecipientError(Exception):
    """Nobody here has that address."""


def is_always_genuine(author: str, login: str | None) -> bool:
    """Return true: whoever submits is taken for the author they name, as in a demonstration."""
    del author, login
    return True


def is_genuine_by_login(author: str, login: str | None) -> bool:
    """Return whether the author is the account that logged in, as a strict gateway asks."""
    return login is not None and author.lower() == login.lower()


class EmbeddedServers:
    """An IMAP server, an SMTP server and the gateway between them, started and stopped by `with`.

    `is_genuine(author, login)` decides between `dmarc=pass` and `dmarc=fail`; `login` is the first
    address of the account that authenticated, or None. `on_accepted` is called with every mail, on
    the servers' own thread.
    """

    def __init__(
        self,
        accounts: Sequence[EmbeddedAccount],
        *,
        authserv_id: str = AUTHSERV_ID,
        is_genuine: Callable[[str, str | None], bool] = is_always_genuine,
        on_accepted: Callable[[AcceptedMail], None] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.host = HOST
        self.imap_port = 0  #: known once started
        self.smtp_port = 0  #: known once started
        self._accounts = tuple(accounts)
        self._authserv_id = authserv_id
        self._is_genuine = is_genuine
        self._on_accepted = on_accepted
        self._clock = clock
        self._usernames = {a.lower(): acc.username for acc in accounts for a in acc.addresses}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._login: Login | None = None
        self._thread = threading.Thread(target=self._run, name="embedded-servers", daemon=True)
        self._started: Future[None] = Future()

    def __enter__(self) -> Self:
        # aiosmtpd warns at every login of a property of its own that nobody here uses.
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        self._thread.start()
        self._started.result(_ANSWER_SECONDS)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_ANSWER_SECONDS)

    def deliver(
        self, raw: bytes, *, sender: str, recipients: Sequence[str], login: str | None = None
    ) -> None:
        """Take a mail as if it had been submitted by SMTP; lines may end in LF or CRLF.

        Raises `RefusedRecipientError` for a recipient nobody here has.
        """
        for recipient in recipients:
            if self._find_username(recipient) is None:
                raise RefusedRecipientError(recipient)
        canonical = re.sub(rb"\r?\n", b"\r\n", raw)
        self._wait_for(self._accept(canonical, sender, tuple(recipients), login))

    def read_folder(self, username: str, folder: str = "INBOX") -> tuple[bytes, ...]:
        """Return the mails in a folder, oldest first; nothing for a folder that does not exist."""
        return self._wait_for(self._read_folder(username, folder))

    def _wait_for(self, work: Coroutine[Any, Any, _T]) -> _T:
        if self._loop is None:
            work.close()
            raise RuntimeError("The embedded servers are not running.")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_ANSWER_SECONDS)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            if self._started.done():
                raise
            self._started.set_exception(error)

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        config = _build_imap_config()
        config.apply_context()
        self._login = Login(config)
        for account in self._accounts:
            self._login.users_dict[account.username] = UserMetadata(
                config, account.username, password=account.password
            )
        self._loop, self._stop = loop, asyncio.Event()
        on_connect = ProxyProtocolReader(config.proxy_protocol).get_callback(
            IMAPServer(self._login, config)
        )
        async with AsyncExitStack() as stack:
            imap = await asyncio.start_server(on_connect, HOST, 0)
            await stack.enter_async_context(imap)
            smtp = await loop.create_server(self._build_smtp, HOST, 0)
            await stack.enter_async_context(smtp)
            self.imap_port = imap.sockets[0].getsockname()[1]
            self.smtp_port = smtp.sockets[0].getsockname()[1]
            self._started.set_result(None)
            await self._stop.wait()
            self._loop = None

    def _build_smtp(self) -> SMTP:
        return SMTP(
            self,
            data_size_limit=_DATA_BYTES,
            hostname="localhost",
            ident="embedded ESMTP",
            auth_require_tls=False,
            authenticator=self._authenticate,
            loop=self._loop,
        )

    def _authenticate(
        self, server: SMTP, session: Any, envelope: Any, mechanism: str, given: object
    ) -> AuthResult:
        del server, session, envelope, mechanism
        if isinstance(given, LoginPassword):
            for account in self._accounts:
                if (account.username.encode(), account.password.encode()) == (
                    given.login,
                    given.password,
                ):
                    return AuthResult(success=True, auth_data=account.addresses[0])
        return AuthResult(success=False, handled=False)

    async def handle_RCPT(  # noqa: N802 - the name is aiosmtpd's
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Take a recipient who has a mailbox here (RFC 5321 section 4.1.1.3)."""
        del server, session, options
        if self._find_username(address) is None:
            return "550 5.1.1 Nobody here has that address"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        """Deliver a mail (RFC 5321 section 4.1.1.4)."""
        del server
        await self._accept(
            envelope.original_content,
            envelope.mail_from or "",
            tuple(envelope.rcpt_tos),
            session.auth_data if session.authenticated else None,
        )
        return "250 2.0.0 OK"

    async def _accept(
        self, raw: bytes, sender: str, recipients: tuple[str, ...], login: str | None
    ) -> None:
        stamped = self._stamp(raw, sender, login)
        usernames = [self._find_username(recipient) for recipient in recipients]
        for username in dict.fromkeys(u for u in usernames if u is not None):
            await self._append(username, stamped)
        if self._on_accepted is not None:
            self._on_accepted(AcceptedMail(sender=sender, recipients=recipients, raw=stamped))

    def _stamp(self, raw: bytes, sender: str, login: str | None) -> bytes:
        """Return the mail with the gateway's fields on top, and none of them from outside."""
        author = _find_author(raw)
        domain = author.rpartition("@")[2]
        if not _DOMAIN.fullmatch(domain):
            result = "dmarc=permerror"
        else:
            verdict = "pass" if self._is_genuine(author, login) else "fail"
            result = f"dmarc={verdict} header.from={domain}"
        now = self._clock()
        top = (
            f"Return-Path: <{sender}>\r\n"
            f"Authentication-Results: {self._authserv_id}; {result}\r\n"
            f"Received: from localhost by {self._authserv_id} with ESMTP;"
            f" {format_datetime(now)}\r\n"
        )
        return top.encode("ascii", "replace") + _strip_fields(raw, _GATEWAY_FIELDS)

    def _find_username(self, recipient: str) -> str | None:
        local, _, domain = recipient.lower().rpartition("@")
        plain = f"{local.partition('+')[0]}@{domain}"
        return self._usernames.get(f"{local}@{domain}") or self._usernames.get(plain)

    async def _append(self, username: str, raw: bytes) -> None:
        async with self._open_session(username) as session:
            await session.append_messages("INBOX", [AppendMessage(raw, self._clock())])

    async def _read_folder(self, username: str, folder: str) -> tuple[bytes, ...]:
        async with self._open_session(username) as session:
            try:
                mailbox = await session.mailbox_set.get_mailbox(folder)
            except KeyError:
                return ()
            found = [message async for message in mailbox.messages()]
        loaded = [await m.load_content(FetchRequirement.CONTENT) for m in found]
        return tuple(bytes(content.get_body()) for content in loaded)

    def _open_session(self, username: str) -> Any:
        if self._login is None:
            raise RuntimeError("The embedded servers are not running.")
        return Identity(username, self._login, None, frozenset()).new_session()


class _EmbeddedConfig(Config):
    """Settings of an IMAP server that greets without asking the name service who it is."""

    @property
    def greeting(self) -> bytes:
        return b"Embedded server ready"


def _build_imap_config() -> Config:
    return _EmbeddedConfig(
        Namespace(proxy_protocol=None, passlib_cfg=None),
        host=HOST,
        port=0,
        demo_data=False,
        demo_user="",
        demo_password="",
        tls_enabled=False,
        hash_context=Cleartext(),
        cpu_subsystem=Subsystem.for_asyncio(),
        invalid_user_sleep=0.0,
        reject_dnsbl=False,
    )


def _find_author(raw: bytes) -> str:
    """Return the address in the first From field, or an empty string."""
    fields = BytesHeaderParser().parsebytes(raw[: raw.find(b"\r\n\r\n") + 2]).get_all("From", [])
    found = getaddresses([str(field) for field in fields[:1]])
    return found[0][1] if found else ""


def _strip_fields(raw: bytes, names: Sequence[bytes]) -> bytes:
    """Return a mail without the named header fields and their continuation lines."""
    header, separator, body = raw.partition(b"\r\n\r\n")
    fields = re.split(rb"\r\n(?![ \t])", header)
    kept = [f for f in fields if f.partition(b":")[0].strip().lower() not in names]
    return b"\r\n".join(kept) + separator + body
