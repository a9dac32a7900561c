"""The command that files scanned paper: file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from config.settings import Settings
from inbox_worker.cli.help import AsJson, add_command
from inbox_worker.cli.output import print_json, say, show_work
from inbox_worker.cli.tracking import parse_tracking
from inbox_worker.errors import WorkerError
from inbox_worker.handling.paper import FiledPaper, file_paper, is_scan
from inbox_worker.intake import Channel
from inbox_worker.review.signed_scans import file_signed_scan
from inbox_worker.service import wiring
from outbound.letters.mime import find_mailable_address

_CHANNELS: dict[str, Channel] = {"fax": "fax", "mail": "mail", "hand": "hand"}


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    add_command(app, file, example="file scan.pdf --channel fax --from clerk@courts.example")


def file(
    context: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="Scans: PDF, TIFF, JPEG or PNG.")
    ],
    *,
    channel: Annotated[
        str, typer.Option(metavar="CHANNEL", help="fax, mail or hand.", show_default=False)
    ] = "",
    author: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="ADDRESS",
            help="The sender's e-mail address, or else the name.",
            show_default=False,
        ),
    ] = "",
    signed: Annotated[
        str,
        typer.Option(
            metavar="TRACKING",
            help="It is the scan of this request's certification, signed by hand.",
            show_default=False,
        ),
    ] = "",
    control_number: Annotated[
        str,
        typer.Option(
            metavar="NUMBER",
            help="With --signed: the number compared by eye, where it cannot be read.",
            show_default=False,
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """File scanned paper, as a mail with these files attached would be.

    Files of one call belong together: the pages of a form may be one file or many. With
    `--signed`, file a certification that was signed by hand; it leaves then.
    """
    if signed:
        _file_signed(context, files, signed, control_number, as_json=as_json)
        return
    if channel not in _CHANNELS:
        raise typer.BadParameter("Use `fax`, `mail` or `hand`.", param_hint="--channel")
    if not author.strip() or any(not c.isprintable() for c in author):
        raise typer.BadParameter("Give an e-mail address or a name.", param_hint="--from")
    scans = [_read(path) for path in files]
    settings: Settings = context.obj.load()
    if "@" in author and (
        find_mailable_address(author.strip()) is None or author.lower() in settings.own_addresses
    ):
        raise typer.BadParameter(
            "Give the sender's own e-mail address, or the name.", param_hint="--from"
        )
    with (
        wiring.open_services(settings) as services,
        show_work("Reading; a page takes a few seconds…"),
    ):
        filed = file_paper(services, scans, channel=_CHANNELS[channel], author=author.strip())
    if as_json:
        print_json(_view(files, filed))
    else:
        _tell(files, filed)
    if not (filed.tracking_numbers or filed.joined) and len(filed.known) < len(files):
        raise typer.Exit(1)


def _file_signed(
    context: typer.Context,
    files: Sequence[Path],
    tracking: str,
    control_number: str,
    *,
    as_json: bool,
) -> None:
    number = parse_tracking(tracking)
    if len(files) != 1:
        raise typer.BadParameter("Give one PDF with every page.", param_hint="FILE")
    scan = _read(files[0])
    with (
        wiring.open_services(context.obj.load()) as services,
        show_work("Reading; a page takes a few seconds…"),
    ):
        issued = file_signed_scan(services, number, scan, control_number=control_number)
    if as_json:
        print_json({"tracking_number": number, "control_number": issued})
    else:
        say(f"{number}: certification {issued} is filed and leaves.")


def _read(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WorkerError(f"The file {path} cannot be read: {error.strerror}.") from error
    if not is_scan(data):
        raise WorkerError(f"The file {path} is no PDF, TIFF, JPEG or PNG: scan it as one of those.")
    return data


def _view(files: Sequence[Path], filed: FiledPaper) -> dict[str, Any]:
    known = [{"file": str(files[n]), "tracking_numbers": numbers} for n, numbers in filed.known]
    return {
        "tracking_numbers": filed.tracking_numbers,
        "joined": filed.joined,
        "mail": filed.journal_id,
        "disposition": filed.disposition,
        "filed_before": known,
    }


def _tell(files: Sequence[Path], filed: FiledPaper) -> None:
    for number, earlier in filed.known:
        became = ", ".join(earlier) or "no request; a person was to look at it"
        say(f"{files[number]} was filed before: {became}.")
    for tracking in filed.joined:
        say(f"{tracking}: the corrected form joined it. Next: `ero-outreach show {tracking}`.")
    for tracking in filed.tracking_numbers:
        say(f"{tracking}: filed. Next: `ero-outreach show {tracking}`.")
    if filed.journal_id is not None and not (filed.tracking_numbers or filed.joined):
        say(
            f"No form was found that can be read: mail {filed.journal_id}, "
            f"{filed.disposition or 'to be tried again'}. The files are kept, and a person is to "
            f"look at them; `ero-outreach trace {filed.journal_id}` tells what was done."
        )
