"""What the sentences of an out-of-office mail state about days: returns, ends and beginnings.

Outcomes: statements, each about the author's own absence, with the days as they were written; and
whether something makes the whole doubtful. Read once, from left to right, with a state for each
sentence: of whom it is, and whether it said "away" or "here" so far.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from parsers.replies.absence_dates import WrittenDay
from parsers.replies.absence_words import Token

#: What may stand before a word that is somebody's absence or return only there.
_OPENERS = frozenset({"", "fill", "i", "will", "away", "out", "days", "to", "here"})
_JOINERS = frozenset({"to", "until", "through"})
#: What may stand between "back" and its day.
_AFTER_BACK = frozenset({"fill", "from", "to"})
_FILL = frozenset({"fill"})
_RELATIVE = frozenset({"later"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One statement about an absence."""

    day: WrittenDay
    is_return: bool  #: it names the return itself, not the absence's end
    is_last: bool = False  #: the day is the last one away
    first: WrittenDay | None = None
    is_spanish: bool = False


@dataclass(slots=True, kw_only=True)
class Statements:
    """What a whole text says."""

    said: list[Said] = field(default_factory=list)
    beginnings: list[tuple[WrittenDay, bool]] = field(default_factory=list)  #: day, is_spanish
    is_doubtful: bool = False


