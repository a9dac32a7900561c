"""Load the configuration: find the file, read it and the environment, and check everything at once.

Outcomes of `load_settings`: a frozen `Settings`, or a `ConfigurationError` that carries every
problem there is, each with a stable id, its key and a hint. Secrets named by a `…_file` key are
read here; no secret ever appears in a representation or in an error.
"""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from config.cautions import find_configuration_warnings
from config.checks import find_problems
from config.complaints import build_problem
from config.problems import ConfigurationError, ConfigurationProblem, name_mailbox
from config.sections import (
    AccountingSettings,
    AlertSettings,
    CertificationSettings,
    DatabaseSettings,
    DeliverySettings,
    DetailSettings,
    FolderSettings,
    GeneralSettings,
    HeaderMatch,
    IntakeSettings,
    MailboxSettings,
    OAuth2Settings,
    ReadingSettings,
    ReviewSettings,
    Role,
    Settings,
    SmtpSettings,
    StaffMember,
)
from config.sources import (
    FILE_VARIABLE,
    EnvironmentSource,
    IndexedTomlSource,
    list_variables,
    number_tables,
)

__all__ = [
    "AccountingSettings",
    "AlertSettings",
    "CertificationSettings",
    "ConfigurationError",
    "ConfigurationProblem",
    "DatabaseSettings",
    "DeliverySettings",
    "DetailSettings",
    "FolderSettings",
    "GeneralSettings",
    "HeaderMatch",
    "IntakeSettings",
    "MailboxSettings",
    "OAuth2Settings",
    "ReadingSettings",
    "ReviewSettings",
    "Role",
    "Settings",
    "SmtpSettings",
    "StaffMember",
    "build_settings",
    "find_configuration_file",
    "find_configuration_warnings",
    "load_settings",
]

#: Where the file is looked for when nobody names one: the working directory, then the system.
_LOCAL_FILE = Path("config/worker.toml")
_SYSTEM_FILE = Path("/etc/ero-outreach/worker.toml")

#: A password file longer than this is no password file.
_SECRET_BYTES = 16_384
#: Keys whose value may also stand in the file that `…_file` names.
_SECRETS = ("password", "url", "signing_password", "pin")

#: Values that stand in for required ones which are missing, so that the other checks are made.
_STAND_INS: Mapping[str, Any] = {
    "mailbox": {"0": {}},
    "staff": {"0": {}},
    "name": "x",
    "host": "localhost",
    "username": "x",
    "addresses": ["mailbox@stand-in.example"],
    "from_address": "mailbox@stand-in.example",
    "from_name": "x",
    "email": "staff@stand-in.example",
    "roles": ["reviewer"],
    "urgent": ["urgent@stand-in.example"],
    "verify_address": "mailbox@stand-in.example",
    "header": "x",
    "value": "x",
    "client_id": "x",
}


def find_configuration_file(
    explicit: Path | None, environ: Mapping[str, str], cwd: Path
) -> Path | None:
    """Return the file to read: the one named, `$ERO_CONFIG`'s, or the first usual one that exists.

    A file that was named is returned whether it exists or not; `load_settings` says so if not.
    """
    if explicit is not None:
        return explicit
    if environ.get(FILE_VARIABLE):
        return Path(environ[FILE_VARIABLE])
    usual = (cwd / _LOCAL_FILE, _SYSTEM_FILE)
    return next((path for path in usual if path.is_file()), None)


