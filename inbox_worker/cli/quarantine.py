"""Commands about mail that was set aside: quarantine list, show, release, discard; replay."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from config.settings import Settings
from inbox_worker.cli.console_user import find_console_user
from inbox_worker.cli.help import AsJson, add_command, build_group
from inbox_worker.cli.output import (
    Pair,
    count,
    print_json,
    print_pairs,
    print_table,
    say,
    show_work,
    tell_age,
    tell_moment,
)
from inbox_worker.desk import mail_shown
from inbox_worker.handling import quarantine
from inbox_worker.handling.replaying import Judgement, Replay
from inbox_worker.handling.replaying import replay as replay_mail
from inbox_worker.service import opening, wiring
from inbox_worker.status import Disposition

_ID = Annotated[
    int, typer.Argument(metavar="ID", help="The mail's number, as `quarantine list` has it.")
]

group = build_group(
    "Look at mail that could not be worked on; let it go, or put it away.",
    example="quarantine list",
)


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    add_command(group, list_mails, example="quarantine list --json", name="list")
    add_command(group, show, example="quarantine show 17 --raw -o mail.eml")
    add_command(group, release, example="quarantine release 17")
    add_command(group, discard, example='quarantine discard 17 --why "an empty test mail" --yes')
    app.add_typer(group, name="quarantine")
    add_command(app, replay, example="replay 17")


def list_mails(context: typer.Context, *, as_json: AsJson = False) -> None:
    """List the mails in quarantine, oldest first."""
    settings: Settings = context.obj.load()
    with opening.open_database(settings) as database, database.read() as session:
        found = quarantine.list_quarantined(session)
    if as_json:
        print_json([{**asdict(m), "set_aside_at": m.set_aside_at.isoformat()} for m in found])
        return
    if not found:
        say("The quarantine is empty.")
        return
    now, zone = opening.now(), settings.general.zone
    rows = [
        (
            str(m.id),
            tell_moment(m.set_aside_at.isoformat(), zone),
            m.mailbox,
            _tell_size(m.size),
            m.kind,
            m.reason,
            tell_age(m.set_aside_at.isoformat(), now),
        )
        for m in found
    ]
    print_table("", ("id", "set aside", "mailbox", "size", "kind", "reason", "age"), rows)


def show(
    context: typer.Context,
    entry_id: _ID,
    *,
    raw: Annotated[
        bool, typer.Option("--raw", help="Write the bytes as they came, with -o; show nothing.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="Where --raw writes.", show_default=False
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a mail is: its header as it came, escaped, and its parts; nothing in it is run.

    Any mail's number will do, whatever became of it. It is about people: mind who sees the screen.
    """
    if raw != (output is not None):
        raise typer.BadParameter("Use --raw and -o FILE together.", param_hint="--raw, -o")
    settings: Settings = context.obj.load()
    with wiring.open_services(settings) as services:
        if output is not None:
            data = mail_shown.read_bytes(services, entry_id)
        else:
            with show_work("Looking into the mail…"):
                found = mail_shown.show_mail(services, entry_id)
    if output is not None:
        _write_private(output, data)
        told = {"file": str(output), "size": len(data)}
        print_json(told) if as_json else say(f"Wrote {output} ({_tell_size(len(data))}).")
    elif as_json:
        print_json(found)
    else:
        _print_mail(found, settings.general.zone)


def release(context: typer.Context, entry_id: _ID, *, as_json: AsJson = False) -> None:
    """Let a mail out of quarantine: the worker takes it up again, its attempts counted anew."""
    settings: Settings = context.obj.load()
    actor = find_console_user(context.obj.environ)
    with opening.open_database(settings) as database:
        quarantine.release(database, entry_id, actor=actor, now=opening.now())
    if as_json:
        print_json({"id": entry_id, "disposition": None})
        return
    say(
        f"Mail {entry_id} is released. `run` or `once` takes it up next; `replay` does at once. "
        "Its copy on the server stays where it is."
    )


