"""The command that exports the accounting of disclosures: accounting."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from config.settings import Settings
from inbox_worker.cli.console_user import find_console_user
from inbox_worker.cli.help import AsJson, add_command
from inbox_worker.cli.output import count, print_json, print_pairs, say
from inbox_worker.cli.private_files import write_new
from inbox_worker.desk import disclosures
from inbox_worker.desk.disclosures import View, Wanted
from inbox_worker.service import opening
from parsers.values.names import find_name_words
from parsers.values.numbers import normalise_a_number

_LEFT_OUT = (
    "This is the copy for the person: it leaves out what may not be shown to them (5 U.S.C. "
    "552a(c)(3), 8 U.S.C. 1367)."
)
_OF_SEVERAL = (
    "It may be about several people, and leaves out what may not be shown to them (5 U.S.C. "
    "552a(c)(3), 8 U.S.C. 1367): give each their own alone, by --a-number or --name."
)
#: What a person reads for a column's name.
_LABELS = {
    "request": "request",
    "subject": "subject",
    "a_number": "A-Number",
    "nature": "facts released",
    "purpose": "purpose",
    "recipient": "recipient",
    "postal_address": "postal address",
    "sent_to": "sent to",
    "basis": "basis",
    "delivery": "delivery",
    "corrections": "corrections",
}
#: Columns that list sentences.
_LISTED = ("nature", "purpose")


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    add_command(app, accounting, example="accounting --a-number A000000101 --csv disclosures.csv")


def accounting(
    context: typer.Context,
    *,
    a_number: Annotated[
        str | None,
        typer.Option(
            "--a-number", metavar="A", help="Only of this person, by A-number.", show_default=False
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Only of this person, by any words of the name; with --born.",
            show_default=False,
        ),
    ] = None,
    born: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="The birth date, as 1988-07-23.", show_default=False),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="From this day on, as 2026-05-04.", show_default=False),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Up to and with this day.", show_default=False),
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option(
            "--csv",
            metavar="FILE",
            help="Write a CSV file, which must not be there yet.",
            show_default=False,
        ),
    ] = None,
    whole: Annotated[
        bool,
        typer.Option(
            "--whole",
            help="The office's own copy, with what may not be shown to the person; on the screen "
            "only.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what was disclosed about whom, to whom, when and why (5 U.S.C. 552a(c)).

    Without --whole it holds what a person may be given of what concerns them. It is about people:
    mind who sees the screen. That you looked is written down.
    """
    _check_options(name=name, born=born, csv=csv, whole=whole, as_json=as_json)
    settings: Settings = context.obj.load()
    zone = settings.general.zone
    wanted = Wanted(
        a_number=None if a_number is None else _parse_a_number(a_number),
        name=name,
        born=_parse_day(born, "--born"),
        since=_parse_day(since, "--since"),
        until=_parse_day(until, "--until"),
        is_whole=whole,
        withheld_bases=settings.accounting.withheld_bases,
    )
    rows = _list_and_record(context, settings, wanted, csv)
    if as_json:
        print_json({"disclosures": rows})
        return
    if csv is None:
        _print(rows, zone)
    found = count(len(rows), "disclosure") if rows else "No disclosure"
    where = "" if csv is None else f" in {csv}"
    say(f"{found}{where}. {_tell_use(wanted)}")


def _check_options(
    *, name: str | None, born: str | None, csv: Path | None, whole: bool, as_json: bool
) -> None:
    """Raise `BadParameter` for options that do not go together."""
    if whole and (csv is not None or as_json):
        raise typer.BadParameter(
            "The office's own copy is for the screen: leave out --csv and --json.",
            param_hint="--whole",
        )
    if csv is not None and as_json:
        raise typer.BadParameter("Use one of --csv and --json.", param_hint="--csv, --json")
    if (name is None) != (born is None) or (name is not None and not find_name_words(name)):
        raise typer.BadParameter("Give the name and the birth date.", param_hint="--name, --born")


def _list_and_record(
    context: typer.Context, settings: Settings, wanted: Wanted, csv: Path | None
) -> Sequence[View]:
    """Return what is wanted, written to the file if one is, and write down that it was seen."""
    zone = settings.general.zone
    with ExitStack() as stack:
        database = stack.enter_context(opening.open_database(settings))
        file = None if csv is None else stack.enter_context(write_new(csv))
        with database.unit_of_work() as unit:
            rows = disclosures.list_disclosures(unit.session, wanted, zone)
            disclosures.record_export(
                unit.session,
                wanted,
                rows=len(rows),
                to_file=csv is not None,
                actor=find_console_user(context.obj.environ),
                now=opening.now(),
            )
            unit.commit()
        if file is not None:
            file.write(disclosures.write_csv(rows, zone))
    return rows


def _tell_use(wanted: Wanted) -> str:
    if wanted.is_whole:
        return "The whole of it, for the office alone."
    return _LEFT_OUT if wanted.is_about_one else _OF_SEVERAL


def _parse_a_number(text: str) -> str:
    found = normalise_a_number(text)
    if not isinstance(found.value, str) or found.code:
        raise typer.BadParameter(
            found.message or "An A-number is the letter A and seven to nine digits.",
            param_hint="--a-number",
        )
    return found.value


def _parse_day(text: str | None, option: str) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text.strip())
    except ValueError:
        raise typer.BadParameter("Write the day as 2026-05-04.", param_hint=option) from None


def _print(rows: Sequence[View], zone: ZoneInfo) -> None:
    for row in rows:
        head = f"{disclosures.tell(row, 'date', zone)}, certification {row['control_number']}"
        pairs = [(label, _tell(row, name, zone)) for name, label in _LABELS.items()]
        print_pairs(head, [(label, text) for label, text in pairs if text])
        say("")


def _tell(row: View, name: str, zone: ZoneInfo) -> str:
    told = disclosures.tell(row, name, zone)
    # What is wrapped on a terminal must still be told apart.
    return "\n".join(f"- {line}" for line in told.split("\n")) if name in _LISTED else told
