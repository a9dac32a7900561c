"""Chain the events: each one's hash covers the one before, and where every chain ends is kept.

What is there already is chained in the order in which it was written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op

from inbox_worker.migrations.guards import keep_guards
from inbox_worker.storage.event_chain import NOTHING_BEFORE, Chain, name_office
from inbox_worker.storage.models import UtcDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

#: How many requests, or events about none, are read at a time.
_AT_ONCE = 500
_OFFICE = 1

_EVENTS = sa.table(
    "events",
    sa.column("id", sa.Integer()),
    sa.column("request_id", sa.Integer()),
    sa.column("journal_id", sa.Integer()),
    sa.column("at", UtcDateTime()),
    sa.column("code", sa.String()),
    sa.column("actor", sa.String()),
    sa.column("status_from", sa.String()),
    sa.column("status_to", sa.String()),
    sa.column("detail", sa.JSON()),
    sa.column("chain", sa.Integer()),
    sa.column("sequence", sa.Integer()),
    sa.column("hash", sa.String()),
)
_REQUESTS = sa.table(
    "requests",
    sa.column("id", sa.Integer()),
    sa.column("tracking_number", sa.String()),
    sa.column("event_count", sa.Integer()),
    sa.column("event_head", sa.String()),
)
_JOURNAL = sa.table("journal", sa.column("id", sa.Integer()), sa.column("sha256", sa.String()))
_READ = sa.select(_EVENTS, _JOURNAL.c.sha256.label("mail")).outerjoin(
    _JOURNAL, _JOURNAL.c.id == _EVENTS.c.journal_id
)
_LINK = (
    sa.update(_EVENTS)
    .where(_EVENTS.c.id == sa.bindparam("event_id"))
    .values({name: sa.bindparam(f"new_{name}") for name in ("chain", "sequence", "hash")})
)
_END = (
    sa.update(_REQUESTS)
    .where(_REQUESTS.c.id == sa.bindparam("request"))
    .values(event_count=sa.bindparam("count"), event_head=sa.bindparam("head"))
)


def upgrade() -> None:
    """Apply."""
    chains = op.create_table(
        "event_chains",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_count", sa.Integer(), nullable=False),
        sa.Column("event_head", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_chains")),
    )
    op.add_column(
        "requests",
        sa.Column("event_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column(
        "requests",
        sa.Column(
            "event_head",
            sa.String(length=64),
            server_default=sa.text(f"'{NOTHING_BEFORE}'"),
            nullable=False,
        ),
    )
    with op.batch_alter_table("events") as changed:
        changed.add_column(sa.Column("chain", sa.Integer(), nullable=True))
        changed.add_column(sa.Column("sequence", sa.Integer(), nullable=True))
        changed.add_column(sa.Column("hash", sa.String(length=64), nullable=True))
    _chain_requests()
    office = _chain_office()
    if office.count:
        op.bulk_insert(chains, [{"event_count": office.count, "event_head": office.head}])
    with op.batch_alter_table("events") as changed:
        changed.alter_column("sequence", existing_type=sa.Integer(), nullable=False)
        changed.alter_column("hash", existing_type=sa.String(length=64), nullable=False)
        changed.create_foreign_key(op.f("fk_events_chain"), "event_chains", ["chain"], ["id"])
        changed.drop_index("ix_events_request_id")
    op.create_index("uq_events_request_chain", "events", ["request_id", "sequence"], unique=True)
    op.create_index(
        "uq_events_office_chain",
        "events",
        ["chain", "sequence"],
        unique=True,
        sqlite_where=sa.text("request_id IS NULL"),
        postgresql_where=sa.text("request_id IS NULL"),
    )


def _chain_requests() -> None:
    bind = op.get_bind()
    for page in _pages(sa.select(_REQUESTS.c.id, _REQUESTS.c.tracking_number), _REQUESTS.c.id):
        names: dict[int, str] = {row.id: row.tracking_number for row in page}
        read = _READ.where(_EVENTS.c.request_id.between(page[0].id, page[-1].id)).order_by(
            _EVENTS.c.request_id, _EVENTS.c.id
        )
        ends, links = [], []
        for request_id, events in groupby(bind.execute(read).all(), key=lambda e: e.request_id):
            chain = Chain(name=names[request_id])
            links += _link(chain, events)
            ends.append({"request": request_id, "count": chain.count, "head": chain.head})
        if links:
            bind.execute(_LINK, links)
            bind.execute(_END, ends)


def _chain_office() -> Chain:
    """Chain the events about no request, all of them in one chain, and return where it ends."""
    chain = Chain(name=name_office(_OFFICE), office=_OFFICE)
    for page in _pages(_READ.where(_EVENTS.c.request_id.is_(None)), _EVENTS.c.id):
        op.get_bind().execute(_LINK, _link(chain, page))
    return chain


def _link(chain: Chain, events: Any) -> list[dict[str, Any]]:
    rows = []
    for event in events:
        row = chain.link(event._mapping, event.mail)
        new = {f"new_{name}": row[name] for name in ("chain", "sequence", "hash")}
        rows.append({"event_id": event.id, **new})
    return rows


def _pages(query: Any, key: Any) -> Iterator[Sequence[Any]]:
    """Yield what the query finds, page by page in the order of an ascending key."""
    last = 0
    while (
        page := op.get_bind().execute(query.where(key > last).order_by(key).limit(_AT_ONCE)).all()
    ):
        yield page
        last = page[-1].id


def downgrade() -> None:
    """Take back."""
    op.drop_index("uq_events_office_chain", table_name="events")
    op.drop_index("uq_events_request_chain", table_name="events")
    with op.batch_alter_table("events") as changed:
        changed.drop_constraint(op.f("fk_events_chain"), type_="foreignkey")
        for name in ("chain", "sequence", "hash"):
            changed.drop_column(name)
        changed.create_index("ix_events_request_id", ["request_id"])
    with keep_guards("requests"), op.batch_alter_table("requests") as changed:
        changed.drop_column("event_head")
        changed.drop_column("event_count")
    op.drop_table("event_chains")
