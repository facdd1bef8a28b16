"""The scheduled check of fence paths: changes are told once, by whichever watcher saw them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import pytest

from recovery.db import events, hosts, tables
from recovery.service.fence_check import FenceCheck
from tests.stage import Stage

HOST = 'compute-01'
PERIOD = 240.0
CONF = {'watcher.fence_check_seconds': PERIOD, 'watcher.sweep_seconds': 30.0}
checked = pytest.mark.parametrize('stage', [CONF], indirect=True)


def told(stage: Stage) -> list[str]:
    return [row['what'] for row in stage.rows(tables.event) if 'fence path' in row['what']]


def rows(stage: Stage) -> dict[str, Mapping[str, Any]]:
    return {row['host']: row for row in stage.rows(tables.fence_path)}


def asked(stage: Stage) -> int:
    return len([one for one in stage.world.faults.requests if one.kind == 'bmc.power-state'])


def turn(stage: Stage) -> None:
    """All hosts were checked again."""
    stage.run(PERIOD + 10)


@checked
def test_every_host_is_checked_once_in_a_period_by_any_number_of_watchers(stage: Stage) -> None:
    for name in ('watcher-1', 'watcher-2', 'watcher-3'):
        stage.watcher(name)
    turn(stage)
    assert {row['off_works'] for row in rows(stage).values()} == {True}
    assert told(stage) == []
    before = asked(stage)
    stage.run(5 * PERIOD)
    assert asked(stage) - before == 5 * len(stage.world.hosts)


@checked
def test_a_break_is_told_once_and_so_is_its_end(stage: Stage) -> None:
    stage.watcher()
    turn(stage)
    fault = stage.world.faults.add('bmc.*', 'drop', subject=HOST)
    for _ in range(3):
        turn(stage)
    assert told(stage) == [f'the fence path of {HOST} is broken']
    row = rows(stage)[HOST]
    assert (row['off_works'], row['on_works']) == (False, False)
    assert row['since'] < stage.clock.now() - PERIOD
    assert row['at'] > stage.clock.now() - PERIOD - 20
    assert 'off should not work' in row['verdict']
    stage.world.faults.remove(fault)
    for _ in range(2):
        turn(stage)
    assert told(stage)[1:] == [f'the fence path of {HOST} is well again']
    assert rows(stage)['compute-02']['off_works']


@checked
def test_a_path_that_is_broken_from_the_start_is_told(stage: Stage) -> None:
    stage.world.faults.add('bmc.*', 'unauthorized', subject=HOST)
    stage.watcher()
    turn(stage)
    assert told(stage) == [f'the fence path of {HOST} is broken']


@checked
def test_a_switch_that_died_is_one_sentence(stage: Stage) -> None:
    """Many in one look, as when a network comes and goes: all are due together."""
    check = FenceCheck(stage.site)
    stage.ask(check.sweep)
    stage.run(PERIOD)
    for number in range(4, 14):
        before = {'verdict': 'well: as of yesterday', 'off_works': True, 'on_works': True}
        old = {'host': f'compute-{number:02}', 'devices': [], 'at': 0.0, 'since': 0.0}
        with stage.site.store.write() as connection:
            connection.execute(tables.fence_path.insert().values(**before, **old))
    check._asked_nova = stage.clock.elapsed()
    stage.ask(check.sweep)
    (sentence,) = told(stage)
    assert sentence.startswith('the fence paths of 10 hosts are broken: compute-04, compute-05')


@checked
def test_hosts_under_recovery_or_in_maintenance_are_left_alone(stage: Stage) -> None:
    stage.watcher()
    turn(stage)
    with stage.site.store.write() as connection:
        hosts.put(connection, HOST, maintenance=True)
    stage.world.faults.add('bmc.*', 'drop', subject=HOST)
    turn(stage)
    assert told(stage) == []
    assert rows(stage)[HOST]['off_works']
    with stage.site.store.write() as connection:
        hosts.put(connection, HOST, maintenance=False)
    stage.run(30.0)
    assert told(stage) == [f'the fence path of {HOST} is broken']


@checked
def test_who_begins_to_work_at_a_host_while_it_is_checked_is_not_told(stage: Stage) -> None:
    check = FenceCheck(stage.site)
    stage.ask(check.sweep)
    stage.run(PERIOD)
    stage.world.faults.add('bmc.*', 'hang', subject=HOST)
    stage.clock.spawn('checking', check.sweep)
    stage.run(5.0)
    with stage.site.store.write() as connection:
        hosts.put(connection, HOST, maintenance=True)
    stage.run(120.0)
    assert rows(stage)['compute-02']['verdict'].startswith('well')
    assert rows(stage)[HOST]['verdict'] == ''
    assert told(stage) == []


@checked
def test_an_unusable_inventory_is_said_once_and_breaks_nobodys_path(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.watcher()
    turn(stage)
    stage.inventory_file.write_text('hosts: [no')
    with caplog.at_level(logging.WARNING, 'recovery.service.fence_check'):
        for _ in range(3):
            turn(stage)
    said = [one.getMessage() for one in caplog.records if 'can be checked' in one.getMessage()]
    assert len(said) == 1
    assert told(stage) == []
    assert {row['off_works'] for row in rows(stage).values()} == {True}


@checked
def test_without_nova_the_hosts_are_those_of_before(stage: Stage) -> None:
    stage.watcher()
    turn(stage)
    stage.world.faults.add('nova.*', 'drop')
    before = asked(stage)
    turn(stage)
    assert asked(stage) > before
    assert set(rows(stage)) == set(stage.world.hosts)


def test_zero_is_never(stage: Stage) -> None:
    stage.watcher()
    stage.run(1800.0)
    assert rows(stage) == {}
    assert asked(stage) == 0


@checked
def test_the_story_of_the_service_has_it(stage: Stage) -> None:
    stage.world.faults.add('bmc.*', 'drop', subject=HOST)
    stage.watcher()
    turn(stage)
    with stage.site.store.read() as connection:
        (row,) = [one for one in events.newest(connection) if 'fence path' in one['what']]
    assert (row['recovery'], row['who']) == (None, 'watcher')
    assert 'bmc at' in row['why']
