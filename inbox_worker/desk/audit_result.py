"""What an audit comes to: how much was looked at, and everything that is not as it was written."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """Something that is not as it was written."""

    chain: str  #: a tracking number, or an office's chain; empty for what belongs to none
    kind: str
    sequence: int | None  #: the place in the chain
    event: int | None  #: the row's number
    sentence: str


@dataclass(slots=True, kw_only=True)
class Audit:
    """What was looked at and what came of it."""

    before: datetime | None = None  #: the fingerprint is of the events before this moment
    chains: int = 0
    events: int = 0
    certifications: int = 0
    disclosures: int = 0
    mails: int = 0
    head: str | None = None  #: the last hash, where one chain was followed
    breaks: list[Break] = field(default_factory=list)
    _fingerprint: Any = field(default_factory=hashlib.sha256)

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256 over the hashes that were met, chain by chain."""
        return str(self._fingerprint.hexdigest())

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "ok": not self.breaks,
            "chains": self.chains,
            "events": self.events,
            "certifications": self.certifications,
            "disclosures": self.disclosures,
            "mails": self.mails,
            "head": self.head,
            "before": None if self.before is None else self.before.isoformat(),
            "fingerprint": self.fingerprint,
            "breaks": [asdict(one) for one in self.breaks],
        }

    def meet(self, event: Any) -> None:
        """Count an event, and take its hash into the fingerprint where it is old enough."""
        self.events += 1
        if self.before is None or event.at < self.before:
            self._fingerprint.update(event.hash.encode())
