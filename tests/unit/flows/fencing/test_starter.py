"""Switching on: every device that keeps the host off, unless a human is to do it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from drivers.contracts.fencing import FenceDevice, FenceLevel, FencePath, PowerOn
from flows.fencing.starter import Starter
from flows.ports import Claim, Ledger
from flows.stop import Waiting
from tests.unit.flows.devices import Clock, Device, device
from tests.unit.flows.fencing.test_levels import Acts

NEVER = {'power_on': PowerOn.NEVER}


def start(*devices: FenceDevice, whose: Callable[[], None] = lambda: None) -> tuple[Starter, Acts]:
    """Each device is a level of its own."""
    clock = cast(Device, devices[0].driver).clock
    levels = tuple(FenceLevel(number, (one,)) for number, one in enumerate(devices, 1))
    acts = Acts()
    starter = Starter(
        FencePath('compute-02', levels),
        whose=whose,
        claim=cast(Claim, acts),
        ledger=cast(Ledger, acts),
        clock=clock,
    )
    starter.start()
    return starter, acts


class Fed(Device):
    """A controller that answers some seconds after an outlet has been switched on."""

    def __init__(self, clock: Clock, outlet: Device, boots: float) -> None:
        super().__init__(clock, 'off')
        self.outlet = outlet
        self.boots = boots

    def _raise(self, said: str) -> None:  # type: ignore[override]
        alive = self.outlet.requests and self.clock.time >= self.boots
        Device._raise(said if alive else 'away')


Make = Callable[..., FenceDevice]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def made(clock: Clock) -> Make:
    def make(name: str, *readings: str, takes: str = '', **fields: Any) -> FenceDevice:
        return replace(device(Device(clock, *readings, takes=takes), name), **fields)

    return make


def requests(one: FenceDevice) -> list[str]:
    return cast(Device, one.driver).requests


def test_all_that_do_not_read_on_are_asked(made: Make) -> None:
    devices = [made('a', 'off'), made('b', 'unknown', 'on'), made('c', 'on')]
    starter, acts = start(*devices)
    assert [requests(one) for one in devices] == [['on'], ['on'], []]
    assert (starter.asked, starter.on, starter.by_hand) == (2, True, '')
    assert acts.done == [('a', 'off'), ('b', 'unknown')]


def test_one_that_is_never_switched_on_is_not_asked(made: Make) -> None:
    left, right = made('left', 'off', **NEVER), made('right', 'off', 'on')
    starter, _acts = start(left, right)
    assert (requests(left), requests(right)) == ([], ['on'])
    assert starter.asked == 1


def test_a_human_is_to_switch_on_what_reads_off(made: Make) -> None:
    starter, acts = start(made('left', 'off', **NEVER), made('right', 'away', **NEVER))
    assert (starter.asked, starter.on, acts.done) == (0, False, [])
    assert starter.by_hand == (
        'left reads off (power_on: never), right reads unknown (no answer) (power_on: never)'
    )


def test_what_a_human_has_switched_on_already(made: Make) -> None:
    starter, acts = start(made('left', 'on', **NEVER), made('right', 'off', **NEVER))
    assert (starter.asked, starter.on, acts.done) == (0, True, [])


def test_what_nobody_can_see_is_no_business_of_a_human(made: Make) -> None:
    starter, _acts = start(made('left', 'away', **NEVER))
    assert (starter.asked, starter.on, starter.by_hand, starter.troubles) == (0, False, '', [])


def test_what_did_not_work_is_said(made: Make) -> None:
    starter, acts = start(made('bmc', 'off', takes='refused'))
    assert (starter.asked, starter.on) == (0, False)
    assert starter.troubles == ['bmc: not now']
    assert acts.told == ['bmc did not take the power-on request']


def test_a_controller_that_its_outlet_wakes_is_asked_again(clock: Clock, made: Make) -> None:
    outlet = made('pdu', 'off', 'on')
    bmc = device(Fed(clock, cast(Device, outlet.driver), boots=9.0), 'bmc')
    starter, acts = start(bmc, outlet)
    assert starter.asked == 2
    assert acts.done == [('pdu', 'off'), ('bmc', 'off')]
    assert clock.time == 10.0  # looked at every two seconds


def test_a_controller_that_wakes_is_asked_whose_it_is(clock: Clock, made: Make) -> None:
    outlet = made('pdu', 'off', 'on')
    bmc = device(Fed(clock, cast(Device, outlet.driver), boots=9.0), 'bmc')

    def another() -> None:
        raise Waiting('it is another machine', code='held')

    with pytest.raises(Waiting, match='another machine'):
        start(bmc, outlet, whose=another)
    assert (requests(outlet), requests(bmc)) == (['on'], [])


def test_one_that_stays_silent_is_waited_for_as_long_as_its_time_out(
    clock: Clock, made: Make
) -> None:
    outlet, dead = made('pdu', 'off', 'on'), made('bmc', 'away', takes='away')
    starter, acts = start(dead, outlet)
    assert starter.asked == 1
    assert requests(dead) == []
    assert clock.time == 20.0
    assert acts.told == ['bmc was not asked to switch on']


def test_a_silent_one_is_asked_when_there_is_nobody_else(clock: Clock, made: Make) -> None:
    starter, acts = start(made('bmc', 'away', takes='away'))
    assert acts.done == [('bmc', 'unknown')]
    assert starter.troubles == ['bmc: no answer']
    assert clock.time == 0.0
