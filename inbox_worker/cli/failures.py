"""Why a command did not do what it was to do: what is said of an error, and the exit code.

People read it on standard error; with `--json` standard output has it too, as
`{"error": {"message": …, "exit_code": …}}`, with the `problems` of a configuration that cannot be
used. A command that has printed its own document says there what went wrong, and raises nothing.

Loaded when something failed; what it knows errors of takes longer to load than help to be shown.
"""

from __future__ import annotations

from typing import Any

import typer
from sqlalchemy.exc import SQLAlchemyError

from config.settings import ConfigurationError
from inbox_worker.cli.exit_codes import EXIT_FAILED, EXIT_TRY_LATER, EXIT_USAGE, find_exit_code
from inbox_worker.cli.output import (
    complain,
    complain_about_configuration,
    print_json,
    view_problem,
)
from inbox_worker.errors import WorkerError
from inbox_worker.storage.unusable import explain_unusable, may_pass


def explain(error: Exception, *, as_json: bool = False) -> int:
    """Say what went wrong and return the exit code; a bug is raised again."""
    more: dict[str, Any] = {}
    if isinstance(error, ConfigurationError):
        complain_about_configuration(error)
        message, code = "The configuration cannot be used.", EXIT_USAGE
        more = {"problems": [view_problem(p) for p in error.problems]}
    elif (show := getattr(error, "show", None)) is not None:
        # A usage error; the command line library has words of its own for it.
        show()
        message, code = error.format_message(), EXIT_USAGE  # type: ignore[attr-defined]
    else:
        message, code = _describe(error)
        complain(message)
    if as_json:
        print_json({"error": {"message": message, "exit_code": code, **more}})
    return code


def _describe(error: Exception) -> tuple[str, int]:
    """Return what to say of an error, and the exit code; raise it again where it is a bug."""
    if isinstance(error, WorkerError):
        return str(error), find_exit_code(error)
    if isinstance(error, SQLAlchemyError):
        return explain_unusable(error), EXIT_TRY_LATER if may_pass(error) else EXIT_FAILED
    if isinstance(error, OSError):
        return _explain_system(error), EXIT_FAILED
    if isinstance(error, typer.Abort):
        return "Stopped.", EXIT_FAILED
    raise error


def _explain_system(error: OSError) -> str:
    what = f"{error.filename}: " if error.filename else ""
    return f"{what}{error.strerror or type(error).__name__}; mend that and try again."
