"""Storms: mass failures that were seen, by scope, until the cool-down after them has passed.

Each is a guard row: ``value`` says when it began and whether it is over, ``at`` when it was last
seen to hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from recovery.db import events
from recovery.db.tables import guard as table
from recovery.db.tables import recovery

PREFIX = 'storm:'
REFRESH = 1.0  #: a thousand held recoveries need not all say that it goes on
# Made once: every watcher asks it at every look.
ALL = sa.select(table).where(table.c.name.startswith(PREFIX)).order_by(table.c.name)


@dataclass(frozen=True)
class Seen:
    """A storm that is not over."""

    scope: str  #: 'cloud', 'segment:NAME', 'zone:NAME', 'aggregate:NAME'
    began_at: float
    seen_at: float


def on(connection: sa.Connection) -> tuple[Seen, ...]:
    """Every storm that is not over, by scope."""
    return tuple(
        Seen(row['name'][len(PREFIX) :], row['value']['began'], row['at'])
        for row in connection.execute(ALL).mappings()
        if not row['value']['over']
    )


def note(
    connection: sa.Connection, scope: str, reason: str, *, by: str, now: float, cooldown: float
) -> bool:
    """A mass failure of this scope is seen now. True: a storm begins with it, and is told."""
    row = connection.execute(_named(scope)).mappings().first()
    if row is not None and not row['value']['over']:
        if now - row['at'] >= REFRESH:
            mine = table.c.name == PREFIX + scope
            connection.execute(sa.update(table).where(mine).values(at=now))
        return False
    if not _begin(connection, row, scope, reason, by, now):
        return False
    held = f'recoveries are held until {cooldown:.0f} s after it: recovery list --state held'
    what = f'a storm began in {_words(scope)}'
    events.add(connection, by, what, f'{reason}; {held}', at=now)
    return True


def end(connection: sa.Connection, *, by: str, now: float, cooldown: float) -> tuple[str, ...]:
    """End the storms whose cool-down has passed, with one sentence each. Returns their scopes."""
    ended = []
    for storm in on(connection):
        if storm.seen_at + cooldown > now:
            continue
        over = {'began': storm.began_at, 'over': True}
        mine = (table.c.name == PREFIX + storm.scope) & (table.c.at == storm.seen_at)
        if not connection.execute(sa.update(table).where(mine).values(value=over)).rowcount:
            continue  # it was seen again, or somebody else ended it
        ended.append(storm.scope)
        what = f'the storm in {_words(storm.scope)} is over'
        events.add(connection, by, what, _told(connection, storm), at=now)
    return tuple(ended)


def _named(scope: str) -> sa.Select[Any]:
    return sa.select(table).where(table.c.name == PREFIX + scope)


def _begin(
    connection: sa.Connection,
    row: sa.RowMapping | None,
    scope: str,
    reason: str,
    by: str,
    now: float,
) -> bool:
    values = {'value': {'began': now, 'over': False}, 'by': by[:255], 'reason': reason, 'at': now}
    if row is not None:
        mine = (table.c.name == PREFIX + scope) & (table.c.at == row['at'])
        return bool(connection.execute(sa.update(table).where(mine).values(**values)).rowcount)
    try:
        with connection.begin_nested():
            connection.execute(sa.insert(table).values(name=PREFIX + scope, **values))
    except sa.exc.IntegrityError:  # somebody else saw it first
        return False
    return True


def _told(connection: sa.Connection, storm: Seen) -> str:
    """How long it lasted, and what became of the recoveries that began in it."""
    counted = sa.select(recovery.c.state, sa.func.count()).where(
        recovery.c.created_at >= storm.began_at - 1.0, recovery.c.kind == 'host-down'
    )
    query = counted.group_by(recovery.c.state).order_by(recovery.c.state)
    states = ', '.join(f'{count} {state}' for state, count in connection.execute(query))
    lasted = max(1, round((storm.seen_at - storm.began_at) / 60))
    return f'it lasted {lasted} min; the recoveries since it began: {states or "none"}'


def _words(scope: str) -> str:
    return 'the cloud' if scope == 'cloud' else scope.replace(':', ' ', 1)
