"""The page that a proof bundle is read by: what each file is, and how the whole is checked.

One self-contained HTML page without a script, a font or a picture from elsewhere. It says nothing
about the person a request is about, so that it can be shown when the bundle is handed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from outbound.letters.words import clean_text, format_moment


@dataclass(frozen=True, slots=True, kw_only=True)
class BundledFile:
    """A file of the bundle."""

    path: str  #: in the bundle, with `/`
    group: str  #: under which heading it stands
    what: str  #: one sentence, without personal data
    size: int  #: bytes
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BundledEvent:
    """An event of the case, as a reader sees it."""

    sequence: int
    at: datetime
    code: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleIndex:
    """What the page says."""

    agency: str
    timezone: str
    tracking_number: str
    status: str
    warnings: tuple[str, ...]  #: what whoever hands it over has to know first
    files: tuple[BundledFile, ...]
    events: tuple[BundledEvent, ...]
    head: str  #: the last event's hash
    is_whole: bool  #: the chain held, and all that it covers, when the bundle was made
    manifest: str  #: the name of the file with every file's SHA-256


def render_index(index: BundleIndex) -> bytes:
    """Return the page, in UTF-8."""
    groups: dict[str, list[BundledFile]] = {}
    for file in index.files:
        groups.setdefault(file.group, []).append(file)
    template = _build_environment(index.timezone).get_template("index.html.j2")
    return template.render(index=index, groups=groups).encode()


@cache
def _build_environment(timezone: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("templates", "proof"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=clean_text,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["moment"] = lambda moment: format_moment(moment, timezone)
    environment.filters["words"] = lambda code: code.replace("_", " ")
    return environment
