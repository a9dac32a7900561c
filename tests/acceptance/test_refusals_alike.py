"""Refusals for every internal reason are one mail and one form, and leave at one moment.

One clerk has a case for each reason. All of them go through the whole job on Dovecot and Postfix,
by a clock that is moved: the forms come in together, are decided on different days, and what
leaves is compared byte for byte once numbers and dates are taken out of it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pikepdf
import pytest

from config.settings import load_settings
from inbox_worker.service.bootstrap import open_worker
from inbox_worker.service.once import run_once
from tests.acceptance.job import EASTERN, Job, Person
from tests.acceptance.mails import Mail, MailServers, compose, read_pages
from tests.worker_harness import APPROVE, Clock, fill, findings, merge

pytestmark = pytest.mark.timeout(900)

CLERK = "vera.fallowfield@courts.example"
#: A Monday, 2:45 p.m. Eastern; five business days later it is the Monday after.
FILED = datetime(2026, 5, 4, 18, 45, tzinfo=UTC)
RELEASED = datetime(2026, 5, 11, 15, 0, tzinfo=EASTERN)
#: For what is decided when that moment has passed.
LATE = datetime(2026, 5, 13, 10, 0, tzinfo=EASTERN)
LATE_REASONS = ("late, nothing found", "late, protected")


@dataclass(slots=True)
class MovedJob(Job):
    """A job whose worker has a clock of the test's."""

    clock: Clock = field(default_factory=lambda: Clock(FILED))

    def work(self, **environ: str) -> None:
        """Do everything that is due at this moment."""
        self.await_arrivals()
        settings = load_settings(self.config, self.environ(**environ))
        with open_worker(settings, clock=self.clock) as worker:
            run_once(worker, wait=lambda seconds: self.clock.advance(seconds=seconds))
        self._arriving.clear()
        self.await_letters()


@dataclass(frozen=True, slots=True)
class Case:
    """One of the clerk's cases, and the staff who see to it."""

    job: Job
    number: str

    @property
    def tracking(self) -> str:
        ((found,),) = self.job.query(
            "SELECT tracking_number FROM requests JOIN field_values"
            " ON field_values.request_id = requests.id"
            " WHERE field = 'case_numbers' AND value LIKE ?",
            f"%{self.number}%",
        )
        return str(found)

    def say(self, member: Person, text: str) -> None:
        """Let a member of staff answer their newest letter about the case."""
        self.job.reply(member, self.job.newest_to(member.address, self.tracking), text)

    def is_(self, status: str) -> None:
        assert self.job.status_of(self.tracking) == status


#: What happens to a case, from its first notice to its denial; a step is a day.
Course = Iterator[None]


def nothing_is_found(case: Case) -> Course:
    case.say(case.job.approver, "DENY no record")
    yield


def the_reason_has_many_words(case: Case) -> Course:
    yield
    yield
    case.say(
        case.job.chief,
        "DENY The fingerprints are somebody else's, and the purpose is not one we serve.\n"
        "See the note of last week; counsel agrees.",
    )
    yield


def somebody_is_protected(case: Case) -> Course:
    case.say(case.job.reviewer, "PROTECT")
    yield
    case.say(case.job.approver, "DENY protected")
    yield


def somebody_was_protected_before(case: Case) -> Course:
    yield
    case.say(case.job.approver, "DENY protected")
    yield


def a_class_is_told_nothing(case: Case) -> Course:
    case.say(case.job.approver, APPROVE)
    yield
    case.is_("IN_REVIEW")
    case.say(case.job.approver, "DENY no consent")
    yield


def somebody_is_a_minor(case: Case) -> Course:
    case.say(case.job.approver, APPROVE)
    yield
    case.is_("SECOND_REVIEW")
    yield
    case.say(case.job.chief, "DENY a minor")
    yield


def a_second_person_denies(case: Case) -> Course:
    yield
    case.say(case.job.approver, APPROVE)
    yield
    case.is_("SECOND_REVIEW")
    case.say(case.job.chief, "DENY the records are of another person")
    yield


def two_people_differ(case: Case) -> Course:
    case.say(case.job.approver, APPROVE)
    yield
    case.is_("SECOND_REVIEW")
    case.say(case.job.chief, findings(facility="Example Annex, Anytown, GA"))
    yield
    case.say(case.job.approver, "DENY we do not agree")
    yield


