"""Wiring without the jobs: from settings to what every use case is handed, and its end."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any

from config.data import TOPIC_FILES, read_data
from config.settings import Settings
from inbox_worker.reading.reader import DocumentReader, load_definitions
from inbox_worker.service.opening import now, open_database
from inbox_worker.services import Services
from inbox_worker.storage.database import Database
from parsers.classification.directory import parse_directory
from parsers.classification.field_offices import parse_field_offices
from parsers.classification.topic_table import parse_topic_table
from parsers.extraction import ReadLimits
from parsers.replies.keyword_table import parse_keyword_table
from parsers.replies.question_filter import parse_question_vocabulary

#: How many processes read mail at a time: one slow document does not hold up the next mail.
_READERS = 2


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
        yield build_services(settings, database, reader, clock=clock, random_bits=secrets.randbits)


def build_services(
    settings: Settings,
    database: Database,
    reader: DocumentReader,
    *,
    clock: Callable[[], datetime],
    random_bits: Callable[[int], int],
) -> Services:
    """Return what every use case is handed, with the tables that the program carries."""
    return Services(
        settings=settings,
        database=database,
        reader=reader,
        clock=clock,
        random_bits=random_bits,
        **_load_tables(),
    )


@cache
def _load_tables() -> dict[str, Any]:
    """Return the tables that the program carries, by their names among the services."""
    return {
        "definitions": load_definitions(),
        "keywords": parse_keyword_table(read_data("replies/keywords.toml")),
        "questions": parse_question_vocabulary(read_data("replies/questions.toml")),
        "topics": parse_topic_table(*map(read_data, TOPIC_FILES)),
        "directory": parse_directory(read_data("contacts/contacts.toml")),
        "offices": parse_field_offices(read_data("offices/field_offices.toml")),
    }
