"""Events: the append-only story of who did what, when and why."""

from __future__ import annotations

import sqlalchemy as sa

from recovery.db.tables import event as table

#: How a wait begins to be told. What repeats while it goes on is told once: a device that is away
#: for a week must not fill the table.
WAITS = 'waits: '


def add(
    connection: sa.Connection,
    who: str,
    what: str,
    why: str = '',
    *,
    at: float,
    recovery: str | None = None,
) -> None:
    """Append one sentence; without a recovery it is the story of the service."""
    connection.execute(
        sa.insert(table).values(recovery=recovery, at=at, who=who[:255], what=what, why=why)
    )


def of_recovery(connection: sa.Connection, recovery: str) -> tuple[sa.RowMapping, ...]:
    """The story of one recovery, oldest first."""
    query = sa.select(table).where(table.c.recovery == recovery).order_by(table.c.id)
    return tuple(connection.execute(query).mappings())


def newest_wait(connection: sa.Connection, recovery: str) -> sa.RowMapping | None:
    """Where the newest wait of a recovery began."""
    mine = (table.c.recovery == recovery) & table.c.what.startswith(WAITS)
    query = sa.select(table).where(mine).order_by(table.c.id.desc()).limit(1)
    return connection.execute(query).mappings().first()


def told_in_wait(connection: sa.Connection, recovery: str, what: str, why: str = '') -> bool:
    """Whether this was said since the newest wait of a recovery began."""
    wait = newest_wait(connection, recovery)
    if wait is None:
        return False
    mine = (table.c.recovery == recovery) & (table.c.id > wait['id'])
    query = sa.select(table.c.id).where(mine, table.c.what == what, table.c.why == why)
    return connection.execute(query.limit(1)).first() is not None


def newest(connection: sa.Connection, limit: int = 50) -> tuple[sa.RowMapping, ...]:
    """The latest of all events, newest first."""
    query = sa.select(table).order_by(table.c.id.desc()).limit(limit)
    return tuple(connection.execute(query).mappings())
