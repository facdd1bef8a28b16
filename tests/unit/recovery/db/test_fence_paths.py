"""Fence paths: who is due, who wins the check, and that no host is forgotten or asked twice."""

from __future__ import annotations

import dataclasses

import sqlalchemy as sa

from recovery.db import fence_paths, hosts
from recovery.db.fence_paths import FencePathRow
from recovery.db.tables import fence_path as table
from tests.unit.recovery.claims.scene import Scene

PERIOD = 3600.0
NAMES = [f'c{number}' for number in range(20)]


def know(here: Scene, *names: str) -> None:
    with here.store.write() as connection:
        fence_paths.know(connection, names, here.clock.now(), PERIOD)


def due(here: Scene, limit: int = 100) -> list[FencePathRow]:
    with here.store.read() as connection:
        return fence_paths.due(connection, here.clock.now(), PERIOD, limit)


def take(here: Scene, row: FencePathRow) -> bool:
    with here.store.write() as connection:
        return fence_paths.take(connection, row, here.clock.now(), PERIOD)


def put(here: Scene, row: FencePathRow, verdict: str = 'well: off should work') -> None:
    done = dataclasses.replace(
        row, off_works=True, on_works=True, verdict=verdict, at=here.clock.now()
    )
    with here.store.write() as connection:
        fence_paths.put(connection, done)


def test_first_checks_are_spread_and_none_is_late(here: Scene) -> None:
    know(here, *NAMES)
    at_once = {row.host for row in due(here)}
    assert len(at_once) < len(NAMES)
    here.pass_(fence_paths.FIRST_SECONDS / 2)
    assert at_once < {row.host for row in due(here)} < set(NAMES)
    here.pass_(fence_paths.FIRST_SECONDS / 2)
    assert {row.host for row in due(here)} == set(NAMES)


def test_hosts_that_are_gone_are_forgotten_and_the_others_kept(here: Scene) -> None:
    know(here, 'c1', 'c2')
    put(here, due_after(here)[0])
    before = {row['host']: row['at'] for row in here.rows(table)}
    know(here, 'c1', 'c3')
    after = {row['host']: row['at'] for row in here.rows(table)}
    assert set(after) == {'c1', 'c3'}
    assert after['c1'] == before['c1']


def due_after(here: Scene) -> list[FencePathRow]:
    here.pass_(fence_paths.FIRST_SECONDS)
    return due(here)


def test_one_of_two_wins_and_what_it_left_is_due_again(here: Scene) -> None:
    know(here, 'c1')
    (row,) = due_after(here)
    assert take(here, row)
    assert not take(here, row)
    assert due(here) == []
    here.pass_(fence_paths.TAKEN_SECONDS)
    (again,) = due(here)  # who won it died
    assert take(here, again)
    put(here, again)
    here.pass_(PERIOD - 1)
    assert due(here) == []
    here.pass_(1)
    assert [one.grade for one in due(here)] == ['well']


def test_hosts_that_somebody_works_at_wait_and_are_due_at_once_afterwards(here: Scene) -> None:
    know(here, 'c1', 'c2', 'c3', 'c4')
    with here.store.write() as connection:
        hosts.put(connection, 'c1', maintenance=True)
        hosts.put(connection, 'c2', failed_by='x' * 36)
    held = here.recovery('c3')
    assert [row.host for row in due_after(here)] == ['c4']
    with here.store.read() as connection:
        assert fence_paths.healthy(connection, ['c1', 'c2', 'c3', 'c4']) == {'c4'}
    with here.store.write() as connection:
        hosts.put(connection, 'c1', maintenance=False)
    here.change(held, state='done', open_key=None)
    assert {row.host for row in due(here)} == {'c1', 'c3', 'c4'}


def test_a_clock_that_was_put_back_does_not_stop_the_checks(here: Scene) -> None:
    know(here, 'c1')
    (row,) = due_after(here)
    put(here, row)
    here.clock.step_wall(-86400)
    assert [one.host for one in due(here)] == ['c1']


def test_a_host_forgotten_while_it_was_checked_stays_so(here: Scene) -> None:
    know(here, 'c1')
    (row,) = due_after(here)
    know(here, 'c2')
    put(here, row)
    with here.store.read() as connection:
        assert fence_paths.get(connection, 'c1') is None
        assert list(fence_paths.every(connection)) == ['c2']


def test_never_checked_has_no_grade(here: Scene) -> None:
    know(here, 'c1')
    with here.store.read() as connection:
        found = fence_paths.get(connection, 'c1')
        assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() == 1
    assert found is not None
    assert (found.grade, found.off_works, found.on_works) == ('', None, None)
