"""Segments, and what follows their names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from drivers.simulated.clock import VirtualClock
from recovery.db import guards, hosts, members, scopes, segments, windows
from recovery.db.pages import Page
from recovery.db.store import Store
from recovery.db.tables import META
from tests.databases import KINDS, database, opened


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sa.Connection]:
    clock = VirtualClock()
    store = Store(f'sqlite:///{tmp_path / "recovery.sqlite"}', clock)
    META.create_all(store.engine)
    with store.write() as connection:
        yield connection
    store.close()
    clock.close()


def segment(connection: sa.Connection, number: int, name: str, **more: object) -> segments.Segment:
    values = {'name': name, 'recovery_method': 'auto', 'service_type': 'COMPUTE'}
    return segments.add(connection, f'{number}' * 36, float(number), **(values | more))


def member(connection: sa.Connection, of: segments.Segment, number: int) -> None:
    members.add(connection, of, f'm{number}'.ljust(36, '0'), f'c{number}', 7.0)


def test_found_by_uuid_name_and_host(connection: sa.Connection) -> None:
    one = segment(connection, 1, 'rack-1', description='of the hall')
    segment(connection, 2, 'rack-2')
    member(connection, one, 1)
    assert segments.get(connection, one.uuid) == one
    assert segments.named(connection, 'rack-1') == one
    assert segments.of_host(connection, 'c1') == one
    assert segments.of_host(connection, 'c2') is None
    assert segments.get(connection, 'x') is None


def test_names_are_unique(connection: sa.Connection) -> None:
    segment(connection, 1, 'rack-1')
    with pytest.raises(sa.exc.IntegrityError), connection.begin_nested():
        segment(connection, 2, 'rack-1')


def test_pages_and_filters(connection: sa.Connection) -> None:
    for number in range(1, 5):
        segment(connection, number, f'rack-{number}', enabled=number != 3)
    names = [one.name for one in segments.page(connection, {'enabled': True}, Page(2))]
    assert names == ['rack-4', 'rack-2']
    more = segments.page(connection, {'enabled': True}, Page(2, marker=2))
    assert [one.name for one in more] == ['rack-1']


def test_a_new_name_is_carried_on(connection: sa.Connection) -> None:
    one = segment(connection, 1, 'rack-1')
    for number in (1, 2):
        member(connection, one, number)
    hosts.put(connection, 'c2', segment='by-hand')
    scope = scopes.segment('rack-1')
    guards.pause(connection, by='ann', reason='work', now=1.0, scope=scope)
    guards.unpause(connection, by='ann', reason='', now=0.5, scope=scopes.segment('hall-1'))
    windows.add(connection, windows.Window('1' * 36, scope, 1.0, 9.0, 'ann', 'disks', 1.0))
    segments.change(connection, one, 5.0, name='hall-1')
    assert hosts.get(connection, 'c1').segment == 'hall-1'
    assert hosts.get(connection, 'c2').segment == 'by-hand'
    stopped = guards.paused(connection, 'c1')
    assert stopped is not None
    assert stopped.scope == 'segment:hall-1'
    assert [found.scope for found in windows.open_for(connection, 'c1', 2.0)] == ['segment:hall-1']
    changed = segments.get(connection, one.uuid)
    assert changed is not None
    assert (changed.name, changed.updated_at) == ('hall-1', 5.0)


def test_removing_leaves_hosts_in_no_segment(connection: sa.Connection) -> None:
    one = segment(connection, 1, 'rack-1')
    member(connection, one, 1)
    segments.remove(connection, one)
    assert segments.get(connection, one.uuid) is None
    assert members.of_host(connection, 'c1') is None
    assert hosts.get(connection, 'c1').segment is None


@pytest.mark.parametrize('kind', KINDS)
def test_on_every_database(kind: str, tmp_path: Path) -> None:
    with database(kind, tmp_path) as url, opened(url) as store:
        META.create_all(store.engine)
        with store.write() as connection:
            one = segment(connection, 1, 'rack-1')
            member(connection, one, 1)
            segments.change(connection, one, 5.0, name='rack-2')
            assert segments.of_host(connection, 'c1') is not None
            found = segments.get(connection, one.uuid)
            assert found is not None
            segments.remove(connection, found)
            assert segments.page(connection, {}, Page()) == ()
