"""Stuck at the instances: what nobody can tell, what failed, what cannot be touched yet."""

from __future__ import annotations

from flows.evacuation.evacuation import Evacuation
from recovery.db import tables
from tests.stuck.situation import HOST, Situation, situation

DOCTOR = 'recovery doctor'
RERUN = 'recovery rerun ID'


def alarmed(it: Situation) -> None:
    it.dies()
    it.start()
    it.stage.alarm(HOST)


@situation('unsettled', 'migration-open', conf={'evacuation.unsettled_seconds': 60.0})
def test_an_evacuation_that_never_ends(it: Situation) -> None:
    it.world.faults.add('nova.evacuate', 'stuck', count=1)
    alarmed(it)
    verb = 'recovery settle ID vm-2 --as STATE'
    it.stuck('unsettled', 'nobody can tell where 1 instance(s) run: vm-2', verb)
    misread = it.follow(code=2)  # as it is shown: what to put there is said
    assert "choose from 'moved', 'failed', 'left'" in misread.err
    it.follow(STATE='failed')
    it.ends('done-with-failures')
    it.follow()  # a new round does not send it again while Nova may still carry it out
    it.stuck('migration-open', 'vm-2: an evacuation to', verb)
    it.follow(STATE='left')
    it.ends()


@situation('migration-open')
def test_a_live_migration_that_its_destination_settles(it: Situation) -> None:
    vm = it.world.add_instance(HOST)
    moving = it.world.add_migration(
        vm, 'live-migration', 'running', source=HOST, destination='compute-03'
    )
    alarmed(it)
    verb = 'recovery settle ID vm-9 --as STATE'
    it.stuck('migration-open', '1 instance(s) cannot be touched yet: vm-9: a live-migration', verb)
    with it.world:
        it.world.set_status(moving, 'error')
    it.ends()


@situation('migration-open')
def test_a_live_migration_that_nobody_settles(it: Situation) -> None:
    vm = it.world.add_instance(HOST)
    it.world.add_migration(vm, 'live-migration', 'running', source=HOST, destination='compute-03')
    alarmed(it)
    verb = 'recovery settle ID vm-9 --as STATE'
    it.stuck('migration-open', 'the guest may run there', verb)
    it.follow(STATE='left')
    it.ends()


@situation()
def test_done_with_failures(it: Situation) -> None:
    """No host had room."""
    for name in ('compute-01', 'compute-03', 'compute-04'):
        it.world.hosts[name].ram_mb = 0
    alarmed(it)
    it.stage.until(it.stage.ended)
    seen = it.show()
    assert seen['state'] == 'done-with-failures'
    assert 'not all is well' in seen['held_by']
    assert seen['next'] == f'recovery rerun {seen["id"][:8]} --items failed'
    for name in ('compute-01', 'compute-03', 'compute-04'):
        it.world.hosts[name].ram_mb = 262_144
    it.follow()
    it.ends()
    assert {row['state'] for row in it.stage.rows(tables.item)} == {'moved'}


@situation('list-untrusted')
def test_a_list_that_lacks_instances(it: Situation) -> None:
    it.world.faults.add('nova.servers', 'empty')
    alarmed(it)
    it.stuck('list-untrusted', f'Placement knows 2 instance(s) of {HOST} that the list', DOCTOR)
    it.follow(code=0)
    it.world.faults.clear()
    it.ends()


@situation('nova-away')
def test_nova_away_after_the_proof(it: Situation) -> None:
    it.world.faults.add('nova.*', 'error', 503, skip=12)
    alarmed(it)
    it.stuck('nova-away', 'Nova does not answer', '')
    it.world.faults.clear()
    it.ends()


@situation('nova-denied')
def test_nova_takes_our_role_away(it: Situation) -> None:
    it.world.faults.add('nova.evacuate', 'error', 403)
    alarmed(it)
    it.stuck('nova-denied', 'Nova does not accept our credentials or role', DOCTOR)
    it.follow()
    it.world.faults.clear()
    it.ends()


@situation('nova-refused')
def test_nova_refuses_the_force_down(it: Situation) -> None:
    it.world.faults.add('nova.set-service', 'refuse', skip=1)
    alarmed(it)
    it.stuck('nova-refused', 'Nova refused', '')
    it.world.faults.clear()
    it.ends()


@situation('failed')
def test_a_step_that_fails_by_a_defect(it: Situation) -> None:
    sound = Evacuation.run
    it.patch.setattr(Evacuation, 'run', lambda self: {'a': 1}['no such key'])
    alarmed(it)
    it.stuck('failed', "a step failed: KeyError: 'no such key'; only a human moves it", RERUN)
    it.patch.setattr(Evacuation, 'run', sound)
    it.follow()
    it.ends()


@situation('paused')
def test_paused_between_two_evacuations(it: Situation) -> None:
    alarmed(it)
    it.stage.until(lambda: any(it.world.trace.find('asked.off')), step=0.1)
    it('pause', '--yes', '--reason', 'network work')
    it.stuck('paused', 'paused by ann: network work', 'recovery unpause')
    it.follow()
    it.ends()
