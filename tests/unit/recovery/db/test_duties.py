"""Duties: one holder at a time, taken over when its row stands still."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.simulated.clock import VirtualClock
from recovery.db.duties import Duty
from recovery.db.store import Store
from recovery.db.tables import META
from tests.databases import KINDS, database, opened

LEASE = 30.0


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    clock = VirtualClock()
    with database(request.param, tmp_path) as url, opened(url, clock) as store:
        META.create_all(store.engine)
        yield store
    clock.close()


def duty(store: Store, who: str) -> Duty:
    return Duty(store, 'look', who, lease_seconds=LEASE)


def later(store: Store, seconds: float) -> None:
    clock = store.clock
    assert isinstance(clock, VirtualClock)
    clock.run(until=clock.elapsed() + seconds)


def test_the_first_holds_it_and_the_others_wait(store: Store) -> None:
    one, two = duty(store, 'one'), duty(store, 'two')
    assert one.hold()
    assert not two.hold()
    for _ in range(10):
        later(store, LEASE / 3)
        assert one.hold()
        assert not two.hold()


def test_who_stands_still_for_a_lease_loses_it_and_notices(store: Store) -> None:
    one, two = duty(store, 'one'), duty(store, 'two')
    assert one.hold()
    assert one.save({'cursor': 7})
    assert not two.hold()
    later(store, LEASE - 1)
    assert not two.hold()
    later(store, 1)
    assert two.hold()
    assert two.value == {'cursor': 7}
    assert not one.save({'cursor': 8})
    assert not one.hold()
    assert two.save({'cursor': 9})


def test_the_lease_counts_from_when_the_row_was_seen(store: Store) -> None:
    """An old row says nothing: the clocks of two machines may differ by years."""
    assert duty(store, 'one').hold()
    later(store, 100 * LEASE)
    two = duty(store, 'two')
    assert not two.hold()
    later(store, LEASE)
    assert two.hold()


def test_released_it_goes_over_at_once(store: Store) -> None:
    one, two = duty(store, 'one'), duty(store, 'two')
    assert one.hold()
    one.save(['a'])
    assert not two.hold()
    one.release()
    assert two.hold()
    assert two.value == ['a']
    one.release()  # it is not his any more
    assert two.save(['b'])


def test_two_that_come_at_the_same_moment(store: Store) -> None:
    one, two = duty(store, 'one'), duty(store, 'two')
    assert one._begin()
    assert not two._begin()
    one.release()
    assert two.hold()


def test_a_wall_clock_that_steps_back_loses_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = duty(store, 'one')
    assert one.hold()
    monkeypatch.setattr(store.clock, 'now', lambda: 5.0)
    assert one.hold()
    assert one.hold()


def test_two_duties_are_two(store: Store) -> None:
    other = Duty(store, 'other', 'two', lease_seconds=LEASE)
    assert duty(store, 'one').hold()
    assert other.hold()
