"""Recoveries: the list of them, and one in full."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from recovery.db import states, tables
from recovery.db.store import Store
from recovery.view import ids

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Filter:
    """Which recoveries are wanted. The empty filter wants all."""

    states: Collection[str] = ()
    host: str | None = None
    kind: str | None = None
    since: float | None = None  #: live, or ended after; seconds since 1970 UTC


@dataclass(frozen=True)
class Items:
    """How many instances of a recovery are in which state."""

    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def __str__(self) -> str:
        """'12 of 20 moved, 1 failed'; '' when there are none."""
        if not self.total:
            return ''
        words = {'started': 'under way', 'pending': 'to do'}
        others = [
            f'{self.counts[state]} {words.get(state, state)}'
            for state in ('started', 'pending', 'left', 'failed', 'unsettled')
            if self.counts.get(state)
        ]
        return ', '.join([f'{self.counts.get("moved", 0)} of {self.total} moved', *others])


@dataclass(frozen=True)
class Recovery:
    """One recovery as it is listed."""

    row: Row
    items: Items

    @property
    def id(self) -> str:
        return str(self.row['id'])

    @property
    def state(self) -> str:
        return str(self.row['state'])

    @property
    def host(self) -> str:
        return str(self.row['host'])

    @property
    def live(self) -> bool:
        return self.state in states.LIVE


def recoveries(
    store: Store, wanted: Filter, limit: int | None = None, marker: str | None = None
) -> list[Recovery]:
    """Those that are wanted, newest first.

    :param marker: the whole id of one: only those behind it.
    :raises recovery.view.ids.Unknown: there is no recovery of that id.
    """
    table = tables.recovery
    query = sa.select(table).order_by(table.c.created_at.desc(), table.c.id)
    if wanted.states:
        query = query.where(table.c.state.in_(wanted.states))
    if wanted.host is not None:
        query = query.where(table.c.host == wanted.host)
    if wanted.kind is not None:
        query = query.where(table.c.kind == wanted.kind)
    if wanted.since is not None:
        query = query.where(
            sa.or_(table.c.state.in_(states.LIVE), table.c.ended_at >= wanted.since)
        )
    with store.read() as connection:
        if marker is not None:
            query = query.where(behind(connection, table, table.c.created_at, marker))
        rows = connection.execute(query.limit(limit)).mappings().all()
        counts = _counts(connection, [row['id'] for row in rows])
    return [Recovery(dict(row), Items(counts.get(row['id'], {}))) for row in rows]


def behind(
    connection: sa.Connection, table: sa.Table, moment: sa.Column[float], marker: str
) -> sa.ColumnElement[bool]:
    """What follows a row in a list that shows the newest first. Raises Unknown."""
    query = sa.select(moment).where(table.c.id == marker)
    at = connection.execute(query).scalar()
    if at is None:
        raise ids.Unknown(f'there is no {table.name} {marker!r} to go on behind')
    return (moment < at) | ((moment == at) & (table.c.id > marker))


def recovery(store: Store, given: str) -> Recovery:
    """The one whose id begins with ``given``. Raises recovery.view.ids.Unknown."""
    table = tables.recovery
    with store.read() as connection:
        identifier = ids.find(connection, given)
        row = connection.execute(sa.select(table).where(table.c.id == identifier)).mappings().one()
        counts = _counts(connection, [identifier])
    return Recovery(dict(row), Items(counts.get(identifier, {})))


def items(store: Store, identifier: str, wanted: Collection[str] = ()) -> list[Row]:
    """Items of a recovery with their newest attempt, in the order of their evacuation."""
    item, attempt = tables.item, tables.attempt
    newest = (
        sa.select(sa.func.max(attempt.c.id).label('id'), sa.func.count().label('attempts'))
        .add_columns(attempt.c.instance)
        .where(attempt.c.recovery == identifier)
        .group_by(attempt.c.instance)
        .subquery()
    )
    query = (
        sa.select(
            item,
            sa.func.coalesce(newest.c.attempts, 0).label('attempts'),
            attempt.c.state.label('attempt_state'),
            attempt.c.target,
            attempt.c.migration,
            attempt.c.request_id,
        )
        .select_from(
            item.outerjoin(newest, newest.c.instance == item.c.instance).outerjoin(
                attempt, attempt.c.id == newest.c.id
            )
        )
        .where(item.c.recovery == identifier)
        .order_by(item.c.priority.desc(), item.c.name, item.c.instance)
    )
    if wanted:
        query = query.where(item.c.state.in_(wanted))
    with store.read() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def _counts(connection: sa.Connection, identifiers: list[str]) -> dict[str, dict[str, int]]:
    item = tables.item
    found: dict[str, dict[str, int]] = {}
    for start in range(0, len(identifiers), 500):  # SQLite bounds the number of parameters
        query = (
            sa.select(item.c.recovery, item.c.state, sa.func.count())
            .where(item.c.recovery.in_(identifiers[start : start + 500]))
            .group_by(item.c.recovery, item.c.state)
        )
        for identifier, state, count in connection.execute(query):
            found.setdefault(identifier, {})[state] = count
    return found