def an_approval_is_taken_back(case: Case) -> Course:
    case.say(case.job.approver, APPROVE)
    case.job.work()
    case.is_("APPROVED")
    case.say(case.job.approver, "CANCEL")
    yield
    case.is_("IN_REVIEW")
    case.say(case.job.approver, "DENY on second thoughts")
    yield


def a_question_was_answered(case: Case) -> Course:
    case.say(case.job.reviewer, "NEED INFO Which division of the court set the hearing?")
    yield
    clerk = Person("Vera Fallowfield", case.job.address_of(CLERK))
    case.job.reply(clerk, case.job.newest_to(clerk.address, case.tracking), "The second one.")
    yield
    case.is_("IN_REVIEW")
    case.say(case.job.approver, "DENY still unclear")
    yield


def counsel_had_it(case: Case) -> Course:
    case.is_("LEGAL")
    case.say(case.job.reviewer, "RELEASE")
    yield
    case.is_("IN_REVIEW")
    case.say(case.job.approver, "DENY counsel advises against it")
    yield


def it_was_on_hold(case: Case) -> Course:
    case.say(case.job.reviewer, "HOLD for the file")
    yield
    case.say(case.job.reviewer, "RELEASE")
    yield
    case.say(case.job.approver, "DENY nothing came")
    yield


def late(course: Any, *, days: int) -> Any:
    """Return a course that begins after so many days."""

    def play(case: Case) -> Course:
        for _ in range(days):
            yield
        yield from course(case)

    return play


#: How many days the courses have before the first moment.
_DAYS = 4

