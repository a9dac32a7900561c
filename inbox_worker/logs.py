"""One log line per outcome: a stable event code, ids and figures, and nothing about a person.

What cannot be personal data by its shape is let through, everything else is held back: a key
outside `ALLOWED_KEYS` is dropped and counted in `dropped`; a text that is not a plain code or id is
replaced by `withheld`; an error is told by its type and place, never by its message. Lines of other
people's libraries keep their level and their logger's name alone.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import structlog

from parsers.values.ssn import has_ssn

WITHHELD = "withheld"

#: What a line may carry: ids of rows, codes from closed lists, counts and durations.
ALLOWED_KEYS = frozenset(
    {
        # written by this module
        "event", "level", "timestamp", "logger", "error", "where", "dropped",
        # ids
        "journal_id", "inbound_id", "attachment_id", "request_id", "request_ids", "letter_id",
        "letter_ids", "decision_id", "event_id", "certification_id", "quarantine_id", "replay_id",
        "tracking_number", "control_number", "mailbox", "uid", "uids", "uidvalidity", "uidnext",
        "job", "worker", "pid", "sha256", "revision", "version", "command",
        # codes
        "action", "code", "definition", "disposition", "folder", "from_status", "keyword", "kind",
        "letter", "outcome", "priority", "problem", "problems", "reason", "recording", "result",
        "rule", "signal", "smtp_code", "enhanced_code", "source", "state", "status", "to_status",
        "warning",
        # figures
        "accepted", "attempt", "attempts", "bytes", "cancelled", "count", "delivered", "due",
        "duration_ms", "failed", "fetched", "filed", "forms", "letters", "limit", "messages",
        "milliseconds", "moved", "pages", "pending", "remaining", "retried", "seconds", "sent",
        "size", "skipped", "total", "unknown",
    }
)  # fmt: skip

#: A code, an id, a moment or a place in the program. No space and no `@`: no name, no address.
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+/-]{0,79}")
#: Why something failed, in a few words. None begins as names do, but SMTP's verbs and errors.
_WORD = r"[a-z]+(?:['-][a-z]+)*|[A-Z]{2,8}|[0-9]{3}|[245]\.[0-9]{1,3}\.[0-9]{1,3}|[A-Za-z]+Error"
_REASON = re.compile(rf"(?:{_WORD})(?:[:,]? (?:{_WORD})){{0,11}}")
_EVENT = re.compile(r"[a-z0-9]+([_.-][a-z0-9]+)*")
_LONGEST_LIST = 50

_Line = MutableMapping[str, Any]


def configure_logging(*, json: bool, level: int = logging.INFO) -> None:
    """Send log lines to standard error, as JSON or, for a terminal, as `key=value`."""
    order = ["timestamp", "level", "event"]
    render: Any = (
        structlog.processors.JSONRenderer(sort_keys=False)
        if json
        else structlog.processors.KeyValueRenderer(key_order=order, repr_native_str=False)
    )
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            tell_error,
            keep_allowed,
            stamp,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_StandardError,
        cache_logger_on_first_use=False,
    )
    _quieten_libraries(render, stamp)


def keep_allowed(logger: object, method: str, line: _Line) -> _Line:
    """Return the line without what could be about a person."""
    del logger, method
    kept: dict[str, Any] = {
        key: _hold_back(value, _REASON if key == "reason" else _PLAIN)
        for key, value in line.items()
        if key in ALLOWED_KEYS
    }
    # A sentence in place of a code is a programming error, and may hold anything.
    named = _EVENT.fullmatch(str(line.get("event") or ""))
    kept["event"] = named.group() if named else "unnamed_event"
    dropped = sum(key not in ALLOWED_KEYS for key in line)
    if dropped:
        kept["dropped"] = dropped
    return kept


def tell_error(logger: object, method: str, line: _Line) -> _Line:
    """Return the line with an exception's type and place instead of the exception."""
    del logger, method
    given = line.pop("exc_info", None)
    line.pop("stack_info", None)
    error = given if isinstance(given, BaseException) else None
    if error is None and given:
        error = given[1] if isinstance(given, tuple) else sys.exc_info()[1]
    if error is not None:
        line["error"] = [type(link).__name__ for link in _find_chain(error)]
        line["where"] = _find_places(error.__traceback__)
    return line


def _hold_back(value: Any, plain: re.Pattern[str] = _PLAIN) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_hold_back(inner) for inner in list(value)[:_LONGEST_LIST]]
    # A day may be a birth date; a moment, which has an hour, is one of ours.
    text = value.isoformat() if isinstance(value, date) and hasattr(value, "hour") else value
    allowed = isinstance(text, str) and (plain.fullmatch(text) or _PLAIN.fullmatch(text))
    return str(text) if allowed and not has_ssn(str(text)) else WITHHELD


def _find_chain(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain and len(chain) < 5:
        chain.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return chain


def _find_places(trace: TracebackType | None) -> list[str]:
    """Return `file.py:line` of the last few frames, innermost last."""
    places: list[str] = []
    while trace is not None:
        places.append(f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return places[-5:]


class _StandardError:
    """Writes to whatever standard error is at that moment, one whole line at a time.

    A line that nobody takes, since whoever collected them died or the disk is full, is lost: what
    it tells of was done, and must not be done again and again for want of telling.
    """

    def __init__(self, *_: object) -> None:
        self._fixed: TextIO | None = None

    def msg(self, line: str) -> None:
        """Write one line."""
        stream = self._fixed or sys.stderr
        with suppress(OSError):
            stream.write(line + "\n")
            stream.flush()

    debug = info = warning = error = critical = exception = log = msg


class _NameOnly(logging.Formatter):
    """Tells that a library wanted to say something, how urgently, and which; never what."""

    def __init__(self, render: Any, stamp: Any) -> None:
        super().__init__()
        self._render = render
        self._stamp = stamp

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of one record."""
        line: _Line = {
            "event": "library_message",
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if record.exc_info and record.exc_info[0]:
            line["error"] = [record.exc_info[0].__name__]
        line = self._stamp(None, "", keep_allowed(None, "", line))
        return str(self._render(None, "", line))


class _CurrentStandardError(logging.StreamHandler[TextIO]):
    """A handler that looks standard error up for every line, as `_StandardError` does."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def _quieten_libraries(render: Any, stamp: Any) -> None:
    handler = _CurrentStandardError()
    handler.setFormatter(_NameOnly(render, stamp))
    root = logging.getLogger()
    for old in list(root.handlers):
        if isinstance(old, _CurrentStandardError):
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
