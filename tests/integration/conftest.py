"""A worker without servers for every test that asks for one; the reader is shared by all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from inbox_worker.reading.reader import DocumentReader, load_definitions
from tests.servers.postgres import Postgres
from tests.worker_harness import (
    Copier,
    Harness,
    Opener,
    Where,
    copy_template,
    make_filed_template,
    make_template,
)


@pytest.fixture(scope="session")
def document_reader() -> Iterator[DocumentReader]:
    """Yield the real reader, with one child process for the whole session."""
    with DocumentReader(load_definitions()) as reader:
        yield reader


@pytest.fixture(scope="session")
def make_database(
    backend: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Callable[[], Where]:
    """Return a maker of databases without a schema."""
    if backend == "sqlite":
        return lambda: tmp_path_factory.mktemp("database") / "worker.db"
    server: Postgres = request.getfixturevalue("postgres")
    return server.create_database


@pytest.fixture
def copy_database(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Copier]:
    """Yield a maker of fresh copies of a database."""
    if backend == "sqlite":
        yield lambda template: copy_template(Path(template), tmp_path)
        return
    server: Postgres = request.getfixturevalue("postgres")
    copies: list[str] = []

    def copy(template: Where) -> Where:
        copies.append(server.create_database(str(template)))
        return copies[-1]

    yield copy
    for one in copies:
        server.drop_database(one)


@pytest.fixture(scope="session")
def empty_database(make_database: Callable[[], Where]) -> Where:
    """Return a database with the current schema and nothing in it."""
    return make_template(make_database())


@pytest.fixture(scope="session")
def filed_database(make_database: Callable[[], Where], document_reader: DocumentReader) -> Where:
    """Return a database with one complete request in review."""
    return make_filed_template(make_template(make_database()), document_reader)


@pytest.fixture
def workers(document_reader: DocumentReader, copy_database: Copier) -> Iterator[Opener]:
    """Yield a maker of workers over a copy of a database: `workers(database, review={...})`."""
    with ExitStack() as stack:

        def make(template: Where, **settings: Any) -> Harness:
            harness = Harness.open(copy_database(template), document_reader, settings)
            stack.callback(harness.services.database.close)
            return harness

        yield make


@pytest.fixture
def open_harness(workers: Opener, empty_database: Where) -> Opener:
    """Return a maker of workers without any mail: `open_harness(review={"confirm": False})`."""
    return lambda **settings: workers(empty_database, **settings)


@pytest.fixture
def open_filed(workers: Opener, filed_database: Where) -> Opener:
    """Return a maker of workers with a clerk's complete request in review."""
    return lambda **settings: workers(filed_database, **settings)


@pytest.fixture
def harness(open_harness: Opener) -> Harness:
    """Return a worker without any mail, with the usual settings."""
    return open_harness()


@pytest.fixture
def filed(open_filed: Opener) -> Harness:
    """Return a worker with a clerk's complete request in review, with the usual settings."""
    return open_filed()
