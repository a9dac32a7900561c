"""Wiring: from settings to a worker with all its collaborators, and their end.

`check_packages` is the first thing every command does: our packages have common names, and another
distribution's `config` or `parsers` must never be taken for ours.
"""

from __future__ import annotations

import gc
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

from config.data import TOPIC_FILES, read_data
from config.settings import Settings, SmtpSettings
from inbox_worker.errors import LoginRefusedError, WorkerError
from inbox_worker.fetching.setup import check_mailboxes
from inbox_worker.mailbox.sign_in import TokenSource, find_token_source
from inbox_worker.reading.reader import DocumentReader, load_definitions
from inbox_worker.service.worker import Worker
from inbox_worker.services import Services
from inbox_worker.storage.database import Database
from inbox_worker.storage.leases import WorkerLease, hold_lease
from inbox_worker.storage.outbox_store import hasten_untried
from outbound.letters.compose import preload
from outbound.submission.delivery_errors import RelayLoginError, UnreachableRelayError
from outbound.submission.smtp import SmtpAccount, SmtpSubmitter
from parsers.classification.directory import parse_directory
from parsers.classification.field_offices import parse_field_offices
from parsers.classification.topic_table import parse_topic_table
from parsers.extraction import ReadLimits
from parsers.replies.keyword_table import parse_keyword_table
from parsers.replies.question_filter import parse_question_vocabulary

#: How many processes read mail at a time: one slow document does not hold up the next mail.
_READERS = 2

#: How long a busy thread may keep the others waiting, in seconds. With Python's own 5 ms, a child
#: that has read a mail waits about as long as it read until a thread hands it the next one.
_TURN_SECONDS = 0.0005

_OWN_PACKAGES = ("parsers", "config", "templates", "outbound")


def check_packages() -> None:
    """Raise `WorkerError`, with both paths, when a package of ours resolves to another's."""
    home = Path(__file__).resolve().parents[2]
    for name in _OWN_PACKAGES:
        spec = find_spec(name)
        found = None if spec is None or spec.origin is None else Path(spec.origin).resolve()
        if found is None or found.parent.parent != home:
            raise WorkerError(
                f"The package `{name}` was found at {found} and not in {home}: "
                "use a virtual environment of its own for this program."
            )


def now() -> datetime:
    """Return the present moment, aware."""
    return datetime.now(UTC)


def build_limits(settings: Settings) -> ReadLimits:
    """Return what one document may cost to read."""
    reading = settings.reading
    return ReadLimits(
        seconds=reading.seconds,
        memory_mb=reading.memory_mb,
        bytes=reading.document_bytes,
        pages=reading.pages,
        inside_files=reading.inside_files,
        inside_bytes=reading.inside_bytes,
        inside_depth=reading.inside_depth,
    )


def build_picture_limits(settings: Settings) -> ReadLimits:
    """Return what one document of pictures may cost to read."""
    reading = settings.reading
    return ReadLimits(
        seconds=reading.picture_seconds,
        memory_mb=reading.picture_memory_mb,
        bytes=reading.document_bytes,
        pages=reading.picture_pages,
        pixels=reading.picture_pixels,
    )


@contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    """Open the database alone for the time of the block.

    Raises `SchemaError` when the schema is missing or old.
    """
    # A worker that hangs in the middle of a transaction loses that with everything else it held.
    database = Database(
        settings.database.url.get_secret_value(), idle_seconds=settings.database.lease_seconds
    )
    try:
        database.check_schema()
        yield database
    finally:
        database.close()


@contextmanager
def open_services(settings: Settings, *, clock: Callable[[], datetime] = now) -> Iterator[Services]:
    """Open the database and the reader for the time of the block.

    Raises `SchemaError` when the schema is missing or old.
    """
    with (
        open_database(settings) as database,
        DocumentReader(
            load_definitions(),
            limits=build_limits(settings),
            picture_limits=build_picture_limits(settings),
            workers=_READERS,
        ) as reader,
    ):
        yield Services(
            settings=settings,
            database=database,
            reader=reader,
            definitions=load_definitions(),
            keywords=parse_keyword_table(read_data("replies/keywords.toml")),
            questions=parse_question_vocabulary(read_data("replies/questions.toml")),
            topics=parse_topic_table(*map(read_data, TOPIC_FILES)),
            directory=parse_directory(read_data("contacts/contacts.toml")),
            offices=parse_field_offices(read_data("offices/field_offices.toml")),
            clock=clock,
            random_bits=secrets.randbits,
        )


@contextmanager
def open_worker(settings: Settings, *, clock: Callable[[], datetime] = now) -> Iterator[Worker]:
    """Open everything the jobs need for the time of the block, as one worker of several.

    Raises `SchemaError` when a mailbox was never set up.
    """
    with open_services(settings, clock=clock) as services:
        check_mailboxes(services.database, settings)
        lease = WorkerLease(
            database=services.database,
            url=settings.database.url.get_secret_value(),
            clock=clock,
            duration=timedelta(seconds=settings.database.lease_seconds),
            random_bits=services.random_bits,
        )
        with hold_lease(lease):
            with services.database.unit_of_work() as unit:
                hasten_untried(unit.session, now=clock())
                unit.commit()
            _warm_up()
            own = settings.alerts.smtp
            worker = Worker(
                services=services,
                submitter=SmtpSubmitter(build_account(settings.smtp)),
                lease=lease,
                alarm_submitter=None if own is None else SmtpSubmitter(build_account(own)),
            )
            try:
                yield worker
            finally:
                worker.close()


def _warm_up() -> None:
    """Compile what every letter needs, let threads take turns more often, and spare the collector.

    What lives as long as the worker need not be looked at again and again.
    """
    preload()
    sys.setswitchinterval(_TURN_SECONDS)
    gc.collect()
    gc.freeze()


def build_account(smtp: SmtpSettings) -> SmtpAccount:
    """Return a relay's account."""
    return SmtpAccount(
        host=smtp.host,
        port=smtp.port,
        tls=smtp.tls,
        username=smtp.username,
        password=smtp.password.get_secret_value(),
        ca_file=smtp.ca_file,
        tokens=None if smtp.oauth2 is None else _RelayTokens(find_token_source(smtp.oauth2)),
    )


@dataclass(frozen=True, slots=True)
class _RelayTokens:
    """A source of tokens as `outbound` wants it."""

    source: TokenSource

    def find_token(self) -> str:
        """Return a token. Raises `UnreachableRelayError`, or `RelayLoginError` for good."""
        try:
            return self.source.find_token()
        except LoginRefusedError as error:
            code = error.reason.replace("_", " ")
            raise RelayLoginError(f"no token for the relay, {code}") from error
        except WorkerError as error:
            raise UnreachableRelayError("no token for the relay") from error

    def forget_token(self) -> None:
        """Use the token no more."""
        self.source.forget_token()
