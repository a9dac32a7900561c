"""The port to the outbox: what the dispatcher needs of whoever keeps the letters.

The consumer owns the port. A letter is claimed for this sender alone, which is already committed
when `claim_due` returns, submitted if it still is this sender's, and recorded as one of: accepted,
to be tried again, untried (the relay was not there), failed for good, or unknown; or it is put back
(the sender stops).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedLetter:
    """A claimed letter, ready to submit; its bytes never change between attempts."""

    id: int
    attempts: int  #: submissions tried before this one
    sender: str  #: envelope sender
    recipient: str  #: envelope recipient
    raw: bytes = b""  #: RFC 5322 bytes with CRLF line ends
    #: What delivery reports name the letter by (RFC 3461 section 4.4): letters, digits and dots
    #: that nobody can guess.
    envelope_id: str = ""
    wants_receipt: bool = False  #: a report is wanted of its delivery, not only of its failure


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpReply:
    """What the relay answered, kept as it said it."""

    code: int
    text: str


class OutboxStore(Protocol):
    """What keeps the letters. Every method commits before it returns."""

    def claim_due(self, now: datetime, *, limit: int) -> Sequence[QueuedLetter]:
        """Claim up to `limit` letters that are due, oldest first; none while sending is paused."""

    def may_send(self, letter_id: int) -> bool:
        """Whether a claimed letter is still ours to send, and sending is not paused."""

    def put_back(self, letter_ids: Sequence[int]) -> None:
        """Let go of claimed letters that were not tried; what is no longer ours is left alone."""

    def record_accepted(self, letter_id: int, *, now: datetime, reply: SmtpReply) -> None:
        """Note that the relay took responsibility (250 after DATA, RFC 5321 section 4.2.5)."""

    def record_retry(self, letter_id: int, *, now: datetime, due: datetime, reason: str) -> None:
        """Put the letter back, due at `due`, because of `reason` (no personal data)."""

    def record_unknown(self, letter_id: int, *, now: datetime, due: datetime, reason: str) -> None:
        """Note that the answer to DATA was lost; the same bytes are due again at `due`."""

    def record_untried(self, letter_id: int, *, now: datetime, due: datetime, reason: str) -> None:
        """Put the letter back as if never claimed, due at `due`; no attempt is counted."""

    def record_failed(self, letter_id: int, *, now: datetime, reason: str) -> None:
        """Give the letter up; whoever drained the outbox tells staff."""
