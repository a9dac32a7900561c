"""Commands that show the files: requests, show, certify."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from config.settings import Settings
from inbox_worker.cli.help import AsJson, Command
from inbox_worker.cli.output import print_json, print_pairs, print_table, say, tell_moment
from inbox_worker.cli.tracking import EXAMPLE, parse_tracking
from inbox_worker.desk import views
from inbox_worker.desk.previewing import preview_certification
from inbox_worker.errors import WorkerError
from inbox_worker.service import wiring
from inbox_worker.status import RequestStatus
from inbox_worker.storage.database import Database

#: What makes a request pressing, in a word or two.
_PRIORITIES = {1: "1 pressing", 2: "2 due in 30 days", 3: "3 warrant", 4: "4 ordinary"}

#: Which columns of each list are shown on a terminal; `--json` has them all.
_LISTS = {
    "problems": ("field", "message"),
    "messages": ("id", "recorded_at", "kind", "disposition"),
    "decisions": ("at", "keyword", "state", "by", "release_at"),
    "events": ("at", "code", "by", "to"),
    "letters": ("created_at", "kind", "recipient", "status"),
    "certifications": ("issued_at", "control_number", "outcomes", "status"),
}
#: What columns are called where their name is not what people say.
_HEADINGS = {
    "tracking_number": "request",
    "deadline_date": "deadline",
    "received_at": "received",
    "recorded_at": "recorded",
    "created_at": "written",
    "issued_at": "issued",
    "release_at": "leaves",
    "control_number": "control number",
    "to": "status",
    "requester_type": "requester",
}


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command(cls=Command, epilog="Example: ero-outreach requests --status IN_REVIEW")(requests)
    app.command(cls=Command, epilog=f"Example: ero-outreach show {EXAMPLE}")(show)
    app.command(
        cls=Command, epilog=f"Example: ero-outreach certify {EXAMPLE} --preview -o preview.pdf"
    )(certify)


def requests(
    context: typer.Context,
    *,
    status: Annotated[
        str | None,
        typer.Option(
            metavar="STATUS", help="Only those of this status, such as ISSUED.", show_default=False
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the requests, most pressing first."""
    wanted = None if status is None else _parse_status(status)
    settings: Settings = context.obj.load()
    database = _open(settings)
    with database.read() as session:
        found = views.list_requests(session, wanted)
    database.close()
    if as_json:
        print_json(found)
    elif not found:
        say("There are no requests." if wanted is None else f"No request is {wanted}.")
    else:
        columns = ("tracking_number", "status", "priority", "deadline_date", "received_at", "flags")
        _print_list("", columns, found, settings.general.zone, whole=2)


def show(
    context: typer.Context,
    tracking: Annotated[
        str, typer.Argument(help=f"Its tracking number, such as {EXAMPLE}.", metavar="TRACKING")
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Show everything about a request. It is about a person: mind who sees the screen."""
    number = parse_tracking(tracking)
    settings: Settings = context.obj.load()
    database = _open(settings)
    with database.read() as session:
        found = views.find_file(session, number)
    database.close()
    if found is None:
        raise WorkerError(f"There is no request {number}. `requests` lists those there are.")
    if as_json:
        print_json(found)
    else:
        _print_file(found, settings.general.zone)


def certify(
    context: typer.Context,
    tracking: Annotated[
        str, typer.Argument(help=f"Its tracking number, such as {EXAMPLE}.", metavar="TRACKING")
    ],
    *,
    preview: Annotated[
        bool, typer.Option("--preview", help="Mark it PREVIEW; nothing is ever issued from here.")
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="The PDF to write.")
    ],
) -> None:
    """Write the certification of a request as it would be issued now, marked PREVIEW."""
    number = parse_tracking(tracking)
    if not preview:
        raise typer.BadParameter(
            "Certifications are issued by replies to review notices alone.", param_hint="--preview"
        )
    with wiring.open_services(context.obj.load()) as services:
        document = preview_certification(services, number)
    try:
        output.write_bytes(document)
    except OSError as error:
        raise WorkerError(f"{output} cannot be written: {error.strerror}.") from None
    say(f"Wrote {output}.")


def _parse_status(text: str) -> str:
    wanted = text.strip().upper().replace(" ", "_").replace("-", "_")
    if wanted not in {s.value for s in RequestStatus}:
        names = ", ".join(RequestStatus)
        raise typer.BadParameter(
            f"There is no such status. Use one of: {names}.", param_hint="--status"
        )
    return wanted


def _open(settings: Settings) -> Database:
    database = Database(settings.database.url.get_secret_value())
    database.check_schema()
    return database


def _print_file(found: views.View, zone: ZoneInfo) -> None:
    head = ("status", "priority", "received_at", "deadline_date", "requester_type", "flags")
    pairs = [(_HEADINGS.get(n, n), _tell(n, found[n], zone) or "none") for n in head]
    print_pairs(found["tracking_number"], pairs)
    fields = [(name, _tell(name, f["value"], zone)) for name, f in found["fields"].items()]
    say("")
    print_pairs("Fields", fields)
    for title, columns in _LISTS.items():
        if found[title]:
            say("")
            _print_list(title.capitalize(), columns, found[title], zone)


def _print_list(
    title: str,
    columns: tuple[str, ...],
    rows: Sequence[Mapping[str, Any]],
    zone: ZoneInfo,
    *,
    whole: int = 1,
) -> None:
    headings = [_HEADINGS.get(column, column) for column in columns]
    cells = [[_tell(column, row[column], zone) for column in columns] for row in rows]
    print_table(title, headings, cells, whole=whole)


def _tell(name: str, value: Any, zone: ZoneInfo) -> str:
    if value is None:
        return ""
    if name == "at" or name.endswith("_at"):
        return tell_moment(value, zone)
    if name == "priority":
        return _PRIORITIES.get(value, str(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "; ".join(str(v) for v in value) if isinstance(value, list) else str(value)
