"""Decisions that fall together share a list; whoever is about to fence asks for himself."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from drivers.contracts.errors import DriverError
from drivers.simulated.world import World
from recovery.db import alarms
from recovery.intake import collect, receive, shared
from recovery.intake.ask import Ask
from recovery.site import Site


def asked(world: World) -> int:
    return sum(one.kind == 'nova.services' for one in world.faults.requests)


def test_a_second_later_it_is_asked_again(site: Site, world: World) -> None:
    lists, before = shared.lists(site), asked(world)
    first = lists.services(9.0)
    site.clock.wait(None, 0.9)
    assert lists.services(9.0) is first
    assert asked(world) == before + 1
    site.clock.wait(None, 0.2)
    assert lists.services(9.0) is not first
    assert shared.lists(site) is lists


def test_aggregates_are_kept_likewise(site: Site, world: World) -> None:
    lists = shared.lists(site)
    world.aggregates['gpu'] = ('compute-01',)
    first = lists.aggregates(9.0)
    assert [(one.name, sorted(one.hosts)) for one in first] == [('gpu', ['compute-01'])]
    world.aggregates.clear()
    assert lists.aggregates(9.0) is first
    site.clock.wait(None, 1.1)
    assert lists.aggregates(9.0) == ()


def test_a_failure_is_kept_by_nobody(site: Site, world: World) -> None:
    lists = shared.lists(site)
    world.faults.add('nova.*', 'error', 503)
    with pytest.raises(DriverError):
        lists.services(9.0)
    world.faults.clear()
    assert lists.services(9.0)


def test_alarms_share_and_workers_do_not(site: Site, alarm: Any, world: World, dead: str) -> None:
    before = asked(world)
    for number in range(1, 6):
        receive(site, alarm(f'compute-{number:02d}'))
    assert asked(world) == before + 1
    with site.store.read() as connection:
        row = alarms.newest(connection)[0]
    for state, own in (('held', 0), ('running', 1)):
        began = asked(world)
        ask = Ask('host-down', dead, alarms.of_row(row), row=_row(site, row, state))
        collect.collect(site, ask, frozenset({'services'}))
        assert asked(world) == began + own, state


def _row(site: Site, alarm: sa.RowMapping, state: str) -> Any:
    from recovery.db import recoveries

    with site.store.read() as connection:
        row = recoveries.get(connection, alarm['recovery'])
    assert row is not None
    return dict(row) | {'state': state}
