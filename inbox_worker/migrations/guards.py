"""Triggers that refuse a step no state machine has, in the words of either database.

A guard belongs to one column of one table and refuses every update of it for which its condition
holds; the refusal is an `IntegrityError` like that of any constraint. The condition may speak of
`OLD` and `NEW` and has to be SQL that both databases know. SQLite drops a table's guards whenever
a migration makes the table anew, as `batch_alter_table` does: `keep_guards` makes them again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op


def create_guard(name: str, *, table: str, column: str, refused: str, message: str) -> None:
    """Refuse every update of the column for which the condition `refused` holds."""
    event = f"BEFORE UPDATE OF {column} ON {table}"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {name} {event} WHEN {refused} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
        return
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {name} {event} FOR EACH ROW WHEN ({refused}) EXECUTE FUNCTION {name}()"
    )


def forbid_deleting(name: str, *, table: str, message: str) -> None:
    """Refuse to delete any row of the table."""
    event = f"BEFORE DELETE ON {table}"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"CREATE TRIGGER {name} {event} BEGIN SELECT RAISE(ABORT, '{message}'); END")
        return
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation'; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} {event} FOR EACH ROW EXECUTE FUNCTION {name}()")


def drop_guard(name: str, *, table: str) -> None:
    """Take a guard back."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {name}")
        return
    op.execute(f"DROP TRIGGER {name} ON {table}")
    op.execute(f"DROP FUNCTION {name}()")


@contextmanager
def keep_guards(table: str) -> Iterator[None]:
    """Let a table keep its guards when it is made anew in this block."""
    bind = op.get_bind()
    made = []
    if bind.dialect.name == "sqlite":
        query = sa.text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :name")
        made = list(bind.scalars(query, {"name": table}))
    yield
    for statement in made:
        bind.exec_driver_sql(statement)
