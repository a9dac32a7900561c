"""What is missing where signatures are asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.problems import ConfigurationError
from tests.conftest import require_or_skip
from tests.smime import build_revocation_list, issue
from tests.worker_harness import build_test_settings


def find_problems(path: str) -> list[str]:
    try:
        build_test_settings({"review": {"require_smime": True, "smime_ca_file": path}})
    except ConfigurationError as error:
        return [problem.id for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        pytest.param(None, ["E043"], id="no such file"),
        pytest.param(b"", ["E043"], id="an empty file"),
        pytest.param(b"not a certificate", ["E043"], id="a file of something else"),
        pytest.param(
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            ["E043"],
            id="a broken certificate",
        ),
        pytest.param(
            build_revocation_list(issue("Example Root", is_authority=True)),
            ["E043"],
            id="a revocation list alone",
        ),
        pytest.param(issue("Example Root", is_authority=True).pem, [], id="an authority"),
        pytest.param(
            issue("One", is_authority=True).pem + issue("Two", is_authority=True).pem,
            [],
            id="two authorities",
        ),
    ],
)
def test_the_file_of_authorities_is_looked_at(
    tmp_path: Path, content: bytes | None, problems: list[str]
) -> None:
    require_or_skip("openssl")
    path = tmp_path / "authorities.pem"
    if content is not None:
        path.write_bytes(content)
    assert find_problems(str(path)) == problems


def test_without_a_file_nobody_is_trusted() -> None:
    assert find_problems("") == ["E042"]


def test_the_program_has_to_be_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "authorities.pem"
    path.write_bytes(issue("Example Root", is_authority=True).pem)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_problems(str(path)) == ["E044"]
