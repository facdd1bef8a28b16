"""Threads of one claim share commits, and nothing else: neither errors nor silence."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from drivers.clock import SystemClock
from flows.stop import ClaimLost, StoreAway
from recovery.claims.together import Together


class Disk:
    """Commits one transaction at a time, and only when it is let go on."""

    def __init__(self) -> None:
        self.commits: list[list[Any]] = []
        self.entered = threading.Event()
        self.go = threading.Event()
        self.refuse: BaseException | None = None

    def transact(self, work: Callable[[sa.Connection], Any]) -> Any:
        self.entered.set()
        assert self.go.wait(30.0)
        if self.refuse is not None:
            raise self.refuse
        done: list[Any] = work(None)  # type: ignore[arg-type]
        self.commits.append(done)
        return done


class Crowd:
    """One thread commits; the others line up behind it."""

    def __init__(self, works: list[Callable[[Any], Any]]) -> None:
        self.disk, self.clock = Disk(), SystemClock()
        self.together = Together(self.clock, self.disk.transact)
        self.came: dict[int, Any] = {}
        self._works = works

    def play(self) -> dict[int, Any]:
        ended = [self._spawn(0)]
        assert self.disk.entered.wait(30.0)
        ended += [self._spawn(number) for number in range(1, len(self._works))]
        while len(self.together._line) < len(self._works) - 1:
            self.clock.wait(None, 0.001)
        self.disk.go.set()
        assert all(self.clock.wait(end, 30.0) for end in ended)
        return self.came

    def _spawn(self, number: int) -> threading.Event:
        def body() -> None:
            try:
                self.came[number] = self.together.run(self._works[number])
            except BaseException as error:
                self.came[number] = error

        return self.clock.spawn(f'sender{number}', body)


def says(number: int) -> Callable[[Any], Any]:
    return lambda _connection: number


def fails(_connection: Any) -> Any:
    raise ValueError('no')


def test_alone_it_is_committed_at_once() -> None:
    disk = Disk()
    disk.go.set()
    assert Together(SystemClock(), disk.transact).run(lambda _: 'done') == 'done'
    assert disk.commits == [['done']]


def test_who_lined_up_meanwhile_is_committed_together() -> None:
    crowd = Crowd([says(number) for number in range(5)])
    assert crowd.play() == {number: number for number in range(5)}
    first, second = crowd.disk.commits
    assert (first, sorted(second)) == ([0], [1, 2, 3, 4])


def test_one_that_fails_spoils_nothing_for_the_others() -> None:
    came = Crowd([says(0), says(1), fails, says(3)]).play()
    assert isinstance(came.pop(2), ValueError)
    assert came == {0: 0, 1: 1, 3: 3}


@pytest.mark.parametrize('stop', [ClaimLost('gone'), StoreAway('away')])
def test_a_stop_means_all(stop: BaseException) -> None:
    crowd = Crowd([says(0), says(1), says(2)])
    crowd.disk.refuse = stop
    assert set(crowd.play().values()) == {stop}


def test_a_leader_that_is_killed_leaves_nobody_believing_in_a_commit() -> None:
    crowd = Crowd([says(0), says(1)])
    crowd.disk.refuse = KeyboardInterrupt()
    came = crowd.play()
    assert {type(one) for one in came.values()} <= {KeyboardInterrupt, StoreAway}
    assert crowd.disk.commits == []
