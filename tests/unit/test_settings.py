"""The configuration: where it comes from, what it refuses, and that it never tells a secret."""

from __future__ import annotations

import copy
import datetime
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config.problems import ConfigurationError
from config.settings import (
    Settings,
    build_settings,
    find_configuration_file,
    find_configuration_warnings,
    load_settings,
)

SECRET = "Gl0cken-spiel"

SMALLEST = f"""
[[mailbox]]
name = "outreach"
host = "imap.agency.example"
username = "outreach"
password = "{SECRET}"
addresses = ["ero.outreach@agency.example"]
[smtp]
host = "smtp.agency.example"
from_address = "ero.outreach@agency.example"
from_name = "ERO Outreach"
[review]
trusted_authserv_ids = ["mx.agency.example"]
[[staff]]
name = "R. Ortega"
email = "r.ortega@agency.example"
roles = ["approver", "certifier"]
title = "Deportation Officer"
[alerts]
urgent = ["duty@agency.example"]
[certification]
verify_address = "ero.outreach@agency.example"
"""

Table = dict[str, Any]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "worker.toml"
    path.write_text(SMALLEST)
    return path


def smallest() -> Table:
    return {
        "mailbox": [
            {
                "name": "outreach",
                "host": "imap.agency.example",
                "username": "outreach",
                "password": SECRET,
                "addresses": ["ero.outreach@agency.example"],
            }
        ],
        "smtp": {
            "host": "smtp.agency.example",
            "from_address": "ero.outreach@agency.example",
            "from_name": "ERO Outreach",
        },
        "review": {"trusted_authserv_ids": ["mx.agency.example"]},
        "staff": [
            {
                "name": "R. Ortega",
                "email": "r.ortega@agency.example",
                "roles": ["approver", "certifier"],
                "title": "Deportation Officer",
            }
        ],
        "alerts": {"urgent": ["duty@agency.example"]},
        "certification": {"verify_address": "ero.outreach@agency.example"},
    }


def problems_of(table: Table) -> list[tuple[str, str]]:
    """Return id and key of every problem with `table`; an empty list when it is sound."""
    try:
        build_settings(table)
    except ConfigurationError as error:
        return [(p.id, p.key) for p in error.problems if p.message and p.hint]
    return []


def with_change(change: Callable[[Table], object]) -> Table:
    table = copy.deepcopy(smallest())
    change(table)
    return table


def test_the_smallest_configuration_gets_every_documented_default(file: Path) -> None:
    settings = load_settings(file, {})
    mailbox = settings.primary_mailbox
    assert (mailbox.port, mailbox.tls, mailbox.folder) == (993, "implicit", "INBOX")
    assert (mailbox.idle, mailbox.poll_seconds) == (True, 60)
    assert mailbox.folders.model_dump() == {
        "filed": "Filed",
        "decided": "Decided",
        "answered": "Answered",
        "automatic": "Automatic",
        "quarantine": "Quarantine",
        "other": "For a person",
    }
    assert (settings.smtp.port, settings.smtp.tls, settings.smtp.max_per_minute) == (
        587,
        "starttls",
        30,
    )
    assert settings.delivery.protection == "encrypted"
    assert settings.delivery.filing_copy_attachments
    assert settings.database.url.get_secret_value() == "sqlite:///var/ero-outreach.db"
    review = settings.review
    assert (review.assignment, review.approvals, review.confirm) == ("all", 1, True)
    assert (review.undo_minutes, review.token_days) == (10, 30)
    assert review.refusal_min_business_days == 5
    assert review.refusal_times == (datetime.time(10), datetime.time(15))
    assert (review.trusted_internal, review.require_authentication) == ((), True)
    assert review.detail.find_level("defense_counsel") == "answers"
    assert review.detail.find_level("bail_or_surety") == "answers"
    assert review.detail.find_level("prosecutor") == "full"
    assert review.detail.find_level("other") == review.detail.find_level("astrologer") == "none"
    assert settings.certification.office == "ERO Contact Center of Operations"
    assert settings.certification.require_signature is True
    assert settings.general.timezone == "America/New_York"
    assert settings.general.zone.key == "America/New_York"
    assert settings.general.agency == "U.S. Immigration and Customs Enforcement"
    assert settings.general.languages == ("en", "es")


