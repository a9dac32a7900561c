"""The list of commands says what each says of itself, and a start loads no more than it needs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from inbox_worker.cli.command_list import COMMANDS, ListedCommand, load_commands
from inbox_worker.storage.database import find_newest_version

#: Libraries that take long to load, and what needs them.
HEAVY = {
    "aiohttp": "signing, below pyHanko",
    "alembic": "`init`",
    "apscheduler": "the service",
    "cv2": "reading pictures",
    "msal": "OAuth 2.0 with Microsoft",
    "numpy": "reading pictures",
    "onnxruntime": "reading pictures",
    "pdfplumber": "reading PDFs",
    "pikepdf": "reading and writing PDFs",
    "psycopg": "PostgreSQL",
    "pyhanko": "signing, and reading signatures",
    "typst": "printing letters",
}
#: What else help can do without.
ALSO_NOT_FOR_HELP = {"pydantic", "sqlalchemy", "structlog"}

RUN = """
import sys
sys.argv[0] = "ero-outreach"
from inbox_worker.cli.app import run_command
code = run_command(sys.argv[1:], {})
print(code, *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def run_and_list(folder: Path, *arguments: str) -> tuple[int, set[str]]:
    """Run a command in a process of its own; return the exit code and what was loaded."""
    root = str(Path(__file__).parents[2])
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ERO_")}
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments],
        cwd=folder,
        env={**environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=True,
    )
    code, *loaded = done.stderr.splitlines()[-1].split()
    return int(code), set(loaded)


@pytest.mark.parametrize("listed", COMMANDS, ids=lambda c: c.name)
def test_the_purpose_is_the_first_paragraph_of_the_commands_own_help(
    listed: ListedCommand,
) -> None:
    command = load_commands(listed.module)[listed.name]
    assert listed.purpose == " ".join(command.help.split("\n\n")[0].split())


def test_every_command_of_every_module_is_listed() -> None:
    listed = {(c.module, c.name) for c in COMMANDS}
    assert listed == {(m, name) for m in {c.module for c in COMMANDS} for name in load_commands(m)}


@pytest.mark.parametrize(
    ("arguments", "exit_code", "left_out"),
    [
        pytest.param(["--help"], 0, HEAVY.keys() | ALSO_NOT_FOR_HELP, id="help"),
        pytest.param(["--version"], 0, HEAVY.keys() | ALSO_NOT_FOR_HELP, id="version"),
        pytest.param(["status"], 2, HEAVY.keys(), id="status, here without a configuration"),
        pytest.param(["outbox", "list"], 2, HEAVY.keys(), id="a command of a group"),
        pytest.param(
            ["check"], 2, {"alembic", "msal", "psycopg", "pyhanko"}, id="check looks at definitions"
        ),
    ],
)
def test_a_start_loads_none_of_the_libraries_that_it_does_not_need(
    tmp_path: Path, arguments: list[str], exit_code: int, left_out: set[str]
) -> None:
    code, loaded = run_and_list(tmp_path, *arguments)
    assert code == exit_code
    assert not loaded & left_out


def test_the_newest_version_is_the_one_that_the_migrations_lead_to() -> None:
    configuration = Config()
    configuration.set_main_option("script_location", "inbox_worker:migrations")
    assert find_newest_version() == ScriptDirectory.from_config(configuration).get_current_head()
