"""STATUS and WITHDRAW: what a requester may ask of the program itself, by a keyword in a mail.

Outcomes: a `Wish` with the keyword and the tracking numbers it is about, or None. WITHDRAW stands
alone, in English or Spanish, with at most a number and a few fixed words around it: as the subject,
or as the first line of what was newly written. STATUS does so too, or is asked for anywhere in the
new text, about one number, in words of a closed list (`parsers.replies.wish_words`). Whatever says
more is for a person to read; a wish for the status says whether it stands beside such.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from parsers.mail.incidental import has_file
from parsers.mail.message import InboundMessage
from parsers.replies.new_text import NewText, find_new_text
from parsers.replies.wish_words import (
    CLOSINGS,
    GREETINGS,
    NEWS_WORDS,
    NOT_IN_A_SIGNATURE,
    PLAIN_WORDS,
    STATUS_WORDS,
    UPDATES,
)
from parsers.values.cleaning import fold_text
from parsers.values.tracking import (
    drop_tracking_numbers,
    find_miswritten_tracking_numbers,
    find_tracking_numbers,
)

_LINE_CHARS = 200
#: The words that may stand behind a keyword.
_OF = (
    r"(?: (?:of|for|on|the|my|our|this|request|case|number|no|please"
    r"|de|del|para|la|mi|nuestra|esta|solicitud|caso|numero|por favor))*"
)
_STATUS = re.compile(rf"(?:(?:request|case) )?(?:status|estado|estatus){_OF}")
_WITHDRAW = re.compile(
    rf"(?:please |i |we |quiero |queremos |por favor )?(?:withdraw|retirar|retiro|retiramos){_OF}"
)
#: Beside such a word a mail with WITHDRAW as its subject means something else, or nothing yet.
_DOUBT = re.compile(
    r"\?|\b(?:not|no|don't|do not|never|if|unless|or|but|until|nunca|si|pero|hasta)\b",
    re.IGNORECASE,
)
#: Subjects that are not their author's own words: of what is answered or passed on, and of ours.
_NOT_OWN = re.compile(r"\s*(?:re|aw|sv|rv|fw|fwd|reenv|tr|wg)(?:\[\d+\])?\s*:|.*\[", re.IGNORECASE)
_SENTENCE = re.compile(r"((?:[^\n.?!;,]|[.,](?=\S))+)([.?!;,]*)")
_UPDATES = re.compile(UPDATES)
_TITLE = re.compile(r"\b(mr|mrs|ms|dr|sr|sra|srta|lic)\.", re.IGNORECASE)
#: More than this is more than a question.
_MOST_SENTENCES, _MOST_CHARS = 40, 10_000
_GREETING_WORDS, _CLOSING_WORDS, _SIGNATURE_WORDS = 5, 8, 8
#: "Case no." means its number; any other "no" says something.
_NUMBER = re.compile(
    r"\b(case|file|request|tracking|ref|reference|solicitud|caso|expediente|tramite) no\b"
)
#: Small words within names of people, offices and places.
_SMALL = frozenset({"of", "the", "and", "for", "de", "del", "la", "las", "los", "y", "at", "in"})


class Keyword(StrEnum):
    """What is wished for."""

    STATUS = "STATUS"
    WITHDRAW = "WITHDRAW"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A keyword and what it is about."""

    keyword: Keyword
    numbers: tuple[str, ...]  #: tracking numbers, canonical; empty: of the request answered to
    has_miswritten_number: bool = False  #: one beside them cannot be right
    says_more: bool = False  #: something else stands there too, which a person has to read

    @property
    def is_about_a_number(self) -> bool:
        """Whether a tracking number stands beside the keyword, right or wrong."""
        return bool(self.numbers) or self.has_miswritten_number


def find_wish(message: InboundMessage) -> Wish | None:
    """Return what a mail asks of the program, or None."""
    new = find_new_text(message)
    line = next((line for line in new.text.splitlines() if line.strip()), "")[:_LINE_CHARS]
    subject = message.subject[:_LINE_CHARS]
    keyword = _find_keyword(line)
    if keyword is Keyword.WITHDRAW:
        return _find_withdrawal(new.text, line, subject)
    if _find_keyword(subject) is Keyword.WITHDRAW:
        is_unsure = keyword is not None or _DOUBT.search(new.text)
        return None if is_unsure else _find_withdrawal(new.text, subject, line)
    is_keyword = keyword is Keyword.STATUS
    rest = new.text.partition(line)[2] if is_keyword else new.text
    is_asked = is_keyword or _asks_by_subject(subject)
    return _find_question(message, new, rest, is_asked=is_asked)


def find_named_numbers(message: InboundMessage) -> tuple[str, ...]:
    """Return the tracking numbers in what was newly written, then those in the subject."""
    return find_tracking_numbers(f"{_find_own_text(message)}\n{message.subject}")


def misnames_number(message: InboundMessage) -> bool:
    """Whether something has the form of a tracking number there, and not its check digit."""
    return bool(find_miswritten_tracking_numbers(f"{_find_own_text(message)}\n{message.subject}"))


