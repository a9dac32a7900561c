"""What is wrong with the service, judged from facts: an ordered table of named rules.

Pure: facts, limits and the moment in, alarms out. An alarm is a condition: it is raised while the
condition holds and cleared when it no longer does. Its code and what it is about (a mailbox, a
job; never a person) say which one it is. Codes:

`nothing_fetched`       a mailbox was not fetched from for some minutes, whatever the reason
`login_failed`          a server, or whoever gives out its tokens, does not let us in
`credential_expires`    a secret or token that logs us in ends in a few days
`mailbox_nearly_full`   the server's quota for a mailbox is nearly used up (RFC 9208)
`mail_withheld`         a server breaks off whenever it is asked for one of its mails
`mail_unaccounted`      the last comparison of a mailbox with its rows found losses
`quarantine_grows`      more mails than usual were set aside in a day
`outbox_stalled`        a letter has waited too long, or nobody knows whether one arrived
`sending_paused`        sending was paused, and nobody resumed it for hours
`job_failing`           a job or a recurring task fails again and again
`disk_nearly_full`      the disk the database lies on is nearly full
`letter_failed`         a letter was given up, or came back, within a day
`answer_undelivered`    an answer did not arrive, and none has left in its place
`no_signing_key`        a decision waits for a signing key
`database_unusable`     no fact can be read or no alarm written down; it has no rule (`unrecorded`)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmLimits:
    """From when on something is wrong."""

    fetch_minutes: int = 15
    mailbox_percent: int = 90
    quarantine_per_day: int = 5
    outbox_minutes: int = 60
    failing_minutes: int = 10
    pause_hours: int = 4
    disk_free_mb: int = 1024
    expiry_days: int = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxFacts:
    """What is known of a mailbox."""

    name: str
    watched_since: datetime  #: the earliest it could have been fetched from
    last_fetch_at: datetime | None
    quota_percent: int | None = None  #: of the fullest quota; None: the server has none
    withheld: int = 0  #: mails the server would not give, which were passed over
    unaccounted: int = 0  #: losses that the last comparison with the server found


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultFacts:
    """Something that went wrong and has not gone right since."""

    kind: str  #: `login` or `job`
    about: str
    since: datetime
    count: int
    reason: str = ""  #: a code, never a server's words


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxFacts:
    """What waits to be sent."""

    waiting_since: datetime | None = None  #: of the letter that is overdue longest
    unknown: int = 0  #: letters of which nobody knows whether they arrived
    failed_today: int = 0
    answers_undelivered: int = 0  #: that failed, with none after them that did not
    paused_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything the rules read."""

    mailboxes: tuple[MailboxFacts, ...] = ()
    faults: tuple[FaultFacts, ...] = ()
    outbox: OutboxFacts = field(default_factory=OutboxFacts)
    quarantined_today: int = 0
    disk_free_mb: int | None = None  #: None: the database lies elsewhere
    waiting_for_key: int = 0
    credentials: Mapping[str, date] = field(default_factory=dict)  #: what ends when


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A condition that holds."""

    code: str
    about: str = ""  #: a mailbox's name, a job's; empty for the service as a whole
    facts: Mapping[str, str] = field(default_factory=dict)  #: figures and codes for people to read


_Found = Iterator[Alarm]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One thing that may be wrong."""

    code: str
    find: Callable[[Facts, AlarmLimits, datetime], _Found]
    #: False: whoever must know is told each time by a letter of its own.
    is_told: bool = True


def find_alarms(facts: Facts, limits: AlarmLimits, now: datetime) -> tuple[Alarm, ...]:
    """Return every alarm whose condition holds, in the order of the rules."""
    return tuple(alarm for rule in RULES for alarm in rule.find(facts, limits, now))


def is_told(code: str) -> bool:
    """Whether the alarm of that code is told when it is raised and when it is cleared."""
    return any(rule.code == code and rule.is_told for rule in RULES)


def _find_unfetched(facts: Facts, limits: AlarmLimits, now: datetime) -> _Found:
    for box in facts.mailboxes:
        silent = now - (box.last_fetch_at or box.watched_since)
        if silent > timedelta(minutes=limits.fetch_minutes):
            last = "never" if box.last_fetch_at is None else box.last_fetch_at.isoformat("T")
            yield Alarm(
                code="nothing_fetched",
                about=box.name,
                facts={"minutes": _minutes(silent), "last fetch": last},
            )


def _find_logins(facts: Facts, limits: AlarmLimits, now: datetime) -> _Found:
    del limits, now
    for fault in facts.faults:
        if fault.kind == "login":
            yield Alarm(
                code="login_failed",
                about=fault.about,
                facts={"times": str(fault.count), "reason": fault.reason or "refused"},
            )