@pytest.mark.parametrize(
    ("environ", "read", "expected"),
    [
        pytest.param(
            {"ERO_SMTP__PORT": "25"}, lambda s: s.smtp.port, 25, id="a number in a section"
        ),
        pytest.param(
            {"ERO_REVIEW__CONFIRM": "false"}, lambda s: s.review.confirm, False, id="yes or no"
        ),
        pytest.param(
            {"ERO_MAILBOX__HOST": "imap2.agency.example"},
            lambda s: s.primary_mailbox.host,
            "imap2.agency.example",
            id="the one mailbox needs no number",
        ),
        pytest.param(
            {"ERO_MAILBOX__0__PORT": "1993", "ERO_MAILBOX__PORT": "2993"},
            lambda s: (s.primary_mailbox.port, s.primary_mailbox.host),
            (1993, "imap.agency.example"),
            id="a numbered key wins and leaves the others alone",
        ),
        pytest.param(
            {"ERO_MAILBOX__ADDRESSES": '["a@agency.example", "ero.outreach@agency.example"]'},
            lambda s: s.primary_mailbox.addresses[0],
            "a@agency.example",
            id="a list as JSON",
        ),
        pytest.param(
            {"ERO_REVIEW__DETAIL__OTHER": "answers"},
            lambda s: (s.review.detail.other, s.review.detail.defense_counsel),
            ("answers", "answers"),
            id="a key of a table in a section",
        ),
        pytest.param(
            {"ERO_STAFF__0__TITLE": "Supervisory Officer"},
            lambda s: (s.staff[0].title, s.staff[0].name),
            ("Supervisory Officer", "R. Ortega"),
            id="one key of a staff member",
        ),
        pytest.param(
            {
                "ERO_STAFF": '[{"name": "L. Chen", "email": "l.chen@agency.example",'
                ' "roles": ["supervisor", "certifier"], "title": "Officer"}]',
                "ERO_STAFF__0__TITLE": "Director",
            },
            lambda s: [(p.name, p.title) for p in s.staff],
            [("L. Chen", "Director")],
            id="a whole list, then one key of it",
        ),
        pytest.param(
            {"ERO_MAILBOX__PASSWORD": '["not": a list'},
            lambda s: s.primary_mailbox.password.get_secret_value(),
            '["not": a list',
            id="a password that looks like JSON stays as it is",
        ),
        pytest.param(
            {"ERO_CONFIG": "/nowhere", "PATH": "/bin"},
            lambda s: s.smtp.port,
            587,
            id="other variables are none of ours",
        ),
    ],
)
def test_the_environment_stands_above_the_file(
    file: Path, environ: dict[str, str], read: Callable[[Settings], object], expected: object
) -> None:
    assert read(load_settings(file, environ)) == expected


def test_the_environment_alone_is_enough() -> None:
    environ = {
        "ERO_MAILBOX__NAME": "outreach",
        "ERO_MAILBOX__HOST": "imap.agency.example",
        "ERO_MAILBOX__USERNAME": "outreach",
        "ERO_MAILBOX__PASSWORD": SECRET,
        "ERO_MAILBOX__ADDRESSES": '["ero.outreach@agency.example"]',
        "ERO_SMTP__HOST": "smtp.agency.example",
        "ERO_SMTP__FROM_ADDRESS": "ero.outreach@agency.example",
        "ERO_SMTP__FROM_NAME": "ERO Outreach",
        "ERO_REVIEW__TRUSTED_AUTHSERV_IDS": '["mx.agency.example"]',
        "ERO_STAFF__0__NAME": "R. Ortega",
        "ERO_STAFF__0__EMAIL": "r.ortega@agency.example",
        "ERO_STAFF__0__ROLES": '["approver", "certifier"]',
        "ERO_STAFF__0__TITLE": "Deportation Officer",
        "ERO_ALERTS__URGENT": '["duty@agency.example"]',
        "ERO_CERTIFICATION__VERIFY_ADDRESS": "ero.outreach@agency.example",
    }
    assert load_settings(None, environ) == build_settings(smallest())


_RELAY = {
    "host": "smtp.elsewhere.example",
    "from_address": "ero.alarms@agency.example",
    "from_name": "ERO Outreach alarms",
}


