"""Everything that cannot be used: a named disposition, its bytes kept, and an answer for people.

All the mails of the table lie in one Dovecot mailbox before the command runs once; the last mail
behind them is a good one. Each row says what becomes of a mail, and which letter its author gets.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage

import pikepdf
import pytest

from tests.acceptance.forms import Values, build_clerk_values, fill, read_blank_form
from tests.acceptance.job import FOLDERS, JOURNAL, Job, Person
from tests.acceptance.mails import Mail, MailServers, compose

pytestmark = [pytest.mark.timeout(600), pytest.mark.on_both]

PDF = "application/pdf"

#: Builds a mail by this author to this mailbox.
Build = Callable[[Person, str], EmailMessage | bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A bad mail and what has to become of it."""

    name: str
    build: Build
    disposition: str
    folder: str
    letter: str | None  #: what the subject of the author's only letter ends with; None: no letter
    words: tuple[str, ...] = ()  #: what that letter has to say
    silent: tuple[str, ...] = ()  #: what it must not say
    request: str | None = None  #: the status of the request that was filed from it
    passes_gateway: bool = True  #: False: a gateway would refuse it; it lies in the inbox as it is


def _with(name: str, media_type: str, data: bytes, text: str = "Attached.\n") -> Build:
    return lambda author, mailbox: compose(
        author.address, mailbox, text, name=author.name, files=[(name, media_type, data)]
    )


def _with_form(**more: object) -> Build:
    def build(author: Person, mailbox: str) -> EmailMessage:
        form = fill(build_clerk_values(author, **more))
        return compose(author.address, mailbox, "Attached.\n", files=[("form.pdf", PDF, form)])

    return build


def _filled() -> bytes:
    return fill(build_clerk_values(Person("Somebody Invented", "somebody@courts.example")))


def _encrypted() -> bytes:
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(_filled())) as pdf:
        pdf.save(target, encryption=pikepdf.Encryption(owner="owner", user="needed"))
    return target.getvalue()


def _another_document() -> bytes:
    target = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(target)
    return target.getvalue()


def _endless_field() -> bytes:
    """Return a document whose only form field is its own child."""
    target = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        kid = pdf.make_indirect(pikepdf.Dictionary(T=pikepdf.String("loop"), FT=pikepdf.Name.Tx))
        kid.Kids = pikepdf.Array([kid])
        pdf.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([kid]))
        pdf.save(target)
    return target.getvalue()


def _unknown_charset(author: Person, mailbox: str) -> bytes:
    form = fill(build_clerk_values(author))
    mail = compose(author.address, mailbox, "Attached.\n", files=[("form.pdf", PDF, form)])
    return bytes(mail).replace(b'charset="utf-8"', b'charset="x-martian-9"', 1)


def _unknown_charset_alone(author: Person, mailbox: str) -> bytes:
    mail = compose(author.address, mailbox, "placeholder\n", subject="placeholder")
    return (
        bytes(mail)
        .replace(b'charset="utf-8"', b'charset="x-martian-9"')
        .replace(b"Subject: placeholder", b"Subject: =?x-martian-9?q?=FF=FE?=")
        .replace(b"placeholder", b"\xff\xfe\xfd h\xe9llo \x00")
    )


def _oversize(author: Person, mailbox: str) -> bytes:
    mail = compose(author.address, mailbox, "All of it.\n", files=[("all.pdf", PDF, b"%PDF-1.7")])
    return bytes(mail) + b"\r\n" + (b"x" * 75 + b"\r\n") * (60 * 1024 * 1024 // 77)


def _deeply_nested(author: Person, mailbox: str) -> bytes:
    mail = bytes(compose(author.address, mailbox, ""))
    head = mail.partition(b"Content-Type:")[0]
    opening = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n)
        for n in range(2_000)
    )
    return head + opening + b"Content-Type: text/plain\r\n\r\nhello\r\n"


def _without_author(author: Person, mailbox: str) -> EmailMessage:
    mail = _with_form()(author, mailbox)
    assert isinstance(mail, EmailMessage)
    del mail["From"]
    return mail


def _two_authors(author: Person, mailbox: str) -> EmailMessage:
    mail = _with_form()(author, mailbox)
    assert isinstance(mail, EmailMessage)
    mail.replace_header("From", f"{author.address}, second-{author.address}")
    return mail


def _header(name: str, value: str, build: Build) -> Build:
    def with_header(author: Person, mailbox: str) -> EmailMessage:
        mail = build(author, mailbox)
        assert isinstance(mail, EmailMessage)
        mail[name] = value
        return mail

    return with_header


def _plain(text: str) -> Build:
    return lambda author, mailbox: compose(author.address, mailbox, text, name=author.name)


def _only_optional() -> bytes:
    return fill({"subject_suffix": "Jr.", "obligation_time": "8:30 a.m."})


