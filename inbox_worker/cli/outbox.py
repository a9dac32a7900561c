"""Commands about letters that wait to be sent: outbox list, retry, cancel."""

from __future__ import annotations

from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from config.settings import Settings
from inbox_worker.cli.console_user import find_console_user
from inbox_worker.cli.help import AsJson, add_command, build_group
from inbox_worker.cli.output import print_json, print_table, say, tell_moment
from inbox_worker.desk import outbox_desk
from inbox_worker.service import opening
from inbox_worker.status import DeliveryStatus
from inbox_worker.storage.outbox_store import is_paused

_ID = Annotated[
    int, typer.Argument(metavar="ID", help="The letter's number, as `outbox list` has it.")
]

#: Of a letter that is none of these it does not matter any more when it was due.
_DUE = (DeliveryStatus.QUEUED, DeliveryStatus.UNKNOWN)

group = build_group(
    "See which letters wait or failed; try one again, or take one back.", example="outbox list"
)


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    add_command(group, list_letters, example="outbox list --status FAILED", name="list")
    add_command(group, retry, example="outbox retry 42")
    add_command(group, cancel, example="outbox cancel 42")
    app.add_typer(group, name="outbox")


def list_letters(
    context: typer.Context,
    *,
    status: Annotated[
        str | None,
        typer.Option(
            metavar="STATUS",
            help="Only those of this status, such as FAILED or ACCEPTED.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the letters that have not left: those that wait, that failed, or may have left."""
    wanted = outbox_desk.WAITING if status is None else (_parse_status(status),)
    settings: Settings = context.obj.load()
    with opening.open_database(settings) as database, database.read() as session:
        found = outbox_desk.list_letters(session, wanted)
        paused = is_paused(session)
    if as_json:
        print_json(found)
        return
    if paused:
        say("Sending is PAUSED: `resume` sends what waits.")
    if not found:
        say("No letter waits, and none failed." if status is None else f"No letter is {wanted[0]}.")
        return
    _print_letters(found, settings.general.zone)


def _print_letters(found: list[dict[str, Any]], zone: ZoneInfo) -> None:
    columns = ["id", "status", "request", "kind", "recipient", "due", "tries", "reason"]
    rows = [
        [
            str(letter["id"]),
            letter["status"],
            letter["tracking_number"] or "",
            letter["kind"],
            letter["recipient"],
            tell_moment(letter["due_at"] if letter["status"] in _DUE else None, zone),
            str(letter["attempts"]),
            letter["reason"] or "",
        ]
        for letter in found
    ]
    # What failed nowhere needs no room on a terminal.
    shown = len(columns) if any(row[-1] for row in rows) else len(columns) - 1
    print_table("", columns[:shown], [row[:shown] for row in rows], whole=3)


def retry(context: typer.Context, letter_id: _ID, *, as_json: AsJson = False) -> None:
    """Send a letter that failed once more: the same bytes under the same Message-ID."""
    settings: Settings = context.obj.load()
    actor = find_console_user(context.obj.environ)
    with opening.open_database(settings) as database:
        outbox_desk.retry(database, letter_id, actor=actor, now=opening.now())
        with database.read() as session:
            paused = is_paused(session)
    if as_json:
        print_json({"id": letter_id, "status": DeliveryStatus.QUEUED, "paused": paused})
        return
    when = "once sending is resumed" if paused else "next by `run` or `once`"
    say(f"Letter {letter_id} waits again; it is sent {when}, with the bytes it was written with.")


def cancel(context: typer.Context, letter_id: _ID, *, as_json: AsJson = False) -> None:
    """Take back a letter that still waits; it is never sent. Nobody is told, nothing else changes.

    There is no way back from this.
    """
    settings: Settings = context.obj.load()
    actor = find_console_user(context.obj.environ)
    with opening.open_database(settings) as database:
        tracking = outbox_desk.cancel(database, letter_id, actor=actor, now=opening.now())
    if as_json:
        status = DeliveryStatus.CANCELLED
        print_json({"id": letter_id, "status": status, "tracking_number": tracking})
        return
    say(f"Letter {letter_id} is cancelled and will not be sent.")
    if tracking is not None:
        say(f"Request {tracking} stays as it is: tell the recipient another way if need be.")


def _parse_status(text: str) -> DeliveryStatus:
    wanted = text.strip().upper()
    if wanted not in {s.value for s in DeliveryStatus}:
        names = ", ".join(DeliveryStatus)
        raise typer.BadParameter(
            f"There is no such status. Use one of: {names}.", param_hint="--status"
        )
    return DeliveryStatus(wanted)
