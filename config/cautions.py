"""What works but a person should know: an ordered table of warnings, which `check` shows."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from config.problems import ConfigurationProblem, name_mailbox
from config.sections import Settings

_Found = Iterator[ConfigurationProblem]


def find_configuration_warnings(settings: Settings) -> tuple[ConfigurationProblem, ...]:
    """Return what works but a person should know, such as replies obeyed without proof."""
    return tuple(found for rule in WARNINGS for found in rule(settings))


def _problem(id_: str, key: str, message: str, hint: str) -> ConfigurationProblem:
    return ConfigurationProblem(id=id_, key=key, message=message, hint=hint)


def _warn_authentication(settings: Settings) -> _Found:
    if not settings.review.require_authentication:
        yield _problem(
            "W001",
            "review.require_authentication",
            "Anyone who knows a token can decide in a staff member's name.",
            "Set it to true anywhere but in a demonstration.",
        )


def _warn_protection(settings: Settings) -> _Found:
    if settings.delivery.protection == "none":
        yield _problem(
            "W002",
            "delivery.protection",
            "Certifications leave unencrypted, whatever the form asks.",
            "Make sure your agency allows it.",
        )


def _warn_signature(settings: Settings) -> _Found:
    if not settings.certification.is_official:
        yield _problem(
            "W003",
            "certification.require_signature",
            "Certifications are marked SAMPLE and are no official record.",
            "Set it to true for official use.",
        )


def _warn_sender(settings: Settings) -> _Found:
    own = {a.lower() for m in settings.mailbox for a in m.addresses}
    if settings.smtp.from_address.lower() not in own:
        yield _problem(
            "W004",
            "smtp.from_address",
            "It is not one of mailbox.addresses, so bounces will not come back to us.",
            "Use one of the mailbox's addresses.",
        )


def _warn_secret_files(settings: Settings) -> _Found:
    mailboxes = [(name_mailbox(n), m) for n, m in enumerate(settings.mailbox)]
    files = [
        *((f"{key}.password_file", mailbox.password_file) for key, mailbox in mailboxes),
        ("smtp.password_file", settings.smtp.password_file),
        ("database.url_file", settings.database.url_file),
        ("certification.signing_password_file", settings.certification.signing_password_file),
        ("certification.signing_pkcs12", settings.certification.signing_pkcs12),
    ]
    for n, person in enumerate(settings.staff):
        files.append((f"staff[{n}].signing_password_file", person.signing_password_file))
        files.append((f"staff[{n}].signing_pkcs12", person.signing_pkcs12))
        if person.signing_pkcs11 is not None:
            files.append((f"staff[{n}].signing_pkcs11.pin_file", person.signing_pkcs11.pin_file))
    if settings.certification.signing_pkcs11 is not None:
        pin_file = settings.certification.signing_pkcs11.pin_file
        files.append(("certification.signing_pkcs11.pin_file", pin_file))
    if settings.alerts.smtp is not None:
        files.append(("alerts.smtp.password_file", settings.alerts.smtp.password_file))
    for key, path in files:
        if path and _is_world_readable(Path(path)):
            yield _problem(
                "W005",
                key,
                "Every user of this machine can read it.",
                "Take the others' right away: chmod o= FILE.",
            )


def _is_world_readable(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False


def _warn_alarms(settings: Settings) -> _Found:
    if not settings.alerts.alarms:
        yield _problem(
            "W006",
            "alerts.alarms",
            "Alarms about the worker itself reach nobody.",
            "Name an address.",
        )


WARNINGS: tuple[Callable[[Settings], _Found], ...] = (
    _warn_authentication,
    _warn_protection,
    _warn_signature,
    _warn_sender,
    _warn_secret_files,
    _warn_alarms,
)
