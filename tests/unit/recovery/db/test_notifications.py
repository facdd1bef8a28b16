"""What a notification says follows from its alarm and recovery."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from drivers.contracts.alarms import Alarm
from drivers.simulated.clock import VirtualClock
from recovery.db import alarms, notifications, recoveries, states
from recovery.db.pages import Page
from recovery.db.store import Store
from recovery.db.tables import META, recovery
from tests.databases import KINDS, database, opened

NOW = 1000.0


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sa.Connection]:
    clock = VirtualClock()
    store = Store(f'sqlite:///{tmp_path / "recovery.sqlite"}', clock)
    META.create_all(store.engine)
    with store.write() as connection:
        yield connection
    store.close()
    clock.close()


def notify(connection: sa.Connection, uuid: str = 'n', **more: Any) -> None:
    values = {'type': 'COMPUTE_HOST', 'host': 'c1', 'member': 'm', 'generated_at': NOW}
    notifications.add(connection, uuid, NOW, **(values | {'payload': {}} | more))


def alarm(connection: sa.Connection, key: str = 'a') -> str:
    alarms.add(connection, key, Alarm('masakari', key, 'host-down', 'c1', NOW), NOW)
    return key


def record(connection: sa.Connection, state: str, uuid: str = 'r', **values: Any) -> str:
    fresh = recoveries.Fresh(
        id=uuid, kind='host-down', subject='c1', host='c1', state=states.READY, reason='because',
        requested_by='ann', arguments={}, created_at=NOW,
    )  # fmt: skip
    recoveries.create(connection, fresh)
    if state in states.ENDED:
        values |= {'open_key': None, 'ended_at': NOW}
    mine = recovery.c.id == uuid
    connection.execute(sa.update(recovery).where(mine).values(state=state, **values))
    return uuid


def status(connection: sa.Connection, uuid: str = 'n') -> tuple[str, str | None]:
    found = notifications.get(connection, uuid)
    assert found is not None
    (listed,) = notifications.page(connection, {'status': found.status}, Page())
    assert listed == found
    return found.status, found.message


@pytest.mark.parametrize(
    ('state', 'began', 'expected'),
    [
        (states.HELD, False, 'running'),
        (states.READY, False, 'running'),
        (states.RUNNING, True, 'running'),
        (states.WAITING, True, 'running'),
        (states.DONE, True, 'finished'),
        (states.DONE_WITH_FAILURES, True, 'failed'),
        (states.EXPIRED, False, 'failed'),
        (states.UNDONE, True, 'ignored'),
        (states.CANCELLED, False, 'ignored'),
        (states.CANCELLED, True, 'failed'),
    ],
)
def test_status_of_each_state(
    connection: sa.Connection, state: str, began: bool, expected: str
) -> None:
    found = record(connection, state, started_at=NOW if began else None)
    alarms.settle(connection, alarm(connection), 'admit', 'all admit', found)
    notify(connection, alarm='a')
    assert status(connection) == (expected, 'because')


def test_every_state_is_told() -> None:
    told = set(notifications.OF_STATE) | {states.CANCELLED, states.SUPERSEDED}
    assert told == states.LIVE | states.ENDED


def test_a_successor_speaks_for_the_one_before(connection: sa.Connection) -> None:
    record(connection, states.SUPERSEDED, superseded_by='next')
    record(connection, states.DONE, 'next', reason='moved')
    alarms.settle(connection, alarm(connection), 'admit', '', 'r')
    notify(connection, alarm='a')
    assert status(connection) == ('finished', 'moved')
    found = notifications.get(connection, 'n')
    assert found is not None
    assert found.recovery == 'next'


def test_without_a_recovery(connection: sa.Connection) -> None:
    notify(connection, alarm=alarm(connection))
    assert status(connection) == ('new', None)
    alarms.postpone(connection, 'a', 'meanwhile host-return goes on')
    assert status(connection) == ('new', 'meanwhile host-return goes on')
    alarms.settle(connection, 'a', 'ignore', 'no such host', None)
    assert status(connection) == ('ignored', 'no such host')


def test_what_nothing_was_done_about(connection: sa.Connection) -> None:
    notify(connection, answer='finished', message='it is evidence')
    assert status(connection) == ('finished', 'it is evidence')


def test_after_a_purge(connection: sa.Connection) -> None:
    notify(connection, alarm='long gone')
    assert status(connection)[0] == 'finished'


def test_lists(connection: sa.Connection) -> None:
    notify(connection, 'n1', type='VM', member='m1', answer='ignored')
    notify(connection, 'n2', generated_at=NOW + 5, answer='finished')
    notify(connection, 'n3', generated_at=NOW + 9, alarm=alarm(connection))

    def found(filters: dict[str, Any], **more: Any) -> list[str]:
        page = Page(order=(('generated_time', False), ('id', False)))
        return [one.uuid for one in notifications.page(connection, filters, page, **more)]

    assert found({}) == ['n1', 'n2', 'n3']
    assert found({'status': 'new'}) == ['n3']
    assert found({'type': 'VM', 'source_host_uuid': 'm1'}) == ['n1']
    assert found({}, since=NOW + 5) == ['n2', 'n3']
    by_status = Page(1, order=(('status', False), ('id', False)))
    assert [one.uuid for one in notifications.page(connection, {}, by_status)] == ['n2']
    after = Page(9, 2, order=(('status', False), ('id', False)))
    assert [one.uuid for one in notifications.page(connection, {}, after)] == ['n1', 'n3']


def test_the_first_of_an_alarm(connection: sa.Connection) -> None:
    assert notifications.of_alarm(connection, alarm(connection)) is None
    notify(connection, 'n1', alarm='a')
    notify(connection, 'n2', alarm='a')
    assert notifications.of_alarm(connection, 'a') == 'n1'


def test_an_earlier_open_alarm(connection: sa.Connection) -> None:
    alarm(connection, 'a')
    assert not notifications.other_open_alarm(connection, 'a', 'host-down', 'c1')
    alarm(connection, 'b')
    assert notifications.other_open_alarm(connection, 'b', 'host-down', 'c1')
    alarms.settle(connection, 'a', 'ignore', '', None)
    assert not notifications.other_open_alarm(connection, 'b', 'host-down', 'c1')


@pytest.mark.parametrize('kind', KINDS)
def test_on_every_database(kind: str, tmp_path: Path) -> None:
    with database(kind, tmp_path) as url, opened(url) as store:
        META.create_all(store.engine)
        with store.write() as connection:
            alarms.settle(connection, alarm(connection), 'admit', '', None)
            notify(connection, alarm='a')
            page = Page(order=(('status', True), ('message', False), ('id', True)))
            assert len(notifications.page(connection, {}, page, since=NOW)) == 1
            assert len(notifications.page(connection, {'status': 'finished'}, page)) == 1
