"""Commands about how the service stands: status, pause, resume."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import typer

from config.settings import Settings
from inbox_worker.alarms.words import ALARM_WORDS
from inbox_worker.cli.help import AsJson, add_command
from inbox_worker.cli.output import (
    Pair,
    count,
    print_json,
    print_pairs,
    say,
    tell_age,
    tell_moment,
)
from inbox_worker.desk import views
from inbox_worker.service import opening
from inbox_worker.storage.database import Database
from inbox_worker.storage.outbox_store import set_paused


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    add_command(app, status, example="status")
    add_command(app, pause, example="pause")
    add_command(app, resume, example="resume")


def status(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show urgent mail, the last fetch, requests by status, the outbox, the quarantine, alarms.

    Exits with 1 while an alarm is raised, also when no service runs, so that a monitor can ask it.
    """
    settings: Settings = context.obj.load()
    database = Database(settings.database.url.get_secret_value())
    database.check_schema()
    with database.read() as session:
        view = views.view_status(session, settings, now=opening.now())
    database.close()
    if as_json:
        print_json(view)
    else:
        print_pairs("", _list_status(view, settings.general.zone, opening.now()))
    raise typer.Exit(1 if view["alarms"] else 0)


def _list_status(view: views.View, zone: ZoneInfo, now: datetime) -> Iterator[Pair]:
    if view["urgent"]:
        lines = (_tell_urgency(u, zone, now) for u in view["urgent"])
        yield "URGENT, not acknowledged", "\n".join(lines)
    yield "sending", "PAUSED: `resume` sends what waits" if view["paused"] else "on"
    yield "workers", "\n".join(_tell_worker(w, zone) for w in view["workers"]) or "none"
    for box in view["mailboxes"]:
        at = box["last_fetch_at"]
        told = f"{tell_moment(at, zone)} ({tell_age(at, now)} ago)" if at else "never"
        yield f"mailbox {box['name']}: last fetch", told
        yield f"mailbox {box['name']}: not yet worked on", str(box["undisposed"])
        since = box["reconciled_at"]
        compared = f" ({tell_age(since, now)} ago)" if since else ", never compared: `reconcile`"
        yield f"mailbox {box['name']}: unaccounted for", f"{box['unaccounted']}{compared}"
    for status, number in sorted(view["requests"].items()):
        age = view["oldest"].get(status)
        yield f"requests {status}", f"{number}, oldest {tell_age(age, now)}" if age else str(number)
    for status, number in sorted(view["outbox"].items()):
        yield f"letters {status}", str(number)
    yield "quarantine", str(view["quarantine"])
    if view["oversize"]:
        yield "too large to take in", str(view["oversize"])
    yield "alarms", "\n".join(_tell_alarm(a, zone) for a in view["alarm_details"]) or "none"


def _tell_worker(worker: views.View, zone: ZoneInfo) -> str:
    where = (
        f"process {worker['pid']} on {worker['host']}, since {tell_moment(worker['since'], zone)}"
    )
    mailboxes = ", ".join(name.removeprefix("fetch:") for name in worker["has"])
    does = f"; fetches {mailboxes}" if mailboxes else ""
    return f"{where}{does}{'; SILENT' if worker['silent'] else ''}"


def _tell_urgency(urgent: views.View, zone: ZoneInfo, now: datetime) -> str:
    """Return an urgent mail in a line, by the number its alert has."""
    since = f"{tell_moment(urgent['since'], zone)} ({tell_age(urgent['since'], now)} ago)"
    about = ", ".join(topic.replace("_", " ") for topic in urgent["topics"])
    times = count(urgent["times_told"], "time")
    return f"journal entry {urgent['mail']}: {about}; since {since}; told {times}"


def _tell_alarm(alarm: views.View, zone: ZoneInfo) -> str:
    """Return an alarm in a few lines: what, since when, the figures, and what to do."""
    words = ALARM_WORDS[alarm["code"]]
    what = f"{alarm['code']} ({alarm['about']})" if alarm["about"] else alarm["code"]
    since = f", since {tell_moment(alarm['since'], zone)}" if alarm["since"] else ""
    figures = "; ".join(f"{name}: {value}" for name, value in alarm["facts"].items())
    return f"{what}{since}: {words.sentence}\n  {figures}\n  {words.to_do}"


def pause(context: typer.Context) -> None:
    """Go on fetching and filing, but send nothing."""
    _set_paused(context, paused=True)
    say("Sending is paused. Mail is still fetched and filed; `resume` sends what waits.")


def resume(context: typer.Context) -> None:
    """Send again, what waits first."""
    _set_paused(context, paused=False)
    say("Sending is on.")


def _set_paused(context: typer.Context, *, paused: bool) -> None:
    settings: Settings = context.obj.load()
    with opening.open_database(settings) as database, database.unit_of_work() as unit:
        set_paused(unit.session, paused=paused, now=opening.now())
        unit.commit()
