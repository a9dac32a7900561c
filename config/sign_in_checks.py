"""What a table `oauth2` must hold, by its provider and by where it stands."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from config.problems import ConfigurationProblem
from config.sections import OAuth2Settings, Settings, is_loopback

_Found = Iterator[ConfigurationProblem]


def find_sign_in_problems(settings: Settings) -> _Found:
    """Yield what is wrong with every table `oauth2` there is."""
    several = len(settings.mailbox) > 1
    for position, mailbox in enumerate(settings.mailbox):
        key = f"mailbox[{position}]" if several and position else "mailbox"
        has_password = bool(mailbox.password.get_secret_value())
        if mailbox.oauth2 is not None:
            yield from _find_table_problems(f"{key}.oauth2", mailbox.oauth2, has_password)
    relays = {"smtp": settings.smtp, "alerts.smtp": settings.alerts.smtp}
    for key, relay in relays.items():
        if relay is None or relay.oauth2 is None:
            continue
        has_password = bool(relay.password.get_secret_value())
        yield from _find_table_problems(f"{key}.oauth2", relay.oauth2, has_password)
        if not relay.username:
            yield _problem(
                "E013",
                f"{key}.username",
                "A token is for a user, and none is named.",
                f"Set {key}.username to the account's address.",
            )


def _find_table_problems(key: str, table: OAuth2Settings, has_password: bool) -> _Found:  # noqa: FBT001
    if has_password:
        yield _problem(
            "E013",
            key,
            "There is a password beside it.",
            "Remove the password, or remove the table.",
        )
    missing = _find_missing(table)
    if missing:
        yield _problem(
            "E014",
            f"{key}.{missing}",
            f'The provider "{table.provider}" needs it.',
            "config/worker.example.toml says what each provider needs.",
        )
    url = urlsplit(table.token_url if table.provider == "standard" else table.authority)
    if url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.hostname or "")):
        yield _problem(
            "E020",
            f"{key}.{'token_url' if table.provider == 'standard' else 'authority'}",
            "Secrets are sent there, so it has to begin with https://.",
            "Give the address that the provider's documentation names.",
        )
    yield from _find_file_problems(key, table)


def _find_missing(table: OAuth2Settings) -> str:
    has_secret = table.client_secret_file or table.client_secret.get_secret_value()
    if table.provider == "standard":
        required = {"token_url": table.token_url, "refresh_token_file": table.refresh_token_file}
    else:
        credential = has_secret or table.certificate_file or table.refresh_token_file
        required = {"tenant": table.tenant, "client_secret_file": credential}
    return next((name for name, value in required.items() if not value), "")


def _find_file_problems(key: str, table: OAuth2Settings) -> _Found:
    for name in ("client_secret_file", "certificate_file", "refresh_token_file", "ca_file"):
        path = getattr(table, name)
        if path and not os.access(path, os.R_OK):
            yield _problem(
                "E010",
                f"{key}.{name}",
                "The file does not exist or cannot be read.",
                "Give the path of a file this user can read.",
            )
    path = table.refresh_token_file
    if path and not os.access(Path(path).parent, os.W_OK):
        yield _problem(
            "E015",
            f"{key}.refresh_token_file",
            "Its folder cannot be written, and new refresh tokens are saved there.",
            "Put the file into a folder of its own that this user may write.",
        )


def _problem(id_: str, key: str, message: str, hint: str) -> ConfigurationProblem:
    return ConfigurationProblem(id=id_, key=key, message=message, hint=hint)
