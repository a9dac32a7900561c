"""Whether a form was probably filed before: the same bytes again, or the same case once more.

Every request is kept under digests of its form's bytes and of its subject and case
(`parsers.comparison`), so that the forms of many mails cost one look at an index. What is found
shares a digest and no more; its values then decide. Outcomes for a new request: the earliest that
asks the same, or none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.orm import Session

from inbox_worker import store
from inbox_worker.database import put
from inbox_worker.models import ComparisonKey, Request, table_of
from parsers.comparison import find_case_keys, is_same_question
from parsers.extraction import FieldValue

#: A case that came oftener was looked at by people long ago.
_MOST_CANDIDATES = 20

_KEYS = table_of(ComparisonKey)
_FIND = (
    select(_KEYS.c.request_id, _KEYS.c.key)
    .where(_KEYS.c.key.in_(bindparam("keys", expanding=True)))
    .order_by(_KEYS.c.request_id)
)
_PUT = upsert(_KEYS).on_conflict_do_nothing()


@dataclass(frozen=True, kw_only=True)
class NewForm:
    """A form that has just become a request."""

    request: Request
    form: bytes
    fields: Mapping[str, FieldValue]

    @cached_property
    def digest(self) -> str:
        """Return the digest of the form's bytes."""
        return hashlib.sha256(self.form).hexdigest()

    @cached_property
    def keys(self) -> frozenset[str]:
        """Return the digests under which the request is kept and looked for."""
        return find_keys(self.form, self.fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """An earlier request that asks the same."""

    tracking_number: str
    fields: Mapping[str, FieldValue]  #: what it asks now
    is_same_file: bool  #: the same bytes, whatever they say


def find_keys(form: bytes, fields: Mapping[str, FieldValue]) -> frozenset[str]:
    """Return the digests under which a request with this form and these values is kept."""
    return find_case_keys(fields) | {hashlib.sha256(form).hexdigest()}


def find_duplicates(session: Session, new: Sequence[NewForm]) -> Mapping[int, Duplicate]:
    """Return, by request id, what each of these requests repeats; where that is nothing, no entry.

    They come in the order they were filed, and are not kept under their keys yet.
    """
    known = _Known(session, new)
    found: dict[int, Duplicate] = {}
    for one in new:
        duplicate = next(known.find(one), None)
        if duplicate is not None:
            found[one.request.id] = duplicate
        known.add(one)
    return found


class _Known:
    """The requests that share a key with some new ones, those among the new ones included."""

    def __init__(self, session: Session, new: Sequence[NewForm]) -> None:
        self._session = session
        self._ids: dict[str, list[int]] = {}
        self._fields: dict[int, Mapping[str, FieldValue]] = {}
        keys = sorted({key for one in new for key in one.keys})
        for request_id, key in session.execute(_FIND, {"keys": keys}):
            self._ids.setdefault(key, []).append(request_id)

    def add(self, one: NewForm) -> None:
        """Know a new request too."""
        self._fields[one.request.id] = one.fields
        for key in one.keys:
            self._ids.setdefault(key, []).append(one.request.id)

    def find(self, one: NewForm) -> Iterator[Duplicate]:
        """Yield the requests that `one` repeats, the earliest first."""
        same_files = set(self._ids.get(one.digest, ()))
        sharing = {i for key in one.keys for i in self._ids.get(key, ())}
        for request_id in sorted(sharing)[:_MOST_CANDIDATES]:
            request = self._session.get_one(Request, request_id)
            fields = self._read(request)
            authors = (one.request.author_address, request.author_address)
            if request_id in same_files or is_same_question(one.fields, fields, authors=authors):
                yield Duplicate(
                    tracking_number=request.tracking_number,
                    fields=fields,
                    is_same_file=request_id in same_files,
                )

    def _read(self, request: Request) -> Mapping[str, FieldValue]:
        if request.id not in self._fields:
            self._fields[request.id] = store.current_fields(self._session, request)
        return self._fields[request.id]


def record_keys(session: Session, kept: Iterable[tuple[Request, Iterable[str]]]) -> None:
    """Keep each request under its digests; those it is kept under already stay."""
    rows = [{"key": k, "request_id": request.id} for request, keys in kept for k in sorted(keys)]
    put(session, _PUT, rows)
