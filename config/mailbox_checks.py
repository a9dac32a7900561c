"""What the settings of the mailboxes must be together, each by itself and beside the others."""

from __future__ import annotations

import os
from collections.abc import Iterator

from config.problems import ConfigurationProblem, name_mailbox
from config.sections import MailboxSettings, Settings, SmtpSettings, is_loopback

_Found = Iterator[ConfigurationProblem]


def _problem(id_: str, key: str, message: str, hint: str) -> ConfigurationProblem:
    return ConfigurationProblem(id=id_, key=key, message=message, hint=hint)


def _list_mailboxes(settings: Settings) -> Iterator[tuple[str, MailboxSettings]]:
    """Yield every mailbox with its key."""
    for number, mailbox in enumerate(settings.mailbox):
        yield name_mailbox(number), mailbox


def find_secret_problems(settings: Settings) -> _Found:
    """Look for mailboxes without a password."""
    for key, mailbox in _list_mailboxes(settings):
        if not mailbox.password.get_secret_value() and mailbox.oauth2 is None:
            yield _problem(
                "E004",
                f"{key}.password_file",
                "is missing.",
                f"Set {key}.password_file to a file that holds it, or set {key}.password.",
            )


def find_tls_problems(key: str, server: MailboxSettings | SmtpSettings) -> _Found:
    """Look whether the connection to one server would not be private."""
    if server.tls == "none" and not is_loopback(server.host):
        yield _problem(
            "E020",
            f"{key}.tls",
            "Without TLS only this machine itself may be reached.",
            f'Set {key}.tls to "implicit" or "starttls".',
        )
    if server.ca_file and not os.access(server.ca_file, os.R_OK):
        yield _problem(
            "E021",
            f"{key}.ca_file",
            "The file does not exist or cannot be read.",
            "Give the path of a PEM file with the authority that signed the server's certificate.",
        )


def find_mailbox_tls_problems(settings: Settings) -> _Found:
    """Look for mailboxes whose connection would not be private."""
    for key, mailbox in _list_mailboxes(settings):
        yield from find_tls_problems(key, mailbox)


def find_folder_problems(settings: Settings) -> _Found:
    """Look for folders of one mailbox that serve two purposes."""
    for key, mailbox in _list_mailboxes(settings):
        taken = {mailbox.folder.lower()}
        for purpose, folder in mailbox.folders:
            if str(folder).lower() in taken:
                yield _problem(
                    "E022",
                    f"{key}.folders.{purpose}",
                    "Another purpose has the same folder.",
                    "Give every purpose a folder of its own, none of them the one fetched from.",
                )
            taken.add(str(folder).lower())


def find_sharing_problems(settings: Settings) -> _Found:
    """Look for mailboxes that would take each other's mail."""
    for number, mailbox in enumerate(settings.mailbox):
        for earlier in settings.mailbox[:number]:
            if mailbox.name.lower() == earlier.name.lower():
                yield _problem(
                    "E023",
                    f"{name_mailbox(number)}.name",
                    "Another mailbox has the same name.",
                    "Give every mailbox a name of its own; what was fetched is remembered by it.",
                )
            if _find_account(mailbox) == _find_account(earlier) and (
                _is_fetched_twice(mailbox, earlier) or _is_fetched_twice(earlier, mailbox)
            ):
                yield _problem(
                    "E023",
                    f"{name_mailbox(number)}.folder",
                    "One mailbox fetches what another fetches too, or has put away.",
                    "Fetch from each folder once, and from none that mail is moved to.",
                )


def _find_account(mailbox: MailboxSettings) -> tuple[str, str]:
    return mailbox.host.lower(), mailbox.username


def _is_fetched_twice(one: MailboxSettings, other: MailboxSettings) -> bool:
    others = {other.folder.lower(), *(str(folder).lower() for _, folder in other.folders)}
    return one.folder.lower() in others
