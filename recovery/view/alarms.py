"""Alarms as they came, and what was answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from recovery.db import tables
from recovery.db.decisions import of_alarm
from recovery.db.store import Store
from recovery.view import ids
from recovery.view.recoveries import behind

Row = Mapping[str, Any]
UNDECIDED = 'undecided'


def alarms(
    store: Store,
    *,
    since: float | None = None,
    answer: str | None = None,
    limit: int | None = None,
    marker: str | None = None,
) -> list[Row]:
    """Alarms, newest first. ``answer`` 'undecided' wants those nobody decided about yet.

    :param marker: the whole id of one: only those behind it.
    :raises recovery.view.ids.Unknown: there is no alarm of that id.
    """
    table = tables.alarm
    query = sa.select(table).order_by(table.c.arrived_at.desc(), table.c.id).limit(limit)
    if since is not None:
        query = query.where(table.c.arrived_at >= since)
    if answer == UNDECIDED:
        query = query.where(table.c.answer.is_(None))
    elif answer is not None:
        query = query.where(table.c.answer == answer)
    with store.read() as connection:
        if marker is not None:
            query = query.where(behind(connection, table, table.c.arrived_at, marker))
        return [dict(row) for row in connection.execute(query).mappings()]


def alarm(store: Store, given: str) -> Row:
    """The alarm whose id begins with ``given``. Raises recovery.view.ids.Unknown."""
    with store.read() as connection:
        identifier = ids.find_alarm(connection, given)
        query = sa.select(tables.alarm).where(tables.alarm.c.id == identifier)
        return dict(connection.execute(query).mappings().one())


def of_recovery(store: Store, row: Row) -> Row | None:
    """The alarm that began a recovery, if it was one."""
    if row['alarm'] is None:
        return None
    with store.read() as connection:
        query = sa.select(tables.alarm).where(tables.alarm.c.id == row['alarm'])
        found = connection.execute(query).mappings().first()
    return dict(found) if found else None


def decisions(store: Store, *, alarm_id: str) -> list[Row]:
    """Every decision about an alarm, oldest first."""
    with store.read() as connection:
        return [dict(row) for row in of_alarm(connection, alarm_id)]
