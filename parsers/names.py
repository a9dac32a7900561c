"""Names of persons: kept as written, and folded into the forms they may be recorded under.

`normalise_name`    the name as written, flagged `name_unknown` where the words only say that it is
                    not known (FNU, LNU, NMN, Doe)
`build_name_forms`  every way one or two surnames are recorded, for matching only
"""

from __future__ import annotations

from parsers.cleaning import fold_text, is_nothing, one_line
from parsers.normalised import BLANK, Normalised, flagged, good

#: What officers write when a name is not known: first, last, no middle name.
_UNKNOWN_NAMES = frozenset(
    {"fnu", "lnu", "nmn", "nfn", "nln", "doe", "john doe", "jane doe", "unknown", "unk"}
)
#: Particles of Spanish surnames; they are part of the name and often left out in records.
_PARTICLES = frozenset({"de", "del", "la", "las", "los", "y", "e", "viuda", "vda", "san", "santa"})
_DROPPED = _PARTICLES - {"san", "santa"}


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


def build_name_forms(surnames: str) -> tuple[str, ...]:
    """Return the folded forms to try in turn: whole, first only, second only, swapped, bare.

    Neither of two Spanish surnames is a middle name, and records may hold either, or both, in
    either order, with their particles or without.
    """
    whole = fold_text(surnames)
    units = _split_surnames(whole)
    bare = [" ".join(w for w in unit.split() if w not in _DROPPED) for unit in units]
    forms = [whole, *units, " ".join(reversed(units)), " ".join(bare), *bare]
    forms.append(" ".join(reversed(bare)))
    return tuple(dict.fromkeys(f for f in forms if f))


def _split_surnames(folded: str) -> list[str]:
    """Split into surnames, each with the particles that lead it: "de la cruz", "garcia"."""
    units: list[str] = []
    lead: list[str] = []
    for word in folded.split():
        lead.append(word)
        if word not in _PARTICLES:
            units.append(" ".join(lead))
            lead = []
    return [*units, *([" ".join(lead)] if lead else [])]
