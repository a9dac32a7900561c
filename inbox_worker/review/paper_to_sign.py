"""Certifications that are signed by hand: printed, and waited for.

`print_to_sign` keeps what was printed under its control number and mails it to whoever certifies;
the request stays APPROVED until the scan is filed (`inbox_worker.review.signed_scans`). Outcomes:
it is printed, once for each decision; or `StaleStatusError` when a CANCEL was first.
"""

from __future__ import annotations

from io import BytesIO

import pikepdf
import structlog
from sqlalchemy.orm import Session

from inbox_worker.errors import StaleStatusError
from inbox_worker.letters.letterhead import build_letterhead
from inbox_worker.letters.posting import Posting, post_to_staff
from inbox_worker.services import Services
from inbox_worker.storage import store
from inbox_worker.storage.models import Decision, PaperToSign, Request
from outbound.certification.document import CertificationFacts
from outbound.letters import staff_letters

_log = structlog.get_logger()


def find_paper(session: Session, decision: Decision) -> PaperToSign | None:
    """Return what was printed for a decision, None when nothing was yet."""
    return session.get(PaperToSign, decision.id)


def print_to_sign(
    services: Services,
    request: Request,
    decision: Decision,
    facts: CertificationFacts,
    document: bytes,
) -> None:
    """Mail a document to its certifier to be signed by hand. Raises `StaleStatusError`."""
    now = services.clock()
    with pikepdf.open(BytesIO(document)) as pdf:
        pages = len(pdf.pages)
    with services.database.unit_of_work() as unit:
        held = store.hold_request(unit.session, request.id)
        if (held.status, held.round) != (request.status, request.round):
            raise StaleStatusError(f"{held.tracking_number} changed meanwhile")
        paper = PaperToSign(
            decision_id=decision.id,
            control_number=facts.control_number,
            facts=facts.to_json(),
            pages=pages,
            printed_at=now,
        )
        unit.session.add(paper)
        store.add_event(
            unit.session,
            "printed_to_sign",
            request=held,
            actor=store.PROGRAM,
            now=now,
            detail={"control_number": facts.control_number},
        )
        letter = staff_letters.compose_paper_to_sign(
            staff_letters.PaperToSign(
                head=build_letterhead(services),
                tracking_number=held.tracking_number,
                control_number=facts.control_number,
                signed_on=facts.issued_on_text,
                pages=pages,
                document=document,
            )
        )
        post_to_staff(
            services,
            unit.session,
            held,
            decision.certifier or decision.actor,
            lambda _: letter,
            Posting(key=f"paper_to_sign:{decision.id}", now=now),
        )
        unit.commit()
    _log.info("printed_to_sign", decision_id=decision.id, request_id=request.id)
