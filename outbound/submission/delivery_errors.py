"""Why a letter was not accepted, named by what the caller must do next.

`TransientDeliveryError`   try this letter again later
`UnreachableRelayError`    a transient error of the relay and not of this letter: try all later
`RelayLoginError`          the relay does not let us in: a person has to mend the account
`PermanentDeliveryError`   give this letter up
`UncertainDeliveryError`   the answer to its data was lost: it may have been accepted

What the relay said may quote addresses; it stays in the fields. The sentences and `reason` hold
none and are fit for a log.
"""

from __future__ import annotations

import re

_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")


class DeliveryError(Exception):
    """A letter was not accepted; `code` and `text` are the relay's answer, where there was one."""

    def __init__(self, phase: str, *, code: int | None = None, text: str = "") -> None:
        super().__init__(phase, code, text)
        self.phase = phase  #: the command it happened at, or a few words
        self.code = code
        self.text = text  #: may hold an address; not for logs

    @property
    def reason(self) -> str:
        """Return what happened without what the relay said in words, fit for a log."""
        if self.code is None:
            return self.phase
        return f"{self.phase} answered {self.code} {find_enhanced_code(self.text) or ''}".strip()

    def __str__(self) -> str:
        return self.reason


class TransientDeliveryError(DeliveryError):
    """The relay did not take the letter now; try it again later."""


class UnreachableRelayError(TransientDeliveryError):
    """The relay could not be reached or would not let us in; no letter can leave now."""


class RelayLoginError(UnreachableRelayError):
    """The relay does not let us in, or no token for it could be had; no letter can leave now."""


class PermanentDeliveryError(DeliveryError):
    """The relay will never take this letter."""


class UncertainDeliveryError(DeliveryError):
    """The answer to the letter's data was lost; the relay may have taken it."""


def find_enhanced_code(text: str) -> str | None:
    """Return the enhanced status code a reply begins with, for example `5.1.1` (RFC 3463)."""
    found = _ENHANCED.match(text)
    return found.group(1) if found else None
