"""A look into one folder of a mailbox that changes nothing: what lies there, and what it is.

The folder is opened for reading alone (EXAMINE, RFC 9051 section 6.3.3). Sizes, dates and
Message-IDs are asked first and many at a time; a whole mail is fetched one by one, and only for its
digest. A message that is removed meanwhile is left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from config.sections import MailboxSettings
from inbox_worker.mailbox.connection import telling
from parsers.mail.raw_headers import find_raw_message_id

_MESSAGE_ID = "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFacts:
    """What is known of a message without fetching it."""

    size: int  #: octets, as the server counts them
    internal_date: datetime  #: aware, UTC
    message_id: str | None


class FolderSurvey:
    """One folder, open for reading; the connection is the mailbox's, so one survey at a time."""

    def __init__(self, client: Any, settings: MailboxSettings, *, uidvalidity: int) -> None:
        """Look into the folder that `client` has selected."""
        self._client = client
        self._settings = settings
        self.uidvalidity = uidvalidity

    def list_uids(self) -> list[int]:
        """Return the UID of every message, in order."""
        with telling(self._settings):
            return sorted(self._client.search("ALL"))

    def fetch_facts(self, uids: Sequence[int]) -> dict[int, MessageFacts]:
        """Return what is known of messages, by UID."""
        with telling(self._settings):
            answered = self._client.fetch(uids, ["RFC822.SIZE", "INTERNALDATE", _MESSAGE_ID])
        return {
            uid: MessageFacts(
                size=int(found[b"RFC822.SIZE"]),
                internal_date=found[b"INTERNALDATE"].astimezone(UTC),
                message_id=find_raw_message_id(_find_section(found)),
            )
            for uid, found in answered.items()
            if b"RFC822.SIZE" in found and b"INTERNALDATE" in found
        }

    def fetch_headers(self, uids: Sequence[int]) -> dict[int, bytes]:
        """Return the header section of messages, by UID."""
        with telling(self._settings):
            answered = self._client.fetch(uids, ["BODY.PEEK[HEADER]"])
        return {uid: _find_section(found) for uid, found in answered.items()}

    def fetch_digest(self, uid: int, *, whole: bool) -> str | None:
        """Return the SHA-256 of a message, or of its header section alone; None when it is gone."""
        with telling(self._settings):
            part = "BODY.PEEK[]" if whole else "BODY.PEEK[HEADER]"
            found = self._client.fetch([uid], [part]).get(uid)
        return None if found is None else hashlib.sha256(_find_section(found)).hexdigest()


def _find_section(found: Mapping[bytes, Any]) -> bytes:
    """Return the one section that was fetched; servers differ in how they spell its name."""
    return next((v or b"" for k, v in found.items() if k.startswith(b"BODY[")), b"")
