"""The one alarm that no row can hold: that the database cannot be used (`database_unusable`).

Every other alarm is written down before anybody is told, so it is silent when nothing can be
written. This one is kept in memory, and told without the database: the log, the metrics, the site's
command, and a mail handed to the relay at once. Whoever works with the database notes what failed.
Outcomes of a look: all is well, or has been bad for less than a minute; raised; told again each
hour; and cleared, when nothing has failed for two minutes. Whom it could not be told is tried again
a minute later.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from inbox_worker.alarms.command import run_command
from inbox_worker.alarms.metrics import write_metrics
from inbox_worker.alarms.raising import build_alert
from inbox_worker.alarms.rules import Alarm
from inbox_worker.letters.alarm_posting import build_alarm_mail, build_payload
from inbox_worker.reading.system_faults import is_system_fault
from inbox_worker.services import Services
from inbox_worker.storage.unusable import find_code
from outbound.letters.staff_letters import AlertStage, StaffAlert
from outbound.submission.delivery_errors import DeliveryError, TransientDeliveryError
from outbound.submission.smtp import SmtpSubmitter

_log = structlog.get_logger()

CODE = "database_unusable"
#: How long it fails before anybody is told: a server that is started anew is away for seconds.
_PATIENCE = timedelta(minutes=1)
#: How long nothing may have failed before it is over. Alarms are judged once a minute.
_CALM = timedelta(minutes=2)
_REMIND = timedelta(hours=1)
_AGAIN = timedelta(minutes=1)


@dataclass(slots=True, kw_only=True)
class _Telling:
    """What is to be told, and to whom it could not be told so far."""

    alert: StaffAlert
    at: datetime
    addresses: list[str]
    is_command_due: bool
    tried_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class UnrecordedAlarm:
    """What failed for want of the database, and who was told of it; of one thread but `note`."""

    services: Services
    submitter: SmtpSubmitter  #: the alarms' own, where they have one
    should_stop: Callable[[], bool]
    _since: datetime | None = field(default=None, init=False)  #: the first failure of this row
    _last: datetime | None = field(default=None, init=False)
    _reason: str = field(default="", init=False)  #: a code
    _told_at: datetime | None = field(default=None, init=False)
    _telling: _Telling | None = field(default=None, init=False)

    def note(self, error: Exception) -> None:
        """Note that something failed, from any thread; a defect of the program is not noted."""
        if not (isinstance(error, SQLAlchemyError) or is_system_fault(error)):
            return
        now = self.services.clock()
        self._reason = find_code(error)
        self._last = now
        if self._since is None:
            self._since = now

    def look(self) -> None:
        """Judge how things stand, and tell what has to be told."""
        now = self.services.clock()
        since, last = self._since, self._last
        if since is not None and last is not None:
            # A clock that was put back tells no time at all: what fails now is what counts.
            if abs(now - last) >= _CALM:
                self._end(since, now)
            elif abs(last - since) >= _PATIENCE:
                self._go_on(since, now)
        self._try_telling(now)

    def _go_on(self, since: datetime, now: datetime) -> None:
        alarm = Alarm(code=CODE, facts={"reason": self._reason, "machine": socket.gethostname()})
        if self._told_at is None:
            self._tell(alarm, "raised", since, now)
        elif abs(now - self._told_at) >= _REMIND:
            self._tell(alarm, "reminded", since, now)
        write_metrics(self.services, alarm)

    def _end(self, since: datetime, now: datetime) -> None:
        was_told = self._told_at is not None
        self._since = self._last = self._told_at = None
        if was_told:
            self._tell(Alarm(code=CODE), "cleared", since, now)

    def _tell(self, alarm: Alarm, stage: AlertStage, since: datetime, now: datetime) -> None:
        if stage == "cleared":
            _log.info("alarm_cleared", code=CODE)
        else:
            self._told_at = now
            _log.error(f"alarm_{stage}", code=CODE, reason=self._reason)
        alerts = self.services.settings.alerts
        self._telling = _Telling(
            alert=build_alert(self.services, alarm, stage, since=since),
            at=now,
            addresses=list(alerts.alarms or alerts.urgent),
            is_command_due=bool(alerts.command),
        )

    def _try_telling(self, now: datetime) -> None:
        telling = self._telling
        if telling is None or (
            telling.tried_at is not None and abs(now - telling.tried_at) < _AGAIN
        ):
            return
        if abs(now - telling.at) >= _REMIND:
            self._telling = None
            return
        telling.tried_at = now
        if telling.is_command_due and not self.should_stop():
            telling.is_command_due = not self._run_command(telling)
        telling.addresses = list(self._mail(telling))
        if not telling.addresses and not telling.is_command_due:
            self._telling = None

    def _run_command(self, telling: _Telling) -> bool:
        alerts = self.services.settings.alerts
        payload = build_payload(telling.alert, about="", now=telling.at)
        failure = run_command(alerts.command, payload, seconds=alerts.command_seconds)
        if failure:
            _log.error("alarm_command_failed", reason=failure)
        return not failure

    def _mail(self, telling: _Telling) -> Iterable[str]:
        """Hand the letters to the relay; yield the addresses to try again."""
        for address in telling.addresses:
            letter = build_alarm_mail(self.services, telling.alert, address, now=telling.at)
            if letter is None:
                continue
            if self.should_stop():
                yield address
                continue
            try:
                self.submitter.submit(letter)
            except DeliveryError as error:
                _log.error("alarm_not_sent", code=CODE, reason=error.reason)
                if isinstance(error, TransientDeliveryError):
                    yield address
