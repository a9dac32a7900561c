"""The command line: what people type, what they read, and the exit code.

Exit codes: 0 done; 1 it did not work, with a sentence that says why; 2 usage or configuration
error; 75 a server could not be reached, or another program kept the database, try later
(EX_TEMPFAIL of sysexits.h).
"""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from inbox_worker.cli.command_list import CommandList, load_module
from inbox_worker.cli.help import HELP_NAMES
from inbox_worker.packages import check_packages

app = typer.Typer(
    name="ero-outreach",
    cls=CommandList,
    context_settings=HELP_NAMES,
    epilog="Example: ero-outreach --config /etc/ero-outreach/worker.toml once",
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _show_version(asked: bool) -> None:  # noqa: FBT001 - the library calls it so
    if asked:
        typer.echo(f"ero-outreach {version('ero-outreach')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="FILE",
            help="The configuration file. Without it: $ERO_CONFIG, else config/worker.toml, else "
            "/etc/ero-outreach/worker.toml.",
            show_default=False,
        ),
    ] = None,
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", callback=_show_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Turn mailed Request Forms into reviewed, certified decisions, by e-mail alone.

    Without a command it runs the service.
    """
    # Imported here because help is shown without them, and both take long to load.
    from inbox_worker.cli.invocation import Invocation  # noqa: PLC0415
    from inbox_worker.logs import configure_logging  # noqa: PLC0415

    # Whatever a command does, log lines must never reach standard output, where JSON is printed.
    configure_logging(json=not sys.stderr.isatty(), level=logging.WARNING)
    context.obj = Invocation(config=config, environ=context.obj)
    if context.invoked_subcommand is None:
        load_module("service").run(context)


def main() -> None:
    """Run the command line and exit with the code that says what became of it."""
    _fill_gaps()
    for stream in (sys.stdout, sys.stderr):
        # A terminal with another character set shows an escape in place of what it lacks.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    code = run_command(sys.argv[1:], os.environ)
    _give_up_log()
    sys.exit(code)


def _fill_gaps() -> None:
    """Write to nowhere where there is no standard stream, and let no file take its place."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # The lowest number that is free is given.
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)


def _give_up_log() -> None:
    """Let no line that nobody takes any more change the exit code."""
    try:
        sys.stderr.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def run_command(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Run one command and return its exit code; everything people read goes to the terminal."""
    try:
        check_packages()
        outcome = app(arguments, standalone_mode=False, obj=dict(environ))
    except typer.Exit as leaving:
        return leaving.exit_code
    except Exception as error:  # noqa: BLE001 - shown, or raised again
        # Imported here because few commands fail, and what can fail takes long to load.
        from inbox_worker.cli.failures import explain  # noqa: PLC0415

        return explain(error, as_json="--json" in arguments)
    return outcome if isinstance(outcome, int) else 0
