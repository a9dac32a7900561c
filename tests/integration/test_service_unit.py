"""The service unit: systemd accepts it, it is locked down, and it fits the program."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import require_or_skip

UNIT = Path(__file__).parents[2] / "deploy/ero-outreach.service"

#: systemd's own measure, from 0 (locked down) to 10; with a network it is hardly below 1.
HIGHEST_EXPOSURE = 2.0


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """Return a copy whose program exists here, since /opt/ero-outreach need not."""
    text = UNIT.read_text("utf-8")
    copy = tmp_path / UNIT.name
    copy.write_text(re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={sys.executable}", text))
    return copy


def list_settings() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text("utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def test_systemd_finds_nothing_wrong_with_it(unit: Path) -> None:
    require_or_skip("systemd-analyze")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    complaints = [line for line in done.stderr.splitlines() if unit.name in line]
    assert (done.returncode, complaints) == (0, [])


def test_systemd_would_find_a_mistake(unit: Path) -> None:
    require_or_skip("systemd-analyze")
    unit.write_text(unit.read_text().replace("WatchdogSec=300", "WatchdogSec=soon"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert f"{unit.name}:" in done.stderr


def test_it_is_locked_down(unit: Path) -> None:
    require_or_skip("systemd-analyze")
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert level, done.stdout + done.stderr
    assert float(level.group(1)) <= HIGHEST_EXPOSURE


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        pytest.param("Type", "notify", id="it says itself when it is ready"),
        pytest.param("User", "ero-outreach", id="a user of its own"),
        pytest.param("NoNewPrivileges", "yes", id="no privilege can be gained"),
        pytest.param("ProtectSystem", "strict", id="the system is read-only"),
        pytest.param("StateDirectory", "ero-outreach", id="but for its own folder"),
        pytest.param("RestartPreventExitStatus", "2", id="a configuration error is left alone"),
        pytest.param("KillMode", "mixed", id="only the worker is asked to stop"),
    ],
)
def test_what_the_deployment_relies_on_stays(key: str, expected: str) -> None:
    assert list_settings()[key] == [expected]


def test_packages_come_from_the_programs_own_environment() -> None:
    settings = list_settings()
    assert "PYTHONSAFEPATH=1" in settings["Environment"]
    (command,) = settings["ExecStart"]
    assert command.startswith("/opt/ero-outreach/.venv/bin/ero-outreach ")
    assert command.endswith(" run")


def test_the_watchdog_leaves_time_for_a_poll() -> None:
    (seconds,) = list_settings()["WatchdogSec"]
    assert int(seconds) >= 2 * 60
