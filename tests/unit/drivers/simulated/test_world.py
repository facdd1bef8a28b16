"""The world itself: what befalls hosts, and that a play of it repeats."""

from __future__ import annotations

import pytest

from drivers.simulated.app import App
from drivers.simulated.bmc import SimulatedFencing
from drivers.simulated.clock import VirtualClock
from drivers.simulated.instances import Flavor
from drivers.simulated.world import Settings, World, small_world

HOST = 'compute-01'


def play(seed: int | None) -> str:
    clock = VirtualClock(seed)
    world = small_world(clock, settings=Settings(rebuild_spread=5), seed=seed)

    def worker() -> None:
        SimulatedFencing({'address': f'sim://{HOST}'}, world).power_off(timeout=5)
        clock.wait(None, 2)
        with world:
            world.services.change(world.hosts[HOST], forced_down=True)
        lanes = [clock.spawn('lane', lane) for _ in range(3)]
        for ended in lanes:
            clock.wait(ended)

    todo = iter(list(world.instances_on(HOST)))

    def lane() -> None:
        for instance in todo:
            clock.wait(None, 0.1)
            with world:
                world.rebuilds.accept(instance, target=None)

    clock.spawn('w1', worker)
    clock.run()
    clock.wait(None, 60)
    with world:
        return str(world.trace)


def test_a_play_repeats() -> None:
    first = play(None)
    assert 'evacuate.done' in first
    assert all(play(None) == first for _ in range(5))
    assert play(3) == play(3)
    assert len({play(seed) for seed in range(5)}) == 5


def test_losing_power_kills_guests_and_agent(world: World, clock: VirtualClock) -> None:
    instances = [instance.id for instance in world.instances_on(HOST)]
    world.lose_power(HOST)
    assert all(world.running_on(each) == [] for each in instances)
    world.give_power(HOST)
    clock.wait(None, 100)
    with world:
        assert world.agents.up(world.hosts[HOST])
        assert all(world.running_on(each) == [] for each in instances)


@pytest.mark.parametrize('way', ['autostart', 'resume_guests'])
def test_guests_may_come_back_with_their_host(world: World, clock: VirtualClock, way: str) -> None:
    setattr(world.hosts[HOST], way, True)
    instance = next(world.instances_on(HOST))
    world.lose_power(HOST)
    world.give_power(HOST)
    clock.wait(None, 100)
    with world:
        assert world.running_on(instance.id) == [HOST]


def test_a_crashed_host_is_powered_and_does_nothing(world: World, clock: VirtualClock) -> None:
    world.crash(HOST)
    clock.wait(None, 70)
    with world:
        host = world.hosts[HOST]
        assert host.powered
        assert not world.agents.up(host)
        assert not any(host.running(guest) for guest in host.guests)
    world.start_agent(HOST)
    clock.wait(None, 20)
    with world:
        assert not world.agents.up(host)


@pytest.mark.parametrize(('break_it', 'mend_it'), [
    ('isolate', 'reconnect'), ('freeze_agent', 'thaw_agent'), ('kill_agent', 'start_agent'),
])  # fmt: skip
def test_guests_outlive_their_agent(
    world: World, clock: VirtualClock, break_it: str, mend_it: str
) -> None:
    instance = next(world.instances_on(HOST))
    getattr(world, break_it)(HOST)
    clock.wait(None, 70)
    with world:
        assert not world.agents.up(world.hosts[HOST])
        assert world.running_on(instance.id) == [HOST]
    getattr(world, mend_it)(HOST)
    clock.wait(None, 5)
    with world:
        assert world.agents.up(world.hosts[HOST])


def test_a_host_that_does_not_boot(world: World, clock: VirtualClock) -> None:
    world.hosts[HOST].boots_well = False
    world.lose_power(HOST)
    world.give_power(HOST)
    clock.wait(None, 300)
    with world:
        assert world.hosts[HOST].powered
        assert not world.agents.up(world.hosts[HOST])


def test_power_lost_while_booting(world: World, clock: VirtualClock) -> None:
    world.lose_power(HOST)
    world.give_power(HOST)
    clock.wait(None, 10)
    world.lose_power(HOST)
    clock.wait(None, 100)
    with world:
        assert world.hosts[HOST].kernel == 'down'
        assert world.hosts[HOST].agent == 'dead'


def test_placement_adds_up(world: World) -> None:
    host = world.hosts[HOST]
    before = world.used(host)
    instance = world.add_instance(HOST, flavor=Flavor(vcpus=3, ram_mb=100, disk_gb=7))
    volume = world.add_instance(HOST, boot_from_volume=True)
    used = world.used(host)
    assert used['VCPU'] - before['VCPU'] == 4
    assert used['DISK_GB'] - before['DISK_GB'] == 7
    world.delete_instance(instance.id)
    world.delete_instance(volume.id)
    assert world.used(host) == before


def test_local_disks(world: World) -> None:
    assert not world.add_instance(HOST).local
    assert world.add_instance(HOST, shared=False).local
    assert not world.add_instance(HOST, shared=False, boot_from_volume=True).local
    swap = Flavor(swap_mb=1024)
    assert world.add_instance(HOST, shared=False, boot_from_volume=True, flavor=swap).local


def test_a_deleted_instance_is_not_rebuilt(world: World, clock: VirtualClock) -> None:
    instance = next(world.instances_on(HOST))
    world.lose_power(HOST)
    clock.wait(None, 70)
    with world:
        record = world.rebuilds.accept(instance, target=None)
    clock.wait(None, 2)
    world.delete_instance(instance.id)
    clock.wait(None, 20)
    with world:
        assert record.status == 'failed'
        assert world.running_on(instance.id) == []


def test_an_unknown_host_is_named(world: World) -> None:
    with pytest.raises(KeyError, match='no host nobody; there are compute-01'):
        world.crash('nobody')


def test_spare_hosts(clock: VirtualClock) -> None:
    world = small_world(clock, hosts=3, instances=4, spare=1)
    assert not world.hosts['compute-03'].enabled
    assert list(world.instances_on('compute-03')) == []
    assert App(world).world is world
