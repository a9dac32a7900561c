"""The command line: what people type, what they read, and the exit code.

Exit codes: 0 done; 1 it did not work, with a sentence that says why; 2 usage or configuration
error; 75 a server could not be reached, try later (EX_TEMPFAIL of sysexits.h).
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

import psycopg
import typer
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from config.settings import ConfigurationError
from inbox_worker.cli import (
    accounting,
    audit,
    bundle,
    documents,
    files,
    outbox,
    paper,
    quarantine,
    service,
    tracing,
    verification,
)
from inbox_worker.cli.help import HELP_NAMES, Group
from inbox_worker.cli.output import complain, complain_about_configuration, say
from inbox_worker.errors import SchemaError, UnreachableError, WorkerError
from inbox_worker.logs import configure_logging
from inbox_worker.service.bootstrap import check_packages

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_TRY_LATER = 75

app = typer.Typer(
    name="ero-outreach",
    cls=Group,
    context_settings=HELP_NAMES,
    epilog="Example: ero-outreach --config /etc/ero-outreach/worker.toml once",
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
service.register(app)
files.register(app)
paper.register(app)
documents.register(app)
quarantine.register(app)
outbox.register(app)
tracing.register(app)
verification.register(app)
accounting.register(app)
audit.register(app)
bundle.register(app)


def _show_version(asked: bool) -> None:  # noqa: FBT001 - the library calls it so
    if asked:
        say(f"ero-outreach {version('ero-outreach')}")
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
    # Whatever a command does, log lines must never reach standard output, where JSON is printed.
    configure_logging(json=not sys.stderr.isatty(), level=logging.WARNING)
    context.obj = service.Invocation(config=config, environ=dict(os.environ))
    if context.invoked_subcommand is None:
        service.run(context)


def main() -> None:
    """Run the command line and exit with the code that says what became of it."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal with another character set shows an escape in place of what it lacks.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run_command(sys.argv[1:], os.environ))


def run_command(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Run one command and return its exit code; everything people read goes to the terminal."""
    del environ
    try:
        check_packages()
        outcome = app(arguments, standalone_mode=False)
    except ConfigurationError as error:
        complain_about_configuration(error)
        return EXIT_USAGE
    except SchemaError as error:
        complain(str(error))
        return EXIT_USAGE
    except UnreachableError as error:
        complain(str(error))
        return EXIT_TRY_LATER
    except WorkerError as error:
        complain(str(error))
        return EXIT_FAILED
    except SQLAlchemyError as error:
        complain(_explain_database(error))
        return EXIT_TRY_LATER if _is_server_away(error) else EXIT_FAILED
    except OSError as error:
        complain(_explain_system(error))
        return EXIT_FAILED
    except typer.Abort:
        complain("Stopped.")
        return EXIT_FAILED
    except typer.Exit as leaving:
        return leaving.exit_code
    except Exception as error:  # noqa: BLE001 - shown, or raised again
        return _explain_usage(error)
    return outcome if isinstance(outcome, int) else 0


def _explain_database(error: SQLAlchemyError) -> str:
    # What the driver says of itself; the statement and its values may be about a person.
    said = str(getattr(error, "orig", None) or type(error).__name__)
    if _is_server_away(error):
        return f"The database server could not be reached ({' '.join(said.split())})."
    return (
        f"The database cannot be used ({said}): look at database.url, at the rights on that file, "
        "and at the space left on its disk."
    )


def _is_server_away(error: SQLAlchemyError) -> bool:
    """Whether there is no connection to a database server; a file has none to lose."""
    if not isinstance(getattr(error, "orig", None), psycopg.OperationalError):
        return False
    return isinstance(error, DBAPIError) and (error.connection_invalidated or not error.statement)


def _explain_system(error: OSError) -> str:
    what = f"{error.filename}: " if error.filename else ""
    return f"{what}{error.strerror or type(error).__name__}; mend that and try again."


def _explain_usage(error: Exception) -> int:
    """Show a usage error as the command line library does; anything else is a bug and goes up."""
    show = getattr(error, "show", None)
    if show is None:
        raise error
    show()
    return EXIT_USAGE