_MICROSOFT = {
    "provider": "microsoft",
    "client_id": "x",
    "tenant": "agency.example",
    "client_secret": "x",
}
_STANDARD = {
    "provider": "standard",
    "client_id": "x",
    "token_url": "https://token.example/token",
}


def _signing_in(**changes: str) -> Table:
    """Return a relay that Microsoft's token server lets us in to, but for the changes."""
    return {**_RELAY, "username": "x", "oauth2": {**_MICROSOFT, **changes}}


def _set(section: str, key: str, value: object) -> Callable[[Table], None]:
    def change(table: Table) -> None:
        found = table.setdefault(section, {})
        (found[0] if isinstance(found, list) else found)[key] = value

    return change


def _drop(section: str, key: str) -> Callable[[Table], None]:
    def change(table: Table) -> None:
        found = table[section]
        (found[0] if isinstance(found, list) else found).pop(key)

    return change


def _add_mailbox(**changes: object) -> Callable[[Table], None]:
    """Watch another folder of the same account, but for the changes."""

    def change(table: Table) -> None:
        other = {**table["mailbox"][0], "name": "faxes", "folder": "Faxes"}
        table["mailbox"].append(other | changes)

    return change


def _add_staff(**person: object) -> Callable[[Table], None]:
    def change(table: Table) -> None:
        table["staff"].append(
            {
                "name": "L. Chen",
                "email": "l.chen@agency.example",
                "roles": ["reviewer"],
                **person,
            }
        )

    return change


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_drop("mailbox", "host"), ("E004", "mailbox.host")),
        (_drop("mailbox", "name"), ("E004", "mailbox.name")),
        (_drop("mailbox", "username"), ("E004", "mailbox.username")),
        (_drop("mailbox", "password"), ("E004", "mailbox.password_file")),
        (_drop("mailbox", "addresses"), ("E004", "mailbox.addresses")),
        (_drop("smtp", "host"), ("E004", "smtp.host")),
        (_drop("smtp", "from_address"), ("E004", "smtp.from_address")),
        (_drop("smtp", "from_name"), ("E004", "smtp.from_name")),
        (_drop("staff", "email"), ("E004", "staff[0].email")),
        (_drop("certification", "verify_address"), ("E004", "certification.verify_address")),
        (_drop("alerts", "urgent"), ("E004", "alerts.urgent")),
        (_set("alerts", "urgent", []), ("E050", "alerts.urgent")),
        (_set("mailbox", "host", " "), ("E004", "mailbox.host")),
        (_set("mailbox", "name", "n" * 101), ("E006", "mailbox.name")),
        (_set("mailbox", "host", "imap.agency.example\r\nX"), ("E006", "mailbox.host")),
        (_set("mailbox", "hots", "x"), ("E003", "mailbox.hots")),
        (lambda t: t.update(smpt={"port": 1}), ("E003", "smpt")),
        (_set("review", "detail", {"clerk": "full"}), ("E003", "review.detail.clerk")),
        (_set("smtp", "port", "many"), ("E005", "smtp.port")),
        (_set("smtp", "port", 0), ("E006", "smtp.port")),
        (_set("smtp", "port", 65536), ("E006", "smtp.port")),
        (_set("smtp", "from_name", "ERO\r\nBcc: x@y.example"), ("E006", "smtp.from_name")),
        (_set("smtp", "from_address", "outreach"), ("E006", "smtp.from_address")),
        (_set("mailbox", "addresses", ["a b@agency.example"]), ("E006", "mailbox.addresses[0]")),
        (_set("mailbox", "tls", "ssl"), ("E006", "mailbox.tls")),
        (_set("mailbox", "tls", "none"), ("E020", "mailbox.tls")),
        (_set("smtp", "tls", "none"), ("E020", "smtp.tls")),
        (_set("mailbox", "ca_file", "/nowhere/ca.pem"), ("E021", "mailbox.ca_file")),
        (_set("mailbox", "folders", {"filed": "INBOX"}), ("E022", "mailbox.folders.filed")),
        (_set("mailbox", "folders", {"filed": "answered"}), ("E022", "mailbox.folders.answered")),
        (_set("mailbox", "password_file", "/nowhere/x"), ("E011", "mailbox.password_file")),
        (_set("smtp", "password_file", "/nowhere/x"), ("E010", "smtp.password_file")),
        (_set("smtp", "username", "outreach"), ("E012", "smtp.password_file")),
        (_set("smtp", "password", SECRET), ("E012", "smtp.username")),
        (_add_staff(email="R.Ortega@agency.example"), ("E030", "staff[1].email")),
        (_add_staff(deputy="nobody@agency.example"), ("E031", "staff[1].deputy")),
        (_add_staff(deputy="l.chen@agency.example"), ("E031", "staff[1].deputy")),
        (_add_staff(roles=["certifier"]), ("E032", "staff[1].title")),
        (_add_staff(email="ero.outreach@agency.example"), ("E034", "staff[1].email")),
        (_add_staff(roles=["boss"]), ("E006", "staff[1].roles[0]")),
        (_add_staff(roles=[]), ("E004", "staff[1].roles")),
        (_set("staff", "roles", ["approver"]), ("E033", "staff")),
        (_set("staff", "roles", ["reviewer", "certifier"]), ("E033", "staff")),
        (_set("review", "approvals", 2), ("E035", "review.approvals")),
        (_set("review", "approvals", 3), ("E006", "review.approvals")),
        (_set("review", "refusal_times", []), ("E040", "review.refusal_times")),
        (_set("review", "refusal_times", ["10:00", "25:00"]), ("E006", "review.refusal_times[1]")),
        (_set("review", "refusal_times", [10]), ("E006", "review.refusal_times[0]")),
        (_set("review", "detail", {"other": "some"}), ("E006", "review.detail.other")),
        (_drop("review", "trusted_authserv_ids"), ("E041", "review.trusted_authserv_ids")),
        (_set("alerts", "alarms", ["ERO.Outreach@agency.example"]), ("E034", "alerts.alarms")),
        (_set("general", "timezone", "Mars/Olympus"), ("E060", "general.timezone")),
        (_set("general", "timezone", "../../etc/passwd"), ("E060", "general.timezone")),
        (_set("general", "languages", ["en", "fr"]), ("E006", "general.languages[1]")),
        (_set("general", "languages", []), ("E004", "general.languages")),
        (_set("database", "url", "mysql://x"), ("E070", "database.url")),
        (_set("database", "url", "sqlite:///:memory:"), ("E070", "database.url")),
        (_set("database", "url", "postgresql://x/y"), ("E070", "database.url")),
        (_set("database", "url", "postgresql+psycopg://x"), ("E070", "database.url")),
        (_set("database", "url", "postgresql+psycopg://x/"), ("E070", "database.url")),
        (_set("database", "url", " "), ("E004", "database.url")),
        (_set("database", "url_file", "/nowhere/x"), ("E010", "database.url_file")),
        (_set("database", "lease_seconds", 4), ("E006", "database.lease_seconds")),
        (_set("delivery", "protection", "rot13"), ("E006", "delivery.protection")),
        (
            _set("certification", "signing_pkcs12", "k.p12"),
            ("E045", "certification.signing_password_file"),
        ),
        (
            _set("certification", "signing_password", "k"),
            ("E045", "certification.signing_pkcs12"),
        ),
        (
            _set("certification", "signing_password_file", "/nowhere/x"),
            ("E010", "certification.signing_password_file"),
        ),
        (
            _set("certification", "timestamp_url", "http://t.example"),
            ("E048", "certification.timestamp_ca_file"),
        ),
        (_set("mailbox", "oauth2", {"provider": "standard"}), ("E004", "mailbox.oauth2.client_id")),
        (_set("mailbox", "oauth2", _MICROSOFT), ("E013", "mailbox.oauth2")),
        (_set("smtp", "oauth2", _MICROSOFT), ("E013", "smtp.username")),
        (
            _set("alerts", "smtp", _signing_in(client_secret="")),
            ("E014", "alerts.smtp.oauth2.client_secret_file"),
        ),
        (
            _set(
                "alerts",
                "smtp",
                _signing_in(client_secret="", certificate_file="/nowhere/client.pem"),
            ),
            ("E010", "alerts.smtp.oauth2.certificate_file"),
        ),
        (
            _set("alerts", "smtp", {**_RELAY, "username": "x", "oauth2": _STANDARD}),
            ("E014", "alerts.smtp.oauth2.refresh_token_file"),
        ),
        (
            _set("alerts", "smtp", _signing_in(authority="http://x.example")),
            ("E020", "alerts.smtp.oauth2.authority"),
        ),
        (_set("review", "assignment", "field_office"), ("E036", "review.assignment")),
        (_set("staff", "offices", ["Atlantis"]), ("E037", "staff")),
        (_set("review", "remind_business_days", [1, 2]), ("E004", "review.remind_business_days")),
        (_set("review", "require_smime", True), ("E042", "review.smime_ca_file")),
        (_add_mailbox(name="Outreach"), ("E023", "mailbox[1].name")),
        (_add_mailbox(folder="INBOX"), ("E023", "mailbox[1].folder")),
        (_add_mailbox(folders={"filed": "A", "other": "inbox"}), ("E023", "mailbox[1].folder")),
        (_add_mailbox(host=" "), ("E004", "mailbox[1].host")),
        (_add_mailbox(tls="none"), ("E020", "mailbox[1].tls")),
        (_add_mailbox(password=""), ("E004", "mailbox[1].password_file")),
        (_add_mailbox(folders={"filed": "Faxes"}), ("E022", "mailbox[1].folders.filed")),
        (_add_mailbox(password_file="/nowhere/x"), ("E011", "mailbox[1].password_file")),
        (_set("alerts", "command", "/nowhere/alarm -x"), ("E051", "alerts.command")),
        (_set("alerts", "command", "/bin/sh 'x"), ("E051", "alerts.command")),
        (_set("alerts", "metrics_file", "/nowhere/x.prom"), ("E052", "alerts.metrics_file")),
        (
            _set("alerts", "smtp", {**_RELAY, "tls": "none"}),
            ("E020", "alerts.smtp.tls"),
        ),
        (
            _set("alerts", "smtp", {**_RELAY, "username": "x"}),
            ("E012", "alerts.smtp.password_file"),
        ),
        (
            _set("alerts", "smtp", {**_RELAY, "password_file": "/nowhere/secret"}),
            ("E010", "alerts.smtp.password_file"),
        ),
        (lambda t: t.update(smtp="smtp.agency.example"), ("E005", "smtp")),
    ],
)
def test_one_mistake_is_one_problem_with_a_stable_id(
    change: Callable[[Table], object], expected: tuple[str, str]
) -> None:
    assert problems_of(with_change(change)) == [expected]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            lambda t: (
                _set("review", "refusal_times", [])(t),
                _set("review", "refusal_min_business_days", 0)(t),
            ),
            id="refusals that leave at once",
        ),
        pytest.param(
            lambda t: (_set("mailbox", "tls", "none")(t), _set("mailbox", "host", "127.0.0.1")(t)),
            id="no TLS to this machine",
        ),
        pytest.param(
            lambda t: (_set("smtp", "tls", "none")(t), _set("smtp", "host", "LOCALHOST")(t)),
            id="no TLS to this machine by name",
        ),
        pytest.param(
            lambda t: (_set("smtp", "username", "u")(t), _set("smtp", "password", "p")(t)),
            id="a relay that asks for a login",
        ),
        pytest.param(
            lambda t: (
                _set("review", "approvals", 2)(t),
                _add_staff(roles=["supervisor"], deputy="R.Ortega@agency.example")(t),
            ),
            id="two people who may approve, one the other's deputy",
        ),
        pytest.param(
            lambda t: (
                _drop("review", "trusted_authserv_ids")(t),
                _set("review", "trusted_internal", [{"header": "X-Auth", "value": "In"}])(t),
            ),
            id="proof by an internal header",
        ),
        pytest.param(
            _set("certification", "require_signature", True),
            id="a signature is required though none can be made yet",
        ),
        pytest.param(
            lambda t: t.update(mailbox={**t["mailbox"][0]}), id="a mailbox table without brackets"
        ),
    ],
)
def test_what_is_allowed_is_not_complained_about(change: Callable[[Table], object]) -> None:
    assert problems_of(with_change(change)) == []


