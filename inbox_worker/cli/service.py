"""Commands that run or tend the service: run, once, init, check, status, pause, resume, demo."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from config.settings import (
    ConfigurationError,
    Settings,
    find_configuration_file,
    find_configuration_warnings,
    load_settings,
)
from config.signing_keys import find_key_warnings
from config.sources import list_variables
from inbox_worker.alarms.words import ALARM_WORDS
from inbox_worker.cli.help import AsJson, Command
from inbox_worker.cli.output import (
    Pair,
    count,
    print_json,
    print_pairs,
    print_table,
    say,
    show_problems,
    tell_age,
    tell_moment,
)
from inbox_worker.desk import views
from inbox_worker.desk.checks import Check, list_checks
from inbox_worker.fetching.setup import find_missing_mailboxes, set_up_mailbox
from inbox_worker.logs import configure_logging
from inbox_worker.mailbox.client import open_mailbox
from inbox_worker.service import bootstrap
from inbox_worker.service.notify import Notifier
from inbox_worker.service.once import run_once
from inbox_worker.service.scheduler import Service
from inbox_worker.storage.database import Database
from inbox_worker.storage.outbox_store import set_paused


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """How the program was called."""

    config: Path | None  #: as named on the command line
    environ: Mapping[str, str]

    def load(self) -> Settings:
        """Return the settings. Raises `ConfigurationError` with every problem at once."""
        path = find_configuration_file(self.config, self.environ, Path.cwd())
        return load_settings(path, self.environ)

    def find(self) -> Settings | None:
        """Return the settings, None where there is neither a file nor any variable of ours."""
        path = find_configuration_file(self.config, self.environ, Path.cwd())
        if path is None and not list_variables(self.environ):
            return None
        return load_settings(path, self.environ)

    def find_own_addresses(self) -> frozenset[str]:
        """Return our addresses where a usable configuration is at hand, else nothing."""
        try:
            return self.load().own_addresses
        except ConfigurationError:
            return frozenset()

    def find_spam_marks(self) -> tuple[tuple[str, str], ...]:
        """Return what marks spam where a usable configuration is at hand, else nothing."""
        try:
            return self.load().intake.spam_marks
        except ConfigurationError:
            return ()


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command(cls=Command, epilog="Example: ero-outreach --config worker.toml run")(run)
    app.command(cls=Command, epilog="Example: ero-outreach once")(once)
    app.command(cls=Command, epilog="Example: ero-outreach init --backlog ignore")(init)
    app.command(cls=Command, epilog="Example: ero-outreach check --json")(check)
    app.command(cls=Command, epilog="Example: ero-outreach status")(status)
    app.command(cls=Command, epilog="Example: ero-outreach pause")(pause)
    app.command(cls=Command, epilog="Example: ero-outreach resume")(resume)
    app.command(cls=Command, epilog="Example: ero-outreach demo --keep demo-output")(demo)


def run(context: typer.Context) -> None:
    """Run the service: fetch, file, review and deliver until told to stop (Ctrl-C, SIGTERM)."""
    settings = context.obj.load()
    _log_the_work()
    with bootstrap.open_worker(settings) as worker:
        Service(worker, Notifier.of(context.obj.environ), bootstrap.now).run()


def once(context: typer.Context) -> None:
    """Do everything that is due now, repeatedly until nothing is left."""
    settings = context.obj.load()
    _log_the_work()
    with bootstrap.open_worker(settings) as worker:
        run_once(worker, wait=time.sleep)
    if sys.stdout.isatty():
        # Nothing is said where nobody looks: cron would send it as a mail each time.
        say("Nothing is left to do now.")


def _log_the_work() -> None:
    """Log what is done, one line each: for people on a terminal, as JSON everywhere else."""
    configure_logging(json=not sys.stderr.isatty(), level=logging.INFO)


def init(
    context: typer.Context,
    backlog: Annotated[
        str | None,
        typer.Option(
            metavar="CHOICE",
            help="What to do with mail that lies in the folder now: process or ignore.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Create or migrate the schema and make the mailbox folders."""
    if backlog not in {None, "process", "ignore"}:
        raise typer.BadParameter("Use `process` or `ignore`.", param_hint="--backlog")
    settings: Settings = context.obj.load()
    database = Database(settings.database.url.get_secret_value())
    with ExitStack() as stack:
        # The answer is asked for before anything is changed, so a refusal changes nothing.
        mailboxes = [(m, stack.enter_context(open_mailbox(m))) for m in settings.mailbox]
        new = {m.name for m in find_missing_mailboxes(database, settings)}
        waiting = sum(mailbox.message_count for m, mailbox in mailboxes if m.name in new)
        choice = backlog or ("process" if waiting == 0 else _ask_about_backlog(settings, waiting))
        database.migrate()
        made = sum(len(mailbox.ensure_folders()) for _, mailbox in mailboxes)
        for mailbox_settings, mailbox in mailboxes:
            if mailbox_settings.name in new:
                set_up_mailbox(
                    database, mailbox_settings, mailbox, ignore_backlog=choice == "ignore"
                )
    database.close()
    say(f"The schema is current; {_count_folders(made)} made.")
    if waiting:
        fate = "will be processed" if choice == "process" else "will be left alone"
        that = "that was" if waiting == 1 else "that were"
        say(f"{count(waiting, 'mail')} {that} in the {_folder(settings)} {fate}.")
    say("Next: `ero-outreach check`, then `ero-outreach run`.")


