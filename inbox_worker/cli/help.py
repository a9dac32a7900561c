"""How the help looks: what a switch does, without the type a program would call it."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand, TyperGroup

#: What every command understands for help.
HELP_NAMES = {"help_option_names": ["--help", "-h"]}


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
