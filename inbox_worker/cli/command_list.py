"""Every command in the order of the help, with what it does and the module that has it.

A command's module is imported when that command is called: each needs a part of the program, and
whoever asks for help, or how the service stands, must not wait for the other parts to load.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand
from typer.main import get_group

from inbox_worker.cli.help import Group
from inbox_worker.loading import hold_collector


@dataclass(frozen=True, slots=True)
class ListedCommand:
    """What is known of a command, or of a group of them, before its module is loaded."""

    name: str
    module: str  #: in `inbox_worker.cli`
    purpose: str  #: the first paragraph of its own help, word by word


COMMANDS = (
    ListedCommand(
        "run",
        "service",
        "Run the service: fetch, file, review and deliver until told to stop (Ctrl-C, SIGTERM).",
    ),
    ListedCommand(
        "once", "service", "Do everything that is due now, repeatedly until nothing is left."
    ),
    ListedCommand("init", "setup", "Create or migrate the schema and make the mailbox folders."),
    ListedCommand("check", "setup", "Validate the configuration and log in to every server."),
    ListedCommand(
        "status",
        "state",
        "Show urgent mail, the last fetch, requests by status, the outbox, the quarantine, alarms.",
    ),
    ListedCommand("pause", "state", "Go on fetching and filing, but send nothing."),
    ListedCommand("resume", "state", "Send again, what waits first."),
    ListedCommand(
        "demo", "service", "Run the whole job once on servers of its own, with invented people."
    ),
    ListedCommand("requests", "files", "List the requests, most pressing first."),
    ListedCommand(
        "show",
        "files",
        "Show everything about a request. It is about a person: mind who sees the screen.",
    ),
    ListedCommand(
        "certify",
        "files",
        "Write the certification of a request as it would be issued now, marked PREVIEW.",
    ),
    ListedCommand(
        "file", "paper", "File scanned paper, as a mail with these files attached would be."
    ),
    ListedCommand(
        "extract", "documents", "Show what the program reads in documents; no database is touched."
    ),
    ListedCommand(
        "explain",
        "documents",
        "Show what the program makes of raw mails: kind, rule, forms, new text and command.",
    ),
    ListedCommand(
        "replay",
        "quarantine",
        "Work on a recorded mail once more, harmlessly: nothing is filed, decided or sent twice.",
    ),
    ListedCommand(
        "trace",
        "tracing",
        "Show every step of a mail, a letter or a request, with times and the rule that decided.",
    ),
    ListedCommand(
        "reconcile",
        "tracing",
        "Compare the mails on the server with the rows, folder by folder; change nothing.",
    ),
    ListedCommand(
        "verify", "verification", "Say whether a certification is genuine, unaltered and current."
    ),
    ListedCommand(
        "accounting",
        "accounting",
        "Show what was disclosed about whom, to whom, when and why (5 U.S.C. 552a(c)).",
    ),
    ListedCommand(
        "bundle",
        "bundle",
        "Put everything that proves a case into one ZIP file, with a page to read it by.",
    ),
    ListedCommand(
        "forms", "documents", "Show the form definitions, write the blank form or a filled one."
    ),
    ListedCommand(
        "quarantine",
        "quarantine",
        "Look at mail that could not be worked on; let it go, or put it away.",
    ),
    ListedCommand(
        "outbox", "outbox", "See which letters wait or failed; try one again, or take one back."
    ),
    ListedCommand("audit", "audit", "Prove that nothing was changed since it was written."),
)

_MODULES = {listed.name: listed.module for listed in COMMANDS}


class CommandList(Group):
    """All commands: each listed by its purpose, and the one that is called in full."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for listed in COMMANDS:
            self.add_command(TyperCommand(listed.name, help=listed.purpose))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that is called, its module loaded, and what comes after it."""
        name, _listed, rest = super().resolve_command(ctx, args)
        return name, None if name is None else load_commands(_MODULES[name])[name], rest


def load_commands(module: str) -> dict[str, Any]:
    """Return the commands and groups of one module of ours, by name."""
    app = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode="rich")
    load_module(module).register(app)
    return dict(get_group(app).commands)


def load_module(name: str) -> Any:
    """Return a module of commands."""
    path = f"inbox_worker.cli.{name}"
    if path not in sys.modules:
        with hold_collector():
            import_module(path)
    return sys.modules[path]
