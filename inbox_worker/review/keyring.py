"""Which key signs a decision, whether it can, and the control number its document gets.

Outcomes of `pick_key`: the certifier's own key or the office's, ready to sign; or
`KeyUnusableError`, upon which the decision waits. Each file is read once a round.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from config.signing_keys import KeyUnusableError, SigningKey, find_key_place, read_signing_key
from inbox_worker.services import Services
from inbox_worker.storage.models import Decision
from inbox_worker.storage.tokens import RandomBits

#: Crockford's base32: no I, L, O or U.
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CONTROL_BITS = 80


@dataclass(slots=True, kw_only=True)
class Keyring:
    """The keys of one round of issuing, each read when it is first needed."""

    services: Services
    _found: dict[str, SigningKey | KeyUnusableError] = field(default_factory=dict)

    def pick_key(self, decision: Decision) -> SigningKey:
        """Return the key for a decision. Raises `KeyUnusableError`."""
        settings = self.services.settings
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


def build_control_number(random_bits: RandomBits) -> str:
    """Return 80 random bits in Crockford's base32, `XXXX-XXXX-XXXX-XXXX`; never the sample's."""
    bits = 0
    while not bits:
        bits = random_bits(_CONTROL_BITS)
    digits = "".join(_DIGITS[bits >> shift & 31] for shift in range(_CONTROL_BITS - 5, -1, -5))
    return "-".join(digits[start : start + 4] for start in range(0, 16, 4))
