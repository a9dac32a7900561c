"""Telling an alarm: a letter to each of those who are told, and a run of the site's command.

Both are rows, written in the caller's transaction: the letters leave by the outbox, by a relay of
their own where `[alerts.smtp]` names one, and the command is run by `alarm_command`. Where rows
cannot be written, `build_alarm_mail` and `build_payload` give what is to be told at once. No alarm
holds anything about a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox_worker.letters.posting import Posting, post_unbound
from inbox_worker.services import Services
from inbox_worker.storage.models import AlarmCall
from inbox_worker.storage.tokens import build_token
from outbound.letters.mime import MailIdentity, build_mail, find_mailable_address
from outbound.letters.staff_letters import StaffAlert, compose_staff_alert
from outbound.submission.outbox import QueuedLetter


def post_alarm(
    services: Services,
    session: Session,
    alert: StaffAlert,
    *,
    key: str,
    now: datetime,
    about: str = "",
    recipients: Sequence[str] = (),
) -> bool:
    """Tell `recipients`, or else those who are told of alarms; the same key twice is one alarm.

    The command hears of what is told to those of alarms, and not of what is told to others. Return
    whether it is a new alarm.
    """
    alerts = services.settings.alerts
    letter = compose_staff_alert(alert)
    told = False
    for address in recipients or alerts.alarms or alerts.urgent:
        posting = Posting(key=f"alarm:{key}:{address}", now=now, is_alarm=not recipients)
        told |= post_unbound(services, session, address, letter, posting)
    if told and alerts.command and not recipients:
        _put_call(session, key, build_payload(alert, about=about, now=now), now=now)
    return told


def build_payload(alert: StaffAlert, *, about: str, now: datetime) -> dict[str, Any]:
    """Return an alarm as the site's command is given it."""
    return {
        "state": alert.stage,
        "code": alert.code,
        "about": about,
        "at": now.isoformat(),
        "sentence": alert.sentence,
        "to_do": alert.to_do,
        "tracking_number": alert.tracking_number or None,
        "facts": {fact.label: fact.value for fact in alert.ids},
    }


def build_alarm_mail(
    services: Services, alert: StaffAlert, address: str, *, now: datetime
) -> QueuedLetter | None:
    """Return an alarm as a letter of no outbox; None for an address that no relay takes."""
    recipient = find_mailable_address(address)
    if recipient is None:
        return None
    smtp = services.settings.alerts.smtp or services.settings.smtp
    domain = smtp.from_address.rpartition("@")[2].lower()
    raw = build_mail(
        compose_staff_alert(alert),
        sender=MailIdentity(name=smtp.from_name, address=smtp.from_address),
        recipient=recipient,
        message_id=f"<letter.{build_token(services.random_bits)}@{domain}>",
        date=now.astimezone(services.settings.general.zone),
    )
    return QueuedLetter(id=0, attempts=0, sender=smtp.from_address, recipient=recipient, raw=raw)


def _put_call(session: Session, key: str, payload: dict[str, Any], *, now: datetime) -> None:
    if session.scalar(select(AlarmCall.id).where(AlarmCall.key == key)) is None:
        session.add(AlarmCall(key=key, payload=payload, attempts=0, created_at=now))