def test_every_problem_is_reported_at_once(tmp_path: Path) -> None:
    file = tmp_path / "worker.toml"
    file.write_text(
        SMALLEST.replace('host = "smtp.agency.example"', 'hots = "smtp.agency.example"').replace(
            '"certifier"]', '"certifyer"]'
        )
    )
    with pytest.raises(ConfigurationError) as caught:
        load_settings(file, {"ERO_MAILBOX__PORT": "imap", "ERO_GENERAL__TIMEZONE": "Nowhere"})
    assert [(p.id, p.key) for p in caught.value.problems] == [
        ("E003", "smtp.hots"),
        ("E004", "smtp.host"),
        ("E005", "mailbox.port"),
        ("E006", "staff[0].roles[1]"),
        ("E060", "general.timezone"),
    ]
    assert "Did you mean host?" in str(caught.value)
    assert "ERO_SMTP__HOST" in str(caught.value)


def test_an_empty_file_names_everything_that_has_no_default(tmp_path: Path) -> None:
    file = tmp_path / "worker.toml"
    file.write_text("")
    with pytest.raises(ConfigurationError) as caught:
        load_settings(file, {})
    missing = {p.key for p in caught.value.problems if p.id == "E004"}
    assert {"mailbox.host", "smtp.host", "staff[0].email", "alerts.urgent"} <= missing


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(None, "E001", id="no such file"),
        pytest.param(b"[smtp\n", "E002", id="a broken line"),
        pytest.param(b'[smtp]\nhost = "\xff"\n', "E002", id="not UTF-8"),
        pytest.param(b"[smtp]\nport = 1\nport = 2\n", "E002", id="a key given twice"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_problem(
    tmp_path: Path, content: bytes | None, expected: str
) -> None:
    file = tmp_path / "worker.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        load_settings(file, {"ERO_SMTP__PORT": "25"})
    assert [p.id for p in caught.value.problems] == [expected]
    assert str(file) in str(caught.value)


def test_without_a_file_or_variables_the_example_is_pointed_at() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(None, {"ERO_CONFIG": ""})
    assert [p.id for p in caught.value.problems] == ["E001"]
    assert "worker.example.toml" in str(caught.value)


def test_a_secret_is_read_from_its_file_without_its_line_end(file: Path, tmp_path: Path) -> None:
    secret = tmp_path / "imap"
    secret.write_text(f"{SECRET} \r\n")
    environ = {"ERO_MAILBOX__PASSWORD_FILE": str(secret)}
    # The file's own `password` gives way: the environment stands above it in either form.
    mailbox = load_settings(file, environ).primary_mailbox
    assert mailbox.password.get_secret_value() == f"{SECRET} "


@pytest.mark.parametrize(
    "content",
    [pytest.param(b"", id="empty"), pytest.param(b"\n", id="a line end"), b"\xff\xfe" + b"x" * 9],
)
def test_a_secret_file_without_a_secret_is_a_problem(
    file: Path, tmp_path: Path, content: bytes
) -> None:
    secret = tmp_path / "imap"
    secret.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        load_settings(file, {"ERO_MAILBOX__PASSWORD_FILE": str(secret)})
    assert [(p.id, p.key) for p in caught.value.problems] == [("E010", "mailbox.password_file")]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda t: None, id="sound"),
        pytest.param(_set("mailbox", "hots", SECRET), id="a secret under a wrong key"),
        pytest.param(_set("mailbox", "port", SECRET), id="a secret as a number"),
        pytest.param(_set("mailbox", "password", [SECRET]), id="a secret of the wrong kind"),
        pytest.param(_set("mailbox", "tls", SECRET), id="a secret as a choice"),
        pytest.param(_set("mailbox", "oauth2", {"client_secret": SECRET}), id="inside oauth2"),
        pytest.param(lambda t: t.update(smtp=SECRET), id="a secret in place of a section"),
        pytest.param(
            _set("database", "url", f"postgresql+psycopg://ero:{SECRET}@db.agency.example/ero"),
            id="a secret inside an address",
        ),
        pytest.param(_set("database", "url", f"mysql://ero:{SECRET}@x/y"), id="in a wrong one"),
    ],
)
def test_no_secret_is_ever_printed(change: Callable[[Table], object]) -> None:
    shown = ""
    try:
        settings = build_settings(with_change(change))
        shown = f"{settings!r} {settings} {settings.primary_mailbox!r} {settings.model_dump_json()}"
    except ConfigurationError as error:
        shown = f"{error!r} {error} {error.problems!r} {traceback.format_exc()}"
    assert shown
    assert SECRET not in shown


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda t: None, {"W006"}),
        (_set("delivery", "protection", "none"), {"W002", "W006"}),
        (_set("review", "require_authentication", False), {"W001", "W006"}),
        (_set("certification", "require_signature", False), {"W003", "W006"}),
        (_set("smtp", "from_address", "noreply@agency.example"), {"W004", "W006"}),
        (_set("alerts", "alarms", ["it@agency.example"]), set()),
    ],
)
def test_what_works_but_deserves_a_warning(
    change: Callable[[Table], object], expected: set[str]
) -> None:
    warnings = find_configuration_warnings(build_settings(with_change(change)))
    assert {w.id for w in warnings} == expected


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o640, False), (0o644, True)])
def test_a_secret_file_everyone_can_read_deserves_a_warning(
    file: Path, tmp_path: Path, mode: int, warned: bool
) -> None:
    secret = tmp_path / "imap"
    secret.write_text(SECRET)
    secret.chmod(mode)
    settings = load_settings(file, {"ERO_MAILBOX__PASSWORD_FILE": str(secret)})
    found = {(w.id, w.key) for w in find_configuration_warnings(settings)}
    assert (("W005", "mailbox.password_file") in found) == warned


