"""One answer for all who ask the same at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from drivers.compute.http import Deadline
from drivers.contracts.clock import Clock
from drivers.contracts.errors import Unreachable

T = TypeVar('T')


@dataclass(eq=False)
class _Question(Generic[T]):
    since: float
    deadline: Deadline
    turn: threading.Event = field(default_factory=threading.Event)
    leads: bool = False  #: it is to ask, for itself and for all that have lined up
    answer: list[T] = field(default_factory=list)
    error: Exception | None = None


class Shared(Generic[T]):
    """Asks what changed since a time, once for all who want to know it.

    Recoveries of many hosts look at the changes of the whole cloud, each on its own. Whoever asks
    while a request is on its way waits for the next one: no answer is older than its question.

    :param fetch: asks; given the earliest of all times and the latest of all deadlines.
    """

    def __init__(self, clock: Clock, fetch: Callable[[float, Deadline], T]) -> None:
        self._clock = clock
        self._fetch = fetch
        self._lock = threading.Lock()
        self._line: list[_Question[T]] = []
        self._busy = False

    def ask(self, since: float, deadline: Deadline) -> T:
        """What changed since then, and perhaps earlier changes, too. Raises DriverError."""
        mine: _Question[T] = _Question(since, deadline)
        with self._lock:
            self._line.append(mine)
            if not self._busy:
                self._busy = mine.leads = True
        if not mine.leads:
            self._wait(mine)
        if mine.leads:
            self._lead()
        if mine.error is not None:
            raise mine.error
        if not mine.answer:
            raise Unreachable('whoever asked for all was interrupted')
        return mine.answer[0]

    def _wait(self, mine: _Question[T]) -> None:
        if self._clock.wait(mine.turn, mine.deadline.left()):
            return
        with self._lock:
            if mine.leads:  # just now
                return
            if mine in self._line:
                self._line.remove(mine)
        raise Unreachable(f'no answer within {mine.deadline.seconds:g} s')

    def _lead(self) -> None:
        with self._lock:
            together, self._line = self._line, []
        try:
            since = min(one.since for one in together)
            answer = self._fetch(since, max((one.deadline for one in together), key=_until))
            for one in together:
                one.answer.append(answer)
        except Exception as error:
            for one in together:
                one.error = error
        finally:
            with self._lock:
                follower = self._line[0] if self._line else None
                self._busy = follower is not None
                if follower is not None:
                    follower.leads = True
            for one in (*together, *filter(None, [follower])):
                one.turn.set()


def _until(deadline: Deadline) -> float:
    return deadline.until
