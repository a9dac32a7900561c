"""Whether a form was probably filed before: the same bytes again, or the same case once more.

Every request is kept under digests of its form's bytes and of its subject and case
(`parsers.comparison`), so that a new form costs one look at an index. What is found shares a digest
and no more; its values then decide. Outcomes: the earliest request that asks the same, or None.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.orm import Session

from inbox_worker import store
from inbox_worker.models import ComparisonKey, Request, table_of
from parsers.comparison import find_case_keys, is_same_question
from parsers.extraction import FieldValue

#: A case that came oftener was looked at by people long ago.
_MOST_CANDIDATES = 20

_KEYS = table_of(ComparisonKey)
_FIND = (
    select(_KEYS.c.key, _KEYS.c.request_id)
    .where(_KEYS.c.key.in_(bindparam("keys", expanding=True)))
    .order_by(_KEYS.c.request_id)
    .limit(_MOST_CANDIDATES)
)
_PUT = upsert(_KEYS).on_conflict_do_nothing()


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """An earlier request that asks the same."""

    tracking_number: str
    fields: Mapping[str, FieldValue]  #: what it asks now
    is_same_file: bool  #: the same bytes, whatever they say


def find_keys(form: bytes, fields: Mapping[str, FieldValue]) -> frozenset[str]:
    """Return the digests under which a form is kept and looked for."""
    return find_case_keys(fields) | {hashlib.sha256(form).hexdigest()}


def find_duplicate(
    session: Session, form: bytes, fields: Mapping[str, FieldValue], author: str
) -> Duplicate | None:
    """Return the earliest request that a form, mailed from the address `author`, repeats."""
    digest = hashlib.sha256(form).hexdigest()
    candidates: dict[int, bool] = {}
    for key, request_id in session.execute(_FIND, {"keys": list(find_keys(form, fields))}):
        candidates[request_id] = candidates.get(request_id, False) or key == digest
    for request_id, is_same_file in candidates.items():
        request = session.get_one(Request, request_id)
        earlier = store.current_fields(session, request)
        authors = (author, request.author_address)
        if is_same_file or is_same_question(fields, earlier, authors=authors):
            return Duplicate(
                tracking_number=request.tracking_number,
                fields=earlier,
                is_same_file=is_same_file,
            )
    return None


def record_keys(session: Session, request: Request, keys: Iterable[str]) -> None:
    """Keep a request under these digests; those it is kept under already stay."""
    session.execute(_PUT, [{"key": key, "request_id": request.id} for key in sorted(keys)])
