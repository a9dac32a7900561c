"""What all commands share: how their help looks and ends, and the switch that prints JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

#: What every command understands for help.
HELP_NAMES = {"help_option_names": ["--help", "-h"]}

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


def _drop_switch_types(parameters: list[Any]) -> list[Any]:
    """Return the parameters; a switch says nothing of the `bool` that it is."""
    for parameter in parameters:
        if getattr(parameter, "is_flag", False) and parameter.metavar is None:
            parameter.metavar = ""
    return parameters


class Command(TyperCommand):
    """One command."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return what the command takes."""
        return _drop_switch_types(super().get_params(ctx))


class Group(TyperGroup):
    """Several commands."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return what comes before the command."""
        return _drop_switch_types(super().get_params(ctx))


def build_group(purpose: str, *, example: str) -> typer.Typer:
    """Return a group of commands whose help ends in an example."""
    return typer.Typer(
        cls=Group,
        context_settings=HELP_NAMES,
        help=purpose,
        epilog=_tell_example(example),
        rich_markup_mode="rich",
    )


def add_command(
    app: typer.Typer, function: Callable[..., None], *, example: str, name: str | None = None
) -> None:
    """Add a command whose help ends in an example; it is called as its function, unless told."""
    app.command(name, cls=Command, epilog=_tell_example(example))(function)


def _tell_example(example: str) -> str:
    return f"Example: ero-outreach {example}"
