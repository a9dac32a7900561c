"""How firmly a form says whom it asks about: which identifiers it gives, and what they prove.

Outcomes: strong, weak, or less than an approval may rest on. It is a hint for the reviewer from
the form alone; what the records were matched on is the reviewer's to say.
"""

from __future__ import annotations

from collections.abc import Mapping

from outbound.letters.review_letters import IdentityStrength
from parsers.extraction import FieldValue

#: What an approval may be matched on, by the field that gives it, and whether it is strong: one
#: strong number with name and birth date identifies a person.
_IDENTIFIERS: Mapping[str, tuple[str, bool]] = {
    "subject_a_number": ("A-Number", True),
    "subject_fbi_number": ("FBI number", True),
    "subject_state_id": ("State ID", True),
    "subject_family_name": ("name", False),
    "subject_birth_date": ("birth date", False),
    "subject_birth_country": ("country of birth", False),
}
_ALWAYS = ("subject_family_name", "subject_birth_date")


def judge_identity(fields: Mapping[str, FieldValue]) -> IdentityStrength:
    """Return which identifiers the form gives and what they are worth together."""
    filled = [name for name in _IDENTIFIERS if name in fields and fields[name].value]
    strong = tuple(_IDENTIFIERS[n][0] for n in filled if _IDENTIFIERS[n][1])
    others = tuple(_IDENTIFIERS[n][0] for n in filled if not _IDENTIFIERS[n][1])
    has_always = all(name in filled for name in _ALWAYS)
    if has_always and strong:
        sentence = "Strong, if the records agree with a strong number, the name and the birth date."
    elif has_always and "subject_birth_country" in filled:
        sentence = "Weak: an approval needs a second person."
    else:
        sentence = "Too little for an approval, as far as the form goes."
    return IdentityStrength(strong=strong, others=others, sentence=sentence)
