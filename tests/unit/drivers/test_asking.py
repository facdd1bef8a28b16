from __future__ import annotations

import pytest

from drivers.asking import AskingFencing
from drivers.contracts.fencing import FencingDriver, PowerState
from drivers.fencing.ipmi import IpmiFencing
from drivers.fencing.ironic import IronicFencing
from drivers.fencing.maas import MaasFencing
from drivers.fencing.redfish import RedfishFencing
from drivers.fencing.rmcpplus import RmcpPlusFencing

DRIVERS = (IpmiFencing, RmcpPlusFencing, RedfishFencing, IronicFencing, MaasFencing)
SETTINGS = {'address': 'bmc-1', 'system': '1', 'password': 'hush'}


class Answered(IpmiFencing):
    def _answered(self, question: dict[str, object], timeout: float) -> dict[str, object]:
        asked.append((question['operation'], timeout))
        return {'power': power, 'identity': 'serial-1'}


asked: list[tuple[object, float]] = []
power = 'on'


@pytest.mark.parametrize('make', DRIVERS)
def test_each_says_who_it_is_and_no_secret(make: type[AskingFencing]) -> None:
    assert repr(make.build(SETTINGS)) == f'{make.__name__}(bmc-1, 1)'


@pytest.mark.parametrize('make', DRIVERS)
def test_no_word_but_its_two_is_a_state(make: type[AskingFencing]) -> None:
    assert set(make.POWER.values()) == {PowerState.ON, PowerState.OFF}


@pytest.mark.parametrize(
    ('word', 'state'),
    [('on', PowerState.ON), ('off', PowerState.OFF), ('On', PowerState.UNKNOWN),
     ('', PowerState.UNKNOWN), (None, PowerState.UNKNOWN)],
)  # fmt: skip
def test_a_word_that_is_not_known_is_unknown(
    monkeypatch: pytest.MonkeyPatch, word: str, state: PowerState
) -> None:
    monkeypatch.setitem(globals(), 'power', word)
    assert Answered.build(SETTINGS).power_state(timeout=3.0) is state


def test_each_call_is_one_question() -> None:
    driver: FencingDriver = Answered.build(SETTINGS)
    asked.clear()
    driver.power_off(timeout=1.0)
    driver.power_on(timeout=2.0)
    assert driver.identity(timeout=3.0) == 'serial-1'
    assert asked == [('power_off', 1.0), ('power_on', 2.0), ('identity', 3.0)]
