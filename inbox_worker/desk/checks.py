"""What `check` tries: packages, database, mailbox and relay, each by really using it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from config.settings import MailboxSettings, Settings, SmtpSettings
from config.signing_keys import find_key_problems
from inbox_worker.desk.probe import send_probe
from inbox_worker.errors import NotSetUpError, SchemaError, UnreachableError, WorkerError
from inbox_worker.fetching.setup import find_missing_mailboxes
from inbox_worker.mailbox.client import open_mailbox
from inbox_worker.packages import check_packages
from inbox_worker.reading.reader import load_definitions
from inbox_worker.review.keyring import open_timestamp_server
from inbox_worker.service import opening
from inbox_worker.service.relays import build_account
from inbox_worker.storage.database import Database
from inbox_worker.storage.unusable import explain_unusable, may_pass
from outbound.certification.timestamp_errors import TimestampError
from outbound.submission.delivery_errors import DeliveryError
from outbound.submission.smtp import SmtpSubmitter

_ALARM_RELAY = "alarm relay"


class SigningKeyError(WorkerError):
    """A signing key cannot be used; put it right in the configuration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing tried."""

    name: str
    result: str  #: `ok` or `failed`
    detail: str
    exit_code: int  #: what `check` exits with because of it


def list_checks(settings: Settings, *, probe: bool) -> list[Check]:
    """Try everything and return what came of each, in order.

    One that fails stops no other. Nothing is changed anywhere, but that `probe` sends a mail to
    ourselves.
    """
    tries: list[tuple[str, Callable[[Settings], str]]] = [
        ("packages", _try_packages),
        ("form definitions", _try_definitions),
        ("database", _try_database),
        ("signing keys", _try_signing_keys),
        *([("time-stamps", _try_timestamps)] if settings.certification.timestamp_url else ()),
        *((_name_mailbox(settings, m), partial(_try_mailbox, m)) for m in settings.mailbox),
        ("relay", partial(_try_relay, settings.smtp)),
    ]
    if settings.alerts.smtp is not None:
        tries.append((_ALARM_RELAY, partial(_try_relay, settings.alerts.smtp)))
    found = [_try(name, attempt, settings) for name, attempt in tries]
    if probe:
        several = len(settings.mailbox) > 1
        for mailbox in settings.mailbox:
            name = f"probe {mailbox.name}" if several else "probe"
            found.append(_try(name, partial(_try_probe, mailbox), settings))
    return found


def _name_mailbox(settings: Settings, mailbox: MailboxSettings) -> str:
    return "mailbox" if len(settings.mailbox) == 1 else f"mailbox {mailbox.name}"


def _try(name: str, attempt: Callable[[Settings], str], settings: Settings) -> Check:
    try:
        detail = attempt(settings)
    except SchemaError as error:
        return Check(name=name, result="failed", detail=str(error), exit_code=2)
    except SQLAlchemyError as error:
        code = 75 if may_pass(error) else 1
        return Check(name=name, result="failed", detail=explain_unusable(error), exit_code=code)
    except UnreachableError as error:
        return Check(name=name, result="failed", detail=str(error), exit_code=75)
    except DeliveryError as error:
        relay, section = settings.smtp, "smtp"
        if name == _ALARM_RELAY and settings.alerts.smtp is not None:
            relay, section = settings.alerts.smtp, "alerts.smtp"
        where = f"The relay {relay.host}, port {relay.port}"
        detail = f"{where}: {error}; look at the section [{section}]."
        return Check(name=name, result="failed", detail=detail, exit_code=75)
    except SigningKeyError as error:
        return Check(name=name, result="failed", detail=str(error), exit_code=2)
    except WorkerError as error:
        return Check(name=name, result="failed", detail=str(error), exit_code=1)
    return Check(name=name, result="ok", detail=detail, exit_code=0)


def _try_packages(_settings: Settings) -> str:
    check_packages()
    return "every package is our own"


def _try_definitions(_settings: Settings) -> str:
    return ", ".join(d.id for d in load_definitions())


def _try_database(settings: Settings) -> str:
    database = Database(settings.database.url.get_secret_value())
    try:
        database.check_schema()
        database.try_writing()
        if missing := find_missing_mailboxes(database, settings):
            raise NotSetUpError(*(m.name for m in missing))
    finally:
        database.close()
    return "the schema is current"


def _try_signing_keys(settings: Settings) -> str:
    problems = list(find_key_problems(settings, now=opening.now()))
    if problems:
        raise SigningKeyError(" ".join(str(problem) for problem in problems))
    return "usable" if settings.certification.is_signed_with_key else "none asked for"


def _try_timestamps(settings: Settings) -> str:
    try:
        server = open_timestamp_server(settings, opening.now)
        assert server is not None
        stamped = server.try_out()
    except TimestampError as error:
        raise UnreachableError(str(error)) from error
    return f"the server says {stamped:%Y-%m-%d %H:%M} UTC"


def _try_mailbox(mailbox_settings: MailboxSettings, _settings: Settings) -> str:
    with open_mailbox(mailbox_settings) as mailbox:
        number = mailbox.message_count
        mails = "1 mail" if number == 1 else f"{number} mails"
        return f"logged in; {mails} in {mailbox_settings.folder}"


def _try_relay(relay: SmtpSettings, _settings: Settings) -> str:
    with SmtpSubmitter(build_account(relay)) as submitter:
        submitter.check()
    return f"{relay.host} lets us in"


def _try_probe(mailbox: MailboxSettings, settings: Settings) -> str:
    seconds = send_probe(
        settings, mailbox, random_bits=secrets.randbits, clock=opening.now, wait=time.sleep
    )
    return f"a mail went round in {seconds:.1f} seconds"
