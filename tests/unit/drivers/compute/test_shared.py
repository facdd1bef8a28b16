"""Who asks at the same time shares an answer, but never one that is older than the question."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from drivers.clock import SystemClock
from drivers.compute.http import Deadline
from drivers.compute.shared import Shared
from drivers.contracts.errors import Refused, Unreachable


class Nova:
    """Answers when it is let go on: with the number of the request."""

    def __init__(self) -> None:
        self.clock = SystemClock()
        self.asked: list[float] = []
        self.entered = threading.Event()
        self.go = threading.Event()
        self.error: Exception | None = None
        self.shared = Shared(self.clock, self._fetch)
        self.came: dict[float, Any] = {}

    def _fetch(self, since: float, deadline: Deadline) -> int:
        self.asked.append(since)
        self.entered.set()
        assert self.go.wait(30.0)
        if self.error is not None:
            raise self.error
        return len(self.asked)

    def ask(self, since: float, seconds: float = 30.0) -> threading.Event:
        def body() -> None:
            try:
                self.came[since] = self.shared.ask(since, Deadline(self.clock, seconds))
            except Exception as error:
                self.came[since] = error

        return self.clock.spawn(f'asker {since}', body)

    def crowd(self, *times: float) -> None:
        """The first one is being answered when all the others ask."""
        ended = [self.ask(times[0])]
        assert self.entered.wait(30.0)
        ended += [self.ask(since) for since in times[1:]]
        while len(self.shared._line) < len(times) - 1:
            self.clock.wait(None, 0.001)
        self.go.set()
        assert all(self.clock.wait(end, 30.0) for end in ended)


def test_alone_it_asks_at_once() -> None:
    nova = Nova()
    nova.go.set()
    assert nova.shared.ask(5.0, Deadline(nova.clock, 30.0)) == 1
    assert nova.shared.ask(6.0, Deadline(nova.clock, 30.0)) == 2
    assert nova.asked == [5.0, 6.0]


def test_those_who_came_later_share_the_next_answer_from_the_earliest_time_on() -> None:
    nova = Nova()
    nova.crowd(9.0, 4.0, 3.0, 5.0)
    assert nova.asked == [9.0, 3.0]
    assert nova.came == {9.0: 1, 4.0: 2, 3.0: 2, 5.0: 2}


def test_an_error_is_for_all_who_asked() -> None:
    nova = Nova()
    nova.error = Refused('no')
    nova.crowd(1.0, 2.0)
    assert nova.came == {1.0: nova.error, 2.0: nova.error}


def test_who_cannot_wait_gives_up_and_holds_up_nobody() -> None:
    nova = Nova()
    first = nova.ask(1.0)
    assert nova.entered.wait(30.0)
    with pytest.raises(Unreachable, match='no answer within'):
        nova.shared.ask(2.0, Deadline(nova.clock, 0.01))
    nova.go.set()
    assert nova.clock.wait(first, 30.0)
    assert nova.shared.ask(3.0, Deadline(nova.clock, 30.0)) == 2
    assert nova.asked == [1.0, 3.0]
