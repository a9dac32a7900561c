"""IDLE (RFC 2177): hear of new mail when it arrives, and be called away from it at once.

The outcomes of `idle`: it returns when there may be news, when it is woken, or when the time is
over, and the connection is ready for the next command; `UnreachableError` when the server said
goodbye, and an error of the network when it hung up. A connection that is merely dead is found out
by the command that follows.
"""

from __future__ import annotations

import ssl
import time
from typing import Any

from imapclient.exceptions import IMAPClientError

from inbox_worker.errors import UnreachableError
from inbox_worker.mailbox.waking import Waker, wait_readable

#: Servers may hang up after half an hour of silence: IDLE is begun anew before (RFC 2177).
MOST_SECONDS = 28 * 60.0


def idle(client: Any, waker: Waker, *, seconds: float) -> None:
    """Wait on the selected folder for news, but at most `seconds`, or until `waker` is woken."""
    deadline = time.monotonic() + min(seconds, MOST_SECONDS)
    before = len(list_told_counts(client))
    _begin(client)
    # What came together with the server's consent is read already, and no longer on the socket.
    has_news = len(list_told_counts(client)) > before or _has_news(_read_lines(client))
    while not has_news and (left := deadline - time.monotonic()) > 0:
        sock = client.socket()
        ready = wait_readable((sock, waker), left)
        if waker.fileno() in ready:
            break
        if sock.fileno() in ready:
            has_news = _has_news(_read_lines(client))
    client.idle_done()


def list_told_counts(client: Any) -> list[bytes]:
    """Return how many messages there are, each time the server said so beside its answers."""
    return list(client._imap.untagged_responses.get("EXISTS", ()))


def _begin(client: Any) -> None:
    """Ask for IDLE and read up to the server's consent; imapclient gives up on what precedes it."""
    imap = client._imap
    client._idle_tag = tag = imap._command("IDLE")
    while imap._get_response() is not None:
        if imap.tagged_commands[tag] is not None:
            raise IMAPClientError("IDLE was refused")


def _has_news(lines: list[bytes]) -> bool:
    if any(line.upper().startswith(b"* BYE") for line in lines):
        raise UnreachableError("The IMAP server said goodbye: try again later.")
    return any(line.upper().rstrip().endswith(b" EXISTS") for line in lines)


def _read_lines(client: Any) -> list[bytes]:
    """Return the lines that have come, without waiting for more; half a line waits for its end."""
    client.socket().settimeout(0)
    lines: list[bytes] = []
    try:
        while True:
            lines.append(client._imap._get_line())
    except (BlockingIOError, ssl.SSLWantReadError):
        return lines
    finally:
        client._set_read_timeout()