@pytest.mark.parametrize(
    ("explicit", "environ", "present", "expected"),
    [
        pytest.param("a.toml", {"ERO_CONFIG": "b.toml"}, True, "a.toml", id="the option first"),
        pytest.param(None, {"ERO_CONFIG": "b.toml"}, True, "b.toml", id="then the variable"),
        pytest.param(None, {"ERO_CONFIG": ""}, True, "config/worker.toml", id="then the usual one"),
        pytest.param(None, {}, False, None, id="none at all"),
    ],
)
def test_the_file_is_found_in_the_documented_order(
    tmp_path: Path,
    explicit: str | None,
    environ: dict[str, str],
    present: bool,
    expected: str | None,
) -> None:
    if present:
        (tmp_path / "config").mkdir()
        (tmp_path / "config/worker.toml").touch()
    found = find_configuration_file(Path(explicit) if explicit else None, environ, tmp_path)
    wanted = None if expected is None else Path(expected)
    assert found in {wanted, tmp_path / wanted} if wanted else found is None


def test_staff_are_found_by_address_in_any_case() -> None:
    settings = build_settings(smallest())
    found = settings.find_staff(" R.ORTEGA@Agency.Example ")
    assert found is settings.staff[0]
    assert settings.find_staff("r.ortega@courts.example") is None


