"""Who is at the terminal: what is written down beside whatever a person does by command."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping


def find_console_user(environ: Mapping[str, str]) -> str:
    """Return `console:` and the account's name, behind sudo that of whoever called it.

    An account without a name, as containers have them, is told by its number.
    """
    number = os.getuid()
    behind = environ.get("SUDO_USER", "") if number == 0 else ""
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:
        name = str(number)
    return f"console:{behind or name}"[:320]
