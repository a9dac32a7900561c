"""Alembic's entry: run migrations on the connection the caller holds."""

from __future__ import annotations

from alembic import context

from inbox_worker.storage.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
