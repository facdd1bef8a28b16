"""Readings: whatever goes wrong reads UNKNOWN, and unknown is never off (S2)."""

from __future__ import annotations

import pytest

from drivers.contracts.fencing import PowerState
from flows.fencing.readings import Reading, all_off, any_on, read, read_all, sentence
from tests.unit.flows.devices import Clock, Device, device

ON, OFF, UNKNOWN = PowerState.ON, PowerState.OFF, PowerState.UNKNOWN


def readings(*states: PowerState) -> list[Reading]:
    return [Reading(f'd{number}', state, 1.0) for number, state in enumerate(states)]


@pytest.mark.parametrize(
    ('states', 'off', 'on'),
    [
        ([], False, False),
        ([OFF], True, False),
        ([OFF, OFF], True, False),
        ([OFF, UNKNOWN], False, False),
        ([OFF, ON], False, True),
        ([UNKNOWN, ON], False, True),
        ([UNKNOWN], False, False),
    ],
)
def test_a_level_is_off_only_if_every_device_is(
    states: list[PowerState], off: bool, on: bool
) -> None:
    assert all_off(readings(*states)) is off
    assert any_on(readings(*states)) is on


@pytest.mark.parametrize('said', ['away', 'refused'])
def test_an_error_is_unknown_and_says_why(said: str) -> None:
    clock = Clock()
    reading = read(device(Device(clock, said)), clock)
    assert reading.state is UNKNOWN
    assert reading.error
    assert reading.as_json()['error'] == reading.error


def test_a_driver_that_breaks_its_promise_is_unknown_too() -> None:
    clock = Clock()
    reading = read(device(Device(clock, 'no power state at all')), clock)
    assert reading.state is UNKNOWN
    assert 'ValueError' in reading.error


def test_the_time_is_that_of_the_answer() -> None:
    clock = Clock()
    reading = read(device(Device(clock, 'off', seconds=3.0)), clock)
    assert reading.at == clock.now()
    assert reading.as_json() == {'device': 'bmc', 'power': 'off', 'at': reading.at}


def test_every_device_is_asked_once() -> None:
    clock = Clock()
    devices = [Device(clock, 'off'), Device(clock, 'away')]
    found = read_all([device(one) for one in devices], clock)
    assert [len(one.asked_at) for one in devices] == [1, 1]
    assert sentence(found) == 'bmc reads off, bmc reads unknown (no answer)'
