"""The command that files scanned paper: file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from config.settings import Settings
from inbox_worker.cli.help import Command
from inbox_worker.cli.output import say
from inbox_worker.errors import WorkerError
from inbox_worker.handling.paper import FiledPaper, file_paper, is_scan
from inbox_worker.intake import Channel
from inbox_worker.service import bootstrap
from outbound.letters.mime import find_mailable_address

_CHANNELS: dict[str, Channel] = {"fax": "fax", "mail": "mail", "hand": "hand"}


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    example = "Example: ero-outreach file scan.pdf --channel fax --from clerk@courts.example"
    app.command("file", cls=Command, epilog=example)(file)


def file(
    context: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="Scans: PDF, TIFF, JPEG or PNG.")
    ],
    *,
    channel: Annotated[str, typer.Option(metavar="CHANNEL", help="fax, mail or hand.")],
    author: Annotated[
        str,
        typer.Option(
            "--from", metavar="ADDRESS", help="The sender's e-mail address, or else the name."
        ),
    ],
) -> None:
    """File scanned paper, as a mail with these files attached would be.

    Files of one call belong together: the pages of a form may be one file or many.
    """
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
    with bootstrap.open_services(settings) as services:
        if sys.stderr.isatty():
            typer.echo("Reading; a page takes a few seconds…", err=True)
        filed = file_paper(services, scans, channel=_CHANNELS[channel], author=author.strip())
    _tell(files, filed)
    if not filed.tracking_numbers and len(filed.known) < len(files):
        raise typer.Exit(1)


def _read(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WorkerError(f"The file {path} cannot be read: {error.strerror}.") from error
    if not is_scan(data):
        raise WorkerError(f"The file {path} is no PDF, TIFF, JPEG or PNG: scan it as one of those.")
    return data


def _tell(files: Sequence[Path], filed: FiledPaper) -> None:
    for number, earlier in filed.known:
        became = ", ".join(earlier) or "no request; a person was to look at it"
        say(f"{files[number]} was filed before: {became}.")
    for tracking in filed.tracking_numbers:
        say(f"{tracking}: filed. Next: `ero-outreach show {tracking}`.")
    if filed.journal_id is not None and not filed.tracking_numbers:
        say(
            f"No form was found that can be read (journal entry {filed.journal_id}, "
            f"{filed.disposition or 'to be tried again'}). The files are kept; look at them."
        )
