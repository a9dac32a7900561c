"""When each command can be given: the table by status, and what each person is offered."""

from __future__ import annotations

import pytest

from config.settings import Role, StaffMember
from inbox_worker.review.commands import ANY_ROUND, STATUSES, is_entitled, list_possible
from inbox_worker.review.replies import PREPARERS
from inbox_worker.status import RequestStatus
from tests.unit.reply_builders import KEYWORDS

EVER = "PROTECT, NOTE, STATUS, SHOW, AWAY, BACK, HELP"
PROTECTED = "PROTECT, UNPROTECT, NOTE, STATUS, SHOW, AWAY, BACK, HELP"
LEFT = "PROTECT, NOTE, STATUS, SHOW, PASSWORD, AWAY, BACK, HELP"
ASIDE = "HOLD, LEGAL, DUPLICATE, CLOSE"
REVIEW = f"NEED INFO, CORRECT, {ASIDE}, ASSIGN, {EVER}"


def member(*roles: Role) -> StaffMember:
    return StaffMember(name="R. Ortega", email="r.ortega@agency.example", roles=roles)


def possible(
    status: str,
    *roles: Role,
    confirmable: bool = False,
    cancellable: bool = False,
    is_protected: bool = False,
) -> str:
    words = list_possible(
        KEYWORDS,
        member(*roles),
        RequestStatus(status),
        confirmable=confirmable,
        cancellable=cancellable,
        is_protected=is_protected,
    )
    return ", ".join(words)


def test_every_keyword_has_its_place_and_its_doing() -> None:
    words = {k.word for k in KEYWORDS.keywords}
    assert set(STATUSES) == words
    assert set(PREPARERS) == words
    assert words >= ANY_ROUND


@pytest.mark.parametrize(
    ("status", "roles", "options", "words"),
    [
        pytest.param(
            "IN_REVIEW", ["approver"], {}, f"APPROVE, DENY, {REVIEW}", id="an approver decides"
        ),
        pytest.param("IN_REVIEW", ["reviewer"], {}, REVIEW, id="a reviewer does not"),
        pytest.param("IN_REVIEW", ["certifier"], {}, "", id="a certifier alone does nothing"),
        pytest.param(
            "IN_REVIEW", ["supervisor"], {}, f"APPROVE, DENY, {REVIEW}", id="a supervisor may all"
        ),
        pytest.param(
            "IN_REVIEW",
            ["approver"],
            {"confirmable": True},
            f"APPROVE, CONFIRM, DENY, {REVIEW}",
            id="with a document to confirm",
        ),
        pytest.param(
            "IN_REVIEW",
            ["approver"],
            {"cancellable": True},
            f"APPROVE, DENY, {REVIEW}",
            id="nothing is decided, so nothing is taken back",
        ),
        pytest.param(
            "SECOND_REVIEW",
            ["approver"],
            {},
            f"APPROVE, DENY, HOLD, LEGAL, {EVER}",
            id="a second person approves or denies",
        ),
        pytest.param(
            "SECOND_REVIEW",
            ["approver"],
            {"cancellable": True},
            f"APPROVE, DENY, CANCEL, HOLD, LEGAL, {EVER}",
            id="or the first takes it back",
        ),
        pytest.param(
            "IN_REVIEW",
            ["approver"],
            {"is_protected": True, "confirmable": True},
            f"DENY, NEED INFO, CORRECT, {ASIDE}, ASSIGN, {PROTECTED}",
            id="of somebody protected nothing is told",
        ),
        pytest.param(
            "ISSUED",
            ["reviewer"],
            {"is_protected": True},
            PROTECTED.replace("SHOW", "SHOW, PASSWORD"),
            id="a reviewer may be one of two who lift it",
        ),
        pytest.param(
            "APPROVED", ["approver"], {"cancellable": True}, f"CANCEL, {EVER}", id="approved"
        ),
        pytest.param("APPROVED", ["approver"], {}, EVER, id="approved by another"),
        pytest.param("DENIED", ["approver"], {"cancellable": True}, f"CANCEL, {EVER}", id="denied"),
        pytest.param(
            "ISSUED",
            ["supervisor"],
            {"cancellable": True, "confirmable": True},
            f"REISSUE, CONFIRM, CANCEL, RESEND, REVOKE, {LEFT}",
            id="what has left is not taken back",
        ),
        *(
            pytest.param(
                status,
                ["supervisor"],
                {"cancellable": True, "confirmable": True},
                words,
                id=status,
            )
            for status, words in (
                ("RECEIVED", EVER),
                ("INCOMPLETE", EVER),
                ("NEEDS_INFORMATION", f"LEGAL, DUPLICATE, CLOSE, ASSIGN, {EVER}"),
                ("ON_HOLD", f"RELEASE, LEGAL, DUPLICATE, CLOSE, ASSIGN, {EVER}"),
                ("LEGAL", f"RELEASE, DUPLICATE, CLOSE, ASSIGN, {EVER}"),
                ("REVOKED", f"REISSUE, CONFIRM, CANCEL, {LEFT}"),
                ("WITHDRAWN", EVER),
                ("CLOSED", EVER),
            )
        ),
    ],
)
def test_what_can_be_done_depends_on_status_and_role(
    status: str, roles: list[Role], options: dict[str, bool], words: str
) -> None:
    assert possible(status, *roles, **options) == words


@pytest.mark.parametrize(
    ("word", "entitled"),
    [
        ("APPROVE", {"approver", "supervisor"}),
        ("CONFIRM", {"approver", "supervisor"}),
        ("DENY", {"approver", "supervisor"}),
        ("CANCEL", {"approver", "supervisor"}),
        ("NEED INFO", {"reviewer", "approver", "supervisor"}),
        ("CORRECT", {"reviewer", "approver", "supervisor"}),
        ("STATUS", {"reviewer", "approver", "supervisor"}),
        ("HELP", {"reviewer", "approver", "supervisor"}),
    ],
)
def test_roles_include_those_below_them(word: str, entitled: set[Role]) -> None:
    keyword = KEYWORDS.named(word)
    assert keyword is not None
    roles: tuple[Role, ...] = ("reviewer", "approver", "supervisor", "certifier")
    assert {r for r in roles if is_entitled(member(r), keyword)} == entitled
