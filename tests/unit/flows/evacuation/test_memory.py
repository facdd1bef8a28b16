"""What one process knows of requests, by the clock that nobody sets."""

from __future__ import annotations

from flows.evacuation.memory import KEPT_SECONDS, Memory
from tests.unit.flows.devices import Clock
from tests.unit.flows.made import attempt


def test_it_counts_from_when_it_first_knew() -> None:
    clock = Clock()
    memory = Memory(clock)
    clock.pass_(100.0)
    assert memory.since(attempt()) == 100.0
    clock.pass_(30.0)
    assert (memory.since(attempt()), memory.since(attempt(id=2))) == (100.0, 130.0)


def test_an_id_that_is_given_again_is_another_request() -> None:
    clock = Clock()
    memory = Memory(clock)
    memory.since(attempt(at=100.0))
    clock.pass_(500.0)
    assert memory.since(attempt(at=9000.0)) == 500.0


def test_it_does_not_grow_for_ever() -> None:
    clock = Clock()
    memory = Memory(clock)
    for number in range(9):
        memory.since(attempt(id=number))
    clock.pass_(KEPT_SECONDS)
    memory.since(attempt(id=99))
    assert len(memory._since) == 1
