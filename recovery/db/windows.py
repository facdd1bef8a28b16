"""Maintenance windows: times in which a scope is left alone, with an end that needs nobody."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from recovery.db import events, scopes
from recovery.db.tables import window as table


@dataclass(frozen=True)
class Window:
    """One window. It is open from ``begins_at`` until ``ends_at``, unless it was closed."""

    id: str
    scope: str  #: 'cloud', 'segment:NAME', 'host:NAME'
    begins_at: float
    ends_at: float
    by: str
    reason: str
    at: float  #: when it was added
    closed_at: float | None = None
    closed_by: str | None = None

    def state(self, now: float) -> str:
        """'open', 'planned', 'closed' or 'over'."""
        if self.closed_at is not None and self.closed_at <= min(now, self.ends_at):
            return 'closed'
        if now >= self.ends_at:
            return 'over'
        return 'open' if now >= self.begins_at else 'planned'


def add(connection: sa.Connection, window: Window) -> None:
    """Plan, or open, a window."""
    connection.execute(sa.insert(table).values(**vars(window)))
    what = f'added maintenance window {window.id[:8]} of {scopes.words(window.scope)}'
    events.add(connection, window.by, what, window.reason, at=window.at)


def get(connection: sa.Connection, identifier: str) -> Window | None:
    """One window."""
    row = connection.execute(sa.select(table).where(table.c.id == identifier)).mappings().first()
    return Window(**row) if row else None


def alike(connection: sa.Connection, beginning: str) -> tuple[Window, ...]:
    """Windows whose id begins so; at most two of them."""
    query = sa.select(table).where(table.c.id.startswith(beginning, autoescape=True))
    return _windows(connection, query.order_by(table.c.id).limit(2))


def close(connection: sa.Connection, window: Window, *, by: str, reason: str, now: float) -> bool:
    """End a window before its time. False: somebody else did at this very moment."""
    changed = connection.execute(
        sa.update(table)
        .where(table.c.id == window.id, table.c.closed_at.is_(None))
        .values(closed_at=now, closed_by=by)
    ).rowcount
    if changed:
        what = f'closed maintenance window {window.id[:8]} of {scopes.words(window.scope)}'
        events.add(connection, by, what, reason, at=now)
    return bool(changed)


def open_for(connection: sa.Connection, host: str, now: float) -> tuple[Window, ...]:
    """Windows that cover a host now, the one that ends last first."""
    query = (
        sa.select(table)
        .where(table.c.scope.in_(scopes.covering(connection, host)), table.c.closed_at.is_(None))
        .where(table.c.begins_at <= now, table.c.ends_at > now)
        .order_by(table.c.ends_at.desc(), table.c.id)
    )
    return _windows(connection, query)


def every(connection: sa.Connection, since: float | None = None) -> tuple[Window, ...]:
    """All windows that had not ended before ``since``, by their beginning."""
    query = sa.select(table).order_by(table.c.begins_at, table.c.id)
    if since is not None:
        query = query.where(table.c.ends_at > since, table.c.closed_at.is_(None))
    return _windows(connection, query)


def _windows(connection: sa.Connection, query: sa.Select[tuple[object]]) -> tuple[Window, ...]:
    return tuple(Window(**row) for row in connection.execute(query).mappings())
