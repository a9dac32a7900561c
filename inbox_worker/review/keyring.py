"""Which key signs a decision, whether it can, and the control number its document gets.

Outcomes of `pick_key`: the certifier's own key or the office's, ready to sign; or
`KeyUnusableError`, upon which the decision waits, or `TimestampError` when the time-stamp server
failed in this round already. Each file is read once a round.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import Encoding

from config.key_certificates import read_certificates
from config.settings import Settings
from config.signing_keys import KeyUnusableError, SigningKey, find_key_place, read_signing_key
from inbox_worker.services import Services
from inbox_worker.storage.models import Decision
from inbox_worker.storage.tokens import RandomBits
from outbound.certification.timestamp_errors import TimestampError

if TYPE_CHECKING:
    from outbound.certification.timestamps import TimestampServer

#: Crockford's base32: no I, L, O or U.
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CONTROL_BITS = 80


@dataclass(slots=True, kw_only=True)
class Keyring:
    """The keys of one round of issuing, each read when it is first needed."""

    services: Services
    _found: dict[str, SigningKey | KeyUnusableError] = field(default_factory=dict)
    _timestamps: TimestampServer | None = None

    @property
    def timestamps(self) -> TimestampServer | None:
        """Return the server that is asked when a signature was made; None where none is set."""
        if self._timestamps is None:
            self._timestamps = open_timestamp_server(self.services.settings, self.services.clock)
        return self._timestamps

    def pick_key(self, decision: Decision) -> SigningKey:
        """Return the key for a decision. Raises `KeyUnusableError` and `TimestampError`."""
        settings = self.services.settings
        if self.timestamps is not None:
            self.timestamps.check_usable()
        place = find_key_place(settings, settings.find_staff(decision.certifier or ""))
        if place.key not in self._found:
            try:
                self._found[place.key] = read_signing_key(place, now=self.services.clock())
            except KeyUnusableError as error:
                self._found[place.key] = error
        found = self._found[place.key]
        if isinstance(found, KeyUnusableError):
            raise found
        return found


def open_timestamp_server(
    settings: Settings, clock: Callable[[], datetime]
) -> TimestampServer | None:
    """Return the configured time-stamp server, or None. Raises `TimestampError`."""
    certification = settings.certification
    if not certification.timestamp_url:
        return None
    try:
        anchors = read_certificates(Path(certification.timestamp_ca_file))
    except KeyUnusableError as error:
        raise TimestampError("The file timestamp_ca_file cannot be read.") from error
    # Imported here because few sites have a time-stamp server, and pyHanko takes long to load.
    from outbound.certification.timestamps import TimestampServer  # noqa: PLC0415

    return TimestampServer(
        certification.timestamp_url,
        anchors=[anchor.public_bytes(Encoding.DER) for anchor in anchors],
        clock=clock,
    )


def build_control_number(random_bits: RandomBits) -> str:
    """Return 80 random bits in Crockford's base32, `XXXX-XXXX-XXXX-XXXX`; never the sample's."""
    bits = 0
    while not bits:
        bits = random_bits(_CONTROL_BITS)
    digits = "".join(_DIGITS[bits >> shift & 31] for shift in range(_CONTROL_BITS - 5, -1, -5))
    return "-".join(digits[start : start + 4] for start in range(0, 16, 4))