def _count_folders(number: int) -> str:
    return f"{count(number, 'mailbox folder')} {'was' if number == 1 else 'were'}"


def _folder(settings: Settings) -> str:
    return "folder" if len(settings.mailbox) == 1 else "folders"


def _ask_about_backlog(settings: Settings, waiting: int) -> str:
    verb = "lies" if waiting == 1 else "lie"
    lying = f"{count(waiting, 'mail')} {verb} in the {_folder(settings)}."
    if not sys.stdin.isatty():
        raise typer.BadParameter(
            f"{lying} Say what to do with that: --backlog process or --backlog ignore.",
            param_hint="--backlog",
        )
    process = typer.confirm(f"{lying} Process {_it(waiting)}?", default=False)
    return "process" if process else "ignore"


def _it(number: int) -> str:
    return "it" if number == 1 else "them"


def check(
    context: typer.Context,
    *,
    probe: Annotated[
        bool, typer.Option("--probe", help="Send a mail round the whole way.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Validate the configuration and log in to every server."""
    settings: Settings = context.obj.load()
    with _waiting("Trying every server…"):
        checks = list_checks(settings, probe=probe)
    warnings = (
        *find_configuration_warnings(settings),
        *find_key_warnings(settings, now=bootstrap.now()),
    )
    if as_json:
        print_json(
            {
                "checks": [_view_check(c) for c in checks],
                "warnings": [
                    {"id": w.id, "key": w.key, "message": w.message, "hint": w.hint}
                    for w in warnings
                ],
            }
        )
    else:
        print_table(
            "", ("check", "result", "detail"), [(c.name, c.result, c.detail) for c in checks]
        )
        show_problems(warnings)
    raise typer.Exit(max((c.exit_code for c in checks), default=0))


@contextmanager
def _waiting(sentence: str) -> Iterator[None]:
    """Show on a terminal that something is going on."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(sentence):
        yield


def _view_check(result: Check) -> dict[str, Any]:
    return {"name": result.name, "result": result.result, "detail": result.detail}


def status(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show urgent mail, the last fetch, requests by status, the outbox, the quarantine, alarms.

    Exits with 1 while an alarm is raised, also when no service runs, so that a monitor can ask it.
    """
    settings: Settings = context.obj.load()
    database = Database(settings.database.url.get_secret_value())
    database.check_schema()
    with database.read() as session:
        view = views.view_status(session, settings, now=bootstrap.now())
    database.close()
    if as_json:
        print_json(view)
    else:
        print_pairs("", _list_status(view, settings.general.zone, bootstrap.now()))
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
    with bootstrap.open_database(settings) as database, database.unit_of_work() as unit:
        set_paused(unit.session, paused=paused, now=bootstrap.now())
        unit.commit()


def demo(
    keep: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Leave the PDFs and mails in this folder; else in a new one, which it names.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Run the whole job once on servers of its own, with invented people."""
    # Imported here because only the demo needs its servers.
    from inbox_worker.demo.job import run_demo  # noqa: PLC0415

    # The mails tell the story; log lines between them would only be in the way.
    configure_logging(json=False, level=logging.ERROR)
    raise typer.Exit(run_demo(keep))