def _find_expiring(facts: Facts, limits: AlarmLimits, now: datetime) -> _Found:
    for about, ends in facts.credentials.items():
        days = (ends - now.date()).days
        if days <= limits.expiry_days:
            yield Alarm(
                code="credential_expires",
                about=about,
                facts={"expires on": ends.isoformat(), "days left": str(days)},
            )


def _find_full_mailboxes(facts: Facts, limits: AlarmLimits, now: datetime) -> _Found:
    del now
    for box in facts.mailboxes:
        if box.quota_percent is not None and box.quota_percent >= limits.mailbox_percent:
            yield Alarm(
                code="mailbox_nearly_full",
                about=box.name,
                facts={"percent": str(box.quota_percent)},
            )


def _find_withheld(facts: Facts, limits: AlarmLimits, now: datetime) -> _Found:
    del limits, now
    for box in facts.mailboxes:
        if box.withheld:
            yield Alarm(code="mail_withheld", about=box.name, facts={"mails": str(box.withheld)})


def _find_losses(facts: Facts, limits: AlarmLimits, now: datetime) -> _Found:
    del limits, now
    for box in facts.mailboxes:
        if box.unaccounted:
            mails = {"mails": str(box.unaccounted)}
            yield Alarm(code="mail_unaccounted", about=box.name, facts=mails)


def _find_quarantine(facts: Facts, limits: AlarmLimits, now: datetime) -> _Found:
    del now
    if facts.quarantined_today >= limits.quarantine_per_day:
        yield Alarm(code="quarantine_grows", facts={"within a day": str(facts.quarantined_today)})


def _find_stalled_outbox(facts: Facts, limits: AlarmLimits, now: datetime) -> _Found:
    outbox = facts.outbox
    told = {}
    # While sending is paused, letters wait because somebody wants that.
    if outbox.waiting_since is not None and outbox.paused_since is None:
        waited = now - outbox.waiting_since
        if waited > timedelta(minutes=limits.outbox_minutes):
            told["oldest waits, minutes"] = _minutes(waited)
    if outbox.unknown:
        told["may have arrived"] = str(outbox.unknown)
    if told:
        yield Alarm(code="outbox_stalled", facts=told)


def _find_pause(facts: Facts, limits: AlarmLimits, now: datetime) -> _Found:
    since = facts.outbox.paused_since
    if since is not None and now - since > timedelta(hours=limits.pause_hours):
        yield Alarm(code="sending_paused", facts={"minutes": _minutes(now - since)})


def _find_failing_jobs(facts: Facts, limits: AlarmLimits, now: datetime) -> _Found:
    for fault in facts.faults:
        lasts = now - fault.since >= timedelta(minutes=limits.failing_minutes)
        if fault.kind == "job" and fault.count > 1 and lasts:
            yield Alarm(
                code="job_failing",
                about=fault.about,
                facts={"times": str(fault.count), "reason": fault.reason},
            )


def _find_full_disk(facts: Facts, limits: AlarmLimits, now: datetime) -> _Found:
    del now
    if facts.disk_free_mb is not None and facts.disk_free_mb < limits.disk_free_mb:
        yield Alarm(code="disk_nearly_full", facts={"megabytes free": str(facts.disk_free_mb)})


def _find_failed_letters(facts: Facts, limits: AlarmLimits, now: datetime) -> _Found:
    del limits, now
    if facts.outbox.failed_today:
        yield Alarm(code="letter_failed", facts={"within a day": str(facts.outbox.failed_today)})


def _find_lost_answers(facts: Facts, limits: AlarmLimits, now: datetime) -> _Found:
    del limits, now
    count = facts.outbox.answers_undelivered
    if count:
        yield Alarm(code="answer_undelivered", facts={"answers": str(count)})


def _find_missing_key(facts: Facts, limits: AlarmLimits, now: datetime) -> _Found:
    del limits, now
    if facts.waiting_for_key:
        yield Alarm(code="no_signing_key", facts={"waiting": str(facts.waiting_for_key)})


def _minutes(span: timedelta) -> str:
    return str(int(span.total_seconds() // 60))


RULES: tuple[Rule, ...] = (
    Rule(code="nothing_fetched", find=_find_unfetched),
    Rule(code="login_failed", find=_find_logins),
    Rule(code="credential_expires", find=_find_expiring),
    Rule(code="mailbox_nearly_full", find=_find_full_mailboxes),
    Rule(code="mail_withheld", find=_find_withheld),
    Rule(code="mail_unaccounted", find=_find_losses),
    Rule(code="quarantine_grows", find=_find_quarantine),
    Rule(code="outbox_stalled", find=_find_stalled_outbox),
    Rule(code="sending_paused", find=_find_pause),
    Rule(code="job_failing", find=_find_failing_jobs),
    Rule(code="disk_nearly_full", find=_find_full_disk),
    Rule(code="letter_failed", find=_find_failed_letters, is_told=False),
    Rule(code="answer_undelivered", find=_find_lost_answers, is_told=False),
    Rule(code="no_signing_key", find=_find_missing_key, is_told=False),
)
