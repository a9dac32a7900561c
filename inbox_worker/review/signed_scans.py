"""Scans of certifications that were signed by hand: filed, registered, and sent.

The control number at the foot of each page is read from the scan and held against what was
printed; a number given by hand stands for pages where none can be read, and never against one that
is. Outcomes of `file_signed_scan`: the control number of what was issued; or a `WorkerError` that
says why nothing was: no such request, nothing waits for a signature, not a PDF, another paper, too
few pages, no number, or a decision that was taken back or grew too old.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox_worker.errors import StaleStatusError, WorkerError
from inbox_worker.review import issuing
from inbox_worker.services import Services
from inbox_worker.storage import store
from inbox_worker.storage.models import CertificationRecord, Decision, PaperToSign
from outbound.certification.stored_facts import load_facts
from parsers.values.control_numbers import fold_control_number


def file_signed_scan(
    services: Services, tracking_number: str, scan: bytes, *, control_number: str = ""
) -> str:
    """Issue what was signed by hand, and return its control number. Raises `WorkerError`."""
    with services.database.read() as session:
        paper = _find_paper(session, tracking_number)
        session.expunge_all()
    _check_scan(services, paper, scan, control_number)
    try:
        issuing.issue_scan(services, paper.decision_id, load_facts(paper.facts), scan)
    except StaleStatusError as error:
        raise WorkerError(
            f"{tracking_number} was taken back, or its records are too old by now: nothing was"
            " sent. Destroy the paper; `show` tells what happened."
        ) from error
    return paper.control_number


def _find_paper(session: Session, tracking_number: str) -> PaperToSign:
    request = store.find_request(session, tracking_number)
    if request is None:
        raise WorkerError(
            f"There is no request {tracking_number}. `requests` lists those there are."
        )
    paper = session.scalars(
        select(PaperToSign)
        .join(Decision, Decision.id == PaperToSign.decision_id)
        .where(
            Decision.request_id == request.id,
            Decision.state == "IN_FORCE",
            Decision.round == request.round,
            PaperToSign.decision_id.not_in(select(CertificationRecord.decision_id)),
        )
    ).one_or_none()
    if paper is None:
        raise WorkerError(f"Nothing of {tracking_number} waits for a signature; look at `show`.")
    return paper


def _check_scan(services: Services, paper: PaperToSign, scan: bytes, given: str) -> None:
    if not scan.startswith(b"%PDF-"):
        raise WorkerError("Scan every page into one PDF; this file is none.")
    wanted = fold_control_number(paper.control_number)
    if given and fold_control_number(given) != wanted:
        raise WorkerError("That is not the control number of what was printed: nothing was filed.")
    read = services.reader.read_control_numbers(scan)
    if read is None:
        raise WorkerError("The scan cannot be read; scan it again, at 300 dots an inch.")
    if any(number not in {wanted, ""} for number in read):
        raise WorkerError("The scan is of another certification: nothing was filed.")
    if len(read) != paper.pages:
        raise WorkerError(f"{paper.pages} pages were printed, and {len(read)} are in the scan.")
    unread = [str(n) for n, number in enumerate(read, start=1) if not number]
    if unread and not given:
        raise WorkerError(
            f"No control number can be read on page {', '.join(unread)}. Scan it again, or compare"
            " it by eye and give it as --control-number."
        )
