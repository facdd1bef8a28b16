"""What each process of ours sees of the witnesses; a quorum is counted over machines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import sqlalchemy as sa

from recovery.db.tables import witness as table

FORGET_SECONDS = 86400.0  #: rows of processes that are long gone


class Observer(Protocol):
    """Who looks."""

    @property
    def name(self) -> str: ...
    @property
    def host(self) -> str: ...


def saw(
    connection: sa.Connection,
    observer: Observer,
    answers: Mapping[str, str],
    reached: bool,
    now: float,
) -> None:
    """Remember what a process sees, in place of what it saw before.

    :param answers: what each witness said, by its name; small, for people.
    :param reached: whether it reaches a majority.
    """
    values = {'machine': observer.host, 'answers': dict(answers), 'reached': reached, 'at': now}
    mine = table.c.observer == observer.name
    if connection.execute(sa.update(table).where(mine).values(**values)).rowcount:
        return
    connection.execute(sa.insert(table).values(observer=observer.name, **values))
    connection.execute(sa.delete(table).where(table.c.at < now - FORGET_SECONDS))


def others(connection: sa.Connection, machine: str, since: float) -> Mapping[str, bool]:
    """By machine, whether it reaches a majority: the newest answer of any process there, not
    older than ``since``, without our own machine."""
    query = sa.select(table).where(table.c.machine != machine, table.c.at >= since)
    rows = connection.execute(query.order_by(table.c.at, table.c.observer)).mappings()
    return {row['machine']: bool(row['reached']) for row in rows}  # the newest one stays


def every(connection: sa.Connection) -> tuple[sa.RowMapping, ...]:
    """All rows, by observer, for people."""
    return tuple(connection.execute(sa.select(table).order_by(table.c.observer)).mappings())


def gone(connection: sa.Connection, observer: Observer) -> None:
    """The process ends in order."""
    connection.execute(sa.delete(table).where(table.c.observer == observer.name))
