"""Commands that account for mail: trace, reconcile."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import groupby
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from config.settings import Settings
from inbox_worker.cli.exit_codes import find_exit_code
from inbox_worker.cli.help import AsJson, add_command
from inbox_worker.cli.output import (
    complain,
    count,
    print_json,
    print_pairs,
    print_table,
    say,
    show_work,
)
from inbox_worker.desk.tracing import Step, Trace, is_traceable
from inbox_worker.desk.tracing import trace as trace_name
from inbox_worker.errors import WorkerError
from inbox_worker.fetching.reconciliation import (
    UNACCOUNTED,
    Reconciliation,
    Standing,
    view_uncompared,
)
from inbox_worker.fetching.reconciling import finish, reconcile_mailbox
from inbox_worker.service import opening
from parsers.values.tracking import find_miswritten_tracking_numbers, format_tracking_number

#: What of a step's detail a terminal shows: codes and numbers, no sentence that somebody wrote.
_CODE = re.compile(r"[\w.:@<>+/-]{1,80}( [\w.:-]{1,40}){0,2}", re.ASCII)
#: A rule's name, after where it held: `paper:weighed_words`.
_RULE = re.compile(r"([a-z_]+:)?[a-z_]+")
_EXAMPLE = format_tracking_number(2026, 1)


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    add_command(app, trace, example=f"trace {_EXAMPLE}")
    add_command(app, reconcile, example="reconcile --json")


def reconcile(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Compare the mails on the server with the rows, folder by folder; change nothing.

    The exit code is 1 when any mail is unaccounted for, 75 when a mailbox could not be compared.
    """
    settings: Settings = context.obj.load()
    found: dict[str, Reconciliation] = {}
    troubles: dict[str, WorkerError] = {}
    with opening.open_database(settings) as database:
        for box in settings.mailbox:
            try:
                with show_work(f"Comparing mailbox {box.name}…"):
                    steps = reconcile_mailbox(database, settings, box, opening.now)
                    found[box.name] = finish(steps)
            except WorkerError as error:
                # The others are compared all the same.
                troubles[box.name] = error
    unaccounted = sum(r.unaccounted for r in found.values())
    if as_json:
        reports = [
            view_uncompared(m.name, troubles[m.name])
            if m.name in troubles
            else found[m.name].to_json()
            for m in settings.mailbox
        ]
        print_json({"unaccounted": None if troubles else unaccounted, "mailboxes": reports})
    else:
        for result in found.values():
            _print_reconciliation(result)
        if found:
            where = " in what was compared" if troubles else ""
            say(f"{unaccounted} unaccounted for{where}.")
    for name, trouble in troubles.items():
        complain(f"Mailbox {name} was not compared: {trouble}")
    if troubles:
        raise typer.Exit(max(map(find_exit_code, troubles.values())))
    raise typer.Exit(int(unaccounted > 0))


def _print_reconciliation(result: Reconciliation) -> None:
    rows = [
        (
            f.folder,
            str(f.messages),
            _tell_standings(f.standings) if f.is_there else "the server has no such folder",
        )
        for f in result.folders
    ]
    print_table(f"Mailbox {result.mailbox}", ("folder", "mails", "of which"), rows)
    absent = _tell_standings(result.rows)
    told = f"not on the server: {absent}" if absent else "all of them on the server"
    say(f"{count(result.recorded, 'mail')} recorded, {told}.")
    for finding in result.findings:
        if finding.standing in {*UNACCOUNTED, Standing.UNKNOWN}:
            place = f"{finding.folder}, UID {finding.uid}" if finding.uid else ""
            mail = f"mail {finding.mail}" if finding.mail else ""
            say(f"  {finding.standing.value}: {place or mail}. {_ADVICE[finding.standing]}")


def _tell_standings(standings: Mapping[Standing, int]) -> str:
    return "; ".join(f"{n} {s.value.replace('_', ' ')}" for s, n in standings.items() if n)


