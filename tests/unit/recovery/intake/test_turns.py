"""Who comes while somebody has the turn waits for him, unless he hangs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from drivers.simulated.clock import VirtualClock
from recovery.intake.turns import PATIENCE_SECONDS, Turns


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    clock = VirtualClock()
    yield clock
    clock.close()


class Work:
    """Takes a while, under a name."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._turns = Turns(clock)
        self.under_way = self.most = 0
        self.ended: list[float] = []

    def do(self, name: str, seconds: float = 1.0, *, fails: bool = False) -> None:
        with self._turns.of(name):
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            self._clock.wait(None, seconds)
            self.under_way -= 1
            self.ended.append(self._clock.elapsed())
            if fails:
                raise KeyError(name)


def run(clock: VirtualClock, *work: object) -> None:
    ended = [clock.spawn(f'a{number}', one) for number, one in enumerate(work)]  # type: ignore[arg-type]
    assert all(clock.wait(one, 100.0) for one in ended)


def test_one_after_the_other(clock: VirtualClock) -> None:
    work = Work(clock)
    began = clock.elapsed()
    run(clock, *[lambda: work.do('alarm')] * 4)
    assert work.most == 1
    assert [one - began for one in work.ended] == [1.0, 2.0, 3.0, 4.0]


def test_other_names_are_other_turns(clock: VirtualClock) -> None:
    work = Work(clock)
    began = clock.elapsed()
    run(clock, lambda: work.do('one'), lambda: work.do('another'))
    assert work.most == 2
    assert [one - began for one in work.ended] == [1.0, 1.0]


def test_nobody_waits_for_ever(clock: VirtualClock) -> None:
    work = Work(clock)
    began = clock.elapsed()
    run(clock, lambda: work.do('alarm', 60.0), *[lambda: work.do('alarm')] * 2)
    assert [one - began for one in work.ended] == [PATIENCE_SECONDS + 1.0] * 2 + [60.0]


def test_nobody_waits_for_one_after_the_other(clock: VirtualClock) -> None:
    """When a decision leaves the alarm unanswered, the next one decides again."""
    work = Work(clock)
    began = clock.elapsed()
    run(clock, *[lambda: work.do('alarm', PATIENCE_SECONDS - 1.0)] * 6)
    assert max(work.ended) - began <= 2 * PATIENCE_SECONDS


def test_a_failure_gives_the_turn_back(clock: VirtualClock) -> None:
    work = Work(clock)
    with pytest.raises(KeyError):
        work.do('alarm', fails=True)
    began = clock.elapsed()
    work.do('alarm')
    assert clock.elapsed() - began == 1.0
