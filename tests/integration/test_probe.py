"""A mail sent round to ourselves: it arrives, or whoever asked is told what to look at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from config.settings import Settings
from inbox_worker.demo.job import build_demo_settings
from inbox_worker.demo.people import MAILBOX
from inbox_worker.demo.servers import AcceptedMail, EmbeddedAccount, EmbeddedServers
from inbox_worker.desk.probe import send_probe
from inbox_worker.errors import WorkerError
from parsers.classification.classify import ClassificationContext, MessageKind, classify
from parsers.mail.parsing import parse_message

_START = datetime(2026, 5, 4, 18, 30, tzinfo=UTC)
_ELSEWHERE = "somebody.else@agency.example"


class _Clock:
    """A clock that stands still but while somebody waits."""

    def __init__(self) -> None:
        self.now = _START

    def __call__(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def accepted() -> list[AcceptedMail]:
    """Return the mails the relay took."""
    return []


@pytest.fixture
def servers(accepted: list[AcceptedMail]) -> Iterator[EmbeddedServers]:
    """Return servers with our mailbox and another."""
    accounts = [
        EmbeddedAccount(username=address, password="demo", addresses=(address,))
        for address in (MAILBOX, _ELSEWHERE)
    ]
    with EmbeddedServers(accounts, on_accepted=accepted.append) as servers:
        yield servers


def _send(settings: Settings) -> float:
    clock = _Clock()
    return send_probe(
        settings, settings.primary_mailbox, random_bits=lambda _: 7, clock=clock, wait=clock.wait
    )


def test_a_probe_comes_back_and_is_known_as_ours(
    servers: EmbeddedServers, accepted: list[AcceptedMail]
) -> None:
    settings = build_demo_settings(servers, "sqlite:///never-opened.db")
    assert _send(settings) < 60
    (mail,) = accepted
    # Staff answer to tagged addresses, so that is what has to work.
    assert mail.recipients[0].startswith("ero.outreach+probe-")
    message = parse_message(mail.raw)
    context = ClassificationContext(own_addresses=settings.own_addresses)
    assert classify(message, context).kind is MessageKind.OWN_MAIL


def test_a_probe_that_went_elsewhere_is_told(servers: EmbeddedServers) -> None:
    settings = build_demo_settings(servers, "sqlite:///never-opened.db")
    mailbox = settings.primary_mailbox.model_copy(update={"addresses": (_ELSEWHERE,)})
    astray = settings.model_copy(update={"mailbox": (mailbox,)})
    with pytest.raises(WorkerError, match=r"after 60 seconds.*\+tag"):
        _send(astray)