def _find_own_text(message: InboundMessage) -> str:
    if "cjs" not in (message.text or message.html or "").casefold():
        return ""
    return find_new_text(message).text


def _find_withdrawal(text: str, stands_in: str, beside: str) -> Wish | None:
    """Return the wish of a line that is the keyword; the number in it, else in the one beside it.

    What names any other number takes nothing back: a person reads which is meant.
    """
    where = stands_in if _names_number(stands_in) else beside
    wish = _build_wish(Keyword.WITHDRAW, where)
    return None if set(find_tracking_numbers(text)) - set(wish.numbers) else wish


def _asks_by_subject(subject: str) -> bool:
    if _find_keyword(subject) is Keyword.STATUS:
        return True
    return not _NOT_OWN.match(subject) and _is_question(subject)


def _find_question(
    message: InboundMessage, new: NewText, rest: str, *, is_asked: bool
) -> Wish | None:
    """Return the wish for the status of what the text names, else the subject.

    `is_asked` says that it was asked for already, before the `rest` of the text.
    """
    remarks, is_asked = _read_sentences(rest, is_asked=is_asked)
    where = new.text if _names_number(new.text) else message.subject[:_LINE_CHARS]
    wish = _build_wish(Keyword.STATUS, where)
    if not is_asked or len(wish.numbers) > 1:
        return None
    says_more = remarks or bool(new.below) or has_file(message) or bool(message.attached_messages)
    return replace(wish, says_more=says_more)


def _build_wish(keyword: Keyword, where: str) -> Wish:
    return Wish(
        keyword=keyword,
        numbers=find_tracking_numbers(where),
        has_miswritten_number=bool(find_miswritten_tracking_numbers(where)),
    )


def _names_number(text: str) -> bool:
    return bool(find_tracking_numbers(text) or find_miswritten_tracking_numbers(text))


def _find_keyword(line: str) -> Keyword | None:
    plain = fold_text(drop_tracking_numbers(line))
    if _STATUS.fullmatch(plain):
        return Keyword.STATUS
    is_question = "?" in line
    return Keyword.WITHDRAW if _WITHDRAW.fullmatch(plain) and not is_question else None


def _read_sentences(text: str, *, is_asked: bool) -> tuple[bool, bool]:
    """Return whether a text says anything that is no courtesy, and whether a status is asked for.

    A closing that stands below the question ends what is said.
    """
    says_more = len(text) > _MOST_CHARS
    is_closed = False
    for count, (sentence, end) in enumerate(_split(text[:_MOST_CHARS])):
        plain = _fold(sentence)
        if not plain:
            continue
        if count >= _MOST_SENTENCES:
            return True, is_asked
        if _is_question(sentence):
            is_asked = True
        elif is_asked and _begins(plain, CLOSINGS, _CLOSING_WORDS):
            is_closed = True
        elif not _is_courtesy(plain, end) and not _is_signature(sentence, is_closed=is_closed):
            says_more = True
    return says_more, is_asked


def _split(text: str) -> Iterator[tuple[str, str]]:
    """Yield sentences, and parts between commas, without tracking numbers, and what ends each."""
    for match in _SENTENCE.finditer(_TITLE.sub(r"\1", drop_tracking_numbers(text))):
        greeting, colon, question = match[1].partition(":")
        is_greeted = bool(colon) and _begins(_fold(greeting), GREETINGS, _GREETING_WORDS)
        yield (question if is_greeted else match[1]), match[2]


def _fold(sentence: str) -> str:
    return _NUMBER.sub(r"\1 number", fold_text(drop_tracking_numbers(sentence)))


def _is_question(sentence: str) -> bool:
    """Whether a sentence asks for a status, in words of the closed list alone."""
    plain = _fold(sentence)
    words = frozenset(plain.split())
    asks = not words.isdisjoint(STATUS_WORDS) or _UPDATES.search(plain) is not None
    return asks and words <= PLAIN_WORDS | STATUS_WORDS


def _is_courtesy(plain: str, end: str) -> bool:
    if _begins(plain, GREETINGS, _GREETING_WORDS) or _begins(plain, CLOSINGS, _CLOSING_WORDS):
        return True
    words = frozenset(plain.split())
    if words & NEWS_WORDS:
        return words <= PLAIN_WORDS | NEWS_WORDS
    # A line may break within the question; a question of its own is another one.
    return words <= PLAIN_WORDS and "?" not in end


def _begins(plain: str, leads: tuple[str, ...], most: int) -> bool:
    words = plain.split()
    is_short = len(words) <= most and NOT_IN_A_SIGNATURE.isdisjoint(words)
    return is_short and f"{plain} ".startswith(tuple(f"{lead} " for lead in leads))


def _is_signature(sentence: str, *, is_closed: bool) -> bool:
    """Whether a line is a name, an office or a number; below a closing that takes less to say."""
    words = sentence.split()
    if len(words) > _SIGNATURE_WORDS or not NOT_IN_A_SIGNATURE.isdisjoint(_fold(sentence).split()):
        return False
    return is_closed or all(
        word.lower() in _SMALL or not word[0].islower() or "@" in word or "." in word
        for word in words
    )
