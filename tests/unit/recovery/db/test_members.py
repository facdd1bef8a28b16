"""Members: hosts of segments, with marks that are kept elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from drivers.simulated.clock import VirtualClock
from recovery.db import hosts, members, segments
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


def rack(connection: sa.Connection, number: int = 1) -> segments.Segment:
    return segments.add(
        connection, f'{number}' * 36, 1.0,
        name=f'rack-{number}', recovery_method='auto', service_type='COMPUTE',
    )  # fmt: skip


def host(connection: sa.Connection, of: segments.Segment, name: str, **more: object) -> str:
    uuid = name.ljust(36, '0')
    members.add(connection, of, uuid, name, 2.0, **more)
    return uuid


def test_both_marks_are_shown_as_maintenance(connection: sa.Connection) -> None:
    one = rack(connection)
    for name in ('c1', 'c2', 'c3'):
        host(connection, one, name)
    hosts.put(connection, 'c1', maintenance=True)
    hosts.put(connection, 'c2', failed_by='f' * 36)
    found = members.of_segment(connection, one.uuid)
    assert [each.on_maintenance for each in found] == [True, True, False]
    assert [each.maintenance for each in found] == [True, False, False]

    def named(on: bool) -> list[str]:
        page = Page(order=(('id', False),))
        wanted = members.page(connection, one.uuid, {'on_maintenance': on}, page)
        return [each.name for each in wanted]

    assert named(True) == ['c1', 'c2']
    assert named(False) == ['c3']


def test_reserved_in_the_order_of_registration(connection: sa.Connection) -> None:
    one, other = rack(connection, 1), rack(connection, 2)
    for name in ('c9', 'c1', 'c5'):
        host(connection, one, name, reserved=True)
    host(connection, one, 'c2')
    host(connection, other, 'c3', reserved=True)
    assert [each.name for each in members.reserved_of(connection, one.uuid)] == ['c9', 'c1', 'c5']
    assert members.reserve(connection, 'c9', False, 3.0)
    assert not members.reserve(connection, 'c9', False, 3.0)
    assert not members.reserve(connection, 'c7', True, 3.0)
    assert [each.name for each in members.reserved_of(connection, one.uuid)] == ['c1', 'c5']


def test_the_label_follows(connection: sa.Connection) -> None:
    one = rack(connection)
    uuid = host(connection, one, 'c1')
    assert hosts.get(connection, 'c1').segment == 'rack-1'
    found = members.get(connection, uuid)
    assert found is not None
    members.change(connection, found, one, 4.0, name='c2', type='x')
    assert hosts.get(connection, 'c1').segment is None
    assert hosts.get(connection, 'c2').segment == 'rack-1'
    changed = members.get(connection, uuid)
    assert changed is not None
    assert (changed.name, changed.type, changed.updated_at) == ('c2', 'x', 4.0)
    members.remove(connection, changed, one)
    assert hosts.get(connection, 'c2').segment is None
    assert members.of_host(connection, 'c2') is None


def test_a_host_is_a_member_once(connection: sa.Connection) -> None:
    host(connection, rack(connection, 1), 'c1')
    with pytest.raises(sa.exc.IntegrityError), connection.begin_nested():
        members.add(connection, rack(connection, 2), 'u', 'c1', 2.0)


@pytest.mark.parametrize('kind', KINDS)
def test_on_every_database(kind: str, tmp_path: Path) -> None:
    with database(kind, tmp_path) as url, opened(url) as store:
        META.create_all(store.engine)
        with store.write() as connection:
            one = rack(connection)
            host(connection, one, 'c1', reserved=True)
            hosts.put(connection, 'c1', failed_by='f' * 36)
            filters = {'on_maintenance': True, 'reserved': True, 'name': 'c1'}
            (found,) = members.page(connection, one.uuid, filters, Page())
            assert found.failed_by == 'f' * 36
