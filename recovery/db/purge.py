"""Forget recoveries that ended long ago, and what hangs on them; never what may still be needed.

An ended recovery is still needed while its host has a live one or has not returned (whose
force-down it was is known from its intents alone), and while an evacuation that it sent is open.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from taskflow.persistence.backends.sqlalchemy import tables as taskflow_tables

from recovery.db import states
from recovery.db.store import Store
from recovery.db.tables import (
    alarm,
    attempt,
    decision,
    event,
    host,
    job,
    notification,
    recovery,
    worker,
)

DAY = 86400.0
LEAST_DAYS = 1.0
#: Rows deleted in one transaction: while it runs, SQLite lets nobody else write.
ROWS = 500
#: Recoveries, each of which may take thousands of rows with it.
RECOVERIES = 5
#: Logbooks, likewise.
BOOKS = 100

LOGBOOK = taskflow_tables.fetch(sa.MetaData()).logbooks


@dataclass(frozen=True)
class Purged:
    """How much was forgotten, and how much was old enough but is still needed."""

    recoveries: int
    kept: int
    books: int
    alarms: int
    decisions: int
    events: int


def purgeable(store: Store, days: float) -> int:
    """How many recoveries :func:`purge` would forget."""
    with store.read() as connection:
        return _count(connection, _disposable(_cutoff(store, days)))


def purge(store: Store, days: float) -> Purged:
    """Forget what ended more than ``days`` ago, a little at a time.

    :raises ValueError: ``days`` is so few that the gates would lose what they count.
    :raises StoreAway: what was forgotten until then stays so; run it again.
    """
    cutoff = _cutoff(store, days)
    recoveries = _recoveries(store, cutoff)
    books = _books(store, cutoff)
    alarms = _each(store, alarm.c.id, sa.and_(alarm.c.arrived_at < cutoff, _settled()))
    _each(store, notification.c.id, (notification.c.created_at < cutoff) & ~_heard())
    decisions = _each(store, decision.c.id, _loose(decision, cutoff) & ~_exists_alarm())
    events = _each(store, event.c.id, _loose(event, cutoff))
    _each(store, job.c.seq, job.c.trashed_at < cutoff)
    _each(store, worker.c.name, worker.c.seen_at < cutoff)
    with store.read() as connection:
        kept = _count(connection, _old(cutoff))
    return Purged(recoveries, kept, books, alarms, decisions, events)


def _cutoff(store: Store, days: float) -> float:
    if days < LEAST_DAYS:
        raise ValueError(
            f'{days:g} days is too short: the gates count the recoveries of the last day; '
            f'give {LEAST_DAYS:g} or more'
        )
    return store.clock.now() - days * DAY


def _old(cutoff: float) -> sa.ColumnElement[bool]:
    ended = sa.func.coalesce(recovery.c.ended_at, recovery.c.updated_at)
    return sa.and_(recovery.c.state.in_(states.ENDED), ended < cutoff)


def _disposable(cutoff: float) -> sa.ColumnElement[bool]:
    other = recovery.alias('other')
    live = sa.exists().where(other.c.host == recovery.c.host, other.c.state.in_(states.LIVE))
    gone = sa.and_(
        host.c.proven_off_at.is_not(None),
        host.c.returned_at.is_(None) | (host.c.returned_at < host.c.proven_off_at),
    )
    away = sa.exists().where(
        host.c.name == recovery.c.host, sa.or_(host.c.failed_by == recovery.c.id, gone)
    )
    open_ = sa.exists().where(attempt.c.recovery == recovery.c.id, attempt.c.ended_at.is_(None))
    return sa.and_(_old(cutoff), ~live, ~away, ~open_)


def _count(connection: sa.Connection, which: sa.ColumnElement[bool]) -> int:
    question = sa.select(sa.func.count()).select_from(recovery).where(which)
    return int(connection.execute(question).scalar_one())


def _recoveries(store: Store, cutoff: float) -> int:
    """Items, attempts, intents, proofs, decisions and events go with their recovery."""

    def work(connection: sa.Connection) -> int:
        question = sa.select(recovery.c.id, recovery.c.book).where(_disposable(cutoff))
        rows = connection.execute(question.limit(RECOVERIES)).all()
        # One that was started again in between is not ended any more.
        doomed = recovery.c.id.in_([row.id for row in rows])
        count = connection.execute(
            sa.delete(recovery).where(doomed, recovery.c.state.in_(states.ENDED))
        ).rowcount
        return int(count)

    return _until_none(store, work)


def _books(store: Store, cutoff: float) -> int:
    """TaskFlow's logbooks that no recovery has, by its ``book`` or as an earlier round.

    A book's name begins with its recovery. Flow and atom details go with their book.
    """
    when = datetime.datetime.fromtimestamp(cutoff, datetime.UTC).replace(tzinfo=None)
    old = sa.select(LOGBOOK.c.uuid, LOGBOOK.c.name).where(LOGBOOK.c.created_at < when)

    def work(connection: sa.Connection, last: str) -> tuple[int, str | None]:
        question = old.where(LOGBOOK.c.uuid > last).order_by(LOGBOOK.c.uuid).limit(BOOKS)
        rows = connection.execute(question).all()
        used = _used(connection, recovery.c.book, [row.uuid for row in rows])
        named = _used(connection, recovery.c.id, [_owner(row.name) for row in rows])
        doomed = [
            row.uuid for row in rows if row.uuid not in used and _owner(row.name) not in named
        ]
        connection.execute(sa.delete(LOGBOOK).where(LOGBOOK.c.uuid.in_(doomed)))
        return len(doomed), rows[-1].uuid if rows else None

    count, last = 0, ''
    while True:
        done, end = store.transact(functools.partial(work, last=last))
        count += done
        if end is None:
            return count
        last = end


def _owner(book: str) -> str:
    return book.split(' ')[0]


def _used(
    connection: sa.Connection, column: sa.Column[str], values: Iterable[str]
) -> frozenset[str]:
    question = sa.select(column).where(column.in_(list(values)))
    return frozenset(connection.execute(question).scalars())


def _settled() -> sa.ColumnElement[bool]:
    """Alarms that were decided about, and whose recovery is gone, or never was."""
    kept = sa.exists().where(recovery.c.id == alarm.c.recovery)
    return sa.and_(alarm.c.answer.is_not(None), ~kept)


def _loose(table: sa.Table, cutoff: float) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.recovery.is_(None), table.c.at < cutoff)


def _heard() -> sa.ColumnElement[bool]:
    """Notifications whose alarm is kept say what became of it."""
    return sa.exists().where(alarm.c.id == notification.c.alarm)


def _exists_alarm() -> sa.ColumnElement[bool]:
    return sa.exists().where(alarm.c.id == decision.c.alarm)


def _each(store: Store, key: sa.Column[object], which: sa.ColumnElement[bool]) -> int:
    def work(connection: sa.Connection) -> int:
        keys = connection.execute(sa.select(key).where(which).limit(ROWS)).scalars().all()
        if keys:
            connection.execute(sa.delete(key.table).where(key.in_(keys)))
        return len(keys)

    return _until_none(store, work)


def _until_none(store: Store, work: Callable[[sa.Connection], int]) -> int:
    total = 0
    while True:
        done = store.transact(work)
        if not done:
            return total
        total += done
