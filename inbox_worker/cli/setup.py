"""Commands that set the service up: init, check."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console

from config.settings import MailboxSettings, Settings, find_configuration_warnings
from config.signing_keys import find_key_warnings
from inbox_worker.cli.exit_codes import find_exit_code
from inbox_worker.cli.help import AsJson, add_command
from inbox_worker.cli.output import (
    complain,
    count,
    print_json,
    print_table,
    say,
    show_problems,
    view_problem,
)
from inbox_worker.desk.checks import Check, list_checks
from inbox_worker.errors import WorkerError
from inbox_worker.fetching.setup import (
    count_backlog,
    find_missing_mailboxes,
    set_up_mailbox,
    take_up_backlog,
)
from inbox_worker.mailbox.client import Mailbox, open_mailbox
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
        stack.callback(database.close)
        mailboxes, troubles = _open_mailboxes(settings, stack)
        missing = {m.name for m in find_missing_mailboxes(database, settings)}
        new = [(box, mailbox) for box, mailbox in mailboxes if box.name in missing]
        waiting = [(box, mailbox.message_count) for box, mailbox in new if mailbox.message_count]
        # The answer is asked for before anything is changed, so a refusal changes nothing.
        choice = backlog or (_ask_about_backlog(waiting) if waiting else "process")
        database.migrate()
        made = 0
        for box, mailbox in mailboxes:
            try:
                made += len(mailbox.ensure_folders())
                if box.name in missing:
                    set_up_mailbox(database, box, mailbox, ignore_backlog=choice == "ignore")
            except WorkerError as error:
                troubles[box.name] = error
        say(f"The schema is current; {_count_folders(made)} made.")
        for box, number in waiting:
            if box.name not in troubles:
                _tell_fate(box, number, choice)
        if backlog is not None and not new:
            for box, mailbox in mailboxes:
                try:
                    say(_decide_again(database, settings, box, mailbox, backlog))
                except WorkerError as error:
                    troubles[box.name] = error
    for name, trouble in troubles.items():
        _tell_trouble(name, trouble, is_new=name in missing)
    if troubles:
        raise typer.Exit(max(map(find_exit_code, troubles.values())))
    say("Next: `ero-outreach check`, then `ero-outreach run`.")


_Lying = tuple[MailboxSettings, int]  #: a mailbox, and how many mails lie in it


def _open_mailboxes(
    settings: Settings, stack: ExitStack
) -> tuple[list[tuple[MailboxSettings, Mailbox]], dict[str, WorkerError]]:
    """Open each mailbox that can be reached, and return what keeps us from the others."""
    opened, troubles = [], {}
    for box in settings.mailbox:
        try:
            opened.append((box, stack.enter_context(open_mailbox(box))))
        except WorkerError as error:
            troubles[box.name] = error
    return opened, troubles


def _tell_trouble(name: str, error: WorkerError, *, is_new: bool) -> None:
    what = "was not set up" if is_new else "could not be looked after"
    fate = (
        "; until then nothing is fetched from it, and the service runs the others" if is_new else ""
    )
    complain(f"Mailbox {name} {what}: {error} Then run `ero-outreach init` again{fate}.")


def _decide_again(
    database: Database, settings: Settings, box: MailboxSettings, mailbox: Mailbox, backlog: str
) -> str:
    """Have a backlog taken up that was left alone so far; return what became of the wish."""
    left = count_backlog(database, box.name)
    before = f"Mailbox {box.name} was set up before"
    if backlog == "ignore":
        if left:
            return f"{before}; its backlog, {count(left, 'mail')}, is left alone already."
        return f"{before}, with no mail to be left alone: `--backlog ignore` changes nothing."
    if not left:
        return f"{before}, and no mail in it is left alone: `--backlog process` changes nothing."
    taken = take_up_backlog(database, settings, box, mailbox, now=now())
    gone = f" ({left - taken} more lie there no longer)" if taken < left else ""
    return (
        f"{before}, with its backlog to be left alone. That is changed: {count(taken, 'mail')} in "
        f"{_place(box)} will be processed{gone}."
    )


def _count_folders(number: int) -> str:
    return f"{count(number, 'mailbox folder')} {'was' if number == 1 else 'were'}"


def _place(box: MailboxSettings) -> str:
    return f"the folder {box.folder} of mailbox {box.name}"


def _tell_fate(box: MailboxSettings, number: int, choice: str) -> None:
    fate = "will be processed" if choice == "process" else "will be left alone"
    that = "that was" if number == 1 else "that were"
    say(f"{count(number, 'mail')} {that} in {_place(box)} {fate}.")


def _ask_about_backlog(waiting: Collection[_Lying]) -> str:
    lying = [
        f"{count(number, 'mail')} {'lies' if number == 1 else 'lie'} in {_place(box)}"
        for box, number in waiting
    ]
    told = "; ".join(lying) + "."
    if not sys.stdin.isatty():
        raise typer.BadParameter(
            f"{told} Say what to do with that: --backlog process or --backlog ignore.",
            param_hint="--backlog",
        )
    total = sum(number for _, number in waiting)
    process = typer.confirm(f"{told} Process {'it' if total == 1 else 'them'}?", default=False)
    return "process" if process else "ignore"


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
                "warnings": [view_problem(w) for w in warnings],
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
