"""Letters to staff that ask for no decision: what happened, and what to do about it.

Every function works in the caller's transaction; the same thing is told once, by its key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import StaffMember
from inbox_worker.letters.alarm_posting import post_alarm
from inbox_worker.letters.letterhead import build_letterhead
from inbox_worker.letters.posting import Posting, post_unbound
from inbox_worker.services import Services
from inbox_worker.status import DeliveryStatus
from inbox_worker.storage import store
from inbox_worker.storage.models import LetterRecord, Request
from inbox_worker.storage.outbox_store import has_letter
from outbound.letters.compose import Fact, LetterKind
from outbound.letters.staff_letters import StaffAlert, compose_staff_alert

#: How many mails of a request's requester its reviewers are told of in a day.
WROTE_PER_DAY = 10

#: The sentence and the advice of each alert.
_ALERTS: Mapping[str, tuple[str, str]] = {
    "mail_quarantined": (
        "A mail could not be worked on and was set aside with its bytes kept.",
        "See what it is, on the worker's machine: ero-outreach quarantine list",
    ),
    "quarantine_waits": (
        "Mail lies in quarantine that could not be worked on.",
        "See what it is, and release or discard it: ero-outreach quarantine list",
    ),
    "no_more_answers": (
        "Too many mails without a request came in a day; they are no longer answered.",
        "Look at them in the mailbox's folder for a person. It may be a program that answers ours.",
    ),
    "mail_oversize": (
        "A mail is over the size limit, and nothing but its header was taken in.",
        "Look at it, and at any other of today, in the quarantine folder of the mailbox.",
    ),
    "letter_failed": (
        "A letter was refused for good, or given up after many attempts.",
        "Check the address, and tell the recipient another way.",
    ),
    "letter_came_back": (
        "A letter could not be delivered: a report of its failure came back.",
        "Check the address, and tell the recipient another way. Nothing is sent again by itself.",
    ),
    "answer_came_back": (
        "The answer to a request did not arrive: a report of its failure came back.",
        "Call the requester and check the address. Nothing is sent again by itself.",
    ),
    "report_unproven": (
        "A report says that a letter failed. It returns nothing that proves which letter it means.",
        "Look at the report in the mailbox's folder for automatic mail. Nothing was changed.",
    ),
    "report_unclear": (
        "A report about a letter came back, and the program cannot read what it says.",
        "Look at the report in the mailbox's folder for automatic mail. Nothing was changed.",
    ),
    "abuse_report": (
        "Somebody called a letter of this mailbox unwanted mail. Nothing was answered.",
        "Look at the report; many of them harm the delivery of other letters.",
    ),
    "requester_out_of_reach": (
        "A letter to the requester could not be delivered. Nothing is sent again by itself.",
        "Check the address with the requester by telephone.",
    ),
    "no_signing_key": (
        "A decision waits to be issued, and there is no usable signing key.",
        "Install the key, or set certification.require_signature = false to issue samples.",
    ),
    "no_timestamp": (
        "A decision waits to be issued, and the time-stamp server gives no usable answer.",
        "Run ero-outreach check, which says why. It is issued as soon as the server answers.",
    ),
    "issue_failed": (
        "A decision could not be issued; it is tried again every few seconds.",
        "Look in the log for issue_failed, and decide anew where that is what it takes.",
    ),
    "records_too_old": (
        "Your approval was not issued: the records were checked more than 72 hours ago.",
        "The request is back in review. Check the records again and answer the new notice.",
    ),
    "subject_protected": (
        "Your approval was not issued: the person is protected by law (8 U.S.C. 1367).",
        "The request is back in review. Only DENY can answer it; answer the new notice.",
    ),
    "protected_after_answer": (
        "Privacy incident: somebody who is protected by law was already told of in an answer.",
        "Nothing more leaves: RESEND and REISSUE are stopped. Keep back what is not posted yet.",
    ),
    "certifier_gone": (
        "Your approval was not issued: whoever was to certify it is no longer a certifier.",
        "The request is back in review. Answer the new notice.",
    ),
    "requester_wrote": (
        "The requester wrote again about this request.",
        "The mail lies in the mailbox's folder for a person; nothing was changed because of it.",
    ),
    "requester_wrote_often": (
        "The requester wrote again about this request, and often today: no more of today are told.",
        "See whether more lie in the mailbox's folder for a person, before you decide.",
    ),
    "demand_received": (
        "A mail seems to bring a subpoena, a court order or another demand.",
        "Pass it on to counsel. It lies in the folder for a person, or with its request.",
    ),
    "urgent_acknowledged": (
        "The urgent mail was acknowledged; nobody is told of it again.",
        "",
    ),
    "urgent_reply_unproven": (
        "Your answer to an urgent alert could not be proven to come from you: it does not count.",
        "Answer the newest alert from your own mailbox, in the agency's network.",
    ),
    "you_stand_in": (
        "A colleague is away, and you stand in until they are back.",
        "Answer the notices that come with this mail, and those you have of second decisions.",
    ),
    "requester_withdrew": (
        "The requester took this request back. It is withdrawn.",
        "Nothing, unless you know that it was not meant.",
    ),
    "withdrawal_to_decide": (
        "The requester took this request back, and it is already decided or closed.",
        "Whoever decided can still answer CANCEL until the answer has left.",
    ),
    "review_overdue": (
        "A request has waited too long for a decision. Its reviewers were reminded twice.",
        "Decide it yourself by its newest notice, or reply ASSIGN and a colleague's address to it.",
    ),
    "review_day_is_near": (
        "The last day of a request is near, and it is not decided.",
        "Decide it yourself by its newest notice, or reply ASSIGN and a colleague's address to it.",
    ),
}


def write_alarm(
    services: Services,
    session: Session,
    *,
    code: str,
    key: str,
    ids: Mapping[str, str],
    now: datetime,
    request: Request | None = None,
    recipients: Sequence[str] = (),
) -> bool:
    """Tell `recipients`, or else those who are told of alarms; the same key twice is one alarm.

    Return whether it is a new one.
    """
    alert = _build_alert(services, code, ids=ids, request=request)
    return post_alarm(services, session, alert, key=key, now=now, recipients=recipients)


def write_failure_alerts(services: Services) -> int:
    """Tell staff of letters that failed for good and were not told of; return how many."""
    alerted = select(LetterRecord.key).where(LetterRecord.key.startswith("alarm:"))
    with services.database.read() as session:
        failed = session.execute(
            select(LetterRecord.id, LetterRecord.retries).where(
                LetterRecord.status == DeliveryStatus.FAILED.value,
                LetterRecord.kind != LetterKind.STAFF_ALERT.value,
            )
        ).all()
        known = set(session.scalars(alerted)) if failed else set()
    keys = {letter_id: _failure_key(letter_id, retries) for letter_id, retries in failed}
    untold = [i for i, key in keys.items() if not any(k.startswith(f"alarm:{key}:") for k in known)]
    for letter_id in untold:
        _write_failure_alert(services, letter_id)
    return len(untold)


def write_requester_wrote(
    services: Services, session: Session, request: Request, *, journal_id: int, now: datetime
) -> None:
    """Tell each reviewer that a mail about a request waits for a person, so often in a day.

    The last of a day says that more may come. The mail itself is named, and nothing of it.
    """
    ids = {"journal entry": str(journal_id)}
    day = f"wrote:{request.id}:{services.local_date(now)}"
    for member in services.settings.find_staff_with("reviewer"):
        keys = [f"{day}:{number}:{member.email.lower()}" for number in range(1, WROTE_PER_DAY + 1)]
        key = next((key for key in keys if not has_letter(session, key)), None)
        if key is None:
            continue
        code = "requester_wrote_often" if key == keys[-1] else "requester_wrote"
        alert = compose_staff_alert(_build_alert(services, code, ids=ids, request=request))
        post_unbound(services, session, member.email, alert, Posting(key=key, now=now))


def write_withdrawal_news(
    services: Services, session: Session, request: Request, code: str, *, now: datetime
) -> None:
    """Tell reviewers, once a request and round, that its requester took it back."""
    key = f"{code}:{request.id}:{request.round}"
    _tell_reviewers(services, session, request, code, key=key, now=now)


def write_privacy_incident(
    services: Services, session: Session, request: Request, *, is_stopped: bool, now: datetime
) -> None:
    """Tell the supervisors, once, that something of a protected person was disclosed.

    `is_stopped` says that the answer had not left yet, and will not.
    """
    supervisors = [m.email for m in services.settings.find_staff_with("supervisor")]
    write_alarm(
        services,
        session,
        code="protected_after_answer",
        key=f"protected_after_answer:{request.id}",
        ids={"answer": "stopped before it left" if is_stopped else "has left"},
        now=now,
        request=request,
        recipients=supervisors,
    )


def write_letter_came_back(
    services: Services, session: Session, request: Request, letter_id: int, *, now: datetime
) -> None:
    """Tell reviewers, once a letter, that one to the requester could not be delivered."""
    key = f"came_back:{letter_id}"
    _tell_reviewers(services, session, request, "requester_out_of_reach", key=key, now=now)


def write_review_news(
    services: Services,
    session: Session,
    request: Request,
    code: str,
    members: Sequence[StaffMember],
    *,
    now: datetime,
) -> None:
    """Tell supervisors, once a round, that a review waits too long or that its day is near."""
    alert = compose_staff_alert(_build_alert(services, code, request=request))
    for member in members:
        key = f"{code}:{request.id}:{request.round}:{request.status}:{member.email.lower()}"
        post_unbound(services, session, member.email, alert, Posting(key=key, now=now))


def write_standing_in(
    services: Services,
    session: Session,
    deputy: StaffMember,
    absent: str,
    until: date,
    *,
    reviews: int,
    now: datetime,
) -> None:
    """Tell a deputy for whom they stand in, until when, and how many notices come with it."""
    ids = {"colleague": absent, "back on": until.isoformat(), "open reviews": str(reviews)}
    letter = compose_staff_alert(_build_alert(services, "you_stand_in", ids=ids))
    key = f"stand_in:{now.isoformat()}:{deputy.email.lower()}:{until}"
    post_unbound(services, session, deputy.email, letter, Posting(key=key, now=now))


def _tell_reviewers(
    services: Services,
    session: Session,
    request: Request,
    code: str,
    *,
    key: str,
    now: datetime,
) -> None:
    alert = compose_staff_alert(_build_alert(services, code, request=request))
    for member in services.settings.find_staff_with("reviewer"):
        posting = Posting(key=f"{key}:{member.email.lower()}", now=now)
        post_unbound(services, session, member.email, alert, posting)


def _failure_key(letter_id: int, retries: int) -> str:
    """Return what the alarm is about: a letter that fails again is another one."""
    return f"letter:{letter_id}" if not retries else f"letter:{letter_id}:again:{retries}"


def _write_failure_alert(services: Services, letter_id: int) -> None:
    now = services.clock()
    with services.database.unit_of_work() as unit:
        letter = unit.session.get_one(LetterRecord, letter_id)
        request = (
            None if letter.request_id is None else unit.session.get(Request, letter.request_id)
        )
        store.add_event(
            unit.session,
            "letter_failed",
            request=request,
            actor=store.PROGRAM,
            now=now,
            detail={"letter": letter.id, "kind": letter.kind},
        )
        write_alarm(
            services,
            unit.session,
            code="letter_failed",
            key=_failure_key(letter.id, letter.retries),
            ids={"letter": str(letter.id), "kind": letter.kind, "reason": letter.reason or ""},
            now=now,
            request=request,
        )
        unit.commit()


def _build_alert(
    services: Services,
    code: str,
    *,
    ids: Mapping[str, str] | None = None,
    request: Request | None = None,
) -> StaffAlert:
    sentence, to_do = _ALERTS[code]
    return StaffAlert(
        head=build_letterhead(services),
        code=code,
        sentence=sentence,
        to_do=to_do,
        tracking_number="" if request is None else request.tracking_number,
        ids=tuple(Fact(label=k, value=v) for k, v in (ids or {}).items()),
    )
