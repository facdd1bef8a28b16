"""What the evacuations of one worker process share: how many requests it sends side by side, and
what it knows of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from drivers.contracts.clock import Clock
from flows.evacuation.memory import Memory


class Slots:
    """A counted permission that is waited for on the clock."""

    def __init__(self, clock: Clock, count: int) -> None:
        self._clock = clock
        self._free = count
        self._lock = threading.Lock()
        self._freed = threading.Event()
        self.memory = Memory(clock)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Wait for a free slot and hold it."""
        while not self._take():
            self._clock.wait(self._freed, 1.0)
        try:
            yield
        finally:
            with self._lock:
                self._free += 1
                self._freed.set()

    def _take(self) -> bool:
        with self._lock:
            if self._free == 0:
                self._freed.clear()
                return False
            self._free -= 1
            return True
