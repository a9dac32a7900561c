"""The accounting of disclosures (5 U.S.C. 552a(c)): what is a release, and who may see which."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date

import pytest

from inbox_worker.casefile.accounting import ACCOUNTED, digest_disclosure
from inbox_worker.desk import outbox_desk
from inbox_worker.desk.disclosures import Wanted, list_disclosures, write_csv
from inbox_worker.storage.models import CertificationRecord, Disclosure, Event
from tests.worker_harness import (
    APPROVE,
    CHEN,
    CLERK,
    FORM,
    LINDQVIST,
    ORTEGA,
    Harness,
    Opener,
    findings,
)

pytestmark = pytest.mark.on_both

ELSEWHERE = "chief.clerk@courts.example"
A_NUMBER = "A000000101"
WITHHELD = ("agency head's request",)
REISSUE = findings(removed="2026-04-18", custody="2026-03-02 to 2026-04-18").replace(
    "APPROVE", "REISSUE", 1
)


def issue(harness: Harness, approval: str = APPROVE) -> Harness:
    harness.reply(ORTEGA, approval, to=harness.notice(ORTEGA))
    harness.clock.advance(minutes=11)
    assert harness.issue() == 1
    return harness


@pytest.fixture
def filed(open_filed: Opener) -> Harness:
    return open_filed(review={"confirm": False})


@pytest.fixture
def issued(filed: Harness) -> Harness:
    return issue(filed)


def shown(harness: Harness, **wanted: object) -> list[dict[str, object]]:
    zone = harness.services.settings.general.zone
    asked = Wanted(**{"withheld_bases": WITHHELD, **wanted})  # type: ignore[arg-type]
    with harness.services.database.read() as session:
        return list_disclosures(session, asked, zone)


def test_a_release_is_accounted_for_with_all_that_the_statute_asks_for(issued: Harness) -> None:
    (certification,) = issued.rows(CertificationRecord)
    (row,) = shown(issued)
    assert row["date"] == certification.issued_at.isoformat()
    assert row["control_number"] == certification.control_number
    printed = certification.facts["determination"]
    assert set(printed["statements"]) < set(row["nature"])  # type: ignore[call-overload]
    assert any(line.startswith("On March 10, 2026, was") for line in row["nature"])  # type: ignore[attr-defined]
    assert row["purpose"] == [
        "Obligation missed: Court hearing",
        "Date or dates missed: March 10, 2026",
        "Court or supervising agency: Superior Court of Example County",
        "Case or docket no.: 26-CR-000123",
        f"Purpose and relevance: {FORM['purpose']}",
    ]
    assert row["recipient"] == (
        "Dana Whitlock, Deputy Clerk of Court, Superior Court of Example County"
    )
    assert row["postal_address"] == ["1 Example Plaza", "Anytown, GA 30301"]
    assert (row["sent_to"], row["basis"]) == (CLERK, "routine use")
    assert (row["subject"], row["a_number"]) == ("Ejemplo de la Muestra, José Andrés", "A******101")
    # The chain of events covers the row.
    (event,) = [e for e in issued.rows(Event) if e.code == ACCOUNTED]
    assert event.detail["sha256"] == digest_disclosure(issued.rows(Disclosure)[0])


def _resend(harness: Harness) -> None:
    harness.reply(CHEN, "RESEND", to=harness.notice(CHEN))


def _resend_elsewhere(harness: Harness) -> None:
    harness.reply(CHEN, f"RESEND {ELSEWHERE}", to=harness.notice(CHEN))
    assert len(shown(harness)) == 1, "asked for, and nothing sent yet"
    harness.reply(ORTEGA, f"RESEND {ELSEWHERE}", to=harness.newest(ORTEGA))
    assert len(shown(harness)) == 2


def _reissue(harness: Harness) -> None:
    issue(harness, REISSUE)


def _revoke(harness: Harness) -> None:
    harness.reply(ORTEGA, "REVOKE a clerical error", to=harness.newest(ORTEGA))
    assert harness.status() == "REVOKED"


@pytest.mark.parametrize(
    ("do", "recipients"),
    [
        pytest.param(_resend, [CLERK, CLERK], id="the statute asks for the date of each"),
        pytest.param(_resend_elsewhere, [CLERK, ELSEWHERE], id="somebody else has it now"),
        pytest.param(_reissue, [CLERK, CLERK], id="other facts were released"),
        pytest.param(_revoke, [CLERK], id="a notice tells no fact"),
    ],
)
def test_every_release_counts_and_a_notice_does_not(
    issued: Harness, do: Callable[[Harness], None], recipients: list[str]
) -> None:
    do(issued)
    assert [row["sent_to"] for row in shown(issued)] == recipients


def test_what_goes_by_post_is_a_release(open_harness: Opener) -> None:
    harness = open_harness(review={"confirm": False})
    harness.file(delivery="postal_mail", password_phone=None)
    (row,) = shown(issue(harness))
    assert (row["sent_to"], row["delivery"]) == ("post", "given to staff for the post")


def test_what_was_taken_back_in_time_is_said_not_to_have_left(issued: Harness) -> None:
    (letter,) = issued.letters(kind="certification")
    outbox_desk.cancel(issued.services.database, letter.id, actor="console:x", now=issued.clock())
    assert [row["delivery"] for row in shown(issued)] == ["taken back before it left"]


def test_a_refusal_releases_nothing(open_filed: Opener) -> None:
    harness = open_filed(
        review={"confirm": False, "refusal_min_business_days": 0, "refusal_times": []}
    )
    issue(harness, "DENY outside of our records")
    assert (shown(harness), len(harness.rows(CertificationRecord))) == ([], 1)


def test_earlier_recipients_are_told_and_that_is_tied_to_what_they_were_sent(
    issued: Harness,
) -> None:
    _resend_elsewhere(issued)
    issue(issued, REISSUE)
    _revoke(issued)
    new = issued.rows(CertificationRecord)[-1].control_number
    replaced = [[c["replaced_by"] for c in row["corrections"]] for row in shown(issued)]  # type: ignore[attr-defined]
    # Samples share one number, so that the last notice is tied to all of them.
    assert replaced == [[new, None], [new, None], [None]]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        pytest.param({"a_number": A_NUMBER}, 1, id="the person"),
        pytest.param({"a_number": "A000000102"}, 0, id="another person"),
        pytest.param({"since": date(2026, 5, 4), "until": date(2026, 5, 4)}, 1, id="that day"),
        pytest.param({"since": date(2026, 5, 5)}, 0, id="later"),
        pytest.param({"until": date(2026, 5, 3)}, 0, id="before"),
    ],
)
def test_it_is_found_by_person_and_day(
    issued: Harness, wanted: dict[str, object], found: int
) -> None:
    assert len(shown(issued, **wanted)) == found


def test_a_number_that_the_file_had_before_still_finds_it(filed: Harness) -> None:
    filed.reply(LINDQVIST, "CORRECT\nsubject_a_number: A000000102", to=filed.notice(LINDQVIST))
    issue(filed)
    assert [len(shown(filed, a_number=n)) for n in (A_NUMBER, "A000000102")] == [1, 1]


@pytest.mark.parametrize(
    ("protect", "withheld", "seen"),
    [
        pytest.param(False, WITHHELD, 1, id="ordinary"),
        pytest.param(False, ("Routine Use",), 0, id="its basis is withheld: 552a(c)(3)"),
        pytest.param(True, WITHHELD, 0, id="the person is protected: 8 U.S.C. 1367"),
    ],
)
def test_a_person_s_copy_leaves_out_what_may_not_be_shown(
    issued: Harness, protect: bool, withheld: tuple[str, ...], seen: int
) -> None:
    if protect:
        issued.reply(LINDQVIST, "PROTECT", to=issued.notice(LINDQVIST))
    assert len(shown(issued, withheld_bases=withheld)) == seen
    assert len(shown(issued, withheld_bases=withheld, is_whole=True)) == 1


def test_a_cell_is_never_a_formula_nor_breaks_its_row(open_harness: Opener) -> None:
    harness = open_harness(review={"confirm": False})
    harness.file(
        requester_name='=HYPERLINK("http://x.example","click") Whitlock',
        purpose='He said "no", then\nleft; 078-05-1120 was on the warrant.',
    )
    data = write_csv(shown(issue(harness)), harness.services.settings.general.zone)
    assert data.count(b"\r\n") == 2, "a heading and a row"
    (row,) = csv.DictReader(io.StringIO(data.decode(), newline=""))
    assert row["recipient"].startswith("'=HYPERLINK(")
    assert 'He said "no", then' in row["purpose"]
    assert "078-05-1120" not in row["purpose"], "nobody's Social Security number leaves"
