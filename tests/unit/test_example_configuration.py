"""`config/worker.example.toml` is what a site copies: it must be complete, true and sound."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from config.sections import Pkcs11Settings
from config.settings import OAuth2Settings, Settings, build_settings, load_settings

EXAMPLE = Path(__file__).parents[2] / "config/worker.example.toml"


def _find_inner(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for a in get_args(annotation) if (found := _find_inner(a))), None)


def list_keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = _find_inner(field.annotation)
        yield from list_keys(inner, f"{prefix}{name}.") if inner else iter([f"{prefix}{name}"])


#: Keys that have no place in the example as a setting, and how its comments mention them.
MENTIONED_ONLY = {"mailbox.password": "key password"}
MENTIONED_ONLY |= {
    f"{section}.oauth2.{key}": key
    for section in ("mailbox", "smtp")
    for key in OAuth2Settings.model_fields
}
MENTIONED_ONLY |= {"smtp.password": "key password"}
MENTIONED_ONLY |= {
    f"{section}.signing_password": "signing_password may hold"
    for section in ("certification", "staff")
}
MENTIONED_ONLY |= {
    f"{section}.signing_pkcs11.{key}": key
    for section in ("certification", "staff")
    for key in Pkcs11Settings.model_fields
}
MENTIONED_ONLY |= {
    key: "[alerts.smtp]" for key in list_keys(Settings) if key.startswith("alerts.smtp.")
}
#: Lists whose entries the example shows in a comment.
SHOWN_IN_A_COMMENT = {
    f"{key}.{name}"
    for key in ("review.trusted_internal", "intake.spam")
    for name in ("header", "value")
}


def list_given(table: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in table.items():
        entries = value if isinstance(value, list) else [value]
        if entries and all(isinstance(entry, dict) for entry in entries):
            for entry in entries:
                yield from list_given(entry, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


@pytest.fixture
def example() -> dict[str, Any]:
    return tomllib.loads(EXAMPLE.read_text("utf-8"))


def test_it_is_valid_once_its_secret_exists(tmp_path: Path) -> None:
    secret = tmp_path / "imap"
    secret.write_text("Gl0cken-spiel\n")
    settings = load_settings(EXAMPLE, {"ERO_MAILBOX__PASSWORD_FILE": str(secret)})
    assert settings.primary_mailbox.password.get_secret_value() == "Gl0cken-spiel"


def test_it_lists_every_key_and_no_other(example: dict[str, Any]) -> None:
    given = set(list_given(example)) | SHOWN_IN_A_COMMENT
    given -= {"review.trusted_internal", "intake.spam"}
    assert given == set(list_keys(Settings)) - set(MENTIONED_ONLY)


@pytest.mark.parametrize("words", sorted(set(MENTIONED_ONLY.values())))
def test_it_mentions_the_keys_it_does_not_set(words: str) -> None:
    comments = " ".join(re.findall(r"^# ?(.*)$", EXAMPLE.read_text("utf-8"), re.MULTILINE))
    assert words in comments


def test_every_value_with_a_default_is_the_default(example: dict[str, Any]) -> None:
    example["mailbox"][0] |= {"password": "Gl0cken-spiel", "password_file": ""}
    shown = build_settings(example)
    # The smallest table that says the same: whatever has no default.
    required = {
        "mailbox": ("name", "host", "username", "addresses", "password"),
        "smtp": ("host", "from_address", "from_name"),
        "staff": ("name", "email", "roles", "title"),
        "alerts": ("urgent", "alarms"),
        "certification": ("verify_address",),
        "review": ("trusted_authserv_ids",),
    }
    smallest: dict[str, Any] = {}
    for section, keys in required.items():
        found = example[section]
        first = found[0] if isinstance(found, list) else found
        kept = {key: first[key] for key in keys}
        smallest[section] = [kept] if isinstance(found, list) else kept
    assert shown == build_settings(smallest)


def test_every_key_stands_below_a_comment() -> None:
    lines = EXAMPLE.read_text("utf-8").splitlines()
    bare = [
        line
        for before, line in itertools.pairwise(lines)
        if line.startswith("[") and not before.startswith("#")
    ]
    assert bare == []
