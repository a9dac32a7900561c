"""When each command of a reply can be given: a table by status, and questions to it.

What a command is called, who may give it and what may follow it stands in the keyword table; here
stands only what the state of the request allows.
"""

from __future__ import annotations

from collections.abc import Mapping

from config import settings
from config.settings import StaffMember
from inbox_worker.status import RequestStatus
from parsers.replies.keyword_table import Keyword, KeywordTable, Role

_S = RequestStatus
_OPEN = frozenset({_S.IN_REVIEW, _S.SECOND_REVIEW})
_EVER = frozenset(RequestStatus)
_ANSWERED = frozenset({_S.ISSUED, _S.REVOKED})
_CLOSABLE = frozenset({_S.IN_REVIEW, _S.NEEDS_INFORMATION, _S.ON_HOLD, _S.LEGAL})

#: The statuses in which each command can be given, in the order people are told of them.
STATUSES: Mapping[str, frozenset[RequestStatus]] = {
    "APPROVE": _OPEN,
    "REISSUE": _ANSWERED,
    "CONFIRM": _OPEN | _ANSWERED,
    "DENY": _OPEN,
    "CANCEL": frozenset({_S.APPROVED, _S.DENIED, _S.SECOND_REVIEW}) | _ANSWERED,
    "RESEND": frozenset({_S.ISSUED}),
    "REVOKE": frozenset({_S.ISSUED}),
    "NEED INFO": frozenset({_S.IN_REVIEW}),
    "CORRECT": frozenset({_S.IN_REVIEW}),
    "HOLD": _OPEN,
    "RELEASE": frozenset({_S.ON_HOLD, _S.LEGAL}),
    "LEGAL": frozenset({*_OPEN, _S.ON_HOLD, _S.NEEDS_INFORMATION}),
    "DUPLICATE": _CLOSABLE,
    "CLOSE": _CLOSABLE,
    "ASSIGN": frozenset({_S.IN_REVIEW, _S.ON_HOLD, _S.NEEDS_INFORMATION, _S.LEGAL}),
    "PROTECT": _EVER,
    "UNPROTECT": _EVER,
    "NOTE": _EVER,
    "STATUS": _EVER,
    "SHOW": _EVER,
    "PASSWORD": _ANSWERED,
    "AWAY": _EVER,
    "BACK": _EVER,
    "HELP": _EVER,
}

#: Commands that touch no request's state or are about the person, and so may answer a letter of an
#: earlier round.
ANY_ROUND = frozenset({"PROTECT", "NOTE", "STATUS", "SHOW", "PASSWORD", "HELP", "AWAY", "BACK"})

#: Commands that would tell of a person whom the law protects.
TELLING = frozenset({"APPROVE", "CONFIRM", "RESEND", "REISSUE"})


_ROLES: Mapping[Role, settings.Role] = {
    Role.REVIEWER: "reviewer",
    Role.APPROVER: "approver",
    Role.SUPERVISOR: "supervisor",
    Role.DECIDER: "approver",
}


def is_entitled(member: StaffMember, keyword: Keyword) -> bool:
    """Whether this person holds the role the command needs; who decided is judged elsewhere."""
    return member.has_role(_ROLES[keyword.role])


def list_possible(
    keywords: KeywordTable,
    member: StaffMember,
    status: RequestStatus,
    *,
    confirmable: bool,
    cancellable: bool,
    is_protected: bool = False,
) -> tuple[str, ...]:
    """Return what this person can do now.

    `confirmable` says that the mail in hand shows a document to confirm, `cancellable` that the
    decision in force is this person's to take back, `is_protected` that the law protects the person
    the request is about.
    """
    possible = []
    for word, statuses in STATUSES.items():
        keyword = keywords.named(word)
        if keyword is None or status not in statuses or not is_entitled(member, keyword):
            continue
        if (word == "CONFIRM" and not confirmable) or (word == "CANCEL" and not cancellable):
            continue
        if word in TELLING if is_protected else word == "UNPROTECT":
            continue
        possible.append(word)
    return tuple(possible)
