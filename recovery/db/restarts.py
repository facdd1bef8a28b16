"""Restarts of instances that gave way to the recovery of their host, maybe without being over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from flows.records import OPEN_ATTEMPTS, AttemptState, ItemState
from recovery.db import recoveries, states
from recovery.db.tables import attempt, item
from recovery.db.tables import recovery as table

#: The note of a superseded restart that nothing is to be done about any more, and why.
OVER = 'over-since-superseded'


def given_way(connection: sa.Connection, kind: str, since: float) -> tuple[sa.RowMapping, ...]:
    """Superseded recoveries of a kind that are not over, oldest first, where the one that took
    the host over is live or has ended since a time."""
    later = table.alias('later')
    mine = (table.c.state == states.SUPERSEDED) & (table.c.kind == kind)
    lately = later.c.state.in_(states.LIVE) | (later.c.ended_at > since)
    query = sa.select(table).join(later, later.c.id == table.c.superseded_by).where(mine, lately)
    rows = connection.execute(query.order_by(table.c.ended_at, table.c.id)).mappings()
    return tuple(row for row in rows if OVER not in row['notes'])


def moved(connection: sa.Connection, recovery: str, instance: str) -> bool:
    """Whether a recovery of a host has moved the instance."""
    mine = (item.c.recovery == recovery) & (item.c.instance == instance)
    query = sa.select(item.c.id).where(mine, item.c.state == ItemState.MOVED.value)
    return connection.execute(query).first() is not None


def in_doubt(connection: sa.Connection, host: str, instance: str) -> bool:
    """Whether an evacuation of the instance from that host may have left a guest somewhere: it has
    not ended, or failed on a destination that was not seen up all the time."""
    open_ = attempt.c.state.in_([state.value for state in OPEN_ATTEMPTS])
    unsure = (attempt.c.state == AttemptState.FAILED.value) & attempt.c.destination_sure.is_(False)
    query = (
        sa.select(attempt.c.id)
        .join(table, table.c.id == attempt.c.recovery)
        .where(table.c.host == host, attempt.c.instance == instance)
        .where(open_ | (unsure & attempt.c.destination.is_not(None)))
    )
    return connection.execute(query.limit(1)).first() is not None


def over(connection: sa.Connection, old: sa.RowMapping, why: str) -> bool:
    """Note that nothing is to be done about it any more. False: it has changed meanwhile."""
    values = {'notes': {**old['notes'], OVER: why}}
    return bool(connection.execute(sa.update(table).where(_same(old)).values(**values)).rowcount)


def begin_again(
    connection: sa.Connection,
    old: sa.RowMapping,
    now: float,
    *,
    host: str,
    reason: str,
    arguments: Mapping[str, Any],
    expires_at: float,
) -> bool:
    """A new round of a superseded recovery, held until its gates have been asked again: its
    intents stay. False: it has changed meanwhile.

    :param host: where the instance is now.
    :raises sqlalchemy.exc.IntegrityError: another live recovery blocks it already.
    """
    states.check_recovery(old['state'], states.HELD)
    cleared = ('book', 'phase', 'code', 'verb', 'ended_at', 'superseded_by', 'approved_by',
               'approved_reason', 'approved_gates')  # fmt: skip
    values = {
        **dict.fromkeys(cleared),
        'state': states.HELD,
        'open_key': recoveries.open_key(old['kind'], old['subject']),
        'host': host,
        'round': old['round'] + 1,
        'reason': reason,
        'arguments': dict(arguments),
        'undoing': False,
        'claims': 0,
        'next_check': now,
        'expires_at': expires_at,
        'updated_at': now,
    }
    return bool(connection.execute(sa.update(table).where(_same(old)).values(**values)).rowcount)


def _same(old: sa.RowMapping) -> sa.ColumnElement[bool]:
    as_read = (table.c[name] == old[name] for name in ('id', 'state', 'epoch', 'round'))
    return sa.and_(*as_read)
