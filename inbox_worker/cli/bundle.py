"""The command that puts one case's proof into a file: bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from config.settings import Settings
from inbox_worker.casefile.protection import is_protected
from inbox_worker.cli.console_user import find_console_user
from inbox_worker.cli.help import add_command
from inbox_worker.cli.output import count, say, show_work
from inbox_worker.cli.private_files import write_new
from inbox_worker.cli.tracking import EXAMPLE, find_request, parse_tracking
from inbox_worker.desk import bundling
from inbox_worker.errors import WorkerError
from inbox_worker.service import opening


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    add_command(app, bundle, example=f"bundle {EXAMPLE} -o proof.zip")


def bundle(
    context: typer.Context,
    tracking: Annotated[
        str, typer.Argument(help=f"Its tracking number, such as {EXAMPLE}.", metavar="TRACKING")
    ],
    *,
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="FILE", help="The ZIP file, which must not be there yet."
        ),
    ],
    protected: Annotated[
        bool,
        typer.Option(
            "--protected",
            help="Do it also where the person is protected by law (8 U.S.C. 1367).",
        ),
    ] = False,
) -> None:
    """Put everything that proves a case into one ZIP file, with a page to read it by.

    Raw mails, forms, what was read, decisions, letters, certifications, the accounting of
    disclosures and the chain of events, each file with its SHA-256. The first page says what to
    know before it is handed to anybody. That you made it is written down. The exit code is 1 when
    the record does not hold; the file is written all the same.
    """
    number = parse_tracking(tracking)
    settings: Settings = context.obj.load()
    now = opening.now()
    with opening.open_database(settings) as database, write_new(output) as file:
        with database.read() as session, show_work("Putting the case together…"):
            request = find_request(session, number)
            if is_protected(request) and not protected:
                raise WorkerError(
                    "The person is protected by law (8 U.S.C. 1367): a bundle tells all about them."
                    " If counsel wants it nevertheless, add --protected."
                )
            made = bundling.write_bundle(session, settings, request, file, now=now)
            session.expunge(request)
        with database.unit_of_work() as unit:
            actor = find_console_user(context.obj.environ)
            bundling.record_bundle(unit.session, request, made, actor=actor, now=now)
            unit.commit()
    say(f"{count(made.files, 'file')} in {output}, SHA-256 {made.sha256}.")
    for warning in made.warnings:
        say(f"Mind: {warning}")
    if made.breaks:
        raise WorkerError(
            f"The record does not hold: {made.breaks[0].sentence} Look at `audit verify {number}`."
        )
