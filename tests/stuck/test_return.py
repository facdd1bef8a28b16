"""Stuck on the way back."""

from __future__ import annotations

from collections.abc import Callable

from tests.stuck.situation import HOST, Situation, situation

RETURN = f'recovery host return {HOST}'
ACCEPT = f'{RETURN} --accept-leftovers'
QUICK = {'restore.boot_seconds': 60.0}


def returning(it: Situation, before: Callable[[], object] = lambda: None) -> None:
    """The host was recovered, and is asked back."""
    it.recovered()
    before()
    it.follow()


@situation('leftovers')
def test_leftovers_that_a_human_accepts(it: Situation) -> None:
    """An instance that could not be moved before the host was asked back."""
    it.recovered()
    it.follow()
    it.stage.until(lambda: any(it.world.trace.find('host.booted')))
    vm = it.world.add_instance(HOST)
    it.stuck('leftovers', f'1 instance(s) on {HOST} are explained by nothing, vm-9', ACCEPT)
    it.world.note('enable.allowed', HOST)
    it.follow()
    it.ends()
    assert it.stage.running_on(HOST) == [vm.name]


@situation()
def test_leftovers_that_are_known_before_it_begins(it: Situation) -> None:
    for name in ('compute-01', 'compute-03', 'compute-04'):
        it.world.hosts[name].ram_mb = 0
    it.recovered()
    assert it.show()['state'] == 'done-with-failures'
    refused = it('host', 'return', HOST, '--yes')
    assert refused.code == 1
    assert '2 instances are left over on the host' in refused.out
    assert refused.next == ACCEPT
    it.follow(refused.next)
    it.ends()


@situation('fence-exhausted', 'not-rebooted', conf={'evacuation.attempts': 1})
def test_a_host_that_answers_again_after_a_human_said_off(it: Situation) -> None:
    """No device ever read off, and nothing was moved: whether it was rebooted, a human knows."""
    for name in ('compute-01', 'compute-03', 'compute-04'):
        it.world.hosts[name].ram_mb = 0
    it.world.isolate(HOST)
    it.stage.run(65.0)
    dead = it.world.faults.add('bmc.*', 'drop')
    it.start()
    it.stage.alarm(HOST)
    it.stuck('fence-exhausted', 'could not be fenced', f'recovery confirm-fenced {HOST}')
    it.world.lose_power(HOST)
    it.world.note('confirmed', HOST)
    it.follow()
    it.ends('done-with-failures')
    it.world.give_power(HOST)
    it.world.reconnect(HOST)
    it.stage.run(40.0)
    it.world.faults.remove(dead)
    assert it('host', 'return', HOST, '--accept-leftovers', '--yes', '--reason', 'ok').code == 0
    it.stuck('not-rebooted', 'its old guests may still run; power-cycle it', f'{RETURN} --rebooted')
    it.follow()
    it.ends()


@situation('no-boot', conf=QUICK)
def test_a_host_that_hung_while_a_human_said_off(it: Situation) -> None:
    """Its agent never started anew, so it has not cleaned up what runs elsewhere now."""
    it.recovered()
    it.patch.setattr(type(it.world.agents), '_clean_up', lambda self, host: None)
    it.follow()
    it.stuck('no-boot', '2 evacuation record(s) are not completed, which its agent does', RETURN)
    it.patch.undo()
    it.world.start_agent(HOST)
    it.follow()
    it.ends()


@situation('no-boot', conf=QUICK)
def test_a_host_that_does_not_boot(it: Situation) -> None:
    it.recovered()
    it.world.hosts[HOST].boots_well = False
    it.follow()
    it.stuck('no-boot', 'has not come back within 60 s', RETURN)
    it.world.hosts[HOST].boots_well = True
    it.world.lose_power(HOST)
    it.follow()
    it.ends()


