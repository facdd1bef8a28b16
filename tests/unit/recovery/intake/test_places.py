"""Where an instance is: Nova says so, says that there is none, or says nothing."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from drivers.contracts.errors import Unreachable
from drivers.simulated.world import World
from recovery.db import alarms, tables
from recovery.db.recoveries import of_instances
from recovery.intake import places, receive
from recovery.policy.inputs import Missing
from recovery.site import Site
from tests.unit.recovery.intake.conftest import Raise

NOBODY = '99999999-9999-4999-8999-999999999999'


def guest(world: World) -> str:
    made = world.add_instance('compute-03', 'web', metadata={'HA_Enabled': 'yes'})
    world.crash_guest(made.id, seen_after=0.0)
    return made.id


def test_the_three_answers(site: Site, world: World) -> None:
    found = places.instance(site, site.compute, guest(world))
    assert found is not None
    assert (found.name, found.host) == ('web', 'compute-03')
    assert places.instance(site, site.compute, NOBODY) is None
    world.faults.add('nova.server', 'error', 503)
    with pytest.raises(Unreachable):
        places.instance(site, site.compute, found.id)


def test_the_place_of_each_kind(site: Site, world: World) -> None:
    found = places.instance(site, site.compute, guest(world))
    assert places.place('host-down', 'compute-01', None, Missing()) == 'compute-01'
    assert places.place('instance-down', 'i-1', None, found) == 'compute-03'
    assert places.place('instance-down', 'i-1', None, None) == ''
    assert places.place('instance-down', 'i-1', None, Missing()) == ''
    assert not of_instances('service-down')


def test_an_alarm_makes_a_recovery_on_its_host(site: Site, world: World, alarm: Raise) -> None:
    which = guest(world)
    outcome = receive(site, alarm(which, kind='instance-down', evidence={'event': 'IO_ERROR'}))
    assert outcome.answer == 'admit'
    with site.store.read() as connection:
        row = connection.execute(sa.select(tables.recovery)).mappings().one()
    assert (row['kind'], row['subject'], row['host']) == ('instance-down', which, 'compute-03')
    assert row['open_key'] == f'instance:{which}'
    assert row['arguments']['hung'] is True  # so says the event


def test_without_an_answer_the_alarm_waits_and_there_is_no_recovery(
    site: Site, world: World, alarm: Raise
) -> None:
    which = guest(world)
    world.faults.add('nova.server', 'error', 503)
    outcome = receive(site, alarm(which, kind='instance-down'))
    assert (outcome.answer, outcome.gate, outcome.recovery) == ('hold', 'instance', None)
    with site.store.read() as connection:
        assert connection.execute(sa.select(tables.recovery)).first() is None
        assert alarms.get(connection, str(outcome.alarm))['answer'] is None  # type: ignore[index]


def test_an_instance_that_is_none_is_refused(site: Site, alarm: Raise) -> None:
    outcome = receive(site, alarm(NOBODY, kind='instance-down'))
    assert (outcome.answer, outcome.gate) == ('ignore', 'instance')


def test_the_recovery_of_the_host_is_found_for_instances_only(
    site: Site, world: World, alarm: Raise
) -> None:
    world.crash('compute-03')
    down = receive(site, alarm('compute-03'))
    with site.store.read() as connection:
        found = places.above(connection, 'instance-down', 'compute-03')
        assert places.above(connection, 'service-down', 'compute-03') is None
        assert places.above(connection, 'instance-down', 'compute-04') is None
    assert found is not None
    assert (found.id, found.kind) == (down.recovery, 'host-down')
