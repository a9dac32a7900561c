"""Whether a form was probably filed before: the same bytes again, or the same case once more.

Every request is kept under digests of its form's bytes and of its subject and case
(`parsers.forms.comparison`), so that the forms of many mails cost one look at an index. What is
found shares a digest and no more; its values then decide. Outcomes for a new request: the earliest
that asks the same, or none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from inbox_worker.storage import store
from inbox_worker.storage.database import put, upsert
from inbox_worker.storage.models import ComparisonKey, Request, table_of
from parsers.extraction import FieldValue
from parsers.forms.comparison import find_case_keys, is_same_question

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
    digest: str  #: of the form's bytes
    fields: Mapping[str, FieldValue]

    @cached_property
    def keys(self) -> frozenset[str]:
        """Return the digests under which the request is kept and looked for."""
        return find_keys(self.digest, self.fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """An earlier request that asks the same."""

    request_id: int
    tracking_number: str
    fields: Mapping[str, FieldValue]  #: what it asks now
    is_same_file: bool  #: the same bytes, whatever they say


def find_keys(digest: str, fields: Mapping[str, FieldValue]) -> frozenset[str]:
    """Return the digests under which a request with these values is kept, its form's among them."""
    return find_case_keys(fields) | {digest}


def keep_and_compare(session: Session, new: Sequence[NewForm]) -> Mapping[int, Duplicate]:
    """Keep new requests to be found again; return what each repeats, by its id, where it does.

    They come in the order they were filed. What repeats another is kept only under what the other
    is not: however often a case comes, it is found as fast.
    """
    known = _Known(session, new)
    found: dict[int, Duplicate] = {}
    for one in new:
        duplicate = known.find(one)
        if duplicate is not None:
            found[one.request.id] = duplicate
        kept = known.add(one, duplicate)
        record_keys(session, one.request, kept)
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

    def add(self, one: NewForm, duplicate: Duplicate | None) -> Iterable[str]:
        """Know a new request too, and return the keys by which it is to be found."""
        self._fields[one.request.id] = one.fields
        other = None if duplicate is None else duplicate.request_id
        kept = [key for key in one.keys if other not in self._ids.get(key, ())]
        for key in kept:
            self._ids.setdefault(key, []).append(one.request.id)
        return kept

    def find(self, one: NewForm) -> Duplicate | None:
        """Return the earliest request that asks the same as `one`, else that came as the same file.

        A document may hold several forms: those of one mail are not each other's copies.
        """
        same_files = set(self._ids.get(one.digest, ()))
        sharing = {i for key in one.keys for i in self._ids.get(key, ())}
        candidates = [self._session.get_one(Request, i) for i in sorted(sharing)[:_MOST_CANDIDATES]]
        asking = (r for r in candidates if self._asks_the_same(one, r))
        copies = (
            r for r in candidates if r.id in same_files and r.journal_id != one.request.journal_id
        )
        first = next(asking, None) or next(copies, None)
        if first is None:
            return None
        return Duplicate(
            request_id=first.id,
            tracking_number=first.tracking_number,
            fields=self._read(first),
            is_same_file=first.id in same_files,
        )

    def _asks_the_same(self, one: NewForm, other: Request) -> bool:
        authors = (one.request.author_address, other.author_address)
        return is_same_question(one.fields, self._read(other), authors=authors)

    def _read(self, request: Request) -> Mapping[str, FieldValue]:
        if request.id not in self._fields:
            self._fields[request.id] = store.current_fields(self._session, request)
        return self._fields[request.id]


def record_keys(session: Session, request: Request, keys: Iterable[str]) -> None:
    """Keep a request under these digests; those it is kept under already stay."""
    put(session, _PUT, [{"key": key, "request_id": request.id} for key in sorted(keys)])