class Reader:
    """Read the tokens once, from left to right, sentence by sentence."""

    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self._tokens = tokens
        self._found = Statements()
        self._was_away = False  #: an earlier sentence said so
        self._start_sentence()

    def _start_sentence(self) -> None:
        self._subject = "open"  #: of whom the sentence is: open, unknown, author, other
        self._state = ""  #: what it said so far: away, here, or nothing
        self._is_perhaps = False
        self._is_spanish = False
        #: said before it was clear whether of an absence, and whether as the sentence's first words
        self._waiting: list[tuple[Said, bool]] = []
        self._first_said = len(self._found.said)
        self._first_begun = len(self._found.beginnings)

    def read(self) -> Statements:
        """Return what the text says."""
        index = 0
        while index < len(self._tokens):
            index = self._read_at(index)
        self._end_sentence(is_question=False)
        return self._found

    def _read_at(self, index: int) -> int:
        """Read what stands at `index`, and return where to go on."""
        token = self._tokens[index]
        kind, before = token.kind, self._kind_at(index - 1)
        if kind in {"end", "question"}:
            self._end_sentence(is_question=kind == "question")
        elif kind in {"i_back", "back"}:
            return self._read_return(index, before)
        elif kind in {"away", "here", "out"}:
            self._read_state(token, before)
        elif kind in {"until", "through"}:
            return self._read_end(index)
        elif kind == "from":
            self._read_from(index)
        elif kind == "days":
            return self._read_days(index)
        else:
            self._read_word(kind, before)
        return index + 1

    def _kind_at(self, index: int) -> str:
        return self._tokens[index].kind if 0 <= index < len(self._tokens) else ""

    def _skip(self, index: int, kinds: frozenset[str]) -> int:
        while self._kind_at(index) in kinds:
            index += 1
        return index

    def _read_word(self, kind: str, before: str) -> None:
        if kind == "i":
            self._subject = "author"
        elif kind == "other" or (kind == "will" and before == "word"):
            self._subject = "other"
        elif kind in {"word", "number"} and self._subject == "open":
            self._subject = "unknown"
        elif kind == "perhaps":
            self._is_perhaps = True
        elif kind == "again" or (kind == "later" and self._state == "away"):
            # "Away next week", "Out of office Fridays until": when is not said.
            self._found.is_doubtful = True

    def _read_state(self, token: Token, before: str) -> None:
        if token.kind == "out" and (before not in _OPENERS | {"end", "question"} or self._is_lost):
            return
        if self._subject == "other":
            return
        self._subject = "author"
        self._state = "here" if token.kind == "here" else "away"
        self._is_spanish = self._is_spanish or token.is_spanish
        for said, _ in self._waiting:
            self._settle(said)
        self._waiting.clear()

    @property
    def _is_lost(self) -> bool:
        """Whether the sentence is of something unknown, or of somebody else."""
        return self._subject in {"unknown", "other"}

    def _read_return(self, index: int, before: str) -> int:
        token = self._tokens[index]
        if token.kind == "i_back":
            if before == "other":
                return index + 1
            self._subject = "author"
        elif before not in _OPENERS | {"end", "question"} or self._is_lost:
            return index + 1
        at = self._skip(index + 1, _AFTER_BACK)
        days = self._tokens[at].days if self._kind_at(at) == "days" else ()
        if not days:
            return self._skip(index + 1, _AFTER_BACK | _RELATIVE)
        self._check_alone(at, days)
        self._add(Said(day=days[-1], is_return=True, is_spanish=token.is_spanish))
        return at + 1

    def _check_alone(self, at: int, days: tuple[WrittenDay, ...]) -> None:
        """Doubt a day beside which another stands: "December 7 or 8", "7-8 December"."""
        after = self._kind_at(at + 1)
        beside = self._kind_at(self._skip(at + 2, _FILL))
        if len(days) > 1 or (after in {"or", "to"} and beside in {"days", "number"}):
            self._found.is_doubtful = True

    def _read_end(self, index: int) -> int:
        token = self._tokens[index]
        at = self._skip(index + 1, _FILL)
        if self._kind_at(at) != "days":
            return self._skip(index + 1, _FILL | _RELATIVE)
        days = self._tokens[at].days
        self._check_alone(at, days)
        is_last = token.kind == "through" or self._kind_at(self._skip(at + 1, _FILL)) == "inclusive"
        self._read_governed(
            Said(
                day=days[-1],
                is_return=False,
                is_last=is_last,
                is_spanish=token.is_spanish or self._is_spanish,
            )
        )
        return at + 1

    def _read_from(self, index: int) -> None:
        """Doubt a beginning that is no day of the calendar: "from tomorrow"."""
        at = self._skip(index + 1, _FILL)
        if self._kind_at(at) == "later":
            self._found.is_doubtful = True
        self._is_spanish = self._is_spanish or self._tokens[index].is_spanish

    def _read_days(self, index: int) -> int:
        days = self._tokens[index].days
        if len(days) == 2:
            self._read_span(days[0], days[1], index)
            return index + 1
        joiner = self._tokens[index + 1] if self._kind_at(index + 1) in _JOINERS else None
        at = self._skip(index + 2, _FILL)
        if joiner is not None and self._kind_at(at) == "days" and len(self._tokens[at].days) == 1:
            self._read_span(days[0], self._tokens[at].days[0], at, joiner=joiner)
            return at + 1
        back = index - 1
        while self._kind_at(back) == "fill":
            back -= 1
        if self._kind_at(back) in {"from", "away", "out"} and self._subject != "other":
            self._found.beginnings.append((days[0], self._is_spanish))
        return index + 1

    def _read_span(
        self, first: WrittenDay, last: WrittenDay, at: int, *, joiner: Token | None = None
    ) -> None:
        is_inclusive = self._kind_at(self._skip(at + 1, _FILL)) == "inclusive"
        self._read_governed(
            Said(
                day=last,
                first=first,
                is_return=False,
                is_last=is_inclusive or joiner is None or joiner.kind != "until",
                is_spanish=self._is_spanish or (joiner is not None and joiner.is_spanish),
            )
        )

    def _read_governed(self, said: Said) -> None:
        """Keep what is said of an absence, or wait until it is clear of what it is said."""
        if self._is_lost:
            return
        if self._state:
            self._settle(said)
        else:
            self._waiting.append((said, self._subject == "open"))

    def _settle(self, said: Said) -> None:
        if self._state == "away":
            self._add(said)
        elif said.first is None:
            # "In the office until December 4": what else is said begins then.
            self._found.beginnings.append((said.day, said.is_spanish))

    def _add(self, said: Said) -> None:
        if self._is_perhaps:
            self._found.is_doubtful = True
        self._found.said.append(said)

    def _end_sentence(self, *, is_question: bool) -> None:
        if not self._state and self._was_away:
            self._state = "away"
            for said in (said for said, is_first in self._waiting if is_first):
                self._settle(said)
        if is_question:
            del self._found.said[self._first_said :]
            del self._found.beginnings[self._first_begun :]
        self._was_away = (self._was_away or self._state == "away") and self._state != "here"
        self._start_sentence()
