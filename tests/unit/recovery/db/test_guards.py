"""Switches: open until somebody sets them, with who and why, and in the story."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from drivers.simulated.clock import VirtualClock
from recovery.db import events, guards, hosts
from recovery.db.store import Store
from recovery.db.tables import META
from tests.databases import KINDS, database, opened


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    clock = VirtualClock()
    store = Store(f'sqlite:///{tmp_path / "recovery.sqlite"}', clock)
    META.create_all(store.engine)
    yield store
    store.close()
    clock.close()


def test_a_fresh_database_is_armed_and_not_paused(store: Store) -> None:
    with store.read() as connection:
        assert guards.disarmed(connection) is None
        assert guards.paused(connection) is None
        assert guards.get(connection, guards.ARMED) is None


def test_pause_and_unpause(store: Store) -> None:
    with store.write() as connection:
        guards.pause(connection, by='ann', reason='upgrade', now=1.0)
        found = guards.paused(connection)
        assert found is not None
        assert (found.by, found.reason, found.at) == ('ann', 'upgrade', 1.0)
        guards.unpause(connection, by='bob', reason='done', now=2.0)
        assert guards.paused(connection) is None


def test_disarm_and_arm(store: Store) -> None:
    with store.write() as connection:
        guards.disarm(connection, by='ann', reason='restored', now=1.0)
        found = guards.disarmed(connection)
        assert found is not None
        assert found.reason == 'restored'
        guards.arm(connection, by='bob', reason='looked at it', now=2.0)
        assert guards.disarmed(connection) is None


def test_each_switch_leaves_an_event(store: Store) -> None:
    with store.write() as connection:
        guards.pause(connection, by='ann', reason='upgrade', now=1.0)
        guards.maintain(connection, 'c1', True, by='bob', reason='disks', now=2.0)
        guards.maintain(connection, 'c1', False, by='bob', reason='', now=3.0)
        story = [(row['who'], row['what'], row['why']) for row in events.newest(connection)]
    assert story == [
        ('bob', 'ended the maintenance of host c1', ''),
        ('bob', 'set host c1 to maintenance', 'disks'),
        ('ann', 'paused the service', 'upgrade'),
    ]


def in_segment(connection: sa.Connection, host: str, segment: str) -> None:
    hosts.put(connection, host, segment=segment)


def test_a_pause_covers_its_scope_and_nothing_else(store: Store) -> None:
    with store.write() as connection:
        in_segment(connection, 'c1', 'rack-1')
        in_segment(connection, 'c2', 'rack-2')
        pause = partial(guards.pause, connection, by='ann', now=1.0)
        pause(reason='rack moves', scope='segment:rack-1')
        pause(reason='new board', scope='host:c3')
        said = {host: guards.paused(connection, host) for host in ('c1', 'c2', 'c3', 'c4', '')}
    assert {host: one and (one.scope, one.reason) for host, one in said.items()} == {
        'c1': ('segment:rack-1', 'rack moves'),
        'c2': None,
        'c3': ('host:c3', 'new board'),
        'c4': None,
        '': None,
    }


def test_the_widest_scope_is_named_and_each_is_ended_for_itself(store: Store) -> None:
    with store.write() as connection:
        in_segment(connection, 'c1', 'rack-1')
        for scope in ('cloud', 'segment:rack-1', 'host:c1'):
            guards.disarm(connection, by='ann', reason=scope, now=1.0, scope=scope)
        named = []
        while (found := guards.disarmed(connection, 'c1')) is not None:
            named.append(found.scope)
            guards.arm(connection, by='bob', reason='', now=2.0, scope=found.scope)
    assert named == ['cloud', 'segment:rack-1', 'host:c1']


def test_every_scope_that_is_stopped(store: Store) -> None:
    with store.write() as connection:
        guards.pause(connection, by='ann', reason='one', now=1.0, scope='host:c1')
        guards.pause(connection, by='ann', reason='two', now=1.0)
        guards.pause(connection, by='ann', reason='three', now=1.0, scope='segment:a')
        guards.unpause(connection, by='ann', reason='', now=2.0, scope='segment:a')
        guards.disarm(connection, by='ann', reason='four', now=1.0, scope='host:c1')
        assert [one.scope for one in guards.stopped(connection, guards.PAUSED)] == [
            'cloud',
            'host:c1',
        ]
        assert [one.scope for one in guards.stopped(connection, guards.ARMED)] == ['host:c1']


def test_scopes_are_named_in_the_story(store: Store) -> None:
    with store.write() as connection:
        guards.pause(connection, by='ann', reason='', now=1.0, scope='segment:rack-1')
        guards.unpause(connection, by='ann', reason='', now=2.0, scope='segment:rack-1')
        guards.disarm(connection, by='ann', reason='', now=3.0, scope='host:c1')
        guards.arm(connection, by='ann', reason='', now=4.0, scope='host:c1')
        story = [row['what'] for row in events.newest(connection)]
    assert story == [
        'armed host c1',
        'disarmed host c1',
        'ended the pause of segment rack-1',
        'paused segment rack-1',
    ]


def test_maintenance_leaves_our_own_mark_alone(store: Store) -> None:
    with store.write() as connection:
        hosts.put(connection, 'c1', failed_by='r' * 36)
        guards.maintain(connection, 'c1', True, by='bob', reason='disks', now=1.0)
        host = hosts.get(connection, 'c1')
        assert (host.maintenance, host.failed_by) == (True, 'r' * 36)
        guards.maintain(connection, 'c1', False, by='bob', reason='', now=2.0)
        host = hosts.get(connection, 'c1')
        assert (host.maintenance, host.maintenance_by, host.failed_by) == (False, None, 'r' * 36)


@pytest.mark.parametrize('kind', KINDS)
def test_only_one_transaction_counts_at_a_time(kind: str, tmp_path: Path) -> None:
    order: list[str] = []

    def count(store: Store, name: str) -> None:
        with store.write() as connection:
            guards.serialize(connection, 1.0)
            order.append(f'{name} in')
            store.clock.wait(None, 0.05)
            order.append(f'{name} out')

    with database(kind, tmp_path) as url, opened(url) as store:
        META.create_all(store.engine)
        names = ('w1', 'w2', 'w3')
        ended = [store.clock.spawn(name, partial(count, store, name)) for name in names]
        assert all(store.clock.wait(one, 20.0) for one in ended)
    assert len(order) == 6
    for entering, leaving in zip(order[::2], order[1::2], strict=True):
        assert entering.split()[0] == leaving.split()[0]


def test_serialize_needs_no_row_beforehand(store: Store) -> None:
    for now in (1.0, 2.0):
        with store.write() as connection:
            guards.serialize(connection, now)
    with store.read() as connection:
        found = guards.get(connection, guards.LINE)
        assert found is not None
        assert found.at == 2.0
