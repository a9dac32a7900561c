"""A worker without servers for every test that asks for one; the reader is shared by all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from inbox_worker.reading import DocumentReader, load_definitions
from tests.worker_harness import (
    Harness,
    Opener,
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
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database with the current schema and nothing in it."""
    return make_template(tmp_path_factory.mktemp("empty"))


@pytest.fixture(scope="session")
def filed_database(
    empty_database: Path, tmp_path_factory: pytest.TempPathFactory, document_reader: DocumentReader
) -> Path:
    """Return a database with one complete request in review."""
    return make_filed_template(empty_database, tmp_path_factory.mktemp("filed"), document_reader)


@pytest.fixture
def workers(document_reader: DocumentReader, tmp_path: Path) -> Iterator[Opener]:
    """Yield a maker of workers over a copy of a database: `workers(database, review={...})`."""
    with ExitStack() as stack:

        def make(template: Path, **settings: Any) -> Harness:
            harness = Harness.open(copy_template(template, tmp_path), document_reader, settings)
            stack.callback(harness.services.database.close)
            return harness

        yield make


@pytest.fixture
def open_harness(workers: Opener, empty_database: Path) -> Opener:
    """Return a maker of workers without any mail: `open_harness(review={"confirm": False})`."""
    return lambda **settings: workers(empty_database, **settings)


@pytest.fixture
def open_filed(workers: Opener, filed_database: Path) -> Opener:
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
