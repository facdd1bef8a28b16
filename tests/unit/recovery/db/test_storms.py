"""A storm begins once, goes on while it is seen, and is over after its cool-down (S15)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from drivers.simulated.clock import VirtualClock
from recovery.db import events, storms, tables
from recovery.db.store import Store

WHY = '7 of 9 hosts look failed'


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    clock = VirtualClock()
    store = Store(f'sqlite:///{tmp_path / "recovery.sqlite"}', clock)
    tables.META.create_all(store.engine)
    yield store
    store.close()
    clock.close()


def note(store: Store, now: float, scope: str = 'cloud') -> bool:
    with store.write() as connection:
        return storms.note(connection, scope, WHY, by='w1', now=now, cooldown=300.0)


def end(store: Store, now: float) -> tuple[str, ...]:
    with store.write() as connection:
        return storms.end(connection, by='w1', now=now, cooldown=300.0)


def on(store: Store) -> tuple[storms.Seen, ...]:
    with store.read() as connection:
        return storms.on(connection)


def told(store: Store) -> list[str]:
    with store.read() as connection:
        return [row['what'] for row in reversed(events.newest(connection))]


def test_it_is_told_once_and_remembers_when_it_was_seen(store: Store) -> None:
    assert on(store) == ()
    assert [note(store, now) for now in (100.0, 100.5, 130.0)] == [True, False, False]
    assert on(store) == (storms.Seen('cloud', 100.0, 130.0),)
    assert told(store) == ['a storm began in the cloud']


def test_it_is_over_after_its_cool_down_and_may_begin_again(store: Store) -> None:
    note(store, 100.0)
    note(store, 130.0)
    assert end(store, 429.0) == ()
    assert end(store, 430.0) == ('cloud',)
    assert (on(store), end(store, 900.0)) == ((), ())
    assert note(store, 1000.0)
    assert on(store) == (storms.Seen('cloud', 1000.0, 1000.0),)
    assert told(store) == [
        'a storm began in the cloud',
        'the storm in the cloud is over',
        'a storm began in the cloud',
    ]


def test_scopes_are_apart(store: Store) -> None:
    note(store, 100.0, 'zone:az1')
    note(store, 200.0, 'cloud')
    assert [one.scope for one in on(store)] == ['cloud', 'zone:az1']
    assert end(store, 450.0) == ('zone:az1',)
    assert told(store)[-1] == 'the storm in zone az1 is over'


def test_two_that_see_it_first_tell_it_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    note(store, 100.0)
    # The other one has looked before this one wrote.
    nothing = sa.select(tables.guard).where(sa.false())
    monkeypatch.setattr(storms, '_named', lambda _: nothing)
    assert not note(store, 100.0)
    assert told(store) == ['a storm began in the cloud']
