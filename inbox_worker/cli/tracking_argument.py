"""The tracking number that a command is given."""

from __future__ import annotations

import typer

from parsers.values.tracking import (
    find_miswritten_tracking_numbers,
    find_tracking_numbers,
    format_tracking_number,
)

#: As an example it must hold, its check digit included.
EXAMPLE = format_tracking_number(2026, 1)


def parse_tracking(text: str) -> str:
    """Return the number as it is kept. Raises `typer.BadParameter`."""
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
