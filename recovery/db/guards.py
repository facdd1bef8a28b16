"""Guards: what a human switched off, with who and why; for the cloud, a segment, or a host.

A guard that was never set is open: a fresh database is armed and not paused, so that a new site
protects its hosts without another command. A database restored from a backup must be disarmed
by what restores it (its proofs and claims are of another time, H19) until ``recovery arm``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from recovery.db import events, hosts, scopes
from recovery.db.scopes import CLOUD
from recovery.db.tables import guard as table

PAUSED, ARMED, LINE = 'paused', 'armed', 'line'
#: What each switch holds while it stops its scope.
STOPS = {PAUSED: True, ARMED: False}


@dataclass(frozen=True)
class Guard:
    """A switch as somebody left it."""

    value: Any
    by: str
    reason: str
    at: float
    scope: str = CLOUD


def get(connection: sa.Connection, name: str, scope: str = CLOUD) -> Guard | None:
    """One guard; None when nobody has ever set it."""
    query = sa.select(table).where(table.c.name == _key(name, scope))
    row = connection.execute(query).mappings().first()
    return _guard(row) if row else None


def paused(connection: sa.Connection, host: str = '') -> Guard | None:
    """The widest pause that covers a host, or without one that of the cloud; None when nothing
    is paused. No outside effect while paused."""
    return _stopping(connection, PAUSED, host)


def disarmed(connection: sa.Connection, host: str = '') -> Guard | None:
    """Who disarmed what covers a host, likewise; None when it is armed. Nothing new begins while
    disarmed."""
    return _stopping(connection, ARMED, host)


def stopped(connection: sa.Connection, name: str) -> tuple[Guard, ...]:
    """Every scope that is paused, or disarmed, the cloud first and then by name."""
    query = sa.select(table).where(
        (table.c.name == name) | table.c.name.startswith(f'{name}:', autoescape=True)
    )
    rows = connection.execute(query.order_by(table.c.name)).mappings()
    return tuple(found for found in map(_guard, rows) if found.value is STOPS[name])


def pause(
    connection: sa.Connection, *, by: str, reason: str, now: float, scope: str = CLOUD
) -> None:
    """Stop before the next outside effect, everywhere in the scope."""
    what = f'paused {scopes.words(scope)}'
    _switch(connection, _key(PAUSED, scope), True, what, by, reason, now)


def unpause(
    connection: sa.Connection, *, by: str, reason: str, now: float, scope: str = CLOUD
) -> None:
    """Go on."""
    what = 'ended the pause' if scope == CLOUD else f'ended the pause of {scopes.words(scope)}'
    _switch(connection, _key(PAUSED, scope), False, what, by, reason, now)


def disarm(
    connection: sa.Connection, *, by: str, reason: str, now: float, scope: str = CLOUD
) -> None:
    """Hold every recovery of the scope that has not begun."""
    what = f'disarmed {scopes.words(scope)}'
    _switch(connection, _key(ARMED, scope), False, what, by, reason, now)


def arm(connection: sa.Connection, *, by: str, reason: str, now: float, scope: str = CLOUD) -> None:
    """Let recoveries begin."""
    what = f'armed {scopes.words(scope)}'
    _switch(connection, _key(ARMED, scope), True, what, by, reason, now)


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


def _key(name: str, scope: str) -> str:
    """What a guard is called in its table: the bare name for the cloud, as it always was."""
    return name if scope == CLOUD else f'{name}:{scope}'


def _guard(row: sa.RowMapping) -> Guard:
    scope = row['name'].partition(':')[2] or CLOUD
    return Guard(row['value'], row['by'], row['reason'], row['at'], scope)


def _stopping(connection: sa.Connection, name: str, host: str) -> Guard | None:
    covering = scopes.covering(connection, host) if host else (CLOUD,)
    names = [_key(name, scope) for scope in covering]
    query = sa.select(table).where(table.c.name.in_(names))
    found = {row['name']: _guard(row) for row in connection.execute(query).mappings()}
    stopping = (found[one] for one in names if one in found and found[one].value is STOPS[name])
    return next(stopping, None)


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
