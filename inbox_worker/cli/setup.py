"""Commands that set the service up: init, check."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console

from config.settings import Settings, find_configuration_warnings
from config.signing_keys import find_key_warnings
from inbox_worker.cli.help import AsJson, add_command
from inbox_worker.cli.output import count, print_json, print_table, say, show_problems
from inbox_worker.desk.checks import Check, list_checks
from inbox_worker.fetching.setup import find_missing_mailboxes, set_up_mailbox
from inbox_worker.mailbox.client import open_mailbox
from inbox_worker.service.opening import now
from inbox_worker.storage.database import Database


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    add_command(app, init, example="init --backlog ignore")
    add_command(app, check, example="check --json")


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
        *find_key_warnings(settings, now=now()),
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
