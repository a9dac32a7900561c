"""What several settings must be together: an ordered table of named rules.

Each rule names the keys it reads: a rule whose keys were already found wrong by themselves is not
asked, so one mistake is reported once.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from config.data import read_data
from config.key_checks import (
    find_courtesy_problems,
    find_key_setting_problems,
    find_timestamp_problems,
)
from config.mailbox_checks import (
    find_folder_problems,
    find_mailbox_tls_problems,
    find_secret_problems,
    find_sharing_problems,
    find_tls_problems,
)
from config.problems import ConfigurationProblem
from config.sections import Settings, SmtpSettings, StaffMember
from config.sign_in_checks import find_sign_in_problems
from config.signature_checks import find_signature_problems
from config.trust_anchors import find_anchor_problems

_Found = Iterator[ConfigurationProblem]

_OFFICES = "offices/field_offices.toml"

#: A database in memory would be gone with the process.
_FILE_URL = re.compile(r"sqlite:///(?!:memory:$).+")
#: The host may be left out for a socket, and be named in the query; the database may not.
_SERVER_URL = re.compile(r"postgresql\+psycopg://[^/?#]*/[^/?#]+(\?[^#]*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One thing to check, and the keys it reads."""

    reads: tuple[str, ...]
    find: Callable[[Settings], _Found]


def find_problems(settings: Settings, *, without: frozenset[str] = frozenset()) -> _Found:
    """Yield what is wrong between settings, leaving out rules that read a key of `without`."""
    for rule in RULES:
        if not any(_overlap(read, bad) for read in rule.reads for bad in without):
            yield from rule.find(settings)


def _overlap(one: str, other: str) -> bool:
    # A rule reads a key of every mailbox.
    plain = re.sub(r"^mailbox\[\d+\]", "mailbox", other)
    return plain == one or plain.startswith((f"{one}.", f"{one}[")) or one.startswith(f"{plain}.")


def _problem(id_: str, key: str, message: str, hint: str) -> ConfigurationProblem:
    return ConfigurationProblem(id=id_, key=key, message=message, hint=hint)


def _find_login_problems(key: str, smtp: SmtpSettings) -> _Found:
    has_password = bool(smtp.password.get_secret_value())
    if smtp.username and not has_password and smtp.oauth2 is None:
        yield _problem(
            "E012",
            f"{key}.password_file",
            "There is a user name without a password.",
            f"Set {key}.password_file, or clear {key}.username to submit without a login.",
        )
    if has_password and not smtp.username:
        yield _problem(
            "E012",
            f"{key}.username",
            "There is a password without a user name.",
            f"Set {key}.username, or remove the password.",
        )


def _find_alarm_relay_problems(settings: Settings) -> _Found:
    relay = settings.alerts.smtp
    if relay is not None:
        yield from _find_login_problems("alerts.smtp", relay)
        yield from find_tls_problems("alerts.smtp", relay)


def _find_staff_problems(settings: Settings) -> _Found:
    seen: set[str] = set()
    for position, person in enumerate(settings.staff):
        key = f"staff[{position}]"
        if person.email.lower() in seen:
            yield _problem(
                "E030",
                f"{key}.email",
                "Another person has the same address.",
                "Give every person an address of their own.",
            )
        seen.add(person.email.lower())
        yield from _find_member_problems(settings, key, person)


def _find_member_problems(settings: Settings, key: str, person: StaffMember) -> _Found:
    if person.email.lower() in settings.own_addresses:
        yield _problem(
            "E034",
            f"{key}.email",
            "This is one of the mailbox's own addresses.",
            "Give the person's own address; the worker would be writing to itself.",
        )
    deputy = settings.find_staff(person.deputy) if person.deputy else person
    if deputy is None or (person.deputy and deputy.email == person.email):
        yield _problem(
            "E031",
            f"{key}.deputy",
            "The deputy is not another member of the staff.",
            "Name the address of another [[staff]] entry, or leave it empty.",
        )
    if person.has_role("certifier") and not person.title.strip():
        yield _problem(
            "E032",
            f"{key}.title",
            "A certifier needs a title; it is printed on the certification.",
            f"Set {key}.title.",
        )


def _find_role_problems(settings: Settings) -> _Found:
    approvers = settings.find_staff_with("approver")
    if not any(person.has_role("certifier") for person in approvers):
        yield _problem(
            "E033",
            "staff",
            "Nobody may both approve and certify, so nothing could be issued.",
            'Give one person the roles "approver" and "certifier".',
        )
    if settings.review.approvals > 1 and len(approvers) < 2:
        yield _problem(
            "E035",
            "review.approvals",
            "Two approvals are asked for and fewer than two may approve.",
            "Add a second approver to the staff, or set review.approvals to 1.",
        )


def _find_office_problems(settings: Settings) -> _Found:
    named = [name for person in settings.find_staff_with("approver") for name in person.offices]
    if settings.review.assignment == "field_office" and not named:
        yield _problem(
            "E036",
            "review.assignment",
            "Requests are to go to the staff of field offices, and no approver has one.",
            'Give approvers their offices, for example offices = ["Atlanta"].',
        )
    known = {row["name"] for row in tomllib.loads(read_data(_OFFICES).decode())["office"]}
    for name in sorted({n for person in settings.staff for n in person.offices} - known):
        yield _problem(
            "E037",
            "staff",
            f"There is no field office {name!r}.",
            f"Write one of: {', '.join(sorted(known))}.",
        )


