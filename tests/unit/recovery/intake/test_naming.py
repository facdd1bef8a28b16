"""Hosts as senders spell them: one service, or a refusal that names those it may be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from oslo_config import cfg

from drivers.simulated.clock import VirtualClock
from drivers.simulated.world import World
from recovery.db import recoveries, tables
from recovery.intake import again, naming, receive
from recovery.site import Site


def rows(site: Site, table: sa.Table) -> list[sa.RowMapping]:
    with site.store.read() as connection:
        return list(connection.execute(sa.select(table)).mappings())


@pytest.mark.parametrize(
    'spelled', ['COMPUTE-01', 'compute-01:9100', 'compute-01.example.org', ' compute-01. ']
)
def test_the_recovery_has_the_name_of_the_service(
    site: Site, alarm: Any, dead: str, spelled: str
) -> None:
    outcome = receive(site, alarm(spelled))
    assert outcome.answer == 'admit'
    (row,) = rows(site, tables.recovery)
    assert (row['host'], row['open_key']) == (dead, f'host:{dead}')
    (kept,) = rows(site, tables.alarm)
    assert (kept['subject'], kept['evidence'][naming.SPELLED]) == (dead, spelled)


def test_two_spellings_are_one_host(site: Site, alarm: Any, dead: str) -> None:
    first = receive(site, alarm('compute-01:9100'))
    second = receive(site, alarm('COMPUTE-01', source='other'))
    assert (second.answer, second.gate, second.recovery) == ('ignore', 'free', first.recovery)


def test_ambiguous_is_refused_with_the_names(
    site: Site, alarm: Any, world: World, dead: str
) -> None:
    with world:
        for name in ('gpu.east.example', 'gpu.west.example'):
            world.add_host(name)
    outcome = receive(site, alarm('gpu'))
    assert (outcome.answer, outcome.gate, outcome.recovery) == ('ignore', 'service', None)
    assert 'gpu may be any of gpu.east.example, gpu.west.example' in outcome.reason
    assert not rows(site, tables.recovery)


def test_a_domain_that_is_not_ours_is_another_host(
    site: Site, alarm: Any, conf: cfg.ConfigOpts, dead: str
) -> None:
    conf.set_override('domains', ['example.org'], 'sources')
    assert receive(site, alarm('compute-01.example.net')).answer == 'ignore'
    assert receive(site, alarm('compute-01.example.org')).answer == 'admit'


def test_aliases_of_a_source_and_of_all(
    site: Site, alarm: Any, conf: cfg.ConfigOpts, tmp_path: Path, dead: str
) -> None:
    file = tmp_path / 'sources.yaml'
    file.write_text(
        'aliases: {rack-4-top: compute-01}\n'
        'sources: {zabbix: {driver: alertmanager, keystone: true,'
        ' aliases: {zabbix-17: compute-01}}}\n'
    )
    conf.set_override('file', str(file), 'sources')
    assert receive(site, alarm('zabbix-17')).answer == 'ignore'  # of another source
    first = receive(site, alarm('zabbix-17', source='zabbix'))
    second = receive(site, alarm('RACK-4-top:22'))
    assert (first.answer, second.recovery) == ('admit', first.recovery)


def test_a_broken_file_of_sources_loses_no_alarm(
    site: Site, alarm: Any, conf: cfg.ConfigOpts, tmp_path: Path, dead: str
) -> None:
    conf.set_override('file', str(tmp_path / 'nowhere.yaml'), 'sources')
    assert receive(site, alarm('compute-01:9100')).answer == 'admit'


def test_while_nova_is_away_it_is_held_and_then_goes_on_under_its_name(
    site: Site, alarm: Any, world: World, clock: VirtualClock, dead: str
) -> None:
    world.faults.add('nova.*', 'error', 503)
    outcome = receive(site, alarm('COMPUTE-01:9100'))
    assert (outcome.answer, outcome.gate) == ('hold', 'service')
    world.faults.clear()
    clock.wait(None, 15.0)
    again.sweep(site)
    with site.store.read() as connection:
        held = recoveries.get(connection, str(outcome.recovery))
    assert held is not None
    assert (held['state'], held['code'], held['open_key']) == ('cancelled', naming.RENAMED, None)
    (live,) = [one for one in rows(site, tables.recovery) if one['open_key']]
    assert (live['host'], live['state']) == (dead, 'ready')
    (kept,) = rows(site, tables.alarm)
    assert (kept['answer'], kept['recovery']) == ('admit', live['id'])


def test_an_unknown_name_that_was_held_is_refused_later(
    site: Site, alarm: Any, world: World, clock: VirtualClock
) -> None:
    world.faults.add('nova.*', 'error', 503)
    outcome = receive(site, alarm('nonesuch:9100'))
    world.faults.clear()
    clock.wait(None, 15.0)
    again.sweep(site)
    with site.store.read() as connection:
        row = recoveries.get(connection, str(outcome.recovery))
    assert row is not None
    assert (row['state'], row['code']) == ('cancelled', 'service')


def test_the_uuid_of_an_instance_is_no_host(site: Site, alarm: Any, world: World) -> None:
    row: Any = {'kind': 'instance-down', 'source': 'x', 'subject': 'COMPUTE-01'}
    services = site.compute.services(timeout=9.0)
    assert naming.rename(site, row, services) is False
