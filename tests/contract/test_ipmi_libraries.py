"""Two libraries, one BMC: pyghmi and python-ipmi must give the same answers about ipmi_sim."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from drivers.clock import SystemClock
from drivers.contracts.errors import AccessDenied, DriverError, Refused, Unreachable
from drivers.contracts.fencing import FencingDriver, PowerState
from drivers.fencing.ipmi import IpmiFencing
from drivers.fencing.rmcpplus import RmcpPlusFencing
from tests.peers import BmcFarm

SECONDS = 10.0
CLOCK = SystemClock()
LIBRARIES: tuple[Callable[[Mapping[str, Any]], FencingDriver], ...] = (
    IpmiFencing.build,
    RmcpPlusFencing.build,
)
METHODS = ('power_state', 'identity', 'power_off', 'power_on')


@dataclass
class Bmc:
    """The BMC of one host, and both drivers of it."""

    farm: BmcFarm
    host: str

    def drivers(self, **settings: Any) -> list[FencingDriver]:
        return [make(self.farm.settings(self.host) | settings) for make in LIBRARIES]


@pytest.fixture
def bmc() -> Iterator[Bmc]:
    farm = BmcFarm.needed('ipmi')
    found = Bmc(farm, farm.hosts[2])  # the contract suite breaks the first two
    yield found
    farm.fault(found.host, 'ok')
    farm.power(found.host, 'on')


def answer(driver: FencingDriver, method: str) -> object:
    """What a call returns, or the class of what it raises."""
    try:
        returned: object = getattr(driver, method)(timeout=SECONDS)
    except DriverError as error:
        return type(error)
    return returned


@pytest.mark.parametrize('power', ['on', 'off'])
def test_state_and_identity_are_equal(bmc: Bmc, power: str) -> None:
    bmc.farm.power(bmc.host, power)
    states, identities = zip(
        *((answer(one, 'power_state'), answer(one, 'identity')) for one in bmc.drivers()),
        strict=True,
    )
    assert states == (PowerState(power),) * 2
    assert identities[0] == identities[1]
    assert isinstance(identities[0], str)


def test_each_sees_what_the_other_did(bmc: Bmc) -> None:
    first, second = bmc.drivers()
    for one, other in ((first, second), (second, first)):
        one.power_off(timeout=SECONDS)
        assert other.power_state(timeout=SECONDS) is PowerState.OFF
        assert bmc.farm.power(bmc.host) == 'off'
        other.power_on(timeout=SECONDS)
        assert one.power_state(timeout=SECONDS) is PowerState.ON
        assert bmc.farm.power(bmc.host) == 'on'


@pytest.mark.parametrize('method', METHODS)
@pytest.mark.parametrize(
    ('fault', 'settings', 'error'),
    [
        ('ok', {'password': 'wrong'}, AccessDenied),
        ('ok', {'username': 'nobody'}, AccessDenied),
        ('dead', {}, Unreachable),
        ('hang', {}, Unreachable),
    ],
    ids=['password', 'user', 'dead', 'frozen'],
)
def test_who_gets_no_session_is_told_the_same(
    bmc: Bmc, method: str, fault: str, settings: dict[str, Any], error: type[DriverError]
) -> None:
    bmc.farm.fault(bmc.host, fault)
    assert [answer(one, method) for one in bmc.drivers(**settings)] == [error, error]


def test_a_refusal_is_the_same(bmc: Bmc) -> None:
    bmc.farm.fault(bmc.host, 'refuse')
    assert [answer(one, 'power_off') for one in bmc.drivers()] == [Refused, Refused]
    bmc.farm.power(bmc.host, 'off')
    assert [answer(one, 'power_off') for one in bmc.drivers()] == [None, None]
    assert [answer(one, 'power_on') for one in bmc.drivers()] == [Refused, Refused]


@pytest.mark.parametrize('fault', ['stuck', 'lie'])
def test_a_bmc_that_does_not_do_what_it_says_is_read_the_same(bmc: Bmc, fault: str) -> None:
    bmc.farm.fault(bmc.host, fault)
    for one in bmc.drivers():
        one.power_off(timeout=SECONDS)
        assert one.power_state(timeout=SECONDS) is PowerState.ON


@pytest.mark.parametrize('suite', [3, 17])
def test_each_cipher_suite_is_spoken_or_refused(bmc: Bmc, suite: int) -> None:
    driver = RmcpPlusFencing.build(bmc.farm.settings(bmc.host) | {'cipher_suite': suite})
    assert answer(driver, 'power_state') in (PowerState.ON, Refused)


@pytest.mark.parametrize('fault', ['dead', 'hang'])
def test_a_deadline_holds_for_many_at_once(bmc: Bmc, fault: str) -> None:
    bmc.farm.fault(bmc.host, fault)
    before = CLOCK.elapsed()
    found: list[object] = []

    def ask() -> None:
        for one in bmc.drivers():
            try:
                one.power_state(timeout=2.0)
            except DriverError as error:
                found.append(type(error))

    ended: list[threading.Event] = [CLOCK.spawn(f'asks {n}', ask) for n in range(4)]
    assert all(CLOCK.wait(event, 30.0) for event in ended)
    assert found == [Unreachable] * 8
    assert CLOCK.elapsed() - before < 2 * (2.0 + 2.0)
