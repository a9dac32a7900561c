"""Turn what the models object to into problems a person can act on.

Every objection becomes one `ConfigurationProblem`; none of them quotes the value that was given.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from config.problems import ConfigurationProblem
from config.sections import Settings

_EXAMPLE = "config/worker.example.toml shows every key."

#: What a value must be, by the beginning of pydantic's name for the error.
_KINDS: tuple[tuple[str, str], ...] = (
    ("bool", "It must be true or false."),
    ("int", "It must be a whole number."),
    ("string", "It must be text in quotes."),
    ("tuple", 'It must be a list, such as ["one", "two"].'),
    ("model", "It must be a table of keys."),
    ("dict", "It must be a table of keys."),
)


def name_key(location: Sequence[str | int]) -> str:
    """Return a location in the settings as a key, `staff[1].email`; mailbox 0 has no number."""
    key = ""
    for position, part in enumerate(location):
        if isinstance(part, str):
            key += f".{part}" if key else part
        elif (location[0], position, part) != ("mailbox", 1, 0):
            key += f"[{part}]"
    return key


def name_variable(location: Sequence[str | int]) -> str:
    """Return the environment variable that sets a location, `ERO_STAFF__1__EMAIL`."""
    parts = [p for n, p in enumerate(location) if (location[0], n, p) != ("mailbox", 1, 0)]
    return "ERO_" + "__".join(str(part).upper() for part in parts)


def build_problem(error: ErrorDetails) -> ConfigurationProblem:
    """Return the problem that one validation error stands for."""
    id_, message, hint = _explain(error, error["loc"])
    return ConfigurationProblem(id=id_, key=name_key(error["loc"]), message=message, hint=hint)


def _explain(error: ErrorDetails, location: tuple[int | str, ...]) -> tuple[str, str, str]:
    kind, context = error["type"], error.get("ctx", {})
    if kind in {"missing", "too_short"}:
        return "E004", "is missing.", f"Set it in the file, or as {name_variable(location)}."
    if kind == "extra_forbidden":
        return "E003", "There is no such key.", _suggest_key(location)
    if kind == "literal_error":
        return "E006", f"It must be {context['expected']}.", _EXAMPLE
    if kind == "value_error":
        return "E006", str(context["error"]), _EXAMPLE
    if kind == "E060":
        return "E060", error["msg"], 'Write it as "America/New_York".'
    return _explain_kind(kind, context)


def _explain_kind(kind: str, context: dict[str, Any]) -> tuple[str, str, str]:
    if "ge" in context:
        return "E006", f"It must be {context['ge']} or more.", _EXAMPLE
    if "le" in context:
        return "E006", f"It must be {context['le']} or less.", _EXAMPLE
    sentence = next((text for start, text in _KINDS if kind.startswith(start)), "It is not usable.")
    return "E005", sentence, _EXAMPLE


def _suggest_key(location: tuple[int | str, ...]) -> str:
    known = _find_model(location[:-1]).model_fields
    close = difflib.get_close_matches(str(location[-1]), known, n=1, cutoff=0.6)
    return f"Did you mean {close[0]}?" if close else _EXAMPLE


def _find_model(location: Sequence[str | int]) -> type[BaseModel]:
    model: type[BaseModel] = Settings
    for part in location:
        if isinstance(part, str) and part in model.model_fields:
            model = _find_inner(model.model_fields[part].annotation) or model
    return model


def _find_inner(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for a in get_args(annotation) if (found := _find_inner(a))), None)