#: What to do about a finding.
_ADVICE = {
    Standing.LOST: "Drag it to another folder and back: it is fetched like a new mail then.",
    Standing.BYTES_MISSING: "Restore its row in raw_mails from the last backup.",
    Standing.UNKNOWN: "Somebody put it there; no loss.",
}


def trace(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A tracking number; the Message-ID of a mail or a letter; a control number; or a "
            "mail's number as `quarantine list` and `show` have it.",
        ),
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Show every step of a mail, a letter or a request, with times and the rule that decided."""
    if not is_traceable(name):
        if find_miswritten_tracking_numbers(name):
            raise typer.BadParameter(
                "Its check digit is wrong: compare it with the letter it stands in.",
                param_hint="NAME",
            )
        raise typer.BadParameter(
            f"Give a tracking number such as {_EXAMPLE}, or a Message-ID, which has an @.",
            param_hint="NAME",
        )
    settings: Settings = context.obj.load()
    with opening.open_database(settings) as database, database.read() as session:
        found = trace_name(session, settings, name)
    if found is None:
        raise WorkerError(
            f"Nothing is known of {name}: no mail, letter or request has that name. "
            "`requests` lists the requests; `reconcile` finds mail that was never recorded."
        )
    if as_json:
        print_json(
            {**asdict(found), "steps": [{**asdict(s), "at": s.at.isoformat()} for s in found.steps]}
        )
    else:
        _print_trace(found, settings.general.zone)


def _print_trace(found: Trace, zone: ZoneInfo) -> None:
    for request in found.requests:
        say(f"Request {request['tracking_number']}: {request['status']}")
    for mail in found.mails:
        say(f"Mail {mail['id']}{_tell_id(mail)}\n  {_tell_mail(mail)}")
    for letter in found.letters:
        failed = f" ({letter['reason']})" if letter["reason"] else ""
        said = f"{letter['kind']} to {letter['recipient']}, {letter['status']}{failed}"
        say(f"Letter {letter['id']}{_tell_id(letter)}\n  {said}")
    only = found.requests[0]["tracking_number"] if len(found.requests) == 1 else None
    for day, steps in groupby(found.steps, key=lambda s: f"{s.at.astimezone(zone):%Y-%m-%d %Z}"):
        say("")
        print_pairs(day, [(_tell_time(s, zone), "; ".join(_list_facts(s, only))) for s in steps])


def _tell_time(step: Step, zone: ZoneInfo) -> str:
    return f"{step.at.astimezone(zone):%H:%M:%S} {step.step}"


def _tell_id(row: dict[str, Any]) -> str:
    return f" {row['message_id']}" if row["message_id"] else ""


def _tell_mail(mail: dict[str, Any]) -> str:
    if mail["disposition"] is None:
        tried = f", {mail['attempts']} failed attempts" if mail["attempts"] else ""
        return f"not disposed of yet{tried}"
    judged = f"{mail['disposition']}; {mail['kind']}, by the rule {mail['rule']}"
    return f"{judged} ({mail['reason']})" if mail["reason"] else judged


def _list_facts(step: Step, only: str | None) -> Iterator[str]:
    """Yield what a step was about and how it went; the one request all are about goes unsaid."""
    if step.mail is not None:
        yield f"mail {step.mail}"
    if step.letter is not None:
        yield f"letter {step.letter}"
    if step.request not in {None, only}:
        yield str(step.request)
    if step.by is not None:
        yield f"by {step.by}"
    for name, value in step.detail.items():
        told = [v for v in _list_values(value) if _CODE.fullmatch(v)]
        if told:
            yield f"{name.replace('_', ' ')} {', '.join(told)}"


def _list_values(value: object) -> list[str]:
    """Return a value's parts; of a table, each name with the stable name beside it."""
    if isinstance(value, dict):
        return [f"{k} {v}" for k, v in value.items() if isinstance(v, str) and _RULE.fullmatch(v)]
    values = value if isinstance(value, list) else [value]
    return [str(v) for v in values if v is not None]