def load_settings(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Return the checked settings from a TOML file and the `ERO_…` variables above it.

    Raises `ConfigurationError` with every problem at once. Without a file the variables must do.
    """
    if path is None and not list_variables(environ):
        raise ConfigurationError((_no_file_at_all(),))
    unreadable = None if path is None else _find_file_problem(path)
    if unreadable is not None:
        raise ConfigurationError((unreadable,))
    lower = IndexedTomlSource(Settings, path)() if path is not None else {}
    return build_settings(_merge(lower, EnvironmentSource(Settings, environ)()))


def build_settings(gathered: Mapping[str, Any]) -> Settings:
    """Return the checked settings from one nested table, reading the secret files it names.

    Raises `ConfigurationError` with every problem at once.
    """
    table = number_tables(copy.deepcopy(dict(gathered)))
    for section in Settings.model_fields:
        table.setdefault(section, copy.deepcopy(_STAND_INS.get(section, {})))
    problems = {problem.key: problem for problem in _read_secrets(table)}
    settings = _validate(table, problems)
    if settings is not None:
        known = frozenset(problems)
        for found in find_problems(settings, without=known):
            problems.setdefault(f"{found.key} {found.id}", found)
    if problems or settings is None:
        raise ConfigurationError(tuple(sorted(problems.values(), key=lambda p: (p.id, p.key))))
    return settings


def _validate(table: dict[str, Any], problems: dict[str, ConfigurationProblem]) -> Settings | None:
    """Return settings for the cross-checks, adding to `problems` what single values have wrong.

    Wrong values are taken out and missing ones stood in for, so that what depends on the others is
    still checked; after a few rounds that do not settle, nothing is returned.
    """
    first_round = True
    for _ in range(8):
        errors = _find_errors(table)
        if isinstance(errors, Settings):
            return errors
        for error in errors:
            if first_round:
                problem = build_problem(error)
                problems.setdefault(problem.key, problem)
            _repair(table, error)
        first_round = False
    return None


def _find_errors(table: dict[str, Any]) -> Settings | list[ErrorDetails]:
    try:
        return Settings(**table)
    except ValidationError as error:
        # Returned, not raised onward: the error's own text may quote what was given.
        return error.errors(include_url=False, include_input=False)


def _repair(table: dict[str, Any], error: ErrorDetails) -> None:
    node = table
    location = [str(part) for part in error["loc"]]
    for part in location[:-1]:
        if not isinstance(node.get(part), dict):
            break
        node = node[part]
        location = location[1:]
    key = location[0]
    if error["type"] in {"missing", "too_short"} and key in _STAND_INS:
        node[key] = copy.deepcopy(_STAND_INS[key])
    else:
        node.pop(key, None)


def _merge(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    """Return `lower` with the keys of `upper` above it, table by table."""
    merged = dict(lower)
    for secret in _SECRETS:
        if secret in upper or f"{secret}_file" in upper:
            # Either form of a secret in the environment takes the place of both in the file.
            merged = {k: v for k, v in merged.items() if k not in {secret, f"{secret}_file"}}
    for key, value in upper.items():
        below = merged.get(key)
        both = isinstance(below, dict) and isinstance(value, dict)
        merged[key] = _merge(below, value) if both else value  # type: ignore[arg-type]  # both says so
    return merged


def _read_secrets(table: dict[str, Any]) -> tuple[ConfigurationProblem, ...]:
    alerts = table.get("alerts")
    places = [
        ("smtp", table.get("smtp"), "password"),
        ("alerts.smtp", alerts.get("smtp") if isinstance(alerts, dict) else None, "password"),
        ("database", table.get("database"), "url"),
        ("certification", table.get("certification"), "signing_password"),
    ]
    mailboxes = table.get("mailbox")
    if isinstance(mailboxes, dict):
        numbered = [(int(n), mailbox) for n, mailbox in mailboxes.items() if n.isdigit()]
        places += [(name_mailbox(n), mailbox, "password") for n, mailbox in numbered]
    staff = table.get("staff")
    if isinstance(staff, dict):
        places += [(f"staff[{n}]", person, "signing_password") for n, person in staff.items()]
    signers = [(key, table) for key, table, name in places if name.startswith("signing")]
    places += [
        (f"{key}.signing_pkcs11", section.get("signing_pkcs11"), "pin")
        for key, section in signers
        if isinstance(section, dict)
    ]
    found = [
        _read_secret(f"{key}.{secret}_file", section, secret)
        for key, section, secret in places
        if isinstance(section, dict)
    ]
    return tuple(problem for problem in found if problem is not None)


def _read_secret(key: str, section: dict[str, Any], name: str) -> ConfigurationProblem | None:
    """Put the secret its file holds into the section, or return why that cannot be done."""
    path = section.get(f"{name}_file")
    if not isinstance(path, str) or not path:
        return None
    if section.get(name):
        return ConfigurationProblem(
            id="E011",
            key=key,
            message=f"The {name} is given twice.",
            hint=f"Keep {name}_file and remove {name}.",
        )
    try:
        with Path(path).open("rb") as file:
            secret = file.read(_SECRET_BYTES).decode("utf-8").rstrip("\r\n")
        why = "" if secret else "The file is empty."
    except (OSError, ValueError) as error:
        secret = ""
        why = f"The file cannot be read: {_find_reason(error)}."
    if why:
        hint = f"Put the {name}, and nothing else, into a file this user can read."
        return ConfigurationProblem(id="E010", key=key, message=why, hint=hint)
    section[name] = secret
    return None


def _find_reason(error: OSError | ValueError) -> str:
    # A decoding error quotes the bytes it stumbled over, which are the secret's.
    return (error.strerror or "unreadable").lower() if isinstance(error, OSError) else "not text"


def _no_file_at_all() -> ConfigurationProblem:
    return ConfigurationProblem(
        id="E001",
        key="",
        message=f"There is no configuration file: neither {_LOCAL_FILE} nor {_SYSTEM_FILE}.",
        hint=f"Copy config/worker.example.toml to {_LOCAL_FILE}, or name one with --config.",
    )


def _find_file_problem(path: Path) -> ConfigurationProblem | None:
    try:
        tomllib.loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        return ConfigurationProblem(
            id="E001",
            key="",
            message=f"The configuration file {path} cannot be read: {_find_reason(error)}.",
            hint="Name another with --config, or copy config/worker.example.toml there.",
        )
    except ValueError as error:
        where = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "it is not UTF-8 text"
        return ConfigurationProblem(
            id="E002",
            key="",
            message=f"The configuration file {path} is not TOML: {where}.",
            hint="Compare the line with config/worker.example.toml.",
        )
    return None
