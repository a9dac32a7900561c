"""What goes by post: printable pages, mailed to whoever posts paper.

It works in the caller's transaction, as every posting does.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from inbox_worker.letters.posting import Posting, post_to_staff
from inbox_worker.services import Services
from inbox_worker.storage.models import Request
from inbox_worker.storage.store import current_fields
from outbound.letters.compose import Letterhead
from outbound.letters.mime import find_mailable_address
from outbound.letters.printed import (
    PrintedKind,
    PrintedLetter,
    enclose_certification,
    render_printed_letter,
)
from outbound.letters.staff_letters import PostalInstruction, compose_print_letter
from parsers.extraction import FieldValue


def needs_print(request: Request) -> bool:
    """Whether a request came on paper and its requester has no address that mail reaches."""
    return request.channel != "email" and find_mailable_address(request.author_address) is None


def list_address_lines(fields: Mapping[str, FieldValue]) -> tuple[str, ...]:
    """Return the requester's postal address as on the form, a line each."""
    values = {name: str(found.value) for name, found in fields.items()}
    city = f"{values.get('requester_city', '')}, {values.get('requester_state', '')}"
    lines = (
        values.get("requester_name", ""),
        values.get("requester_agency", ""),
        values.get("requester_address", ""),
        f"{city} {values.get('requester_zip', '')}".strip(", "),
    )
    return tuple(line for line in lines if line)


def build_posted_certification(
    services: Services,
    request: Request,
    fields: Mapping[str, FieldValue],
    certification: bytes,
    *,
    now: datetime,
) -> bytes:
    """Return a certification behind its cover letter, to be printed and posted."""
    cover = render_printed_letter(
        PrintedLetter(
            kind="certification",
            agency=services.settings.general.agency,
            tracking_number=request.tracking_number,
            date=_tell_date(services, now),
            address_lines=list_address_lines(fields),
        )
    )
    return enclose_certification(cover, certification)


def post_printable(
    services: Services,
    session: Session,
    request: Request,
    kind: PrintedKind,
    posting: Posting,
    *,
    items: tuple[tuple[str, str], ...] = (),
    quote: str = "",
    fields: Mapping[str, FieldValue] | None = None,
) -> None:
    """Mail a letter to whoever prints and posts letters: `review.paper_to`, or the first reviewer.

    `fields` are the form's values where they are not in the database yet.
    """
    settings = services.settings
    found = current_fields(session, request) if fields is None else fields
    address_lines = list_address_lines(found)
    document = render_printed_letter(
        PrintedLetter(
            kind=kind,
            agency=settings.general.agency,
            tracking_number=request.tracking_number,
            date=_tell_date(services, posting.now),
            address_lines=address_lines,
            items=items,
            quote=quote,
        )
    )
    letter = compose_print_letter(
        PostalInstruction(
            head=Letterhead(
                agency=settings.general.agency,
                mailbox=settings.smtp.from_address,
                timezone=settings.general.timezone,
            ),
            tracking_number=request.tracking_number,
            address_lines=address_lines,
            document=document,
        )
    )
    desk = settings.review.paper_to or settings.find_staff_with("reviewer")[0].email
    post_to_staff(services, session, request, desk, lambda _: letter, posting)


def _tell_date(services: Services, moment: datetime) -> str:
    day = services.local_date(moment)
    return f"{day:%B} {day.day}, {day.year}"
