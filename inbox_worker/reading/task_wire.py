"""How tasks travel to a child: the table of topics once, everything else each time.

The table is several times the size of most mails, and the same for all of them. Either end
remembers the last one that went, and a task that has the same says only so (a persistent
identifier, as `pickle` calls it). Outcomes: bytes at one end, the task at the other.
"""

from __future__ import annotations

import io
import pickle
from typing import TYPE_CHECKING

from parsers.classification.topic_table import TopicTable, parse_topic_table

if TYPE_CHECKING:
    from inbox_worker.reading.child import Task

#: In place of the files of a table: the one that went before.
_AS_BEFORE: tuple[bytes, ...] = ()


class TaskSender:
    """The parent's end of one child's socket."""

    def __init__(self) -> None:
        self._topics: TopicTable | None = None

    def pack(self, task: Task) -> bytes:
        """Return a task's bytes, to be sent to the child."""
        payload = io.BytesIO()
        pickler = _Pickler(payload, pickle.HIGHEST_PROTOCOL)
        pickler.known = self._topics
        pickler.dump(task)
        self._topics = pickler.known
        return payload.getvalue()


class TaskReceiver:
    """The child's end."""

    def __init__(self) -> None:
        self._topics: TopicTable | None = None

    def unpack(self, payload: bytes) -> Task:
        """Return the task. What the parent sends is trusted, as all that a program starts with."""
        unpickler = _Unpickler(io.BytesIO(payload))
        unpickler.known = self._topics
        task: Task = unpickler.load()
        self._topics = unpickler.known
        return task


class _Pickler(pickle.Pickler):
    known: TopicTable | None = None

    def persistent_id(self, value: object) -> tuple[bytes, ...] | None:
        if not isinstance(value, TopicTable):
            return None
        if value is self.known:
            return _AS_BEFORE
        self.known = value
        return value.sources


class _Unpickler(pickle.Unpickler):
    known: TopicTable | None = None

    def persistent_load(self, files: tuple[bytes, ...]) -> TopicTable | None:
        if files != _AS_BEFORE:
            self.known = parse_topic_table(*files)
        return self.known
