"""The command that proves the chains of events: audit verify."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated

import typer

from config.settings import Settings
from inbox_worker.cli.help import AsJson, add_command, build_group
from inbox_worker.cli.output import count, print_json, print_pairs, say, show_work
from inbox_worker.cli.tracking import EXAMPLE, find_request, parse_tracking
from inbox_worker.desk import auditing
from inbox_worker.desk.audit_result import Audit
from inbox_worker.service import opening

group = build_group("Prove that nothing was changed since it was written.", example="audit verify")


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    add_command(group, verify, example=f"audit verify {EXAMPLE}")
    app.add_typer(group, name="audit")


def verify(
    context: typer.Context,
    tracking: Annotated[
        str | None,
        typer.Argument(
            help="A tracking number; without one, everything.",
            metavar="[TRACKING]",
            show_default=False,
        ),
    ] = None,
    *,
    before: Annotated[
        str | None,
        typer.Option(
            metavar="DATE",
            help="Let the fingerprint be of the events before this day, as the daily digest has "
            "it. Everything is verified all the same.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Follow the chains of events, and hold certifications, disclosures and mails against them.

    The exit code is 1 when anything is not as it was written, each with a sentence. Whoever can
    write the whole database could also compute every hash anew: keep a fingerprint, or a case's
    last hash, elsewhere, and compare.
    """
    if tracking is not None and before is not None:
        raise typer.BadParameter(
            "The fingerprint is of all cases: leave out the tracking number.",
            param_hint="--before",
        )
    number = None if tracking is None else parse_tracking(tracking)
    day = None if before is None else _parse_day(before)
    settings: Settings = context.obj.load()
    midnight = None if day is None else datetime.combine(day, time(), settings.general.zone)
    with (
        opening.open_database(settings) as database,
        database.read() as session,
        show_work("Following the chains of events…"),
    ):
        if number is None:
            audit = auditing.audit_everything(session, before=midnight)
        else:
            audit = auditing.audit_request(session, find_request(session, number))
    if as_json:
        print_json(audit.to_json())
    else:
        _print(audit, number, day)
    raise typer.Exit(int(bool(audit.breaks)))


def _parse_day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise typer.BadParameter("Write the day as 2026-05-04.", param_hint="--before") from None


def _print(audit: Audit, number: str | None, day: date | None) -> None:
    looked = [
        ("chains", f"{audit.chains:,}, {count(audit.events, 'event')}"),
        ("certifications", f"{audit.certifications:,}"),
        ("disclosures", f"{audit.disclosures:,}"),
        ("mails", f"{audit.mails:,}"),
    ]
    if number is None:
        which = "of all events" if day is None else f"of the events before {day}"
        looked.append(("fingerprint", f"{audit.fingerprint} {which}"))
    else:
        looked.append(("last hash", f"{audit.head} of event {audit.events}"))
    print_pairs(number or "", looked)
    say("")
    for one in audit.breaks:
        say(one.sentence)
    if audit.breaks:
        say(f"{count(len(audit.breaks), 'thing')} not as it was written.")
    else:
        say("Everything is as it was written.")
