"""Names of persons: kept as written, every surname, particle and accent of them.

`normalise_name`  the name as written, flagged `name_unknown` where the words only say that it is
                  not known (FNU, LNU, NMN, Doe)
"""

from __future__ import annotations

from parsers.values.cleaning import fold_text, is_nothing, one_line
from parsers.values.normalised import BLANK, Normalised, flagged, good

#: What officers write when a name is not known: first, last, no middle name.
_UNKNOWN_NAMES = frozenset(
    {"fnu", "lnu", "nmn", "nfn", "nln", "doe", "john doe", "jane doe", "unknown", "unk"}
)


def normalise_name(text: str) -> Normalised:
    """Read a name as written, on one line; every surname, accent, hyphen and particle is kept."""
    written = one_line(text)
    folded = fold_text(written)
    words = set(folded.split())
    if folded in _UNKNOWN_NAMES or (words and words <= _UNKNOWN_NAMES):
        return flagged(
            written,
            "name_unknown",
            "This stands for a name that is not known; give the name if you can find it.",
        )
    return BLANK if is_nothing(written) else good(written)
