"""A staff member's reply that may be obeyed: who, about what, and the command it parsed to.

`Reply` is a snapshot taken before anything is rendered; `hold` proves, inside the transaction that
writes, that the request still is as the snapshot says.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from config.settings import StaffMember
from inbox_worker.casefile.protection import is_protected
from inbox_worker.errors import StaleStatusError
from inbox_worker.intake import Intake
from inbox_worker.status import RequestStatus
from inbox_worker.storage import store
from inbox_worker.storage.models import Decision, Request
from parsers.definition import Requiredness
from parsers.extraction import FieldValue
from parsers.replies.command import Command

#: In which there is a certification that could be sent again, or another made in its place.
ANSWERED = frozenset({RequestStatus.ISSUED, RequestStatus.REVOKED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A command by the person entitled to give it, and the file it is about."""

    intake: Intake
    member: StaffMember
    command: Command
    request: Request  #: as it was read; never written to
    fields: dict[str, FieldValue]
    round: int  #: of the letter that was answered
    proposal: Decision | None  #: what the answered letter proposed
    in_force: Decision | None  #: the round's decision, when there is one
    first: Decision | None  #: the first person's approval, when a second is waited for
    has_left: bool = False  #: the decision in force was issued

    @property
    def status(self) -> RequestStatus:
        """Return the request's status as it was read."""
        return RequestStatus(self.request.status)

    def hold(self, session: Session) -> Request:
        """Return the request for writing.

        Raises `StaleStatusError` when its status, round or revision changed since it was read, or
        its subject turned out to be protected.
        """
        request = store.hold_request(session, self.request.id)
        if _version_of(request) != _version_of(self.request):
            raise StaleStatusError(f"{self.request.tracking_number} changed meanwhile")
        return request

    @property
    def is_confirmable(self) -> bool:
        """Whether the answered mail shows a document that can still be confirmed."""
        return is_confirmable(self.proposal, self.request)

    @property
    def is_cancellable(self) -> bool:
        """Whether the decision that waits to leave is this person's to take back.

        Both of two people decided. What somebody decided who is no longer an approver, any
        approver can take back.
        """
        if self.status in ANSWERED and not self.waits_to_replace:
            return False
        deciders = {d.actor for d in (self.in_force, self.first) if d is not None}
        if not deciders:
            return False
        is_theirs = self.member.email.lower() in deciders
        return is_theirs or self.member.has_role("supervisor") or self.first_is_gone

    @property
    def waits_to_replace(self) -> bool:
        """Whether another certification is to take the place of the one that left."""
        decision = self.in_force
        return decision is not None and decision.keyword == "REISSUE" and not self.has_left

    @property
    def first_is_gone(self) -> bool:
        """Whether a second person is waited for and the first is no longer an approver."""
        if self.first is None or self.status is not RequestStatus.SECOND_REVIEW:
            return False
        member = self.intake.services.settings.find_staff(self.first.actor)
        return member is None or not member.has_role("approver")


def _version_of(request: Request) -> tuple[object, ...]:
    return (request.status, request.round, request.revision, is_protected(request))


def is_confirmable(proposal: Decision | None, request: Request) -> bool:
    """Whether what a letter proposed can still be confirmed."""
    return (
        proposal is not None
        and proposal.state == "PROPOSED"
        and proposal.round == request.round
        and proposal.revision == request.revision
    )


def find_unread(reply: Reply) -> str:
    """Return that required fields could not be read, nothing when all could.

    A form that was read with doubt is in review all the same; what nobody can read is printed on
    no document.
    """
    definition = reply.intake.services.definition(reply.request.definition)
    unread = [
        field.label
        for field in definition.fields
        if field.requiredness in {Requiredness.REQUIRED, Requiredness.CONDITIONAL}
        and field.name in reply.fields
        and reply.fields[field.name].value == ""
    ]
    if not unread:
        return ""
    return f"Write what could not be read with CORRECT first: {'; '.join(unread)}."


def attach_decision(session: Session, decision: Decision | None) -> Decision:
    """Return the row of a decision that was read in an earlier transaction."""
    row = None if decision is None else session.get(Decision, decision.id)
    if row is None:
        raise LookupError("a decision row is gone")
    return row
