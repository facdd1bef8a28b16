"""Guards: what a human switched off, with who and why.

A guard that was never set is open: a fresh database is armed and not paused, so that a new site
protects its hosts without another command. A database restored from a backup must be disarmed
by what restores it (its proofs and claims are of another time, H19) until ``recovery arm``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from recovery.db import events, hosts
from recovery.db.tables import guard as table

PAUSED, ARMED, LINE = 'paused', 'armed', 'line'


@dataclass(frozen=True)
class Guard:
    """A switch as somebody left it."""

    value: Any
    by: str
    reason: str
    at: float


def get(connection: sa.Connection, name: str) -> Guard | None:
    """One guard; None when nobody has ever set it."""
    row = connection.execute(sa.select(table).where(table.c.name == name)).mappings().first()
    return Guard(row['value'], row['by'], row['reason'], row['at']) if row else None


def paused(connection: sa.Connection) -> Guard | None:
    """Who paused the service; None when it is not paused. No outside effect while paused."""
    found = get(connection, PAUSED)
    return found if found is not None and found.value else None


def disarmed(connection: sa.Connection) -> Guard | None:
    """Who disarmed the service; None when it is armed. Nothing new begins while disarmed."""
    found = get(connection, ARMED)
    return found if found is not None and not found.value else None


def pause(connection: sa.Connection, *, by: str, reason: str, now: float) -> None:
    """Stop before the next outside effect, everywhere."""
    _switch(connection, PAUSED, True, 'paused the service', by, reason, now)


def unpause(connection: sa.Connection, *, by: str, reason: str, now: float) -> None:
    """Go on."""
    _switch(connection, PAUSED, False, 'ended the pause', by, reason, now)


def disarm(connection: sa.Connection, *, by: str, reason: str, now: float) -> None:
    """Hold every recovery that has not begun."""
    _switch(connection, ARMED, False, 'disarmed the service', by, reason, now)


def arm(connection: sa.Connection, *, by: str, reason: str, now: float) -> None:
    """Let recoveries begin."""
    _switch(connection, ARMED, True, 'armed the service', by, reason, now)


def maintain(
    connection: sa.Connection, host: str, on: bool, *, by: str, reason: str, now: float
) -> None:
    """Set or end the operator's maintenance of a host; our own mark is another field (H24)."""
    values = {'maintenance_by': by, 'maintenance_reason': reason} if on else {
        'maintenance_by': None,
        'maintenance_reason': None,
    }  # fmt: skip
    hosts.put(connection, host, maintenance=on, **values)
    what = f'set host {host} to maintenance' if on else f'ended the maintenance of host {host}'
    events.add(connection, by, what, reason, at=now)


def serialize(connection: sa.Connection, now: float) -> None:
    """Let one transaction at a time pass from here to its commit: who counts and then adds."""
    row = table.c.name == LINE
    if not connection.execute(sa.update(table).where(row).values(at=now)).rowcount:
        _insert(connection, LINE, True, 'recovery', 'locked while fences are counted', now)
        connection.execute(sa.update(table).where(row).values(at=now))


def _switch(
    connection: sa.Connection, name: str, value: bool, what: str, by: str, reason: str, now: float
) -> None:
    values = {'value': value, 'by': by, 'reason': reason, 'at': now}
    changed = connection.execute(sa.update(table).where(table.c.name == name).values(**values))
    if not changed.rowcount:
        _insert(connection, name, value, by, reason, now)
    events.add(connection, by, what, reason, at=now)


def _insert(
    connection: sa.Connection, name: str, value: bool, by: str, reason: str, now: float
) -> None:
    try:
        with connection.begin_nested():
            row = {'name': name, 'value': value, 'by': by, 'reason': reason, 'at': now}
            connection.execute(sa.insert(table).values(**row))
    except sa.exc.IntegrityError:  # somebody else was first: theirs counts as earlier
        connection.execute(
            sa.update(table)
            .where(table.c.name == name)
            .values(value=value, by=by, reason=reason, at=now)
        )
