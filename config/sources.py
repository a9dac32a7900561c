"""Where settings come from: a TOML file and, above it, variables named `ERO_SECTION__KEY`.

Both give one nested table. Lists of tables (`[[mailbox]]`, `[[staff]]`) become tables keyed 0, 1,
2, so that `ERO_MAILBOX__0__PASSWORD_FILE` changes one key of the first mailbox and leaves its
others alone. The first mailbox needs no number: `ERO_MAILBOX__PASSWORD_FILE`. A
list given whole, as JSON (`ERO_STAFF='[{"name": …}]'`), replaces the file's.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, TomlConfigSettingsSource

#: Names the file, and is no setting itself.
FILE_VARIABLE = "ERO_CONFIG"


class IndexedTomlSource(TomlConfigSettingsSource):
    """A TOML file whose lists of tables are keyed by their position.

    Raises `OSError`, `tomllib.TOMLDecodeError` or `UnicodeDecodeError` when it is made.
    """

    def _read_file(self, file_path: Any) -> dict[str, Any]:
        read = tomllib.loads(Path(file_path).read_bytes().decode("utf-8"))
        return number_tables(read)


class EnvironmentSource(PydanticBaseSettingsSource):
    """The variables of a given environment, nested at every double underscore.

    Leaves stay text: the models read numbers, yes and no, and JSON lists out of it, so that a
    password that looks like JSON stays the password it is.
    """

    def __init__(self, settings_cls: type[BaseSettings], environ: Mapping[str, str]) -> None:
        super().__init__(settings_cls)
        self._environ = environ

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return the value of one section, its name, and that it needs no further decoding."""
        del field
        return self().get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return the nested table of everything this environment sets."""
        gathered: dict[str, Any] = {}
        # The shortest names come first: a section given whole is the ground its single keys change.
        for name in sorted(list_variables(self._environ), key=lambda n: (n.count("__"), n)):
            path = name.removeprefix("ERO_").lower().split("__")
            _put(gathered, path, self._environ[name])
        return _number_mailbox(gathered)


def list_variables(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the variables that are meant as settings, sorted."""
    return tuple(sorted(n for n in environ if n.startswith("ERO_") and n != FILE_VARIABLE))


def number_tables(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of `table` in which every list of tables is a table keyed 0, 1, 2."""
    return _number_mailbox({key: _index_tables(value) for key, value in table.items()})


def _index_tables(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _index_tables(inner) for key, inner in value.items()}
    if isinstance(value, list) and value and all(isinstance(inner, dict) for inner in value):
        return {str(position): _index_tables(inner) for position, inner in enumerate(value)}
    return value


def _number_mailbox(table: dict[str, Any]) -> dict[str, Any]:
    """Return the table with keys given to the mailbox without a number given to the first one."""
    mailbox = table.get("mailbox")
    if not isinstance(mailbox, dict) or all(key.isdigit() for key in mailbox):
        return table
    plain = {key: value for key, value in mailbox.items() if not key.isdigit()}
    numbered = {key: value for key, value in mailbox.items() if key.isdigit()}
    first = numbered.get("0", {})
    numbered["0"] = {**plain, **(first if isinstance(first, dict) else {})}
    return {**table, "mailbox": numbered}


def _put(table: dict[str, Any], path: list[str], value: str) -> None:
    for key in path[:-1]:
        inner = table.get(key)
        if isinstance(inner, list) and all(isinstance(entry, dict) for entry in inner):
            inner = table[key] = {str(n): entry for n, entry in enumerate(inner)}
        if not isinstance(inner, dict):
            inner = table[key] = {}
        table = inner
    table[path[-1]] = _decode_whole(value) if len(path) == 1 else value


def _decode_whole(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value
