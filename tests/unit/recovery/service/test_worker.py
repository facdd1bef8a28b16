"""The worker: runs what is ready, keeps it, and lets go of it in time (H14, H18, S31)."""

from __future__ import annotations

import pytest

from recovery.db import tables
from recovery.operate import drain, hold
from tests.stage import Stage

HOST = 'compute-01'


def down(stage: Stage) -> None:
    stage.world.lose_power(HOST)
    stage.run(70.0)
    stage.alarm(HOST)


def test_a_recovery_is_run_to_its_end_without_a_watcher(stage: Stage) -> None:
    stage.worker('w1')
    down(stage)
    stage.until(stage.ended)
    assert stage.state() == 'done'
    assert stage.broken() == []


def test_while_it_lives_it_is_seen_and_when_it_ends_it_is_gone(stage: Stage) -> None:
    stage.worker('w1')
    stage.run(60.0)
    (row,) = stage.rows(tables.worker)
    assert (row['name'], row['kind']) == ('w1', 'worker')
    assert row['seen_at'] > stage.clock.now() - 10
    stage.stop('w1')
    stage.run(stage.conf.worker.stop_seconds)
    assert stage.rows(tables.worker) == []
    assert not [name for name in stage.clock.actors if name.startswith('w1')]


def test_sigterm_in_mid_run_frees_the_claim_for_the_next(stage: Stage) -> None:
    stage.worker('w1')
    down(stage)
    stage.until(lambda: stage.recovery()['phase'] == 'confirm', seconds=60.0, step=0.1)
    stage.stop('w1')
    stage.run(stage.conf.worker.stop_seconds)
    row = stage.recovery()
    assert (row['state'], row['token'], row['round'], row['claims']) == ('ready', None, 1, 0)
    stage.worker('w2')
    stage.until(stage.ended)
    assert stage.state() == 'done'


def test_its_own_host_is_left_to_another_worker(stage: Stage) -> None:
    stage.worker('own', HOST)
    stage.worker('other', 'compute-02')
    stage.run(10.0)
    down(stage)
    stage.until(stage.ended)
    who = {row['who'] for row in stage.rows(tables.event) if row['recovery']}
    assert 'other' in who
    assert 'own' not in who


def approve(stage: Stage) -> None:
    store, recovery = stage.site.store, stage.recovery()
    said = 'every worker of ours that is not cut off runs on compute-01 (own)'
    assert recovery['reason'].startswith(said)
    stage.ask(lambda: hold.approve(store, recovery['id'], by='ann', reason='it stays up'))


def test_unless_it_is_the_only_one_and_a_human_wants_it(stage: Stage) -> None:
    stage.worker('own', HOST)
    stage.run(10.0)
    down(stage)
    assert stage.state() == 'held'
    approve(stage)
    stage.until(stage.ended)
    assert stage.state() == 'done'


def test_a_worker_that_died_counts_as_living_for_a_minute_only(stage: Stage) -> None:
    stage.worker('own', HOST)
    stage.worker('other', 'compute-02')
    stage.run(10.0)
    stage.kill('other')
    down(stage)
    stage.until(lambda: stage.state() in ('held', 'waiting'), 120.0)
    approve(stage)
    stage.until(stage.ended, 120.0)
    assert stage.state() == 'done'


@pytest.mark.parametrize('stage', [{'worker.lease_seconds': 10.0}], indirect=True)
def test_a_killed_worker_is_replaced_after_its_lease(stage: Stage) -> None:
    stage.worker('w1')
    down(stage)
    stage.until(lambda: stage.state() == 'running', step=0.1)
    stage.kill('w1')
    stage.worker('w2')
    stage.until(stage.ended, 60.0)
    assert stage.state() == 'done'
    assert stage.recovery()['epoch'] == 2
    assert stage.broken() == []


def test_a_draining_worker_ends_what_it_runs_and_takes_nothing_new(stage: Stage) -> None:
    stage.worker('w1')
    down(stage)
    stage.until(lambda: stage.state() == 'running', step=0.1)
    stage.ask(lambda: drain.drain(stage.site.store, 'w1', by='ann', reason='', force=True))
    stage.until(stage.ended)
    assert stage.state() == 'done'
    stage.world.lose_power('compute-02')
    stage.run(70.0)
    stage.alarm('compute-02')
    stage.run(60.0)
    assert stage.state() == 'ready'
    stage.worker('w2')
    stage.until(stage.ended)
    assert {row['who'] for row in stage.rows(tables.event) if row['recovery']} >= {'w1', 'w2'}
    stage.ask(lambda: drain.undo(stage.site.store, 'w1', by='ann', reason=''))
    stage.stop('w2')
    stage.run(stage.conf.worker.stop_seconds)
    stage.world.lose_power('compute-03')
    stage.run(70.0)
    stage.alarm('compute-03')
    stage.until(lambda: stage.state() != 'ready')


def test_drained_at_once_it_lets_go_and_another_one_goes_on(stage: Stage) -> None:
    stage.worker('w1')
    down(stage)
    stage.until(lambda: stage.state() == 'running', step=0.1)
    stage.worker('w2')
    stage.run(1.0)
    assert stage.recovery()['worker'] == 'w1'
    store = stage.site.store
    stage.ask(lambda: drain.drain(store, 'w1', by='ann', reason='kernel', at_once=True))
    stage.until(lambda: stage.recovery()['worker'] == 'w2', 5.0, step=0.1)
    stage.until(stage.ended)
    assert stage.state() == 'done'
    assert stage.recovery()['epoch'] == 2
    told = [(row['who'], row['what'], row['why']) for row in stage.rows(tables.event)]
    assert ('w1', 'let go', 'ann drains this worker at once') in told
    assert stage.broken() == []
    # It takes recoveries again, and keeps them.
    stage.ask(lambda: drain.undo(store, 'w1', by='ann', reason=''))
    stage.stop('w2')
    stage.run(stage.conf.worker.stop_seconds)
    stage.world.lose_power('compute-02')
    stage.run(70.0)
    stage.alarm('compute-02')
    stage.until(stage.ended)
    assert stage.recovery()['epoch'] == 1


def test_its_own_host_is_not_left_to_one_that_drains(stage: Stage) -> None:
    stage.worker('own', HOST)
    stage.worker('other', 'compute-02')
    stage.run(10.0)
    stage.ask(lambda: drain.drain(stage.site.store, 'other', by='ann', reason=''))
    down(stage)
    approve(stage)
    stage.until(stage.ended)
    assert stage.state() == 'done'