def _find_refusal_problems(settings: Settings) -> _Found:
    review = settings.review
    if review.refusal_min_business_days and not review.refusal_times:
        yield _problem(
            "E040",
            "review.refusal_times",
            "Refusals would never have a moment to leave.",
            "Give at least one time of day, or set review.refusal_min_business_days to 0.",
        )


def _find_proof_problems(settings: Settings) -> _Found:
    review = settings.review
    proof = review.trusted_authserv_ids or review.trusted_internal
    if review.require_authentication and not proof:
        yield _problem(
            "E041",
            "review.trusted_authserv_ids",
            "Nothing proves who wrote a staff reply, so none could be obeyed.",
            "Name the id your gateway writes first in Authentication-Results.",
        )


def _find_alert_problems(settings: Settings) -> _Found:
    if not settings.alerts.urgent:
        yield _problem(
            "E050",
            "alerts.urgent",
            "Nobody is told of urgent mail.",
            "Name the address of at least one person who is reached at any hour.",
        )
    for key in ("urgent", "alarms"):
        if settings.own_addresses & {a.lower() for a in getattr(settings.alerts, key)}:
            yield _problem(
                "E034",
                f"alerts.{key}",
                "This is one of the mailbox's own addresses.",
                "Give a person's address; the worker would be writing to itself.",
            )


def _find_database_problems(settings: Settings) -> _Found:
    url = settings.database.url.get_secret_value()
    if not _FILE_URL.fullmatch(url) and not _SERVER_URL.fullmatch(url):
        yield _problem(
            "E070",
            "database.url",
            "This is not the URL of a database file, nor of a PostgreSQL database.",
            "Write sqlite:///PATH, for example sqlite:///var/ero-outreach.db, or "
            "postgresql+psycopg://USER:PASSWORD@HOST:PORT/NAME.",
        )


def _find_command_problems(settings: Settings) -> _Found:
    try:
        words = shlex.split(settings.alerts.command)
    except ValueError:
        words = []
    if settings.alerts.command and (not words or shutil.which(words[0]) is None):
        yield _problem(
            "E051",
            "alerts.command",
            "There is no such program, or this user may not run it.",
            "Give the program's whole path, and its arguments after it; no shell reads them.",
        )


def _find_metrics_problems(settings: Settings) -> _Found:
    path = settings.alerts.metrics_file
    if path and not os.access(Path(path).parent, os.W_OK):
        yield _problem(
            "E052",
            "alerts.metrics_file",
            "Its folder does not exist, or this user may not write there.",
            "Make the folder, and let this user write in it; the file is replaced each minute.",
        )


RULES: tuple[Rule, ...] = (
    Rule(reads=("mailbox.password", "mailbox.password_file"), find=find_secret_problems),
    Rule(
        reads=("smtp.username", "smtp.password", "smtp.password_file"),
        find=lambda s: _find_login_problems("smtp", s.smtp),
    ),
    Rule(reads=("alerts.smtp",), find=_find_alarm_relay_problems),
    Rule(
        reads=("mailbox.tls", "mailbox.host", "mailbox.ca_file"),
        find=find_mailbox_tls_problems,
    ),
    Rule(
        reads=("smtp.tls", "smtp.host", "smtp.ca_file"),
        find=lambda s: find_tls_problems("smtp", s.smtp),
    ),
    Rule(reads=("mailbox.folder", "mailbox.folders"), find=find_folder_problems),
    Rule(
        reads=(
            "mailbox.name",
            "mailbox.host",
            "mailbox.username",
            "mailbox.folder",
            "mailbox.folders",
        ),
        find=find_sharing_problems,
    ),
    Rule(reads=("mailbox.oauth2", "smtp.oauth2", "alerts.smtp.oauth2"), find=find_sign_in_problems),
    Rule(reads=("database.url",), find=_find_database_problems),
    Rule(reads=("review.require_smime", "review.smime_ca_file"), find=find_signature_problems),
    Rule(reads=("staff", "review.assignment"), find=_find_office_problems),
    Rule(
        reads=("review.refusal_times", "review.refusal_min_business_days"),
        find=_find_refusal_problems,
    ),
    Rule(
        reads=(
            "review.trusted_authserv_ids",
            "review.trusted_internal",
            "review.require_authentication",
        ),
        find=_find_proof_problems,
    ),
    Rule(reads=("staff",), find=_find_staff_problems),
    Rule(reads=("staff", "review.approvals"), find=_find_role_problems),
    Rule(reads=("alerts.urgent", "alerts.alarms"), find=_find_alert_problems),
    Rule(reads=("alerts.command",), find=_find_command_problems),
    Rule(reads=("alerts.metrics_file",), find=_find_metrics_problems),
    Rule(reads=("certification", "staff"), find=find_key_setting_problems),
    Rule(reads=("certification.trust_anchors",), find=find_anchor_problems),
    Rule(
        reads=("certification.timestamp_url", "certification.timestamp_ca_file"),
        find=find_timestamp_problems,
    ),
    Rule(reads=("certification.courtesy_copy", "delivery.protection"), find=find_courtesy_problems),
)
