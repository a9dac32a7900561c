"""What commands say when the database cannot be used: all they can, as JSON too."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from parsers.values.tracking import format_tracking_number
from tests.acceptance.job import Done, Job
from tests.acceptance.mails import MailServers
from tests.servers.ports import find_free_ports

Run = Callable[..., Done]


def make_folder(folder: Path) -> str:
    (folder / "worker").mkdir()
    return f"sqlite:///{folder}/worker"


def make_garbage(folder: Path) -> str:
    (folder / "text.db").write_text("Not a database, whatever it is called. " * 100)
    return f"sqlite:///{folder}/text.db"


def name_nothing(folder: Path) -> str:
    return f"sqlite:///{folder}/none.db"


def name_absent_server(_folder: Path) -> str:
    return f"postgresql+psycopg://ero:Vogel-haus7@127.0.0.1:{find_free_ports(1)[0]}/ero"


BROKEN = pytest.mark.parametrize(
    ("break_it", "code", "said"),
    [
        pytest.param(make_folder, 1, "unable to open database file", id="out of reach"),
        pytest.param(make_garbage, 1, "file is not a database", id="damaged"),
        pytest.param(name_nothing, 2, "ero-outreach init", id="without a schema"),
        pytest.param(name_absent_server, 75, "could not be reached", id="a server that is away"),
    ],
)


@pytest.fixture(scope="module")
def job(
    real_servers: MailServers, tmp_path_factory: pytest.TempPathFactory, new_url: Callable[[], str]
) -> Job:
    """Return a job that is set up and has nothing to do."""
    job = Job(real_servers, tmp_path_factory.mktemp("unusable"), tag="unusable", url=new_url())
    job.do("init")
    return job


@pytest.fixture
def broken(
    job: Job,
    break_it: Callable[[Path], str],
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Job:
    """Return the job with another database; `run` has cleared the environment before."""
    del run
    monkeypatch.setenv("ERO_DATABASE__URL", break_it(tmp_path))
    return job


@BROKEN
def test_check_tries_everything_else(broken: Job, run: Run, code: int, said: str) -> None:
    done = run("--config", broken.config, "check", "--json")
    assert (done.code, done.err) == (code, "")
    checks = {c["name"]: c for c in json.loads(done.out)["checks"]}
    assert said in checks.pop("database")["detail"]
    assert {"mailbox", "relay", "packages"} < checks.keys()
    assert {c["result"] for c in checks.values()} == {"ok"}
    assert "Vogel" not in done.all


@BROKEN
@pytest.mark.parametrize(
    "arguments",
    [["status"], ["requests"], ["reconcile"], ["quarantine", "list"], ["trace", "<a@b.example>"]],
    ids=lambda words: words[0],
)
def test_what_needs_it_says_so_in_json(
    broken: Job, run: Run, code: int, said: str, arguments: list[str]
) -> None:
    done = run("--config", broken.config, *arguments, "--json")
    error: dict[str, Any] = json.loads(done.out)["error"]
    assert (done.code, error["exit_code"]) == (code, code)
    assert said in error["message"]
    assert said in " ".join(done.err.split())
    assert done.out.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "environ", "code", "keys"),
    [
        pytest.param(["show", format_tracking_number(2020, 7)], {}, 1, set(), id="nothing there"),
        pytest.param(["show", "xyz"], {}, 2, set(), id="a wrong argument"),
        pytest.param(["status", "--bogus"], {}, 2, set(), id="a wrong option"),
        pytest.param(["status"], {"ERO_MAILBOX__PORT": "0"}, 2, {"problems"}, id="a configuration"),
    ],
)
def test_every_other_error_has_the_same_shape(
    job: Job,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    environ: dict[str, str],
    code: int,
    keys: set[str],
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    done = run("--config", job.config, *arguments, "--json")
    error = json.loads(done.out)["error"]
    assert error.keys() == {"message", "exit_code"} | keys
    assert (done.code, error["exit_code"]) == (code, code)
    assert error["message"]
    if keys:
        assert error["problems"][0]["key"] == "mailbox.port"
