"""Commands that do the work: run, once, demo."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from inbox_worker.cli.exit_codes import EXIT_FAILED
from inbox_worker.cli.help import add_command
from inbox_worker.cli.output import complain, say
from inbox_worker.logs import configure_logging
from inbox_worker.service import bootstrap
from inbox_worker.service.notify import Notifier
from inbox_worker.service.once import run_once
from inbox_worker.service.scheduler import Service
from inbox_worker.service.stopping import Stop


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    add_command(app, run, example="--config worker.toml run")
    add_command(app, once, example="once")
    add_command(app, demo, example="demo --keep demo-output")


def run(context: typer.Context) -> None:
    """Run the service: fetch, file, review and deliver until told to stop (Ctrl-C, SIGTERM)."""
    settings = context.obj.load()
    _log_the_work()
    with bootstrap.open_worker(settings) as worker:
        Service(worker, Notifier.of(context.obj.environ)).run()


def once(context: typer.Context) -> None:
    """Do everything that is due now, repeatedly until nothing is left."""
    settings = context.obj.load()
    _log_the_work()
    with Stop.on_signals() as stop, bootstrap.open_worker(settings) as worker:
        worker.should_stop = stop.is_told
        run_once(worker, wait=stop.wait)
    if stop.is_told():
        complain("Stopped before everything was done; `once` does the rest the next time.")
        raise typer.Exit(EXIT_FAILED)
    if sys.stdout.isatty():
        # Nothing is said where nobody looks: cron would send it as a mail each time.
        say("Nothing is left to do now.")


def _log_the_work() -> None:
    """Log what is done, one line each: for people on a terminal, as JSON everywhere else."""
    configure_logging(json=not sys.stderr.isatty(), level=logging.INFO)


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
