"""Purging: what ended long ago goes with all that hangs on it; what is needed stays."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from taskflow.persistence import models
from taskflow.persistence.backends.impl_sqlalchemy import SQLAlchemyBackend

from drivers.simulated.clock import VirtualClock
from recovery.db import states
from recovery.db.purge import DAY, LOGBOOK, purge, purgeable
from recovery.db.store import Store
from recovery.db.tables import META
from recovery.db.upgrade import upgrade
from tests.databases import KINDS, add, database, opened

CHILDREN = ('item', 'attempt', 'intent', 'proof', 'decision', 'event')


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with database(request.param, tmp_path) as url, opened(url, VirtualClock()) as store:
        upgrade(store)
        yield store


def rows(store: Store, table: str) -> int:
    with store.read() as connection:
        question = sa.select(sa.func.count()).select_from(sa.table(table))
        return int(connection.execute(question).scalar_one())


def a_recovery(store: Store, name: str, *, days: float = 40.0, **values: Any) -> None:
    """A recovery of compute-01 that ended so many days ago, with one row of everything."""
    ended = store.clock.now() - days * DAY
    with store.write() as connection:
        values = {'state': states.DONE, 'host': 'compute-01', 'ended_at': ended, **values}
        add(connection, 'recovery', id=name, updated_at=ended, **values)
        for table in CHILDREN:
            add(connection, table, recovery=name)
        connection.execute(sa.update(META.tables['attempt']).values(ended_at=ended))


def a_book(store: Store, name: str, *, days: float = 40.0) -> str:
    """A logbook of so many days ago, with a flow of one atom. Returns its UUID."""
    book = models.LogBook(f'{name} round 1')
    flow = models.FlowDetail('flow', store.clock.new_id())
    flow.add(models.TaskDetail('task', store.clock.new_id()))
    book.add(flow)
    SQLAlchemyBackend({}, engine=store.writer).get_connection().save_logbook(book)
    at = datetime.datetime.fromtimestamp(store.clock.now() - days * DAY, datetime.UTC)
    with store.write() as connection:
        mine = LOGBOOK.c.uuid == book.uuid
        connection.execute(
            sa.update(LOGBOOK).where(mine).values(created_at=at.replace(tzinfo=None))
        )
    return str(book.uuid)


def test_what_ended_long_ago_goes_with_all_that_hangs_on_it(store: Store) -> None:
    for number in range(12):  # more than one batch
        a_recovery(store, f'old-{number}')
    a_recovery(store, 'young', days=20)
    assert purgeable(store, 30) == 12
    purged = purge(store, 30)
    assert (purged.recoveries, purged.kept) == (12, 0)
    assert {table: rows(store, table) for table in ('recovery', *CHILDREN)} == dict.fromkeys(
        ('recovery', *CHILDREN), 1
    )
    assert purge(store, 30).recoveries == 0


@pytest.mark.parametrize('state', sorted(states.LIVE))
def test_a_live_one_stays_however_old(store: Store, state: str) -> None:
    a_recovery(store, 'r', state=state, ended_at=None, open_key='host:compute-01')
    assert purge(store, 30).recoveries == 0
    assert rows(store, 'item') == 1


def test_what_ended_stays_while_its_host_has_a_live_recovery(store: Store) -> None:
    """Its attempts and intents say what runs where, and whose force-down it is."""
    a_recovery(store, 'old')
    a_recovery(store, 'now', state=states.WAITING, open_key='host:compute-01')
    purged = purge(store, 30)
    assert (purged.recoveries, purged.kept) == (0, 1)


@pytest.mark.parametrize(
    ('host', 'stays'),
    [
        ({'failed_by': 'old'}, True),
        ({'proven_off_at': 9.0}, True),
        ({'proven_off_at': 9.0, 'returned_at': 8.0}, True),
        ({'proven_off_at': 9.0, 'returned_at': 10.0}, False),
        ({}, False),
    ],
)
def test_what_ended_stays_until_its_host_has_returned(
    store: Store, host: dict[str, Any], stays: bool
) -> None:
    a_recovery(store, 'old')
    with store.write() as connection:
        add(connection, 'host', name='compute-01', **host)
    assert purge(store, 30).kept == int(stays)
    assert rows(store, 'recovery') == int(stays)


def test_what_ended_stays_while_an_evacuation_of_it_is_open(store: Store) -> None:
    a_recovery(store, 'old')
    with store.write() as connection:
        connection.execute(sa.update(META.tables['attempt']).values(ended_at=None))
    assert purge(store, 30).kept == 1


def test_books_go_with_their_recovery_and_not_before(store: Store) -> None:
    a_recovery(store, 'old', book=a_book(store, 'old'))
    earlier_round_of_old = a_book(store, 'old')
    live: dict[str, Any] = {'state': states.READY, 'ended_at': None, 'host': 'compute-02'}
    a_recovery(store, 'live', book=a_book(store, 'live'), open_key='host:compute-02', **live)
    earlier_round_of_live = a_book(store, 'live')
    a_book(store, 'nobody')
    just_saved = a_book(store, 'nobody', days=0)
    assert purge(store, 30).books == 3
    with store.read() as connection:
        left = set(connection.execute(sa.select(LOGBOOK.c.uuid)).scalars())
    assert len(left) == 3
    assert {earlier_round_of_live, just_saved} < left
    assert earlier_round_of_old not in left
    assert rows(store, 'flowdetails') == rows(store, 'atomdetails') == 3


def test_alarms_and_decisions_go_by_their_age(store: Store) -> None:
    now = store.clock.now()
    a_recovery(store, 'kept', days=20)
    with store.write() as connection:
        alarms: dict[str, dict[str, Any]] = {
            'ignored': {'arrived_at': now - 40 * DAY, 'answer': 'ignore'},
            'its recovery is gone': {'arrived_at': 0.0, 'answer': 'admit', 'recovery': 'gone'},
            'its recovery is there': {'arrived_at': 0.0, 'answer': 'admit', 'recovery': 'kept'},
            'undecided': {'arrived_at': 0.0},
            'young': {'arrived_at': now, 'answer': 'ignore'},
        }
        for key, values in alarms.items():
            row = add(connection, 'alarm', source='test', key=key, **values)
            add(connection, 'decision', alarm=row['id'], at=values['arrived_at'])
        add(connection, 'event', at=now - 40 * DAY)
        add(connection, 'event', at=now)
    purged = purge(store, 30)
    assert (purged.alarms, purged.decisions, purged.events) == (2, 2, 1)
    with store.read() as connection:
        left = set(connection.execute(sa.select(META.tables['alarm'].c.key)).scalars())
    assert left == {'its recovery is there', 'undecided', 'young'}


def test_workers_that_are_gone_and_trashed_jobs_go(store: Store) -> None:
    now = store.clock.now()
    with store.write() as connection:
        add(connection, 'worker', name='gone', seen_at=now - 40 * DAY)
        add(connection, 'worker', name='there', seen_at=now)
        add(connection, 'job', id='trash', trashed_at=now - 40 * DAY)
        add(connection, 'job', id='job', created_at=now - 40 * DAY)
    purge(store, 30)
    assert (rows(store, 'worker'), rows(store, 'job')) == (1, 1)


def test_so_few_days_that_gates_would_forget_are_refused(store: Store) -> None:
    a_recovery(store, 'old')
    for ask in (purge, purgeable):
        with pytest.raises(ValueError, match='give 1 or more'):
            ask(store, 0.5)
    assert rows(store, 'recovery') == 1


def test_notifications_go_with_their_alarm_and_not_before(store: Store) -> None:
    now = store.clock.now()
    old = {'type': 'VM', 'created_at': now - 40 * DAY, 'payload': {}}
    with store.write() as connection:
        add(connection, 'alarm', id='undecided', arrived_at=now - 40 * DAY, key='a', answer=None)
        add(connection, 'alarm', id='ignored', arrived_at=now - 40 * DAY, key='b', answer='ignore')
        add(connection, 'notification', uuid='1', alarm='undecided', **old)
        add(connection, 'notification', uuid='2', alarm='ignored', **old)
        add(connection, 'notification', uuid='3', alarm=None, answer='finished', **old)
        add(connection, 'notification', **(old | {'uuid': '4', 'created_at': now}))
    purge(store, 30.0)
    with store.read() as connection:
        kept = connection.execute(sa.select(META.tables['notification'].c.uuid)).scalars().all()
    assert kept == ['1', '4']
