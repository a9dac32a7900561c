"""What every use case is handed: settings, database, reader, clock, randomness; nothing global."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from config.settings import Settings
from inbox_worker.reading.reader import DocumentReader
from inbox_worker.storage.database import Database
from inbox_worker.storage.tokens import RandomBits
from parsers.classification.directory import ContactDirectory
from parsers.classification.field_offices import FieldOffices
from parsers.classification.topic_table import TopicTable
from parsers.definition import FormDefinition
from parsers.replies.keyword_table import KeywordTable
from parsers.replies.question_filter import QuestionVocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The worker's collaborators, wired once by `service.wiring`."""

    settings: Settings
    database: Database
    reader: DocumentReader
    definitions: tuple[FormDefinition, ...]
    keywords: KeywordTable
    questions: QuestionVocabulary
    topics: TopicTable
    directory: ContactDirectory
    offices: FieldOffices
    clock: Callable[[], datetime]  #: aware
    random_bits: RandomBits

    def definition(self, id_: str) -> FormDefinition:
        """Return the form definition of that id; a request can only name one that is loaded."""
        return next(d for d in self.definitions if d.id == id_)

    def local_date(self, moment: datetime) -> date:
        """Return the Eastern (configured) calendar date of a moment."""
        return moment.astimezone(self.settings.general.zone).date()
