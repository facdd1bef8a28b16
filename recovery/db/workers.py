"""Processes that said lately that they live."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa

from recovery.db.store import Store
from recovery.db.tables import guard
from recovery.db.tables import worker as table

VERSION = '0.1.0'
RUNS = ('worker', 'standalone')  #: kinds of processes that run recoveries
DECIDES = ('watcher', 'standalone')  #: kinds of processes that decide again what is held
LOOKS = ('watcher', *RUNS)  #: kinds of processes that look at the cloud by themselves
LETS_GO = 'let-go:'  #: and the name of a worker: the guard that makes it let go
ALIVE_SECONDS = 60.0  #: a process that was not seen for longer does not count as living


class Process(Protocol):
    """Who is seen."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def pid(self) -> int: ...


def seen(store: Store, process: Process) -> None:
    """The process lives."""
    now = store.clock.now()

    def work(connection: sa.Connection) -> None:
        mine = table.c.name == process.name
        if connection.execute(sa.update(table).where(mine).values(seen_at=now)).rowcount:
            return
        values = {'kind': process.kind, 'host': process.host, 'pid': process.pid}
        times = {'started_at': now, 'seen_at': now, 'version': VERSION}
        connection.execute(sa.insert(table).values(name=process.name, **values, **times))

    store.transact(work)


def gone(store: Store, process: Process) -> None:
    """The process ends in order."""

    def work(connection: sa.Connection) -> None:
        connection.execute(sa.delete(table).where(table.c.name == process.name))
        _forget(connection, [process.name])

    store.transact(work)


def observing_since(connection: sa.Connection, now: float) -> float | None:
    """Since when a worker or watcher that still lives has been there; None: there is none."""
    looks = table.c.kind.in_(LOOKS)
    query = sa.select(sa.func.min(table.c.started_at)).where(looks, _alive(now))
    value = connection.execute(query).scalar()
    return None if value is None else float(value)


def here_and_elsewhere(
    connection: sa.Connection, host: str, now: float, cut_off: Container[str] = ()
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of living workers on a host, and of those elsewhere that take new recoveries.

    :param cut_off: machines whose workers stand back.
    """
    rows = running(connection, now)
    here = tuple(row.name for row in rows if row.host == host)
    out = {host, *(row.host for row in rows if row.host in cut_off)}
    elsewhere = (row for row in rows if row.host not in out and row.draining_at is None)
    return here, tuple(row.name for row in elsewhere)


@dataclass(frozen=True)
class Running:
    """A living process that runs recoveries."""

    name: str
    host: str
    draining_at: float | None
    draining_by: str | None


def running(connection: sa.Connection, now: float) -> tuple[Running, ...]:
    """All of them, by name."""
    columns = [table.c[key] for key in Running.__dataclass_fields__]
    query = sa.select(*columns).where(table.c.kind.in_(RUNS), _alive(now)).order_by(table.c.name)
    return tuple(Running(**row) for row in connection.execute(query).mappings())


def decide_again(connection: sa.Connection, now: float) -> bool:
    """Whether a process lives that decides again what is held, and wakes what waits."""
    query = sa.select(table.c.name).where(table.c.kind.in_(DECIDES), _alive(now)).limit(1)
    return connection.execute(query).first() is not None


def draining(connection: sa.Connection, name: str) -> bool:
    """Whether this process is to take no new recovery."""
    query = sa.select(table.c.draining_at).where(table.c.name == name)
    return connection.execute(query).scalar() is not None


def drain(connection: sa.Connection, names: Iterable[str], *, by: str, now: float) -> None:
    """These take no new recovery from now on."""
    mine = table.c.name.in_(list(names))
    connection.execute(sa.update(table).where(mine).values(draining_at=now, draining_by=by))


def undrain(connection: sa.Connection, names: Iterable[str]) -> None:
    """These take recoveries again."""
    which = list(names)
    mine = table.c.name.in_(which)
    connection.execute(sa.update(table).where(mine).values(draining_at=None, draining_by=None))
    _forget(connection, which)


def let_go(
    connection: sa.Connection, names: Iterable[str], *, by: str, reason: str, now: float
) -> None:
    """These, which drain, let go of what they run, too."""
    which = list(names)
    _forget(connection, which)
    values = {'value': {}, 'by': by[:255], 'reason': reason, 'at': now}
    for name in which:
        connection.execute(sa.insert(guard).values(name=LETS_GO + name, **values))


def lets_go(connection: sa.Connection, name: str) -> str | None:
    """Who wants this process to let go of what it runs; None: nobody."""
    query = sa.select(guard.c.by).where(guard.c.name == LETS_GO + name)
    who = connection.execute(query).scalar()
    return None if who is None else str(who)


def _forget(connection: sa.Connection, names: Iterable[str]) -> None:
    mine = guard.c.name.in_([LETS_GO + name for name in names])
    connection.execute(sa.delete(guard).where(mine))


def _alive(now: float) -> sa.ColumnElement[bool]:
    return table.c.seen_at >= now - ALIVE_SECONDS
