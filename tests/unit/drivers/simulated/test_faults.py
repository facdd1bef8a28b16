"""What goes wrong between a request and its answer, and what the client sees of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from drivers.contracts.errors import AccessDenied, NotFound, Refused, Unreachable
from drivers.contracts.fencing import PowerState
from drivers.simulated.app import App
from drivers.simulated.bmc import SimulatedFencing, attach
from drivers.simulated.clock import VirtualClock
from drivers.simulated.server import Server
from drivers.simulated.transport import URL, mount
from drivers.simulated.world import World

HOST = 'compute-01'


@pytest.fixture
def bmc(world: World) -> SimulatedFencing:
    return SimulatedFencing({'address': f'sim://{HOST}'}, world)


@pytest.fixture
def http(app: App, clock: VirtualClock) -> requests.Session:
    session = requests.Session()
    mount(session, app, clock)
    return session


def off(world: World) -> bool:
    with world:
        return not world.hosts[HOST].powered


@pytest.mark.parametrize('effect', ['hang', 'mute'])
def test_a_bmc_that_does_not_answer(
    bmc: SimulatedFencing, world: World, clock: VirtualClock, effect: str
) -> None:
    world.faults.add('bmc.*', effect)
    with pytest.raises(Unreachable):
        bmc.power_off(timeout=7)
    assert clock.elapsed() == 7
    assert off(world) == (effect == 'mute')


@pytest.mark.parametrize('effect', ['drop', 'cut'])
def test_a_bmc_that_closes_the_connection(
    bmc: SimulatedFencing, world: World, clock: VirtualClock, effect: str
) -> None:
    world.faults.add('bmc.power-off', effect)
    with pytest.raises(Unreachable):
        bmc.power_off(timeout=7)
    assert clock.elapsed() == 0
    clock.wait(None, 2)
    assert off(world) == (effect == 'cut')


@pytest.mark.parametrize(
    ('effect', 'value', 'error'),
    [
        ('refuse', None, Refused),
        ('error', 503, Unreachable),
        ('error', 404, NotFound),
        ('unauthorized', None, AccessDenied),
    ],
)
def test_a_bmc_that_says_no(
    bmc: SimulatedFencing, world: World, effect: str, value: float | None, error: type[Exception]
) -> None:
    world.faults.add('bmc.power-off', effect, value)
    with pytest.raises(error):
        bmc.power_off(timeout=5)
    assert bmc.power_state(timeout=5) is PowerState.ON


def test_a_stuck_bmc_accepts_and_does_nothing(
    bmc: SimulatedFencing, world: World, clock: VirtualClock
) -> None:
    world.faults.add('bmc.power-off', 'stuck')
    bmc.power_off(timeout=5)
    clock.wait(None, 60)
    assert bmc.power_state(timeout=5) is PowerState.ON


def test_a_lying_and_a_garbling_bmc(bmc: SimulatedFencing, world: World) -> None:
    world.faults.add('bmc.power-state', 'lie', 'off', count=1)
    assert bmc.power_state(timeout=5) is PowerState.OFF
    world.faults.add('bmc.power-state', 'noise', count=1)
    assert bmc.power_state(timeout=5) is PowerState.UNKNOWN
    assert bmc.power_state(timeout=5) is PowerState.ON


def test_a_delayed_request_is_carried_out_though_the_client_gave_up(
    bmc: SimulatedFencing, world: World, clock: VirtualClock
) -> None:
    world.faults.add('bmc.power-off', 'delay', 30)
    with pytest.raises(Unreachable):
        bmc.power_off(timeout=5)
    clock.wait(None, 20)
    assert bmc.power_state(timeout=1) is PowerState.ON
    clock.wait(None, 10)
    assert off(world)


def test_a_slow_request_within_the_time(
    bmc: SimulatedFencing, world: World, clock: VirtualClock
) -> None:
    world.faults.add('bmc.*', 'delay', 3, count=1)
    bmc.power_off(timeout=5)
    assert clock.elapsed() == 3
    assert not off(world)
    clock.wait(None, 1)
    assert bmc.power_state(timeout=5) is PowerState.OFF


def test_faults_meet_the_hosts_and_requests_that_they_name(world: World) -> None:
    other = SimulatedFencing({'address': 'sim://compute-02'}, world)
    bmc = SimulatedFencing({'address': f'sim://{HOST}'}, world)
    fault = world.faults.add('bmc.*', 'refuse', subject=HOST, skip=1, count=2)
    other.power_state(timeout=1)
    bmc.power_state(timeout=1)
    for _ in range(2):
        with pytest.raises(Refused):
            bmc.power_state(timeout=1)
    bmc.power_state(timeout=1)
    world.faults.remove(fault)
    with pytest.raises(ValueError, match='no effect'):
        world.faults.add('bmc.*', 'explode')


def test_power_goes_through_a_transition(bmc: SimulatedFencing, clock: VirtualClock) -> None:
    bmc.power_off(timeout=5)
    assert bmc.power_state(timeout=5) is PowerState.UNKNOWN
    clock.wait(None, 1)
    assert bmc.power_state(timeout=5) is PowerState.OFF
    bmc.power_off(timeout=5)
    bmc.power_on(timeout=5)
    clock.wait(None, 1)
    assert bmc.power_state(timeout=5) is PowerState.ON


def test_swapped_cables(world: World, clock: VirtualClock) -> None:
    first = SimulatedFencing({'address': f'sim://{HOST}'}, world)
    identity = first.identity(timeout=1)
    world.swap_bmcs(HOST, 'compute-02')
    assert first.identity(timeout=1) not in (None, identity)
    first.power_off(timeout=1)
    clock.wait(None, 2)
    with world:
        assert not world.hosts['compute-02'].powered
        assert world.hosts[HOST].powered


def test_a_host_with_two_feeds(world: World, clock: VirtualClock) -> None:
    world.hosts[HOST].feeds = {'a': True, 'b': True}
    bmc = SimulatedFencing({'address': f'sim://{HOST}'}, world)
    feeds = [SimulatedFencing({'address': f'sim://{HOST}', 'plug': name}, world) for name in 'ab']
    feeds[0].power_off(timeout=1)
    clock.wait(None, 1)
    assert feeds[0].power_state(timeout=1) is PowerState.OFF
    assert bmc.power_state(timeout=1) is PowerState.ON
    feeds[1].power_off(timeout=1)
    clock.wait(None, 1)
    assert off(world)
    with pytest.raises(Unreachable):
        bmc.power_state(timeout=4)
    feeds[0].power_on(timeout=1)
    clock.wait(None, 1)
    assert bmc.power_state(timeout=1) is PowerState.ON
    with pytest.raises(NotFound):
        SimulatedFencing({'address': f'sim://{HOST}', 'plug': 'c'}, world).power_off(timeout=1)


def test_the_attached_world_is_found_by_address(world: World) -> None:
    bmc = SimulatedFencing.build({'address': f'sim://{HOST}', 'password': 'hidden'})
    with pytest.raises(Refused, match='no simulated world'):
        bmc.power_state(timeout=1)
    attach(world)
    try:
        assert bmc.power_state(timeout=1) is PowerState.ON
        world.bmc_password = 'another'
        with pytest.raises(AccessDenied) as caught:
            bmc.power_state(timeout=1)
        assert 'hidden' not in f'{bmc!r} {caught.value}'
    finally:
        attach(None)
    world.bmc_password = None
    with pytest.raises(NotFound):
        SimulatedFencing({'address': 'sim://nobody'}, world).power_state(timeout=1)


def test_a_served_bmc(served: Server) -> None:
    bmc = SimulatedFencing.build({'address': f'{served.url}/{HOST}'})
    assert bmc.power_state(timeout=5) is PowerState.ON
    assert bmc.identity(timeout=5) == served.app.world.hosts[HOST].serial
    bmc.power_off(timeout=5)
    until = time.monotonic() + 5
    while bmc.power_state(timeout=5) is not PowerState.OFF:
        assert time.monotonic() < until
    served.app.world.faults.add('bmc.*', 'hang', count=1)
    with pytest.raises(Unreachable):
        bmc.power_state(timeout=0.2)
    served.app.world.faults.add('bmc.*', 'drop', count=1)
    with pytest.raises(Unreachable):
        bmc.power_state(timeout=5)
    served.app.world.faults.add('bmc.*', 'refuse', count=1)
    with pytest.raises(Refused):
        bmc.power_off(timeout=5)
    with pytest.raises(NotFound):
        SimulatedFencing({'address': f'{served.url}/nobody'}).power_state(timeout=5)


# -- over HTTP, inside the client --------------------------------------------------------------


def versions(http: requests.Session, **more: Any) -> requests.Response:
    return http.get(f'{URL}/compute/', **more)


def test_a_late_answer_is_a_time_out(
    http: requests.Session, world: World, clock: VirtualClock
) -> None:
    world.faults.add('nova.*', 'slow-answer', 10)
    with pytest.raises(requests.ReadTimeout):
        versions(http, timeout=(3, 4))
    assert clock.elapsed() == 4
    assert versions(http, timeout=11).ok
    assert clock.elapsed() == 14


@pytest.mark.parametrize(
    ('effect', 'value', 'check'),
    [
        ('error', 500, lambda answer: answer.status_code == 500),
        ('error', None, lambda answer: answer.status_code == 503),
        ('unauthorized', None, lambda answer: answer.status_code == 401),
        ('noise', None, lambda answer: answer.text.startswith('<html>')),
        ('empty', None, lambda answer: answer.json() == {'versions': []}),
    ],
)
def test_bad_answers(
    http: requests.Session,
    world: World,
    effect: str,
    value: float | None,
    check: Callable[[requests.Response], bool],
) -> None:
    world.faults.add('nova.versions', effect, value)
    assert check(versions(http))


@pytest.mark.parametrize('effect', ['drop', 'cut'])
def test_a_closed_connection(http: requests.Session, world: World, effect: str) -> None:
    world.faults.add('*', effect)
    with pytest.raises(requests.ConnectionError):
        versions(http)


def test_a_hanging_service(http: requests.Session, world: World, clock: VirtualClock) -> None:
    world.faults.add('*', 'hang')
    with pytest.raises(requests.ReadTimeout):
        versions(http, timeout=60)
    assert clock.elapsed() == 60


def test_a_stuck_evacuation_stays_accepted(cloud: Any, world: World, clock: VirtualClock) -> None:
    world.lose_power(HOST)
    clock.wait(None, 70)
    world.faults.add('nova.evacuate', 'stuck', subject=HOST)
    instance = next(world.instances_on(HOST))
    cloud.compute.evacuate_server(instance.id)
    clock.wait(None, 600)
    (record,) = cloud.compute.migrations()
    assert record.status == 'accepted'


def test_requests_are_counted_by_kind(cloud: Any, world: World) -> None:
    list(cloud.compute.services())
    list(cloud.compute.services())
    counts = world.faults.counts()
    assert counts['nova.services'] == 2
    assert counts['keystone.token'] == 1


def test_a_session_of_another_clock_is_refused(app: App) -> None:
    with pytest.raises(ValueError, match="world's own clock"):
        mount(requests.Session(), app, VirtualClock())


# -- over HTTP, served -------------------------------------------------------------------------


def test_faults_of_the_served_application(served: Server) -> None:
    def ask(**more: Any) -> requests.Response:
        return requests.get(f'{served.url}/compute/', timeout=5, **more)

    faults = served.app.world.faults
    assert ask().ok
    for effect in ('drop', 'cut'):
        faults.add('nova.*', effect, count=1)
        with pytest.raises(requests.ConnectionError):
            ask()
    faults.add('nova.*', 'error', 500, count=1)
    assert ask().status_code == 500
    faults.add('nova.*', 'hang', count=1)
    with pytest.raises(requests.ReadTimeout):
        requests.get(f'{served.url}/compute/', timeout=0.2)
    assert ask().ok
