"""Which form a document's fields are: the definition that fits best, or none.

A form is recognised by the names of its fields, else by labels and tooltips, else by the words
printed beside them; of several that fit, the one whose version is printed on it comes first.
"""

from __future__ import annotations

from collections.abc import Sequence

from parsers.definition import Requiredness
from parsers.forms.labels import Matching, Way, is_enough, match_by_name, match_by_wording
from parsers.pdf.acroform import AcroForm
from parsers.pdf.printed_labels import PrintedWords
from parsers.reading.document_reading import DocumentReading
from parsers.values.cleaning import fold_text

#: Enough fields recognised by their names make a form; by their labels `is_enough` says how many.
_ENOUGH_NAMES = 5


def match_fields(reading: DocumentReading, form: AcroForm) -> Matching | None:
    """Return how the fields fit the definition that fits best, or None where none does."""
    indexes = [known.index for known in reading.known.forms]
    matchings = [match_by_name(index, form.fields) for index in indexes]
    best = find_best(matchings)
    if best is not None:
        if any(not source.is_blank for source in best.unmatched):
            match_by_wording(reading.known.find(best.definition).index, best)
        return best
    for index, matching in zip(indexes, matchings, strict=True):
        match_by_wording(index, matching)
    best = find_best(matchings)
    if best is None and any(source.page for m in matchings for source in m.unmatched):
        reading.add_readers(["pdfplumber"])
        with PrintedWords(reading.data, reading.password, form.fields) as words:
            for index, matching in zip(indexes, matchings, strict=True):
                match_by_wording(index, matching, words.labels)
        best = find_best(matchings)
    return best


def find_best(matchings: Sequence[Matching]) -> Matching | None:
    """Return the matching that fits best of those that are enough to recognise a form by."""
    fitting = [m for m in matchings if _is_recognised(m)]
    ways = tuple(Way)
    return max(fitting, key=lambda m: (_has_version(m), m.count(*ways)), default=None)


def _is_recognised(matching: Matching) -> bool:
    size = len(matching.definition.fields)
    if matching.count(Way.NAME) >= min(_ENOUGH_NAMES, (size + 1) // 2):
        return True
    return is_enough(matching.definition, matching.fields(), matching.sections())


def _has_version(matching: Matching) -> bool:
    """Return whether the printed form version is the definition's."""
    wanted = fold_text(matching.definition.version_text)
    return any(
        match.target.field.requiredness is Requiredness.PRINTED
        and any(fold_text(wording) == wanted for value in match.source.values for wording in value)
        for match in matching.matches
    )
