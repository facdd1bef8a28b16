"""Several are asked at once; nobody is waited for longer than for all."""

from __future__ import annotations

from collections.abc import Callable

from drivers.clock import SystemClock
from drivers.simulated.clock import VirtualClock
from recovery.intake.beside import Beside


def slowly(clock: VirtualClock, seconds: float, said: str) -> Callable[[], str]:
    def ask() -> str:
        clock.wait(None, seconds)
        return said

    return ask


def test_all_together_take_as_long_as_the_slowest(clock: VirtualClock) -> None:
    beside: Beside[str] = Beside(clock)
    questions = {name: slowly(clock, 2.0, name.upper()) for name in ('a', 'b', 'c')}
    assert beside.ask(questions, 5.0) == {'a': 'A', 'b': 'B', 'c': 'C'}
    assert clock.elapsed() == 2.0


def test_who_is_late_is_missing(clock: VirtualClock) -> None:
    beside: Beside[str] = Beside(clock)
    questions = {'fast': slowly(clock, 0.1, 'yes'), 'slow': slowly(clock, 60.0, 'yes')}
    answers = beside.ask(questions, 3.0)
    assert answers == {'fast': 'yes'}
    assert clock.elapsed() == 3.0
    clock.wait(None, 100.0)
    assert answers == {'fast': 'yes'}, 'a late answer must not appear in what was decided by'


def test_one_that_hangs_is_not_asked_again_before_it_has_come_back(clock: VirtualClock) -> None:
    beside: Beside[str] = Beside(clock)
    asked: list[float] = []

    def hang() -> str:
        asked.append(clock.elapsed())
        clock.wait(None, 10.0)
        return 'at last'

    for _ in range(5):
        assert beside.ask({'one': hang}, 1.0) == {}
    assert len(asked) == 1
    clock.wait(None, 10.0)
    assert beside.ask({'one': slowly(clock, 0.0, 'again')}, 1.0) == {'one': 'again'}


def test_on_the_clock_of_the_machine_and_one_that_breaks() -> None:
    beside: Beside[str] = Beside(SystemClock())

    def broken() -> str:
        raise RuntimeError('a bug')

    assert beside.ask({'good': lambda: 'yes', 'bad': broken}, 5.0) == {'good': 'yes'}
    assert beside.ask({'bad': lambda: 'mended'}, 5.0) == {'bad': 'mended'}
    assert beside.ask({}, 5.0) == {}
