"""Contract for time: everything that waits, runs beside, or draws a name, asks the clock.

Nothing outside an implementation of this contract may use threads, queues, sleeps or the
time module, so that a scenario can run the whole product on virtual time.
"""

from __future__ import annotations

import abc
import threading
from collections.abc import Callable


class Clock(abc.ABC):
    """Time, waiting, concurrency and fresh identifiers."""

    @abc.abstractmethod
    def now(self) -> float:
        """Wall-clock time, in seconds since 1970-01-01 UTC. May step; for people and records."""

    @abc.abstractmethod
    def elapsed(self) -> float:
        """Seconds on a clock that never steps and counts while the machine is suspended.

        CLOCK_BOOTTIME on Linux. For leases, deadlines and durations.
        """

    @abc.abstractmethod
    def wait(self, event: threading.Event | None, seconds: float | None = None) -> bool:
        """Wait until ``event`` is set or ``seconds`` have passed.

        Returns whether the event is set. Never call it inside a database transaction.
        """

    @abc.abstractmethod
    def spawn(self, name: str, run: Callable[[], None]) -> threading.Event:
        """Run ``run`` beside the caller. Returns an event that is set when it has ended.

        ``run`` handles its own exceptions: one that escapes is logged and ends only itself.
        """

    @abc.abstractmethod
    def new_id(self) -> str:
        """A fresh UUID, in its 36-character form."""

    @abc.abstractmethod
    def new_token(self) -> str:
        """A fresh secret of 32 hexadecimal characters."""
