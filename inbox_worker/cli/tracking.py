"""The tracking number as people type it after a command, and the request it names."""

from __future__ import annotations

import typer
from sqlalchemy.orm import Session

from inbox_worker.errors import WorkerError
from inbox_worker.storage import store
from inbox_worker.storage.models import Request
from parsers.values.tracking import (
    find_miswritten_tracking_numbers,
    find_tracking_numbers,
    format_tracking_number,
)

#: As an example it must hold, its check digit included.
EXAMPLE = format_tracking_number(2026, 1)


def parse_tracking(text: str) -> str:
    """Return the tracking number. Raises `BadParameter` with what is wrong with it."""
    found = find_tracking_numbers(text)
    if len(found) == 1:
        return found[0]
    if find_miswritten_tracking_numbers(text):
        raise typer.BadParameter(
            "Its check digit is wrong: compare it with the letter it stands in.",
            param_hint="TRACKING",
        )
    raise typer.BadParameter(
        f"A tracking number looks like {EXAMPLE}; hyphens and capitals do not matter.",
        param_hint="TRACKING",
    )


def find_request(session: Session, number: str) -> Request:
    """Return the request of that number. Raises `WorkerError` when there is none."""
    request = store.find_request(session, number)
    if request is None:
        raise WorkerError(f"There is no request {number}. `requests` lists those there are.")
    return request
