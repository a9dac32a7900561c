"""The mailbox: fetch new mail by IMAP, and move what has been worked on out of the way.

A leaf: it knows settings and bytes, nothing of requests. Nothing is ever marked as read, and
nothing is ever expunged but the very messages that were copied before. Outcomes:

`FetchedMessage`        one mail with its bytes, or with its header alone when it is over the limit
`LoginRefusedError`     the server does not let us in; also an `UnreachableError`
`UnreachableError`      no connection, no login, or no answer in time; open a new mailbox later
`WithheldError`         the same, or a refusal, while certain messages were asked for
`MailboxRefusedError`   the server answered no: a folder cannot be selected, made or moved to

Identity of a mail is the folder, `uidvalidity` and `uid` together (RFC 9051 section 2.3.1.1): when
`uidvalidity` is another than the last time, every UID known from before is worth nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import imapclient
from imapclient.exceptions import (
    IMAPClientAbortError,
    IMAPClientError,
    IMAPClientReadOnlyError,
)

from config.sections import MailboxSettings
from inbox_worker.errors import UnreachableError
from inbox_worker.mailbox import idling
from inbox_worker.mailbox.connection import (
    MailboxRefusedError,
    connect,
    log_in,
    log_out,
    telling,
)
from inbox_worker.mailbox.folder_survey import FolderSurvey
from inbox_worker.mailbox.line import Line
from inbox_worker.mailbox.waking import Waker

__all__ = [
    "CONNECT_SECONDS",
    "READ_SECONDS",
    "FetchedMessage",
    "Mailbox",
    "MailboxRefusedError",
    "WithheldError",
    "open_mailbox",
]

CONNECT_SECONDS = 15.0
READ_SECONDS = 60.0

#: How many messages one command names: command lines stay short, and one answer stays small.
_UIDS_PER_COMMAND = 200


class WithheldError(UnreachableError):
    """The server broke off or refused while it was asked for these messages; try later."""

    def __init__(self, message: str, uids: Sequence[int]) -> None:
        super().__init__(message)
        self.uids = tuple(uids)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedMessage:
    """One mail as the server holds it."""

    uid: int
    uidvalidity: int
    internal_date: datetime  #: when the server received it; aware, UTC
    size: int  #: octets, as the server counts them
    raw: bytes | None  #: the whole mail; None when it is over the limit
    header: bytes = b""  #: the header section of a mail over the limit, else empty
    is_deleted: bool = False  #: flagged as deleted, which the folder may keep for long


@contextmanager
def open_mailbox(
    settings: MailboxSettings,
    *,
    connect_seconds: float = CONNECT_SECONDS,
    read_seconds: float = READ_SECONDS,
    line: Line | None = None,
) -> Iterator[Mailbox]:
    """Yield the mailbox, logged in, with its folder selected for reading and writing.

    Whoever gives a `line` may cut the connection from another thread.

    Raises `UnreachableError` when the server cannot be reached or does not let us in, and
    `MailboxRefusedError` when the folder cannot be used.
    """
    timeout = imapclient.SocketTimeout(connect_seconds, read_seconds)
    line = line or Line()
    with ExitStack() as stack:
        stack.callback(line.release)
        with telling(settings):
            client = connect(settings, timeout, line)
        stack.callback(log_out, client)
        log_in(client, settings)
        yield Mailbox(client, settings)


class Mailbox:
    """One connection to one mailbox. Not for use by two threads at once."""

    def __init__(self, client: Any, settings: MailboxSettings) -> None:
        self._client = client
        self._settings = settings
        self._ensured: set[str] = set()
        self._told_before: list[bytes] = []
        with telling(settings):
            self._prefix, self._delimiter = self._ask_namespace()
            selected = self._select(self._name_folder(settings.folder))
        #: Changes when the server has renumbered the folder; compare it before trusting a UID.
        self.uidvalidity: int = selected[b"UIDVALIDITY"]
        #: What the next message to arrive will be given, or more.
        self.uidnext: int = selected.get(b"UIDNEXT") or self._ask_uidnext()
        #: How many messages the folder held when it was selected.
        self.message_count: int = selected[b"EXISTS"]

    def _select(self, folder: str) -> Mapping[bytes, Any]:
        where = f"The folder {folder} on {self._settings.host}"
        try:
            selected: Mapping[bytes, Any] = self._client.select_folder(folder)
        except IMAPClientReadOnlyError:
            raise MailboxRefusedError(
                f"{where} may only be read: give the account the right to move messages."
            ) from None
        if b"UIDVALIDITY" not in selected:
            raise MailboxRefusedError(f"{where} has no lasting message numbers: choose another.")
        return selected

    def survey(self, folder: str) -> FolderSurvey | None:
        """Look into `folder`, one of the configured names; None where the server has no such.

        The mailbox is of no use for anything else afterwards: another folder is selected.
        """
        name = self._name_folder(folder)
        with telling(self._settings):
            if name.upper() != "INBOX" and not self._client.folder_exists(name):
                return None
            selected = self._client.select_folder(name, readonly=True)
        return FolderSurvey(
            self._client, self._settings, uidvalidity=selected.get(b"UIDVALIDITY", 0)
        )

    def ensure_folders(self) -> tuple[str, ...]:
        """Create the folders mail is moved to where they are missing; return the names made."""
        made = []
        with telling(self._settings):
            for _, name in self._settings.folders:
                folder = self._name_folder(str(name))
                if self._ensure(folder):
                    made.append(folder)
        return tuple(made)

    def fetch_new(
        self,
        after_uid: int,
        *,
        max_message_bytes: int,
        max_batch_bytes: int,
        without: Collection[int] = (),
        one_by_one: bool = False,
    ) -> Iterator[FetchedMessage]:
        """Yield every message with a UID above `after_uid`, but those of `without`, in order.

        See `fetch`, which says how.
        """
        with telling(self._settings):
            found = self._find_above(after_uid)
        yield from self.fetch(
            [uid for uid in found if uid not in without],
            max_message_bytes=max_message_bytes,
            max_batch_bytes=max_batch_bytes,
            one_by_one=one_by_one,
        )

    def fetch(
        self,
        wanted: Sequence[int],
        *,
        max_message_bytes: int,
        max_batch_bytes: int,
        one_by_one: bool = False,
    ) -> Iterator[FetchedMessage]:
        """Yield these messages, but those that are gone, in order.

        Sizes are asked first; bodies come in batches of at most `max_batch_bytes` octets, or of one
        message. Of a message over `max_message_bytes` only the header is fetched. With `one_by_one`
        no command names two messages. Raises `WithheldError`.
        """
        for uids in _cut(wanted, 1 if one_by_one else _UIDS_PER_COMMAND):
            with _naming(uids), telling(self._settings):
                known = self._fetch(uids, ["RFC822.SIZE", "INTERNALDATE", "FLAGS"])
            sizes = {uid: int(known[uid][b"RFC822.SIZE"]) for uid in uids if uid in known}
            for batch in _batch_by_size(sizes, max_message_bytes, max_batch_bytes):
                with _naming(batch), telling(self._settings):
                    fetched = self._fetch_bodies(batch, known, max_message_bytes)
                yield from fetched

    def abandon(self) -> None:
        """Cut the connection, without waiting for the server to agree."""
        with suppress(OSError, IMAPClientError):
            self._client.shutdown()

    def fetch_headers(self, up_to_uid: int) -> Iterator[tuple[int, bytes]]:
        """Yield UID and header section of every message with a UID up to `up_to_uid`, in order."""
        with telling(self._settings):
            found = sorted(self._client.search(f"UID 1:{up_to_uid}")) if up_to_uid else []
        for uids in _cut(found, _UIDS_PER_COMMAND):
            with telling(self._settings):
                answered = self._fetch(uids, ["BODY.PEEK[HEADER]"])
            for uid in uids:
                if uid in answered:
                    yield uid, answered[uid][b"BODY[HEADER]"] or b""

    def wait_for_news(self, waker: Waker, *, seconds: float) -> None:
        """Wait until new mail may have come, `waker` is woken, or `seconds` are over.

        By IDLE where the server has it and the settings want it, and never so long that the server
        hangs up; else the connection is left alone, and it is time that brings the news.
        """
        if not (self._settings.idle and self._can("IDLE")):
            waker.wait(min(seconds, idling.MOST_SECONDS))
            return
        with telling(self._settings):
            # News that came while we were at work would not be told a second time. A server that
            # says the same with every answer has no news.
            told = idling.list_told_counts(self._client)[-1:]
            if told and told != self._told_before:
                self._told_before = told
            else:
                idling.idle(self._client, waker, seconds=seconds)

    def find_quota_percent(self) -> int | None:
        """Return how full the fullest quota of the folder is, in percent (RFC 9208 section 3).

        None: the server has none, or does not tell.
        """
        if not self._can("QUOTA"):
            return None
        with telling(self._settings):
            _, quotas = self._client.get_quota_root(self._name_folder(self._settings.folder))
        return max((100 * q.usage // q.limit for q in quotas if q.limit), default=None)

    def move(self, uids: Collection[int], folder: str) -> None:
        """Move messages to `folder`, one of the configured names; ones that are gone are no error.

        Uses MOVE (RFC 6851), else COPY and UID EXPUNGE (RFC 4315), else COPY and the deleted flag.
        When the copy fails the messages stay where they are, and `MailboxRefusedError` is raised.
        """
        target = self._name_folder(folder)
        with telling(self._settings):
            if target not in self._ensured:
                self._ensure(target)
            for wanted in _cut(sorted(uids), _UIDS_PER_COMMAND):
                present = self._client.search(f"UID {_join(wanted)}")
                if present:
                    self._move(present, target)

    def _move(self, uids: Sequence[int], target: str) -> None:
        transfer = self._client.move if self._can("MOVE") else self._client.copy
        try:
            transfer(uids, target)
        except IMAPClientAbortError:
            raise
        except IMAPClientError:
            # The folder may have been removed since it was made. If that is not why, the second
            # attempt raises for the true reason, and the messages are still where they were.
            if self._client.folder_exists(target):
                raise
            self._create(target)
            transfer(uids, target)
        if not self._can("MOVE"):
            self._client.add_flags(uids, [imapclient.DELETED], silent=True)
            if self._can("UIDPLUS"):
                self._client.uid_expunge(uids)

    def _find_above(self, after_uid: int) -> list[int]:
        self._client.noop()
        heard = self._client._imap.untagged_responses
        told = heard.get("UIDVALIDITY")
        if told and int(told[-1]) != self.uidvalidity:
            raise UnreachableError(
                f"The IMAP server {self._settings.host} has renumbered the folder: open it anew."
            )
        # What is said from here on is news; what was said before would only pile up.
        heard.clear()
        # `N:*` always names the last message, even when its UID is below N (RFC 9051, 6.4.8).
        found = self._client.search(f"UID {after_uid + 1}:*")
        return sorted(uid for uid in found if uid > after_uid)

    def _fetch(self, uids: Sequence[int], items: list[str]) -> dict[int, Mapping[bytes, Any]]:
        """Return what was fetched of each message; one that was removed meanwhile is left out."""
        answered = self._client.fetch(uids, items)
        wanted = [item.replace(".PEEK", "").encode() for item in items]
        complete = {u: answered[u] for u in uids if all(w in answered.get(u, ()) for w in wanted)}
        left_out = [uid for uid in uids if uid not in complete]
        if left_out and self._client.search(f"UID {_join(left_out)}"):
            # Passing over a message that exists would lose it: later UIDs would be taken for done.
            raise UnreachableError(
                f"The IMAP server {self._settings.host} left out messages it was asked for: "
                "try again later."
            )
        return complete

    def _fetch_bodies(
        self, uids: Sequence[int], known: Mapping[int, Mapping[bytes, Any]], limit: int
    ) -> tuple[FetchedMessage, ...]:
        oversize = int(known[uids[0]][b"RFC822.SIZE"]) > limit
        part = "BODY.PEEK[HEADER]" if oversize else "BODY.PEEK[]"
        answered = self._fetch(uids, [part])
        return tuple(
            FetchedMessage(
                uid=uid,
                uidvalidity=self.uidvalidity,
                internal_date=known[uid][b"INTERNALDATE"].astimezone(UTC),
                size=int(known[uid][b"RFC822.SIZE"]),
                is_deleted=imapclient.DELETED in known[uid][b"FLAGS"],
                raw=None if oversize else answered[uid][b"BODY[]"] or b"",
                header=(answered[uid][b"BODY[HEADER]"] or b"") if oversize else b"",
            )
            for uid in uids
            if uid in answered
        )

    def _ensure(self, folder: str) -> bool:
        """Create a folder where it is missing; return whether it was."""
        is_missing = not self._client.folder_exists(folder)
        if is_missing:
            self._create(folder)
        self._ensured.add(folder)
        return is_missing

    def _create(self, folder: str) -> None:
        try:
            self._client.create_folder(folder)
        except IMAPClientAbortError:
            raise
        except IMAPClientError:
            # Another worker may have been faster, which is as good.
            if not self._client.folder_exists(folder):
                raise
        # Without a subscription most mail programs do not show the folder; some servers have none.
        with suppress(IMAPClientError):
            self._client.subscribe_folder(folder)

    def _can(self, capability: str) -> bool:
        return bool(self._client.has_capability(capability))

    def _ask_uidnext(self) -> int:
        found = self._client.search("UID *")
        return max(found, default=0) + 1

    def _ask_namespace(self) -> tuple[str, str]:
        """Return the prefix of personal folders and the hierarchy delimiter (RFC 2342)."""
        if self._can("NAMESPACE"):
            personal = self._client.namespace().personal
            if personal:
                return personal[0][0], personal[0][1] or ""
        listed = self._client.list_folders("", "INBOX")
        delimiter = listed[0][1] if listed else b""
        return "", delimiter.decode("ascii") if delimiter else ""

    def _name_folder(self, name: str) -> str:
        """Return a configured folder, levels divided by `/`, as this server calls it."""
        if name.upper() == "INBOX" or (self._prefix and name.startswith(self._prefix)):
            return name
        named = name.replace("/", self._delimiter) if self._delimiter else name
        return named if named.startswith(self._prefix) else f"{self._prefix}{named}"


@contextmanager
def _naming(uids: Sequence[int]) -> Iterator[None]:
    """Say of an error which messages were being asked for."""
    try:
        yield
    except (UnreachableError, MailboxRefusedError) as error:
        raise WithheldError(str(error), uids) from error


def _batch_by_size(
    sizes: Mapping[int, int], max_message_bytes: int, max_batch_bytes: int
) -> Iterator[list[int]]:
    """Yield UIDs in order, cut so that no batch is over the limit; an oversized one is alone."""
    batch: list[int] = []
    total = 0
    for uid, size in sizes.items():
        alone = size > max_message_bytes
        if batch and (alone or total + size > max_batch_bytes):
            yield batch
            batch, total = [], 0
        if alone:
            yield [uid]
        else:
            batch.append(uid)
            total += size
    if batch:
        yield batch


def _cut(uids: Sequence[int], length: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(uids), length):
        yield uids[start : start + length]


def _join(uids: Iterable[int]) -> str:
    return ",".join(str(uid) for uid in uids)
