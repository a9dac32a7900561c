"""Letters that say where to turn: urgent help, another office, the blank form, a demand.

They answer mail that brings no request, in the language in which it was written, and name channels
of the contact directory with their hours as they are at that moment. None says whether any record
exists, and none repeats anything of the mail: their contexts have no place for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from outbound.letters.compose import Letter, Letterhead, LetterKind, build_letter, build_pdf
from outbound.letters.opening_hours import IsHoliday, describe_hours, describe_moment, describe_now
from outbound.letters.requester_letters import FORM_NAME
from parsers.classification.directory import Channel, ContactDirectory
from parsers.classification.topic_table import Handling, TopicTable
from parsers.classification.topics import FoundTopic

#: No more topics than these are answered in one letter; a mail about more is a mass mailing.
MOST_TOPICS = 5

_TITLES = {
    LetterKind.REDIRECT: {"en": "Where to turn", "es": "Adonde dirigirse"},
    LetterKind.URGENT_HELP: {"en": "Where to get help now", "es": "Ayuda inmediata"},
    LetterKind.REQUEST_FORM: {
        "en": "Here is the Request Form",
        "es": "Formulario de solicitud",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelWords:
    """A channel, as a letter shows it."""

    title: str
    text: str
    phone: str = ""
    phone_words: str = ""
    email: str = ""
    url: str = ""
    where: str = ""
    now: str = ""  #: whether it is open, as a sentence
    hours: str = ""  #: in a usual week


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """A topic and where it belongs."""

    title: str
    channels: tuple[ChannelWords, ...]  #: those that were not named before


@dataclass(frozen=True, slots=True, kw_only=True)
class Directions:
    """Where the writer of a mail should turn."""

    head: Letterhead
    language: str
    as_of: str  #: for which moment the hours are said
    urgent: tuple[ChannelWords, ...] = ()  #: of every urgent topic, without 911
    others: tuple[Direction, ...] = ()
    blank_form: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """A subpoena, order or other demand came without a form."""

    head: Letterhead


def build_directions(
    topics: Sequence[FoundTopic],
    *,
    head: Letterhead,
    table: TopicTable,
    directory: ContactDirectory,
    language: str,
    now: datetime,
    is_holiday: IsHoliday,
    blank_form: bytes | None = None,
    leave_out: Handling | None = None,
) -> Directions:
    """Return what a letter says about `topics`; each channel is shown once, where it comes first.

    `now` is aware; topics that are handled as `leave_out` says are what the letter itself is.
    """
    from_urgent = [t for t in topics if t.handling is Handling.URGENT]
    shown: set[str] = set()

    def show(names: Iterable[str]) -> tuple[ChannelWords, ...]:
        fresh = [name for name in dict.fromkeys(names) if name not in shown]
        shown.update(fresh)
        found = (directory.find(name) for name in fresh)
        return tuple(_show(c, now, is_holiday, language) for c in found if c is not None)

    if from_urgent:
        # 911 heads the letter in words of its own.
        shown.add("emergency")
    urgent = show(name for topic in from_urgent for name in topic.channels)
    others = tuple(
        Direction(title=table.named(topic.name).title[language], channels=show(topic.channels))
        for topic in topics[:MOST_TOPICS]
        if topic not in from_urgent and topic.handling is not leave_out
    )
    return Directions(
        head=head,
        language=language,
        as_of=describe_moment(now, head.timezone, language),
        urgent=urgent,
        others=tuple(d for d in others if d.channels),
        blank_form=blank_form,
    )


def compose_redirect(context: Directions) -> Letter:
    """Compose the letter that says which office a mail belongs to."""
    return _build(LetterKind.REDIRECT, context)


def compose_urgent_help(context: Directions) -> Letter:
    """Compose the letter that says where help is to be had at once; 911 stands first."""
    return _build(LetterKind.URGENT_HELP, context)


def compose_request_form(context: Directions) -> Letter:
    """Compose the letter that brings the blank form, with short instructions."""
    return _build(LetterKind.REQUEST_FORM, context)


def compose_demand_received(context: Demand) -> Letter:
    """Compose the fixed answer to a demand that came without a form (6 CFR 5.41-5.49)."""
    return build_letter(LetterKind.DEMAND_RECEIVED, context, title="Message received")


def _build(kind: LetterKind, context: Directions) -> Letter:
    blank = context.blank_form
    return build_letter(
        kind,
        context,
        title=_TITLES[kind][context.language],
        language=context.language,
        attachments=() if blank is None else (build_pdf(FORM_NAME, blank),),
        has_form=blank is not None,
        says_hours=any(c.now for c in _list_channels(context)),
    )


def _list_channels(context: Directions) -> Iterator[ChannelWords]:
    yield from context.urgent
    for direction in context.others:
        yield from direction.channels


def _show(channel: Channel, now: datetime, is_holiday: IsHoliday, language: str) -> ChannelWords:
    hours = channel.hours
    return ChannelWords(
        title=channel.title[language],
        text=channel.text[language],
        phone=channel.phone,
        phone_words=channel.phone_words,
        email=channel.email,
        url=channel.url,
        where=channel.where[language],
        now="" if hours is None else describe_now(hours, now, is_holiday, language),
        hours="" if hours is None else describe_hours(hours, language),
    )
