"""From a file and findings to the document that would be issued: assembly, and no rule of its own.

The rules stand in `outbound`: what the findings answer (`determination`), what may be told to
whom and by how many people (`disclosure`), what is printed (`certification`). Here a request's
rows become what those rules take, and what they give becomes a `Proposal`, or a
`ProposalRefusedError` with every reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select

from config.settings import StaffMember
from inbox_worker.casefile.dossier import has_supporting_attachment
from inbox_worker.casefile.protection import is_protected
from inbox_worker.domains import DomainTrust, judge_domain
from inbox_worker.services import Services
from inbox_worker.status import RequestStatus
from inbox_worker.storage.models import CertificationRecord, Request
from outbound.certification.case import CaseFacts, Detail, Reason, build_case_facts
from outbound.certification.determination import (
    Determination,
    FindingsRefused,
    determine,
    has_stale_records,
)
from outbound.certification.disclosure import Disclosure, assess_disclosure
from outbound.certification.document import (
    CannotBePrinted,
    CertificationFacts,
    Certifier,
    IssueDetails,
    Mark,
    build_certification_facts,
    build_no_information_facts,
)
from outbound.certification.pdf import render_certification
from outbound.certification.wording import Wording
from outbound.letters.mime import find_mailable_address
from outbound.letters.reply_letters import AnswerRow, AnswerTable
from outbound.letters.words import format_date
from parsers.extraction import FieldValue
from parsers.replies.command import LineProblem
from parsers.replies.findings import Findings
from parsers.values.control_numbers import SAMPLE_CONTROL_NUMBER

#: Stands for the certifier's name on a preview while it is not known who will certify.
_UNNAMED = "To be named by the second approval"

#: A request of these was answered; what is issued now takes the place of that answer.
_ANSWERED = frozenset({RequestStatus.ISSUED, RequestStatus.REVOKED})

_POSTAL = "by post, to the address on the form"


class ProposalRefusedError(Exception):
    """The findings cannot be certified as they are; nothing is decided."""

    def __init__(self, problems: Sequence[LineProblem]) -> None:
        super().__init__(f"{len(problems)} reasons")
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What an approval would issue."""

    facts: CertificationFacts  #: marked PREVIEW
    certifier: StaffMember | None  #: who certifies page 2; None until a second person does
    second_person: tuple[Reason, ...]  #: why one person may not decide alone; empty for a second
    recipient: str  #: the address, or that it goes by post
    answer_tables: tuple[AnswerTable, ...]
    sentences: tuple[str, ...]


def propose(
    services: Services,
    request: Request,
    fields: Mapping[str, FieldValue],
    findings: Findings,
    *,
    approver: StaffMember,
    first_approver: StaffMember | None,
    now: datetime,
) -> Proposal:
    """Compute what these findings would issue, given by `approver`.

    `first_approver` is the first person when `approver` is the second. Raises
    `ProposalRefusedError` with every reason why they cannot be certified.
    """
    case = read_case(services, request, fields)
    blocked = assess(services, case, findings, now=now).blocked
    certifier = _find_certifier(approver, first_approver)
    issue = build_preview_issue(services, request, now=now)
    problems = [_problem("", r.code, r.sentence) for r in blocked]
    if has_stale_records(findings.records_as_of, now=now):
        message = "The records were checked more than 72 hours ago; check them again."
        problems.append(_problem("Records as of", "stale_records", message))
    try:
        determination = determine(findings, case, now=now, zone=services.settings.general.zone)
        if problems:
            raise ProposalRefusedError(problems)
        facts = build_issued_facts(services, case, findings, certifier, issue, now=now)
    except FindingsRefused as refused:
        problems += [_problem(p.field, p.code, p.message) for p in refused.problems]
        raise ProposalRefusedError(problems) from None
    except CannotBePrinted as refused:
        raise ProposalRefusedError([_problem("", "cannot_be_printed", str(refused))]) from None
    reasons = assess(services, case, findings, determination, now=now).second_person
    if first_approver is not None:
        _check_pair(reasons, approver, first_approver, certifier)
        reasons = ()
    else:
        reasons = (*_find_house_reasons(services, certifier), *reasons)
    return Proposal(
        facts=facts,
        certifier=certifier,
        second_person=reasons,
        recipient=describe_recipient(fields),
        answer_tables=_build_tables(facts),
        sentences=() if facts.determination is None else facts.determination.statements,
    )


