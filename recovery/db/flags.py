"""What requests of ours did to the record of a compute service, and which of its flags are ours.

Nova stamps its reports and changes of its flags into one field, ``updated_at`` (H3).
"""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from flows.records import PUT_SECONDS
from recovery.db import intents
from recovery.db.intents import FAILED, REFUSED
from recovery.db.tables import intent

DISABLE = 'disable-service'
ACTIONS = (DISABLE, 'force-down', 'clear-force-down', 'enable-service')
DISABLES = frozenset({DISABLE, 'force-down'})  #: force-down disables in the same request
FORCES = frozenset({'force-down'})
MOST = 8  #: changes that are looked through
LATE_SECONDS = 60.0  # who asked has stopped waiting, and Nova may do it yet


class Change(NamedTuple):
    """One of our changes: Nova will have stamped it at some time from ``began`` to ``ended``."""

    began: float  #: wall clock, seconds since 1970 UTC
    ended: float
    latest: float  #: it may have been stamped as late as this
    before: float | None  #: what ``updated_at`` was before; None: that is not on record


def disabled(connection: sa.Connection, host: str) -> bool:
    """Whether it is us who disabled the host, if it is disabled (H10)."""
    clearers = frozenset({'enable-service'})
    return intents.owned(connection, host, setters=DISABLES, clearers=clearers, was_clear='enabled')


def forced_down(connection: sa.Connection, host: str) -> bool:
    """Whether it is us who forced the host down, if it is forced down (H10)."""
    clearers = frozenset({'clear-force-down'})
    return intents.owned(
        connection, host, setters=FORCES, clearers=clearers, was_clear='not_forced'
    )


def changes(connection: sa.Connection, host: str) -> tuple[Change, ...]:
    """The last ones of a host, newest first. What Nova refused changed nothing."""
    query = (
        sa.select(intent)
        .where(intent.c.host == host, intent.c.action.in_(ACTIONS))
        .where(sa.func.coalesce(intent.c.outcome, '').not_like(f'{REFUSED}%'))
        .order_by(intent.c.id.desc())
        .limit(MOST)
    )
    return tuple(_change(row) for row in connection.execute(query).mappings())


def newest(connection: sa.Connection, host: str) -> Change | None:
    """The last one; None: there was none."""
    return next(iter(changes(connection, host)), None)


def _change(row: sa.RowMapping) -> Change:
    heard = row['ended_at'] is not None and not row['outcome'].startswith(FAILED)
    ended = row['at'] if row['ended_at'] is None else row['ended_at']
    latest = ended if heard else ended + LATE_SECONDS
    if row['action'] == DISABLE:  # a worker that was frozen meanwhile heard of it much later
        ended = min(ended, row['at'] + PUT_SECONDS)
    return Change(row['at'], ended, latest, row['observed'].get('updated_at'))
