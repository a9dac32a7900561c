"""Names of persons: kept as written, every surname, particle and accent of them.

`normalise_name`   the name as written, flagged `name_unknown` where the words only say that it is
                   not known (FNU, LNU, NMN, Doe)
`find_name_words`  the words by which a name is compared with others
"""

from __future__ import annotations

from parsers.values.cleaning import fold_text, is_nothing, one_line
from parsers.values.normalised import BLANK, Normalised, flagged, good

#: What officers write when a name is not known: first, last, no middle name.
_UNKNOWN_NAMES = frozenset(
    {"fnu", "lnu", "nmn", "nfn", "nln", "doe", "john doe", "jane doe", "unknown", "unk"}
)


#: Words of a name that are written or left out as it comes.
PARTICLES = frozenset(
    {"de", "del", "la", "las", "los", "y", "e", "viuda", "vda", "da", "do", "dos"}
)
#: What is written for a name that is not known; it is nobody's.
NOBODY = frozenset({"fnu", "lnu", "nmn", "nfn", "nln", "doe", "unknown", "unk"})


def find_name_words(text: str) -> tuple[str, ...]:
    """Return a name's words without accents, case and particles, in their order.

    A name that only says that it is not known has none.
    """
    return tuple(w for w in fold_text(text).split() if w not in PARTICLES and w not in NOBODY)


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
