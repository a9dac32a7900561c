"""Pictures for the review notice: the spots on a form that a person has to look at.

They are drawn in the child that reads documents, outside every transaction, and only where there
is something to check. A spot that cannot be drawn has none, and the notice says all of it in words.
A form with a Social Security number has none at all: words can be masked, and pictures show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from inbox_worker.casefile.triage import find_fields_to_check
from inbox_worker.services import Services
from parsers.extraction import FieldProblem, FieldValue
from parsers.pages.spot_pictures import Spot

#: No notice carries more; who has so much to compare opens the form.
MOST_PICTURES = 32

#: Readers whose boxes stand as the PDF stores its pages; all others measure the page as shown.
_STORED = frozenset({"acroform", "xfa"})


def render_pictures(
    services: Services,
    document: bytes | None,
    fields: Mapping[str, FieldValue],
    problems: Iterable[FieldProblem],
    *,
    has_ssn: bool,
) -> Mapping[str, bytes]:
    """Return a PNG, by field name, for each field to check that has a spot in `document`.

    `fields` are values that were read from this very document; `has_ssn` says that a Social
    Security number stands in it. Raises `ReaderUnavailableError`.
    """
    to_check = find_fields_to_check(fields, problems)
    spots = {
        name: Spot(page=found.page, box=found.box, is_upright=found.source not in _STORED)
        for name, found in fields.items()
        if name in to_check and found.page and found.box is not None
    }
    if document is None or not spots or has_ssn:
        return {}
    names = list(spots)[:MOST_PICTURES]
    drawn = services.reader.render(document, [spots[name] for name in names])
    return {name: png for name, png in zip(names, drawn, strict=True) if png is not None}
