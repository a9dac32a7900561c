"""accounting, audit verify and bundle: what each says, what it leaves, and its exit code.

The case was lived without servers; the commands are given to the entry point in this process, and
one of them to the installed command.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import zipfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from inbox_worker.reading.reader import DocumentReader, load_definitions
from tests.acceptance.conftest import Run
from tests.acceptance.job import COMMAND, to_toml
from tests.worker_harness import (
    APPROVE,
    CLERK,
    FORM,
    LINDQVIST,
    ORTEGA,
    SETTINGS,
    Harness,
    make_template,
)

_PROTECTED = "Marisol"
_SETTINGS = {**SETTINGS, "review": {**SETTINGS["review"], "confirm": False}}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database with two cases that were issued; the second one's subject is protected."""
    path = tmp_path_factory.mktemp("proof") / "worker.db"
    with DocumentReader(load_definitions()) as reader:
        harness = Harness.open(make_template(path), reader, {"review": {"confirm": False}})
        for given, number in ((FORM["subject_given_names"], "A000000101"), (_PROTECTED, "A102")):
            harness.file(
                subject_given_names=given,
                subject_a_number=number.replace("A102", "A000000102"),
                case_numbers=f"26-CR-{number[-3:]}",
            )
            harness.reply(ORTEGA, APPROVE, to=harness.notice(ORTEGA))
            harness.clock.advance(minutes=11)
            assert harness.issue() == 1
        harness.reply(LINDQVIST, "PROTECT", to=harness.notice(LINDQVIST))
        harness.services.database.close()
    return path


@pytest.fixture
def place(lived: Path, tmp_path: Path) -> Path:
    """Return a folder with that database, and its configuration."""
    shutil.copy(lived, tmp_path / "worker.db")
    settings = {**_SETTINGS, "database": {"url": f"sqlite:///{tmp_path}/worker.db"}}
    (tmp_path / "worker.toml").write_text(to_toml(settings), "utf-8")
    return tmp_path


def query(place: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(place / "worker.db")) as connection:
        found = connection.execute(statement).fetchall()
        connection.commit()
        return found


def tracking(place: Path, number: int = 1) -> str:
    ((found,),) = query(place, f"SELECT tracking_number FROM requests WHERE id = {number}")
    return str(found)


@pytest.mark.parametrize(
    ("arguments", "code", "words", "absent"),
    [
        pytest.param(
            ["accounting"],
            0,
            ["1 disclosure.", "give each their own", "Dana Whitlock", "1 Example Plaza",
             "routine use", "A******101", "Court hearing"],
            [_PROTECTED, "A000000101", "Remarks"],
            id="everybody's, as far as they may see it",
        ),
        pytest.param(
            ["accounting", "--whole"],
            0,
            ["2 disclosures.", "for the office alone", _PROTECTED],
            ["protected", "1367"],
            id="the office's copy does not say who is protected",
        ),
        pytest.param(
            ["accounting", "--a-number", "a 000-000-101"], 0, ["1 disclosure."], [], id="one person"
        ),
        pytest.param(
            ["accounting", "--name", "jose EJEMPLO", "--born", "1988-07-23"],
            0,
            ["1 disclosure.", "the copy for the person"],
            [],
            id="by name and birth date",
        ),
        pytest.param(
            ["accounting", "--name", "Ejemplo", "--born", "1988-07-24"],
            0,
            ["No disclosure."],
            [],
            id="somebody else of that name",
        ),
        pytest.param(
            ["accounting", "--name", "Ejemplo"], 2, ["birth date"], [], id="a name is not enough"
        ),
        pytest.param(
            ["accounting", "--a-number", "A000000102"],
            0,
            ["No disclosure.", "may not be shown"],
            [_PROTECTED],
            id="as if there were nothing",
        ),
        pytest.param(
            ["accounting", "--since", "2026-05-05"], 0, ["No disclosure."], [], id="a later day"
        ),
        pytest.param(
            ["accounting", "--a-number", "078-05-1120"], 2, ["Social Security"], [], id="an SSN"
        ),
        pytest.param(
            ["accounting", "--since", "yesterday"], 2, ["2026-05-04"], [], id="no day"
        ),
        pytest.param(
            ["accounting", "--whole", "--csv", "out.csv"], 2, ["screen"], [], id="never a file"
        ),
        pytest.param(["accounting", "--csv", "there"], 1, ["stays as it is"], [], id="not over it"),
        pytest.param(
            ["audit", "verify"], 0, ["fingerprint", "as it was written"], [_PROTECTED], id="all"
        ),
        pytest.param(
            ["audit", "verify", "{case}"], 0, ["last hash", "as it was written"], [], id="a case"
        ),
        pytest.param(["audit", "verify", "12345"], 2, ["CJS-2026-"], [], id="no number"),
        pytest.param(
            ["audit", "verify", "{case}", "--before", "2026-05-05"], 2, ["all cases"], [], id="both"
        ),
        pytest.param(
            ["audit", "verify", "--before", "2026-05-04"], 0, ["before 2026-05-04"], [], id="a day"
        ),
        pytest.param(
            ["bundle", "{case}", "-o", "new.zip"],
            0,
            ["files in new.zip", "counsel"],
            ["Whitlock"],
            id="a bundle",
        ),
        pytest.param(["bundle", "{case}", "-o", "there"], 1, ["stays as it is"], [], id="no two"),
        pytest.param(
            ["bundle", "{protected}", "-o", "new.zip"], 1, ["1367", "--protected"], [], id="1367"
        ),
        pytest.param(
            ["bundle", "{protected}", "-o", "new.zip", "--protected"],
            0,
            ["8 U.S.C. 1367(b)"],
            [],
            id="counsel wants it",
        ),
        pytest.param(["bundle", "{case}"], 2, ["-o"], [], id="where to"),
        pytest.param(
            ["bundle", "CJS-2020-000001-5", "-o", "n.zip"], 2, ["check digit"], [], id="mistyped"
        ),
    ],
)  # fmt: skip
def test_a_command_says_what_it_did(
    place: Path,
    run: Run,
    arguments: Sequence[str],
    code: int,
    words: Sequence[str],
    absent: Sequence[str],
) -> None:
    Path("there").write_text("mine", "utf-8")
    names = {"case": tracking(place), "protected": tracking(place, 2)}
    done = run("--config", place / "worker.toml", *(a.format(**names) for a in arguments))
    assert done.code == code, done.all
    assert [word for word in words if word not in done.all] == [], done.all
    assert [word for word in absent if word in done.all] == []
    assert bool(done.out) is (code == 0)
    assert Path("there").read_text("utf-8") == "mine"
    assert Path("new.zip").exists() is (code == 0 and arguments[0] == "bundle")


