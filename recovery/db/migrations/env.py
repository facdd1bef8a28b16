"""Run by alembic: migrate the connection that recovery.db.upgrade hands over."""

from __future__ import annotations

from alembic import context

from recovery.db.migrations import VERSION_TABLE
from recovery.db.tables import META

context.configure(
    connection=context.config.attributes['connection'],
    target_metadata=META,
    version_table=VERSION_TABLE,
    render_as_batch=True,  # SQLite alters a table by copying it
)
with context.begin_transaction():
    context.run_migrations()
