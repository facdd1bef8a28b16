"""What one process knows of requests, by the clock that nobody sets."""

from __future__ import annotations

from flows.evacuation.memory import Memory
from tests.unit.flows.devices import Clock


def test_it_goes_on_counting_until_the_request_has_ended() -> None:
    clock = Clock()
    memory = Memory(clock)
    clock.pass_(100.0)
    assert memory.since(1) == 100.0
    clock.pass_(30.0)
    assert (memory.since(1), memory.since(2)) == (100.0, 130.0)
    memory.forget(1)
    assert memory.since(1) == 130.0


def test_how_long_a_destination_was_not_seen() -> None:
    memory = Memory(Clock())
    assert [memory.away(1, 10.0), memory.away(1, 15.0), memory.away(2, 80.0)] == [None, 5.0, None]
    assert memory.away(1, 80.0) == 65.0
    memory.forget(1)
    assert memory.away(1, 81.0) is None
