"""Stuck for want of a worker that gets to the end, and stopped by a human half-way."""

from __future__ import annotations

from functools import partial

from recovery import plugins
from tests.stuck.situation import HOST, Situation, situation

RERUN = 'recovery rerun ID'
RETURN = f'recovery host return {HOST}'


@situation('claims', conf={'worker.claims': 2, 'worker.lease_seconds': 5.0})
def test_every_worker_dies_of_it(it: Situation) -> None:
    it.dies()
    for name in ('w1', 'w2', 'w3'):
        dies = partial(_killed, it, name)
        it.world.faults.kill('nova.set-service', 1, 'received', dies, f'{name}/*')
        it.start(name)
    it.start('watcher')
    it.stage.alarm(HOST)
    it.stuck('claims', '2 workers began this round and none came to an end', RERUN)
    it.world.faults.clear()
    it.follow()
    it.ends()


def _killed(it: Situation, name: str, _request: object) -> bool:
    it.stage.kill(name)
    return True


@situation()
def test_no_worker_has_the_flow(it: Situation) -> None:
    it.dies()
    with it.patch.context() as patch:
        patch.setattr(plugins, 'flow_builder', _missing)
        it.start()
        it.stage.run(1.0)
    it.stage.alarm(HOST)
    it.stage.until(lambda: 'that can run it' in it.show()['held_by'])
    seen = it.show()
    assert seen['state'] == 'ready'
    assert 'recovery.flows has no usable host-down' in seen['held_by']
    assert seen['next'] == 'recovery worker list'
    assert 'w1' in it.follow().out
    it.start('w2')
    it.ends()


def _missing(kind: str) -> object:
    raise LookupError(f'recovery.flows has no usable {kind}')


@situation()
def test_no_worker_is_alive(it: Situation) -> None:
    it.dies()
    it.start('watcher')
    it.stage.alarm(HOST)
    it.stage.run(5.0)
    seen = it.show()
    assert 'none is alive: start recovery-worker' in seen['held_by']
    assert seen['next'] == 'recovery worker list'
    it.follow()
    it.start('w1')
    it.ends()


@situation('fence-exhausted')
def test_undo_is_refused_below_the_line(it: Situation) -> None:
    """The refusal leads on, to a cancel, and that to the host's return."""
    it.dies()
    it.world.faults.add('bmc.power-off', 'stuck')
    it.start()
    it.stage.alarm(HOST)
    it.stuck('fence-exhausted', 'could not be fenced', f'recovery confirm-fenced {HOST}')
    name = it.show()['id'][:8]
    refused = it('cancel', name, '--undo', '--yes', '--reason', 'a false alarm')
    assert refused.code == 1
    assert 'was told to power off: that is not undone' in refused.err
    assert refused.next == f'recovery cancel {name} --leave'
    it.world.faults.clear()
    cancelled = it.follow(refused.next)
    assert it.show()['state'] == 'cancelled'
    it.follow(cancelled.next)
    assert it.show()['next'] == RETURN
    it.world.lose_power(HOST)
    it.follow()
    it.ends()


@situation()
def test_undo_above_the_line_gives_the_host_back(it: Situation) -> None:
    it.dies()
    it.stage.conf.set_override('lease_seconds', 5.0, 'worker')
    it.world.faults.kill('bmc.*', 1, 'received', partial(_killed, it, 'w1'), 'w1/*')
    it.start()
    it.stage.alarm(HOST)
    it.stage.until(lambda: it.stage.killed_at is not None, step=0.1)
    it.stage.until(lambda: it.stage.state() == 'ready')
    done = it('cancel', it.show()['id'], '--undo', '--yes', '--reason', 'a false alarm')
    assert done.code == 0, done.err
    it.start('w2')
    it.ends('undone')
    assert it.world.hosts[HOST].enabled
