"""The watch of a proof (H3)."""

from __future__ import annotations

import pytest

from flows.fencing.watch import PowerWatch
from tests.unit.flows.devices import Clock, Device, device


def watch(clock: Clock, *devices: Device, by_human: bool = False) -> PowerWatch:
    return PowerWatch(
        tuple(device(one) for one in devices),
        clock=clock,
        by_human=by_human,
        every_seconds=5.0,
        fresh_seconds=15.0,
    )


def test_off_is_fresh_for_a_while() -> None:
    clock = Clock()
    one = watch(clock, Device(clock, 'off'))
    assert not one.fresh()
    one.look()
    assert one.fresh()
    clock.pass_(15.0)
    assert one.fresh()
    clock.pass_(0.1)
    assert not one.fresh()


def test_on_ends_it_for_good() -> None:
    clock = Clock()
    power = Device(clock, 'off', 'on', 'off')
    one = watch(clock, power)
    one.look()
    one.look()
    assert 'reads on' in one.on
    one.look()
    assert not one.fresh()


def test_one_device_of_two_that_is_on_is_on() -> None:
    clock = Clock()
    one = watch(clock, Device(clock, 'off'), Device(clock, 'on'))
    one.look()
    assert one.on
    assert not one.fresh()


@pytest.mark.parametrize('answer', ['unknown', 'away', 'refused'])
def test_what_cannot_be_read_is_lost_once_the_last_off_is_old(answer: str) -> None:
    clock = Clock()
    one = watch(clock, Device(clock, 'off', answer))
    one.look()
    clock.pass_(5.0)
    one.look()
    assert one.fresh()
    assert not one.lost()
    clock.pass_(11.0)
    assert not one.fresh()
    assert one.lost()


def test_a_slow_answer_is_old_and_not_lost() -> None:
    clock = Clock()
    one = watch(clock, Device(clock, 'off', seconds=12.0))
    one.look()
    assert one.fresh()  # asked 12 s ago
    clock.pass_(4.0)
    assert not one.fresh()
    assert not one.lost()  # the next answer is on its way


def test_a_dead_device_ages_no_human_word() -> None:
    clock = Clock()
    one = watch(clock, Device(clock, 'away', seconds=30.0), by_human=True)
    one.look()
    clock.pass_(100.0)
    assert one.fresh()
    assert not one.lost()


def test_a_device_that_reads_on_is_believed_more_than_a_human() -> None:
    clock = Clock()
    one = watch(clock, Device(clock, 'on'), by_human=True)
    one.look()
    assert not one.fresh()


def test_it_looks_every_so_often_counted_from_look_to_look() -> None:
    clock = Clock()
    power = Device(clock, *['off'] * 4, 'on', seconds=2.0)
    one = watch(clock, power)
    one.run()
    assert power.asked_at == [5.0, 10.0, 15.0, 20.0, 25.0]
