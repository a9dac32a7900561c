"""Sentences that cry for help, and ordinary ones with the same words, all invented.

Outcomes: `read_sentences`, all of them, each with what it is about and its language. What words
weigh is learned from them (`tools/weigh_urgent_words.py`), but for those that are kept: other hands
wrote these, so that what is measured on them was never learned. Half of the cries name no harm ("he
gave away his shoes and says he won't need them"), and half of the ordinary ones sound like cries
in all but a word. Some of the kept ones are whole mails.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "urgent"

#: The files, and whether what stands in them is kept from the learning.
_FILES = {"cries": False, "ordinary": False, "kept_cries": True, "kept_ordinary": True}

#: What is said of an ordinary sentence.
NOTHING = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """What somebody might write, and what it is about."""

    text: str
    topic: str  #: an urgent topic, or `NOTHING`
    language: str
    is_kept: bool  #: whether no weight may be learned from it

    @property
    def is_cry(self) -> bool:
        """Whether somebody has to be woken."""
        return self.topic != NOTHING


def read_sentences() -> tuple[Sentence, ...]:
    """Return every sentence; a line `# topic language` says what those below it are."""
    return tuple(s for name, is_kept in _FILES.items() for s in _read(name, is_kept=is_kept))


def _read(name: str, *, is_kept: bool) -> Iterator[Sentence]:
    topic = language = ""
    for line in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            topic, language = line[2:].split()
        elif line:
            yield Sentence(text=line, topic=topic, language=language, is_kept=is_kept)