def test_the_file_is_its_owner_s_alone_and_the_look_is_written_down(place: Path, run: Run) -> None:
    done = run("--config", place / "worker.toml", "accounting", "--csv", "out.csv")
    assert done.code == 0
    assert stat.S_IMODE(Path("out.csv").stat().st_mode) == 0o600
    with Path("out.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["sent_to"], row["request"]) == (CLERK, tracking(place))
    ((detail, actor),) = query(
        place, "SELECT detail, actor FROM events WHERE code = 'accounting_exported'"
    )
    assert json.loads(str(detail))["to_file"] is True
    assert str(actor).startswith("console:")
    assert run("--config", place / "worker.toml", "audit", "verify").code == 0


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        (["accounting"], {"disclosures"}),
        (["audit", "verify"], {"ok", "chains", "events", "fingerprint", "breaks"}),
        (["audit", "verify", "{case}"], {"ok", "head", "breaks"}),
    ],
)
def test_json_is_all_that_is_printed(
    place: Path, run: Run, arguments: Sequence[str], keys: set[str]
) -> None:
    wanted = [a.format(case=tracking(place)) for a in arguments]
    done = run("--config", place / "worker.toml", *wanted, "--json")
    assert (done.code, done.err, done.out.count("\n")) == (0, "", 1)
    assert keys <= json.loads(done.out).keys()
    assert _PROTECTED not in done.out


def test_what_was_changed_is_told_and_the_exit_code_is_1(place: Path, run: Run) -> None:
    query(place, "UPDATE events SET actor = 'somebody' WHERE request_id = 1 AND sequence = 3")
    config = ("--config", place / "worker.toml")
    for arguments in (["audit", "verify"], ["audit", "verify", tracking(place)]):
        done = run(*config, *arguments)
        assert done.code == 1
        assert f"{tracking(place)}: event 3 (request_approved, row 3) is not what its" in done.out
    told = json.loads(run(*config, "audit", "verify", "--json").out)
    assert (told["ok"], [one["kind"] for one in told["breaks"]]) == (False, ["changed"])
    # Such a case is evidence: it is put together all the same, and said not to hold.
    done = run(*config, "bundle", tracking(place), "-o", "new.zip")
    assert (done.code, "does not hold" in done.err, zipfile.is_zipfile("new.zip")) == (
        1,
        True,
        True,
    )


def test_the_installed_command_does_it_too(place: Path) -> None:
    done = subprocess.run(
        [COMMAND, "--config", "worker.toml", "bundle", tracking(place), "-o", "proof.zip"],
        check=False,
        cwd=place,
        env={k: v for k, v in os.environ.items() if not k.startswith("ERO_")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE((place / "proof.zip").stat().st_mode) == 0o600
    with zipfile.ZipFile(place / "proof.zip") as archive:
        assert archive.testzip() is None
    ((detail,),) = query(place, "SELECT detail FROM events WHERE code = 'bundle_written'")
    written = hashlib.sha256((place / "proof.zip").read_bytes()).hexdigest()
    assert json.loads(str(detail)) == {"tracking_number": tracking(place), "sha256": written}
