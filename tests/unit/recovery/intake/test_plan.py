"""The plan says what would happen, by the same gates, and writes nothing (S28)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from oslo_config import cfg

from drivers.simulated.world import World
from recovery.db import tables
from recovery.intake import plan, receive
from recovery.site import Site


@pytest.fixture
def shared(conf: cfg.ConfigOpts) -> None:
    conf.set_override('instance_storage', 'shared', 'evacuation')


def snapshot(site: Site) -> list[Any]:
    with site.store.read() as connection:
        return [connection.execute(sa.select(table)).all() for table in tables.META.sorted_tables]


def test_a_dead_host(site: Site, dead: str, shared: None) -> None:
    before = snapshot(site)
    found = plan(site, dead)
    assert found.decision.word == 'admit'
    (level,) = found.levels
    assert level.devices[0].startswith('bmc at sim://compute-01')
    assert level.devices[0].endswith(': simulated, 1 attempt within 60 s')
    assert found.instances is not None
    assert [one.action for one in found.instances] == ['evacuate', 'evacuate']
    targets = {one.target for one in found.instances}
    assert None not in targets
    assert dead not in targets
    assert snapshot(site) == before
    json.dumps(found.as_dict())


LEVELS = """
hosts:
  compute-01:
    - - {name: left, driver: simulated, address: "sim://compute-01", attempts: 3, off_timeout: 40,
         off_wait: 5, delay: 2, power_on: never}
    - - {name: hand, driver: manual}
"""


def test_it_tells_how_each_device_would_be_asked(
    site: Site, dead: str, shared: None, conf: cfg.ConfigOpts
) -> None:
    Path(conf.fencing.inventory).write_text(LEVELS)
    first, second = (level.devices[0].partition(': ')[2] for level in plan(site, dead).levels)
    assert first == (
        'simulated, 3 attempts within 40 s, 2 s after its level begins, '
        'OFF for 5 s before it counts, a human switches it on'
    )
    assert second == 'manual, a human switches it'


def test_only_reads_reach_the_cloud(site: Site, world: World, dead: str, shared: None) -> None:
    plan(site, dead)
    kinds = set(world.faults.counts())
    changing = {'nova.set-service', 'nova.evacuate', 'nova.action', 'bmc.power-off', 'bmc.power-on'}
    assert not kinds & changing


def test_local_disks_are_left_with_the_reason(site: Site, world: World, dead: str) -> None:
    with world:
        world.add_instance(dead, 'local', boot_from_volume=False)
    instances = {one.name: one for one in plan(site, dead).instances or ()}
    assert instances['local'].action == 'leave'
    assert '[evacuation] instance_storage' in instances['local'].reason


def test_a_living_host_is_held_and_shown_all_the_same(site: Site, shared: None) -> None:
    found = plan(site, 'compute-02')
    assert (found.decision.word, found.decision.gate) == ('hold', 'nova')
    assert found.decision.answer.verb == 'recovery approve ID'
    assert found.instances


def test_an_unknown_host_has_no_instances(site: Site) -> None:
    found = plan(site, 'nonesuch')
    assert (found.decision.word, found.instances) == ('ignore', None)


def test_nova_away_is_said(site: Site, world: World, dead: str) -> None:
    world.faults.add('nova.*', 'error', 503)
    found = plan(site, dead)
    assert (found.decision.word, found.instances) == ('hold', None)


def test_an_untrusted_list_is_said(site: Site, world: World, dead: str) -> None:
    world.faults.add('nova.servers', 'empty')
    found = plan(site, dead)
    assert found.instances is None
    assert 'Placement knows' in found.warnings[-1]


def test_no_room_is_a_warning(site: Site, world: World, dead: str, shared: None) -> None:
    for number in range(2, 11):
        world.isolate(f'compute-{number:02d}')
    site.clock.wait(None, 90.0)
    found = plan(site, dead)
    assert found.instances
    assert {one.target for one in found.instances} == {None}
    assert 'no host has room now for 2 instances' in found.warnings[-1]


def test_a_host_under_recovery_names_it(site: Site, alarm: Any, dead: str) -> None:
    outcome = receive(site, alarm())
    found = plan(site, dead)
    assert (found.decision.word, found.decision.gate) == ('ignore', 'free')
    assert str(outcome.recovery)[:8] in found.decision.answer.reason


def worker(site: Site, name: str, host: str) -> None:
    now = site.clock.now()
    values = {'name': name, 'kind': 'worker', 'host': host, 'pid': 1, 'version': '1'}
    with site.store.write() as connection:
        times = {'started_at': now - 600, 'seen_at': now}
        connection.execute(sa.insert(tables.worker).values(**values, **times))


def test_a_worker_on_the_host_is_named(site: Site, dead: str) -> None:
    worker(site, 'w1', dead)
    assert 'nobody recovers it' in plan(site, dead).warnings[0]
    worker(site, 'w2', 'compute-02')
    assert 'another worker takes its recovery' in plan(site, dead).warnings[0]


def test_the_plan_of_a_return(site: Site, dead: str) -> None:
    found = plan(site, dead, 'host-return')
    assert found.decision.word == 'admit'
    assert found.instances is None