def assess(
    services: Services,
    case: CaseFacts,
    findings: Findings | None,
    determination: Determination | None = None,
    *,
    now: datetime,
) -> Disclosure:
    """Apply the rules of disclosure as the site configures them."""
    review = services.settings.review
    return assess_disclosure(
        case=case,
        findings=findings,
        determination=determination,
        base_detail=Detail(review.detail.find_level(case.requester_type)),
        today=services.local_date(now),
        bases=review.bases,
        is_no_overlap_allowed=review.allow_no_overlap,
    )


def is_printed_alike(
    services: Services,
    request: Request,
    fields: Mapping[str, FieldValue],
    first: Findings,
    proposal: Proposal,
    *,
    now: datetime,
) -> bool:
    """Whether the first person's findings would print what the second's do."""
    case = read_case(services, request, fields)
    issue = build_preview_issue(services, request, now=now)
    theirs = build_issued_facts(services, case, first, proposal.certifier, issue, now=now)
    return theirs == proposal.facts


def _find_certifier(approver: StaffMember, first: StaffMember | None) -> StaffMember | None:
    """Return who certifies page 2: the last of those who approve that holds the role."""
    people = [approver] if first is None else [approver, first]
    return next((p for p in people if p.has_role("certifier")), None)


def _find_house_reasons(services: Services, certifier: StaffMember | None) -> tuple[Reason, ...]:
    """Return why a second person is needed whatever the case."""
    reasons = []
    if services.settings.review.approvals == 2:
        reasons.append(
            Reason(code="two_approvals", sentence="Every approval here needs a second person.")
        )
    if certifier is None:
        reasons.append(
            Reason(
                code="no_certifier",
                sentence="The approver is no certifier: a certifier must give the other approval.",
            )
        )
    return tuple(reasons)


def _check_pair(
    reasons: Sequence[Reason],
    approver: StaffMember,
    first: StaffMember,
    certifier: StaffMember | None,
) -> None:
    """Raise `ProposalRefusedError` when these two people together may not decide."""
    problems = []
    if certifier is None:
        message = "Neither of the two approvals is a certifier's: a certifier must give the other."
        problems.append(_problem("", "no_certifier", message))
    both = (approver, first)
    if any(r.needs_supervisor for r in reasons) and not any(p.has_role("supervisor") for p in both):
        message = "One of the two approvals must be a supervisor's."
        problems.append(_problem("", "no_supervisor", message))
    if problems:
        raise ProposalRefusedError(problems)


def _problem(field: str, code: str, message: str) -> LineProblem:
    return LineProblem(line=field, code=code, message=message)


def _build_tables(facts: CertificationFacts) -> tuple[AnswerTable, ...]:
    """Return the printed answers as tables, one for each obligation."""
    rows: dict[str, list[AnswerRow]] = {}
    for line in facts.answers:
        row = AnswerRow(question=line.question, answer=line.text, note=" ".join(line.notes))
        rows.setdefault(line.obligation, []).append(row)
    return tuple(
        AnswerTable(caption=_name_obligation(name), rows=tuple(group))
        for name, group in rows.items()
    )


def _name_obligation(iso: str) -> str:
    """Return the caption of an obligation's answers; the transfer line belongs to none."""
    if not iso:
        return "Transfer"
    days = [format_date(date.fromisoformat(day)) for day in iso.split("/")]
    return f"For {' to '.join(days)}"


def describe_detail(detail: Detail) -> str:
    """Return what a class of requester may be told, for the reviewer."""
    return _DETAIL_WORDS[detail]


_DETAIL_WORDS = {
    Detail.FULL: "May be told the answers with facility, place and country.",
    Detail.ANSWERS: "May be told the answers and dates; no facility, place or country.",
    Detail.NONE: "May be told nothing.",
}


def render_refusal_preview(
    services: Services, request: Request, fields: Mapping[str, FieldValue], *, now: datetime
) -> bytes:
    """Render the form without information as it would be issued, marked PREVIEW."""
    case = read_case(services, request, fields)
    issue = build_preview_issue(services, request, now=now)
    return render_certification(build_no_information_facts(case=case, issue=issue))


