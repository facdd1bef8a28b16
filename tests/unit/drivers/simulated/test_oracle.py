"""The oracle is silent for a good recovery, and fires for each way to do it wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from drivers.contracts.errors import DriverError
from drivers.simulated.app import App
from drivers.simulated.bmc import SimulatedFencing
from drivers.simulated.clock import VirtualClock
from drivers.simulated.faces.http import Call
from drivers.simulated.faces.nova_actions import act
from drivers.simulated.instances import Instance
from drivers.simulated.oracle import Oracle
from drivers.simulated.transport import URL, mount
from drivers.simulated.world import World

HOST = 'compute-01'


class Operator:
    """Recovers a host by hand: as it should be, or with a step left out."""

    def __init__(self, world: World, clock: VirtualClock) -> None:
        self.world = world
        self.clock = clock
        self.bmc = SimulatedFencing({'address': f'sim://{HOST}'}, world)
        self.instances = list(world.instances_on(HOST))

    def pause(self, seconds: float) -> None:
        self.clock.wait(None, seconds)

    def change(self, enabled: bool | None = None, forced_down: bool | None = None) -> None:
        with self.world:
            host = self.world.hosts[HOST]
            self.world.services.change(host, enabled=enabled, forced_down=forced_down)

    def fence(self) -> None:
        self.bmc.power_off(timeout=5)
        self.pause(2)

    def confirm(self) -> None:
        self.bmc.power_state(timeout=5)
        self.pause(2)
        self.bmc.power_state(timeout=5)

    def evacuate(self, target: str | None = None, only: Instance | None = None) -> None:
        for instance in [only] if only else self.instances:
            with self.world:
                self.world.rebuilds.accept(instance, target=target)

    def give_back(self) -> None:
        self.bmc.power_on(timeout=5)
        self.pause(60)
        self.change(forced_down=False)
        self.change(enabled=True)

    def recover(self) -> None:
        self.world.crash(HOST)
        self.fence()
        self.confirm()
        self.change(enabled=False, forced_down=True)
        self.evacuate()
        self.pause(60)
        self.give_back()


@pytest.fixture
def operator(world: World, clock: VirtualClock) -> Operator:
    return Operator(world, clock)


def rules(world: World, done: tuple[str, ...] = ()) -> set[str]:
    return {broken.rule for broken in Oracle(world).verdict(done)}


def test_a_good_recovery(operator: Operator, world: World) -> None:
    operator.recover()
    world.note('recovery.done', HOST)
    assert Oracle(world).sentence() == '0 rules broken'
    assert all(len(world.running_on(each)) == 1 for each in world.instances)


def without_fence(do: Operator) -> None:
    do.world.isolate(HOST)
    do.change(enabled=False, forced_down=True)
    do.evacuate()
    do.pause(60)


def without_confirm(do: Operator) -> None:
    do.world.crash(HOST)
    do.fence()
    do.change(forced_down=True)
    do.evacuate()


def with_one_reading(do: Operator) -> None:
    do.world.crash(HOST)
    do.fence()
    do.bmc.power_state(timeout=5)
    do.change(forced_down=True)
    do.evacuate()


def with_an_old_proof(do: Operator) -> None:
    do.world.crash(HOST)
    do.fence()
    do.confirm()
    do.pause(60)
    do.change(forced_down=True)
    do.evacuate()


def with_a_proof_from_before_the_power_came_back(do: Operator) -> None:
    do.world.crash(HOST)
    do.fence()
    do.confirm()
    do.bmc.power_on(timeout=5)
    do.pause(3)
    do.change(forced_down=True)
    do.evacuate()


def while_the_power_comes_back(do: Operator) -> None:
    """Somebody gives it power between a look and the request that went by it."""
    do.world.lose_power(HOST)
    do.confirm()
    do.change(enabled=False, forced_down=True)
    do.evacuate(only=do.instances[0])
    do.world.give_power(HOST)
    do.pause(3)
    do.evacuate(only=do.instances[1])


def after_the_power_was_seen_to_be_back(do: Operator) -> None:
    while_the_power_comes_back(do)
    do.bmc.power_state(timeout=5)
    do.evacuate(only=do.instances[2])


def long_after_the_power_came_back(do: Operator) -> None:
    while_the_power_comes_back(do)
    do.pause(20)
    do.evacuate(only=do.instances[2])


def test_what_nobody_can_have_seen_yet_breaks_no_rule(operator: Operator, world: World) -> None:
    while_the_power_comes_back(operator)
    assert not rules(world) & {'S1', 'S2', 'S4'}


def test_who_is_given_power_and_stays_off_is_proven_by_what_he_reads_then(
    operator: Operator, world: World
) -> None:
    world.crash(HOST)
    world.hosts[HOST].feeds = {'left': True}
    operator.bmc = SimulatedFencing({'address': f'sim://{HOST}', 'plug': 'left'}, world)
    operator.fence()
    world.give_power(HOST)
    operator.confirm()
    operator.change(enabled=False, forced_down=True)
    operator.evacuate(only=operator.instances[0])
    assert rules(world) == set()


def test_a_request_that_is_done_late_takes_no_proof_away(operator: Operator, world: World) -> None:
    world.crash(HOST)
    operator.fence()
    world.faults.add('bmc.power-off', 'delay', 10.0)
    with pytest.raises(DriverError):
        operator.bmc.power_off(timeout=1)
    operator.confirm()
    operator.pause(8)
    operator.change(enabled=False, forced_down=True)
    operator.evacuate(only=operator.instances[0])
    late = [event for event in world.trace.events if event.what == 'asked.off'][1]
    assert late.when > late.detail['asked_at'] + 9.0
    assert rules(world) == set()


@pytest.mark.parametrize(
    'sabotage', [after_the_power_was_seen_to_be_back, long_after_the_power_came_back]
)
def test_what_could_have_been_seen_breaks_one(
    operator: Operator, world: World, sabotage: Callable[[Operator], None]
) -> None:
    sabotage(operator)
    assert {'S1', 'S2'} <= rules(world)


def without_force_down(do: Operator) -> None:
    do.world.crash(HOST)
    do.pause(70)
    do.fence()
    do.confirm()
    do.evacuate()


def force_down_first(do: Operator) -> None:
    do.world.crash(HOST)
    do.change(forced_down=True)


def fence_a_healthy_host(do: Operator) -> None:
    do.fence()


def fence_what_has_long_come_back(do: Operator) -> None:
    crash_and_come_back(do)
    do.pause(do.world.settings.report_interval)
    do.fence()


def crash_and_come_back(do: Operator) -> None:
    do.world.kill_agent(HOST)
    do.world.start_agent(HOST)
    do.pause(do.world.settings.agent_seconds)


def fence_in_maintenance(do: Operator) -> None:
    do.world.note('fence.forbidden', HOST, why='it is in maintenance')
    do.world.crash(HOST)
    do.fence()


def fence_in_a_mass_failure(do: Operator) -> None:
    do.world.note('fence.forbidden', '*', rule='S11', why='too many hosts look failed')
    do.world.crash(HOST)
    do.fence()


def ready_to_evacuate(do: Operator) -> None:
    do.world.crash(HOST)
    do.fence()
    do.confirm()
    do.change(enabled=False, forced_down=True)


def to_a_disabled_host(do: Operator) -> None:
    ready_to_evacuate(do)
    with do.world:
        do.world.services.change(do.world.hosts['compute-02'], enabled=False)
    do.evacuate('compute-02')


def power_on_too_early(do: Operator) -> None:
    ready_to_evacuate(do)
    do.evacuate()
    do.pause(3)
    do.bmc.power_on(timeout=5)


def enable_too_early(do: Operator) -> None:
    ready_to_evacuate(do)
    do.evacuate()
    do.change(enabled=True)


def enable_with_leftovers(do: Operator) -> None:
    ready_to_evacuate(do)
    do.evacuate()
    do.pause(60)
    do.change(enabled=True)


def enable_what_was_told_to_die(do: Operator) -> None:
    do.world.crash(HOST)
    do.change(enabled=False)
    do.fence()
    do.change(enabled=True)


def enable_what_somebody_disabled(do: Operator) -> None:
    do.change(enabled=False)
    do.world.note('mark.foreign', HOST)
    do.change(enabled=True)


def unforce_what_somebody_forced(do: Operator) -> None:
    do.world.crash(HOST)
    do.world.lose_power(HOST)
    do.change(forced_down=True)
    do.world.note('mark.foreign', HOST)
    do.change(forced_down=False)


def unforce_too_early(do: Operator) -> None:
    ready_to_evacuate(do)
    do.evacuate()
    do.change(forced_down=False)


def evacuate_twice(do: Operator) -> None:
    ready_to_evacuate(do)
    do.evacuate('compute-02', do.instances[0])
    do.pause(1)
    do.evacuate('compute-03', do.instances[0])
    do.pause(60)


def reset_the_state(do: Operator) -> None:
    ready_to_evacuate(do)
    do.evacuate('compute-02', do.instances[0])
    path = f'/servers/{do.instances[0].id}/action'
    call = Call(do.world, 'POST', path, '', {}, {}, {'os-resetState': {'state': 'error'}})
    with do.world:
        act(call, do.instances[0])


def start_beside_the_fence(do: Operator) -> None:
    ready_to_evacuate(do)
    do.evacuate()
    do.pause(60)
    # As if Nova had not been told that the host is gone.
    do.world.note('instance.start', do.instances[0].id, host=HOST)


def evacuate_local_disks(do: Operator) -> None:
    do.instances[0].shared = False
    ready_to_evacuate(do)
    do.evacuate()


def forget_one(do: Operator) -> None:
    ready_to_evacuate(do)
    for instance in do.instances[1:]:
        do.evacuate(only=instance)
    do.pause(60)


@pytest.mark.parametrize(
    ('sabotage', 'broken'),
    [
        (without_fence, {'S1', 'S2', 'S8', 'twice'}),
        (without_confirm, {'S2'}),
        (with_one_reading, {'S2'}),
        (with_an_old_proof, {'S4'}),
        (with_a_proof_from_before_the_power_came_back, {'S1', 'S2', 'S8'}),
        (without_force_down, {'S8'}),
        (force_down_first, {'S8'}),
        (fence_a_healthy_host, {'S9'}),
        (fence_what_has_long_come_back, {'S9'}),
        (fence_in_maintenance, {'S16'}),
        (fence_in_a_mass_failure, {'S11'}),
        (to_a_disabled_host, {'S17'}),
        (power_on_too_early, {'S19'}),
        (enable_too_early, {'S19', 'S23'}),
        (unforce_too_early, {'S19'}),
        (enable_with_leftovers, {'S20', 'S23'}),
        (enable_what_was_told_to_die, {'S23'}),
        (enable_what_somebody_disabled, {'S16'}),
        (unforce_what_somebody_forced, {'S16'}),
        (evacuate_twice, {'S22', 'twice'}),
        (reset_the_state, {'S22'}),
        (start_beside_the_fence, {'S6'}),
        (evacuate_local_disks, {'S24'}),
    ],
)
def test_each_sabotage_is_found(
    operator: Operator, world: World, sabotage: Callable[[Operator], None], broken: set[str]
) -> None:
    sabotage(operator)
    assert rules(world) == broken
    assert 'rules broken' in Oracle(world).sentence()


def test_who_has_only_just_come_back_could_not_be_seen(operator: Operator, world: World) -> None:
    crash_and_come_back(operator)
    operator.fence()
    assert rules(world) == set()


@pytest.mark.parametrize(('seconds', 'broken'), [(1.0, set()), (21.0, {'S9'})])
def test_who_comes_back_while_a_request_is_in_flight_could_not_be_seen(
    operator: Operator, world: World, seconds: float, broken: set[str]
) -> None:
    """It counts when it was sent, not when the controller does it."""
    world.kill_agent(HOST)
    operator.pause(60)
    world.start_agent(HOST)
    operator.pause(seconds)
    world.faults.add('bmc.power-off', 'delay', 40.0)
    with pytest.raises(DriverError):
        operator.bmc.power_off(timeout=1)
    operator.pause(45)
    assert rules(world) == broken


@pytest.mark.parametrize(('seconds', 'broken'), [(15.5, set()), (16.5, {'S4', 'S17'})])
def test_what_somebody_closed_after_the_last_look_could_not_be_seen(
    operator: Operator, world: World, seconds: float, broken: set[str]
) -> None:
    ready_to_evacuate(operator)
    with world:
        world.services.change(world.hosts['compute-02'], enabled=False)
    world.note('mark.foreign', 'compute-02', flag='enabled')
    operator.pause(seconds)
    operator.evacuate('compute-02')
    assert rules(world) == broken


def test_what_ran_and_runs_no_more_is_lost(operator: Operator, world: World) -> None:
    forget_one(operator)
    assert rules(world) == set()
    assert rules(world, (HOST,)) == {'lost'}
    world.note('item.failed', operator.instances[0].id)
    assert rules(world, (HOST,)) == set()


def test_an_operators_word_lifts_what_it_may(operator: Operator, world: World) -> None:
    world.note('fence.allowed', HOST)
    operator.fence()
    world.note('confirmed', HOST)
    operator.change(enabled=False, forced_down=True)
    operator.evacuate()
    operator.pause(60)
    world.note('enable.allowed', HOST)
    operator.change(enabled=True)
    assert rules(world) == set()


def test_who_lost_the_claim_must_do_nothing(world: World, clock: VirtualClock) -> None:
    bmc = SimulatedFencing({'address': f'sim://{HOST}'}, world)
    world.crash(HOST)

    def worker() -> None:
        clock.wait(None, 5)
        bmc.power_state(timeout=1)
        bmc.power_off(timeout=1)

    clock.spawn('w1', worker)
    clock.spawn('w10', worker)
    clock.wait(None, 1)
    with world:
        world.note('claim.lost', 'w1')
    clock.run()
    assert [broken.rule for broken in Oracle(world).verdict()] == ['S7']
    with world:
        world.note('claim.won', 'w1')
        world.note('paused', '')
    clock.spawn('w1', worker)
    clock.run()
    assert rules(world) == {'S7', 'S32'}


@pytest.mark.parametrize(('host', 'broken'), [(HOST, ['S32']), ('compute-99', [])])
def test_a_pause_of_one_host(
    world: World, clock: VirtualClock, host: str, broken: list[str]
) -> None:
    bmc = SimulatedFencing({'address': f'sim://{HOST}'}, world)
    world.crash(HOST)
    with world:
        world.note('paused', host)
    clock.spawn('w1', lambda: bmc.power_off(timeout=1))
    clock.run()
    assert [one.rule for one in Oracle(world).verdict() if one.rule == 'S32'] == broken


def test_the_verdict_is_served(app: App, operator: Operator, world: World) -> None:
    session = requests.Session()
    mount(session, app)
    forget_one(operator)
    answer = session.get(f'{URL}/_world/verdict?done={HOST}').json()
    assert answer['sentence'].startswith('1 rules broken\nlost at')
    assert answer['broken'][0]['rule'] == 'lost'
