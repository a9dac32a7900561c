"""The lines to fill in, for each keyword that takes some.

The outcome is always text. A hint left in its parentheses counts as nothing said, so that a
skeleton sent back untouched decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from parsers.findings_reader import FINDING_HINTS

_FINDINGS = tuple(f"{name}: ({hint})" for name, hint in FINDING_HINTS.items())

_LINES: Mapping[str, tuple[str, ...]] = {
    "APPROVE": _FINDINGS,
    "REISSUE": _FINDINGS,
    "CORRECT": ("(name or label of the field): (the right value)",),
}
_ARGUMENTS: Mapping[str, str] = {
    "DENY": " (the reason; it stays inside)",
    "NEED INFO": " (the question, or the name of a ready one)",
}


def build_skeleton(keyword: str) -> str:
    """Build the lines to fill in for a keyword, hints in parentheses."""
    return "\n".join((f"{keyword}{_ARGUMENTS.get(keyword, '')}", *_LINES.get(keyword, ())))