#: Each reason: what the form says otherwise, and its course.
REASONS: Mapping[str, tuple[dict[str, Any], Any]] = {
    "nothing found": ({}, nothing_is_found),
    "many words": ({}, the_reason_has_many_words),
    "protected": ({"subject_family_name": "Amparo"}, somebody_is_protected),
    "protected before": ({"subject_family_name": "Refugio"}, somebody_was_protected_before),
    "no consent": (
        {"requester_type": "other", "requester_credential": "EX12345", "consent_attached": False},
        a_class_is_told_nothing,
    ),
    "a minor": ({"subject_birth_date": "2010-07-23"}, somebody_is_a_minor),
    "second review": ({"subject_birth_country": "Honduras"}, a_second_person_denies),
    "differing findings": ({"subject_birth_country": "Honduras"}, two_people_differ),
    "taken back": ({}, an_approval_is_taken_back),
    "after a question": ({}, a_question_was_answered),
    "counsel": ({"subject_citizenship": "United States"}, counsel_had_it),
    "on hold": ({}, it_was_on_hold),
    LATE_REASONS[0]: ({}, late(nothing_is_found, days=_DAYS + 1)),
    LATE_REASONS[1]: ({"subject_family_name": "Asilo"}, late(somebody_is_protected, days=_DAYS)),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the clerk got about each case."""

    letters: dict[str, list[Mail]]  #: all letters, by reason
    stages: dict[str, list[list[Mail]]]  #: what STATUS was answered, by reason, at three moments
    accepted: dict[str, str]  #: when each refusal was handed over
    before: list[str]  #: reasons whose refusal was there a minute before the moment


@pytest.fixture(scope="module")
def outcome(real_servers: MailServers, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Play every course, side by side."""
    job = MovedJob(real_servers, tmp_path_factory.mktemp("refusals"), tag="alike")
    review = {
        "undo_minutes": 10,
        "refusal_min_business_days": 5,
        "refusal_times": ["10:00", "15:00"],
        "confirm": False,
    }
    job.configure({"review": merge(job._usual_settings()["review"], review)})
    job.do("init")
    cases = _file(job)
    stages: dict[str, list[list[Mail]]] = {name: [] for name in cases}
    under_way = {name: REASONS[name][1](case) for name, case in cases.items()}
    _live(job, under_way, days=_DAYS)
    _ask_stages(job, cases, stages)
    job.clock.now = RELEASED - timedelta(minutes=1)
    job.work()
    before = [
        n for n, case in cases.items() if job.letters_to(job.address_of(CLERK), _answer(case))
    ]
    job.clock.now = RELEASED
    job.work()
    _ask_stages(job, {n: c for n, c in cases.items() if n not in LATE_REASONS}, stages)
    _live(job, under_way, days=2)
    job.clock.now = LATE
    job.work()
    _ask_stages(job, {n: c for n, c in cases.items() if n in LATE_REASONS}, stages)
    rows = job.query(
        "SELECT tracking_number, accepted_at FROM letters JOIN requests"
        " ON requests.id = letters.request_id WHERE kind = 'refusal'"
    )
    accepted = {tracking: str(moment) for tracking, moment in rows}
    return Outcome(
        letters={n: job.letters_to(job.address_of(CLERK), c.tracking) for n, c in cases.items()},
        stages=stages,
        accepted={n: accepted[c.tracking] for n, c in cases.items()},
        before=before,
    )


def _file(job: MovedJob) -> dict[str, Case]:
    """File every case at one moment; somebody was protected by an earlier request of another."""
    clerk = Person("Vera Fallowfield", job.address_of(CLERK))
    cases = {}
    earlier = fill(subject_family_name="Refugio", case_numbers="26-CR-000299")
    job.write(Person("Another", job.address_of("another@courts.example")), "Ours.\n", earlier)
    job.clock.now = FILED - timedelta(hours=3)
    job.work()
    Case(job, "26-CR-000299").say(job.reviewer, "PROTECT")
    job.work()
    job.clock.now = FILED
    for number, (name, (changes, _)) in enumerate(REASONS.items(), 101):
        form = fill(
            **{
                "subject_a_number": f"A000000{number}",
                "subject_family_name": f"Ejemplo{number}",
                "subject_birth_date": "1988-07-23",
                "case_numbers": f"26-CR-000{number}",
                "requester_email": clerk.address,
                **changes,
            }
        )
        job.write(clerk, "Our request is attached.\n", form)
        cases[name] = Case(job, f"26-CR-000{number}")
    job.work()
    return cases


def _live(job: MovedJob, under_way: dict[str, Course], *, days: int) -> None:
    """Let days go by on which the courses go on."""
    for _ in range(days):
        for course in under_way.values():
            next(course, None)
        job.clock.advance(minutes=1)
        job.work()
        job.clock.advance(days=1, minutes=-1)


def _answer(case: Case) -> str:
    return f"[{case.tracking}] Answer to your request"


def _ask_stages(
    job: MovedJob, cases: Mapping[str, Case], stages: dict[str, list[list[Mail]]]
) -> None:
    """Let the clerk ask for the stage of each case."""
    address = job.address_of(CLERK)
    seen = {name: len(job.letters_to(address, case.tracking)) for name, case in cases.items()}
    for case in cases.values():
        job.send(
            compose(address, job.mailbox, f"STATUS {case.tracking}\n", subject="A question"),
            address,
        )
    job.work()
    for name, case in cases.items():
        stages[name].append(job.letters_to(address, case.tracking)[seen[name] :])


# What is compared.

_NUMBERS = (
    (rb"CJS-\d{4}-\d{6}-\d", b"TRACKING"),
    (rb"26-CR-000\d{3}", b"CASE"),
    (rb"(letter|review)[.-][0-9a-z]{26}", rb"\1.TOKEN"),
    (rb"=_([amr])[0-9a-f]{32}", rb"=_\1"),
)


def strip(raw: bytes) -> bytes:
    """Return a mail as the worker wrote it, without numbers and dates of any sort."""
    head, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    own = head[head.index(b"\nFrom: ") + 1 :] if b"\nFrom: " in head else head
    # Quoted-printable text breaks its lines where the numbers stand.
    text = _without_pdf(own + b"\n\n" + body).replace(b"=\n", b"")
    text = re.sub(rb"(?m)^Date: .*$", b"Date: X", text)
    # The clerk's own first mail has an identifier of the clerk's program.
    text = re.sub(rb"<[\d.]+@courts\.example>", b"<CLERK>", text)
    return _hide(text)


def _without_pdf(raw: bytes) -> bytes:
    return re.sub(rb"(?s)(Content-Type: application/pdf\n.*?\n\n).*?(?=\n--=_)", rb"\1PDF", raw)


@dataclass(frozen=True, slots=True)
class Form:
    """A form without its numbers: all that is in it but the drawing of the numbers' digits.

    A font holds the digits that are drawn and no others, so that its bytes follow the numbers.
    """

    text: list[str]
    files: list[tuple[str, bytes]]  #: attached, with their bytes
    metadata: bytes
    objects: list[str]  #: the keys of every object, and the text of those that are drawn by none


def take_apart(document: bytes) -> Form:
    """Return what is in a form, without numbers and dates."""
    with pikepdf.open(io.BytesIO(document)) as pdf:
        metadata = pdf.Root.Metadata.read_bytes()
        return Form(
            text=[_hide(page.encode()).decode() for page in read_pages(document)],
            files=sorted((n, _hide(f.get_file().read_bytes())) for n, f in pdf.attachments.items()),
            metadata=_hide(
                re.sub(rb"(?i)(<xmpMM:InstanceID|<stEvt:instanceID)>[^<]*", b"", metadata)
            ),
            objects=sorted(_describe(each) for each in pdf.objects),
        )


def _describe(found: pikepdf.Object) -> str:
    if not isinstance(found, pikepdf.Dictionary | pikepdf.Stream):
        return type(found).__name__
    kind = [str(found.get(name, "")) for name in ("/Type", "/Subtype", "/S", "/Lang", "/Alt")]
    return " ".join([*kind, *sorted(found.keys())])


def _hide(text: bytes) -> bytes:
    for pattern, word in _NUMBERS:
        text = re.sub(pattern, word, text)
    return text


def refusal_of(letters: list[Mail]) -> Mail:
    (found,) = [mail for mail in letters if mail.subject.endswith("Answer to your request")]
    return found


def test_no_refusal_leaves_before_its_moment(outcome: Outcome) -> None:
    assert outcome.before == []


def test_every_refusal_leaves_at_the_same_moment(outcome: Outcome) -> None:
    moments: dict[str, list[str]] = {}
    for name, moment in outcome.accepted.items():
        moments.setdefault(moment[:16], []).append(name)
    early = [name for name in REASONS if name not in LATE_REASONS]
    assert list(moments.values()) == [early, list(LATE_REASONS)]


def test_every_refusal_is_the_same_mail(outcome: Outcome) -> None:
    stripped = {name: strip(refusal_of(mails).raw) for name, mails in outcome.letters.items()}
    usual = stripped["nothing found"]
    assert b"TRACKING" in usual
    assert b"References: <CLERK>" in usual
    assert {name for name, raw in stripped.items() if raw != usual} == set()


def test_every_refusal_carries_the_same_form(outcome: Outcome) -> None:
    documents = {n: [*refusal_of(m).files.values()] for n, m in outcome.letters.items()}
    forms = {name: take_apart(document) for name, (document,) in documents.items()}
    for name, form in forms.items():
        assert form == forms[LATE_REASONS[0] if name in LATE_REASONS else "nothing found"], name
    assert "ICE is not providing information" in forms["protected"].text[0]
    assert forms["protected"].files
    sizes = {name: len(document) for name, (document,) in documents.items()}
    # As far as the shapes of the digits differ.
    assert max(sizes.values()) < min(sizes.values()) * 1.03, sizes


def test_nobody_gets_more_or_other_letters(outcome: Outcome) -> None:
    """But for the question that somebody was asked."""
    told = {
        name: [strip(mail.raw) for mail in mails if "question about" not in mail.subject]
        for name, mails in outcome.letters.items()
    }
    acknowledged = {raws[0] for raws in told.values()}
    assert len(acknowledged) == 1
    subjects = {
        name: [
            re.sub(r"\[.*\] ", "", mail.subject) for mail in mails if "question" not in mail.subject
        ]
        for name, mails in outcome.letters.items()
    }
    usual = subjects["nothing found"]
    late_ = subjects[LATE_REASONS[0]]
    for name, found in subjects.items():
        if name != "after a question":
            assert found == (late_ if name in LATE_REASONS else usual), name


def test_the_stages_told_do_not_separate_the_reasons(outcome: Outcome) -> None:
    for moment, stage in enumerate((b"in review", b"answered")):
        told = {
            name: [_without_thread(strip(mail.raw)) for mail in answers[moment]]
            for name, answers in outcome.stages.items()
        }
        usual = told["nothing found"]
        assert len(usual) == 1
        assert stage in usual[0]
        assert {name for name, raws in told.items() if raws != usual} == set(), stage


def _without_thread(raw: bytes) -> bytes:
    """Leave out the letters before it: who was asked a question has one more of them."""
    return re.sub(rb"(?m)^References: .*\n(?: .*\n)*", b"", raw)
