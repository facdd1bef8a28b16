"""Held by the policy: because of us, of others, of what is at stake, or of what fails together."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from recovery.db import tables
from tests.stuck.situation import HOST, Situation, situation
from tests.stuck.test_held import APPROVE, alarmed

NOBODY = 'tcp://127.0.0.1:9'  #: refuses at once, on every machine


def label(it: Situation, host: str, **values: object) -> None:
    """What an operator said of a host."""
    fresh = {'name': host, 'maintenance': False, 'carries': [], 'identities': {}}
    with it.stage.site.store.write() as connection:
        connection.execute(sa.insert(tables.host).values(**(fresh | values)))


@situation('window')
def test_a_maintenance_window(it: Situation) -> None:
    it.dies()
    assert (
        it('window', 'add', '--host', HOST, '--last', '2h', '--yes', '--reason', 'work').code == 0
    )
    alarmed(it)
    (window,) = it.stage.rows(tables.window)
    verb = f'recovery window close {window["id"][:8]}'
    it.stuck('window', f'a maintenance window of host {HOST} by ann is open for another', verb)
    it.follow()
    it.ends()


@situation('isolated', conf={'isolation.witnesses': [NOBODY]})
def test_no_witness_is_reached(it: Situation) -> None:
    it.dies()
    alarmed(it)
    it.stuck('isolated', 'we may be cut off: we reach 0 of 1 witnesses', APPROVE)
    it.follow()
    it.ends()


def _channel(answer: str) -> str:
    return f'{answer} command:{Path("/bin/true")} {{host}}'


@situation('signs-of-life', conf={'life.channel': [_channel('hold')]})
def test_the_host_answers(it: Situation) -> None:
    it.dies()
    it.world.note('fence.allowed', HOST)
    alarmed(it)
    it.stuck('signs-of-life', f'{HOST} shows signs of life: command:/bin/true', APPROVE)
    it.follow()
    it.ends()


@situation('veto', conf={'life.channel': [_channel('veto')]})
def test_an_agent_vetoes(it: Situation) -> None:
    it.dies()
    alarmed(it)
    it.stuck('veto', f'{HOST} is alive', 'recovery cancel ID --undo')
    it.follow()
    assert it.stage.recovery()['state'] in ('cancelled', 'undone')


@situation('authority', conf={'sources.default': 'approve'})
def test_a_source_that_may_not_start_alone(it: Situation) -> None:
    it.dies()
    alarmed(it)
    it.stuck('authority', 'has to be approved by a human', APPROVE)
    it.follow()
    it.ends()


@situation('blast-radius', conf={'policy.approve_instances': 1})
def test_much_is_at_stake(it: Situation) -> None:
    it.dies()
    alarmed(it)
    it.stuck('blast-radius', '2 instances run on the host, more than 1', APPROVE)
    it.follow()
    it.ends()


@situation('domain-failure', hosts=12)
def test_most_of_a_segment_fails(it: Situation) -> None:
    for number in (2, 3, 4, 5):
        label(it, f'compute-{number:02d}', segment='rack-1')
    for number in (3, 4):
        it.world.crash(f'compute-{number:02d}')
    it.dies()
    alarmed(it)
    it.stuck('domain-failure', '3 of 4 hosts of segment rack-1 look failed at once', APPROVE)
    it.follow()
    it.ends()


@situation('storm', hosts=8)
def test_a_storm_has_just_passed(it: Situation) -> None:
    for number in (3, 4):
        it.world.isolate(f'compute-{number:02d}')
    it.dies()
    alarmed(it)
    it.stage.run(30.0)
    for number in (3, 4):
        it.world.reconnect(f'compute-{number:02d}')
    it.stuck('storm', 'a storm in the cloud was seen', APPROVE)
    it.follow()
    it.ends()


@situation('carries')
def test_the_last_database_but_one(it: Situation) -> None:
    for number in (1, 2):
        label(it, f'compute-{number:02d}', carries=['database'])
    it.world.crash('compute-01')
    it.dies()
    alarmed(it)
    it.stuck('carries', 'there would be 2 hosts down that carry database', APPROVE)
    it.follow()
    it.ends()


@situation('own-host')
def test_the_only_worker_runs_there(it: Situation) -> None:
    it.stage.worker('w1', HOST)
    it.stage.watcher('watcher')
    it.dies()
    it.stage.alarm(HOST)
    it.stuck('own-host', f'every worker of ours that is not cut off runs on {HOST} (w1)', APPROVE)
    it.follow()
    it.ends()


@situation('clock', hosts=2)
def test_all_fall_silent_together(it: Situation) -> None:
    it.world.note('fence.allowed', HOST)
    for host in ('compute-01', HOST):
        it.world.kill_agent(host)
    it.stage.run(65.0)
    alarmed(it)
    it.stuck('clock', 'all 2 services fell silent within 1 s', APPROVE)
    it('reject', str(it.stage.recovery()['id']), '--yes')
    assert it.stage.recovery()['state'] == 'cancelled'
