"""Committing what several threads of one claim want at the same moment as one transaction.

A commit waits for the disk, and the senders of an evacuation each need one before each request.
While one of them commits, the others line up; who was first of those commits for all of them.
Nobody waits for company: a thread that comes alone commits at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa

from drivers.contracts.clock import Clock
from flows.stop import Stop, StoreAway

T = TypeVar('T')
Work = Callable[[sa.Connection], Any]
Transact = Callable[[Work], Any]


@dataclass
class _Wish:
    work: Work
    turn: threading.Event = field(default_factory=threading.Event)
    leads: bool = False  #: it is to commit, for itself and for all that have lined up
    result: Any = None
    error: BaseException | None = field(default_factory=lambda: StoreAway('nobody committed it'))


class Together:
    """:param transact: runs one work in one guarded transaction."""

    def __init__(self, clock: Clock, transact: Transact) -> None:
        self._clock = clock
        self._transact = transact
        self._lock = threading.Lock()
        self._line: list[_Wish] = []
        self._busy = False

    def run(self, work: Callable[[sa.Connection], T]) -> T:
        """Run ``work`` in a transaction that may hold those of others, too.

        Either all of a transaction is committed or nothing; what raises spoils it for the others
        only so far that each of them is then run alone. A Stop means all of them.
        """
        mine = _Wish(work)
        with self._lock:
            self._line.append(mine)
            if not self._busy:
                self._busy = mine.leads = True
        if not mine.leads:
            self._clock.wait(mine.turn)
        if mine.leads:
            self._lead()
        if mine.error is not None:
            raise mine.error
        result: T = mine.result
        return result

    def _lead(self) -> None:
        with self._lock:
            together, self._line = self._line, []
        try:
            self._commit(together)
        finally:
            with self._lock:
                follower = self._line[0] if self._line else None
                self._busy = follower is not None
            for done in together:
                done.turn.set()
            if follower is not None:
                follower.leads = True
                follower.turn.set()

    def _commit(self, together: list[_Wish]) -> None:
        try:
            results = self._transact(lambda connection: [one.work(connection) for one in together])
        except Stop as stop:
            for one in together:
                one.error = stop
        except Exception as error:
            if len(together) == 1:
                together[0].error = error
                return
            for one in together:
                self._commit([one])
        else:
            for one, result in zip(together, results, strict=True):
                one.result, one.error = result, None
