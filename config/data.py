"""Access to the data files that ship with this package: forms, keyword tables, lists.

Read through the package, never through the working directory; nothing is read at import.
"""

from __future__ import annotations

from importlib import resources

#: The topics of mail, what words weigh for a cry for help, and what papers are known by; they are
#: read together.
TOPIC_FILES = ("topics/topics.toml", "topics/word_weights.json", "topics/papers.toml")


def read_data(name: str) -> bytes:
    """Return the bytes of the data file `name`, a path below this package such as `forms/x.toml`.

    Raises `FileNotFoundError` when there is none.
    """
    return resources.files("config").joinpath(name).read_bytes()


def list_data(folder: str, suffix: str) -> tuple[str, ...]:
    """Return the names, below this package, of the files in `folder` that end so, sorted."""
    found = resources.files("config").joinpath(folder).iterdir()
    return tuple(sorted(f"{folder}/{f.name}" for f in found if f.name.endswith(suffix)))
