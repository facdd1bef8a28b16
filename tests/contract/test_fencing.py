"""The fencing contract, a test for each of its sentences, over every driver and its peer."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Iterator

import pytest

from drivers.contracts.errors import AccessDenied, DriverError, Refused, Unreachable
from drivers.contracts.fencing import FencingDriver, PowerState
from tests.contract.fencing_peer import Fault, Peer
from tests.contract.fencing_peers import PEERS

SECONDS = 10.0  # plenty for a controller that answers
SHORT = 1.5  # for one that never will
GRACE = 2.0  # what a loaded machine may add to a deadline

open_peer = functools.cache(lambda kind: kind())

METHODS = ('power_state', 'power_off', 'power_on', 'identity')
SILENCE = (Fault.DEAD, Fault.HANG, Fault.DRIP, Fault.DROP)


@pytest.fixture
def peer(request: pytest.FixtureRequest) -> Iterator[Peer]:
    found: Peer = open_peer(request.param)
    with found.alone():
        found.restore()
        yield found
        found.restore()


@pytest.fixture
def host(peer: Peer) -> str:
    return peer.hosts[0]


every_peer = pytest.mark.parametrize(
    'peer', PEERS, indirect=True, ids=[kind.name for kind in PEERS]
)


def every_peer_with(*faults: Fault) -> pytest.MarkDecorator:
    """Run the test for each of the faults with each peer that can have it."""
    pairs = [
        pytest.param(kind, fault, id=f'{kind.name}-{fault.value}')
        for kind in PEERS
        for fault in faults
        if fault in kind.faults
    ]
    return pytest.mark.parametrize(('peer', 'fault'), pairs, indirect=['peer'])


def without_identity(peer: Peer, method: str = 'identity') -> None:
    """Skip what a driver without identities cannot be asked."""
    if method == 'identity' and not peer.has_identity:
        pytest.skip(f'by design: {peer.name} knows no identity')


def denied(peer: Peer) -> type[DriverError]:
    """What a wrong password is to the drivers of a peer."""
    return AccessDenied if peer.tells_why else Unreachable


def becomes(driver: FencingDriver, wanted: PowerState, peer: Peer) -> list[PowerState]:
    """Read until the wanted state is read; all that was read before it."""
    until = peer.clock.elapsed() + 30.0
    read = [driver.power_state(timeout=SECONDS)]
    while read[-1] is not wanted:
        assert peer.clock.elapsed() < until, f'read {read}'
        peer.clock.wait(None, 0.1)
        read.append(driver.power_state(timeout=SECONDS))
    return read[:-1]


@every_peer
def test_on_is_on_and_off_is_off(peer: Peer, host: str) -> None:
    driver = peer.driver(host)
    assert driver.power_state(timeout=SECONDS) is PowerState.ON
    driver.power_off(timeout=SECONDS)
    becomes(driver, PowerState.OFF, peer)
    assert not peer.is_on(host)
    driver.power_on(timeout=SECONDS)
    becomes(driver, PowerState.ON, peer)
    assert peer.is_on(host)


@every_peer
def test_only_the_host_of_the_device_is_switched(peer: Peer, host: str) -> None:
    peer.driver(host).power_off(timeout=SECONDS)
    becomes(peer.driver(host), PowerState.OFF, peer)
    assert peer.is_on(peer.hosts[1])
    assert peer.driver(peer.hosts[1]).power_state(timeout=SECONDS) is PowerState.ON


@every_peer_with(Fault.ODD)
def test_a_state_that_is_neither_on_nor_off_is_unknown(peer: Peer, host: str, fault: Fault) -> None:
    assert peer.broken(host, fault).power_state(timeout=SECONDS) is PowerState.UNKNOWN


@every_peer_with(*SILENCE)
def test_building_contacts_nobody(peer: Peer, host: str, fault: Fault) -> None:
    before = peer.contacts(host)
    driver = peer.broken(host, fault)
    repr(driver)
    assert peer.contacts(host) == before


@pytest.mark.parametrize('method', METHODS)
@every_peer_with(*SILENCE)
def test_silence_is_unreachable_and_ends_in_time(
    peer: Peer, host: str, fault: Fault, method: str
) -> None:
    without_identity(peer, method)
    driver = peer.broken(host, fault)
    before = peer.clock.elapsed()
    with pytest.raises(Unreachable):
        getattr(driver, method)(timeout=SHORT)
    assert peer.clock.elapsed() - before < SHORT + GRACE


@pytest.mark.parametrize('method', METHODS)
@every_peer_with(Fault.BUSY, Fault.NOISE)
def test_an_answer_without_use_is_unreachable(
    peer: Peer, host: str, fault: Fault, method: str
) -> None:
    without_identity(peer, method)
    with pytest.raises(Unreachable):
        getattr(peer.broken(host, fault), method)(timeout=SECONDS)


@every_peer_with(Fault.HANG, Fault.BUSY)
def test_after_the_fault_the_same_driver_works_again(peer: Peer, host: str, fault: Fault) -> None:
    driver = peer.broken(host, fault)
    with pytest.raises(Unreachable):
        driver.power_off(timeout=SHORT)
    peer.restore()
    assert driver.power_state(timeout=SECONDS) is PowerState.ON


@every_peer_with(Fault.REFUSE)
def test_a_no_is_refused(peer: Peer, host: str, fault: Fault) -> None:
    driver = peer.broken(host, fault)
    if peer.tells_why:
        with pytest.raises(Refused):
            driver.power_off(timeout=SECONDS)
    else:
        with contextlib.suppress(Unreachable):
            driver.power_off(timeout=SECONDS)
    assert peer.is_on(host)
    assert driver.power_state(timeout=SECONDS) is PowerState.ON


@pytest.mark.parametrize('method', METHODS)
@every_peer
def test_a_wrong_password_is_access_denied(peer: Peer, host: str, method: str) -> None:
    without_identity(peer, method)
    with pytest.raises(denied(peer)):
        getattr(peer.driver(host, password='wrong'), method)(timeout=SECONDS)
    assert peer.is_on(host)


@every_peer
def test_several_threads_may_use_one_driver(peer: Peer) -> None:
    peer.switch(peer.hosts[1], on=False)
    drivers = [peer.driver(host) for host in peer.hosts[:2]]
    read: list[tuple[int, PowerState]] = []

    def reader(which: int) -> None:
        read.append((which, drivers[which].power_state(timeout=30.0)))

    ended = [peer.clock.spawn(f'reader {n}', functools.partial(reader, n % 2)) for n in range(8)]
    assert all(peer.clock.wait(event, 40.0) for event in ended)
    wanted = {0: PowerState.ON, 1: PowerState.OFF}
    assert sorted(which for which, _ in read) == [0] * 4 + [1] * 4
    assert all(state is wanted[which] for which, state in read)


@every_peer_with(Fault.REFUSE, Fault.STUCK, Fault.SLOW, Fault.LIE)
def test_a_request_is_sent_once(peer: Peer, host: str, fault: Fault) -> None:
    driver = peer.broken(host, fault)
    for method in (driver.power_off, driver.power_on):
        before = peer.requests_to_switch(host)
        with contextlib.suppress(DriverError):  # some refuse, some are busy with the first
            method(timeout=SECONDS)
        sent = peer.requests_to_switch(host) - before
        assert sent <= 1
        if peer.asks_always or method == driver.power_off:
            assert sent == 1


@every_peer_with(Fault.DROP, Fault.BUSY, Fault.HANG)
def test_a_request_without_an_answer_is_not_sent_again(peer: Peer, host: str, fault: Fault) -> None:
    driver = peer.broken(host, fault)
    before = peer.contacts(host)
    with pytest.raises(Unreachable):
        driver.power_state(timeout=SHORT)
    assert peer.contacts(host) - before <= 1


@every_peer
def test_the_state_is_asked_for_and_never_remembered(peer: Peer, host: str) -> None:
    driver = peer.driver(host)
    for on in (True, False, True, False):
        peer.switch(host, on)
        assert driver.power_state(timeout=SECONDS) is (PowerState.ON if on else PowerState.OFF)


@every_peer_with(Fault.LIE)
def test_what_is_read_is_what_was_said(peer: Peer, host: str, fault: Fault) -> None:
    driver = peer.broken(host, fault)
    driver.power_off(timeout=SECONDS)
    assert driver.power_state(timeout=SECONDS) is PowerState.ON


@every_peer_with(Fault.STUCK)
def test_accepted_is_not_off(peer: Peer, host: str, fault: Fault) -> None:
    driver = peer.broken(host, fault)
    driver.power_off(timeout=SECONDS)
    assert peer.is_on(host)
    assert driver.power_state(timeout=SECONDS) is PowerState.ON


@every_peer_with(Fault.SLOW)
def test_off_is_read_only_when_it_is_off(peer: Peer, host: str, fault: Fault) -> None:
    driver = peer.broken(host, fault)
    driver.power_off(timeout=SECONDS)
    assert set(becomes(driver, PowerState.OFF, peer)) <= {PowerState.ON, PowerState.UNKNOWN}
    assert not peer.is_on(host)


@every_peer
def test_asking_for_what_is_already_so_is_no_error(peer: Peer, host: str) -> None:
    driver = peer.driver(host)
    driver.power_on(timeout=SECONDS)
    assert driver.power_state(timeout=SECONDS) is PowerState.ON
    peer.switch(host, on=False)
    driver.power_off(timeout=SECONDS)
    assert driver.power_state(timeout=SECONDS) is PowerState.OFF


@every_peer_with(Fault.REFUSE)
def test_a_no_to_switch_off_what_is_off_is_no_error(peer: Peer, host: str, fault: Fault) -> None:
    driver = peer.broken(host, fault)
    peer.switch(host, on=False)
    if peer.from_record:
        with pytest.raises(Refused):
            driver.power_off(timeout=SECONDS)
        return
    driver.power_off(timeout=SECONDS)
    assert driver.power_state(timeout=SECONDS) is PowerState.OFF


@every_peer_with(Fault.SLOW, Fault.STUCK)
def test_power_on_does_not_wait(peer: Peer, host: str, fault: Fault) -> None:
    peer.switch(host, on=False)
    peer.broken(host, fault).power_on(timeout=SECONDS)


@every_peer
def test_the_identity_stays_and_is_its_own(peer: Peer, host: str) -> None:
    without_identity(peer)
    identity = peer.driver(host).identity(timeout=SECONDS)
    assert identity
    peer.switch(host, on=False)
    assert peer.driver(host).identity(timeout=SECONDS) == identity
    peer.switch(host, on=True)
    assert peer.driver(host).identity(timeout=SECONDS) == identity
    assert peer.driver(peer.hosts[1]).identity(timeout=SECONDS) != identity


@every_peer
def test_no_message_holds_the_password(peer: Peer, host: str) -> None:
    driver = peer.driver(host, password=peer.password[::-1])
    with pytest.raises(denied(peer)) as caught:
        driver.power_state(timeout=SECONDS)
    for text in (repr(driver), str(caught.value), repr(caught.value)):
        assert peer.password[::-1] not in text


@every_peer_with(Fault.HANG)
def test_no_thread_stays_behind(peer: Peer, host: str, fault: Fault) -> None:
    driver = peer.broken(host, fault)
    before = threading.active_count()
    with pytest.raises(Unreachable):
        driver.power_state(timeout=SHORT)
    assert threading.active_count() <= before