@situation('not-healthy', conf=QUICK | {'restore.healthy_seconds': 30.0})
def test_a_service_that_does_not_stay_up(it: Situation) -> None:
    it.recovered()
    it.follow()
    it.stage.until(lambda: any(it.world.trace.find('service.forced-up')), step=0.5)
    it.world.freeze_agent(HOST)
    it.stuck('not-healthy', 'does not stay up for 30 s', RETURN)
    it.world.thaw_agent(HOST)
    it.follow()
    it.ends()


@situation('trait-stays')
def test_placement_keeps_instances_away(it: Situation) -> None:
    it.recovered()
    it.follow()
    it.stage.until(lambda: any(it.world.trace.find('agent.started')), step=0.5)
    host = it.world.hosts[HOST]
    it.patch.setattr(type(it.world.agents), 'sync_trait', lambda self, host: None)
    it.patch.setattr(type(it.world.services), '_tell_agent', lambda self, host: 0.0)
    it.stuck('trait-stays', 'Placement still keeps instances away from it', RETURN)
    it.patch.undo()
    host.trait_disabled = False
    it.follow()
    it.ends()


@situation('foreign-force-down')
def test_forced_down_by_somebody_else(it: Situation) -> None:
    it.world.hosts[HOST].forced_down = True
    it.world.crash(HOST)
    it.stage.run(65.0)
    it.start()
    it('host', 'return', HOST, '--rebooted', '--yes', '--reason', 'repaired')
    it.world.lose_power(HOST)
    it.stuck('foreign-force-down', 'was forced down by somebody else', RETURN)
    with it.world:
        it.world.services.change(it.world.hosts[HOST], forced_down=False)
    it.follow()
    it.ends()


@situation('power-on-failed')
def test_a_bmc_that_does_not_switch_on(it: Situation) -> None:
    it.recovered()
    it.world.faults.add('bmc.power-on', 'refuse')
    it.follow()
    it.stuck('power-on-failed', 'could not be switched on: bmc', RETURN)
    it.world.faults.clear()
    it.follow()
    it.ends()


@situation('maintenance')
def test_a_host_that_somebody_works_on_while_it_returns(it: Situation) -> None:
    it.recovered()
    it.world.faults.add('bmc.power-on', 'refuse')
    it.follow()
    it.stage.until(lambda: it.stage.recovery()['code'] == 'power-on-failed')
    it('host', 'maintenance', HOST, 'on', '--yes', '--reason', 'a new fan')
    it.world.faults.clear()
    it.stuck('maintenance', 'a new fan', f'recovery host maintenance {HOST} off')
    assert not list(it.world.trace.find('asked.on'))
    it.follow()
    it.ends()


BY_HAND = {
    'levels': [
        [{'name': 'bmc', 'driver': 'simulated', 'address': 'sim://{host}', 'power_on': 'never'}]
    ]
}


@situation('power-on-by-hand', inventory={'patterns': [{'match': '*', **BY_HAND}]})
def test_a_host_that_a_human_switches_on(it: Situation) -> None:
    """Its device may cut the power, and never give it."""
    it.recovered()
    it.follow()
    it.stuck('power-on-by-hand', 'a human has to switch it on: bmc reads off', RETURN)
    it.world.give_power(HOST)
    it.follow()
    it.ends()
    assert not list(it.world.trace.find('asked.on'))


@situation('evacuations-open')
def test_an_evacuation_that_is_still_open(it: Situation) -> None:
    """Somebody evacuates by hand while the host is asked back."""
    it.recovered()
    it.world.faults.add('bmc.*', 'delay', 3.0)
    it.follow()
    vm = it.world.add_instance(HOST)
    with it.world:
        open_ = it.world.add_migration(vm, 'evacuation', 'accepted', source=HOST)
    it.stuck('evacuations-open', f'1 evacuation(s) from {HOST} have not ended', '')
    with it.world:
        it.world.update(vm, host='compute-03')
        it.world.set_guest(it.world.hosts[HOST], vm.id, None)
        it.world.set_guest(it.world.hosts['compute-03'], vm.id, 'running')
        it.world.set_status(open_, 'done')
    it.ends()