def discard(
    context: typer.Context,
    entry_id: _ID,
    *,
    why: Annotated[
        str,
        typer.Option(
            "--why", "--reason", metavar="TEXT", help="It is written down.", show_default=False
        ),
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put a mail in quarantine away for good: nobody works on it; its bytes are kept.

    Who did it and why is written down.
    """
    settings: Settings = context.obj.load()
    actor = find_console_user(context.obj.environ)
    with opening.open_database(settings) as database:
        with database.read() as session:
            entry = quarantine.find_quarantined(session, entry_id)
        if not yes:
            why = _confirm(entry.id, _tell_size(entry.size), entry.reason or "", why)
        quarantine.discard(database, entry_id, actor=actor, why=why, now=opening.now())
    if as_json:
        print_json({"id": entry_id, "disposition": Disposition.DISCARDED})
        return
    say(f"Mail {entry_id} is discarded. Its bytes are kept; `quarantine show` still shows it.")


def _confirm(entry_id: int, size: str, reason: str, why: str) -> str:
    """Ask whether to discard, and why where that was not said; return the reason."""
    if not sys.stdin.isatty():
        raise typer.BadParameter(
            "Nobody can be asked here, so it has to be given.", param_hint="--yes"
        )
    typer.confirm(f"Discard mail {entry_id} ({size}, {reason}) for good?", abort=True)
    return why or str(typer.prompt("Why", default="", show_default=False))


def replay(context: typer.Context, entry_id: _ID, *, as_json: AsJson = False) -> None:
    """Work on a recorded mail once more, harmlessly: nothing is filed, decided or sent twice.

    A mail in quarantine is released and worked on now, and so is one that waits.

    Of any other you are told what the program makes of it today; nothing is changed.
    """
    settings: Settings = context.obj.load()
    actor = find_console_user(context.obj.environ)
    with (
        wiring.open_services(settings) as services,
        show_work("Reading the mail…"),
    ):
        found = replay_mail(services, entry_id, actor=actor)
    if as_json:
        print_json(asdict(found))
    else:
        _print_replay(found, settings.intake.max_attempts)
    raise typer.Exit(int(found.was_worked_on and found.after.disposition in {None, "QUARANTINED"}))


def _print_replay(found: Replay, limit: int) -> None:
    pairs: list[Pair] = [
        ("then taken for", _tell_verdict(found.before)),
        ("then became", _tell_outcome(found.before)),
    ]
    if found.was_worked_on:
        pairs += [("now taken for", _tell_verdict(found.after))]
        pairs += [("now became", _tell_outcome(found.after))]
    else:
        pairs += [("today taken for", _tell_verdict(found.after))]
        pairs += [("reason", found.after.reason)] if found.after.reason else []
        pairs += [("documents today", "\n".join(found.documents) or "none")]
    print_pairs(f"Mail {found.id}", pairs)
    if not found.was_worked_on:
        say("Nothing was changed: what became of a mail is decided once.")
    elif found.after.disposition is None:
        say(
            f"It failed again ({count(found.attempts, 'attempt')}); the worker goes on trying and "
            f"sets it aside after {limit}. The log has mail_failed with the place."
        )
    elif found.after.disposition == Disposition.QUARANTINED:
        say("It could not be worked on, and lies in quarantine again.")


def _tell_verdict(judgement: Judgement) -> str:
    if judgement.kind is None:
        return "nothing yet"
    return f"{judgement.kind}, by the rule {judgement.rule}"


def _tell_outcome(judgement: Judgement) -> str:
    became = judgement.disposition or "not disposed of"
    return f"{became} ({judgement.reason})" if judgement.reason else became


def _print_mail(found: dict[str, Any], zone: ZoneInfo) -> None:
    print_pairs(f"Mail {found['id']}", _list_facts(found, zone))
    say("")
    say("Header, as it came" if found["headers"] else "It has no header.")
    for field in found["headers"]:
        say(f"  {field['name'] or '(no field)'}: {field['value']}")
    say("")
    if found["parts"] is None:
        say("Its parts cannot be listed: it defeats the process that reads mails.")
    elif not found["parts"]:
        say("It has no parts.")
    else:
        print_table("Parts", ("type", "size", "name", "inside"), _list_parts(found["parts"]))


def _list_facts(found: dict[str, Any], zone: ZoneInfo) -> Iterator[Pair]:
    yield "mailbox", found["mailbox"]
    yield "recorded", tell_moment(found["recorded_at"], zone)
    whole = "" if found["is_whole"] else ", of which only the header was fetched"
    yield "size", f"{_tell_size(found['size'])}{whole}"
    yield "sha256", found["sha256"]
    yield "taken for", f"{found['kind']}, by the rule {found['rule']}" if found["kind"] else ""
    yield "became", found["disposition"] or "not disposed of"
    yield "when", tell_moment(found["disposed_at"], zone)
    yield "reason", found["reason"] or "none"
    yield "failed attempts", str(found["attempts"])


def _list_parts(parts: list[dict[str, Any]]) -> Iterator[tuple[str, str, str, str]]:
    for part in parts:
        yield part["type"], _tell_size(part["size"]), part["name"] or "", part["found_in"] or ""


def _tell_size(size: int) -> str:
    """Return a number of bytes as people read it, in decimal units."""
    if size < 1000:
        return count(size, "byte")
    return f"{size / 1000:.1f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"


def _write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner can read; one that is there is replaced."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
