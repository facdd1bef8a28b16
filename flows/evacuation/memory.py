"""What one process knows of evacuate requests by its steady clock, which nobody sets.

It outlives passes and claims: a recovery that waits and is woken here goes on counting.
"""

from __future__ import annotations

import threading

from drivers.contracts.clock import Clock
from flows.records import Attempt

KEPT_SECONDS = 86400.0


class Memory:
    """Since when this process knows of each request that has no trace."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        # A purge may let a database give an id again; the same one at the same moment it cannot.
        self._since: dict[tuple[int, float], float] = {}

    def since(self, attempt: Attempt) -> float:
        """By the clock's ``elapsed``; now, when it was not known before."""
        now = self._clock.elapsed()
        with self._lock:
            if (attempt.id, attempt.at) not in self._since:
                known = self._since.items()
                self._since = {key: at for key, at in known if now - at < KEPT_SECONDS}
            return self._since.setdefault((attempt.id, attempt.at), now)
