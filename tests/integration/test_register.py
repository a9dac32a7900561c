"""The register: what became of each certification, when, and that nothing leaves it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from inbox_worker.desk.views import find_file
from inbox_worker.storage import register
from inbox_worker.storage.models import CertificationRecord
from tests.integration.test_reissue import issue, otherwise, reissue
from tests.signing_keys import PASSWORD, write_key
from tests.worker_harness import NOW, ORTEGA, Harness, Opener

pytestmark = pytest.mark.on_both

COLUMNS = ("status", "superseded_by", "superseded_at", "revoked_at", "facts_sha256")


def open_signed(opener: Opener, folder: Path) -> Harness:
    """Open a worker whose certifications are signed, and get no further CONFIRM."""
    key = write_key(folder / "office.p12")
    certification = {
        "require_signature": True,
        "signing_pkcs12": str(key),
        "signing_password": PASSWORD,
    }
    return opener(review={"confirm": False}, certification=certification)


def view(harness: Harness) -> list[dict[str, object]]:
    with harness.services.database.read() as session:
        file = find_file(session, harness.request().tracking_number)
    assert file is not None
    return list(file["certifications"])


def test_it_tells_what_took_whose_place_and_when(open_filed: Opener, tmp_path: Path) -> None:
    harness = issue(open_signed(open_filed, tmp_path))
    reissue(harness)
    harness.clock.advance(minutes=11)
    harness.issue()
    harness.reply(ORTEGA, "REVOKE wrong day")
    harness.clock.advance(minutes=5)
    harness.reply(ORTEGA, otherwise("2026-04-19"))
    harness.clock.advance(minutes=11)
    harness.issue()
    first, second, third = view(harness)
    moments = [(NOW + timedelta(minutes=n)).isoformat() for n in (11, 22, 38)]
    assert [c["issued_at"] for c in (first, second, third)] == moments
    assert [c["status"] for c in (first, second, third)] == ["superseded", "revoked", "current"]
    assert (first["superseded_by"], first["superseded_at"]) == (
        second["control_number"],
        moments[1],
    )
    assert (first["revoked_at"], third["superseded_by"], third["revoked_at"]) == (None,) * 3
    # What is revoked stays so, and what then took its place is told as well.
    assert (second["revoked_at"], second["superseded_at"]) == (moments[1], moments[2])
    assert second["superseded_by"] == third["control_number"]
    with harness.services.database.read() as session:
        found = [register.find_registered(session, str(c["control_number"])) for c in view(harness)]
        by_file = register.find_registered_file(session, str(third["sha256"]))
        nothing = register.find_registered(session, "7K3M-9QXA-52TD-0WZH")
    assert [f and f.standing for f in found] == ["superseded", "revoked", "current"]
    assert (by_file, nothing) == (found[2], None)


def test_nothing_leaves_it_and_what_has_ended_stays_ended(open_filed: Opener) -> None:
    harness = issue(open_filed(review={"confirm": False}))
    harness.reply(ORTEGA, "REVOKE wrong day", to=harness.notice(ORTEGA))
    for statement in (
        "DELETE FROM certifications",
        "UPDATE certifications SET status = 'current'",
    ):
        with (
            pytest.raises(IntegrityError, match=r"register|stays ended"),
            harness.services.database.unit_of_work() as unit,
        ):
            unit.session.execute(text(statement))
    assert [c["status"] for c in view(harness)] == ["revoked"]


def test_what_was_issued_before_the_register_is_filled_in(open_filed: Opener) -> None:
    harness = issue(open_filed(review={"confirm": False}))
    reissue(harness)
    harness.clock.advance(minutes=11)
    harness.issue()
    harness.reply(ORTEGA, "REVOKE wrong day")
    before = [[getattr(c, n) for n in COLUMNS] for c in harness.rows(CertificationRecord)]
    folder = Path(register.__file__).parents[1] / "migrations"
    database = harness.services.database
    with database.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            # As `migrate` does, so that tables can be made anew that others refer to.
            connection.connection.cursor().execute("PRAGMA foreign_keys = OFF")
        configuration = Config()
        configuration.set_main_option("script_location", str(folder))
        configuration.attributes["connection"] = connection
        command.downgrade(configuration, "0016")
        connection.commit()
    database.migrate()
    assert [[getattr(c, n) for n in COLUMNS] for c in harness.rows(CertificationRecord)] == before
