"""The form that goes back with a deficiency letter: filled with what was read, marked to be mended.

It goes only to authors whose domain vouched for their mail; anybody else gets nothing of what a
form says. Drawn outside every transaction. A form that came with a Social Security number goes back
without it, as every other place does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from config.data import read_data
from inbox_worker.services import Services
from outbound.forms.returned import build_returned_form, list_signed
from parsers.extraction import FieldProblem, FieldValue
from parsers.replies.corrections import CORRECTION

_LEFT_BLANK = "This field was left blank."
_SIGN_AGAIN = "Sign when the rest is mended."


def render_returned_form(
    services: Services,
    definition_id: str,
    fields: Mapping[str, FieldValue],
    shortcomings: Iterable[FieldProblem],
) -> bytes:
    """Return the form of `definition_id` with `fields` in it and each shortcoming marked.

    What staff corrected stays inside.
    """
    definition = services.definition(definition_id)
    to_mend = dict.fromkeys(list_signed(definition), _SIGN_AGAIN)
    for problem in shortcomings:
        if not problem.flag_only:
            missing = problem.code == "missing"
            to_mend.setdefault(problem.field, _LEFT_BLANK if missing else problem.message)
    theirs = {name: found for name, found in fields.items() if found.source != CORRECTION}
    blank = read_data(f"forms/{definition.blank_form}")
    return build_returned_form(definition, blank, theirs, to_mend)
