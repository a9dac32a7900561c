"""What waits: decisions that can be taken back, letters held by `pause`, answers without a key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.acceptance.conftest import open_embedded
from tests.acceptance.forms import build_clerk_values, fill, write_findings
from tests.acceptance.job import Job, Person, Story, now, play
from tests.acceptance.mails import MailServers

pytestmark = pytest.mark.timeout(600)

_CLERKS = ("clerk.ashby@courts.example", "clerk.birch@courts.example")


def _send_form(job: Job, address: str) -> Person:
    clerk = Person("Kim Examplesworth", job.address_of(address))
    job.write(clerk, "Attached.\n", fill(build_clerk_values(clerk)))
    return clerk


def an_approval_is_taken_back(job: Job) -> Iterator[None]:
    clerk = _send_form(job, _CLERKS[0])
    yield
    tracking = job.tracking_of(clerk.address)
    notice = job.newest_to(job.approver.address, f"[{tracking}] Review needed")
    job.reply(job.approver, notice, write_findings())
    yield
    job.reply(job.approver, job.newest_to(job.approver.address, tracking), "CONFIRM")
    yield
    file = job.show(tracking)
    assert file["status"] == "APPROVED"
    (decision,) = [d for d in file["decisions"] if d["state"] == "IN_FORCE"]
    left = datetime.fromisoformat(decision["release_at"]) - now()
    assert timedelta(minutes=7) < left <= timedelta(minutes=10)
    transcript = job.newest_to(job.approver.address, tracking)
    assert "CANCEL" in transcript.text
    # A colleague who did not decide may not take it back, whatever they answer.
    not_theirs = job.reply(job.reviewer, job.newest_to(job.reviewer.address, tracking), "CANCEL")
    yield
    assert job.dispositions_of(not_theirs) == ["REPLY_RETURNED"]
    assert job.status_of(tracking) == "APPROVED"
    taken_back = job.reply(job.approver, transcript, "cancel")
    yield
    assert job.dispositions_of(taken_back) == ["DECISION_APPLIED"]
    assert job.status_of(tracking) == "IN_REVIEW"
    assert len(job.letters_to(job.chief.address, f"[{tracking}] Review needed")) == 2
    assert [mail.subject for mail in job.letters_to(clerk.address)] == [
        f"[{tracking}] Request received"
    ]
    assert not job.show(tracking)["certifications"]


def a_denial_is_taken_back_by_the_supervisor(job: Job) -> Iterator[None]:
    clerk = _send_form(job, _CLERKS[1])
    yield
    tracking = job.tracking_of(clerk.address)
    notice = job.newest_to(job.approver.address, f"[{tracking}] Review needed")
    job.reply(job.approver, notice, "DENY the dates do not agree")
    yield
    assert job.status_of(tracking) == "DENIED"
    assert not job.letters_to(clerk.address, "Answer")
    job.reply(job.chief, job.newest_to(job.chief.address, tracking), "CANCEL")
    yield
    assert job.status_of(tracking) == "IN_REVIEW"
    assert not job.letters_to(clerk.address, "Answer")


_STORIES = (
    an_approval_is_taken_back,
    a_denial_is_taken_back_by_the_supervisor,
)


@pytest.fixture(scope="module")
def ended(
    tmp_path_factory: pytest.TempPathFactory, new_url: Callable[[], str]
) -> Iterator[dict[str, Exception | None]]:
    """Yield how the stories ended, played where decisions can be taken back for ten minutes."""
    with open_embedded("waits", _CLERKS) as servers:
        job = Job(
            servers,
            tmp_path_factory.mktemp("waits"),
            tag="waits",
            url=new_url(),
            settings={"review": {"undo_minutes": 10}},
        )
        job.do("init")
        yield dict(play(job, _STORIES))


@pytest.mark.parametrize("story", _STORIES, ids=lambda story: story.__name__)
def test_what_waits_can_be_stopped(ended: dict[str, Exception | None], story: Story) -> None:
    error = ended[story.__name__]
    if error is not None:
        raise error


def test_letters_wait_for_resume_and_certifications_for_a_key(
    real_servers: MailServers, tmp_path: Path, new_url: Callable[[], str]
) -> None:
    job = Job(
        real_servers,
        tmp_path,
        tag="key",
        url=new_url(),
        settings={"review": {"confirm": False}, "certification": {"require_signature": True}},
    )
    job.do("init")
    _check_pause(job)
    clerk = Person("Kim Examplesworth", job.address_of(_CLERKS[0]))
    tracking = job.tracking_of(clerk.address)
    notice = job.newest_to(job.approver.address, f"[{tracking}] Review needed")
    job.reply(job.approver, notice, write_findings())
    job.work()
    assert job.status_of(tracking) == "APPROVED"
    assert job.ask("status", code=1)["alarms"] == ["no_signing_key"]
    (alarm,) = job.letters_to(job.alarms)
    assert "no signing key" in alarm.subject
    assert "no usable signing key" in alarm.words
    job.do("once")
    assert len(job.letters_to(job.alarms)) == 1
    assert not job.letters_to(clerk.address, "Answer")
    job.do("once", ERO_CERTIFICATION__REQUIRE_SIGNATURE="false")
    job.await_letters()
    assert job.status_of(tracking) == "ISSUED"
    assert list(job.newest_to(clerk.address, "Answer").files) == [f"{tracking}.pdf"]


def _check_pause(job: Job) -> None:
    """While sending is paused mail is filed and nothing leaves; what waits leaves afterwards."""
    assert "paused" in job.do("pause").lower()
    clerk = _send_form(job, _CLERKS[0])
    job.work()
    status = job.ask("status")
    assert status["paused"] is True
    assert status["outbox"] == {"QUEUED": 5}
    assert status["requests"] == {"IN_REVIEW": 1}
    assert status["mailboxes"][0]["unaccounted"] == 0
    assert "PAUSED" in job.do("status")
    assert not job.letters_to(clerk.address)
    job.do("resume")
    job.work()
    assert job.ask("status")["outbox"] == {"ACCEPTED": 5}
    assert job.letters_to(clerk.address, "Request received")
