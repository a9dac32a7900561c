"""Mails whose documents are pictures, while those are read: others go first.

A scan takes seconds where a form takes milliseconds. Its mail is kept here, parsed and with its
reader at work, from one round of filing to the next. Nothing is lost when the program ends
meanwhile: to the journal such a mail is one that nobody has looked at yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field

from inbox_worker.intake import Intake
from parsers.extraction import Extraction

#: How many mails are kept, and of how many bytes; what is beyond them waits in the journal.
_MOST = 16
_MOST_BYTES = 64_000_000


@dataclass(slots=True)
class WaitingRoom:
    """The mails that wait, oldest first."""

    _intakes: dict[int, Intake] = field(default_factory=dict)
    _turned_away: set[int] = field(default_factory=set)
    _taken: set[int] = field(default_factory=set)  #: in this round

    def __bool__(self) -> bool:
        return bool(self._intakes)

    @property
    def is_full(self) -> bool:
        """Whether no further mail may be kept."""
        size = sum(intake.entry.size for intake in self._intakes.values())
        return len(self._intakes) >= _MOST or size >= _MOST_BYTES

    def knows(self, entry_id: int) -> bool:
        """Return whether a mail is not to be read now: it is here, or would find no room."""
        if entry_id in self._intakes or entry_id in self._taken:
            return True
        return self.is_full and entry_id in self._turned_away

    def keep(self, intake: Intake) -> None:
        """Keep a mail until its documents are read."""
        self._intakes[intake.entry.id] = intake
        self._turned_away.discard(intake.entry.id)

    def turn_away(self, entry_id: int) -> None:
        """Note that a mail has to wait, so that it is not looked at again before there is room."""
        self._turned_away.add(entry_id)

    def take_read(self) -> Iterator[Intake]:
        """Begin a round: yield the mails whose documents have been read, and keep them no more."""
        self._taken = {n for n, intake in self._intakes.items() if intake.is_read}
        for entry_id in sorted(self._taken):
            yield self._intakes.pop(entry_id)

    def wait(self, seconds: float) -> None:
        """Wait until another document has been read, or so long."""
        reading: list[Future[Extraction]] = [
            document.reading
            for intake in self._intakes.values()
            for document in intake.documents
            if not document.reading.done()
        ]
        if reading and not any(intake.is_read for intake in self._intakes.values()):
            wait(reading, timeout=seconds, return_when=FIRST_COMPLETED)
