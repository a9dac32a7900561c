"""What comparing a mailbox's server with its rows came to, as it is told and kept.

Only losses are unaccounted for: a message in the watched folder that should have been recorded and
was not, and a row whose mail's bytes are gone. Everything else has an explanation, and is counted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

#: How many single messages of one kind are named; the rest are counted.
_NAMED = 200


class Standing(StrEnum):
    """How a message on the server, or a recorded mail, is accounted for."""

    # In the watched folder.
    NOT_YET_FETCHED = "not_yet_fetched"  #: newer than the last mail that was fetched
    UNDISPOSED = "undisposed"  #: recorded, and waiting to be worked on
    TO_BE_MOVED = "to_be_moved"  #: worked on, and not moved yet
    LEFT_BEHIND = "left_behind"  #: moved, by a server that leaves the original flagged as deleted
    PASSED_OVER = "passed_over"  #: lay there when the mailbox was set up, and is left alone
    WITHHELD = "withheld"  #: the server will not give it; asked for again from time to time
    LOST = "lost"  #: should have been recorded, and was not
    # In a folder of ours, or dragged back to the watched one.
    FOUND = "found"  #: recorded, and here it is
    UNKNOWN = "unknown"  #: never recorded: somebody put it there
    # Rows.
    REMOVED = "removed"  #: was moved, and a person deleted it or took it elsewhere since
    VANISHED = "vanished"  #: was taken away before it was moved; its bytes are kept
    BYTES_MISSING = "bytes_missing"  #: a row without its mail


#: What nobody can explain.
UNACCOUNTED = frozenset({Standing.LOST, Standing.BYTES_MISSING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One message or mail that a person may want to look at."""

    standing: Standing
    folder: str | None = None
    uid: int | None = None
    mail: int | None = None  #: its journal entry


@dataclass(slots=True, kw_only=True)
class FolderReport:
    """What lies in a folder."""

    folder: str  #: as configured
    is_there: bool = True
    messages: int = 0
    standings: Counter[Standing] = field(default_factory=Counter)


@dataclass(slots=True, kw_only=True)
class Reconciliation:
    """One mailbox, folder by folder, and its rows."""

    mailbox: str
    started_at: datetime
    finished_at: datetime | None = None
    folders: list[FolderReport] = field(default_factory=list)
    recorded: int = 0  #: mails recorded from this mailbox before it began
    rows: Counter[Standing] = field(default_factory=Counter)  #: of those not seen on the server
    findings: list[Finding] = field(default_factory=list)  #: the first of each kind

    @property
    def unaccounted(self) -> int:
        """Return how many losses there are."""
        total = self.total
        return sum(total[standing] for standing in UNACCOUNTED)

    @property
    def total(self) -> Counter[Standing]:
        """Return how many of each standing, over all folders and rows."""
        total = Counter(self.rows)
        for folder in self.folders:
            total += folder.standings
        return total

    def name(self, finding: Finding) -> None:
        """Keep a finding, unless there are enough of its kind."""
        if sum(f.standing is finding.standing for f in self.findings) < _NAMED:
            self.findings.append(finding)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "name": self.mailbox,
            "unaccounted": self.unaccounted,
            "not_compared": None,
            "started_at": self.started_at.isoformat(),
            "finished_at": None if self.finished_at is None else self.finished_at.isoformat(),
            "recorded": self.recorded,
            "folders": [
                {
                    "folder": f.folder,
                    "is_there": f.is_there,
                    "messages": f.messages,
                    **{standing.value: n for standing, n in f.standings.items()},
                }
                for f in self.folders
            ],
            "rows": {standing.value: n for standing, n in self.rows.items()},
            "findings": [asdict(f) for f in self.findings],
        }


def view_uncompared(mailbox: str, reason: Exception) -> dict[str, Any]:
    """Return a mailbox that was not compared as JSON values: nobody knows what is accounted for."""
    return {
        "name": mailbox,
        "unaccounted": None,
        "not_compared": str(reason),
        "started_at": None,
        "finished_at": None,
        "recorded": None,
        "folders": [],
        "rows": {},
        "findings": [],
    }
