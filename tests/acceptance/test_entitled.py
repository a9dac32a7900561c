"""Replies of people who are not entitled, through a real mailbox and the installed command.

The mails are put into Dovecot as a gateway hands them over, field by field. Each tries to deny the
request at a site that asks for signatures; the last of them is the one that may.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import make_msgid

import pytest

from tests.acceptance.forms import build_clerk_values, fill
from tests.acceptance.job import Job, Person
from tests.acceptance.mails import Mail
from tests.conftest import require_or_skip
from tests.smime import build_text, issue, sign, wrap

pytestmark = pytest.mark.timeout(600)

DENY = "DENY no consent on file"
MX = "Authentication-Results: mx.agency.example"
PASS = f"{MX}; dmarc=pass header.from=agency.example"
FOREIGN = f"{MX}; dmarc=pass header.from=courts.example"
CLERK = "lee.thornberry@courts.example"


def _header(notice: Mail, author: str, top: Sequence[str], fields: Sequence[str]) -> list[str]:
    return [
        *top,
        f"From: {author}",
        f"To: {notice.message['Reply-To']}",
        f"Subject: Re: {notice.subject}",
        f"Message-ID: {make_msgid(domain='agency.example')}",
        f"In-Reply-To: {notice.message_id}",
        *fields,
    ]


def _append(
    job: Job, notice: Mail, author: str, top: Sequence[str] = (PASS,), *, fields: Sequence[str] = ()
) -> Mail:
    """Put a reply into the mailbox as it stands on the wire."""
    lines = (*_header(notice, author, top, fields), "", DENY, "")
    raw = "\r\n".join(lines).encode()
    job.append(raw)
    return Mail.of(raw)


def _sign(job: Job, notice: Mail) -> Mail:
    """Put a reply into the mailbox that its author signed."""
    now = datetime.now(UTC)
    life = {"start": now - timedelta(days=1), "end": now + timedelta(days=1)}
    root = issue("Example Authority", is_authority=True, **life)  # type: ignore[arg-type]
    holder = issue("R. Ortega", issuer=root, emails=[job.approver.address], **life)  # type: ignore[arg-type]
    (job.folder / "authorities.pem").write_bytes(root.pem)
    content = build_text(DENY)
    signature = sign(content, holder, signed_at=now)
    raw = wrap(_header(notice, job.approver.address, (PASS,), ()), content, signature)
    job.append(raw)
    return Mail.of(raw)


def test_only_whom_a_notice_was_written_to_decides_by_it(real_job: Job) -> None:
    require_or_skip("openssl")
    job = real_job
    job.do("init")
    clerk = Person("Lee Thornberry", job.address_of(CLERK))
    job.write(clerk, "Attached.\n", fill(build_clerk_values(clerk)))
    job.work()
    tracking = job.tracking_of(clerk.address)
    notice = job.newest_to(job.approver.address, f"[{tracking}] Review needed")
    us, colleague = job.approver.address, job.chief.address
    tried = {
        "unproven": [
            _append(job, notice, us, ()),
            _append(job, notice, us, (f"{MX}; dmarc=fail header.from=agency.example", PASS)),
            _append(job, notice, us, ("Authentication-Results: mx.elsewhere.example; none", PASS)),
            _append(job, notice, us, (FOREIGN,)),
            _append(job, notice, f"Staff: {us};"),
        ],
        "other_author": [
            _append(job, notice, f'"{us}" <{clerk.address}>', (FOREIGN,)),
            _append(job, notice, clerk.address, (FOREIGN,), fields=(f"Reply-To: {us}",)),
        ],
        "no_single_author": [
            _append(job, notice, us, fields=(f"From: {clerk.address}",)),
            _append(job, notice, us.replace("o", "\u043e", 1)),
        ],
        "sent_by_another": [_append(job, notice, us, fields=(f"Sender: {clerk.address}",))],
        "colleague": [_append(job, notice, colleague)],
        "not_signed": [_append(job, notice, us)],
    }
    signed = _sign(job, notice)
    job.work(
        ERO_REVIEW__REQUIRE_SMIME="true",
        ERO_REVIEW__SMIME_CA_FILE=str(job.folder / "authorities.pem"),
    )
    for mail in (mail for mails in tried.values() for mail in mails):
        assert job.dispositions_of(mail) == ["REPLY_REFUSED"], mail.raw
        assert job.folders_of(mail) == ["For a person"]
    events = {code for (code,) in job.query("SELECT code FROM events")}
    assert {f"reply_refused_{code}" for code in tried} <= events
    assert len(job.letters_to(us, "could not be verified")) == len(tried) - 1, "one for each reason"
    told = job.letters_to(colleague, tracking)
    assert any("was written to R. Ortega" in letter.words for letter in told)
    assert job.dispositions_of(signed) == ["DECISION_APPLIED"]
    assert [d["keyword"] for d in job.show(tracking)["decisions"]] == ["DENY"]
    assert len(job.letters_to(clerk.address)) == 2, "the receipt, and the answer to what was signed"
