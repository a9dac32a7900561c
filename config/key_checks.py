"""What the settings of keys, time-stamps and translations must be; no key is opened here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from config.key_certificates import KeyUnusableError, read_certificates
from config.problems import ConfigurationProblem
from config.sections import CertificationSettings, Settings, StaffMember

_Found = Iterator[ConfigurationProblem]


def find_key_setting_problems(settings: Settings) -> _Found:
    """Look at the keys of the office and of everyone on the staff."""
    yield from _look_at("certification", settings.certification)
    for number, person in enumerate(settings.staff):
        yield from _look_at(f"staff[{number}]", person)


def _look_at(key: str, section: CertificationSettings | StaffMember) -> _Found:
    has_password = bool(section.signing_password.get_secret_value())
    if has_password and not section.signing_pkcs12:
        yield ConfigurationProblem(
            id="E045",
            key=f"{key}.signing_pkcs12",
            message="There is a password without a key to sign with.",
            hint=f"Set {key}.signing_pkcs12, or remove the password.",
        )
    if section.signing_pkcs12 and not has_password:
        yield ConfigurationProblem(
            id="E045",
            key=f"{key}.signing_password_file",
            message="There is a key to sign with and no password for it.",
            hint=f"Set {key}.signing_password_file to a file that holds it.",
        )
    token = section.signing_pkcs11
    if token is not None and not token.pin.get_secret_value():
        yield ConfigurationProblem(
            id="E045",
            key=f"{key}.signing_pkcs11.pin_file",
            message="There is a token to sign with and no PIN for it.",
            hint=f"Set {key}.signing_pkcs11.pin_file to a file that holds it.",
        )
    if token is not None and section.signing_pkcs12:
        yield ConfigurationProblem(
            id="E047",
            key=f"{key}.signing_pkcs11",
            message="There are two keys to sign with, one in a file and one in hardware.",
            hint=f"Remove {key}.signing_pkcs11 or {key}.signing_pkcs12.",
        )


def find_timestamp_problems(settings: Settings) -> _Found:
    """Look at the address of the time-stamp server, and at who vouches for it."""
    certification = settings.certification
    if not certification.timestamp_url:
        return
    if not _is_web_address(certification.timestamp_url):
        yield ConfigurationProblem(
            id="E048",
            key="certification.timestamp_url",
            message="It is not the address of a time-stamp server.",
            hint="Give a whole address that begins with https:// or http://, or leave it empty.",
        )
    try:
        read_certificates(Path(certification.timestamp_ca_file))
    except KeyUnusableError:
        yield ConfigurationProblem(
            id="E048",
            key="certification.timestamp_ca_file",
            message="Nothing says which authority vouches for the time-stamp server.",
            hint="Give the path of a PEM file with the authority's certificate.",
        )


def find_courtesy_problems(settings: Settings) -> _Found:
    """Look whether a translation would tell in the clear what the certification keeps locked."""
    if settings.certification.courtesy_copy and settings.delivery.protection == "encrypted":
        yield ConfigurationProblem(
            id="E080",
            key="certification.courtesy_copy",
            message="The translation would leave in the clear, beside an encrypted certification.",
            hint='Leave it empty, or set delivery.protection to "none".',
        )


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and has_port
