"""How long to wait before the next try after so many failures in a row."""

from __future__ import annotations

_FIRST_SECONDS = 1.0
_MOST_SECONDS = 300.0


def find_pause(failures: int, *, fraction: float) -> float:
    """Return the seconds to wait after `failures` (1 or more): doubling, up to five minutes.

    `fraction` (from 0 to 1, by chance) takes up to half of it away, so that many clients that lost
    one server at the same moment do not all come back at the same moment.
    """
    # The exponent is bounded before it is used: failures go on for as long as a server is away.
    full = min(_MOST_SECONDS, _FIRST_SECONDS * 2.0 ** min(failures - 1, 16))
    return full * (1.0 - fraction / 2.0)
