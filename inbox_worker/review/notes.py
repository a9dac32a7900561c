"""NOTE and SHOW: what reviewers write to each other on a file, and the file once more."""

from __future__ import annotations

from functools import partial

from sqlalchemy.orm import Session

from inbox_worker.casefile.dossier import find_original
from inbox_worker.intake import Apply
from inbox_worker.review import reply_answers, transcripts
from inbox_worker.review.reply import Reply
from inbox_worker.status import Disposition
from inbox_worker.storage import store
from inbox_worker.storage.models import Request
from outbound.letters.compose import Fact


def prepare_note(reply: Reply) -> Apply:
    """Keep a note with the file."""
    return partial(_apply_note, reply)


def prepare_show(reply: Reply) -> Apply:
    """Answer with the whole file and the form as it was mailed."""
    return partial(_show, reply)


def _apply_note(reply: Reply, session: Session) -> Disposition:
    intake = reply.intake
    request = store.hold_request(session, reply.request.id)
    store.add_event(
        session,
        store.NOTE,
        request=request,
        actor=reply.member.email.lower(),
        now=intake.now,
        journal_id=intake.entry.id,
        detail={"text": reply.command.argument},
    )
    facts = (Fact(label="Note", value=reply.command.argument),)
    sentence = "The note is kept with the file. Nothing was decided."
    transcripts.return_note(reply, session, request, sentence, facts)
    return Disposition.DECISION_APPLIED


def _show(reply: Reply, session: Session) -> Disposition:
    form = find_original(session, session.get_one(Request, reply.request.id))
    return reply_answers.return_status(reply, session, form=form)