@pytest.mark.parametrize(
    ("roles", "may"),
    [
        (["reviewer"], {"reviewer"}),
        (["approver"], {"reviewer", "approver"}),
        (["supervisor"], {"reviewer", "approver", "supervisor"}),
        (["certifier"], {"certifier"}),
        (["approver", "certifier"], {"reviewer", "approver", "certifier"}),
    ],
)
def test_roles_include_the_ones_below_them(roles: list[str], may: set[str]) -> None:
    person = build_settings(with_change(_add_staff(roles=roles, title="Officer"))).staff[1]
    assert {
        r for r in ("reviewer", "approver", "supervisor", "certifier") if person.has_role(r)
    } == may


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("ero.outreach@agency.example", True),
        ("ERO.Outreach@Agency.Example", True),
        ("ero.outreach+review-0123@agency.example", True),
        ("ero.outreach@courts.example", False),
        ("r.ortega@agency.example", False),
        ("", False),
    ],
)
def test_own_addresses_are_known_with_and_without_a_plus_tag(address: str, own: bool) -> None:
    assert build_settings(smallest()).primary_mailbox.is_own_address(address) is own


def test_settings_cannot_be_changed() -> None:
    settings = build_settings(smallest())
    with pytest.raises(ValueError, match="frozen"):
        settings.smtp.port = 25  # type: ignore[misc]
