"""Commands that look at files and need no configuration: extract, explain, forms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from config.data import read_data
from inbox_worker.cli.help import HELP_NAMES, AsJson, Command, Group
from inbox_worker.cli.output import (
    Pair,
    count,
    print_json,
    print_pairs,
    print_table,
    say,
    show_work,
)
from inbox_worker.desk.document_files import FileReading, read_file
from inbox_worker.desk.explaining import build_unexplained, explain_mail
from inbox_worker.errors import WorkerError
from inbox_worker.reading.reader import DocumentReader, load_definitions
from inbox_worker.service import opening
from outbound.forms.filling import FormFillingError, fill_form, parse_form_data
from parsers.classification.classify import MessageKind
from parsers.definition import FormDefinition
from parsers.extraction import DocumentKind, Extraction, FieldProblem
from parsers.forms.drafting import DraftError, draft_definition
from parsers.reading.shown_values import LETTERS_NOT_DRAWN, SHOWN_OTHERWISE

_JSON = Annotated[bool, typer.Option("--json", help="Print one JSON document a line.")]
_OUTPUT = Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The PDF to write.")]
_EASTERN = ZoneInfo("America/New_York")

#: How much of a mail's new text a terminal is shown.
_LINES = 30

forms = typer.Typer(
    cls=Group,
    context_settings=HELP_NAMES,
    help="Show the form definitions, write the blank form or a filled one.",
    epilog="Example: ero-outreach forms blank -o blank.pdf",
    rich_markup_mode="rich",
)


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command(cls=Command, epilog="Example: ero-outreach extract form.pdf --json")(extract)
    app.command(cls=Command, epilog="Example: ero-outreach explain mail.eml --json")(explain)
    forms.command("list", cls=Command, epilog="Example: ero-outreach forms list")(list_forms)
    forms.command("blank", cls=Command, epilog="Example: ero-outreach forms blank -o blank.pdf")(
        blank
    )
    forms.command(
        "fill", cls=Command, epilog="Example: ero-outreach forms fill data.json -o form.pdf"
    )(fill)
    forms.command(
        "draft", cls=Command, epilog="Example: ero-outreach forms draft form.pdf -o form.toml"
    )(draft)
    app.add_typer(forms, name="forms")


def extract(
    files: Annotated[
        list[Path], typer.Argument(help="PDFs or pictures (TIFF, JPEG, PNG).", metavar="FILE")
    ],
    *,
    password: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="The password that opens them.", show_default=False),
    ] = None,
    as_json: _JSON = False,
) -> None:
    """Show what the program reads in documents; no database is touched.

    The exit code is 1 when one of them cannot be opened or is damaged.
    """
    failed = False
    with _open_reader() as reader:
        for number, path in enumerate(files):
            with show_work(f"Reading {path} ({number + 1} of {len(files)}) …"):
                found = read_file(reader, path, password=password, today=_today())
            failed = failed or found.extraction.kind is DocumentKind.UNREADABLE
            if as_json:
                print_json({"file": str(path), **found.to_json()})
            else:
                if number:
                    say("")
                _print_file(path, found)
    raise typer.Exit(int(failed))


def _print_file(path: Path, found: FileReading) -> None:
    _print_forms(str(path), found.extraction)
    codes = {w.code for w in found.extraction.warnings}
    if "password_needed" in codes:
        say("Here it can be opened with --password.")
    others = []
    for inside in found.inside:
        name = f"{inside.paper.found_in} › {inside.paper.name or 'a file without a name'}"
        if inside.extraction is None:
            others.append(name)
        else:
            say("")
            _print_forms(name, inside.extraction)
    if others:
        say(f"\nAlso inside, and not read because they are no documents: {'; '.join(others)}.")


def _print_forms(name: str, found: Extraction) -> None:
    """Print what was read in a document, form by form where it holds several."""
    _print_extraction(f"{name}, form 1" if found.further else name, found)
    for number, further in enumerate(found.further, 2):
        say("")
        _print_extraction(f"{name}, form {number}", further)


def _print_extraction(name: str, found: Extraction) -> None:
    facts = [found.kind.value]
    facts += [found.definition] if found.definition else []
    facts += [count(found.pages, "page")] if found.pages else []
    say(f"{name}: {', '.join(facts)}")
    if found.fields:
        rows = [
            (name, _show(v.value), v.source, f"{v.confidence:.2f}")
            for name, v in found.fields.items()
        ]
        print_table("", ("field", "value", "source", "confidence"), rows)
    if found.missing:
        say(f"Missing: {', '.join(found.missing)}.")
    for problem in found.problems:
        # What only a person should look at is nothing that the requester did wrong.
        word = "Doubtful" if problem.flag_only else "Wrong"
        if problem.code == LETTERS_NOT_DRAWN:
            word = "Note"
        say(f"{word}: {problem.field}: {problem.message}{_tell_shown(found, problem)}")
    for warning in found.warnings:
        say(f"Note: {warning.message}")


def _tell_shown(found: Extraction, problem: FieldProblem) -> str:
    """Return what the page shows of a value, where the problem is that it shows another."""
    value = found.fields.get(problem.field)
    if value is None or value.shown is None or problem.code not in SHOWN_OTHERWISE:
        return ""
    return f" It shows: {value.shown}" if value.shown else ""


def _show(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "; ".join(value) if isinstance(value, tuple) else str(value)


def explain(
    context: typer.Context,
    mails: Annotated[list[Path], typer.Argument(help="Raw mails (.eml).", metavar="MAIL")],
    *,
    as_json: _JSON = False,
) -> None:
    """Show what the program makes of raw mails: kind, rule, forms, new text and command.

    No database and no server are touched. Where a configuration is at hand, its addresses count as
    ours; else the recipients of each mail do.
    """
    own, spam_marks = context.obj.find_own_addresses(), context.obj.find_spam_marks()
    failed = False
    with _open_reader() as reader:
        for number, path in enumerate(mails):
            try:
                raw = path.read_bytes()
                found = explain_mail(raw, reader, own=own, today=_today(), spam_marks=spam_marks)
            except OSError as error:
                found = build_unexplained(f"The file cannot be opened: {error.strerror}.")
            failed = failed or "problem" in found
            if as_json:
                print_json({"file": str(path), **found})
            else:
                say(f"\n{path}" if number else str(path))
                print_pairs("", _list_explanation(found))
    raise typer.Exit(int(failed))


def _tell_topics(found: dict[str, Any]) -> Iterator[str]:
    for topic, rule in found["topic_rules"].items():
        yield f"{topic}, by {rule}"
        if topic in found["topic_words"]:
            yield f"  words: {', '.join(found['topic_words'][topic])}"


def _list_explanation(found: dict[str, Any]) -> Iterator[Pair]:
    if "problem" in found:
        yield "problem", found["problem"]
        return
    yield "kind", f"{found['kind']}, by the rule {found['rule']}"
    if found["topics"]:
        yield "about", "\n".join(_tell_topics(found))
    yield "forms", "\n".join(_tell_form(form) for form in found["forms"]) or "none"
    yield "attachments", "\n".join(map(_tell_paper, found["attachments"])) or "none"
    lines = found["new_text"].split("\n")
    more = [f"… ({count(len(lines) - _LINES, 'more line')})"] if len(lines) > _LINES else []
    yield "new text", "\n".join([*lines[:_LINES], *more]) or "none"
    # Of anything but a reply it would go without saying that it commands nothing.
    if found["command"] is not None or found["kind"] == MessageKind.STAFF_REPLY:
        yield "as a review reply", "\n".join(_tell_command(found))


def _tell_paper(paper: dict[str, Any]) -> str:
    where = f", in {paper['found_in']}" if "found_in" in paper else ""
    return f"{paper['name'] or 'without a name'}, {paper['type']}, {paper['size']:,} bytes{where}"


def _tell_form(form: dict[str, Any]) -> str:
    facts = [form["kind"]]
    facts += [form["definition"]] if form["definition"] else []
    facts += [count(form["pages"], "page")] if form["pages"] else []
    facts += [f"missing: {', '.join(form['missing'])}"] if form["missing"] else []
    facts += [f"{p['field']}: {p['message']}" for p in form["problems"]]
    facts += [w["message"] for w in form["warnings"]]
    return f"{form['name'] or 'without a name'}: {'; '.join(facts)}"


def _tell_command(found: dict[str, Any]) -> Iterator[str]:
    command = found["command"]
    if command is not None:
        yield f"{command['keyword']}, obeyed when its sender may"
        if command["argument"]:
            yield f"its argument: {command['argument']}"
        if command["fields"]:
            yield f"its fields: {', '.join(command['fields'])}"
        return
    yield "decides nothing"
    for problem in found["command_problems"]:
        yield (
            f"“{problem['line']}”: {problem['message']}" if problem["line"] else problem["message"]
        )


def list_forms(*, as_json: AsJson = False) -> None:
    """List the form definitions."""
    found = [
        {"id": d.id, "title": d.title, "version": d.version_text, "fields": len(d.fields)}
        for d in load_definitions()
    ]
    if as_json:
        print_json(found)
    else:
        rows = [[str(v) for v in row.values()] for row in found]
        print_table("", ("id", "title", "version", "fields"), rows)


def blank(output: _OUTPUT) -> None:
    """Write the blank form, as it is sent to whoever asks for it."""
    _write(output, _blank_form(load_definitions()[0]))


def fill(
    data: Annotated[
        Path,
        typer.Argument(
            help='Field values by machine name, such as {"requester_name": "Dana Whitlock"}.',
            metavar="DATA.json",
        ),
    ],
    output: _OUTPUT,
) -> None:
    """Write a filled form from field values, as `extract --json` prints them or plain."""
    definition = load_definitions()[0]
    try:
        values = parse_form_data(data.read_bytes())
        document = fill_form(definition, _blank_form(definition), values)
    except OSError as error:
        raise WorkerError(f"{data} cannot be read: {error.strerror}.") from None
    except FormFillingError as error:
        raise WorkerError("\n".join(error.problems)) from None
    _write(output, document)


def draft(
    form: Annotated[Path, typer.Argument(help="A fillable PDF.", metavar="FILE")],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="TOML", help="The file to write; else it is printed."
        ),
    ] = None,
) -> None:
    """Draft a definition for a form the program has never seen, with its guesses marked."""
    try:
        drafted = draft_definition(
            form.read_bytes(), file_name=form.name, known=load_definitions()[0]
        )
    except OSError as error:
        raise WorkerError(f"{form} cannot be read: {error.strerror}.") from None
    except DraftError as error:
        raise WorkerError(f"{form}: {error}") from None
    if output is None:
        typer.echo(drafted, nl=False)
        return
    _write(output, drafted.encode())
    say("Look at every line that is marked as a guess; the file's head says what to do with it.")


def _blank_form(definition: FormDefinition) -> bytes:
    return read_data(f"forms/{definition.blank_form}")


def _write(output: Path, document: bytes) -> None:
    try:
        output.write_bytes(document)
    except OSError as error:
        raise WorkerError(f"{output} cannot be written: {error.strerror}.") from None
    say(f"Wrote {output}.")


def _today() -> date:
    return opening.now().astimezone(_EASTERN).date()


@contextmanager
def _open_reader() -> Iterator[DocumentReader]:
    with DocumentReader(load_definitions()) as reader:
        yield reader
