"""One mail on its way through `ingest`: what handlers are given, and what they give back."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy.orm import Session

from inbox_worker.services import Services
from inbox_worker.status import Disposition
from inbox_worker.storage.models import JournalEntry
from parsers.classification.classify import MessageKind, Verdict
from parsers.classification.topic_table import Handling
from parsers.extraction import Extraction
from parsers.mail.authentication import AuthenticationVerdict, judge_authentication
from parsers.mail.delivery_reports import ReturnedLetter
from parsers.mail.message import Attachment, InboundMessage
from parsers.papers.hearing import PAPER as DEMAND_PAPER

#: What a handler returns: writes everything in the transaction and says what became of the mail.
Apply = Callable[[Session], Disposition]

#: How a request reaches us.
Channel = Literal["email", "fax", "mail", "hand"]
#: Paper lies in the journal under this and its channel, in the place of a mailbox's name.
PAPER = "paper:"


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingDocument:
    """An attached document, with its reader already at work."""

    position: int  #: among the mail's attachments, counted from 0
    attachment: Attachment
    reading: Future[Extraction]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """A recorded mail, parsed and judged."""

    services: Services
    entry: JournalEntry
    message: InboundMessage
    verdict: Verdict
    now: datetime
    documents: tuple[PendingDocument, ...] = ()
    returned: ReturnedLetter | None = None  #: what it reports on, where it is a report
    unreadable_code: str | None = None  #: why the mail cannot be worked on, None when it can
    fault: Exception | None = None  #: what our reading of it stumbled over, None when nothing

    @classmethod
    def unreadable(
        cls,
        services: Services,
        entry: JournalEntry,
        *,
        now: datetime,
        code: str,
        fault: Exception | None = None,
    ) -> Intake:
        """Return the intake of bytes that are no mail, or that we stumbled over."""
        nothing = InboundMessage(
            fields=(),
            message_id=None,
            authors=(),
            reply_to=(),
            recipients=(),
            reverse_path=None,
            subject="",
            date=None,
            in_reply_to=(),
            references=(),
            content_type="",
            report_type="",
            text=None,
            html=None,
            attachments=(),
        )
        return cls(
            services=services,
            entry=entry,
            message=nothing,
            verdict=Verdict(kind=MessageKind.OTHER, rule="unreadable"),
            now=now,
            unreadable_code=code,
            fault=fault,
        )

    @property
    def is_read(self) -> bool:
        """Whether the readers are done with all its documents."""
        return all(document.reading.done() for document in self.documents)

    @property
    def brings_demand(self) -> bool:
        """Whether a paper that came with it demands something of us; a word of one is none."""
        demands = self.verdict.about.having(Handling.DEMAND)
        return any(topic.rule.startswith(DEMAND_PAPER) for topic in demands)

    @property
    def channel(self) -> str:
        """Return how it reached us, a `Channel`."""
        _, is_paper, channel = self.entry.mailbox.partition(PAPER)
        return channel if is_paper else "email"

    @property
    def today(self) -> date:
        """Return the day, where the office is, on which it was taken up."""
        return self.services.local_date(self.now)

    @property
    def author_address(self) -> str:
        """Return the single author's address, or an empty string."""
        return "" if self.message.author is None else self.message.author.address

    def judge_author(self) -> AuthenticationVerdict:
        """Return whether the author's domain vouched for this mail, as our gateway saw it."""
        review = self.services.settings.review
        return judge_authentication(
            self.message,
            trusted_authserv_ids=frozenset(review.trusted_authserv_ids),
            trusted_internal=tuple((h.header, h.value) for h in review.trusted_internal),
        )

    def is_author_proven(self) -> bool:
        """Whether the author is proven, or the site asks for no proof; paper proves nobody."""
        return self.channel == "email" and (
            not self.services.settings.review.require_authentication or self.judge_author().passed
        )
