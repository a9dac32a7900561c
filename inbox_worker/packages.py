"""Whether the packages that would be imported are ours.

They have common names, and another distribution's `config` or `parsers` must never be taken for
ours: `check_packages` is the first thing every command does.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from inbox_worker.errors import WorkerError

_OWN_PACKAGES = ("parsers", "config", "templates", "outbound")


def check_packages() -> None:
    """Raise `WorkerError`, with both paths, when a package of ours resolves to another's."""
    home = Path(__file__).resolve().parents[1]
    for name in _OWN_PACKAGES:
        spec = find_spec(name)
        found = None if spec is None or spec.origin is None else Path(spec.origin).resolve()
        if found is None or found.parent.parent != home:
            raise WorkerError(
                f"The package `{name}` was found at {found} and not in {home}: "
                "use a virtual environment of its own for this program."
            )