def _answered(name: str, build: Build, letter: str, *words: str) -> Case:
    return Case(
        name=name,
        build=build,
        disposition="FORM_WANTED",
        folder="Answered",
        letter=letter,
        words=words,
    )


def _set_aside(name: str, build: Build, *words: str) -> Case:
    return Case(
        name=name,
        build=build,
        disposition="FORM_SET_ASIDE",
        folder="For a person",
        letter="A document could not be read",
        words=words,
    )


def _incomplete(
    name: str, build: Build, *, words: tuple[str, ...], silent: tuple[str, ...] = ()
) -> Case:
    return Case(
        name=name,
        build=build,
        disposition="FILED",
        folder="Filed",
        letter="Your request is not complete",
        words=words,
        silent=silent,
        request="INCOMPLETE",
    )


def _filed(name: str, build: Build) -> Case:
    return Case(
        name=name,
        build=build,
        disposition="FILED",
        folder="Filed",
        letter="Request received",
        request="IN_REVIEW",
    )


def _unanswered(
    name: str, build: Build, disposition: str, folder: str, *, passes_gateway: bool = True
) -> Case:
    return Case(
        name=name,
        build=build,
        disposition=disposition,
        folder=folder,
        letter=None,
        passes_gateway=passes_gateway,
    )


CASES = (
    _answered(
        "no attachment",
        _plain("How do I ask about a missed court date?\n"),
        "Here is the Request Form",
        "Request Form",
    ),
    _answered(
        "a word processor's file",
        _with("request.docx", "application/msword", b"PK\x03\x04 not a PDF"),
        "Please send the form as a PDF",
    ),
    _set_aside(
        "something else that is called a PDF",
        _with("form.pdf", PDF, b"<html>Please wait</html>"),
        "not a Request Form that we know",
        "send it as a PDF",
    ),
    _set_aside("an empty PDF", _with("form.pdf", PDF, b""), "nothing in it"),
    _set_aside(
        "a PDF cut after its first kilobytes",
        _with("form.pdf", PDF, _filled()[:3000]),
        "damaged or incomplete",
    ),
    _set_aside(
        "a PDF with a password",
        _with("form.pdf", PDF, _encrypted()),
        "needs a password",
        "Do not send the password by e-mail",
    ),
    _set_aside(
        "a PDF that is no form",
        _with("letter.pdf", PDF, _another_document()),
        "not a Request Form that we know",
    ),
    _set_aside("a form field that is its own child", _with("form.pdf", PDF, _endless_field())),
    _set_aside(
        "the blank form", _with("form.pdf", PDF, read_blank_form()), "nothing was filled in"
    ),
    _incomplete(
        "a form whose required fields are blank",
        _with("form.pdf", PDF, _only_optional()),
        words=("Requester name", "Surname(s)", "Date or dates missed", "Case or docket no."),
    ),
    _incomplete(
        "dates that cannot be",
        _with_form(subject_birth_date="13/45/1988", obligation_dates="02/30/2026"),
        words=("Date of birth", "Date or dates missed"),
        silent=("13/45/1988", "02/30/2026"),
    ),
    _incomplete(
        "a birth date in the future",
        _with_form(subject_birth_date="2999-01-31"),
        words=("Date of birth",),
        silent=("2999",),
    ),
    _incomplete(
        "a phone number as A-number",
        _with_form(subject_a_number="(202) 555-0134"),
        words=("A-Number",),
        silent=("555-0134",),
    ),
    _filed("an unknown charset beside a good form", _unknown_charset),
    Case(
        name="an unknown charset and nothing else",
        build=_unknown_charset_alone,
        disposition="FOR_A_PERSON",
        folder="For a person",
        letter="How to send a request",
    ),
    Case(
        name="a mail of 60 MB",
        build=_oversize,
        disposition="OVERSIZE",
        folder="Quarantine",
        letter="Your message was too large",
        words=("41.9 MB",),
    ),
    _unanswered(
        "two thousand parts within each other",
        _deeply_nested,
        "FOR_A_PERSON",
        "For a person",
        passes_gateway=False,
    ),
    _unanswered(
        "nobody wrote it", _without_author, "FOR_A_PERSON", "For a person", passes_gateway=False
    ),
    _unanswered("two people wrote it", _two_authors, "FOR_A_PERSON", "For a person"),
    _unanswered(
        "an absence notice",
        _header("Auto-Submitted", "auto-replied", _plain("I am away until Monday.\n")),
        "IGNORED",
        "Automatic",
    ),
    _unanswered(
        "a mailing list",
        _header("List-Id", "<news.courts.example>", _plain("Our news.\n")),
        "IGNORED",
        "Automatic",
    ),
    _unanswered(
        "a scanner's PDF, sent by itself",
        _header("Auto-Submitted", "auto-generated", _with("scan.pdf", PDF, _filled())),
        "FOR_A_PERSON",
        "For a person",
    ),
    _filed("a good form at the very end", _with_form()),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one case."""

    disposition: str
    rule: str
    kept: bytes  #: in the journal
    digest: str
    statuses: list[str]  #: of the requests filed from it
    letters: list[Mail]  #: that the author got


@dataclass(frozen=True, slots=True)
class Worked:
    """The job after the command ran once."""

    job: Job
    outcomes: dict[str, Outcome]
    on_server: dict[str, list[bytes]]  #: by folder


@pytest.fixture(scope="module")
def worked(
    backend: str,
    real_servers: MailServers,
    tmp_path_factory: pytest.TempPathFactory,
    new_url: Callable[[], str],
) -> Worked:
    """Return the job after all the mails were worked on, in the order of the table."""
    job = Job(real_servers, tmp_path_factory.mktemp("bad"), tag=f"bad{backend[0]}", url=new_url())
    job.do("init")
    for number, case in enumerate(CASES):
        author = _author(job, number)
        raw = bytes(case.build(author, job.mailbox))
        if case.passes_gateway:
            job.send(raw, author.address)
        else:
            job.append(raw)
        # Mails that come one by one keep their order; the good one has to come last.
        job.await_arrivals()
    job.work()
    return Worked(job, _find_outcomes(job), _read_folders(job))


def _author(job: Job, number: int) -> Person:
    return Person("Bo Examplewright", job.address_of(f"writer{number}@courts.example"))


def _find_outcomes(job: Job) -> dict[str, Outcome]:
    rows = job.query(f"SELECT id, disposition, rule, sha256, raw FROM {JOURNAL} ORDER BY id")
    assert len(rows) == len(CASES)
    outcomes = {}
    for number, (case, (entry, disposition, rule, digest, raw)) in enumerate(
        zip(CASES, rows, strict=True)
    ):
        statuses = job.query("SELECT status FROM requests WHERE journal_id = ?", entry)
        outcomes[case.name] = Outcome(
            disposition=disposition,
            rule=rule,
            kept=raw,
            digest=digest,
            statuses=[status for (status,) in statuses],
            letters=job.box(_author(job, number).address).read(),
        )
    return outcomes


def _read_folders(job: Job) -> dict[str, list[bytes]]:
    box = job.box(job.mailbox)
    return {folder: box.read_raw(folder) for folder in ("INBOX", *FOLDERS)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_bad_mail_is_disposed_and_answered(worked: Worked, case: Case) -> None:
    outcome = worked.outcomes[case.name]
    assert outcome.disposition == case.disposition, outcome.rule
    assert outcome.statuses == ([] if case.request is None else [case.request])
    if case.letter is None:
        assert not outcome.letters
        return
    (letter,) = outcome.letters
    assert letter.subject.endswith(case.letter)
    assert str(letter.message["Auto-Submitted"]).startswith("auto-")
    for words in case.words:
        assert words in letter.words, letter.words
    shown = letter.tell_everything()
    for words in case.silent:
        assert words not in shown


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_bad_mail_is_kept_to_the_byte(worked: Worked, case: Case) -> None:
    outcome = worked.outcomes[case.name]
    assert hashlib.sha256(outcome.kept).hexdigest() == outcome.digest
    in_folder = worked.on_server[case.folder]
    if case.disposition == "OVERSIZE":
        # The header is in the journal, the whole of it stays on the server.
        (whole,) = [raw for raw in in_folder if raw.startswith(outcome.kept)]
        assert len(whole) > 60 * 1000 * 1000
        assert len(outcome.kept) < 10_000
    else:
        assert outcome.kept in in_folder


def test_nothing_is_left_behind(worked: Worked) -> None:
    assert not worked.on_server["INBOX"]
    assert sum(len(mails) for mails in worked.on_server.values()) == len(CASES)
    status = worked.job.ask("status")
    assert status["mailboxes"][0]["unaccounted"] == 0
    assert status["quarantine"] == 0
    assert status["alarms"] == []


def test_the_log_of_bad_mail_names_nobody(worked: Worked) -> None:
    log = "\n".join(worked.job.logs)
    assert log.count('"mail_disposed"') == len(CASES)
    for word in ("Examplewright", "courts.example", "writer", "Ejemplo", "000000101", "martian"):
        assert word not in log


def test_a_mail_without_bytes_is_quarantined(real_job: Job) -> None:
    real_job.do("init")
    real_job.append(b"\r\n")
    author = Person("Bo Examplewright", real_job.address_of("writer@courts.example"))
    values: Values = build_clerk_values(author)
    real_job.write(author, "Attached.\n", fill(values))
    real_job.work()
    assert real_job.query("SELECT disposition FROM journal ORDER BY id") == [
        ("QUARANTINED",),
        ("FILED",),
    ]
    status = real_job.ask("status")
    assert (status["quarantine"], status["alarms"]) == (1, [])
    (alarm,) = real_job.letters_to(real_job.alarms)
    assert "set aside with its bytes kept" in alarm.words
    assert real_job.box(real_job.mailbox).count("Quarantine") == 1
