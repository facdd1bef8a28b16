"""Which schema the database has, without loading alembic or TaskFlow."""

from __future__ import annotations

import sqlalchemy as sa

from recovery.db.migrations import VERSION_TABLE


def stored(connection: sa.Connection) -> str | None:
    """The revision of the tables; None when there are none."""
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return None
    number: sa.ColumnClause[str] = sa.column('version_num')
    query = sa.select(number).select_from(sa.table(VERSION_TABLE))
    return connection.execute(query).scalar()