def build_case(
    services: Services,
    request: Request,
    fields: Mapping[str, FieldValue],
    *,
    has_supporting_attachment: bool,
) -> CaseFacts:
    """Build the case the rules are applied to from a request and its values."""
    values = {name: found.value for name, found in fields.items()}
    email = find_recipient(fields) or ""
    domains = services.settings.general.official_domains
    return build_case_facts(
        values,
        is_birth_date_ambiguous="ambiguous_birth_date" in request.flags,
        is_protected=is_protected(request),
        is_legal_cleared=request.legal_cleared_at is not None,
        has_supporting_attachment=has_supporting_attachment,
        author_address=request.author_address,
        is_authenticated=request.author_proven,
        is_webmail=judge_domain(email.rpartition("@")[2], domains) is DomainTrust.WEBMAIL,
    )


def read_case(services: Services, request: Request, fields: Mapping[str, FieldValue]) -> CaseFacts:
    """Build the case, looking up which papers came with the request."""
    with services.database.read() as session:
        has_paper = has_supporting_attachment(session, request)
    return build_case(services, request, fields, has_supporting_attachment=has_paper)


def find_recipient(fields: Mapping[str, FieldValue]) -> str | None:
    """Return the address a certification goes to: the one the form names, or None for the post.

    An address that no relay takes stands for none.
    """
    delivery, email = fields.get("delivery"), fields.get("requester_email")
    if email is None or (delivery is not None and delivery.value == "postal_mail"):
        return None
    return find_mailable_address(str(email.value))


def describe_recipient(fields: Mapping[str, FieldValue]) -> str:
    """Return where a certification goes, for staff to read."""
    return find_recipient(fields) or _POSTAL


def build_issue(
    services: Services, request: Request, *, control_number: str, mark: Mark, now: datetime
) -> IssueDetails:
    """Return who issues, under which numbers and when."""
    certification = services.settings.certification
    return IssueDetails(
        tracking_number=request.tracking_number,
        control_number=control_number,
        issued_on=services.local_date(now),
        agency=services.settings.general.agency,
        office=certification.office,
        verify_address=certification.verify_address,
        mark=mark,
        is_signed_by_hand=not certification.is_signed_with_key,
    )


def build_preview_issue(services: Services, request: Request, *, now: datetime) -> IssueDetails:
    """Return the same for a preview, which differs from what is issued in mark and number alone."""
    issue = build_issue(services, request, control_number="", mark=Mark.PREVIEW, now=now)
    return replace(issue, supersedes=find_superseded(services, request))


def find_superseded(services: Services, request: Request) -> str:
    """Return the number of what the next certification takes the place of; empty for none.

    What is real supersedes nothing that was a sample.
    """
    if request.status not in _ANSWERED:
        return ""
    with services.database.read() as session:
        earlier = session.scalars(
            select(CertificationRecord.control_number)
            .where(CertificationRecord.request_id == request.id)
            .order_by(CertificationRecord.id.desc())
            .limit(1)
        ).one()
    is_real = services.settings.certification.is_official
    return "" if is_real and earlier == SAMPLE_CONTROL_NUMBER else earlier


def build_issued_facts(
    services: Services,
    case: CaseFacts,
    findings: Findings,
    certifier: StaffMember | None,
    issue: IssueDetails,
    *,
    now: datetime,
    wording: Wording | None = None,
) -> CertificationFacts:
    """Build the facts of a determination as they are printed. Raises what the rules raise."""
    zone = services.settings.general.zone
    determination = determine(findings, case, now=now, zone=zone)
    name, title = (_UNNAMED, "") if certifier is None else (certifier.name, certifier.title)
    return build_certification_facts(
        case=case,
        findings=findings,
        determination=determination,
        detail=assess(services, case, findings, now=now).detail,
        certifier=Certifier(name=name, title=title),
        issue=issue,
        zone=zone,
        wording=wording,
    )


def build_refusal_facts(case: CaseFacts, issue: IssueDetails) -> CertificationFacts:
    """Build the facts of a refusal."""
    return build_no_information_facts(case=case, issue=issue)


def render_preview(proposal: Proposal) -> bytes:
    """Render the document as it would be issued, marked PREVIEW."""
    return render_certification(proposal.facts)
