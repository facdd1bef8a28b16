"""What one process knows of requests, by the clock that nobody sets."""

from __future__ import annotations

from flows.evacuation.memory import KEPT_SECONDS, Memory
from tests.unit.flows.devices import Clock


def test_it_counts_from_when_it_first_knew() -> None:
    clock = Clock()
    memory = Memory(clock)
    clock.pass_(100.0)
    assert memory.since('r', 1) == 100.0
    clock.pass_(30.0)
    assert (memory.since('r', 1), memory.since('r', 2)) == (100.0, 130.0)


def test_an_id_that_is_given_again_is_another_request() -> None:
    clock = Clock()
    memory = Memory(clock)
    memory.since('r', 1)
    clock.pass_(500.0)
    assert memory.since('s', 1) == 500.0


def test_it_does_not_grow_for_ever() -> None:
    clock = Clock()
    memory = Memory(clock)
    for number in range(9):
        memory.since('r', number)
    clock.pass_(KEPT_SECONDS)
    memory.since('r', 99)
    assert len(memory._since) == 1
