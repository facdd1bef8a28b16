"""Maintenance windows: open from beginning to end, for what they cover, unless closed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.simulated.clock import VirtualClock
from recovery.db import events, hosts, windows
from recovery.db.store import Store
from recovery.db.tables import META
from recovery.db.windows import Window
from tests.databases import KINDS, database, opened


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    clock = VirtualClock()
    store = Store(f'sqlite:///{tmp_path / "recovery.sqlite"}', clock)
    META.create_all(store.engine)
    yield store
    store.close()
    clock.close()


def window(number: int, scope: str, begins: float, ends: float) -> Window:
    return Window(f'{number}' * 36, scope, begins, ends, 'ann', 'disks', 5.0)


def test_which_are_open_for_a_host(store: Store) -> None:
    each = [
        window(1, 'cloud', 10, 20),
        window(2, 'segment:rack-1', 10, 30),
        window(3, 'host:c1', 15, 25),
        window(4, 'host:c2', 10, 30),
        window(5, 'segment:rack-2', 10, 30),
    ]
    with store.write() as connection:
        hosts.put(connection, 'c1', segment='rack-1')
        for one in each:
            windows.add(connection, one)

        def found(at: float) -> list[str]:
            return [one.id[0] for one in windows.open_for(connection, 'c1', at)]

        assert found(9.9) == []
        assert found(10) == ['2', '1']
        assert found(15) == ['2', '3', '1']
        assert found(20) == ['2', '3']
        assert found(30) == []


def test_closing(store: Store) -> None:
    one = window(1, 'host:c1', 10, 20)
    with store.write() as connection:
        windows.add(connection, one)
        assert windows.close(connection, one, by='bob', reason='done early', now=12)
        assert not windows.close(connection, one, by='eve', reason='', now=13)
        assert windows.open_for(connection, 'c1', 12) == ()
        kept = windows.get(connection, one.id)
        assert kept is not None
        assert (kept.closed_by, kept.closed_at) == ('bob', 12)
        story = [(row['who'], row['what'], row['why']) for row in events.newest(connection)]
    assert story == [
        ('bob', 'closed maintenance window 11111111 of host c1', 'done early'),
        ('ann', 'added maintenance window 11111111 of host c1', 'disks'),
    ]


def test_states() -> None:
    one = window(1, 'cloud', 10, 20)
    assert [one.state(at) for at in (9, 10, 19, 20)] == ['planned', 'open', 'open', 'over']
    closed = Window(**vars(one) | {'closed_at': 12.0, 'closed_by': 'bob'})
    assert [closed.state(at) for at in (12, 25)] == ['closed', 'closed']


def test_lists_and_beginnings(store: Store) -> None:
    with store.write() as connection:
        for number, begins in ((1, 30), (2, 10), (3, 20)):
            windows.add(connection, window(number, 'cloud', begins, begins + 5))
        assert [one.id[0] for one in windows.every(connection)] == ['2', '3', '1']
        assert [one.id[0] for one in windows.every(connection, since=15)] == ['3', '1']
        assert [one.id[0] for one in windows.alike(connection, '22')] == ['2']
        assert windows.alike(connection, '%') == ()
        assert windows.get(connection, 'nothing') is None


@pytest.mark.parametrize('kind', KINDS)
def test_on_every_database(kind: str, tmp_path: Path) -> None:
    with database(kind, tmp_path) as url, opened(url) as store:
        META.create_all(store.engine)
        with store.write() as connection:
            windows.add(connection, window(1, 'host:c1', 10, 20))
            assert len(windows.open_for(connection, 'c1', 15)) == 1
